"""The rows of all entity sets, in key order, and back to the seed on request."""

from bisect import bisect_left, insort
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from itertools import islice

from local.sap.metadata import EntitySet, Service
from local.sap.values import Comparable, Row, comparable

Key = tuple[Comparable, ...]
_KEPT = 50  # lists of rows that were searched for


@dataclass(slots=True)
class _Range:
    """A number range: which field holds the number, and the highest that was given."""

    number: str
    highest: int

    def add(self, row: Row) -> None:
        text = row[self.number]
        if text.isascii() and text.isdigit():
            self.highest = max(self.highest, int(text))


class Store:
    """Rows by entity set; the caller holds a lock while it reads or writes."""

    def __init__(self, services: Mapping[str, Service]) -> None:
        self._sets = {each.name: each for service in services.values() for each in _sets(service)}
        self._keys: dict[str, list[Key]] = {name: [] for name in self._sets}
        self._rows: dict[str, dict[Key, Row]] = {name: {} for name in self._sets}
        self._numbers: dict[str, _Range] = {}
        self._found: dict[tuple[str, ...], list[Row]] = {}
        self._keeps = False
        self.user = ""  # who writes; empty where nobody does, as in a seed

    def entity_set(self, name: str) -> EntitySet:
        """The entity set of the name."""
        return self._sets[name]

    def names(self) -> Iterator[str]:
        """The names of all entity sets."""
        return iter(self._sets)

    def key_of(self, name: str, row: Mapping[str, object]) -> Key:
        """The key of a row in a form that sorts."""
        entity_set = self._sets[name]
        return tuple(_part(entity_set, key, row[key]) for key in entity_set.keys)

    def rows(self, name: str) -> Iterator[Row]:
        """All rows in key order."""
        rows = self._rows[name]
        return (rows[key] for key in self._keys[name])

    def slice(self, name: str, start: int, stop: int) -> list[Row]:
        """Rows from one position to another in key order."""
        rows = self._rows[name]
        return [rows[key] for key in self._keys[name][start:stop]]

    def count(self, name: str) -> int:
        """Number of rows."""
        return len(self._keys[name])

    def get(self, name: str, key: Key) -> Row | None:
        """One row, None where there is none."""
        return self._rows[name].get(key)

    def under(self, name: str, prefix: Key) -> list[Row]:
        """The rows whose key begins with the prefix."""
        keys, rows = self._keys[name], self._rows[name]
        start = bisect_left(keys, prefix)
        found = []
        for key in islice(keys, start, None):
            if key[: len(prefix)] != prefix:
                break
            found.append(rows[key])
        return found

    def keep_found(self, keep: bool) -> None:
        """Keep what `found` found: only while nobody writes, for rows are changed in place."""
        self._keeps = keep
        if not keep:
            self._found.clear()

    def found(self, name: str, *what: str, find: Callable[[], list[Row]]) -> list[Row]:
        """The rows of a search, searched once for all its pages."""
        rows = self._found.get((name, *what))
        if rows is None:
            rows = find()
            if self._keeps:
                self._found[(name, *what)] = rows
                if len(self._found) > _KEPT:
                    del self._found[next(iter(self._found))]
        return rows

    def next_number(self, name: str, number: str, first: int) -> str:
        """The number after the highest that was given so far, at least `first`."""
        given = self._numbers.get(name)
        if given is None:
            given = self._numbers[name] = _Range(number, first - 1)
            for row in self.rows(name):
                given.add(row)
        return str(given.highest + 1)

    def insert(self, name: str, row: Row) -> None:
        """Add a row; raises ValueError where the key is taken."""
        key = self.key_of(name, row)
        if key in self._rows[name]:
            raise ValueError("the key is taken")
        if "CreatedByUser" in row and self.user:
            row["CreatedByUser"] = self.user
        self._rows[name][key] = row
        insort(self._keys[name], key)
        if name in self._numbers:
            self._numbers[name].add(row)

    def delete(self, name: str, row: Row) -> None:
        """Remove a row that is there."""
        key = self.key_of(name, row)
        del self._rows[name][key]
        self._keys[name].remove(key)

    def replace(self, name: str, rows: Iterable[Row]) -> None:
        """Hold exactly these rows of an entity set."""
        self._found = {what: kept for what, kept in self._found.items() if what[0] != name}
        self._numbers.pop(name, None)
        self._rows[name] = {self.key_of(name, row): row for row in rows}
        self._keys[name] = sorted(self._rows[name])

    def copy_from(self, other: "Store") -> None:
        """Hold what the other store holds, rows copied."""
        self._numbers.clear()
        for name in self._sets:
            self._keys[name] = list(other._keys[name])
            self._rows[name] = {key: dict(row) for key, row in other._rows[name].items()}


def _part(entity_set: EntitySet, key: str, value: object) -> Comparable:
    part = comparable(entity_set.properties[key], value)
    assert part is not None, "keys are never null"
    return part


def _sets(service: Service) -> Iterator[EntitySet]:
    return iter(service.sets.values())
