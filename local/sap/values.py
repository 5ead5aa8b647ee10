"""Values of the EDM types: as V2 JSON writes them, as URLs write them, and how they compare."""

import re
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

from local.sap.metadata import Property

Row = dict[str, Any]  # property -> V2 JSON value: str, bool or None
Comparable = str | int | bool | Decimal

_DECIMAL = re.compile(r"-?\d+(\.\d+)?")
_TICKS = re.compile(r"/Date\((-?\d+)([+-]\d{4})?\)/")
_TIME = re.compile(r"PT\d{2}H\d{2}M\d{2}S")
_NUMBER = re.compile(r"-?\d+(\.\d+)?[MmDdFfLl]?")
_DAY = 86_400_000
_INITIAL: dict[str, str | bool] = {"Boolean": False, "Decimal": "0", "Time": "PT00H00M00S"}
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_PREFIXES = {"datetime": "DateTime", "datetimeoffset": "DateTimeOffset", "time": "Time"}


def from_json(prop: Property, value: object) -> str | bool | None:
    """The value in the form that SAP sends back; raises ValueError with the reason."""
    if value is None:
        if not prop.nullable:
            raise ValueError("must not be null")
        return initial(prop)
    return _READERS[prop.type](prop, value)


def initial(prop: Property) -> str | bool | None:
    """ABAP's initial value as V2 JSON shows it: nothing but points in time are null."""
    if prop.type == "String":
        return _no_number(prop) if prop.display == "NonNegative" else ""
    return _INITIAL.get(prop.type)


def _no_number(prop: Property) -> str:
    # Years are shown with all digits, other numeric texts without leading zeros.
    return "0000" if prop.name.endswith(("Year", "FiscalYear")) else "0"


def _text(prop: Property, value: object) -> str:
    if not isinstance(value, str):
        raise ValueError("must be a JSON string")
    if prop.max_length and len(value) > prop.max_length:
        raise ValueError(f"is longer than {prop.max_length} characters")
    if prop.display != "NonNegative":
        return value
    if not (value or "0").isdigit() or not value.isascii():
        raise ValueError("must hold digits only")
    return value.lstrip("0") or _no_number(prop)


def _boolean(_prop: Property, value: object) -> bool:
    if not isinstance(value, bool):
        raise ValueError("must be true or false")
    return value


def _decimal(prop: Property, value: object) -> str:
    if not isinstance(value, str):
        raise ValueError("Edm.Decimal must be a JSON string, not a number")
    if not _DECIMAL.fullmatch(value):
        raise ValueError("is not a decimal number")
    whole, _, fraction = value.lstrip("-").partition(".")
    if len(fraction) > prop.scale or len(whole.lstrip("0")) > prop.precision - prop.scale:
        raise ValueError(f"does not fit into Edm.Decimal({prop.precision},{prop.scale})")
    return value


def _date_time(prop: Property, value: object) -> str:
    ticks = _ticks_of(value, zoned=False)
    if prop.display == "Date" and ticks % _DAY:
        raise ValueError("is a date and must not carry a time")
    return f"/Date({ticks})/"


def _date_time_offset(_prop: Property, value: object) -> str:
    return f"/Date({_ticks_of(value, zoned=True)}+0000)/"


def _ticks_of(value: object, *, zoned: bool) -> int:
    if not isinstance(value, str):
        raise ValueError("must be a JSON string such as /Date(1767225600000)/")
    match = _TICKS.fullmatch(value)
    if match is None:
        return ticks_of_iso(value, zoned=zoned)
    if match[2] and not zoned:
        raise ValueError("Edm.DateTime has no zone")
    return int(match[1])


def _time(_prop: Property, value: object) -> str:
    if not isinstance(value, str) or not _TIME.fullmatch(value):
        raise ValueError("must look like PT11H00M00S")
    return value


_READERS: dict[str, Callable[[Property, object], str | bool]] = {
    "String": _text,
    "Boolean": _boolean,
    "Decimal": _decimal,
    "DateTime": _date_time,
    "DateTimeOffset": _date_time_offset,
    "Time": _time,
}


def ticks_of_iso(text: str, *, zoned: bool) -> int:
    """Milliseconds since 1970; raises ValueError where the text is no ISO point in time."""
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        raise ValueError("is not a point in time") from None
    if "T" not in text:
        raise ValueError("is a day without its time")
    if (moment.tzinfo is not None) != zoned:
        raise ValueError("needs a zone" if zoned else "must not carry a zone")
    return (moment.replace(tzinfo=moment.tzinfo or UTC) - _EPOCH) // timedelta(milliseconds=1)


def comparable(prop: Property, value: Any) -> Comparable | None:
    """The value in a form that sorts and compares; None for null."""
    if value is None:
        return None
    if prop.type == "Decimal":
        return Decimal(value)
    if prop.type in ("DateTime", "DateTimeOffset"):
        return ticks(value)
    if prop.display == "NonNegative":
        return int(value)
    return bool(value) if prop.type == "Boolean" else str(value)


def ticks(value: str) -> int:
    """Milliseconds since 1970 of a V2 JSON point in time."""
    match = _TICKS.fullmatch(value)
    assert match is not None
    return int(match[1])


def day_of(value: str) -> date:
    """The day of a V2 JSON Edm.DateTime."""
    return (_EPOCH + timedelta(milliseconds=ticks(value))).date()


def day_json(day: date) -> str:
    """A day as V2 JSON Edm.DateTime."""
    return f"/Date({(day - _EPOCH.date()).days * _DAY})/"


def moment_json(moment: datetime) -> str:
    """A point in time as V2 JSON Edm.DateTimeOffset, to the millisecond."""
    return f"/Date({(moment - _EPOCH) // timedelta(milliseconds=1)}+0000)/"


def etag_of(value: str) -> str:
    """The ETag of a last change, percent signs included, to be sent back as it is."""
    moment = _EPOCH + timedelta(milliseconds=ticks(value))
    stamp = moment.strftime("%Y-%m-%dT%H%%3A%M%%3A%S.%f")
    return f"W/\"datetimeoffset'{stamp}0Z'\""


def from_literal(prop: Property, literal: str) -> str | bool | None:
    """The value of a literal in a URL (OData V2 6.1); raises ValueError where the type differs."""
    if literal == "null":
        return None
    kind, body = _split_literal(literal)
    if kind != prop.type:
        raise ValueError(f"is Edm.{prop.type}, the literal is of another type")
    if kind == "String":
        return _text(prop, body.replace("''", "'"))
    if kind == "Boolean":
        return body == "true"
    if kind == "Decimal":
        return body.rstrip("MmDdFfLl")
    return from_json(prop, body)


def _split_literal(literal: str) -> tuple[str, str]:
    if literal in ("true", "false"):
        return "Boolean", literal
    if _NUMBER.fullmatch(literal):
        return "Decimal", literal
    prefix, _, rest = literal.partition("'")
    if not rest.endswith("'"):
        raise ValueError("is not followed by a literal")
    return _PREFIXES.get(prefix, "String" if not prefix else "unknown"), rest[:-1]
