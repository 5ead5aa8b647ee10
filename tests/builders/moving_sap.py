"""Port SapReader over rows that tests insert, change and delete at any time, also between pages."""

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, Literal

import msgspec
from msgspec import Raw

from sapmatch.model.changes import ChangePage, DeltaPosition, DeltaState
from sapmatch.model.errors import InputRejected, ResyncRequired
from sapmatch.model.intent import Entity, Record
from sapmatch.model.ports import Page
from sapmatch.model.query import EVERYTHING, Condition, ODataValue, Query
from sapmatch.model.shape import Shape
from tests.builders.moving_rows import fits, meaning

Key = tuple[Any, ...]
_SUBSCRIBER = "https://sap.example.com ANNA"


class MovingSet:
    """One entity set: its rows by key, and every change in order."""

    def __init__(self, shape: Shape) -> None:
        self.shape = shape
        self.rows: dict[Key, Record] = {}
        self.log: list[Key] = []
        self.forgotten = 0  # tokens before this one

    def ordered(self, query: Query) -> list[Key]:
        """Keys of the rows that fit, in their order."""
        return sorted(key for key, row in self.rows.items() if self._fits(row, query))

    def line(self, key: Key, query: Query = EVERYTHING) -> Raw:
        """A row as SAP sends it."""
        row = self.rows[key]
        names = [field.name for field in self.shape.fields] + [str(name) for name in query.expand]
        kept = {n: row[n] for n in names if n in row and (n in query.expand or self._in(n, query))}
        uri = f"https://sap.example.com/{self.shape.entity_set}({','.join(map(repr, key))})"
        marks = {"__metadata": {"uri": uri}} if self.shape.version == "V2" else {}
        return Raw(json.dumps(marks | kept, separators=(",", ":")).encode())

    def value(self, key: Key, name: str) -> Any:
        """What a field of a row stands for."""
        field = self.shape.field(name)
        assert field is not None, f"{self.shape.entity_set} has no field {name}"
        return meaning(self.rows[key][name], field.kind)

    def gone(self, keys: Sequence[Key]) -> tuple[Record, ...]:
        """Key fields of rows that are there no more."""
        names = self.shape.keys
        return tuple(dict(zip(names, key, strict=True)) for key in keys if key not in self.rows)

    def _in(self, name: str, query: Query) -> bool:
        return not query.select or name in query.select

    def _fits(self, row: Record, query: Query) -> bool:
        same = all(row.get(name) == value for name, value in query.equals.items())
        return same and (query.where is None or fits(row, query.where, self.shape))


