"""Resource paths of OData V2 (URI conventions 3): from the URL to the rows it means."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from http import HTTPStatus
from urllib.parse import unquote

from local.sap.errors import BAD_REQUEST, NOT_FOUND, Refusal
from local.sap.metadata import EntitySet, Navigation, Service
from local.sap.store import Key, Store
from local.sap.values import Row, from_literal

_SEGMENT = re.compile(r"(?P<name>[$\w]+)(?:\((?P<key>.*)\))?", re.DOTALL)
_KEY_PART = re.compile(r"\s*(?:(?P<name>\w+)\s*=\s*)?(?P<literal>[a-z]*'(?:[^']|'')*')\s*(?:,|$)")


@dataclass(frozen=True, slots=True)
class Resource:
    """What a path names: one `row`, or `rows` (None: all of the entity set).

    `shared` is what every row below a header has in common with it, None where no header leads.
    """

    entity_set: EntitySet
    row: Row | None = None
    rows: list[Row] | None = None
    counted: bool = False
    shared: Row | None = None


def segments_of(path: str) -> list[str]:
    """Segments decoded once and only after the split, so that %2F stays inside a key (OD-P56)."""
    return [unquote(segment) for segment in path.split("/") if segment]


def not_found(what: str) -> Refusal:
    """404 in the words of SAP."""
    return Refusal(HTTPStatus.NOT_FOUND, NOT_FOUND, f"Resource not found for segment '{what}'")


def resolve(segments: Sequence[str], service: Service, store: Store) -> Resource:
    """The resource behind the segments after the service root; Refusal 404 or 400 otherwise."""
    counted = segments[-1] == "$count"
    path = segments[:-1] if counted else segments
    if not 1 <= len(path) <= 2:
        raise not_found("/".join(segments))
    name, key = _split(path[0])
    entity_set = service.sets.get(name)
    if entity_set is None:
        raise not_found(name)
    row = None if key is None else _find(entity_set, key, store)
    resource = Resource(entity_set, row)
    if len(path) == 2:
        resource = _follow(resource, path[1], store)
    if counted and resource.row is not None:
        raise not_found("$count")
    return replace(resource, counted=counted)


def _split(segment: str) -> tuple[str, str | None]:
    match = _SEGMENT.fullmatch(segment)
    if match is None:
        raise not_found(segment)
    return match["name"], match["key"]


def _find(entity_set: EntitySet, predicate: str, store: Store) -> Row:
    row = store.get(entity_set.name, key_of(entity_set, predicate, store))
    if row is None:
        raise not_found(entity_set.type_name.rpartition(".")[2])
    return row


def key_of(entity_set: EntitySet, predicate: str, store: Store) -> Key:
    """The key that a predicate names: `'1'`, or every part by its name (OD-P57)."""
    parts = _key_parts(predicate)
    if len(entity_set.keys) == 1 and set(parts) == {""}:
        parts = {entity_set.keys[0]: parts[""]}
    if set(parts) != set(entity_set.keys):
        names = ", ".join(entity_set.keys)
        raise _malformed(f"The key predicate of {entity_set.name} needs exactly: {names}")
    try:
        values = {
            name: from_literal(entity_set.properties[name], text) for name, text in parts.items()
        }
    except ValueError as error:
        raise _malformed(f"Key of {entity_set.name}: {error}") from error
    return store.key_of(entity_set.name, values)


def _key_parts(predicate: str) -> dict[str, str]:
    parts: dict[str, str] = {}
    position = 0
    while position < len(predicate):
        match = _KEY_PART.match(predicate, position)
        if match is None or (match["name"] or "") in parts:
            raise _malformed("Malformed key predicate")
        parts[match["name"] or ""] = match["literal"]
        position = match.end()
    return parts


def _malformed(text: str) -> Refusal:
    return Refusal(HTTPStatus.BAD_REQUEST, BAD_REQUEST, text)


def _follow(resource: Resource, segment: str, store: Store) -> Resource:
    name, key = _split(segment)
    navigation = resource.entity_set.navigations.get(name)
    if navigation is None or resource.row is None or key is not None:
        raise not_found(segment)
    target = store.entity_set(navigation.target)
    rows = related(resource.entity_set, resource.row, navigation, store)
    if navigation.many:
        shared = {theirs: resource.row[own] for own, theirs in navigation.keys.items()}
        return Resource(target, rows=rows, shared=shared)
    if not rows:
        raise not_found(segment)
    return Resource(target, row=rows[0])


def related(entity_set: EntitySet, row: Row, navigation: Navigation, store: Store) -> list[Row]:
    """The rows that a navigation leads to; the shared keys are the front of the target's key."""
    key = store.key_of(entity_set.name, row)
    front = tuple(
        part for name, part in zip(entity_set.keys, key, strict=True) if name in navigation.keys
    )
    return store.under(navigation.target, front)


def below(entity_set: EntitySet, row: Row, store: Store) -> Iterator[tuple[str, Row]]:
    """The rows that belong to a row, those below them first."""
    for navigation in entity_set.navigations.values():
        if navigation.many:
            target = store.entity_set(navigation.target)
            for child in related(entity_set, row, navigation, store):
                yield from below(target, child, store)
                yield target.name, child
