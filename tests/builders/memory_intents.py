"""Port Intents in memory, as strict about versions as the table."""

from collections.abc import Iterator, Sequence
from datetime import date

from sapmatch.model.errors import InputRejected, PreconditionFailed
from sapmatch.model.intent import Intent, IntentState


class MemoryIntents:
    """Keeps every state an intent was in; `history` has them in order."""

    def __init__(self) -> None:
        self.stored: dict[str, Intent] = {}
        self.history: list[Intent] = []

    def plan(self, intents: Sequence[Intent]) -> list[Intent]:
        return [self.stored.setdefault(intent.id, intent) for intent in intents]

    def get(self, intent_id: str) -> Intent:
        if intent_id not in self.stored:
            raise InputRejected(f"intent {intent_id}: is not known")
        return self.stored[intent_id]

    def save(self, after: Intent) -> None:
        if self.get(after.id).version != after.version - 1:
            raise PreconditionFailed(f"intent {after.id}: has changed")
        self.stored[after.id] = after
        self.history.append(after)

    def restore(self, last: Intent) -> bool:
        stored = self.stored.get(last.id)
        if stored and stored.version >= last.version:
            return False
        self.stored[last.id] = last
        return True

    def due(self, flow: str, states: Sequence[IntentState]) -> Iterator[Intent]:
        found = [i for i in self.stored.values() if i.flow == flow and i.state in states]
        return iter(sorted(found, key=_order))

    def ended(self, flow: str, day: date) -> Iterator[Intent]:
        return iter(
            i
            for i in self.stored.values()
            if i.flow == flow and i.ended_at and i.ended_at.date() == day
        )

    def states(self) -> list[str]:
        """The names of all states that were entered, in order."""
        return [intent.state.value for intent in self.history]


def _order(intent: Intent) -> tuple[bool, str, int, str]:
    row = int(intent.record) if intent.record.isdecimal() else 0
    return not intent.urgent, str(intent.created_at or ""), row, intent.id
