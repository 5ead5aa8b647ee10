"""Dates as people print them, in the languages of Europe; an unclear order is said, not guessed."""

import re
import unicodedata
from collections.abc import Iterator
from datetime import date

from msgspec import Struct

from sapmatch.reading.printed.months import month_of

_ISO = re.compile(r"(?<!\d)(\d{4})\s?[-/.年]\s?(\d{1,2})\s?[-/.月]\s?(\d{1,2})(?!\d)", re.ASCII)
_COMPACT = re.compile(r"\s*(\d{4})(\d\d)(\d\d)\s*", re.ASCII)
_SPACED = re.compile(r"\s*(\d{1,2}) (\d{1,2}) (\d{4}|\d{2})\s*", re.ASCII)
_NUMERIC = re.compile(
    r"(?<![\w.,/-])(\d{1,2})\s?([./-])\s?(\d{1,2})\s?\2\s?(\d{4}|\d{2})(?![\d/-])", re.ASCII
)
_DAY_FIRST = re.compile(
    r"(?<!\d)(\d{1,2})(?:st|nd|rd|th|er|e|o|a|\.)?[\s.\-/]*(?:de\s+|of\s+)?([^\W\d_]{3,12})"
    r"[\s.,\-/']{0,4}(?:de\s+|del\s+)?(\d{4}|\d{2})(?!\d)"
)
_MONTH_FIRST = re.compile(
    r"(?<![^\W\d_])([^\W\d_]{3,12})[\s.\-/]{0,3}(\d{1,2})(?:st|nd|rd|th)?"
    r"(?:[\s,.\-/]+(\d{4})|,\s?'?(\d{2}))(?!\d)"
)
_YEAR_FIRST = re.compile(r"(?<!\d)(\d{4})[\s.\-/]([^\W\d_]{3,12})[\s.\-/](\d{1,2})(?!\d)")
_MISREAD = re.compile(r"(?<=\d)o(?=[\d./-])|(?<=[\d./-])o(?=\d)|(?<=\d)o$|(?<!\w)o(?=\d)")
_LONG_TEXT = 50_000
_PIVOT = 70  # 70 to 99 are of the last century
_YEARS = range(1970, 2100)


class FoundDate(Struct, frozen=True):
    """A date in a text; `other` is the second meaning where day and month may be swapped."""

    value: date
    other: date | None = None


def parse_date(text: str, *, day_first: bool | None = None) -> FoundDate | None:
    """The first date in a text; `day_first` settles 03/04/2020, None leaves both meanings."""
    found = next(find_dates(text), None) or _whole(text)
    if found is None or found.other is None or day_first is None:
        return found
    return FoundDate(found.value if day_first else found.other)


def find_dates(text: str) -> Iterator[FoundDate]:
    """Every date; of an unclear one `value` has the day first."""
    plain = _plain(text)
    for match in _ISO.finditer(plain):
        yield from _date(match[1], match[2], match[3])
    for match in _NUMERIC.finditer(plain):
        yield from _numeric(match)
    for match in _DAY_FIRST.finditer(plain):
        yield from _date(match[3], month_of(match[2]), match[1])
    for match in _MONTH_FIRST.finditer(plain):
        yield from _date(match[3] or match[4], month_of(match[1]), match[2])
    for match in _YEAR_FIRST.finditer(plain):
        yield from _date(match[1], month_of(match[2]), match[3])


def day_comes_first(text: str) -> bool | None:
    """What the clear numeric dates of a document say about the unclear ones."""
    orders = {
        int(match[1]) > 12
        for match in _NUMERIC.finditer(_plain(text))
        if match[2] != "." and (int(match[1]) > 12) != (int(match[3]) > 12)
    }
    return orders.pop() if len(orders) == 1 else None


def _whole(text: str) -> FoundDate | None:
    """Notations that would be anything else inside of a text: `20260302`, `02 03 2026`."""
    plain = _plain(text)
    if match := _COMPACT.fullmatch(plain):
        return next(_date(*match.groups()), None)
    if match := _SPACED.fullmatch(plain):
        return next(_date(match[3], match[2], match[1]), None)
    return None


def _plain(text: str) -> str:
    decomposed = unicodedata.normalize("NFKD", text[:_LONG_TEXT].casefold().replace("’", "'"))
    plain = "".join(char for char in decomposed if not unicodedata.combining(char))
    return _MISREAD.sub("0", plain)


def _numeric(match: re.Match[str]) -> Iterator[FoundDate]:
    first, separator, second, year = match.groups()
    day_first = next(_date(year, second, first), None)
    month_first = next(_date(year, first, second), None) if separator != "." else None
    if day_first and month_first and day_first != month_first:
        yield FoundDate(day_first.value, month_first.value)
    elif found := day_first or month_first:
        yield found


def _date(year: str, month: str | int, day: str) -> Iterator[FoundDate]:
    full = int(year)
    if len(year) == 2:
        full += 1900 if full >= _PIVOT else 2000
    if full not in _YEARS:
        return
    try:
        yield FoundDate(date(full, int(month), int(day)))
    except ValueError:
        return
