"""Values as PyRFC takes and gives them, and what it tells of a function module's interface."""

from collections.abc import Mapping, Sequence
from typing import Any, Final, Protocol, cast

from sapmatch.model.errors import InputRejected
from sapmatch.model.rfc import (
    Direction,
    Field,
    FieldType,
    FunctionInterface,
    Parameter,
    RfcInput,
    RfcScalar,
    RfcTable,
)
from sapmatch.sap.rfc.values import fitting, value_of, wire_text

_TYPES: Final[Mapping[str, FieldType]] = {
    "RFCTYPE_CHAR": "char",
    "RFCTYPE_NUM": "numc",
    "RFCTYPE_DATE": "date",
    "RFCTYPE_TIME": "time",
    "RFCTYPE_INT": "int",
    "RFCTYPE_INT1": "int",
    "RFCTYPE_INT2": "int",
    "RFCTYPE_INT8": "int",
    "RFCTYPE_BCD": "decimal",
    "RFCTYPE_DECF16": "decimal",
    "RFCTYPE_DECF34": "decimal",
    "RFCTYPE_FLOAT": "float",
    "RFCTYPE_BYTE": "raw",
    "RFCTYPE_XSTRING": "raw",
}
_UNBOUNDED = ("RFCTYPE_STRING", "RFCTYPE_XSTRING")
_INITIAL_DATE = "00000000"


class Described(Protocol):
    """pyrfc.FunctionDescription."""

    name: str
    parameters: list[dict[str, Any]]


def given(value: RfcScalar, field: Field) -> Any:
    """The value as PyRFC takes it; ValueError says what is wrong with it, and never what it was.

    PyRFC takes no initial date as digits, no empty NUMC and no date with hyphens.
    """
    text = wire_text(value, field)
    match field.type:
        case "date":
            digits = text.replace("-", "")
            return "" if digits == _INITIAL_DATE else digits
        case "time":
            return text.replace(":", "")
        case "numc":
            return text.zfill(field.length or 1)
        case "int":
            return 0 if value is None else value
        case "decimal" | "float":
            return text or "0"
        case "raw":
            return b"" if value is None else value
    return text


def taken(value: Any, field: Field | None) -> RfcScalar:
    """What PyRFC gave, as it came where nobody described it or its type forbids it."""
    if isinstance(value, str) and field is not None:
        try:
            return value_of(value, field)
        except ValueError:
            return value.rstrip(" ")
    return cast(RfcScalar, value)


def interface_of(described: Described) -> FunctionInterface:
    """A function module as SAP's own data dictionary describes it."""
    return FunctionInterface(
        name=described.name, parameters=tuple(map(_parameter, described.parameters))
    )


def _parameter(told: Mapping[str, Any]) -> Parameter:
    name, kind, inner = told["name"], told["parameter_type"], told.get("type_description")
    direction = cast(Direction, told["direction"].removeprefix("RFC_").lower())
    if inner is None:
        fields = (_field(told, kind),)
        return Parameter(name=name, direction=direction, kind="scalar", fields=fields)
    return Parameter(
        name=name,
        direction=direction,
        kind="table" if kind == "RFCTYPE_TABLE" else "structure",
        fields=tuple(_field(each, each["field_type"]) for each in inner.fields),
    )


def _field(told: Mapping[str, Any], kind: str) -> Field:
    return Field(
        name=told["name"],
        type=_TYPES.get(kind, "string"),
        length=0 if kind in _UNBOUNDED else _length(told, kind),
        decimals=told.get("decimals", 0),
    )


def _length(told: Mapping[str, Any], kind: str) -> int:
    """In characters: one byte each before Unicode."""
    return int(told["nuc_length"]) if kind.rpartition("_")[2] in ("CHAR", "NUM", "BYTE") else 0


class Written:
    """Parameters as PyRFC takes them: real dicts and lists, and nothing that it would refuse.

    All raise InputRejected, naming the field and never its value. `cuts`: what is too long is cut
    off, as SAP would.
    """

    def __init__(self, *, cuts: bool) -> None:
        self._cuts = cuts

    def parameter(
        self, place: str, name: str, parameter: Parameter | None, value: RfcInput | RfcTable
    ) -> Any:
        """One parameter of a function module; `place` begins the message of what is wrong."""
        if parameter is None:
            raise InputRejected(f"{place}: has no parameter {name}")
        if parameter.kind == "structure":
            return self._structure(place, parameter, value)
        is_list = isinstance(value, Sequence) and not isinstance(value, str | bytes)
        if parameter.kind == "table":
            if not is_list:
                raise InputRejected(f"{place}: {name} is a table: a list of rows")
            return [self._structure(place, parameter, row) for row in cast(RfcTable, value)]
        if is_list or isinstance(value, Mapping):
            raise InputRejected(f"{place}: {name} is a single value")
        return self._scalar(place, name, parameter.fields[0], cast(RfcScalar, value))

    def _structure(self, place: str, parameter: Parameter, value: object) -> dict[str, Any]:
        if not isinstance(value, Mapping):
            raise InputRejected(f"{place}: {parameter.name} holds fields by name")
        known = {field.name: field for field in parameter.fields}
        unknown = ", ".join(sorted(str(name) for name in value.keys() - known.keys()))
        if unknown:
            raise InputRejected(f"{place}: {parameter.name} has no field {unknown}")
        return {
            name: self._scalar(place, parameter.name, known[name], part)
            for name, part in value.items()
        }

    def _scalar(self, place: str, parameter: str, field: Field, value: RfcScalar) -> Any:
        try:
            return given(fitting(field, value, refuses=not self._cuts), field)
        except ValueError as exc:
            named = parameter if parameter == field.name else f"{parameter}.{field.name}"
            raise InputRejected(f"{place}: {named} {exc}; nothing was sent") from None
