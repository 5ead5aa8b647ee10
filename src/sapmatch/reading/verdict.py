"""Is what was found enough to go on without a person?"""

from sapmatch.model.errors import Problem
from sapmatch.model.invoice import Invoice, Kind, Method, ReadResult
from sapmatch.reading.arithmetic import contradictions
from sapmatch.reading.clues import Knows
from sapmatch.reading.confidence import calibrated
from sapmatch.reading.findings import Findings

REVIEW_BELOW = 0.8
_WATCHED = ("number", "issue_date", "total", "currency", "seller.name")


def judged(
    invoice: Invoice,
    found: Findings,
    *,
    kind: Kind,
    method: Method,
    review_below: float = REVIEW_BELOW,
    knows: Knows | None = None,
) -> ReadResult:
    """`read` where nothing is missing, doubtful or contradictory, else `needs-review`.

    A number, date, total, currency or seller that is right less often than `review_below` is
    doubtful (RE-16). An XML says what it says: its values are certain.
    """
    confidence = found.confidence if method == "xml" else calibrated(invoice, found, knows=knows)
    known = [*found.problems, *_missing(invoice)]
    named = {problem.field for problem in known}
    doubtful = _doubtful(confidence, review_below, named)
    problems = (*known, *doubtful, *contradictions(invoice))
    return ReadResult(
        outcome="needs-review" if problems else "read",
        kind=kind,
        method=method,
        invoice=invoice,
        confidence=confidence,
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


def _doubtful(
    confidence: dict[str, float], review_below: float, named: set[str | None]
) -> list[Problem]:
    """One problem per field that no other problem names already."""
    return [
        Problem(
            code="NEEDS_REVIEW",
            message="This was read with low confidence: compare it with the document.",
            field=field,
        )
        for field in _WATCHED
        if confidence.get(field, 1.0) < review_below and field not in named
    ]
