"""Values as ABAP takes them: what is too long is cut without a word."""

from collections.abc import Iterable, Mapping
from decimal import Decimal
from typing import Any

from local.sap.abap.dictionary import Field, Function, Parameter
from local.sap.abap.faults import AbapFault

Row = dict[str, Any]


def taken(field: Field, value: Any) -> Any:
    """The value as the field holds it; AbapFault (a short dump) where it cannot."""
    if value is None or value == "":
        return field.initial
    if field.type == "I":
        return _number(field, value)
    if field.type == "X":
        return bytes(value)[: field.length]
    text = str(value)
    if field.type == "N":
        return _digits(field, text)
    if field.type == "D":
        return _shaped(field, text.replace("-", ""), 8)
    if field.type == "T":
        return _shaped(field, text.replace(":", ""), 6)
    return text.rstrip() if field.type == "S" else text[: field.length].rstrip()


def _number(field: Field, value: Any) -> int:
    try:
        return int(Decimal(str(value)))
    except ArithmeticError as error:
        raise _conversion(field) from error


def _digits(field: Field, text: str) -> str:
    if not text.strip().isdigit():
        raise _conversion(field)
    return text.strip()[-field.length :].rjust(field.length, "0")


def _shaped(field: Field, text: str, length: int) -> str:
    if not text.strip():
        return str(field.initial)
    if len(text) != length or not text.isdigit():
        raise _conversion(field)
    return text


def _conversion(field: Field) -> AbapFault:
    return AbapFault("dump", "CONVT_NO_NUMBER", f"{field.name} holds what it cannot hold")


def row_of(fields: Iterable[Field], given: Mapping[str, Any], place: str) -> Row:
    """A whole structure with initial values; AbapFault for a field that it has not."""
    known = {field.name: field for field in fields}
    for name in given:
        if name not in known:
            raise AbapFault("parameter", "RFC_INVALID_PARAMETER", f"field '{place}-{name}' unknown")
    return {name: taken(field, given.get(name)) for name, field in known.items()}


def inputs(function: Function, given: Mapping[str, Any]) -> Row:
    """What the module gets: every IMPORT and TABLES parameter, those not given initial."""
    for name in given:
        parameter = function.parameters.get(name)
        if parameter is None or parameter.direction == "export":
            raise AbapFault("parameter", "RFC_INVALID_PARAMETER", f"parameter '{name}' unknown")
    return {
        name: _input(parameter, given.get(name))
        for name, parameter in function.parameters.items()
        if parameter.direction != "export"
    }


def _input(parameter: Parameter, value: Any) -> Any:
    if parameter.is_table:
        return [row_of(parameter.fields, row, parameter.name) for row in value or ()]
    if parameter.is_scalar:
        return taken(parameter.fields[0], value)
    return row_of(parameter.fields, value or {}, parameter.name)


def outputs(function: Function, given: Mapping[str, Any]) -> Row:
    """What the module returns: every EXPORT and TABLES parameter, with initial values."""
    return {
        name: _input(parameter, given.get(name))
        for name, parameter in function.parameters.items()
        if parameter.direction != "import"
    }
