"""One form for what people write in many: numbers, item ids, names, texts."""

import re
import unicodedata
from collections.abc import Sequence
from functools import lru_cache

from msgspec import Struct
from rapidfuzz.distance import Hamming, Indel, Levenshtein

_CONFUSABLE = str.maketrans({"O": "0", "I": "1", "L": "1", "S": "5", "B": "8", "Z": "2"})
_MARKS = bytes(n for n in range(128) if not chr(n).isalnum())
_BLANKS = bytes.maketrans(_MARKS, b" " * len(_MARKS))
_WORD = re.compile(r"[^\W_]+")
_SIMILAR_DIGITS = tuple(map(set, "08 38 68 89 06 17 56 35 49 27".split()))
_LEADING_ZEROS = re.compile(r"(?<!\d)0+(?=\d)")
_HEAD_ZEROS = re.compile(r"(\D*)0+(?=\d)")
# Digits that people group with blanks, dots or hyphens, with an item behind a slash.
_WRITTEN_NUMBER = re.compile(r"\d(?:[ .\-]?\d){3,19}(?:\s*/\s*(?P<item>\d{1,6})(?!\d))?")
_DIGITS = re.compile(r"(?<!\d)(?P<number>\d{4,20})(?:\s*/\s*(?P<item>\d{1,6})(?!\d))?")
_TEN_DIGITS = re.compile(r"\d(?:[ .\-]?\d){9}")  # without them no order number is in a text
_LONGEST_ORDER_NUMBER = 12
_ORDER_NUMBER_LENGTH = 10  # digits of an order number in SAP
_LONGEST_VALUE = 18  # digits of a number that is sorted by its value
_MOST_NUMBERS = 20  # of one text; the rest of an endless text is not looked at
LONGEST_TEXT = 2000
REMEMBERED = 2**15  # texts: those of a busy day's suppliers and articles
CONTAINED = 85  # likeness of two texts of which one holds all words of the other
_TORN = 85  # likeness of two names of which one lost a blank, or got one
_MOST_WORDS = 12  # of a name
_LEGAL_FORMS = frozenset(
    "gmbh mbh ag kg kgaa ohg gbr se ug ek ev eg co cokg cie ltd limited llc llp inc corp"
    " corporation plc bv nv sa sas sarl srl spa sl ab oy as aps sro zoo doo kft pty kk".split()
)


class WrittenNumber(Struct, frozen=True):
    """A number found in a text, normalised, with the order item that stands behind it."""

    number: str
    item: str | None = None


def plain(text: str) -> str:
    """Upper case letters and digits only, compatibility forms folded."""
    if text.isascii():
        upper = text.upper()
        # Of numbers without a separator there are most; bytes are translated in half the time.
        return upper if upper.isalnum() else upper.encode().translate(None, _MARKS).decode()
    return "".join(filter(str.isalnum, unicodedata.normalize("NFKC", text).upper()))


def order_number(text: str) -> str:
    """`45 0000 0012` and `004500000012` are 4500000012: separators go first, then leading zeros.

    Zeros behind a letter stay, as the letter may be a misread digit; zeros alone are no number
    (MA-P03).
    """
    number = plain(text)
    if number.isdecimal():
        return number.lstrip("0")
    head = _HEAD_ZEROS.match(number)
    return head[1] + number[head.end() :] if head else number


def document_number(text: str) -> str:
    """`INV-0012/24` and `INV 12.24` are INV1224: leading zeros of every run of digits go first."""
    return plain(_LEADING_ZEROS.sub("", unicodedata.normalize("NFKC", text)))


def confusable(number: str) -> str:
    """The number as if every letter that OCR takes for a digit were that digit (MA-P04)."""
    if number.isdecimal():
        return number.lstrip("0")
    return number.translate(_CONFUSABLE).lstrip("0")


def article_number(text: str | None) -> str:
    """An article's number as a key: OCR's letters for digits folded; empty where there is none."""
    return confusable(plain(text or ""))


def look_alikes(number: str) -> tuple[str, ...]:
    """The numbers that a scanner may have read as this one: one digit of each is another."""
    return tuple(
        number[:place] + other + number[place + 1 :]
        for place, digit in enumerate(number[:_LONGEST_ORDER_NUMBER])
        for pair in _SIMILAR_DIGITS
        if digit in pair
        for other in pair - {digit}
    )


def looks_alike(one: str, other: str) -> bool:
    """Whether two numbers differ in one digit only, by one that a scanner takes for the other."""
    if len(one) != len(other) or Hamming.distance(one, other) != 1:
        return False
    return next({a, b} for a, b in zip(one, other, strict=True) if a != b) in _SIMILAR_DIGITS


def item_id(text: str | None) -> str | None:
    """`00010`, `010` and `10` are 10; `0` and an empty reference are none (MA-P02, MA-P03)."""
    stripped = plain(text or "").lstrip("0")
    return stripped or None


