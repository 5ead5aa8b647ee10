"""Between the values of the port and the shapes of pyrfc, for the transport in memory."""

from collections.abc import Mapping
from contextlib import suppress
from datetime import date, time
from typing import Any

from sapmatch.model.errors import InputRejected
from sapmatch.model.rfc import Field, Parameter


def plain(parameter: Parameter, value: Any) -> Any:
    """As pyrfc takes it; InputRejected for what is too long, or no field of it."""
    if parameter.kind == "table":
        return [_plain_row(parameter, row) for row in value]
    if parameter.kind == "structure":
        return _plain_row(parameter, value)
    return _plain(parameter.fields[0], value, parameter.name)


def _plain_row(parameter: Parameter, row: Mapping[str, Any]) -> dict[str, Any]:
    known = {each.name: each for each in parameter.fields}
    for name in row:
        if name not in known:
            raise InputRejected(f"{parameter.name} has no field {name}")
    place = parameter.name
    return {name: _plain(known[name], value, f"{place}.{name}") for name, value in row.items()}


def _plain(field: Field, value: Any, place: str) -> Any:
    if value is None:
        return None
    if isinstance(value, date):
        return value.strftime("%Y%m%d")
    if isinstance(value, time):
        return value.strftime("%H%M%S")
    if isinstance(value, str) and field.length and len(value.rstrip()) > field.length:
        raise InputRejected(f"{place}: is {len(value)} characters long, at most {field.length}")
    return value


def native(parameter: Parameter, value: Any) -> Any:
    """As the port promises it."""
    if parameter.kind == "table":
        return [_native_row(parameter, row) for row in value or ()]
    if parameter.kind == "structure":
        return _native_row(parameter, value or {})
    return _native(parameter.fields[0], value)


def _native_row(parameter: Parameter, row: Mapping[str, Any]) -> dict[str, Any]:
    return {each.name: _native(each, row.get(each.name)) for each in parameter.fields}


def _native(field: Field, value: Any) -> Any:
    if field.type == "date":
        if not value or value == "00000000":
            return None
        with suppress(ValueError):  # what is no date stays as it came
            return date(int(value[:4]), int(value[4:6]), int(value[6:]))
        return value
    if field.type == "time":
        text = value or "000000"
        return time(int(text[:2]), int(text[2:4]), int(text[4:]))
    return value
