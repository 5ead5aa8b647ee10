"""A match that cannot be written, or a decision by hand that cannot be carried out."""

from msgspec.structs import replace

from sapmatch.matching.advice import CAUSES
from sapmatch.model.errors import InputRejected
from sapmatch.model.match import Decision, State

_CAUSE = "NOT_POSTABLE"


def refused(decision: Decision, why: InputRejected) -> Decision:
    """NOT_INVOICEABLE with the reason in words first; lines and orders are shown as they were."""
    advice = CAUSES[_CAUSE]
    return replace(
        decision,
        state=State.NOT_INVOICEABLE,
        cause=_CAUSE,
        explanation=(f"The invoice cannot be posted like this: {why}.", *decision.explanation),
        remedy=advice.remedy,
        owner=advice.owner,
        payment_block=False,
        sampled=False,
    )
