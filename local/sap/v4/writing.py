"""POST, PATCH, DELETE and actions of V4; PUT is refused as SAP's services refuse it."""

from collections.abc import Iterable
from http import HTTPStatus

from local.sap.backend import Backend, Outcome, touch
from local.sap.errors import Detail, Refusal
from local.sap.exchange import Request, Response
from local.sap.paths import below, related
from local.sap.rules import DELETE, change
from local.sap.rules.orders import CREATE
from local.sap.v4.answers import VERSION
from local.sap.v4.errors import (
    NO_IF_MATCH,
    STALE_ETAG,
    messages_header,
    not_allowed,
)
from local.sap.v4.model import ROOT, EntitySet, Service
from local.sap.v4.operations import ACTIONS
from local.sap.v4.paths import Resource, checked_arguments, resolve
from local.sap.v4.payload import PayloadReader, parse_object
from local.sap.v4.query import options_of, preferences
from local.sap.v4.reading import Reader
from local.sap.v4.render import Renderer, key_text
from local.sap.values import Row


class Writer:
    """Answers modifying requests to one service; each is done wholly or not at all."""

    def __init__(
        self, service: Service, backend: Backend, renderer: Renderer, reader: Reader
    ) -> None:
        self._service = service
        self._backend = backend
        self._store = backend.store
        self._renderer = renderer
        self._reader = reader
        self._names = {each.source.name: each for each in service.sets.values()}

    def write(self, request: Request, segments: list[str]) -> Response:
        """The answer; Refusal where SAP would refuse."""
        if not segments or segments[0].startswith("$"):
            raise not_allowed(f"{request.method} is not for this resource")
        options_of(request.query, {"$format"})
        resource = resolve(segments, self._service, self._store)
        if resource.counted or resource.value_of is not None:
            raise not_allowed(f"{request.method} is not for this resource")
        if request.method == "POST":
            return self._post(request, resource, len(segments))
        if resource.row is None or resource.operation is not None:
            raise not_allowed(f"{request.method} needs one entity")
        if request.method == "PATCH":
            return self._update(request, resource.entity_set, resource.row, len(segments))
        if request.method == "DELETE":
            return self._delete(request, resource.entity_set, resource.row)
        raise not_allowed(f"{request.method} is not supported: use PATCH")

    def _post(self, request: Request, resource: Resource, depth: int) -> Response:
        if resource.operation is not None:
            return self._act(request, resource, depth)
        if resource.row is not None:
            raise not_allowed("POST is for entity sets and actions")
        if resource.parent is None and not resource.entity_set.creatable:
            raise not_allowed(f"{resource.entity_set.name} is created through its document only")
        return self._create(request, resource, depth)

    def _create(self, request: Request, resource: Resource, depth: int) -> Response:
        entity_set = resource.entity_set
        body = PayloadReader(request, self._service)
        payload = body.create(entity_set)
        if resource.parent is not None:
            parent, row, _ = resource.parent
            payload.given.update({key: row[key] for key in parent.source.keys})
        outcome = CREATE[entity_set.source.name](payload, self._backend)
        _, row = outcome.created[0]
        response = self._created(request, entity_set, row, body.deep(entity_set), depth)
        return self._noted(response, outcome)

    def _created(
        self, request: Request, entity_set: EntitySet, row: Row, deep: Iterable[str], depth: int
    ) -> Response:
        place = f"{request.origin}{ROOT}/{self._service.path}/{key_text(entity_set, row)}"
        if _minimal(request):
            response = self._nothing(entity_set, row)
            response.headers["odata-entityid"] = place
        else:
            query = self._reader.everything(entity_set, tuple(deep))
            response = self._reader.entity(request, entity_set, row, query, depth)
            response.status = HTTPStatus.CREATED
        response.headers["location"] = place
        return response

    def _update(self, request: Request, entity_set: EntitySet, row: Row, depth: int) -> Response:
        self._check_etag(request, entity_set, row)
        given = PayloadReader(request, self._service).update(entity_set)
        change(entity_set.source.name, row, given, self._backend)
        self._touch(entity_set, row)
        outcome = Outcome(changed=[(entity_set.source.name, row)])
        return self._noted(self._shown(request, entity_set, row, depth), outcome)

    def _shown(self, request: Request, entity_set: EntitySet, row: Row, depth: int) -> Response:
        if _minimal(request):
            return self._nothing(entity_set, row)
        query = self._reader.everything(entity_set)
        return self._reader.entity(request, entity_set, row, query, depth)

    def _nothing(self, entity_set: EntitySet, row: Row) -> Response:
        headers = VERSION | {
            "etag": self._renderer.etag(entity_set, row),
            "preference-applied": "return=minimal",
        }
        return Response(HTTPStatus.NO_CONTENT, headers=headers)

    def _touch(self, entity_set: EntitySet, row: Row) -> None:
        """A change of an item is a change of its document."""
        for changed in (row, *self._headers(entity_set, row)):
            touch(changed, self._backend)

    def _headers(self, entity_set: EntitySet, row: Row) -> Iterable[Row]:
        for navigation in entity_set.navigations.values():
            if not navigation.many:
                yield from related(entity_set.source, row, navigation.source, self._store)

    def _delete(self, request: Request, entity_set: EntitySet, row: Row) -> Response:
        self._check_etag(request, entity_set, row)
        name = entity_set.source.name
        if name in DELETE:
            outcome = DELETE[name](row, self._backend)
        else:
            self._touch(entity_set, row)
            outcome = Outcome(changed=[(name, row)])
            for child in below(entity_set.source, row, self._store):
                self._store.delete(*child)
            self._store.delete(name, row)
        return self._noted(Response(HTTPStatus.NO_CONTENT, headers=dict(VERSION)), outcome)

    def _act(self, request: Request, resource: Resource, depth: int) -> Response:
        operation, row = resource.operation, resource.row
        assert operation is not None
        if not operation.is_action or row is None:
            raise not_allowed(f"{operation.name} is a function: call it by GET")
        self._check_etag(request, resource.entity_set, row)
        given = parse_object(request) if request.body else {}
        resource.arguments.update(checked_arguments(operation, given))
        outcome = ACTIONS[operation.name.rpartition(".")[2]](resource, self._backend)
        response = self._noted(self._shown(request, resource.entity_set, row, depth), outcome)
        response.called = [f"{operation.name}({key_text(resource.entity_set, row)})"]
        return response

    def _check_etag(self, request: Request, entity_set: EntitySet, row: Row) -> None:
        given = request.headers.get("if-match", "")
        if not given:
            text = "The request needs to be conditional: If-Match is missing"
            raise Refusal(HTTPStatus.PRECONDITION_REQUIRED, NO_IF_MATCH, text)
        if given not in (self._renderer.etag(entity_set, row), "*"):
            text = "Precondition failed: the entity was changed by someone else"
            raise Refusal(HTTPStatus.PRECONDITION_FAILED, STALE_ETAG, text)

    def _noted(self, response: Response, outcome: Outcome) -> Response:
        response.created = [self._name(*entry) for entry in outcome.created]
        response.changed = [self._name(*entry) for entry in outcome.changed]
        messages = [*outcome.warnings, *self._success(outcome)]
        if messages:
            response.headers["sap-messages"] = messages_header(messages)
        return response

    def _name(self, entity_set: str, row: Row) -> str:
        return key_text(self._names[entity_set], row)

    def _success(self, outcome: Outcome) -> list[Detail]:
        """What SAP says about a new document."""
        if not outcome.created:
            return []
        entity_set, row = outcome.created[0]
        name = self._name(entity_set, row)
        return [Detail("ZLOCAL_SAP/201", f"{name} created", "success")]


def _minimal(request: Request) -> bool:
    return preferences(request.headers.get("prefer", "")).get("return") == "minimal"
