"""GET and HEAD of V4: service document, $metadata, entities, entity sets, counts, deltas."""

from collections.abc import Sequence
from http import HTTPStatus
from typing import Any

from local.sap.backend import Backend
from local.sap.exchange import Request, Response
from local.sap.v4.answers import VERSION, context_prefix, json_answer, need_json
from local.sap.v4.delta import Tracker
from local.sap.v4.errors import not_allowed
from local.sap.v4.model import EntitySet, Service
from local.sap.v4.operations import FUNCTIONS
from local.sap.v4.pages import Pages
from local.sap.v4.paths import Resource, resolve
from local.sap.v4.query import OF_COUNT, OF_ENTITY, Query, QueryParser, options_of
from local.sap.v4.render import Renderer, context, key_text
from local.sap.v4.values import to_json
from local.sap.values import Row


class Reader:
    """Answers reads of one service; `page_size` is used where the client asks for none."""

    def __init__(
        self,
        service: Service,
        backend: Backend,
        renderer: Renderer,
        tracker: Tracker | None,
        page_size: int,
    ) -> None:
        self._service = service
        self._backend = backend
        self._store = backend.store
        self._renderer = renderer
        self._parser = QueryParser(service, backend.store)
        self._pages = Pages(renderer, self._parser, tracker, page_size)

    def read(self, request: Request, segments: list[str]) -> Response:
        """The answer; Refusal where SAP would refuse."""
        if segments == ["$metadata"]:
            return self._metadata(request)
        if not segments:
            return self._service_document(request)
        resource = resolve(segments, self._service, self._store)
        if resource.counted:
            return self._count(request, resource)
        need_json(request)
        if resource.operation is not None:
            return self._function(request, resource, len(segments))
        if resource.value_of is not None:
            return self._value(request, resource, segments)
        if resource.row is not None:
            return self._entity(request, resource, len(segments))
        return self._pages.read(request, resource, len(segments))

    def _metadata(self, request: Request) -> Response:
        headers = VERSION | {"etag": self._service.tag}
        if request.headers.get("if-none-match") == self._service.tag:
            return Response(HTTPStatus.NOT_MODIFIED, headers=headers)
        return Response(HTTPStatus.OK, self._service.document, "application/xml", headers)

    def _service_document(self, request: Request) -> Response:
        need_json(request)
        imports = [each for each in self._service.operations.values() if not each.binding]
        entries = [{"name": name, "url": name} for name in self._service.sets]
        entries += [
            {"name": each.name, "kind": "FunctionImport", "url": each.name} for each in imports
        ]
        shown = {"@odata.context": "$metadata", "value": entries}
        return self._answer(request, shown)

    def _answer(self, request: Request, shown: dict[str, Any]) -> Response:
        return json_answer(request, HTTPStatus.OK, self._renderer.tagged(shown))

    def _count(self, request: Request, resource: Resource) -> Response:
        options = options_of(request.query, OF_COUNT)
        query = self._parser.parse(options, resource.entity_set)
        count = self._pages.count(query, resource)
        return Response(HTTPStatus.OK, str(count).encode(), "text/plain", dict(VERSION))

    def _value(self, request: Request, resource: Resource, segments: Sequence[str]) -> Response:
        options_of(request.query, {"$format"})
        prop, row = resource.value_of, resource.row
        assert prop is not None
        assert row is not None
        address = f"{key_text(resource.entity_set, row)}/{prop.name}"
        prefix = context_prefix(len(segments))
        value = to_json(prop, row[prop.source.name])
        return self._answer(request, {"@odata.context": prefix + address, "value": value})

    def _entity(self, request: Request, resource: Resource, depth: int) -> Response:
        options = options_of(request.query, OF_ENTITY)
        query = self._parser.parse(options, resource.entity_set)
        assert resource.row is not None
        return self.entity(request, resource.entity_set, resource.row, query, depth)

    def entity(
        self, request: Request, entity_set: EntitySet, row: Row, query: Query, depth: int
    ) -> Response:
        """One entity with its ETag; `depth` is the number of segments of the request."""
        where = context_prefix(depth) + context(entity_set, query, single=True)
        shown = self._renderer.entity(entity_set, row, query)
        response = self._answer(request, {"@odata.context": where} | shown)
        response.headers["etag"] = shown["@odata.etag"]
        return response

    def everything(self, entity_set: EntitySet, expanded: Sequence[str] = ()) -> Query:
        """The query for all fields, and for the navigations named."""
        return self._parser.parse({"$expand": ",".join(expanded)}, entity_set)

    def _function(self, request: Request, resource: Resource, depth: int) -> Response:
        operation = resource.operation
        assert operation is not None
        if operation.is_action:
            raise not_allowed(f"{operation.name} is an action: call it by POST")
        found = FUNCTIONS[operation.name.rpartition(".")[2]](resource, self._backend)
        if isinstance(found, list):
            called = Resource(resource.entity_set, rows=found)
            return self._pages.read(request, called, depth)
        prefix = context_prefix(depth)
        return self._answer(request, {"@odata.context": prefix + operation.returns, "value": found})
