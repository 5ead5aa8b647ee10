"""Is what was found enough to go on without a person?"""

from math import floor

from sapmatch.model.errors import Problem
from sapmatch.model.invoice import Invoice, Kind, Method, ReadResult
from sapmatch.reading.arithmetic import contradictions
from sapmatch.reading.clues import Knows
from sapmatch.reading.confidence import calibrated
from sapmatch.reading.findings import Findings

REVIEW_BELOW = 0.8


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
    sums = contradictions(invoice, printed=method != "xml")
    known = [*found.problems, *_missing(invoice, found)]
    named = {problem.field for problem in (*known, *sums)}
    doubtful = [] if method == "xml" else _doubtful(invoice, confidence, review_below, named)
    problems = (*known, *doubtful, *sums)
    return ReadResult(
        outcome="needs-review" if problems else "read",
        kind=kind,
        method=method,
        invoice=invoice,
        confidence=confidence,
        evidence=found.evidence,
        problems=problems,
    )


def _missing(invoice: Invoice, found: Findings) -> list[Problem]:
    """What is not there; what stands there in a wrong form has a problem of its own."""
    named = {problem.field for problem in found.problems}
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
        if value is None and field not in named
    ]


def _doubtful(
    invoice: Invoice, confidence: dict[str, float], review_below: float, named: set[str | None]
) -> list[Problem]:
    """One problem per field that no other problem names already."""
    values = {
        "number": invoice.number,
        "issue_date": invoice.issue_date,
        "total": invoice.total,
        "currency": invoice.currency,
        "seller.name": invoice.seller.name,
    }
    message = (
        f"This is below the {_percent(review_below)} that [reading] review_below asks for: "
        "compare it with the document."
    )
    return [
        Problem(
            code="NEEDS_REVIEW",
            message=message,
            field=field,
            values={"read": str(value), "sure": _percent(confidence.get(field, 0.0))},
        )
        for field, value in values.items()
        if value is not None and confidence.get(field, 0.0) < review_below and field not in named
    ]


def _percent(share: float) -> str:
    """Cut off, never rounded up to a limit that it does not reach."""
    return f"{floor(round(share * 100, 4))} %"
