"""The store of intents: conditional writes, and a backup to start again from."""

from sapmatch.model.errors import PreconditionFailed
from sapmatch.model.intent import Intent
from tests.proof.simulation.laws import Laws, is_settled


class Store:
    """Intents by id; every change is conditional on the version before it (rule f)."""

    def __init__(self, laws: Laws, *, fenced: bool = True) -> None:
        self._laws = laws
        self._fenced = fenced
        self.intents: dict[str, Intent] = {}
        self.older: dict[str, Intent] = {}  # what a reader may see that reads a late copy
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

    def unsettled(self) -> list[Intent]:
        return [intent for intent in self.intents.values() if not is_settled(intent)]

    def back_up(self) -> None:
        self._backup = dict(self.intents)

    def restore(self) -> None:
        """Go back to the backup; what was planned since is lost."""
        self.intents, self.older = dict(self._backup), {}
