"""V4 values: as JSON and URLs write them, from and to the V2 values that the store holds."""

import re
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

from local.sap.v4.model import Property
from local.sap.values import day_json, day_of, moment_json, ticks, ticks_of_iso
from local.sap.values import from_json as from_v2_json

Stored = str | bool | None
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_DAY = re.compile(r"\d{4}-\d{2}-\d{2}")
_MOMENT = re.compile(r"\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}(\.\d{1,12})?(Z|[+-]\d{2}:\d{2})")
_NUMBER = re.compile(r"-?\d+(\.\d+)?")


def to_json(prop: Property, stored: Stored) -> str | bool | Decimal | None:
    """The value that JSON shows; decimals keep their digits (OD-P41)."""
    if stored is None or isinstance(stored, bool) or prop.type == "String":
        return stored
    if prop.type == "Decimal":
        return Decimal(stored)
    if prop.type == "Date":
        return day_of(stored).isoformat()
    return moment_text(stored)


def moment_text(stored: str) -> str:
    """A point in time with the seven digits that SAP sends."""
    moment = _EPOCH + timedelta(milliseconds=ticks(stored))
    return f"{moment:%Y-%m-%dT%H:%M:%S.%f}0Z"


def from_json(prop: Property, value: object, *, quoted_numbers: bool) -> Stored:
    """The value to store; raises ValueError with the reason.

    `quoted_numbers`: the Content-Type says IEEE754Compatible=true, so a decimal may be a string.
    """
    if value is None:
        if not prop.nullable:
            raise ValueError("must not be null")
        return from_v2_json(prop.source, None)
    if prop.type == "Decimal":
        return _decimal(prop, value, quoted_numbers=quoted_numbers)
    return _READERS[prop.type](prop, value)


def _decimal(prop: Property, value: object, *, quoted_numbers: bool) -> Stored:
    if isinstance(value, str):
        if not quoted_numbers:
            raise ValueError("Edm.Decimal must be a JSON number without IEEE754Compatible=true")
        if not _NUMBER.fullmatch(value):
            raise ValueError("is not a decimal number")
    elif isinstance(value, bool) or not isinstance(value, int | Decimal):
        raise ValueError("Edm.Decimal must be a JSON number")
    text = f"{Decimal(value):f}"
    whole, _, fraction = text.lstrip("-").partition(".")
    if not _fits(prop, len(whole.lstrip("0")), len(fraction)):
        raise ValueError(f"does not fit into Edm.Decimal of precision {prop.precision}")
    return from_v2_json(prop.source, text)


def _fits(prop: Property, whole: int, fraction: int) -> bool:
    if prop.scale is None:
        return whole + fraction <= prop.precision
    return fraction <= prop.scale and whole <= prop.precision - prop.scale


def _text(prop: Property, value: object) -> Stored:
    if isinstance(value, str) and prop.max_length and len(value) > prop.max_length:
        raise ValueError(f"is longer than {prop.max_length} characters")
    return from_v2_json(prop.source, value)


def _boolean(prop: Property, value: object) -> Stored:
    return from_v2_json(prop.source, value)


def _date(_prop: Property, value: object) -> Stored:
    if not isinstance(value, str) or not _DAY.fullmatch(value):
        raise ValueError("must look like 2026-10-01")
    try:
        return day_json(date.fromisoformat(value))
    except ValueError:
        raise ValueError("is not a day of the calendar") from None


def _moment(_prop: Property, value: object) -> Stored:
    if not isinstance(value, str) or not _MOMENT.fullmatch(value):
        raise ValueError("must look like 2026-10-01T11:00:00Z")
    return moment_json(_EPOCH + timedelta(milliseconds=ticks_of_iso(value, zoned=True)))


_READERS: dict[str, Callable[[Property, object], Stored]] = {
    "String": _text,
    "Boolean": _boolean,
    "Date": _date,
    "DateTimeOffset": _moment,
}


def from_literal(prop: Property, literal: str) -> Stored:
    """The value of a literal in a URL (URL conventions 4.0, 5.1.1.6.1); ValueError otherwise."""
    if literal == "null":
        return None
    kind = _kind(literal)
    if kind != prop.type:
        raise ValueError(f"is Edm.{prop.type}, the literal {literal[:40]} is of another type")
    if kind == "Boolean":
        return literal == "true"
    if kind == "Decimal":
        return literal
    if kind == "String":
        return from_v2_json(prop.source, literal[1:-1].replace("''", "'"))
    return _READERS[kind](prop, literal)


def _kind(literal: str) -> str:
    if literal in ("true", "false"):
        return "Boolean"
    for kind, form in (("Decimal", _NUMBER), ("Date", _DAY), ("DateTimeOffset", _MOMENT)):
        if form.fullmatch(literal):
            return kind
    return "String" if literal.startswith("'") else "unknown"
