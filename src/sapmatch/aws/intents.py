"""Intended writes in DynamoDB: one item each, in index `by_due` under its state or its last day."""

import heapq
import uuid
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import date, datetime

from sapmatch.aws.table import Item, Table, body
from sapmatch.model.errors import InputRejected, PreconditionFailed
from sapmatch.model.intent import TERMINAL, Intent, IntentState

INTENT = "intent"
BY_DUE = "by_due"
SHARDS = "0123456789abcdef"  # the first digit of the id: no partition gets all due work
_SAVE = "save"  # names the call that wrote the item
_AT_ONCE = 8  # below the ten connections of a boto3 client


class DynamoIntents:
    """Port Intents over one table.

    `due` and `ended` read an index, which is a moment behind: who acts on what it shows saves from
    the version that was shown, and is refused where that is no longer the last one.
    """

    def __init__(self, table: Table) -> None:
        self._table = table

    def plan(self, intents: Sequence[Intent]) -> list[Intent]:
        """A known id keeps its record: planning twice changes nothing."""
        with ThreadPoolExecutor(_AT_ONCE) as pool:
            try:
                return list(pool.map(self._create, intents))
            finally:
                pool.shutdown(cancel_futures=True)  # where one failed

    def get(self, intent_id: str) -> Intent:
        """The intent as it stands now."""
        item = self._table.get(intent_id, INTENT)
        if item is None:
            raise InputRejected(f"intent {intent_id}: is not known")
        return item.load(Intent)

    def save(self, after: Intent) -> None:
        """One conditional put; one whose answer was lost is repeated below us and recognised.

        By a name of its own: two workers that write the same at the same moment are still two, and
        only one of them may go on.
        """
        item = intent_item(after)
        item.attributes[_SAVE] = mine = uuid.uuid4().hex
        try:
            self._table.put(item, expected=after.version - 1)
        except PreconditionFailed:
            stored = self._table.get(after.id, INTENT)
            if stored is None or stored.attributes.get(_SAVE) != mine:
                raise

    def restore(self, last: Intent) -> bool:
        """Put a version back that the table lost; False where it has that one or a later one."""
        stored = self._table.get(last.id, INTENT)
        if stored is None:
            self._table.put(intent_item(last), new=True)
        elif stored.version < last.version:
            self._table.put(intent_item(last), expected=stored.version)
        return stored is None or stored.version < last.version

    def due(self, flow: str, states: Sequence[IntentState]) -> Iterator[Intent]:
        """Intents of the flow in these states: urgent ones, then oldest, then in a file's order."""
        return self._merged(f"{flow}#{state}" for state in states)

    def ended(self, flow: str, day: date) -> Iterator[Intent]:
        """Intents of the flow that became terminal on the day, in that order."""
        return self._merged([f"{flow}#ended#{day.isoformat()}"])

    def _merged(self, partitions: Iterable[str]) -> Iterator[Intent]:
        """All shards of the partitions, in order of the index's sort key."""
        shards = (f"{partition}#{shard}" for partition in partitions for shard in SHARDS)
        items = (self._table.query_index(BY_DUE, "due_shard", shard) for shard in shards)
        for item in heapq.merge(*items, key=lambda item: (item.attributes["due_at"], item.pk)):
            yield item.load(Intent)

    def _create(self, intent: Intent) -> Intent:
        try:
            self._table.put(intent_item(intent), new=True)
        except PreconditionFailed:
            return self.get(intent.id)
        return intent


def intent_item(intent: Intent) -> Item:
    """The item of an intent, with its place in the index."""
    place = _ended(intent) if intent.state in TERMINAL else _due(intent)
    return Item(
        pk=intent.id, sk=INTENT, version=intent.version, body=body(intent), attributes=place
    )


def _due(intent: Intent) -> dict[str, str]:
    """A time begins with its year, so that `0#` goes before it; rows of a file keep their order."""
    return {
        "due_shard": f"{intent.flow}#{intent.state}#{intent.id[0]}",
        "due_at": ("0#" if intent.urgent else "") + _moment(intent.created_at) + _row(intent),
    }


def _row(intent: Intent) -> str:
    return f"#{int(intent.record):09}" if intent.record.isdecimal() else ""


def _ended(intent: Intent) -> dict[str, str]:
    if intent.ended_at is None:
        return {}
    return {
        "due_shard": f"{intent.flow}#ended#{intent.ended_at.date().isoformat()}#{intent.id[0]}",
        "due_at": _moment(intent.ended_at),
    }


def _moment(at: datetime | None) -> str:
    return at.isoformat(timespec="microseconds") if at else "0"
