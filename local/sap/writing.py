"""POST, PATCH, MERGE, PUT, DELETE and function imports."""

import json
from collections.abc import Collection, Iterable
from http import HTTPStatus
from typing import Any
from urllib.parse import unquote

from local.sap.backend import Backend, Outcome, touch
from local.sap.errors import (
    BAD_PROPERTY,
    BAD_REQUEST,
    BUSINESS,
    NO_IF_MATCH,
    NOT_IMPLEMENTED,
    STALE_ETAG,
    Refusal,
)
from local.sap.exchange import Request, Response
from local.sap.metadata import EntitySet, Function, Service
from local.sap.paths import below, resolve
from local.sap.payload import read_create, read_replacement, read_update
from local.sap.query import Selection, bad, everything, options_of
from local.sap.reading import json_response, service_root
from local.sap.render import entity, etag, key_text
from local.sap.rules import CREATE, DELETE, FUNCTIONS, change
from local.sap.values import Row, from_literal

_NOT_OURS = ("sap-", "saml2", "$format")  # of the logon and of OData, beside the arguments
_ACTIONS = {"creatable": "created", "updatable": "changed", "deletable": "deleted"}


class Writer:
    """Answers modifying requests; each is done wholly or not at all.

    `update_methods` are those of PATCH, MERGE and PUT that the services know (OD-P71).
    `missing_if_match` is the status of a change without an ETag (OD-P65).
    """

    def __init__(
        self, backend: Backend, update_methods: Collection[str], missing_if_match: int
    ) -> None:
        self._missing_if_match = missing_if_match
        self._backend = backend
        self._store = backend.store
        self._update_methods = update_methods

    def write(self, request: Request, service: Service, segments: list[str]) -> Response:
        """The answer; Refusal where SAP would refuse."""
        if not segments or segments[0].startswith("$"):
            raise _not_implemented(f"{request.method} {'/'.join(segments) or 'of the service'}")
        method = request.method
        if method == "POST":
            if segments[0] in service.functions and len(segments) == 1:
                return self.call(request, service, service.functions[segments[0]])
            method = request.headers.get("x-http-method", "POST").upper()
        if method == "POST":
            return self._create(request, service, segments)
        if method in self._update_methods:
            return self._update(request, service, segments, method)
        if method == "DELETE":
            return self._delete(request, service, segments)
        raise _not_implemented(method)

    def _create(self, request: Request, service: Service, segments: list[str]) -> Response:
        _need_json_body(request)
        options_of(request.query, ())
        resource = resolve(segments, service, self._store)
        entity_set = resource.entity_set
        below = resource.shared is not None and entity_set.name in CREATE
        if resource.counted or (not below and (resource.row, resource.rows) != (None, None)):
            raise _not_implemented("POST to anything but an entity set")
        _need_permission(entity_set, "creatable")
        payload = read_create(request.body, entity_set, self._store)
        payload.given.update(resource.shared or {})
        outcome = CREATE[entity_set.name](payload, self._backend)
        _, row = outcome.created[0]
        deep = {name: everything(self._target(entity_set, name)) for name in payload.children}
        links = tuple(name for name in entity_set.navigations if name not in deep)
        selection = Selection(tuple(entity_set.properties), links, deep)
        root = service_root(request, service)
        shown = entity(entity_set, row, selection, root, self._store)
        response = self._noted(json_response(HTTPStatus.CREATED, shown), outcome)
        response.headers["location"] = root + key_text(entity_set, row)
        return response

    def _target(self, entity_set: EntitySet, navigation: str) -> EntitySet:
        return self._store.entity_set(entity_set.navigations[navigation].target)

    def _update(
        self, request: Request, service: Service, segments: list[str], method: str
    ) -> Response:
        _need_json_body(request)
        entity_set, row = self._addressed(request, service, segments, "updatable")
        if method == "PUT":
            given = read_replacement(request.body, entity_set, row)
        else:
            given = read_update(request.body, entity_set)
        change(entity_set.name, row, given, self._backend)
        outcome = Outcome(changed=[(entity_set.name, row)])
        for changed in (row, *self._headers(entity_set, row)):
            touch(changed, self._backend)
        return self._noted(Response(HTTPStatus.NO_CONTENT), outcome)

    def _headers(self, entity_set: EntitySet, row: Row) -> Iterable[Row]:
        """The header of an item: a change below it is a change of the document."""
        for navigation in entity_set.navigations.values():
            if not navigation.many:
                key = {theirs: row[own] for own, theirs in navigation.keys.items()}
                header = self._backend.find(navigation.target, **key)
                if header is not None:
                    yield header

    def _delete(self, request: Request, service: Service, segments: list[str]) -> Response:
        entity_set, row = self._addressed(request, service, segments, "deletable")
        rule = DELETE.get(entity_set.name)
        outcome = rule(row, self._backend) if rule else self._remove(entity_set, row)
        return self._noted(Response(HTTPStatus.NO_CONTENT), outcome)

    def _remove(self, entity_set: EntitySet, row: Row) -> Outcome:
        """The row and those below it; a document whose item goes is changed."""
        for header in self._headers(entity_set, row):
            touch(header, self._backend)
        for child in below(entity_set, row, self._store):
            self._store.delete(*child)
        self._store.delete(entity_set.name, row)
        return Outcome(changed=[(entity_set.name, row)])

    def _addressed(
        self, request: Request, service: Service, segments: list[str], permission: str
    ) -> tuple[EntitySet, Row]:
        """The one entity that the URL names, if it may be changed and the ETag is right."""
        options_of(request.query, ())
        resource = resolve(segments, service, self._store)
        if resource.row is None:
            raise _not_implemented(f"{request.method} of an entity set")
        _need_permission(resource.entity_set, permission)
        _check_etag(request, resource.entity_set, resource.row, self._missing_if_match)
        return resource.entity_set, resource.row

    def call(self, request: Request, service: Service, function: Function) -> Response:
        """Call a function import; the result is a complex type, or entities where it says so."""
        if request.method != function.method:
            text = f"Call this function by {function.method}"
            raise Refusal(HTTPStatus.METHOD_NOT_ALLOWED, BAD_REQUEST, text)
        rule = FUNCTIONS[(service.name, function.name)]
        outcome = rule(parameters_of(request, function), self._backend)
        response = self._noted(self._returned(request, service, function, outcome), outcome)
        if function.method == "POST":
            response.called = [_call_text(request, function)]
        return response

    def _returned(
        self, request: Request, service: Service, function: Function, outcome: Outcome
    ) -> Response:
        if not function.entity_set:
            shown = {function.name: {"__metadata": {"type": function.returns}} | outcome.result}
            return json_response(HTTPStatus.OK, shown)
        entity_set, root = (
            self._store.entity_set(function.entity_set),
            service_root(request, service),
        )
        selection = everything(entity_set)
        rows = [entity(entity_set, row, selection, root, self._store) for row in outcome.rows]
        return json_response(HTTPStatus.OK, {"results": rows} if function.returns_many else rows[0])

    def _noted(self, response: Response, outcome: Outcome) -> Response:
        response.created = [self._name(*entry) for entry in outcome.created]
        response.changed = [self._name(*entry) for entry in outcome.changed]
        if outcome.warnings:
            response.headers["sap-message"] = _message(outcome)
        return response

    def _name(self, entity_set: str, row: Row) -> str:
        return key_text(self._store.entity_set(entity_set), row)


