"""What changed between two $metadata documents of one service, in words."""

from collections import Counter
from collections.abc import Collection, Iterator, Mapping
from typing import Final, TypeVar

from sapmatch.sap.odata.metadata import (
    EntitySet,
    Metadata,
    Navigation,
    Operation,
    Parameter,
    Property,
    StructuredType,
)

BREAKING: Final = "breaking: "
_OTHER: Final = "compatible: "
# What was allowed, and no longer is; `True` in the model means allowed.
_SET_FLAGS: Final = "creatable updatable deletable topable pageable addressable countable".split()
_FIELD_FLAGS: Final = "creatable updatable filterable sortable".split()
_FACETS: Final = ("max_length", "precision", "scale")
T = TypeVar("T")


def drift(old: Metadata, new: Metadata) -> tuple[str, ...]:
    """The differences, each with where it is: those that may break a caller begin with BREAKING.

    Sorted, breaking ones first; empty where nothing that matters changed. Labels, and the order of
    anything, are no difference.
    """
    if old.sha256 and old.sha256 == new.sha256:
        return ()
    return tuple(sorted({*_service(old, new)}))


def is_breaking(difference: str) -> bool:
    """Whether a line of `drift` names something that may break a caller."""
    return difference.startswith(BREAKING)


def _service(old: Metadata, new: Metadata) -> Iterator[str]:
    if old.version != new.version:
        yield f"{BREAKING}OData {old.version} became {new.version}"
    for name, before, after in _pairs(old.entity_sets, new.entity_sets):
        yield from _gone_or_new(f"entity set {name}", before, after)
        if before and after:
            yield from _entity_set(f"entity set {name}", before, after)
    for name, kind, now in _pairs(old.types, new.types):
        yield from _gone_or_new(f"type {name}", kind, now)
        if kind and now:
            yield from _type(name, kind, now)
    overloaded = _overloaded(old) | _overloaded(new)
    for name, call, again in _pairs(_calls(old, overloaded), _calls(new, overloaded)):
        yield from _gone_or_new(name, call, again)
        if call and again:
            yield from _operation(name, call, again)


def _pairs(old: Mapping[str, T], new: Mapping[str, T]) -> Iterator[tuple[str, T | None, T | None]]:
    """Everything that is in one of both, by name."""
    for name in {**old, **new}:
        yield name, old.get(name), new.get(name)


def _gone_or_new(what: str, old: object | None, new: object | None) -> Iterator[str]:
    if new is None:
        yield f"{BREAKING}{what} is gone"
    elif old is None:
        yield f"{_OTHER}{what} is new"


def _entity_set(what: str, old: EntitySet, new: EntitySet) -> Iterator[str]:
    yield from _changed(what, "type", old.type, new.type)
    yield from _flags(what, _SET_FLAGS, old, new)
    yield from _demands(what, "a filter", old.requires_filter, new.requires_filter)
    if old.tracks_changes != new.tracks_changes:
        sign, verb = (BREAKING, "no longer") if old.tracks_changes else (_OTHER, "now")
        yield f"{sign}{what} {verb} tracks changes"


def _type(what: str, old: StructuredType, new: StructuredType) -> Iterator[str]:
    yield from _changed(what, "key", ", ".join(old.keys), ", ".join(new.keys))
    for name, field, now in _pairs(old.properties, new.properties):
        yield from _field(f"{what}/{name}", field, now)
    for name, way, then in _pairs(old.navigations, new.navigations):
        yield from _gone_or_new(f"{what}/{name}", way, then)
        if way and then:
            yield from _changed(f"{what}/{name}", "target", _target(way), _target(then))


def _field(what: str, old: Property | None, new: Property | None) -> Iterator[str]:
    yield from _gone_or_new(what, old, new)
    if old and new:
        yield from _changed(what, "type", _kind(old), _kind(new))
        yield from _changed(what, "unit", old.unit or "none", new.unit or "none")
        yield from _flags(what, _FIELD_FLAGS, old, new)
        yield from _demands(
            what, "a place in every filter", old.required_in_filter, new.required_in_filter
        )
        yield from _demands(what, "a value", not old.nullable, not new.nullable)
        for facet in _FACETS:
            yield from _facet(f"{what}: {facet}", getattr(old, facet), getattr(new, facet))


def _facet(what: str, old: int | None, new: int | None) -> Iterator[str]:
    """None is without limit; less room than before may break a caller."""
    if old == new:
        return
    narrower = new is not None and (old is None or new < old)
    shown = ["unlimited" if each is None else str(each) for each in (old, new)]
    yield f"{BREAKING if narrower else _OTHER}{what} {shown[0]} became {shown[1]}"


def _operation(what: str, old: Operation, new: Operation) -> Iterator[str]:
    yield from _changed(what, "method", old.method, new.method)
    yield from _changed(what, "result", _result(old), _result(new))
    parameters = ({each.name: each for each in call.parameters} for call in (old, new))
    for name, before, after in _pairs(*parameters):
        yield from _parameter(f"{what}: parameter {name}", before, after)


def _parameter(what: str, old: Parameter | None, new: Parameter | None) -> Iterator[str]:
    if old is None and new and not new.nullable:
        yield f"{BREAKING}{what} is new and must have a value"
        return
    yield from _gone_or_new(what, old, new)
    if old and new:
        yield from _changed(what, "type", _kind(old), _kind(new))
        yield from _demands(what, "a value", not old.nullable, not new.nullable)


def _changed(what: str, part: str, old: str, new: str) -> Iterator[str]:
    if old != new:
        yield f"{BREAKING}{what}: {part} {old} became {new}"


def _flags(what: str, flags: list[str], old: object, new: object) -> Iterator[str]:
    for flag in flags:
        before, after = getattr(old, flag), getattr(new, flag)
        if before != after:
            sign, verb = (BREAKING, "is no longer") if before else (_OTHER, "is now")
            yield f"{sign}{what} {verb} {flag}"


def _demands(what: str, demand: str, old: bool, new: bool) -> Iterator[str]:
    if old != new:
        sign, verb = (BREAKING, "now needs") if new else (_OTHER, "no longer needs")
        yield f"{sign}{what} {verb} {demand}"


def _kind(typed: Property | Parameter) -> str:
    return f"Collection({typed.type})" if typed.many else typed.type


def _target(way: Navigation) -> str:
    return f"Collection({way.target})" if way.many else way.target


def _result(call: Operation) -> str:
    returned = call.returns or "nothing"
    return f"Collection({returned})" if call.returns_many else returned


def _calls(metadata: Metadata, overloaded: Collection[str]) -> dict[str, Operation]:
    """By name; where one of the documents knows overloads, with the parameters' names."""
    named: dict[str, Operation] = {}
    for call in metadata.operations:
        name = _name(call)
        if name in overloaded:
            name += f"({', '.join(sorted(each.name for each in call.parameters))})"
        named[name] = call
    return named


def _overloaded(metadata: Metadata) -> set[str]:
    counts = Counter(_name(call) for call in metadata.operations)
    return {name for name, count in counts.items() if count > 1}


def _name(call: Operation) -> str:
    bound = f" of {call.bound_to}" if call.bound_to else ""
    return f"{call.kind} {call.name}{bound}"
