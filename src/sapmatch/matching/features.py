"""What invoice lines and order items are compared by: each text is read once."""

from decimal import Decimal
from functools import lru_cache

from msgspec import Struct

from sapmatch.matching.charges import names_charge
from sapmatch.matching.normalise import LONGEST_TEXT, REMEMBERED, confusable, plain, words
from sapmatch.matching.units import sap_quantity


class Text(Struct, frozen=True):
    """A text as words in alphabetical order, and what they say."""

    joined: str
    letters: str  # and digits, as they stand
    every: frozenset[str]
    numbers: frozenset[str]  # words with digits
    names_charge: bool  # a line that reads so bills no goods


class Articles(Struct, frozen=True):
    """Article numbers by who gave them, and with misread letters put right."""

    numbers: frozenset[tuple[str, str]]
    readings: frozenset[tuple[str, str]]
    givers: frozenset[str]
    plain: frozenset[str]


_NO_ARTICLES = Articles(frozenset(), frozenset(), frozenset(), frozenset())


def thousandths(quantity: Decimal) -> int:
    """A quantity as SAP keeps it, with three decimals, as a whole number."""
    return int(quantity * 1000)


def in_units(quantity: int) -> Decimal:
    """Thousandths as a quantity, no decimal written in vain."""
    whole, rest = divmod(quantity, 1000)
    return sap_quantity(Decimal(quantity).scaleb(-3)) if rest else Decimal(whole)


def text_of(text: str | None) -> Text:
    """A text read; the rest of an endless one is left out."""
    return _text((text or "")[:LONGEST_TEXT])


@lru_cache(REMEMBERED)
def _text(text: str) -> Text:
    ordered = words(text)
    every = frozenset(ordered)
    # Most words are letters only, which is told at once.
    mixed = [word for word in every if not word.isalpha()]
    numbers = frozenset(word for word in mixed if any(map(str.isdigit, word)))
    return Text(
        " ".join(ordered),
        plain(text).lower(),
        every,
        numbers,
        names_charge(every),
    )


def articles(*given: tuple[str, str | None]) -> Articles:
    """Numbers that are given, each behind the name of its giver."""
    numbers = [(giver, number) for giver, text in given if text and (number := plain(text))]
    if not numbers:
        return _NO_ARTICLES
    return Articles(
        frozenset(numbers),
        frozenset([(giver, confusable(number)) for giver, number in numbers]),
        frozenset([giver for giver, _ in numbers]),
        frozenset([number for _, number in numbers]),
    )
