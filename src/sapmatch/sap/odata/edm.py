"""The Edm types of OData V2 and V4: texts of answers into values, values as a type takes them.

What is read keeps its meaning exactly: an Edm.Decimal its scale (OD-P41), a null stays null, an
Edm.DateTime has no zone (OD-P46), an Edm.DateTimeOffset is in UTC, with microseconds where SAP
sends up to twelve digits (OD-P45). The suffix of /Date(ms+0060)/ moves nothing: the milliseconds
are UTC already (OD-P44).
"""

import base64
import re
from collections.abc import Callable, Mapping
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from functools import lru_cache
from typing import Any, Final
from uuid import UUID

from sapmatch.model.errors import InputRejected

EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
INTEGERS: Final = frozenset({"Edm.Byte", "Edm.SByte", "Edm.Int16", "Edm.Int32", "Edm.Int64"})
FLOATS: Final = frozenset({"Edm.Double", "Edm.Single"})

# What a parser raises for a value that it cannot read.
ODD: Final = (ValueError, ArithmeticError, TypeError, AttributeError, LookupError)
_TICKS = re.compile(r"/Date\((-?\d{1,18})(?:[+-]\d{1,5})?\)/")
_DURATION = re.compile(
    r"(-)?P(?:(\d{1,9})D)?(?:T(?:(\d{1,9})H)?(?:(\d{1,9})M)?(?:(\d{1,9})(\.\d{1,12})?S)?)?"
)
_WORDS = {"true": True, "false": False, "1": True, "0": False}
SPECIAL: Final = {"INF": "inf", "+INF": "inf", "-INF": "-inf", "NaN": "nan"}
_SPECIAL_TEXTS = {"inf": "INF", "-inf": "-INF", "nan": "NaN"}
_DIGITS = re.compile(r"[+-]?\d{1,40}")
_NUMBER = re.compile(r"[+-]?(?:\d{1,400}(?:\.\d{0,400})?|\.\d{1,400})(?:[eE][+-]?\d{1,4})?")
_CACHED = 8192
_MOST_DIGITS = 400  # a double has 309; what is sent with more would only cost memory

Parse = Callable[[Any], Any]


def parser(type: str, *, date_only: bool = False) -> Parse | None:
    """What turns a JSON value of the type into its Python value; None where it is that already.

    It raises one of ODD for what cannot be read, such as a day beyond the calendar of Python
    (OD-P47): that has to stay as SAP sent it, as no odd value stops a page (OD-P50).
    """
    return _DAY if type == "Edm.DateTime" and date_only else _PARSERS.get(type)


def reader(type: str, *, date_only: bool = False) -> Parse | None:
    """As `parser`; what cannot be read stays as it is."""
    parse = parser(type, date_only=date_only)
    if parse is None:
        return None
    known: Parse = parse

    def read(value: Any) -> Any:
        try:
            return known(value)
        except ODD:
            return value

    return read


def coerced(value: Any, type: str | None) -> Any:
    """The value as the type takes it, texts read; as it is where the type is unknown.

    Raises InputRejected, without the value, where it is none of that type.
    """
    takes = _TAKES.get(type or "")
    if takes is None:
        return value
    try:
        return takes(value)
    except ODD as exc:
        raise InputRejected(f"is no {type}") from exc


def is_ticks(value: Any) -> bool:
    """Whether the value has the form `/Date(ms)/`, in our calendar or beyond it."""
    return isinstance(value, str) and _TICKS.fullmatch(value) is not None


def duration_text(value: timedelta) -> str:
    """ISO 8601, as both versions write it: `P1DT2H3M4.5S`, days left out where there are none."""
    sign = "-" if value < timedelta(0) else ""
    value = abs(value)
    minutes, seconds = divmod(value.seconds, 60)
    hours, minutes = divmod(minutes, 60)
    days = f"{value.days}D" if value.days else ""
    return f"{sign}P{days}T{hours:02}H{minutes:02}M{seconds:02}{_fraction(value.microseconds)}S"


