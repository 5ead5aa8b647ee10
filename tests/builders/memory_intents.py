"""Port Intents in memory, as strict about versions as the table."""

from collections.abc import Iterator, Sequence
from typing import Any

import msgspec

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

    def change(self, intent: Intent, **fields: Any) -> Intent:
        if self.get(intent.id).version != intent.version:
            raise PreconditionFailed(f"intent {intent.id}: has changed")
        after = msgspec.structs.replace(intent, **fields, version=intent.version + 1)
        self.stored[intent.id] = after
        self.history.append(after)
        return after

    def due(self, flow: str, states: Sequence[IntentState]) -> Iterator[Intent]:
        found = [i for i in self.stored.values() if i.flow == flow and i.state in states]
        return iter(sorted(found, key=lambda i: (i.created_at is not None, i.created_at, i.id)))

    def states(self) -> list[str]:
        """The names of all states that were entered, in order."""
        return [intent.state.value for intent in self.history]
