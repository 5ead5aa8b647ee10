"""Which of several functions or actions of one name is meant, and whether its parameters fit."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, TypeAlias

from msgspec import Struct

from sapmatch.model.errors import InputRejected, Problem
from sapmatch.model.query import ODataValue
from sapmatch.sap.odata import edm
from sapmatch.sap.odata.metadata import Metadata, Operation, Parameter, Version


def meant(
    metadata: Metadata,
    name: str,
    parameters: Mapping[str, Any],
    entity_set: str | None,
    key: Mapping[str, ODataValue] | None,
) -> tuple[Operation, Mapping[str, Any]]:
    """The one operation that is meant, and its parameters; InputRejected says what is wrong.

    In V2 nothing is bound: SAP takes the key among the parameters (sap:action-for).
    """
    v2 = metadata.version == "V2"
    given = {**(key or {}), **parameters} if v2 else dict(parameters)
    overloads = metadata.overloads(name) if v2 else _overloads(metadata, name, entity_set, key)
    return chosen(overloads, given, metadata.version), given


def _overloads(
    metadata: Metadata,
    name: str,
    entity_set: str | None,
    key: Mapping[str, ODataValue] | None,
) -> Sequence[Operation]:
    if not entity_set:
        return metadata.overloads(name)
    kind = metadata.entity_set(entity_set)
    bound = metadata.overloads(name, bound_to=kind.type)
    fitting = [each for each in bound if kind.single or each.bound_to_many != bool(key)]
    if not fitting:
        raise InputRejected(
            f"{name}: is called on "
            + ("all of a set: give no key" if key else "one record: give its key")
        )
    return fitting


_Key: TypeAlias = Mapping[str, ODataValue]
_Target: TypeAlias = tuple[str | None, _Key | None]


class Meant(Struct, frozen=True):
    """An operation, its parameters, and on what it is called: nothing, a set, or one record."""

    operation: Operation
    given: Mapping[str, Any]
    entity_set: str | None = None
    key: _Key | None = None


def meant_by(
    metadata: Metadata,
    name: str,
    parameters: Mapping[str, Any],
    entity_set: str,
    key: Mapping[str, ODataValue],
) -> Meant:
    """What a call of the write protocol means.

    Its key tells where its effect is read; only what takes it gets it: a bound operation of V4, a
    function import of V2 with parameters of these names. InputRejected for what is called by GET:
    a read, which may be repeated on its way.
    """
    find = _target_v2 if metadata.version == "V2" else _target_v4
    target = find(metadata, name, entity_set, key)
    operation, given = meant(metadata, name, parameters, *target)
    if operation.method == "GET":
        raise InputRejected(f"{name}: is called by GET and so changes nothing: it is no write")
    return Meant(operation, given, *target)


def _target_v2(metadata: Metadata, name: str, entity_set: str, key: _Key) -> _Target:
    known = {one.name for each in metadata.overloads(name) for one in each.parameters}
    taken = {field: value for field, value in key.items() if field in known}
    return (entity_set, taken) if taken else (None, None)


def _target_v4(metadata: Metadata, name: str, entity_set: str, key: _Key) -> _Target:
    on = metadata.entity_sets.get(entity_set)
    bound = [each for each in metadata.named(name) if on and each.bound_to == on.type]
    if not bound:
        return None, None
    to_one = any(not each.bound_to_many for each in bound)
    return entity_set, key if to_one and key else None


def chosen(overloads: Sequence[Operation], given: Mapping[str, Any], version: Version) -> Operation:
    """The one with these parameters, its nullable ones left out or not.

    Overloads differ in the names of their parameters (OData V4 Part 3, 12.2.1). Raises
    InputRejected with every parameter that is unknown, missing or of the wrong shape.
    """
    exact = [each for each in overloads if {one.name for one in each.parameters} == set(given)]
    found = exact or [each for each in overloads if not [*_wrong_names(each, given)]]
    if len(found) != 1 and len(overloads) > 1:
        there = " and ".join(f"({_names(each)})" for each in overloads)
        raise InputRejected(
            f"{overloads[0].name}: has overloads, there are {there}; give all parameters of one"
        )
    operation = (found or overloads)[0]
    wrong = [*_wrong_names(operation, given), *_wrong_shapes(operation, given, version)]
    if wrong:
        names = _names(operation) or "none"
        told = "; ".join(f"{name} {text}" for name, text in wrong)
        raise InputRejected(
            f"{operation.name}: {told}; its parameters are {names}",
            [
                Problem(code="PARAMETER", message=f"{name}: {text}", field=name)
                for name, text in wrong
            ],
        )
    return operation


def _names(operation: Operation) -> str:
    return ", ".join(each.name for each in operation.parameters)


def _wrong_names(operation: Operation, given: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    known = {each.name for each in operation.parameters}
    yield from ((name, "is no parameter") for name in given if name not in known)
    for each in operation.parameters:
        if not each.nullable and given.get(each.name) is None:
            yield each.name, "is missing"


def _wrong_shapes(
    operation: Operation, given: Mapping[str, Any], version: Version
) -> Iterator[tuple[str, str]]:
    for each in operation.parameters:
        value = given.get(each.name)
        if value is None:
            continue
        if each.many and version == "V2":
            yield each.name, "is a list, which OData V2 cannot send"
        elif each.many:
            yield from _wrong_parts(each, value)
        elif isinstance(value, list | tuple) or (isinstance(value, Mapping) and _is_plain(each)):
            yield each.name, "takes one value"


def _wrong_parts(parameter: Parameter, value: Any) -> Iterator[tuple[str, str]]:
    if not isinstance(value, list | tuple):
        yield parameter.name, "takes a list"
        return
    for n, part in enumerate(value):
        try:
            edm.coerced(part, parameter.type if part is not None else None)
        except InputRejected as exc:
            yield f"{parameter.name}[{n}]", str(exc)


def _is_plain(parameter: Parameter) -> bool:
    return parameter.type.startswith("Edm.")