def vat_id(text: str | None) -> str | None:
    """Letters and digits of a VAT id, those behind the country as OCR takes them for digits; None
    where there are too few to tell parties apart."""
    stripped = plain(text or "")
    country, number = stripped[:2], stripped[2:].translate(_CONFUSABLE)
    return country + number if len(stripped) > 4 else None


def words(text: str) -> tuple[str, ...]:
    """Lower case words without accents and punctuation, in alphabetical order."""
    return tuple(sorted(_in_turn(text[:LONGEST_TEXT])))


def _in_turn(text: str) -> list[str]:
    folded = text.lower() if text.isascii() else _folded(text)
    if folded.isascii():
        return folded.encode().translate(_BLANKS).decode().split()
    return _WORD.findall(folded)


def _folded(text: str) -> str:
    """Lower case, umlauts as German writes them without, other letters without accents."""
    folded = unicodedata.normalize("NFKC", text).casefold()
    folded = folded.replace("ä", "ae").replace("ö", "oe").replace("ü", "ue")
    if folded.isascii():
        return folded
    parts = unicodedata.normalize("NFKD", folded)
    return "".join(c for c in parts if not unicodedata.combining(c))


def company_name(text: str | None) -> str | None:
    """A name without its legal form; None where nothing is left to compare."""
    return _company_name(text[:LONGEST_TEXT]) if text else None


@lru_cache(REMEMBERED)
def _company_name(text: str) -> str | None:
    return " ".join(sorted(_name_parts(text))) or None


@lru_cache(REMEMBERED)
def _name_parts(text: str) -> Sequence[str]:
    undotted = re.sub(r"(?<=\w)\.(?=\w|\s|$)", "", text)
    every = _in_turn(undotted)
    return [w for w in every if w not in _LEGAL_FORMS] or every


def name_likeness(one: str, other: str) -> int:
    """How alike two companies' names are, 0 to 100: as their least alike word.

    Companies share the words of their trade, and the one word that differs tells them apart. Where
    one name has more words a blank may have been lost, or its longer form be meant.
    """
    return _name_likeness(one[:LONGEST_TEXT], other[:LONGEST_TEXT])


@lru_cache(REMEMBERED)
def _name_likeness(one: str, other: str) -> int:
    shorter, longer = sorted((_name_parts(one), _name_parts(other)), key=len)
    joined = letter_ratio("".join(shorter), "".join(longer))
    if len(shorter) != len(longer) and (joined >= _TORN or len(shorter) < 2):
        return joined
    least = min((max(letter_ratio(a, b) for b in longer) for a in shorter[:_MOST_WORDS]), default=0)
    return least if len(shorter) == len(longer) else min(least, CONTAINED)


def likeness(one: tuple[str, ...], other: tuple[str, ...]) -> int:
    """How alike two texts are as words, 0 to 100."""
    if not one or not other:
        return 0
    left, right = " ".join(one), " ".join(other)
    ratio = letter_ratio(left, right)
    shorter, longer = sorted((set(one), set(other)), key=len)
    return max(ratio, CONTAINED) if len(shorter) > 1 and shorter <= longer else ratio


def letter_ratio(one: str, other: str) -> int:
    """In percent, how many letters of both stand in the same order in the other."""
    length = len(one) + len(other)
    return 100 * (length - Indel.distance(one, other)) // length if length else 0


def differing(one: str, other: str) -> int:
    """Number of characters to change, add or drop between two numbers."""
    return Levenshtein.distance(one, other)


def written_numbers(text: str) -> tuple[WrittenNumber, ...]:
    """Every number that a reference may hold: the whole of it, and digits inside (MA-P01)."""
    return _written_numbers(text[:LONGEST_TEXT])


@lru_cache(REMEMBERED)
def _written_numbers(short: str) -> tuple[WrittenNumber, ...]:
    found = [WrittenNumber(order_number(short))]
    for match in _WRITTEN_NUMBER.finditer(short):
        digits = match.group(0).split("/")[0]
        found.append(WrittenNumber(order_number(digits), item_id(match["item"])))
    found += [
        WrittenNumber(order_number(match["number"]), item_id(match["item"]))
        for match in _DIGITS.finditer(short)
    ]
    return tuple(dict.fromkeys(n for n in found if n.number))[:_MOST_NUMBERS]


def order_numbers(text: str) -> tuple[WrittenNumber, ...]:
    """Numbers in free text that have the length of an order number."""
    short = text[:LONGEST_TEXT]
    if not _TEN_DIGITS.search(short):
        return ()
    return tuple(n for n in _written_numbers(short)[1:] if len(n.number) == _ORDER_NUMBER_LENGTH)


def natural(identifier: str) -> tuple[int, str]:
    """Sort key: numbers by value, everything else behind them."""
    if identifier.isdecimal() and len(identifier) <= _LONGEST_VALUE:
        return int(identifier), ""
    return 10**_LONGEST_VALUE, identifier