def time_text(value: time | timedelta) -> str:
    """A V2 Edm.Time: `PT11H00M00S`."""
    if isinstance(value, timedelta):
        return duration_text(value)
    fraction = _fraction(value.microsecond)
    return f"PT{value.hour:02}H{value.minute:02}M{value.second:02}{fraction}S"


def utc(value: date) -> datetime:
    """The moment in UTC; a day begins at midnight, and what has no zone is taken for UTC."""
    if not isinstance(value, datetime):
        return datetime(value.year, value.month, value.day, tzinfo=UTC)
    return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


def ticks_text(value: date) -> str:
    """`/Date(ms)/`, milliseconds kept (OD-P49); the form holds no finer digits."""
    return f"/Date({(utc(value) - EPOCH) // timedelta(milliseconds=1)})/"


def text_literal(value: Any) -> str:
    """`'O''Brien'`; InputRejected for what is no value of OData at all, such as a list."""
    if not isinstance(value, str):
        raise InputRejected(f"is of type {type(value).__name__}; give one value of OData")
    return "'" + value.replace("'", "''") + "'"


def number_text(value: Decimal | float) -> str:
    """A Decimal with all digits and its scale, without an exponent; a float as short as exact."""
    if isinstance(value, float):
        return _SPECIAL_TEXTS.get(repr(value), repr(value))
    if not value.is_finite() or abs(value.adjusted()) > _MOST_DIGITS:
        raise InputRejected("is no number that SAP could hold")
    return f"{value:f}"


def _fraction(microseconds: int) -> str:
    return f".{microseconds:06}".rstrip("0") if microseconds else ""


def _decimal(value: Any) -> Decimal:
    if isinstance(value, str):
        found = Decimal(value)
        if "_" in value or not found.is_finite():
            raise ValueError
        return found
    if isinstance(value, bool) or not isinstance(value, int | Decimal):
        raise TypeError
    return Decimal(value)


def _integer(value: Any) -> int:
    if isinstance(value, str) and _DIGITS.fullmatch(value):
        return int(value)
    if isinstance(value, Decimal) and 0 <= value.adjusted() <= _MOST_DIGITS:
        if value != value.to_integral_value():
            raise ValueError
        return int(value)
    if isinstance(value, bool) or not isinstance(value, int):
        raise TypeError
    return value


def _float(value: Any) -> float:
    if isinstance(value, bool):
        raise TypeError
    return float(SPECIAL.get(value, value) if isinstance(value, str) else value)


def _boolean(value: Any) -> bool:
    return value if isinstance(value, bool) else _WORDS[value.lower()]


def moment(text: str) -> datetime:
    """A point in time in UTC, from `/Date(ms)/` or ISO 8601; without an offset it is UTC."""
    ticks = _TICKS.fullmatch(text)
    if ticks:
        seconds, milliseconds = divmod(int(ticks[1]), 1000)
        return EPOCH + timedelta(0, seconds, milliseconds * 1000)  # quicker than milliseconds
    found = datetime.fromisoformat(text)
    return found if found.tzinfo is UTC else utc(found)


@lru_cache(_CACHED)
def _naive(text: str) -> datetime:
    return moment(text).replace(tzinfo=None)


@lru_cache(_CACHED)
def _day(text: str) -> date:
    """A day; where SAP sends a time with it, that is kept."""
    found = _naive(text)
    return found if found.time() != time(0) else found.date()


@lru_cache(_CACHED)
def _date(text: str) -> date:
    return date.fromisoformat(text)


@lru_cache(_CACHED)
def _duration(text: str) -> timedelta:
    found = _DURATION.fullmatch(text)
    if not found or text[-1] in "PT":
        raise ValueError
    sign, days, hours, minutes, seconds, fraction = found.groups()
    length = timedelta(
        days=int(days or 0),
        hours=int(hours or 0),
        minutes=int(minutes or 0),
        seconds=int(seconds or 0),
        microseconds=int((fraction or ".0")[1:7].ljust(6, "0")),
    )
    return -length if sign else length


