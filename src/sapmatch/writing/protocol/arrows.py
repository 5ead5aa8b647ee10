"""The states of an intent and the arrows between them; every new version is made here.

    PLANNED ---> CLAIMED ---> SENT ---> CONFIRMED     SAP did it
                              SENT ---> REJECTED      SAP said no
                              SENT ---> PLANNED       certain that nothing happened: later again
                              SENT ---> CLAIMED       the record moved (412): read it again
                              SENT ---> UNKNOWN       it may have happened, or its worker died
    UNKNOWN ---> RECONCILING ---> CONFIRMED           found as written
                 RECONCILING ---> CONFLICTING         found otherwise: a person decides
                 RECONCILING ---> ABSENT ---> PLANNED never arrived: once more
                 RECONCILING ---> UNKNOWN             not found yet, or SAP could not be read
    CLAIMED ---> CONFIRMED, REJECTED                  nothing needs to be sent, or may be
    PLANNED, CLAIMED ---> HELD ---> PLANNED           not now: SAP is down, or out of hours
    CONFLICTING ---> UNKNOWN                          a person asks for another look
    all but SENT, UNKNOWN, RECONCILING ---> VOID      a person takes it out

SENT is stored before the first byte leaves. From SENT, UNKNOWN and RECONCILING nobody sends, and
nobody takes the intent out: SAP may hold it.
"""

from datetime import datetime
from typing import Any

import msgspec

from sapmatch.model.errors import InputRejected
from sapmatch.model.intent import TERMINAL, UNDECIDED, Cause, Intent
from sapmatch.model.intent import IntentState as S

ARROWS: dict[S, frozenset[S]] = {
    S.PLANNED: frozenset({S.CLAIMED, S.HELD, S.VOID}),
    S.CLAIMED: frozenset({S.CLAIMED, S.SENT, S.CONFIRMED, S.REJECTED, S.PLANNED, S.HELD, S.VOID}),
    S.SENT: frozenset({S.CONFIRMED, S.REJECTED, S.PLANNED, S.CLAIMED, S.UNKNOWN}),
    S.UNKNOWN: frozenset({S.RECONCILING}),
    S.RECONCILING: frozenset({S.UNKNOWN, S.CONFIRMED, S.CONFLICTING, S.ABSENT}),
    S.CONFLICTING: frozenset({S.UNKNOWN, S.VOID}),
    S.ABSENT: frozenset({S.PLANNED, S.VOID}),
    S.HELD: frozenset({S.PLANNED, S.VOID}),
    S.CONFIRMED: frozenset(),
    S.REJECTED: frozenset(),
    S.VOID: frozenset(),
}
AT_WORK = frozenset({S.CLAIMED, S.SENT, S.RECONCILING})  # a worker holds it, until its lease ends


def moved(intent: Intent, state: S, **fields: Any) -> Intent:
    """The next version of an intent; what belonged to the state that it leaves is cleared.

    `fields` are what else changes; a terminal state needs `ended_at`. Raises InputRejected where no
    arrow leads there.
    """
    if state not in ARROWS[intent.state]:
        raise InputRejected(f"intent {intent.id}: is {intent.state} and cannot become {state}")
    undecided = state in UNDECIDED
    at_work = state in AT_WORK
    after: dict[str, Any] = {
        "state": state,
        "version": intent.version + 1,
        "owner": intent.owner if at_work else None,
        "lease_until": intent.lease_until if at_work else None,
        "quiet_until": intent.quiet_until if undecided else None,
        "cause": intent.cause if undecided else None,
        "next_probe_at": None,
    }
    after.update(fields)
    assert ("ended_at" in fields) == (state in TERMINAL)
    return msgspec.structs.replace(intent, **after)


def held(
    intent: Intent, cause: Cause | None, until: datetime | None, said: str | None = None
) -> Intent:
    """Out of the way until its time has come; `until` None: until it is let through again.

    `said` takes the place of what SAP said last.
    """
    messages = (said,) if said else intent.sap_messages
    return moved(intent, S.HELD, cause=cause, next_probe_at=until, sap_messages=messages)


def released(intent: Intent) -> Intent:
    """Planned again after it was held."""
    messages = () if intent.cause is Cause.EARLIER else intent.sap_messages
    return moved(intent, S.PLANNED, sap_messages=messages)


def void(intent: Intent, now: datetime, said: str) -> Intent:
    """Taken out for good by a person, who says why; refused while SAP may hold it."""
    return moved(intent, S.VOID, ended_at=now, cause=Cause.OPERATOR, sap_messages=(said,))


def looked_again(intent: Intent) -> Intent:
    """A conflict that a person saw to in SAP, and that shall be read back once more."""
    hidden = intent.cause if intent.cause is Cause.HIDDEN else None
    return moved(intent, S.UNKNOWN, cause=hidden, probes=0)
