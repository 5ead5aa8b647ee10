"""The store of intents: conditional writes, and a backup to start again from."""

from collections import Counter

from sapmatch.model.errors import PreconditionFailed
from sapmatch.model.intent import UNDECIDED, Intent, IntentState
from tests.proof.simulation.agenda import Agenda
from tests.proof.simulation.laws import Laws, is_settled


class Store:
    """Intents by id; every change is conditional on the version before it (rule f)."""

    def __init__(self, agenda: Agenda, laws: Laws, *, fenced: bool = True) -> None:
        self._agenda, self._laws = agenda, laws
        self._fenced = fenced
        self.intents: dict[str, Intent] = {}
        self.older: dict[str, Intent] = {}  # what a reader may see that reads a late copy
        self.minutes: Counter[int] = Counter()  # that outcomes were unknown
        self._unknown_since: dict[str, float] = {}
        self._backup: dict[str, Intent] = {}

    def plan(self, intent: Intent) -> None:
        """Store what is new; the same id again changes nothing."""
        self.intents.setdefault(intent.id, intent)

    def save(self, after: Intent) -> None:
        before = self.intents[after.id]
        if self._fenced and before.version != after.version - 1:
            raise PreconditionFailed(f"{after.id} is at version {before.version}")
        self._laws.saves(before, after)
        self.intents[after.id] = after
        self.older[after.id] = before
        self._time(after)

    def _time(self, after: Intent) -> None:
        if after.state is IntentState.UNKNOWN:
            self._unknown_since.setdefault(after.id, self._agenda.time)
        elif after.state not in UNDECIDED and after.id in self._unknown_since:
            since = self._unknown_since.pop(after.id)
            self.minutes[int((self._agenda.time - since) // 60)] += 1

    def unsettled(self) -> list[Intent]:
        return [intent for intent in self.intents.values() if not is_settled(intent)]

    def back_up(self) -> None:
        self._backup = dict(self.intents)

    def restore(self) -> None:
        """Go back to the backup; what was planned since is lost."""
        self.intents, self.older = dict(self._backup), {}
