"""In whose name a match is written."""

from datetime import datetime, timedelta
from typing import Any

from sapmatch.model.errors import InputRejected
from sapmatch.model.flow import WriteBack
from sapmatch.model.intent import DECIDER, Cause, IntentState
from sapmatch.model.match import Decision

# Scheduled runs leave a write so long to the person who is about to make it.
AT_ONCE = timedelta(minutes=10)
_BY_TECHNICAL = (
    "written as the technical user: who decided has no SAP user in [reviewing.people], and "
    'without_sap_user is "technical"'
)


def in_the_name_of(
    name: str, flow: WriteBack, decision: Decision, now: datetime, *, asserts: bool, person: str
) -> dict[str, Any]:
    """Fields of an intent that say as whom SAP is written to; none for the technical user.

    `asserts`: the connection logs on for a SAP user without a token of theirs. `person` is the
    decider's name in the settings. Raises InputRejected where nobody can be named and the flow does
    not fall back.
    """
    by_hand = decision.by_hand
    if flow.run_as == "technical" or by_hand is None:
        return {}
    user = by_hand.sap_user if asserts else None
    falls_back = flow.without_sap_user == "technical"
    if by_hand.now:
        named = user or (None if falls_back else DECIDER)
        waits = {"state": IntentState.HELD, "cause": Cause.DECIDER}
        return {"on_behalf_of": named, "next_probe_at": now + AT_ONCE, **waits}
    if user:
        return {"on_behalf_of": user}
    if falls_back:
        return {"sap_messages": (_BY_TECHNICAL,)}
    raise InputRejected(f"flow {name}: {_nobody(person, asserts=asserts)}")


def _nobody(person: str, *, asserts: bool) -> str:
    if not asserts:
        return (
            "is written in the name of who decided, by their own token only; decide with "
            '--now --user-token FILE, or set its without_sap_user = "technical"'
        )
    setting = f'[reviewing.people."{person}"]' if person else "[reviewing.people]"
    return (
        "is written in the name of who decided, and their SAP user is not known; an administrator "
        f'adds sap_user to {setting}, or sets without_sap_user = "technical"'
    )
