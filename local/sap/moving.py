"""Rows that change while somebody reads: put and deleted past all rules of business.

`{"put": {"A_PurchaseOrder": [rows]}, "delete": {"A_PurchaseOrderItem": [keys]}, "after_reads": 2}`

A row that is put changes the fields that it names, or is new; what is deleted goes with all that
is below it, and may be gone already. Values as V2 JSON writes them, entity sets by their V2 names:
V4 shows the same rows. Without `after_reads` it happens at once; with it, right after so many more
reads of rows were answered, which is between two pages of whoever reads. The document's
LastChangeDateTime moves along, unless a row names one itself.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from local.sap.backend import Backend, touch
from local.sap.exchange import Request
from local.sap.metadata import EntitySet
from local.sap.paths import below, related
from local.sap.payload import complete
from local.sap.seed import PARENTS, check
from local.sap.values import Row, moment_json

_CHANGED = "LastChangeDateTime"
_MOST = 1_000_000
_PARTS = {"put", "delete", "after_reads"}
_Rows = Mapping[str, Sequence[Row]]


@dataclass(slots=True)
class _Move:
    put: _Rows
    delete: _Rows
    after: int


class Moves:
    """Moves that happen now or between two reads; the caller holds the lock of the store."""

    def __init__(self, backend: Backend) -> None:
        self._backend = backend
        self._store = backend.store
        self._waiting: list[_Move] = []

    def order(self, wanted: object) -> None:
        """Do it, now or later; ValueError says what is not understood, and nothing is done."""
        move = self._parsed(wanted)
        if move.after:
            self._waiting.append(move)
        else:
            self._make(move)

    def read(self) -> None:
        """A read of rows was answered: make the moves that waited for it."""
        for move in self._waiting:
            move.after -= 1
        due = [move for move in self._waiting if not move.after]
        self._waiting = [move for move in self._waiting if move.after]
        for move in due:
            self._make(move)

    def clear(self) -> None:
        """Forget the moves that wait."""
        self._waiting.clear()

    def _parsed(self, wanted: object) -> _Move:
        if not isinstance(wanted, dict) or not set(wanted) <= _PARTS:
            raise ValueError(f"expected some of {', '.join(sorted(_PARTS))}")
        after = wanted.get("after_reads", 0)
        if type(after) is not int or not 0 <= after <= _MOST:
            raise ValueError(f"after_reads must be from 0 to {_MOST}")
        put = {name: list(self._put_rows(name, r)) for name, r in _sets(wanted, "put")}
        delete = {name: list(self._keys(name, rows)) for name, rows in _sets(wanted, "delete")}
        self._check_parents(put)
        return _Move(put, delete, after)

    def _entity_set(self, name: str) -> EntitySet:
        if name not in self._store.names():
            raise ValueError(f"{name}: no such entity set")
        return self._store.entity_set(name)

    def _put_rows(self, name: str, rows: Sequence[Any]) -> Iterator[Row]:
        entity_set = self._entity_set(name)
        stamp = {_CHANGED: moment_json(self._backend.now())} if entity_set.etag else {}
        for number, given in enumerate(rows):
            row: Row = {}
            place = f"put.{name}[{number}]"
            if not isinstance(given, dict):
                raise ValueError(f"{place}: must be a JSON object")
            if problems := list(check(entity_set, place, stamp | given, row)):
                raise ValueError("; ".join(problems))
            yield {each: value for each, value in row.items() if each in given}

    def _keys(self, name: str, rows: Sequence[Any]) -> Iterator[Row]:
        keys = self._entity_set(name).keys
        for number, given in enumerate(rows):
            if not isinstance(given, dict) or set(given) != set(keys):
                raise ValueError(f"delete.{name}[{number}]: give exactly {', '.join(keys)}")
            yield given

    def _check_parents(self, put: _Rows) -> None:
        """An item needs its document, there already or put along with it."""
        for name, rows in put.items():
            parent = PARENTS.get(name)
            for row in rows if parent else ():
                assert parent is not None
                keys = self._store.entity_set(parent).keys
                front = zip(keys, self._store.entity_set(name).keys, strict=False)
                key = {theirs: row[own] for theirs, own in front}
                along = any(key.items() <= each.items() for each in put.get(parent, ()))
                if not along and self._backend.find(parent, **key) is None:
                    raise ValueError(f"put.{name}: there is no {parent} of {key}")

    def _make(self, move: _Move) -> None:
        self._store.keep_found(False)
        for name in sorted(move.put, key=lambda name: name in PARENTS):
            for row in move.put[name]:
                self._put(name, row)
        for name, keys in move.delete.items():
            for key in keys:
                known = self._backend.find(name, **key)
                if known is not None:
                    self._delete(name, known)

    def _put(self, name: str, given: Row) -> None:
        entity_set = self._store.entity_set(name)
        row = complete(entity_set, given)
        known = self._store.get(name, self._store.key_of(name, row))
        if known is None:
            self._store.insert(name, row)
        else:
            row = known
            row.update(given)
        if _CHANGED not in given:
            for changed in (row, *self._headers(entity_set, row)):
                touch(changed, self._backend)

    def _delete(self, name: str, row: Row) -> None:
        entity_set = self._store.entity_set(name)
        for header in self._headers(entity_set, row):
            touch(header, self._backend)
        for child in below(entity_set, row, self._store):
            self._store.delete(*child)
        self._store.delete(name, row)

    def _headers(self, entity_set: EntitySet, row: Row) -> Iterator[Row]:
        for navigation in entity_set.navigations.values():
            if not navigation.many:
                yield from related(entity_set, row, navigation, self._store)


def reads_rows(request: Request) -> bool:
    """Whether it reads rows, not $metadata, a count or the service itself."""
    last = request.path.rpartition("/")[2]
    return request.method == "GET" and bool(last) and not last.startswith(("$", "%24"))


def _sets(wanted: Mapping[str, Any], part: str) -> Iterator[tuple[str, Sequence[Any]]]:
    sets = wanted.get(part, {})
    if not isinstance(sets, dict) or not all(isinstance(rows, list) for rows in sets.values()):
        raise ValueError(f"{part} must hold a list of rows for each entity set")
    yield from sets.items()
