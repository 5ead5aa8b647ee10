"""The functions of mapping expressions: what they take, and what they give.

A missing value stays missing, except in `concat` and `default`. What a function cannot take is a
ValueError whose words follow the name of the function; none holds the value.
"""

import re
from collections.abc import Callable, Sequence
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any, TypeAlias

from msgspec import Struct

Value: TypeAlias = Any  # text, number, date, or what a JSON file holds nested
_MOST_LENGTH = 10_000
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_TICKS = re.compile(r"/Date\((-?\d{1,15})(?:[+-]\d{4})?\)/", re.ASCII)
_POINT = re.compile(r"[+-]?(?:\d{1,3}(?:,\d{3})+|\d{1,40})(?:\.\d{1,40})?", re.ASCII)
_COMMA = re.compile(r"[+-]?(?:\d{1,3}(?:\.\d{3})+|\d{1,40})(?:,\d{1,40})?", re.ASCII)
_DATES = ("YYYY-MM-DD", "DD.MM.YYYY", "YYYYMMDD")  # that cannot be taken for each other
_PARTS = {"YYYY": r"(?P<year>\d{4})", "MM": r"(?P<month>\d\d)", "DD": r"(?P<day>\d\d)"}


class Function(Struct, frozen=True):
    """`work` takes the value and then constants, which `constants` checks before they are used."""

    work: Callable[..., Value]
    least: int = 1
    most: int = 1
    constants: Callable[[str], object] | None = None
    takes_missing: bool = False

    def check(self, name: str, given: Sequence[str | None]) -> None:
        """Raise ValueError for a wrong number of arguments, or a wrong constant among them."""
        if not self.least <= len(given) <= self.most:
            raise ValueError(f"gives {name} {len(given)} argument(s), it takes {self._takes}")
        allowed = self.constants
        for constant in given[1:] if allowed else ():
            if constant is None or not (allowed and allowed(constant)):
                raise ValueError(f"gives {name} a second argument that it cannot take")

    def apply(self, arguments: Sequence[Value]) -> Value:
        """The value for these arguments."""
        if arguments[0] is None and not self.takes_missing:
            return None
        return self.work(*arguments)

    @property
    def _takes(self) -> str:
        return str(self.least) if self.least == self.most else f"{self.least} to {self.most}"


def text_of(value: Value) -> str:
    """A value as text: all digits of a number, a date in ISO form."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, Decimal):
        return format(value, "f")
    if isinstance(value, list | dict):
        raise ValueError("needs one value, and this one is nested")
    return str(value)


def _left(value: Value, length: str) -> str:
    return text_of(value)[: int(length)]


def _pad(value: Value, length: str) -> str:
    """SAP's conversion ALPHA: digits get zeros in front, anything else stays."""
    text = text_of(value).strip()
    if len(text) > int(length):
        raise ValueError(f"pad: is longer than {length} characters")
    return text.zfill(int(length)) if text.isascii() and text.isdigit() else text


def _concat(*values: Value) -> str | None:
    given = [text_of(value) for value in values if value is not None]
    return "".join(given) if given else None


def _default(value: Value, other: Value) -> Value:
    return other if value is None or value == "" else value


def _date(value: Value, pattern: str | None = None) -> date:
    if isinstance(value, date):
        return value.date() if isinstance(value, datetime) else value
    text = text_of(value).strip()
    ticks = _TICKS.fullmatch(text)
    for expected in (pattern,) if pattern else _DATES:
        found = re.fullmatch(_date_pattern(expected), text, re.ASCII)
        if found:
            return _day(**{name: int(part) for name, part in found.groupdict().items()})
    if ticks and not pattern:
        return _day_after(int(ticks[1]))
    raise ValueError(f"date: is no date written as {pattern or ', '.join(_DATES)}")


def _day(year: int, month: int, day: int) -> date:
    try:
        return date(year, month, day)
    except ValueError as exc:
        raise ValueError("date: is no day of the calendar") from exc


def _day_after(milliseconds: int) -> date:
    try:
        return (_EPOCH + timedelta(milliseconds=milliseconds)).date()
    except OverflowError as exc:
        raise ValueError("date: is no day of the calendar") from exc


def _date_pattern(pattern: str) -> str:
    return re.sub("YYYY|MM|DD", lambda part: _PARTS[part[0]], re.escape(pattern))


def _is_date_pattern(text: str) -> bool:
    return sorted(re.findall("YYYY|MM|DD", text)) == ["DD", "MM", "YYYY"]


def _number(form: re.Pattern[str], thousands: str) -> Callable[[Value], Decimal]:
    def read(value: Value) -> Decimal:
        if isinstance(value, Decimal | int) and not isinstance(value, bool):
            return Decimal(value)
        text = text_of(value).strip()
        if not form.fullmatch(text):
            raise ValueError("decimal: is no number in this notation")
        return Decimal(text.replace(thousands, "").replace(",", "."))

    return read


def _is_length(text: str) -> bool:
    return text.isascii() and text.isdigit() and 0 < int(text) <= _MOST_LENGTH


FUNCTIONS: dict[str, Function] = {
    "left": Function(_left, least=2, most=2, constants=_is_length),
    "upper": Function(lambda value: text_of(value).upper()),
    "lower": Function(lambda value: text_of(value).lower()),
    "trim": Function(lambda value: text_of(value).strip()),
    "concat": Function(_concat, least=2, most=20, takes_missing=True),
    "default": Function(_default, least=2, most=2, takes_missing=True),
    "date": Function(_date, most=2, constants=_is_date_pattern),
    "decimal": Function(_number(_POINT, ",")),
    "decimal_comma": Function(_number(_COMMA, ".")),
    "pad": Function(_pad, least=2, most=2, constants=_is_length),
}