class MovingSap:
    """A SAP whose rows move; pages are computed when they are asked for.

    `paging` key: a next link goes on behind the last key, so that rows shift nothing; offset: rows
    that come or go shift all that follow, as they do with $skip. `overlaps`: each page by key
    begins with the last row of the one before. `asked` counts pages from 0, over all readers;
    `links` are those that readers came with. Rows hold values as SAP writes them.
    """

    def __init__(self, *shapes: Shape, paging: Literal["key", "offset"] = "key") -> None:
        self.sets = {shape.entity_set: MovingSet(shape) for shape in shapes}
        self.paging = paging
        self.asked = 0
        self.overlaps = False
        self.links: list[str | None] = []
        self.counts: dict[str, list[int]] = {}  # answers of $count before the true ones
        self.seconds = 0.0
        self.busy = 0
        self.filters: dict[str, Condition] = {}  # what a filter's text means
        self._before: dict[int, list[Callable[[], None]]] = {}
        self._faults: dict[int, Literal["again", "border", "empty"]] = {}
        self._last: dict[str, list[Key]] = {}

    # The rows, as people in SAP change them.

    def put(self, entity_set: str, **row: Any) -> None:
        """Insert a row, or change the one of that key."""
        held = self.sets[entity_set]
        key = tuple(row[name] for name in held.shape.keys)
        held.rows[key] = held.rows.get(key, {}) | row
        held.log.append(key)

    def remove(self, entity_set: str, *key: Any) -> None:
        """Delete the row of that key."""
        held = self.sets[entity_set]
        del held.rows[key]
        held.log.append(key)

    def forget(self, entity_set: str) -> None:
        """No token that was given before is known any more."""
        self.sets[entity_set].forgotten = len(self.sets[entity_set].log) + 1
        self.sets[entity_set].log.append(())

    # What goes wrong.

    def before(self, page: int, do: Callable[[], None]) -> None:
        """Do this before that page (0 is the first) is answered."""
        self._before.setdefault(page, []).append(do)

    def fails(self, page: int, error: Exception) -> None:
        """That page is not answered; asked for once more it is, under the next number."""

        def fail() -> None:
            raise error

        self.before(page, fail)

    def repeats_page(self, page: int) -> None:
        """That answer holds the rows of the one before it."""
        self._faults[page] = "again"

    def repeats_row(self, page: int) -> None:
        """That answer begins with the last row of the one before it, as it is by now."""
        self._faults[page] = "border"

    def sends_nothing(self, page: int) -> None:
        """That answer holds no row, and a link to where the rows go on."""
        self._faults[page] = "empty"

    # The port.

    def pages(
        self, service: str, entity_set: str, query: Query = EVERYTHING, *, link: str | None = None
    ) -> Iterator[Page]:
        held = self._known(entity_set)
        query = self._meant(query)
        while True:
            number = self._answering(link)
            keys, at = self._stretch(held, query, _at(link), number)
            rows = [held.line(key, query) for key in keys if key in held.rows]
            link = None if at is None else f"{entity_set}?$skiptoken={json.dumps(at)}&n={number}"
            size = sum(map(len, rows))
            yield Page(rows=rows, next_link=link, size=size, seconds=self.seconds, busy=self.busy)
            if link is None:
                return

    def count(self, service: str, entity_set: str, query: Query = EVERYTHING) -> int:
        given = self.counts.get(entity_set)
        if given:
            return given.pop(0)
        return len(self._known(entity_set).ordered(self._meant(query)))

    def get(
        self,
        service: str,
        entity_set: str,
        key: Mapping[str, ODataValue],
        *,
        expand: Sequence[str] = (),
    ) -> Entity | None:
        found = self.find(service, entity_set, Query(equals=key, expand=tuple(expand)))
        return found[0] if found else None

    def find(self, service: str, entity_set: str, query: Query) -> list[Entity]:
        held = self._known(entity_set)
        keys = held.ordered(self._meant(query))
        keys.sort(key=lambda key: [held.value(key, name) for name in query.order_by])
        skip = query.skip or 0
        keys = keys[skip : None if query.top is None else skip + query.top]
        lines = [held.line(key, query) for key in keys]
        return [Entity(row=msgspec.json.decode(line)) for line in lines]

    def shape(self, service: str, entity_set: str, query: Query = EVERYTHING) -> Shape:
        shape = self._known(entity_set).shape
        shown = {*query.select, *shape.keys} if query.select else {f.name for f in shape.fields}
        fields = [f for f in shape.fields if f.name in shown]
        nested = {name: shape.nested[str(name)] for name in map(str, query.expand)}
        return msgspec.structs.replace(shape, fields=tuple(fields), nested=nested)

    def changes(
        self,
        service: str,
        entity_set: str,
        query: Query = EVERYTHING,
        *,
        since: DeltaPosition | None = None,
    ) -> Iterator[ChangePage]:
        held = self._known(entity_set)
        position = since or DeltaPosition(subscriber=_SUBSCRIBER, entity_set=entity_set)
        while True:
            self._check_token(held, position)
            number = self._answering(position.link)
            if position.state is DeltaState.TRACKING:
                page = self._changed(held, query, position)
            else:
                page = self._initial(held, self._meant(query), position, number)
            yield page
            if page.last:
                return
            position = page.position

    # How an answer comes about.

    def _known(self, entity_set: str) -> MovingSet:
        if entity_set not in self.sets:
            raise InputRejected(f"SAP has no entity set {entity_set}; check its spelling")
        return self.sets[entity_set]

    def _meant(self, query: Query) -> Query:
        if query.filter is None:
            return query
        meant = self.filters[query.filter]
        where = meant if query.where is None else query.where & meant
        return msgspec.structs.replace(query, filter=None, where=where)

    def _answering(self, link: str | None) -> int:
        number = self.asked
        self.asked += 1
        self.links.append(link)
        for do in self._before.pop(number, ()):
            do()
        return number

    def _stretch(
        self, held: MovingSet, query: Query, at: Any, number: int
    ) -> tuple[list[Key], Any]:
        """Keys of one answer, and where the next one begins; None where nothing follows."""
        name = held.shape.entity_set
        fault = self._faults.pop(number, None)
        before = self._last.get(name, [])
        counted = self.paging == "offset" or query.paging == "skip"
        if at is None:
            at = (query.skip or 0) if counted else []
        if fault == "again" or fault == "empty":
            return (before if fault == "again" else []), at
        keys, following = (_by_offset if counted else _by_key)(held.ordered(query), query, at)
        self._last[name] = keys
        if self.overlaps and not counted:
            return [*filter(None, [tuple(at)]), *keys], following
        return ([*before[-1:], *keys] if fault == "border" else keys), following

    def _initial(
        self, held: MovingSet, query: Query, position: DeltaPosition, number: int
    ) -> ChangePage:
        """A page of everything; its token is that of the beginning."""
        token, at = _at(position.link) or (len(held.log), None)
        keys, at = self._stretch(held, query, at, number)
        link = {"state": DeltaState.INITIAL, "link": f"?$skiptoken={json.dumps([token, at])}&n=0"}
        over = {"state": DeltaState.TRACKING, "link": _delta(token)}
        return ChangePage(
            rows=tuple(held.line(key, query) for key in keys if key in held.rows),
            deleted=(),
            position=msgspec.structs.replace(position, **(over if at is None else link)),
            last=at is None,
            seconds=self.seconds,
            busy=self.busy,
        )

    def _changed(self, held: MovingSet, query: Query, position: DeltaPosition) -> ChangePage:
        """A page of what changed, each key once, up to what the first page of it saw."""
        start, end, at = _at(position.link)
        end = len(held.log) if end is None else end
        keys = list(dict.fromkeys(key for key in held.log[start:end] if key))
        page = keys[at : at + (query.page_size or 100)]
        last = at + len(page) >= len(keys)
        there = set(held.ordered(self._meant(query)))
        gone = held.gone(page)
        return ChangePage(
            rows=tuple(held.line(key, query) for key in page if key in there),
            deleted=tuple(Raw(json.dumps({"ODQ_CHANGEMODE": "D"} | row).encode()) for row in gone),
            removed=gone,
            position=msgspec.structs.replace(
                position, link=_delta(end) if last else _delta(start, end, at + len(page))
            ),
            last=last,
            seconds=self.seconds,
            busy=self.busy,
        )

    def _check_token(self, held: MovingSet, position: DeltaPosition) -> None:
        if position.state is DeltaState.RESYNC_REQUIRED:
            raise ResyncRequired("load everything anew on purpose: start without a position")
        at = _at(position.link)
        if at and at[0] < held.forgotten:
            raise ResyncRequired(f"{held.shape.entity_set}: SAP no longer knows the delta token")


def _delta(start: int, end: int | None = None, at: int = 0) -> str:
    return f"?$skiptoken={json.dumps([start, end, at])}&n=delta"


def _at(link: str | None) -> Any:
    return json.loads(link.partition("$skiptoken=")[2].rpartition("&n=")[0]) if link else None


def _by_key(keys: list[Key], query: Query, at: Any) -> tuple[list[Key], Any]:
    size = query.page_size or 100
    rest = [key for key in keys if key > tuple(at)]
    return rest[:size], list(rest[size - 1]) if len(rest) > size else None


def _by_offset(keys: list[Key], query: Query, at: Any) -> tuple[list[Key], Any]:
    begin = query.skip or 0
    end = len(keys) if query.top is None else min(len(keys), begin + query.top)
    page = keys[at : min(end, at + (query.page_size or 100))]
    return page, at + len(page) if page and at + len(page) < end else None
