"""JSON bodies of V4 requests, checked against the metadata and turned into V2 values."""

import json
from decimal import Decimal
from typing import Any, NoReturn

from local.sap.exchange import Request
from local.sap.payload import Payload
from local.sap.v4.answers import is_compatible
from local.sap.v4.errors import bad, refusal
from local.sap.v4.model import EntitySet, Property, Service
from local.sap.v4.values import Stored, from_json
from local.sap.values import Row

_MAX_CHILDREN = 10_000
_UNSUPPORTED = 415


def parse_object(request: Request) -> dict[str, Any]:
    """The body as a JSON object with exact decimals; Refusal 415 or 400 otherwise."""
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if kind != "application/json":
        raise refusal(_UNSUPPORTED, "The request body must be of type application/json")
    try:
        parsed = json.loads(request.body, parse_float=Decimal, parse_constant=_no_number)
    except (ValueError, RecursionError) as error:
        raise bad("The request body is not valid JSON") from error
    if not isinstance(parsed, dict):
        raise bad("The request body must be one JSON object")
    return parsed


def _no_number(name: str) -> NoReturn:
    raise ValueError(f"{name} is no JSON number")


class PayloadReader:
    """Reads the body of one request; control information (`@odata...`) is left out."""

    def __init__(self, request: Request, service: Service) -> None:
        self._sent = {
            name: value for name, value in parse_object(request).items() if name[:1] != "@"
        }
        self._service = service
        self._quoted = is_compatible(request.headers.get("content-type", ""))

    def create(self, entity_set: EntitySet) -> Payload:
        """A new entity with the entities below it (deep insert), under their V2 names."""
        navigations = entity_set.navigations
        own = {name: value for name, value in self._sent.items() if name not in navigations}
        children = {
            navigations[name].source.name: self._children(entity_set, name)
            for name in self._sent
            if name in navigations
        }
        return Payload(self._fields(entity_set, own, creating=True), children)

    def update(self, entity_set: EntitySet) -> Row:
        """The fields of a PATCH under their V2 names."""
        changes = self._fields(entity_set, self._sent, creating=False)
        if not changes:
            raise bad("The request changes nothing")
        return changes

    def deep(self, entity_set: EntitySet) -> tuple[str, ...]:
        """The navigations that the body fills."""
        return tuple(name for name in entity_set.navigations if name in self._sent)

    def _children(self, entity_set: EntitySet, name: str) -> list[Row]:
        navigation, rows = entity_set.navigations[name], self._sent[name]
        if not navigation.many:
            raise bad(f"{name} cannot be created from here", target=name)
        if not isinstance(rows, list) or not all(isinstance(row, dict) for row in rows):
            raise bad(f"{name} must be a list of JSON objects", target=name)
        if len(rows) > _MAX_CHILDREN:
            raise bad(f"{name} has more than {_MAX_CHILDREN} entries", target=name)
        target = self._service.sets[navigation.target]
        return [self._fields(target, row, creating=True) for row in rows]

    def _fields(self, entity_set: EntitySet, sent: dict[str, Any], *, creating: bool) -> Row:
        checked: Row = {}
        for name, value in sent.items():
            if name[:1] == "@":
                continue
            prop = _open_property(entity_set, name, creating=creating)
            checked[prop.source.name] = self._value(prop, value)
        return checked

    def _value(self, prop: Property, value: object) -> Stored:
        try:
            return from_json(prop, value, quoted_numbers=self._quoted)
        except ValueError as error:
            text = f"Failed to read property '{prop.name}': {error}"
            raise bad(text, target=prop.name) from error


def _open_property(entity_set: EntitySet, name: str, *, creating: bool) -> Property:
    prop = entity_set.properties.get(name)
    if prop is None:
        kind = entity_set.type_name
        raise bad(f"Property '{name[:80]}' cannot be written in type '{kind}'", target=name[:80])
    keys = entity_set.source.keys
    if not (prop.creatable if creating else prop.updatable and name not in keys):
        raise bad(f"Property '{name}' is read-only", target=name)
    return prop
