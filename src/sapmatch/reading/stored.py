"""Read a document that was received, and keep what was found."""

import hashlib
from collections.abc import Callable
from typing import Any

from msgspec import Struct
from msgspec.structs import replace

from sapmatch.model.document import DocumentRecord, pages_of
from sapmatch.model.errors import InputRejected, Problem
from sapmatch.model.expense import Analysis, Expense, ExpenseSource
from sapmatch.model.flow import Intake
from sapmatch.model.invoice import Method, Party, ReadResult, StoredInvoice
from sapmatch.model.ports import Documents, Objects, Workflows
from sapmatch.model.stored import invoice_key, kept, result_of
from sapmatch.reading import ReadLimits, read_document
from sapmatch.reading.children import keep, split
from sapmatch.reading.limits import StillReading

# An invoice whose sums are off still has an identity: the matching decides what it is worth.
_DECIDED_LATER = frozenset({"TOTALS"})
_KEY_FIELDS = ("number", "total", "currency", "seller.name")
_PROBLEMS, _LONGEST = 50, 200  # in the record; the stored invoice has them all, in full


class Reading(Struct, frozen=True, kw_only=True):
    """What became of one call.

    `outcome` is read, waiting (call again with `job`), split (each part has a workflow of its own),
    or the outcome that a person has to see. `method` and `ocr_pages` tell what this very call did:
    None and 0 where the document was known already.
    """

    outcome: str
    job: str | None = None
    method: Method | None = None
    ocr_pages: int = 0


def read_stored(
    document_id: str,
    job: str | None,
    *,
    objects: Objects,
    documents: Documents,
    expense: Expense,
    workflows: Workflows,
    machine: str,
    intake: Intake,
    knows: Callable[[Party], bool],
    review_below: float,
) -> Reading:
    """Read exactly the claimed version (RE-3); `job` is the one that an earlier call waits for.

    What was read is kept at documents/<id>/invoice.json, and the record says what became of it.
    Doing it again writes nothing that is there already. Throttled passes through.
    """
    record = documents.get(document_id)
    if record.decision or record.state in ("READ", "SPLIT"):
        return Reading(outcome="split" if record.state == "SPLIT" else "read")
    if record.parent:
        result = result_of(objects.read(invoice_key(document_id)))
        return Reading(outcome=_finish(record, result, documents))
    if record.size > intake.max_bytes:
        return Reading(outcome=_finish(record, _too_large(record, intake), documents))
    stored = _read_before(record, objects)
    if stored is None:
        engine = _Textract(expense, record)
        if job and engine.waits_for(job):
            return Reading(outcome="waiting", job=job)
        try:
            stored = _read(record, engine, objects, intake, knows, review_below)
        except StillReading as still:
            return Reading(outcome="waiting", job=still.job)
        keep(stored, objects)
    outcome = _end(record, stored, objects, documents, workflows, machine)
    result = stored.result
    return Reading(outcome=outcome, method=result.method, ocr_pages=result.ocr_pages)


def _read_before(record: DocumentRecord, objects: Objects) -> StoredInvoice | None:
    """What a call found that died before the record said so: it was paid for, and parts of it may
    be on their way. A document that has a verdict is read anew."""
    key = invoice_key(record.id)
    found = record.state == "RECEIVED" and objects.exists(key)
    return kept(objects.read(key)) if found else None


def _read(
    record: DocumentRecord,
    engine: "_Textract",
    objects: Objects,
    intake: Intake,
    knows: Callable[[Party], bool],
    review_below: float,
) -> StoredInvoice:
    """What the claimed version holds, with where it comes from."""
    data = objects.read(record.key, record.version_id)
    result = read_document(
        data,
        name=record.key,
        limits=ReadLimits(max_bytes=intake.max_bytes, max_pages=intake.max_pages),
        analyse=engine.analyse,
        knows=knows,
        review_below=review_below,
    )
    return StoredInvoice(
        id=record.id,
        content=hashlib.sha256(data).hexdigest(),
        bucket=record.bucket,
        key=record.key,
        version=record.version_id,
        result=engine.whole(result),
        model=engine.model,
    )


