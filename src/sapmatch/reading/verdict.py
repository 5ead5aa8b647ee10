"""Is what was found enough to go on without a person?"""

from sapmatch.model.errors import Problem
from sapmatch.model.invoice import Invoice, Kind, Method, ReadResult
from sapmatch.reading.arithmetic import contradictions
from sapmatch.reading.findings import Findings

LOW_CONFIDENCE = 0.5
_WATCHED = ("number", "total", "currency", "seller.name")


def judged(invoice: Invoice, found: Findings, *, kind: Kind, method: Method) -> ReadResult:
    """`read` where nothing is missing, doubtful or contradictory, else `needs-review`."""
    problems = (*found.problems, *_missing(invoice), *_doubtful(found), *contradictions(invoice))
    return ReadResult(
        outcome="needs-review" if problems else "read",
        kind=kind,
        method=method,
        invoice=invoice,
        confidence=found.confidence,
        evidence=found.evidence,
        problems=problems,
    )


def _missing(invoice: Invoice) -> list[Problem]:
    required = {
        "number": ("NO_NUMBER", "an invoice number", invoice.number),
        "total": ("NO_TOTAL", "a total", invoice.total),
        "issue_date": ("NEEDS_REVIEW", "an issue date", invoice.issue_date),
        "currency": ("NEEDS_REVIEW", "a currency", invoice.currency),
        "seller.name": ("NEEDS_REVIEW", "the seller's name", invoice.seller.name),
    }
    return [
        Problem(
            code=code,
            message=f"The document does not show {what}: enter it, or ask the sender for a "
            "corrected invoice.",
            field=field,
        )
        for field, (code, what, value) in required.items()
        if value is None
    ]


def _doubtful(found: Findings) -> list[Problem]:
    return [
        Problem(
            code="NEEDS_REVIEW",
            message="This was read with low confidence: compare it with the document.",
            field=field,
        )
        for field in _WATCHED
        if found.confidence.get(field, 1.0) < LOW_CONFIDENCE
    ]
