"""Bodies of modifying requests, checked field by field against the metadata."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any

from local.sap.errors import BAD_PROPERTY, Refusal
from local.sap.metadata import EntitySet, Property
from local.sap.store import Store
from local.sap.values import Row, comparable, from_json, initial

_MAX_CHILDREN = 10_000


@dataclass(frozen=True, slots=True)
class Payload:
    """`given` as checked, without what was not sent; `children` by navigation."""

    given: Row
    children: Mapping[str, list[Row]]


def refuse(text: str, target: str = "") -> Refusal:
    """400 for a body that does not fit the metadata."""
    return Refusal(HTTPStatus.BAD_REQUEST, BAD_PROPERTY, text, target=target)


def parse_object(body: bytes) -> dict[str, Any]:
    """The body as a JSON object; floats stay visible as what they are."""
    try:
        parsed = json.loads(body)
    except (ValueError, RecursionError) as error:
        raise refuse("The request body is not valid JSON") from error
    if not isinstance(parsed, dict):
        raise refuse("The request body must be one JSON object")
    return parsed


def read_create(body: bytes, entity_set: EntitySet, store: Store) -> Payload:
    """A new entity with the entities below it (deep create)."""
    sent = parse_object(body)
    own = {name: value for name, value in sent.items() if name not in entity_set.navigations}
    children = {
        name: _children(store.entity_set(entity_set.navigations[name].target), sent[name], name)
        for name in sent
        if name in entity_set.navigations
    }
    return Payload(_fields(entity_set, own, creating=True), children)


def read_update(body: bytes, entity_set: EntitySet) -> Row:
    """The fields of a PATCH or MERGE."""
    changes = _fields(entity_set, parse_object(body), creating=False)
    if not changes:
        raise refuse("The request changes nothing")
    return changes


def read_replacement(body: bytes, entity_set: EntitySet, row: Row) -> Row:
    """The fields of a PUT: what it leaves out goes back to its initial value.

    Fields that nobody may change may come along as they are.
    """
    given: Row = {}
    for name, value in parse_object(body).items():
        prop = entity_set.properties.get(name)
        if name == "__metadata":
            continue
        if prop is None or _changeable(entity_set, prop):
            given[name] = _checked(entity_set, name, value, creating=False)
        elif not _is_same(prop, value, row[name]):
            raise refuse(f"Property '{name}' is read-only in {entity_set.type_name}", name)
    changeable = (each for each in entity_set.properties.values() if _changeable(entity_set, each))
    return {each.name: given.get(each.name, initial(each)) for each in changeable}


def _is_same(prop: Property, value: object, stored: object) -> bool:
    try:
        return comparable(prop, from_json(prop, value)) == comparable(prop, stored)
    except ValueError as error:
        raise refuse(f"Failed to read property '{prop.name}': {error}", prop.name) from error


def _children(entity_set: EntitySet, sent: object, name: str) -> list[Row]:
    rows = sent.get("results") if isinstance(sent, dict) else sent
    if not isinstance(rows, list) or not all(isinstance(row, dict) for row in rows):
        raise refuse(f"{name} must be a list of JSON objects", name)
    if len(rows) > _MAX_CHILDREN:
        raise refuse(f"{name} has more than {_MAX_CHILDREN} entries", name)
    return [_fields(entity_set, row, creating=True) for row in rows]


def _fields(entity_set: EntitySet, sent: dict[str, Any], *, creating: bool) -> Row:
    return {
        name: _checked(entity_set, name, value, creating=creating)
        for name, value in sent.items()
        if name != "__metadata"
    }


def _checked(
    entity_set: EntitySet, name: str, value: object, *, creating: bool
) -> str | bool | None:
    prop = entity_set.properties.get(name)
    if prop is None:
        raise refuse(f"Property '{name}' is invalid in {entity_set.type_name}", name)
    if not (prop.creatable if creating else _changeable(entity_set, prop)):
        raise refuse(f"Property '{name}' is read-only in {entity_set.type_name}", name)
    try:
        return from_json(prop, value)
    except ValueError as error:
        raise refuse(f"Failed to read property '{name}': {error}", name) from error


def _changeable(entity_set: EntitySet, prop: Property) -> bool:
    return prop.updatable and prop.name not in entity_set.keys


def complete(entity_set: EntitySet, given: Mapping[str, Any]) -> Row:
    """The full row: what was not given has ABAP's initial value."""
    return {
        name: given[name] if name in given else initial(prop)
        for name, prop in entity_set.properties.items()
    }
