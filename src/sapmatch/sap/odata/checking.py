"""All that $metadata rules out of one change, found before anything is sent (OD-P62)."""

from collections.abc import Iterator, Mapping
from typing import Any

from sapmatch.model.errors import InputRejected, Problem
from sapmatch.model.intent import Change
from sapmatch.model.query import ODataValue
from sapmatch.sap.odata import deep_update, preflight
from sapmatch.sap.odata.fits import misfits
from sapmatch.sap.odata.metadata import Metadata, Parameter, Property, StructuredType
from sapmatch.sap.odata.overloads import meant_by


def problems(metadata: Metadata, change: Change) -> list[Problem]:
    """Every mistake with the path of its field; none where SAP alone can tell.

    Unknown, read-only, too long, of the wrong type, a set that takes no such change, a key that is
    not whole, a function or parameter that there is not.
    """
    try:
        return [*_of(metadata, change)]
    except InputRejected as exc:  # there is no such entity set, or no such function
        return [*exc.problems] or [Problem(code="UNKNOWN_NAME", message=str(exc))]


def _of(metadata: Metadata, change: Change) -> Iterator[Problem]:
    name, record = change.entity_set, change.record
    if change.kind == "call":
        yield from _call(metadata, change)
    elif change.kind == "create":
        yield from preflight.create_problems(metadata, name, record)
    else:
        yield from _key(metadata.types.get(metadata.entity_set(name).type), change.key)
    if change.kind == "update":
        yield from deep_update.problems(metadata, name, record)
    elif change.kind == "delete":
        yield from preflight.delete_problems(metadata, name)


def _key(kind: StructuredType | None, key: Mapping[str, ODataValue]) -> Iterator[Problem]:
    if kind is None:
        return
    for name in kind.keys:
        if key.get(name) is None:
            yield _problem("KEY_MISSING", name, "names the record: give it")
    for name, value in key.items():
        if name not in kind.keys:
            there = ", ".join(kind.keys)
            yield _problem("NO_KEY", name, f"is no key field; a record is named by {there}")
        elif name in kind.properties and value is not None:
            for code, text in misfits(value, kind.properties[name]):
                yield _problem(code, name, text)


def _call(metadata: Metadata, change: Change) -> Iterator[Problem]:
    function = change.function or ""
    call = meant_by(metadata, function, change.record, change.entity_set, change.key)
    if call.operation.bound_to and call.entity_set and call.key:
        yield from _key(metadata.types.get(call.operation.bound_to), call.key)
    for each in call.operation.parameters:
        value = call.given.get(each.name)
        if value is not None and not each.many and not isinstance(value, Mapping):
            yield from _parameter(each, value)


def _parameter(parameter: Parameter, value: Any) -> Iterator[Problem]:
    field = Property(name=parameter.name, type=parameter.type, max_length=parameter.max_length)
    for code, text in misfits(value, field):
        yield _problem(code, parameter.name, text)


def _problem(code: str, name: str, text: str) -> Problem:
    return Problem(code=code, message=f"{name}: {text}", field=name)
