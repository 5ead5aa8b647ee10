"""What values look like on paper: amounts, dates, identifiers, tax ids, names.

Nothing is interpreted here: `03/04/2021` and `1.234` stay what is printed.
"""

import re
from collections.abc import Sequence
from typing import Literal

from sapmatch.pages.labels import normal
from sapmatch.pages.layout import cut
from sapmatch.pages.nouns import Line, Word

Shape = Literal["amount", "quantity", "date", "id", "tax-id", "name", "text"]

CODES = (
    "EUR|USD|GBP|CHF|CAD|AUD|NZD|SEK|NOK|DKK|PLN|CZK|HUF|RON|JPY|CNY|INR|MYR|SGD|HKD|ZAR|TRY|BRL"
    "|MXN|AED|ISK|BGN|RSD|UAH|ILS|SAR|QAR|KWD|EGP|MAD|THB|IDR|PHP|VND|KRW|TWD|ARS|CLP|COP|PEN|NGN"
)
_CURRENCY = (
    rf"(?:{CODES}|(?:US|CA|AU|NZ|HK|NT|[SRCA])?\$|[€£¥₹₺₽₪]|RM|Rs\.?|kr\.?|Fr\.?|SFr\.?|zł|zl|Kč|Kc"
    r"|Ft|lei|Lt)"
)
_NUMBER = r"(?:\d{1,3}(?:[.,'’ ]\d{3})+|\d+)(?:[.,]\s?\d{1,4})?|[.,]\d{2}"
_AMOUNT = re.compile(
    rf"(?<![\w.,/-])(?:[-−–(]\s?)?(?:{_CURRENCY}\s?)?(?:[-−–(]\s?)?"
    rf"(?P<number>{_NUMBER})(?![.,]?\d)(?!\s?%)(?![/-]\d)"
    rf"(?:\s?{_CURRENCY}(?!\w))?(?:\s?[-−)](?!\w))?"
)
_QUANTITY = re.compile(r"x?\s?\d+(?:[.,'’]\d+)*\s?(?:x|[^\W\d][^\s\d]{0,11}[\d²³]?|m[²³])?", re.I)
_EXACT = re.compile(r"[.,]\s?\d{2,4}\)?$|[$€£]")
_MONTH = (
    r"(?:jan|ene|gen|f[eé]v|feb|m[aäå]r|maa|mrt|apr|abr|avr|ma[iyjg]|jun|juin|giu|jul|juil|lug"
    r"|au[g]|ao[uû]|ago|sep|set|o[ck]t|ott|nov|d[ée][cz]|dic|des|out"
    r"|sty|lut|kwi|cze|lip|sie|wrz|pa[zź]|lis|gru|led|[uú]no|b[rř]e|dub|kv[eě]|[cč]er|srp"
    r"|z[aá][rř]|[rř][ií]j|pro|tammi|helmi|huhti|touko|kes[aä]|hein[aä]|elo|syys|loka|marras"
    r"|joulu)[a-zà-ž]{0,9}\.?"
)
_DATE = re.compile(
    r"(?<![\w.])(?:"
    r"\d{4}\s?[-./]\s?\d{1,2}\s?[-./]\s?\d{1,2}"
    r"|\d{1,2}\s?[-./]\s?\d{1,2}\s?[-./]\s?(?:\d{4}|\d{2})"
    rf"|\d{{1,2}}(?:st|nd|rd|th|er)?[.]?[\s/-]?(?:de\s)?{_MONTH}[\s,./-]{{0,2}}(?:del?\s)?"
    r"(?:\d{4}|\d{2})"
    rf"|{_MONTH}\s?\d{{1,2}}(?:st|nd|rd|th)?\s?[,.]?\s?\d{{4}}"
    r"|\d{4}年\d{1,2}月\d{1,2}日"
    r")(?:(?!\d)|(?=\d{1,2}:\d\d))",
    re.IGNORECASE,
)
_ID = re.compile(r"(?:[A-Z]{1,5}[ -]){0,2}(?!\()[^\s,;:]*\d[^\s,;:]*")
_TAX_ID = re.compile(r"(?:[A-Z]{2,3}[ .-]?)?[A-Z]?\d[\dA-Z./-]*(?: [\dA-Z]{2,4}(?=[ \d]|$))*")
_LONG_NUMBER = re.compile(r"\d{9,}")  # an article or a location, never a sum
_NAME_WORDS = 9
_LEAD = " :.-–—#|*="


