"""What is printed beside a value, in thirteen languages, and the field that it stands for.

Compared without case, accents, blanks and punctuation: `Rechnungs-Nr.` is `rechnungsnr`.
Types: AnalyzeExpense's SummaryFields and LineItemExpenseFields (Textract developer guide), and
three of our own that the service has no name for: they go out as OTHER.
"""

import functools
import re
import unicodedata
from collections.abc import Callable, Iterator, Mapping, Sequence

from msgspec import Struct

from sapmatch.pages.vocabulary import columns, dates, identifiers, people, references, sums, words

LONGEST = 7  # words in a label
_LONGEST_KEY, _DIGITS = 44, 3  # letters of a label, and digits that OCR may have made of them
_LONG = 9  # letters of a label that is known with one letter wrong, too many or missing
_LETTERS = str.maketrans("øłđæœı", "oldaei")
_CONFUSED = str.maketrans("01i5689", "ollsgbg")
# `Handelsrechnungsnr` is a `rechnungsnr`
_COMPOUND = re.compile(r"^[a-z]{3,}(rechnung|factuur|faktura|lasku)(?=$|s?nr|s?nummer|s?no)")
OTHER, REFERENCE, SALES_ORDER = "OTHER", "REFERENCE", "SALES_ORDER"

SUMMARY: Mapping[str, str] = {
    **identifiers.LABELS,
    **dates.LABELS,
    **sums.LABELS,
    **people.LABELS,
    **references.LABELS,
}
COLUMNS: Mapping[str, str] = columns.HEADINGS


Types = Callable[[], Mapping[str, str]]


class Label(Struct, frozen=True):
    """A label among the words of a line: words `begin` to `end` (exclusive)."""

    type: str
    begin: int
    end: int
    weak: bool


@functools.lru_cache(maxsize=4096)
def normal(text: str) -> str:
    """Letters without accents, digits, # and %; everything else dropped."""
    folded = text.casefold().replace("°", "o").translate(_LETTERS)
    return re.sub(r"[^a-z0-9#%]", "", unicodedata.normalize("NFKD", folded))


def is_lead(text: str) -> bool:
    """Whether a word may stand before a label: a bullet, `zzgl.`, `19 %`."""
    key = normal(text)
    return not key or key in words.LEADS or bool(re.fullmatch(r"\d*%", key))


def is_buyers(text: str) -> bool:
    """Whether a word makes the number behind it the buyer's: `Ihre USt-IdNr.`"""
    return normal(text) in words.BUYERS


def is_heading(text: str) -> bool:
    """Whether a line only says what kind of paper this is: `TAX INVOICE`, `Rechnung (Kopie)`."""
    keys = [key for word in re.split(r"[\s/\-–]+", text) if (key := normal(word))]
    return (
        bool(keys)
        and any(_is_paper(key) for key in keys)
        and all(_is_paper(key) or key in words.PAPER_WORDS for key in keys)
    )


def _is_paper(key: str) -> bool:
    return key in words.PAPERS or key.endswith(words.PAPER_ENDS) or fold(key) in _papers()


@functools.cache
def _papers() -> frozenset[str]:
    return frozenset(map(fold, words.PAPERS))


def find(texts: Sequence[str], begin: int, types: Types) -> Label | None:
    """The longest label that starts at the word; `types` is `summary_types` or `column_types`."""
    found = _first(tuple(texts[begin : begin + LONGEST]), types)
    return found and Label(found.type, begin, begin + found.end, found.weak)


@functools.lru_cache(maxsize=4096)  # the same words are asked for by headings, fields and sums
def _first(texts: tuple[str, ...], types: Types) -> Label | None:
    known, windows = types(), list(_windows(texts))
    for end, key, text in reversed(windows):
        for reading in _readings(key, text, texts[end - 1]):
            if reading in known:
                return Label(known[reading], 0, end, reading in _weak())
    return _nearly(windows, known)


def _windows(texts: Sequence[str]) -> Iterator[tuple[int, str, str]]:
    """Runs of words that may be a label: where they end, their key, their text."""
    key = text = ""
    for end in range(len(texts)):
        key += normal(texts[end])
        text += texts[end]
        if len(key) > _LONGEST_KEY or sum(char.isdigit() for char in key) > _DIGITS:
            return
        if key:
            yield end + 1, key, text


def _readings(key: str, text: str, last: str) -> Iterator[str]:
    """Normal forms to look up: as printed, of a compound, of two names, as OCR confuses them."""
    yield key
    if "/" in last:
        yield normal(text.partition("/")[0])
    plain = normal(re.sub(r"(?<!^)\([^()]*\)", "", text)) if "(" in text else key
    yield plain
    yield _COMPOUND.sub(r"\1", plain)
    yield "~" + fold(key)


def fold(key: str) -> str:
    """One form for the letters and digits that OCR takes for each other."""
    return key.replace("rn", "m").replace("vv", "w").translate(_CONFUSED)


def _nearly(windows: Sequence[tuple[int, str, str]], known: Mapping[str, str]) -> Label | None:
    """A long label with one letter lost or wrong."""
    for end, key, _ in reversed(windows):
        if len(key) < _LONG or not key.isalpha():
            continue
        for near in ("^" + key, *_shorter(key)):
            if near in known:
                return Label(known[near], 0, end, weak=True)
    return None


def _shorter(key: str) -> Iterator[str]:
    """The key without one of its letters, marked as such."""
    return ("^" + key[:at] + key[at + 1 :] for at in range(len(key)))


@functools.cache
def summary_types() -> Mapping[str, str]:
    """Normal form of a label -> type of a summary field."""
    return _index(SUMMARY)


@functools.cache
def column_types() -> Mapping[str, str]:
    """Normal form of a column heading -> type of a line item field."""
    return _index(COLUMNS)


@functools.cache
def _weak() -> frozenset[str]:
    keys = [normal(label) for label in split(words.WEAK)]
    return frozenset([*keys, *("~" + fold(key) for key in keys)])


def _index(vocabulary: Mapping[str, str]) -> dict[str, str]:
    """Every label as it is, as OCR confuses it, and, if it is long, without one of its letters."""
    known = {normal(label): kind for kind, text in vocabulary.items() for label in split(text)}
    folded = {"~" + fold(key): kind for key, kind in known.items()}
    return {**_near(known), **folded, **known}


def _near(known: Mapping[str, str]) -> dict[str, str]:
    """Forms of long labels with a letter missing, but of none that two types share."""
    kinds: dict[str, set[str]] = {}
    for key, kind in known.items():
        for near in ("^" + key, *_shorter(key)) if len(key) >= _LONG else ():
            kinds.setdefault(near, set()).add(kind)
    return {near: next(iter(found)) for near, found in kinds.items() if len(found) == 1}


def split(text: str) -> list[str]:
    """The labels of one entry of the vocabulary."""
    return [label for line in text.splitlines() for label in line.strip().split("|") if label]
