"""Change tracking: what was there when a client began to track, and what differs since."""

import secrets
from collections import OrderedDict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any

from local.sap.errors import Refusal
from local.sap.store import Key, Store
from local.sap.v4.errors import GONE
from local.sap.v4.model import EntitySet
from local.sap.v4.query import Query, fitting
from local.sap.values import Row

_MAX_SNAPSHOTS = 200


@dataclass(frozen=True, slots=True)
class Snapshot:
    """The rows that fitted a query at one moment: their keys in order, a fingerprint of each."""

    entity_set: EntitySet
    query: Query
    page_size: int
    prints: Mapping[Key, int]
    keys: Sequence[Key]


@dataclass(frozen=True, slots=True)
class Change:
    """A row that is new or differs, or (`row` None) one that left for the `reason`."""

    key: Key
    row: Row | None
    reason: str = ""


class Tracker:
    """Snapshots by token; the oldest are forgotten, and a forgotten token is gone for ever."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._snapshots: OrderedDict[str, Snapshot] = OrderedDict()

    def start(self, entity_set: EntitySet, query: Query, page_size: int) -> str:
        """A token for the state of now."""
        name = entity_set.source.name
        prints = {
            self._store.key_of(name, row): hash(tuple(row.values()))
            for row in fitting(query, self._store.rows(name))
        }
        token = secrets.token_hex(10).upper()
        self._snapshots[token] = Snapshot(entity_set, query, page_size, prints, tuple(prints))
        while len(self._snapshots) > _MAX_SNAPSHOTS:
            self._snapshots.popitem(last=False)
        return token

    def find(self, token: str) -> Snapshot:
        """The snapshot of a token; Refusal 410 where it is unknown or forgotten (OD-P35)."""
        snapshot = self._snapshots.get(token)
        if snapshot is None:
            text = "The delta token is not valid or expired: load the data anew"
            raise Refusal(HTTPStatus.GONE, GONE, text)
        return snapshot

    def changes(self, before: Snapshot, after: Snapshot) -> list[Change]:
        """What differs between two snapshots, changed rows first, each in key order."""
        return [*self._changed(before, after), *self._removed(before, after)]

    def _changed(self, before: Snapshot, after: Snapshot) -> Iterator[Change]:
        name = after.entity_set.source.name
        for key, fingerprint in after.prints.items():
            if before.prints.get(key) != fingerprint:
                # A row deleted since keeps its place, so that a second page loses no other row.
                row = self._store.get(name, key)
                yield Change(key, row, "" if row is not None else "deleted")

    def _removed(self, before: Snapshot, after: Snapshot) -> Iterator[Change]:
        name = after.entity_set.source.name
        for key in before.prints:
            if key not in after.prints:
                deleted = self._store.get(name, key) is None
                yield Change(key, None, "deleted" if deleted else "changed")

    def forget(self) -> None:
        """Let every token expire."""
        self._snapshots.clear()


def removed_entry(entity_set: EntitySet, change: Change, address: str) -> dict[str, Any]:
    """A row that left; keys are shown too, so that a client need not read the address."""
    keys = dict(zip(entity_set.source.keys, map(str, change.key), strict=True))
    return {"@removed": {"reason": change.reason}, "@id": address, **keys}
