"""Amounts as people print them: 1.234,56; 1,234.56; 1 234,56; 1'234.56; (12.50); 12.50-; CR."""

import re
from collections import Counter
from collections.abc import Iterable
from decimal import Decimal

_SPACES = "\t\n\r\u00a0\u2000\u2001\u2002\u2003\u2007\u2008\u2009\u200a\u202f"
_BLANKS = dict.fromkeys(map(ord, _SPACES), " ")
_MARKS = dict.fromkeys(map(ord, "’‘´`ʼ′"), "'")
_WIDE = {ord("０") + digit: str(digit) for digit in range(10)} | {ord("，"): ",", ord("．"): "."}
_PLAIN = _BLANKS | _MARKS | _WIDE
_BODY = r"\d{1,3}(?:[ ']\d{3})+(?:[.,]\d{1,4})?(?!\d)|\d+(?:[.,]\d+)*"
_NUMBER = re.compile(rf"(?<![\d.,])(?:{_BODY})", re.ASCII)
_MINUS_BEFORE = re.compile(r"[-−–(]\s?[^\d\s]{0,3}\s?$")
_MINUS_AFTER = re.compile(r"\s?(?:[-−](?![\w-])|[€$£]?\)|CR\b|Cr\.?(?!\w)|[€$£]\s?[-−]$)")
_PERCENT = re.compile(r"\s?%")
_IDENTIFIER = re.compile(r"\d{10,}", re.ASCII)  # nobody prints an amount so long without marks
_GROUPS = re.compile(r"\d+|\d{1,3}(?:([.,])\d{2,3})(?:\1\d{2,3})*", re.ASCII)  # lakhs have two
# What OCR makes of digits: letters inside of amounts, and blanks around the marks.
_MISREAD = re.compile(r"(?<![A-Za-z])[\dOolI|][\dOolI|.,]{0,20}[.,][\dOolI|]{2}(?![\w.,])")
_LETTERS = str.maketrans("OolI|", "00111")
_TORN = re.compile(r"\D{0,12}?((?:\d{1,3} ?[.,] ?)*\d{1,9} ?[.,] ?\d{2,3})\D{0,12}")
_WHOLE = re.compile(
    r"\d{1,3}(?:\.\d{3})*,\d{2}|\d{1,3}(?:,\d{3})*\.\d{2}|\d+[.,]\d{2}|\d{1,3}[.,]\d{3}", re.ASCII
)
_LONGEST = 30
_LONG_TEXT = 2000
_MAJORITY = 4


def parse_amount(text: str, mark: str | None = None) -> Decimal | None:
    """The last amount in a text, None where there is none.

    Percentages are no amounts. `mark` is the decimal mark that decides what "1.234" is; without
    one, three digits behind a single separator are thousands.
    """
    text = _mended(text)
    found = [
        (match, value)
        for match in _NUMBER.finditer(text)
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
    """The decimal mark that the amounts of one document agree on, but for a slip or two."""
    marks = Counter(
        mark
        for text in texts
        for match in _NUMBER.finditer(_mended(text))
        if (mark := _certain_mark(match.group()))
    )
    ranked = marks.most_common(2)
    if len(ranked) == 2 and ranked[0][1] < _MAJORITY * ranked[1][1]:
        return None
    return ranked[0][0] if ranked else None


def unclear(text: str, mark: str | None) -> tuple[Decimal, Decimal] | None:
    """Both meanings of an amount such as `1.234` that no decimal mark settles."""
    readings = parse_amount(text, "."), parse_amount(text, ",")
    first, second = readings
    if mark or first is None or second is None or first == second:
        return None
    return first, second


def all_readings(text: str) -> set[Decimal]:
    """Every number that a text could mean, whatever the notation; without signs."""
    found = set()
    for match in _NUMBER.finditer(text.translate(_PLAIN)):
        for mark in ".,":
            for body in {match.group(), *re.split("[ ']", match.group())}:
                found.add(_value(body, mark))
    return {value for value in found if value is not None}


def _mended(text: str) -> str:
    """Plain blanks and digits, and the amount whole where OCR tore it: `1 .234,56`, `12, 5O`."""
    plain = text[:_LONG_TEXT].translate(_PLAIN)
    plain = _MISREAD.sub(_as_digits, plain)
    torn = _TORN.fullmatch(plain)
    if torn and _WHOLE.fullmatch(whole := torn[1].replace(" ", "")):
        return plain[: torn.start(1)] + whole + plain[torn.end(1) :]
    return plain


def _as_digits(match: re.Match[str]) -> str:
    printed = match.group()
    return printed.translate(_LETTERS) if re.search(r"\d", printed, re.ASCII) else printed


def _negative(text: str, match: re.Match[str]) -> bool:
    opened = _MINUS_BEFORE.search(text[: match.start()])
    closed = _MINUS_AFTER.match(text, match.end())
    if opened and "(" in opened.group():
        return bool(closed and ")" in closed.group())
    return bool(opened or (closed and ")" not in closed.group()))


def _value(body: str, mark: str | None) -> Decimal | None:
    body = re.sub("[ ']", "", body)
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
    clear = len(decimals) != 3 or whole == "0" or len(whole) > 3 or "'" in whole or " " in whole
    return str(last) if clear else None
