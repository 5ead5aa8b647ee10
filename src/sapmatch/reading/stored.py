"""Read a document that was received, and keep what was found."""

from collections.abc import Callable
from typing import Any

import msgspec

from sapmatch.model.document import DocumentRecord
from sapmatch.model.errors import Problem
from sapmatch.model.expense import Analysis, Expense, ExpenseSource
from sapmatch.model.flow import Intake
from sapmatch.model.invoice import ReadResult
from sapmatch.model.ports import Documents, Objects
from sapmatch.reading import ReadLimits, read_document
from sapmatch.reading.limits import StillReading

# An invoice whose sums are off still has an identity: the matching decides what it is worth.
_DECIDED_LATER = frozenset({"TOTALS"})


def read_stored(
    document_id: str, *, objects: Objects, documents: Documents, expense: Expense, intake: Intake
) -> str:
    """Read exactly the claimed version; returns `read`, or the outcome that stops the workflow.

    The result is stored at documents/<id>/invoice.json and the record says what became of it.
    """
    record = documents.get(document_id)
    if record.decision:
        return "read"  # decided already: the workflow was started again
    result = _read(record, objects, expense, intake)
    objects.write(f"documents/{document_id}/invoice.json", msgspec.json.encode(result))
    codes = {problem.code for problem in result.problems}
    readable = result.invoice is not None and codes <= _DECIDED_LATER
    documents.save(_after(record, result, readable))
    return "read" if readable else result.outcome


def _read(record: DocumentRecord, objects: Objects, expense: Expense, intake: Intake) -> ReadResult:
    if record.size > intake.max_bytes:
        message = (
            f"The file has {record.size:,} bytes; at most {intake.max_bytes:,} are read. "
            "Split it, or scan it with fewer dots per inch."
        )
        return ReadResult(outcome="reject", problems=(Problem(code="TOO_LARGE", message=message),))
    return read_document(
        objects.read(record.key, record.version_id),
        name=record.key,
        limits=ReadLimits(max_bytes=intake.max_bytes, max_pages=intake.max_pages),
        analyse=_bound(record, expense),
    )


def _bound(record: DocumentRecord, expense: Expense) -> Callable[[bytes, int], Analysis]:
    """Textract reads the object itself: the bytes need not travel twice."""

    def analyse(_data: bytes, pages: int) -> Analysis:
        source = ExpenseSource(
            bucket=record.bucket,
            key=record.key,
            version_id=record.version_id,
            pages=pages,
            size=record.size,
        )
        found = expense.start(source)
        if isinstance(found, str):
            raise StillReading(found)
        return found

    return analyse


def _after(record: DocumentRecord, result: ReadResult, readable: bool) -> DocumentRecord:
    first = result.problems[0] if result.problems else None
    changes: dict[str, Any] = {
        "state": "READ" if readable else "REJECTED",
        "reason": None if readable or first is None else first.code,
        "problems": result.problems,
        "kind": result.kind,
        "method": result.method,
        "number": result.invoice.number if result.invoice else None,
    }
    return msgspec.structs.replace(record, **changes)
