"""Amounts as people print them: 1.234,56; 1,234.56; 1 234,56; 1'234.56; (12.50); 12.50-."""

import re
from collections.abc import Iterable
from decimal import Decimal

_SPACES = " \u00a0\u202f"
_BODY = rf"\d{{1,3}}(?:[{_SPACES}'’]\d{{3}})+(?:[.,]\d{{1,4}})?(?!\d)|\d+(?:[.,]\d+)*"
_NUMBER = re.compile(rf"(?<![\d.,])(?:{_BODY})", re.ASCII)
_MINUS_BEFORE = re.compile(r"[-−–(]\s?[^\d\s]{0,3}\s?$")
_MINUS_AFTER = re.compile(r"\s?(?:[-−](?![\w-])|\))")
_PERCENT = re.compile(r"\s?%")
_IDENTIFIER = re.compile(r"\d{10,}", re.ASCII)  # nobody prints an amount so long without marks
_GROUPS = re.compile(r"\d+|\d{1,3}(?:([.,])\d{2,3})(?:\1\d{2,3})*", re.ASCII)  # lakhs have two
_LONGEST = 30
_LONG_TEXT = 2000


def parse_amount(text: str, mark: str | None = None) -> Decimal | None:
    """The last amount in a text, None where there is none.

    Percentages are no amounts. `mark` is the decimal mark that decides what "1.234" is; without
    one, three digits behind a single separator are thousands.
    """
    found = [
        (match, value)
        for match in _NUMBER.finditer(text[:_LONG_TEXT])
        if not _PERCENT.match(text, match.end())
        and not _IDENTIFIER.fullmatch(match.group())
        and (value := _value(match.group(), mark)) is not None
    ]
    if not found:
        return None
    with_decimals = [item for item in found if has_decimals(item[1])]
    match, value = (with_decimals or found)[-1]
    return -value if _negative(text, match) else value


def has_decimals(value: Decimal) -> bool:
    """Whether decimals were printed, even if they are zeros."""
    return "." in str(value)


def decimal_mark(texts: Iterable[str]) -> str | None:
    """The decimal mark that the amounts of one document agree on."""
    marks = {
        mark
        for text in texts
        for match in _NUMBER.finditer(text[:_LONG_TEXT])
        if (mark := _certain_mark(match.group()))
    }
    return marks.pop() if len(marks) == 1 else None


def all_readings(text: str) -> set[Decimal]:
    """Every number that a text could mean, whatever the notation; without signs."""
    found = set()
    for match in _NUMBER.finditer(text):
        for mark in ".,":
            for body in {match.group(), *re.split(rf"[{_SPACES}'’]", match.group())}:
                found.add(_value(body, mark))
    return {value for value in found if value is not None}


def _negative(text: str, match: re.Match[str]) -> bool:
    opened = _MINUS_BEFORE.search(text[: match.start()])
    closed = _MINUS_AFTER.match(text, match.end())
    if opened and "(" in opened.group():
        return bool(closed and ")" in closed.group())
    return bool(opened or (closed and ")" not in closed.group()))


def _value(body: str, mark: str | None) -> Decimal | None:
    body = re.sub(rf"[{_SPACES}'’]", "", body)
    separator = _certain_mark(body) or (mark if _unclear(body) else None)
    whole, _, decimals = body.partition(separator) if separator else (body, "", "")
    if not _GROUPS.fullmatch(whole) or len(body) > _LONGEST:
        return None
    return Decimal(re.sub("[.,]", "", whole) + (f".{decimals}" if decimals else ""))


def _unclear(body: str) -> bool:
    return len(re.findall("[.,]", body)) == 1


def _certain_mark(body: str) -> str | None:
    """The decimal mark where the number itself gives it away."""
    separators = re.findall("[.,]", body)
    if not separators:
        return None
    last = separators[-1]
    whole, _, decimals = body.rpartition(last)
    if len(set(separators)) > 1:
        return str(last) if separators.count(last) == 1 else None
    if len(separators) > 1:
        return None
    clear = len(decimals) != 3 or whole == "0" or len(whole) > 3
    return str(last) if clear else None
