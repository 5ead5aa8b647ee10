"""Dates as people print them, in the languages of Europe; an unclear order is said, not guessed."""

import re
import unicodedata
from collections.abc import Iterator
from datetime import date

from msgspec import Struct

# First letters of month names without accents: English, German, French, Dutch, Spanish, Italian,
# Portuguese, the Scandinavian languages.
_MONTHS = {
    1: "jan ene gen",
    2: "feb fev",
    3: "mar maa maer mrt",
    4: "apr abr avr",
    5: "may mai mei maj mag",
    6: "jun juin giu",
    7: "jul juil lug",
    8: "aug aou ago",
    9: "sep set",
    10: "oct okt out ott",
    11: "nov",
    12: "dec dez dic des",
}
_MONTH_OF = {prefix: month for month, names in _MONTHS.items() for prefix in names.split()}
_LONGEST = max(map(len, _MONTH_OF))
_ISO = re.compile(r"(?<!\d)(\d{4})[-/.年](\d{1,2})[-/.月](\d{1,2})(?!\d)", re.ASCII)
_NUMERIC = re.compile(
    r"(?<![\w.,/-])(\d{1,2})\s?([./-])\s?(\d{1,2})\s?\2\s?(\d{4}|\d{2})(?![\d/-])", re.ASCII
)
_DAY_FIRST = re.compile(
    r"(?<!\d)(\d{1,2})(?:st|nd|rd|th|er|º|\.)?[\s.\-/]*(?:de\s+|of\s+)?([^\W\d_]{3,12})"
    r"[\s.,\-/]*(?:de\s+|del\s+)?(\d{4}|\d{2})(?!\d)"
)
_MONTH_FIRST = re.compile(
    r"(?<![^\W\d_])([^\W\d_]{3,12})[\s.\-/]*(\d{1,2})(?:st|nd|rd|th)?[\s,.\-/]+(\d{4})(?!\d)"
)
_PIVOT = 70  # 70 to 99 are of the last century
_YEARS = range(1970, 2100)


class FoundDate(Struct, frozen=True):
    """A date in a text; `other` is the second meaning where day and month may be swapped."""

    value: date
    other: date | None = None


def parse_date(text: str, *, day_first: bool | None = None) -> FoundDate | None:
    """The first date in a text; `day_first` settles 03/04/2020, None leaves both meanings."""
    found = next(find_dates(text), None)
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
        yield from _date(match[3], _month(match[2]), match[1])
    for match in _MONTH_FIRST.finditer(plain):
        yield from _date(match[3], _month(match[1]), match[2])


def day_comes_first(text: str) -> bool | None:
    """What the clear numeric dates of a document say about the unclear ones."""
    orders = {
        int(match[1]) > 12
        for match in _NUMERIC.finditer(_plain(text))
        if match[2] != "." and (int(match[1]) > 12) != (int(match[3]) > 12)
    }
    return orders.pop() if len(orders) == 1 else None


def _plain(text: str) -> str:
    decomposed = unicodedata.normalize("NFKD", text.casefold())
    return "".join(char for char in decomposed if not unicodedata.combining(char))


def _numeric(match: re.Match[str]) -> Iterator[FoundDate]:
    first, separator, second, year = match.groups()
    day_first = next(_date(year, second, first), None)
    month_first = next(_date(year, first, second), None) if separator != "." else None
    if day_first and month_first and day_first != month_first:
        yield FoundDate(day_first.value, month_first.value)
    elif found := day_first or month_first:
        yield found


def _month(name: str) -> int:
    for length in range(_LONGEST, 2, -1):
        if month := _MONTH_OF.get(name[:length]):
            return month
    return 0


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
