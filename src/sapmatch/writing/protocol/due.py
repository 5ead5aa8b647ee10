"""Whose turn it is: which intents may be sent, and which read back, by whom and when."""

from datetime import datetime

from sapmatch.model.intent import UNDECIDED, Intent, IntentState
from sapmatch.writing.protocol.effects import Rules


def may_send(intent: Intent, now: datetime, rules: Rules, owner: str) -> bool:
    """Whether the worker may claim it: planned, held until now, or claimed by a dead worker.

    A claim of the worker's own name is taken over at once; every write that follows is conditional
    on its version, so a twin that lives loses at its next one.
    """
    if intent.state is IntentState.CLAIMED:
        return intent.owner == owner or _lease_over(intent, now, rules)
    ready = intent.state in (IntentState.PLANNED, IntentState.HELD)
    return ready and not _later(intent.next_probe_at, now)


def may_look(intent: Intent, now: datetime, rules: Rules, owner: str) -> bool:
    """Whether the worker may read it back, or go on where another one died."""
    state = intent.state
    if state is IntentState.ABSENT:
        return True
    if _later(intent.quiet_until, now) or state not in UNDECIDED:
        return False
    if state is IntentState.UNKNOWN:
        return not _later(intent.next_probe_at, now)
    mine = state is IntentState.RECONCILING and intent.owner == owner
    return mine or _lease_over(intent, now, rules)


def due_at(intent: Intent) -> datetime | None:
    """When the next step of an open intent may be taken; None: at once."""
    times = (intent.lease_until, intent.quiet_until, intent.next_probe_at)
    return max((time for time in times if time is not None), default=None)


def _lease_over(intent: Intent, now: datetime, rules: Rules) -> bool:
    """By the clocks of both workers, which may differ (RE-27)."""
    return intent.lease_until is None or intent.lease_until + rules.skew <= now


def _later(time: datetime | None, now: datetime) -> bool:
    return time is not None and time > now
