"""Which writes wait for which: of one record the one that was planned first goes first (MA-P64)."""

from collections import defaultdict
from collections.abc import Iterable
from datetime import datetime, timedelta

from sapmatch.model.intent import TERMINAL, UNDECIDED, Intent, IntentState
from sapmatch.writing.identity import record_names, subjects
from sapmatch.writing.protocol.due import due_at

OPEN = tuple(state for state in IntentState if state not in TERMINAL)
_AT_LEAST = timedelta(seconds=5)
# The earlier one may end before its time, or be taken out.
_ASKED_AGAIN = timedelta(minutes=5)
_FOR_A_PERSON = timedelta(minutes=20)  # longer than a run waits: the next one asks again
_SAID = "waits for intent {} (record {}, run {}), which is {}"


class Earlier:
    """Open writes, by what they are about.

    What was sent and is not decided keeps back every write of its document: it could undo a change,
    create it twice, or be taken for a stranger's by its ETag. What is to be sent yet, or waits for
    a person, keeps back the later writes of its record.
    """

    def __init__(self, found: Iterable[Intent], later: Iterable[Intent]) -> None:
        """`found` as far as it has to do with `later`; those of another system have not."""
        self._open: dict[str, Intent] = {}
        self._ids: defaultdict[tuple[str, ...], set[str]] = defaultdict(set)
        later = list(later)
        names = frozenset(name for intent in later for name in subjects(intent))
        systems = {(intent.connection, intent.client) for intent in later}
        for intent in found:
            if (intent.connection, intent.client) in systems and names & subjects(intent):
                self.note(intent)
        for intent in later:  # as they are stored; an index may be a moment behind
            self.note(intent)

    def note(self, intent: Intent) -> None:
        """What became of it."""
        before = self._open.pop(intent.id, None)
        for name in _kept_back(before) if before else ():
            self._ids[name].discard(intent.id)
        if intent.state in TERMINAL:
            return
        self._open[intent.id] = intent
        for name in _kept_back(intent):
            self._ids[name].add(intent.id)

    def of(self, intent: Intent) -> Intent | None:
        """The first one that this one has to wait for."""
        ids = {each for name in subjects(intent) for each in self._ids.get(name, ())}
        others = (self._open[each] for each in ids - {intent.id})
        return min((o for o in others if _goes_first(o, intent)), key=_place, default=None)


def waits_for(earlier: Intent) -> str:
    """Which one it is, for people."""
    place = earlier.record or "-", earlier.run_id or "-"
    return _SAID.format(earlier.id[:12], *place, earlier.state)


def asked_again(earlier: Intent, now: datetime, spacing: timedelta) -> datetime:
    """When to look whether it has ended."""
    soonest = now + max(spacing, _AT_LEAST)
    if earlier.state is IntentState.CONFLICTING:
        return max(soonest, now + _FOR_A_PERSON)
    due = due_at(earlier) or soonest
    if earlier.state not in UNDECIDED:
        due = min(due, now + _ASKED_AGAIN)
    return max(soonest, due)


def _kept_back(intent: Intent) -> frozenset[tuple[str, ...]]:
    """Under which names others have to wait for it."""
    return subjects(intent) if intent.state in UNDECIDED else record_names(intent)


def _goes_first(other: Intent, intent: Intent) -> bool:
    return other.state in UNDECIDED or _place(other) < _place(intent)


def _place(intent: Intent) -> tuple[str, int, str]:
    """When it was planned, and as which record of its file."""
    row = int(intent.record) if intent.record.isdecimal() else 0
    return intent.created_at.isoformat() if intent.created_at else "", row, intent.id
