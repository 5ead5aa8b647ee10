"""Resource paths of OData V4 (URL conventions 4.0, 4): from the URL to the rows they name."""

import re
from collections.abc import Sequence
from dataclasses import dataclass, field, replace

from local.sap import paths as v2
from local.sap.errors import Refusal
from local.sap.paths import related
from local.sap.store import Key, Store
from local.sap.v4.errors import bad, not_found
from local.sap.v4.model import EntitySet, Navigation, Operation, Property, Service
from local.sap.values import Row

_SEGMENT = re.compile(r"(?P<name>[$\w.]+)(?:\((?P<key>.*)\))?", re.DOTALL)
_ARGUMENT = re.compile(r"\s*(\w+)\s*=\s*'((?:[^']|'')*)'\s*(?:,|$)")
_MAX_SEGMENTS = 8
_ALIAS = "SAP__self."


@dataclass(frozen=True, slots=True)
class Resource:
    """What a path names: one `row`, or `rows` (None: all of the set), or an operation on it.

    `parent` is the entity whose navigation led here.
    """

    entity_set: EntitySet
    row: Row | None = None
    rows: list[Row] | None = None
    counted: bool = False
    parent: tuple[EntitySet, Row, Navigation] | None = None
    value_of: Property | None = None
    operation: Operation | None = None
    arguments: dict[str, str] = field(default_factory=dict)


def resolve(segments: Sequence[str], service: Service, store: Store) -> Resource:
    """The resource behind the segments after the service root; Refusal 404 or 400 otherwise."""
    if len(segments) > _MAX_SEGMENTS:
        raise not_found("/".join(segments))
    resource = _first(segments[0], service, store)
    for segment in segments[1:]:
        if resource.counted or resource.value_of or resource.operation:
            raise not_found(segment)
        resource = _step(resource, segment, service, store)
    return resource


def _first(segment: str, service: Service, store: Store) -> Resource:
    name, key = _parts(segment)
    operation = service.operations.get(name)
    if operation is not None and not operation.binding:
        entity_set = service.sets[operation.returns.rpartition(".")[2].removesuffix("_Type)")]
        return Resource(entity_set, operation=operation, arguments=_arguments(operation, key))
    entity_set = _known_set(service, name)
    return _one(Resource(entity_set), key, store)


def _known_set(service: Service, name: str) -> EntitySet:
    entity_set = service.sets.get(name)
    if entity_set is None:
        raise not_found(name)
    return entity_set


def _parts(segment: str) -> tuple[str, str | None]:
    match = _SEGMENT.fullmatch(segment)
    if match is None:
        raise not_found(segment)
    return match["name"], match["key"]


def _one(resource: Resource, key: str | None, store: Store) -> Resource:
    """The entity of the key in a set, or the set where there is no key."""
    if key is None:
        return resource
    source = resource.entity_set.source
    row = store.get(source.name, _key(resource.entity_set, key, store))
    if row is None or (resource.rows is not None and _is_none_of(row, resource.rows)):
        raise not_found(resource.entity_set.name)
    return replace(resource, row=row, rows=None)


def _is_none_of(row: Row, rows: list[Row]) -> bool:
    return all(each is not row for each in rows)


def _key(entity_set: EntitySet, predicate: str, store: Store) -> Key:
    try:
        return v2.key_of(entity_set.source, predicate, store)
    except Refusal as refused:
        raise bad(refused.text.replace(entity_set.source.name, entity_set.name)) from refused


def _step(resource: Resource, segment: str, service: Service, store: Store) -> Resource:
    name, key = _parts(segment)
    if name == "$count" and resource.row is None and key is None:
        return replace(resource, counted=True)
    if "." in name:
        return _operation(resource, name, key, service)
    row = resource.row
    if row is None:
        raise not_found(segment)
    if name in resource.entity_set.properties and key is None:
        return replace(resource, value_of=resource.entity_set.properties[name])
    navigation = resource.entity_set.navigations.get(name)
    if navigation is None:
        raise not_found(segment)
    return _followed(resource.entity_set, row, navigation, key, service, store)


def _followed(
    entity_set: EntitySet,
    row: Row,
    navigation: Navigation,
    key: str | None,
    service: Service,
    store: Store,
) -> Resource:
    rows = related(entity_set.source, row, navigation.source, store)
    target = Resource(service.sets[navigation.target], parent=(entity_set, row, navigation))
    if navigation.many:
        return _one(replace(target, rows=rows), key, store)
    if key is not None or not rows:
        raise not_found(navigation.name)
    return replace(target, row=rows[0])


def _operation(resource: Resource, name: str, key: str | None, service: Service) -> Resource:
    full_name = name.replace(_ALIAS, f"{service.namespace}.", 1)
    operation = service.operations.get(full_name)
    fits = operation is not None and operation.binding == resource.entity_set.name
    if operation is None or not fits or resource.row is None:
        raise not_found(name)
    if operation.is_action and key is not None:
        raise not_found(name)
    arguments = {} if operation.is_action else _arguments(operation, key)
    return replace(resource, operation=operation, arguments=arguments)


def _arguments(operation: Operation, text: str | None) -> dict[str, str]:
    """The parameters of a function in its parentheses, all of them texts."""
    found: dict[str, str] = {}
    position, text = 0, text or ""
    while position < len(text):
        match = _ARGUMENT.match(text, position)
        if match is None:
            raise bad(f"{operation.name}: malformed parameters")
        found[match[1]] = match[2].replace("''", "'")
        position = match.end()
    return checked_arguments(operation, found)


def checked_arguments(operation: Operation, given: dict[str, str]) -> dict[str, str]:
    """The parameters of an operation, complete and of the right length; Refusal 400 otherwise."""
    if set(given) != set(operation.parameters):
        names = ", ".join(operation.parameters) or "none"
        raise bad(f"{operation.name} needs exactly these parameters: {names}")
    for name, longest in operation.parameters.items():
        if not isinstance(given[name], str) or len(given[name]) > longest:
            raise bad(f"{operation.name}: {name} must be a text of at most {longest} characters")
    return given