class _Textract:
    """The OCR of one object version; it reads the object itself, the bytes need not travel."""

    def __init__(self, expense: Expense, record: DocumentRecord) -> None:
        self._expense = expense
        self._record = record
        self._finished: Analysis | None = None
        self._refused: InputRejected | None = None
        self._unseen: tuple[int, ...] = ()  # pages of ours that the answer does not count

    def waits_for(self, job: str) -> bool:
        """Whether the job still runs; one that the service lost is started again by `analyse`."""
        try:
            self._finished = self._expense.result(job)
        except LookupError:
            return False
        except InputRejected as exc:
            self._refused = exc
            return False
        return self._finished is None

    def analyse(self, _data: bytes, pages: int) -> Analysis:
        """As read_document asks for it; raises StillReading where a job was started."""
        if self._refused:
            raise self._refused
        if self._finished is None:
            found = self._expense.start(_source(self._record, pages))
            if isinstance(found, str):
                raise StillReading(found)
            self._finished = found
        self._unseen = tuple(range(self._finished.pages + 1, pages + 1))
        return self._finished

    @property
    def model(self) -> str | None:
        """What the service calls itself, None where it was not needed."""
        return self._finished.model if self._finished else None

    def whole(self, result: ReadResult) -> ReadResult:
        """The result as it is where all pages were read, else one that a person has to see."""
        missing = (*(self._finished.missing if self._finished else ()), *self._unseen)
        return _incomplete(result, missing) if missing else result


def _source(record: DocumentRecord, pages: int) -> ExpenseSource:
    """A document that could not be read gets another try; its record has moved on since."""
    return ExpenseSource(
        bucket=record.bucket,
        key=record.key,
        version_id=record.version_id,
        pages=pages,
        size=record.size,
        attempt=record.version if record.reason == "READ_FAILED" else 0,
    )


def _incomplete(result: ReadResult, missing: tuple[int, ...]) -> ReadResult:
    """Nobody knows to which invoice an unread page belongs: none of them is complete."""
    message = (
        f"Textract could not read {pages_of(missing)}: look there, and scan the document anew "
        "if anything of the invoice stands there."
    )
    problem = Problem(code="PAGES_UNREAD", message=message)
    return replace(
        result,
        outcome="needs-review" if result.outcome == "read" else result.outcome,
        problems=(problem, *result.problems),
        parts=tuple(_incomplete(part, missing) for part in result.parts),
    )


def _too_large(record: DocumentRecord, intake: Intake) -> ReadResult:
    message = (
        f"The file has {record.size:,} bytes; at most {intake.max_bytes:,} are read. "
        "Split it, or scan it with fewer dots per inch."
    )
    return ReadResult(outcome="reject", problems=(Problem(code="TOO_LARGE", message=message),))


def _end(
    record: DocumentRecord,
    stored: StoredInvoice,
    objects: Objects,
    documents: Documents,
    workflows: Workflows,
    machine: str,
) -> str:
    """One invoice: what became of it. Several: each starts its way, then the file is SPLIT."""
    result = stored.result
    read = {"content": stored.content, "ocr_pages": result.ocr_pages}
    if not result.parts:
        return _finish(record, result, documents, **read)
    parts = split(record, stored, objects, documents)
    for part in parts:
        workflows.start(machine, f"invoice-{part}", {"document_id": part})
    _save(
        record,
        documents,
        state="SPLIT",
        kind=result.kind,
        method=result.method,
        parts=parts,
        **read,
    )
    return "split"


def _finish(record: DocumentRecord, result: ReadResult, documents: Documents, **read: Any) -> str:
    """Say in the record what became of the document; returns the outcome."""
    codes = {problem.code for problem in result.problems}
    readable = result.invoice is not None and codes <= _DECIDED_LATER
    stopped = "NEEDS_REVIEW" if result.outcome == "needs-review" else "REJECTED"
    first = result.problems[0] if result.problems else None
    _save(
        record,
        documents,
        state="READ" if readable else stopped,
        reason=None if readable or first is None else first.code,
        problems=tuple(_brief(problem) for problem in result.problems[:_PROBLEMS]),
        kind=result.kind,
        method=result.method,
        number=_short(result.invoice.number) if result.invoice else None,
        confidence={f: result.confidence[f] for f in _KEY_FIELDS if f in result.confidence},
        **read,
    )
    return "read" if readable else result.outcome


def _save(record: DocumentRecord, documents: Documents, **changes: Any) -> None:
    after = replace(record, **changes)
    if after != record:
        documents.save(after)


def _brief(problem: Problem) -> Problem:
    return replace(problem, values={who: value[:_LONGEST] for who, value in problem.values.items()})


def _short(text: str | None) -> str | None:
    return text[:_LONGEST] if text else None
