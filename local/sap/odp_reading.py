"""Reads of an ODP service: initial loads that are tracked, delta packages, their links.

An entity set is tracked where the service has a set `DeltaLinksOf<EntitySet>` beside it. Reads
without `Prefer: odata.track-changes` are answered as everywhere else.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any
from urllib.parse import unquote

from local.sap.exchange import Request, Response
from local.sap.metadata import EntitySet, Function, Service
from local.sap.odp import Owner, Package, Queue, State
from local.sap.paths import key_of
from local.sap.query import (
    bad,
    max_page_size,
    next_link,
    options_of,
    parse_selection,
    parse_where,
)
from local.sap.reading import Reader, json_response, need_json, service_root
from local.sap.render import entity
from local.sap.rules.facts import FACTS, facts
from local.sap.store import Store
from local.sap.values import Row
from local.sap.writing import parameters_of

_LINKS = "DeltaLinksOf"
_OPTIONS = frozenset({"$filter", "$select", "$format", "$inlinecount", "$skiptoken"})
_QUOTED = re.compile(r"'([^']{1,64})'")
_PLACE = re.compile(r"'([^',]{1,64}),(\d{1,9}),(\d{1,5})'")
_CHANGES_AFTER = re.compile(rf"{_LINKS}(\w+)\((.*)\)")


@dataclass(frozen=True, slots=True)
class OdpReader:
    """Answers reads of the ODP service; `names_delta` is False where last pages hold no link."""

    reader: Reader
    store: Store
    queue: Queue
    names_delta: bool

    def read(self, request: Request, service: Service, segments: list[str]) -> Response:
        """The answer; Refusal where SAP would refuse."""
        if not segments or segments[0].startswith("$"):
            return self.reader.read(request, service, segments)
        if segments == [FACTS]:
            response = self._tracked(request, service)
            if response is not None:
                return response
        asked = _CHANGES_AFTER.fullmatch(segments[0])
        if asked and segments[1:] == ["ChangesAfter"]:
            return self._changes_after(request, service, asked[2])
        self.store.found("A_PurchaseOrderItem", FACTS, find=self._renewed)
        self.store.replace(f"{_LINKS}{FACTS}", self.queue.links(_owner(request)))
        return self.reader.read(request, service, segments)

    def call(self, request: Request, function: Function) -> Response:
        """SubscribedTo... and TerminateDeltasFor..., as every ODP service has them."""
        parameters_of(request, function)
        owner = _owner(request)
        if function.name.startswith("SubscribedTo"):
            shown = {"SubscribedFlag": bool(self.queue.links(owner))}
        else:
            shown = {"ResultFlag": self.queue.end(owner)}
        named = {function.name: {"__metadata": {"type": function.returns}} | shown}
        return json_response(HTTPStatus.OK, named)

    def _renewed(self) -> list[Row]:
        """The facts as the orders of now make them: once for all pages, until somebody writes."""
        self.store.replace(FACTS, facts(self.store))
        return list(self.store.rows(FACTS))

    def _tracked(self, request: Request, service: Service) -> Response | None:
        """A page of a package, None for a read that has nothing to do with the queue."""
        options = options_of(request.query, _OPTIONS | {"$top", "$skip", "$orderby"})
        token = _delta_token(request.query)
        place = _PLACE.fullmatch(options.get("$skiptoken", ""))
        starts = token is None and place is None and "$skiptoken" not in options
        tracks = starts and "odata.track-changes" in _preferences(request)
        if token is None and place is None and not tracks:
            return None
        need_json(request)
        if place is not None:
            package = self.queue.package(_owner(request), place[1])
            return self._page(request, service, package, int(place[2]), int(place[3]))
        if token is not None:
            package = self.queue.after(_owner(request), token, self._state)
        else:
            package = self._begin(request, options)
        response = self._page(request, service, package, 0, self._size(request))
        _apply(request, response, tracks=tracks)
        return response

    def _changes_after(self, request: Request, service: Service, predicate: str) -> Response:
        need_json(request)
        options_of(request.query, {"$format", "$inlinecount"})
        links = self.store.entity_set(f"{_LINKS}{FACTS}")
        (token,) = key_of(links, predicate, self.store)
        package = self.queue.after(_owner(request), str(token), self._state)
        response = self._page(request, service, package, 0, self._size(request))
        _apply(request, response, tracks=False)
        return response

    def _begin(self, request: Request, options: Mapping[str, str]) -> Package:
        if not options.keys() <= _OPTIONS:
            raise bad("A read with odata.track-changes takes $filter and $select only")
        kept = {name: options[name] for name in ("$filter", "$select") if name in options}
        parse_selection(kept, self._facts, self.store)
        return self.queue.begin(_owner(request), self._state(kept), kept)

    def _state(self, options: Mapping[str, str]) -> State:
        where = parse_where(dict(options), self._facts)
        rows = (row for row in facts(self.store) if where is None or where(row))
        return {self.store.key_of(FACTS, row): row for row in rows}

    @property
    def _facts(self) -> EntitySet:
        return self.store.entity_set(FACTS)

    def _size(self, request: Request) -> int:
        return max_page_size(request.headers.get("prefer", "")) or self.reader.page_size

    def _page(
        self, request: Request, service: Service, package: Package, start: int, size: int
    ) -> Response:
        root = service_root(request, service)
        selection = parse_selection(dict(package.options), self._facts, self.store)
        stop = start + size
        shown: dict[str, Any] = {
            "results": [
                entity(self._facts, row, selection, root, self.store)
                for row in package.rows[start:stop]
            ]
        }
        if options_of(request.query, _OPTIONS).get("$inlinecount") == "allpages":
            shown["__count"] = str(len(package.rows))
        if stop < len(package.rows):
            place = f"'{package.token},{stop},{size}'"
            shown["__next"] = next_link(f"{root}{FACTS}", request.query, place)
        elif self.names_delta:
            shown["__delta"] = f"{root}{FACTS}?!deltatoken='{package.token}'"
        return json_response(HTTPStatus.OK, shown)


def is_odp(service: Service) -> bool:
    """Whether the service keeps deltas."""
    return f"{_LINKS}{FACTS}" in service.sets


def _owner(request: Request) -> Owner:
    return request.user, FACTS


def _delta_token(query: str) -> str | None:
    """The token of `!deltatoken='...'`, None where there is none (OD-P33)."""
    for option in query.split("&"):
        name, _, value = option.partition("=")
        if unquote(name) == "!deltatoken":
            found = _QUOTED.fullmatch(unquote(value))
            if found is None:
                raise bad("!deltatoken must be a text in single quotes")
            return found[1]
    return None


def _preferences(request: Request) -> list[str]:
    prefer = request.headers.get("prefer", "").lower()
    return [each.strip() for each in prefer.split(",")]


def _apply(request: Request, response: Response, *, tracks: bool) -> None:
    """Say on the first page which preferences were followed (OD-P25, OD-P31)."""
    size = max_page_size(request.headers.get("prefer", ""))
    applied = ["odata.track-changes"] if tracks else []
    if size:
        applied.append(f"odata.maxpagesize={size}")
    if applied:
        response.headers["preference-applied"] = ", ".join(applied)
