"""Entity sets page by page: server-driven paging, tracked reads and delta links."""

from collections.abc import Sequence
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any
from urllib.parse import unquote

from local.sap.exchange import Request, Response
from local.sap.v4.answers import context_prefix, json_answer
from local.sap.v4.delta import Change, Snapshot, Tracker, removed_entry
from local.sap.v4.errors import bad
from local.sap.v4.model import EntitySet
from local.sap.v4.paths import Resource
from local.sap.v4.query import (
    OF_SET,
    Query,
    QueryParser,
    fitting,
    max_page_size,
    options_of,
    preferences,
)
from local.sap.v4.render import Renderer, context, key_text
from local.sap.values import Row

_TRACK = ("odata.track-changes", "track-changes")


@dataclass(frozen=True, slots=True)
class _Place:
    """Where a page begins, how long it is, and the token of the state it was tracked from."""

    start: int
    size: int
    tracked: str = ""

    def token(self, start: int) -> str:
        """The $skiptoken of a later page."""
        parts = [str(start), str(self.size), self.tracked]
        return "-".join(part for part in parts if part)


class Pages:
    """Shows entity sets of one service; `tracker` None: changes are not tracked here."""

    def __init__(
        self, renderer: Renderer, parser: QueryParser, tracker: Tracker | None, page_size: int
    ) -> None:
        self._renderer = renderer
        self._store = renderer.store
        self._parser = parser
        self._tracker = tracker
        self._page_size = page_size

    def read(self, request: Request, resource: Resource, depth: int) -> Response:
        options = options_of(request.query, OF_SET | {"$deltatoken"})
        if "$deltatoken" in options:
            return self._delta(request, options, resource)
        query = self._parser.parse(options, resource.entity_set)
        wanted = preferences(request.headers.get("prefer", ""))
        place = self._place(options.get("$skiptoken"), max_page_size(wanted))
        applied = _applied(wanted)
        if place.start == 0 and self._is_tracked(wanted, query, resource):
            assert self._tracker is not None
            tracked = self._tracker.start(resource.entity_set, query, place.size)
            place = _Place(0, place.size, tracked)
            applied.append("odata.track-changes")
        shown = self._page(request, query, resource, place)
        where = context_prefix(depth) + context(resource.entity_set, query, single=False)
        response = self._answer(request, {"@odata.context": where} | shown)
        return _noting(response, applied)

    def _answer(self, request: Request, shown: dict[str, Any]) -> Response:
        return json_answer(request, HTTPStatus.OK, self._renderer.tagged(shown))

    def count(self, query: Query, resource: Resource) -> int:
        """How many rows fit."""
        return self._window(query, resource.entity_set, resource.rows)[1]

    def _place(self, token: str | None, asked: int | None) -> _Place:
        """The place that a $skiptoken names, or the first page."""
        if token is None:
            return _Place(0, asked or self._page_size)
        start, _, rest = token.partition("-")
        size, _, tracked = rest.partition("-")
        if not (start + size).isascii() or not start.isdigit() or not size.isdigit():
            raise bad("$skiptoken is not one of ours")
        return _Place(int(start[:9]), asked or max(int(size[:9]), 1), tracked)

    def _is_tracked(self, wanted: dict[str, str], query: Query, resource: Resource) -> bool:
        whole = resource.rows is None and query.top is None and not query.skip
        return self._tracker is not None and whole and any(name in wanted for name in _TRACK)

    def _page(
        self, request: Request, query: Query, resource: Resource, place: _Place
    ) -> dict[str, Any]:
        if place.tracked and self._tracker is not None:
            return self._tracked_page(request, query, self._tracker.find(place.tracked), place)
        rows, count = self._window(query, resource.entity_set, resource.rows)
        first = min(query.skip, count)
        end = count if query.top is None else min(first + query.top, count)
        start = min(first + place.start, end)
        stop = min(start + place.size, end)
        name = resource.entity_set.source.name
        page = self._store.slice(name, start, stop) if rows is None else rows[start:stop]
        shown: dict[str, Any] = {"@odata.count": count} if query.counted else {}
        shown["value"] = [self._renderer.entity(resource.entity_set, row, query) for row in page]
        return shown | self._links(request, place, stop - first, end - first)

    def _tracked_page(
        self, request: Request, query: Query, begun: Snapshot, place: _Place
    ) -> dict[str, Any]:
        """The rows that were there at the beginning: whatever moves since, none is left out."""
        keys = begun.keys
        stop = min(place.start + place.size, len(keys))
        name = begun.entity_set.source.name
        rows = (self._store.get(name, key) for key in keys[place.start : stop])
        shown: dict[str, Any] = {"@odata.count": len(keys)} if query.counted else {}
        shown["value"] = [
            self._renderer.entity(begun.entity_set, row, query) for row in rows if row is not None
        ]
        return shown | self._links(request, place, stop, len(keys))

    def _window(
        self, query: Query, entity_set: EntitySet, rows: list[Row] | None
    ) -> tuple[Sequence[Row] | None, int]:
        """The rows that fit and their number; None for the whole set in key order."""
        name = entity_set.source.name
        if rows is None and query.where is None and not query.orders:
            return None, self._store.count(name)
        if rows is not None:
            found = fitting(query, iter(rows))
        else:
            asked = (query.options.get("$filter", ""), query.options.get("$orderby", ""))
            found = self._store.found(
                name, "V4", *asked, find=lambda: fitting(query, self._store.rows(name))
            )
        return found, len(found)

    def _links(self, request: Request, place: _Place, stop: int, end: int) -> dict[str, Any]:
        """The link to the next page, or where the changes will be found after the last one."""
        if stop < end:
            return {"@odata.nextLink": _next_link(request, place.token(stop))}
        if place.tracked:
            return {"@odata.deltaLink": f"{_address(request)}?$deltatoken={place.tracked}"}
        return {}

    def _delta(self, request: Request, options: dict[str, str], resource: Resource) -> Response:
        if self._tracker is None or set(options) - {"$deltatoken", "$skiptoken"}:
            raise bad("$deltatoken: use the delta link as it came")
        before = self._tracker.find(options["$deltatoken"])
        if before.entity_set != resource.entity_set or resource.rows is not None:
            raise bad("$deltatoken belongs to another entity set")
        wanted = preferences(request.headers.get("prefer", ""))
        asked = max_page_size(wanted)
        if "$skiptoken" in options:
            place = self._place(options["$skiptoken"], asked)
        else:
            size = asked or before.page_size
            place = _Place(0, size, self._tracker.start(before.entity_set, before.query, size))
        changes = self._tracker.changes(before, self._tracker.find(place.tracked))
        stop = min(place.start + place.size, len(changes))
        shown = {
            "@odata.context": f"$metadata#{resource.entity_set.name}/$delta",
            "value": [self._changed(before, each) for each in changes[place.start : stop]],
            **self._links(request, place, stop, len(changes)),
        }
        return _noting(self._answer(request, shown), _applied(wanted))

    def _changed(self, before: Snapshot, change: Change) -> dict[str, Any]:
        entity_set = before.entity_set
        if change.row is not None:
            return self._renderer.entity(entity_set, change.row, before.query)
        keys = dict(zip(entity_set.source.keys, map(str, change.key), strict=True))
        return removed_entry(entity_set, change, key_text(entity_set, keys))


def _applied(wanted: dict[str, str]) -> list[str]:
    size = max_page_size(wanted)
    return [f"odata.maxpagesize={size}"] if size else []


def _noting(response: Response, applied: list[str]) -> Response:
    if applied:
        response.headers["preference-applied"] = ", ".join(applied)
    return response


def _address(request: Request) -> str:
    """The resource as a link names it: relative for a set of the root, else the whole path."""
    front, _, name = request.path.rstrip("/").rpartition("/")
    return name if front.rpartition("/")[2].isdigit() else request.path


def _next_link(request: Request, token: str) -> str:
    """The same query, byte for byte, with another $skiptoken (OD-P22)."""
    kept = [part for part in request.query.split("&") if part and not _is_token(part)]
    return f"{_address(request)}?{'&'.join([*kept, f'$skiptoken={token}'])}"


def _is_token(option: str) -> bool:
    return unquote(option.partition("=")[0]) == "$skiptoken"