@lru_cache(_CACHED)
def _time(text: str) -> time:
    """V2 sends a time of day as a duration, V4 as a clock shows it."""
    if not text.startswith("P"):
        found = time.fromisoformat(text)
        if found.tzinfo is not None:
            raise ValueError
        return found
    length = _duration(text)
    if length.days:
        raise ValueError
    return (EPOCH + length).time()


@lru_cache(_CACHED)
def _guid(text: str) -> UUID:
    return UUID(text)


def _binary(text: str) -> bytes:
    """Base64, of V2, or base64url, of V4; the padding may be missing there."""
    plain = text.replace("-", "+").replace("_", "/").rstrip("=")
    return base64.b64decode(plain + "=" * (-len(plain) % 4), validate=True)


_DAY: Final[Parse] = _day
_PARSERS: Final[Mapping[str, Parse]] = {
    "Edm.Decimal": _decimal,
    "Edm.Boolean": _boolean,
    "Edm.DateTime": _naive,
    "Edm.DateTimeOffset": moment,
    "Edm.Date": _date,
    "Edm.Time": _time,
    "Edm.TimeOfDay": _time,
    "Edm.Duration": _duration,
    "Edm.Guid": _guid,
    "Edm.Binary": _binary,
    **dict.fromkeys(INTEGERS, _integer),
    **dict.fromkeys(FLOATS, _float),
}
# The class of the JSON values that nothing has to be done to.
FINISHED: Final[Mapping[str, type]] = {
    "Edm.Decimal": Decimal,
    "Edm.Boolean": bool,
    **dict.fromkeys(INTEGERS, int),
    **dict.fromkeys(FLOATS, float),
}


def _taking(kind: type, parse: Parse) -> Parse:
    """Values of the kind as they are, texts through `parse`."""

    def take(value: Any) -> Any:
        return value if isinstance(value, kind) else parse(value)

    return take


def _number(value: Any) -> Decimal:
    """Never through a float: it cannot hold an amount."""
    if isinstance(value, str) and not _NUMBER.fullmatch(value):
        raise ValueError
    return _decimal(value)


def _real(value: Any) -> Decimal | float:
    if isinstance(value, float) or value in SPECIAL:
        return _float(value)
    return _number(value)


def _text(value: Any) -> str:
    if isinstance(value, bool) or not isinstance(value, str | int | UUID):
        raise TypeError
    return str(value)


def _whole_day(value: Any) -> date:
    found = value if isinstance(value, date) else _day(value)
    if not isinstance(found, datetime):
        return found
    if found.time() != time(0):
        raise ValueError
    return found.date()


def _instant(value: Any) -> datetime:
    return utc(value) if isinstance(value, date) else moment(value)


def _wall_clock(value: Any) -> datetime:
    """A time as the clock in SAP shows it: one of another zone would move to another day (OD-P46).

    Of texts, SAP's own `/Date(ms)/` and a Z name no other zone.
    """
    if isinstance(value, str) and not _TICKS.fullmatch(value):
        value = datetime.fromisoformat(value.removesuffix("Z"))
    if isinstance(value, datetime) and value.tzinfo is not None:
        raise InputRejected(
            "has a time zone, and Edm.DateTime has none; "
            "give a naive datetime in SAP's own time, or a date"
        )
    return _instant(value).replace(tzinfo=None)


_TAKES: Final[Mapping[str, Parse]] = {
    "Edm.String": _text,
    "Edm.Boolean": _boolean,
    "Edm.Decimal": _number,
    "Edm.DateTime": _wall_clock,
    "Edm.DateTimeOffset": _instant,
    "Edm.Date": _whole_day,
    "Edm.Time": _taking(time, _time),
    "Edm.TimeOfDay": _taking(time, _time),
    "Edm.Duration": _taking(timedelta, _duration),
    "Edm.Guid": _taking(UUID, _guid),
    "Edm.Binary": _taking(bytes, _binary),
    **dict.fromkeys(INTEGERS, _integer),
    **dict.fromkeys(FLOATS, _real),
}
