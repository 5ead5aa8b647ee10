"""A deployed stage as the commands of write-back see it: two flows into one SAP system."""

from types import SimpleNamespace
from typing import Any

import pytest
from msgspec.structs import replace

from sapmatch.model.intent import Intent, IntentState
from sapmatch.settings import Settings
from tests.builders.control import MemoryControl
from tests.builders.memory import START, MemoryClock, MemoryDocuments, MemoryObjects
from tests.builders.memory import MemoryWorkflows as Workflows
from tests.builders.memory_intents import MemoryIntents
from tests.builders.memory_reviews import MemoryReviews
from tests.builders.writes import change_intent

FLOWS = {"orders": "s4", "invoices": "s4"}
MODULES = ("intent_store", "hold", "replay", "restore_intents", "write_back_status")


class WrittenStage(SimpleNamespace):
    """Its parts in memory; `put` stores an intent in any state."""

    intents: MemoryIntents
    objects: MemoryObjects
    workflows: Workflows
    stage: str = "prod"
    control: MemoryControl
    clock: MemoryClock

    def __init__(self) -> None:
        super().__init__(
            settings=Settings(),
            intents=MemoryIntents(),
            objects=MemoryObjects(),
            workflows=Workflows(),
            control=MemoryControl(),
            clock=MemoryClock(),
            documents=MemoryDocuments(),
            reviews=MemoryReviews(),
            write_back="arn:write-back",
        )

    def put(self, number: int, state: str, **fields: Any) -> Intent:
        """The intent whose id is full of the digits of a number."""
        given = {"id": f"{number:x}" * 64, "record": str(number), "created_at": START, **fields}
        intent = replace(change_intent(), state=IntentState(state), **given)
        self.intents.stored[intent.id] = intent
        self.objects.write_once(intent.payload_key, b'{"AssignmentReference":"RE-2026-17"}')
        return intent


def stand_up(monkeypatch: pytest.MonkeyPatch) -> WrittenStage:
    """The stage that every command finds, whatever its name."""
    stage = WrittenStage()
    for module in MODULES:
        where = f"sapmatch.cli.{module}"
        monkeypatch.setattr(f"{where}.deployment", lambda _: stage)
        if module not in ("replay", "hold"):
            monkeypatch.setattr(f"{where}.write_back_flows", lambda _: FLOWS)
    connections = sorted({*FLOWS.values(), "s4_users"})
    monkeypatch.setattr("sapmatch.cli.hold.written_connections", lambda _: connections)
    return stage
