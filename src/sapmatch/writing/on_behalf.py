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
    "is written as the technical user: in the name of who decided nobody can log on, and "
    'without_sap_user is "technical"'
)


def in_the_name_of(
    name: str, flow: WriteBack, decision: Decision, now: datetime, *, asserts: bool, person: str
) -> dict[str, Any]:
    """Fields of an intent that say as whom SAP is written to; none for the technical user.

    `asserts`: the connection logs on for a SAP user without a token of theirs. `person` is the
    decider's name in the settings. Raises InputRejected where nobody can be named and the flow does
    not fall back, and where a token of theirs would not be used.
    """
    by_hand = decision.by_hand
    if by_hand is None:
        return {}
    if by_hand.now:
        return _at_once(name, flow, now, asserts=asserts)
    if flow.run_as == "technical":
        return {}
    if asserts and by_hand.sap_user:
        return {"on_behalf_of": by_hand.sap_user}
    if flow.without_sap_user == "technical":
        return {"sap_messages": (_BY_TECHNICAL,)}
    raise InputRejected(f"flow {name}: {_nobody(person, asserts=asserts)}")


def _at_once(name: str, flow: WriteBack, now: datetime, *, asserts: bool) -> dict[str, Any]:
    """Held until who decided has had the time to write it; what is left then is nobody's."""
    if flow.run_as == "technical":
        raise InputRejected(f"flow {name}: is written as its technical user; leave --now out")
    if asserts:
        raise InputRejected(
            f"flow {name}: its connection names the SAP user of who decided by itself; leave --now "
            "out"
        )
    return {
        "state": IntentState.HELD,
        "cause": Cause.DECIDER,
        "next_probe_at": now + AT_ONCE,
        "on_behalf_of": None if flow.without_sap_user == "technical" else DECIDER,
    }


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