def amounts(words: Sequence[Word], *, alone: bool) -> list[Line]:
    """Amounts among the words; a bare integer counts only where it stands `alone`."""
    text = _text(words)
    found = []
    for match in _AMOUNT.finditer(text):
        if _LONG_NUMBER.search(match.group()):
            continue
        whole = match.group().strip() == text.strip(_LEAD + " )")
        exact = _EXACT.search(match["number"]) or _EXACT.search(match.group().strip(" -−)"))
        if exact or (alone and whole):
            found.append(_value(words, match.start(), match.end()))
    return found


def quantity(words: Sequence[Word]) -> list[Line]:
    """All words, where they are a number, maybe with a unit: `3`, `x14`, `1.5 kg`."""
    return [Line(tuple(words))] if _QUANTITY.fullmatch(_text(words)) else []


def dates(words: Sequence[Word]) -> list[Line]:
    """Calendar dates among the words."""
    return [_value(words, *match.span()) for match in _DATE.finditer(_text(words))]


def identifier(words: Sequence[Word]) -> list[Line]:
    """A number such as `INV-100` at the start of the words; no date and no sum of money."""
    text = _text(words)
    begin = len(text) - len(text.lstrip(_LEAD))
    match = _ID.match(text, begin)
    if match is None or _DATE.match(text, begin) or _is_money(text[begin:]):
        return []
    return [_value(words, begin, begin + len(match.group().rstrip(".)")))]


def tax_id(words: Sequence[Word]) -> list[Line]:
    """A tax number at the start of the words, maybe printed in groups."""
    text = _text(words)
    begin = len(text) - len(text.lstrip(_LEAD))
    match = _TAX_ID.match(text, begin)
    if match is None or sum(char.isdigit() for char in match.group()) < 6:
        return []
    return [_value(words, *match.span())]


def name(words: Sequence[Word]) -> list[Line]:
    """The words where they read like a name: mostly letters."""
    text = _text(words).lstrip(_LEAD).rstrip(" :,|*-")
    letters = sum(char.isalpha() for char in text)
    digits = sum(char.isdigit() for char in text)
    sentence = text.startswith("(") or len(text.split()) > _NAME_WORDS
    if letters < 3 or digits * 2 > letters or "@" in text or sentence or dates(words):
        return []
    start = _text(words).index(text)
    return [_value(words, start, start + len(text))]


def anything(words: Sequence[Word]) -> list[Line]:
    """All words, where they hold more than punctuation."""
    return [Line(tuple(words))] if normal(_text(words)) else []


def values(shape: Shape, words: Sequence[Word], *, alone: bool = False) -> list[Line]:
    """Values of that shape among the words, each with its text as printed."""
    if not words:
        return []
    if shape == "amount":
        return amounts(words, alone=alone)
    return _PLAIN[shape](words)


_PLAIN = {
    "quantity": quantity,
    "date": dates,
    "id": identifier,
    "tax-id": tax_id,
    "name": name,
    "text": anything,
}


def _is_money(text: str) -> bool:
    match = _AMOUNT.match(text)
    return bool(match and re.search(r"[$€£]|[.,]\d{2}$", match.group().strip()))


def _text(words: Sequence[Word]) -> str:
    return " ".join(word.text for word in words)


def _value(words: Sequence[Word], begin: int, end: int) -> Line:
    """The words under a match, the first and last one trimmed to it."""
    text = _text(words)
    while begin < end and text[begin] in " :;|*":
        begin += 1
    return cut(words, begin, len(text[:end].rstrip(" ,;:|*")))