def _message(outcome: Outcome) -> str:
    """The first warning, the others below it, as the sap-message header (MA-P69)."""
    entries: list[dict[str, Any]] = [
        {"code": each.code, "message": each.text, "severity": each.severity, "target": each.target}
        for each in outcome.warnings
    ]
    return json.dumps(entries[0] | {"details": entries[1:]})


def _not_implemented(what: str) -> Refusal:
    text = f"Method not implemented in data provider class: {what}"
    return Refusal(HTTPStatus.NOT_IMPLEMENTED, NOT_IMPLEMENTED, text)


def _need_json_body(request: Request) -> None:
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if kind != "application/json":
        text = "The request body must be of type application/json"
        raise Refusal(HTTPStatus.UNSUPPORTED_MEDIA_TYPE, BAD_PROPERTY, text)


def _need_permission(entity_set: EntitySet, permission: str) -> None:
    if not getattr(entity_set, permission):
        text = f"{entity_set.name} cannot be {_ACTIONS[permission]} by itself"
        raise Refusal(HTTPStatus.METHOD_NOT_ALLOWED, BUSINESS, text)


def _check_etag(request: Request, entity_set: EntitySet, row: Row, missing: int) -> None:
    current = etag(entity_set, row)
    if current is None:
        return
    given = request.headers.get("if-match", "")
    if not given:
        text = "The request needs an If-Match header"
        raise Refusal(missing, NO_IF_MATCH, text)
    if given not in (current, "*"):
        text = "Precondition failed: the entity was changed by someone else"
        raise Refusal(HTTPStatus.PRECONDITION_FAILED, STALE_ETAG, text)


def _call_text(request: Request, function: Function) -> str:
    """For the request log, as `key_text` names an entity: `Post(FiscalYear='2026')`."""
    given = (f"{name}={value}" for name, value in _pairs(request.query))
    return f"{function.name}({','.join(each for each in given if not each.startswith(_NOT_OURS))})"


def parameters_of(request: Request, function: Function) -> Row:
    """The arguments in the URL, each literal of its parameter's type; Refusal 400 otherwise."""
    pairs = _pairs(request.query)
    given = {name: value for name, value in pairs if not name.startswith(_NOT_OURS)}
    if not set(function.parameters) - function.optional <= set(given) <= set(function.parameters):
        names = ", ".join(function.parameters)
        raise bad(f"{function.name} needs exactly these parameters: {names}")
    try:
        return {
            name: from_literal(prop, given[name]) if name in given else None
            for name, prop in function.parameters.items()
        }
    except ValueError as error:
        raise bad(f"{function.name}: a parameter {error}") from error


def _pairs(query: str) -> Iterable[tuple[str, str]]:
    for option in filter(None, query.split("&")):
        name, _, value = option.partition("=")
        yield unquote(name), unquote(value)
