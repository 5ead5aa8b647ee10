"""GET and HEAD: service document, $metadata, entities, entity sets, counts."""

import json
from http import HTTPStatus
from typing import Any
from xml.etree import ElementTree

from local.sap.errors import BAD_REQUEST, Refusal
from local.sap.exchange import Request, Response
from local.sap.metadata import Service
from local.sap.paths import Resource, resolve
from local.sap.query import (
    OF_COUNT,
    OF_ENTITY,
    OF_SET,
    bad,
    max_page_size,
    next_link,
    options_of,
    parse_selection,
    read_page,
    window,
)
from local.sap.render import entity, etag
from local.sap.store import Store

JSON = "application/json"
XML = "application/xml"
V2 = {"dataserviceversion": "2.0"}
_APP = "http://www.w3.org/2007/app"


class Reader:
    """Answers reads; `page_size` is the number of rows where the client asks for none."""

    def __init__(self, store: Store, page_size: int) -> None:
        self._store = store
        self.page_size = page_size

    def read(self, request: Request, service: Service, segments: list[str]) -> Response:
        """The answer; Refusal where SAP would refuse."""
        if not segments:
            return _service_document(request, service)
        if segments == ["$metadata"]:
            return Response(HTTPStatus.OK, service.document, XML, dict(V2))
        if segments[0] in service.functions:
            text = f"Call this function by {service.functions[segments[0]].method}"
            raise Refusal(HTTPStatus.METHOD_NOT_ALLOWED, BAD_REQUEST, text)
        resource = resolve(segments, service, self._store)
        if resource.counted:
            return self._count(request, resource)
        need_json(request)
        if resource.row is not None:
            return self._entity(request, service, resource)
        return self._entity_set(request, service, resource)

    def _count(self, request: Request, resource: Resource) -> Response:
        options = options_of(request.query, OF_COUNT)
        _, count = window(options, resource.entity_set, resource.rows, self._store)
        return Response(HTTPStatus.OK, str(count).encode(), "text/plain;charset=utf-8", dict(V2))

    def _entity(self, request: Request, service: Service, resource: Resource) -> Response:
        assert resource.row is not None
        options = options_of(request.query, OF_ENTITY)
        selection = parse_selection(options, resource.entity_set, self._store)
        root = service_root(request, service)
        shown = entity(resource.entity_set, resource.row, selection, root, self._store)
        response = json_response(HTTPStatus.OK, shown)
        tag = etag(resource.entity_set, resource.row)
        if tag is not None:
            response.headers["etag"] = tag
        return response

    def _entity_set(self, request: Request, service: Service, resource: Resource) -> Response:
        options = options_of(request.query, OF_SET)
        selection = parse_selection(options, resource.entity_set, self._store)
        inline = options.get("$inlinecount", "none")
        if inline not in ("none", "allpages"):
            raise bad("$inlinecount must be none or allpages")
        asked = max_page_size(request.headers.get("prefer", ""))
        page = read_page(
            options, resource.entity_set, resource.rows, self._store, asked or self.page_size
        )
        root = service_root(request, service)
        shown: dict[str, Any] = {
            "results": [
                entity(resource.entity_set, row, selection, root, self._store) for row in page.rows
            ]
        }
        if inline == "allpages":
            shown["__count"] = str(page.count)
        if page.next_token is not None:
            address = f"{request.origin}{request.address}"
            shown["__next"] = next_link(address, request.query, page.next_token)
        response = json_response(HTTPStatus.OK, shown)
        if asked:
            response.headers["preference-applied"] = f"odata.maxpagesize={asked}"
        return response


def service_root(request: Request, service: Service) -> str:
    """The URL of the service as the client addressed us, with a closing slash."""
    return f"{request.origin}{request.root}/{service.name}/"


def json_response(status: int, shown: dict[str, Any]) -> Response:
    """`{"d": ...}` as V2 wraps everything."""
    body = json.dumps({"d": shown}, ensure_ascii=False, separators=(",", ":")).encode()
    return Response(status, body, JSON, dict(V2))


def need_json(request: Request) -> None:
    """Refusal 406 where the client does not ask for JSON."""
    if not request.wants_json:
        raise Refusal(
            HTTPStatus.NOT_ACCEPTABLE,
            BAD_REQUEST,
            "Atom is not played here: ask with 'Accept: application/json' or $format=json",
        )


def _service_document(request: Request, service: Service) -> Response:
    if request.wants_json:
        return json_response(HTTPStatus.OK, {"EntitySets": list(service.sets)})
    root = ElementTree.Element("service", {"xmlns": _APP})
    workspace = ElementTree.SubElement(root, "workspace")
    for name in service.sets:
        ElementTree.SubElement(workspace, "collection", {"href": name})
    body = b'<?xml version="1.0" encoding="utf-8"?>' + ElementTree.tostring(root)
    return Response(HTTPStatus.OK, body, "application/atomsvc+xml", dict(V2))
