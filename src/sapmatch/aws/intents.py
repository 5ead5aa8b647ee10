"""Intended writes in DynamoDB: one item each, in index `by_due` until it is terminal."""

import heapq
from collections.abc import Iterator, Sequence
from typing import Any

import msgspec

from sapmatch.aws.table import Item, Table, body
from sapmatch.model.errors import InputRejected, PreconditionFailed
from sapmatch.model.intent import TERMINAL, Intent, IntentState

_INTENT = "intent"
BY_DUE = "by_due"
SHARDS = "0123456789abcdef"  # the first digit of the id: no partition gets all due work


class DynamoIntents:
    """Port Intents over one table."""

    def __init__(self, table: Table) -> None:
        self._table = table

    def plan(self, intents: Sequence[Intent]) -> list[Intent]:
        """A known id keeps its record: planning twice changes nothing."""
        return [self._create(intent) for intent in intents]

    def get(self, intent_id: str) -> Intent:
        """The intent as it stands now."""
        item = self._table.get(intent_id, _INTENT)
        if item is None:
            raise InputRejected(f"intent {intent_id}: is not known")
        return item.load(Intent)

    def change(self, intent: Intent, **fields: Any) -> Intent:
        """The next version with these fields; every arrow of the protocol is one such write."""
        after = msgspec.structs.replace(intent, **fields, version=intent.version + 1)
        self._table.put(intent_item(after), expected=intent.version)
        return after

    def due(self, flow: str, states: Sequence[IntentState]) -> Iterator[Intent]:
        """Intents of the flow in these states, oldest first."""
        streams = [
            ((item.attributes["due_at"], item.pk, item.body) for item in self._shard(flow, s, n))
            for s in states
            for n in SHARDS
        ]
        for _, _, stored in heapq.merge(*streams):
            yield msgspec.json.decode(stored, type=Intent)

    def _shard(self, flow: str, state: IntentState, shard: str) -> Iterator[Item]:
        return self._table.query_index(BY_DUE, "due_shard", f"{flow}#{state}#{shard}")

    def _create(self, intent: Intent) -> Intent:
        try:
            self._table.put(intent_item(intent), new=True)
        except PreconditionFailed:
            return self.get(intent.id)
        return intent


def intent_item(intent: Intent) -> Item:
    """The item of an intent; without index attributes once it is terminal."""
    due = {} if intent.state in TERMINAL else _due(intent)
    return Item(pk=intent.id, sk=_INTENT, version=intent.version, body=body(intent), attributes=due)


def _due(intent: Intent) -> dict[str, str]:
    return {
        "due_shard": f"{intent.flow}#{intent.state}#{intent.id[0]}",
        "due_at": intent.created_at.isoformat() if intent.created_at else "0",
    }
