"""Whether a value fits its field: type, range, length, digits; no message holds the value."""

from collections.abc import Iterator, Mapping
from decimal import Decimal
from typing import Any, Final

from sapmatch.model.errors import InputRejected
from sapmatch.sap.odata import edm
from sapmatch.sap.odata.metadata import Property

_RANGES: Final[Mapping[str, tuple[int, int]]] = {
    "Edm.Byte": (0, 2**8 - 1),
    "Edm.SByte": (-(2**7), 2**7 - 1),
    "Edm.Int16": (-(2**15), 2**15 - 1),
    "Edm.Int32": (-(2**31), 2**31 - 1),
    "Edm.Int64": (-(2**63), 2**63 - 1),
}
_WRITTEN: Final[Mapping[str, str]] = {
    "Edm.Date": "2026-11-22",
    "Edm.DateTime": "2026-11-22",
    "Edm.DateTimeOffset": "2026-11-22T08:30:00Z",
    "Edm.Decimal": "1234.50",
    "Edm.Time": "PT08H30M00S",
    "Edm.TimeOfDay": "08:30:00",
}


def misfits(value: Any, field: Property) -> Iterator[tuple[str, str]]:
    """Code and message of what is wrong with a value; the message reads on from the field's name.

    An enumeration of the service's own is left to SAP.
    """
    if value is None:
        if not field.nullable:
            yield "NULL", "must not be null"
        return
    if isinstance(value, float) and field.type not in edm.FLOATS:
        yield "WRONG_TYPE", "write it as a decimal in quotes, not a float"
        return
    try:
        found = edm.coerced(value, field.type)
    except InputRejected as exc:
        if not edm.is_ticks(value):  # a day beyond our calendar may still be one of SAP's
            form = _WRITTEN.get(field.type)
            yield "WRONG_TYPE", f"{exc}" + (f"; write it like {form}" if form else "")
        return
    yield from _size(found, field)


def _size(value: Any, field: Property) -> Iterator[tuple[str, str]]:
    if isinstance(value, str | bytes) and field.max_length and len(value) > field.max_length:
        unit = "characters" if isinstance(value, str) else "bytes"
        yield "TOO_LONG", f"holds {len(value)} {unit}, {field.max_length} at most"
    low, high = _RANGES.get(field.type, (0, 0))
    if field.type in _RANGES and not low <= value <= high:
        yield "TOO_LARGE", f"is outside the range of {field.type}"
    if field.type == "Edm.Decimal":
        yield from _digits(value, field)


def _digits(value: Decimal, field: Property) -> Iterator[tuple[str, str]]:
    """Zeros behind the last digit are free; a scale that is not given limits nothing."""
    if field.precision is None or field.scale is None or not value:
        return
    exponent = value.normalize().as_tuple().exponent
    decimals = max(0, -exponent) if isinstance(exponent, int) else 0
    if decimals > field.scale:
        yield "TOO_PRECISE", f"has {decimals} decimals, {field.scale} at most"
    whole = max(0, value.adjusted() + 1)
    if whole > field.precision - field.scale:
        yield (
            "TOO_LARGE",
            (f"has {whole} digits before the point, {field.precision - field.scale} at most"),
        )
