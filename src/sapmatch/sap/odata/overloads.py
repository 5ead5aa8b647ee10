"""Which of several functions or actions of one name is meant, and whether its parameters fit."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from sapmatch.model.errors import InputRejected, Problem
from sapmatch.sap.odata import edm
from sapmatch.sap.odata.metadata import Operation, Parameter, Version


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
        raise InputRejected(
            f"{operation.name}: {'; '.join(wrong)}; its parameters are {names}",
            [Problem(code="PARAMETER", message=text, field=operation.name) for text in wrong],
        )
    return operation


def _names(operation: Operation) -> str:
    return ", ".join(each.name for each in operation.parameters)


def _wrong_names(operation: Operation, given: Mapping[str, Any]) -> Iterator[str]:
    known = {each.name for each in operation.parameters}
    yield from (f"{name} is no parameter" for name in given if name not in known)
    for each in operation.parameters:
        if not each.nullable and given.get(each.name) is None:
            yield f"{each.name} is missing"


def _wrong_shapes(
    operation: Operation, given: Mapping[str, Any], version: Version
) -> Iterator[str]:
    for each in operation.parameters:
        value = given.get(each.name)
        if value is None:
            continue
        if each.many and version == "V2":
            yield f"{each.name} is a list, which OData V2 cannot send"
        elif each.many:
            yield from _wrong_parts(each, value)
        elif isinstance(value, list | tuple) or (isinstance(value, Mapping) and _is_plain(each)):
            yield f"{each.name} takes one value"


def _wrong_parts(parameter: Parameter, value: Any) -> Iterator[str]:
    if not isinstance(value, list | tuple):
        yield f"{parameter.name} takes a list"
        return
    for n, part in enumerate(value):
        try:
            edm.coerced(part, parameter.type if part is not None else None)
        except InputRejected as exc:
            yield f"{parameter.name}[{n}] {exc}"


def _is_plain(parameter: Parameter) -> bool:
    return parameter.type.startswith("Edm.")
