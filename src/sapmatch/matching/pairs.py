"""How well invoice lines fit order items: each is read once, each pair compared in integers."""

from collections.abc import Iterable, Sequence
from decimal import Decimal

from sapmatch.matching.charges import may_be_charge
from sapmatch.matching.features import Articles, Text, thousandths
from sapmatch.matching.normalise import CONTAINED, differing, letter_ratio
from sapmatch.matching.offers import Offer
from sapmatch.matching.rows import Row
from sapmatch.matching.units import EXACT, in_order_unit, sap_quantity
from sapmatch.model.order import ZERO

FLOOR = 40  # a pair below it is no pair: the line stays alone (MA-P58)
_ONE = Decimal(1)
_LARGEST = Decimal("1E+11")  # SAP's quantities have 13 digits, three of them decimals
_FEW = 20  # offers
_LONG_ARTICLE = 5  # characters; of a shorter number one is too much to be misread

# What a likeness between line and item is worth, in tenths of a bit.
WEIGHTS = {
    "order named": 60,
    "other order named": -120,
    "item named": 120,
    "article equal": 80,
    "article with misread letters": 60,
    "article in text": 60,
    "article near": 15,
    "article different": -30,
    "text equal": 45,
    "text close": 30,
    "text near": 10,
    "text different": -20,
    "price equal": 40,
    "price close": 25,
    "price near": 10,
    "price different": -20,
    "quantity open": 30,
    "quantity possible": 15,
    "delivery note equal": 30,
    "unit different": -40,
    "item closed": -40,
    "wrong direction": -100,
}
_TEXT_EQUAL, _TEXT_CLOSE, _TEXT_NEAR = 90, 70, 50  # likeness in percent
_CLOSE, _NEAR = 20, 5  # a price is close where it is off by at most a 20th, near by a 5th
_TEXT_MOST = WEIGHTS["text equal"]
# Read for nearly every pair.
_ARTICLE_DIFFERENT = WEIGHTS["article different"]
_PRICE_DIFFERENT = WEIGHTS["price different"]
_QUANTITY_OPEN = WEIGHTS["quantity open"]
_QUANTITY_POSSIBLE = WEIGHTS["quantity possible"]
_UNIT_DIFFERENT = WEIGHTS["unit different"]


def pair_scores(rows: Sequence[Row], offers: Sequence[Offer]) -> dict[tuple[int, int], int]:
    """Every pair above the floor, by line and item in ascending order."""
    scores = {}
    numbered = _Numbered(offers)
    first = _first_alike(offers)
    for n, row in enumerate(rows):
        sure = _named_items(row, offers)
        told: dict[int, int] = {}
        for column in sure or numbered.of_article(row.articles):
            like = first[column]
            if like not in told:
                told[like] = _score(row, offers[column], bool(sure))
            if told[like] >= FLOOR:
                scores[n, column] = told[like]
    return scores


def _first_alike(offers: Sequence[Offer]) -> Sequence[int]:
    """For each offer the first one that nothing but its item number tells from it.

    An order may have hundreds of equal items. Of a few, finding out takes as long as it saves.
    """
    if len(offers) <= _FEW:
        return range(len(offers))
    first: dict[object, int] = {}
    return [first.setdefault(offer.goods, column) for column, offer in enumerate(offers)]


def _named_items(row: Row, offers: Sequence[Offer]) -> list[int]:
    """An item that the line names is the only one it may take."""
    if not (row.item or row.orders):
        return []
    return [column for column, offer in enumerate(offers) if _names_item(row, offer)]


class _Numbered:
    """Places of offers by their article numbers, and by who gave them numbers at all."""

    def __init__(self, offers: Sequence[Offer]) -> None:
        self._every = range(len(offers))
        self._numbers: dict[tuple[str, str], list[int]] = {}
        self._givers: dict[frozenset[str], list[int]] = {}
        for column, offer in enumerate(offers):
            self._givers.setdefault(offer.articles.givers, []).append(column)
            for number in offer.articles.numbers:
                self._numbers.setdefault(number, []).append(column)

    def of_article(self, mine: Articles) -> Iterable[int]:
        """Where items have a line's article number, those of other numbers are none of it."""
        numbers = self._numbers
        equal = {column for number in mine.numbers for column in numbers.get(number, ())}
        if not equal:
            return self._every
        for givers, columns in self._givers.items():
            if mine.givers.isdisjoint(givers):
                equal.update(columns)
        return sorted(equal)


def quantity_of(row: Row, offer: Offer) -> int | None:
    """The billed quantity in thousandths of the order's unit, None where it cannot be told.

    Without a printed quantity it follows from the amount, and is what is open where that comes to
    nearly the amount: the price then differs.
    """
    if not row.printed or offer.limit:
        return _from_amount(row, offer)
    unit = offer.unit
    if unit not in row.converted:
        row.converted[unit] = _convert(row, offer)
    return row.converted[unit]


def _from_amount(row: Row, offer: Offer) -> int | None:
    if offer.limit:  # ordered as one of something, and only its value counts
        return thousandths(offer.position.item.quantity) or 1000
    if not offer.price:
        return None
    quantity = (2 * row.amount * offer.per + offer.price) // (2 * offer.price)
    exact = offer.value(quantity) == row.amount and not quantity % offer.step
    most = offer.invoiced if row.back else offer.open_ordered
    if exact and quantity <= most:
        return quantity
    room = offer.invoiced if row.back else offer.open
    due = offer.value(room) if room > 0 else 0
    if due and abs(row.amount - due) * _CLOSE <= due:
        return room
    return quantity if exact else None


def _score(row: Row, offer: Offer, sure: bool) -> int:
    article = _article(row, offer)
    if not sure and article <= 0 and _is_another_thing(row, offer):
        return 0
    price = _price(row, offer)
    if article < 0 < price and _is_near(row.articles, offer.articles):
        article = WEIGHTS["article near"]
    score = article + price
    if offer.closed:
        score += WEIGHTS["item closed"]
    if sure or row.elsewhere or row.orders:
        score += _naming(row, offer, sure)
    if row.note and offer.came_with(row.note):
        score += WEIGHTS["delivery note equal"]
    if offer.returns and not row.back:
        score += WEIGHTS["wrong direction"]
    if score + _TEXT_MOST < FLOOR:
        return score
    text = _text_weight(row, offer.text)
    # Price and quantity alone make no goods of another number and another name the ones ordered.
    other = text < WEIGHTS["text close"] or _sizes_differ(row.text, offer.text)
    return 0 if article < 0 and other and not sure else score + text


def _is_another_thing(row: Row, offer: Offer) -> bool:
    """Charges are no goods, and what is billed at nothing is none of what costs something."""
    if row.text.names_charge and (offer.free or not may_be_charge(offer.text.every)):
        return True
    return not row.amount and not offer.free


def _names_item(row: Row, offer: Offer) -> bool:
    mine = row.orders.get(offer.order)
    if row.elsewhere and mine is None:
        return False
    return offer.item is not None and (offer.item == row.item or offer.item in (mine or ()))


def _naming(row: Row, offer: Offer, sure: bool) -> int:
    mine = offer.order in row.orders
    if row.elsewhere and not mine:
        return WEIGHTS["other order named"]
    return (WEIGHTS["order named"] if mine else 0) + (WEIGHTS["item named"] if sure else 0)


def _article(row: Row, offer: Offer) -> int:
    mine, theirs = row.articles, offer.articles
    if not mine.numbers.isdisjoint(theirs.numbers):
        return WEIGHTS["article equal"]
    if not mine.readings.isdisjoint(theirs.readings):
        return WEIGHTS["article with misread letters"]
    if row.tokens and not row.tokens.isdisjoint(theirs.plain):
        return WEIGHTS["article in text"]
    return 0 if mine.givers.isdisjoint(theirs.givers) else _ARTICLE_DIFFERENT


def _is_near(mine: Articles, theirs: Articles) -> bool:
    """Whether two numbers differ in one character: a misread one, or that of a sibling."""
    return any(
        giver == other and len(one) >= _LONG_ARTICLE and differing(one, two) == 1
        for giver, one in mine.readings
        for other, two in theirs.readings
    )


def _price(row: Row, offer: Offer) -> int:
    """Amounts are compared, never unit prices: those are rounded on paper (MA-P30, MA-P31)."""
    if offer.limit:
        return 0
    quantity = quantity_of(row, offer)
    if quantity is None:
        return _UNIT_DIFFERENT if row.printed else 0
    score = _price_weight(row.amount, offer.value(quantity)) if row.printed else 0
    if quantity <= 0:
        return score
    if quantity == (offer.invoiced if row.back else offer.open):
        return score + _QUANTITY_OPEN
    most = offer.invoiced if row.back else offer.open_ordered
    return score + _QUANTITY_POSSIBLE if quantity <= most else score


def _price_weight(amount: int, expected: int) -> int:
    off = abs(amount - expected)
    if off * _NEAR > expected:
        return _PRICE_DIFFERENT
    if not off:
        return WEIGHTS["price equal"]
    return WEIGHTS["price close" if off * _CLOSE <= expected else "price near"]


def _sizes_differ(one: Text, other: Text) -> bool:
    """Whether each names a number that the other does not: another size of one thing."""
    return not (one.numbers <= other.numbers or other.numbers <= one.numbers)


def _text_weight(row: Row, text: Text) -> int:
    if not text.joined or not row.text.joined:
        return 0
    weight = row.likened.get(text.joined)
    if weight is None:
        weight = row.likened[text.joined] = WEIGHTS[_text_level(row.text, text)]
    return weight


def _text_level(one: Text, other: Text) -> str:
    """Texts that differ in a number are close at most: they tell sizes of one thing apart."""
    alike = _likeness(one, other)
    if alike < _TEXT_NEAR:
        return "text different"
    if alike < _TEXT_CLOSE:
        return "text near"
    return "text equal" if alike >= _TEXT_EQUAL and one.numbers == other.numbers else "text close"


def _likeness(one: Text, other: Text) -> int:
    """In percent, of the words in alphabetical order or, where words are broken, of the letters."""
    ratio = max(letter_ratio(one.joined, other.joined), letter_ratio(one.letters, other.letters))
    if ratio >= CONTAINED or len(one.every) < 2 or len(other.every) < 2:
        return ratio
    inside = one.every <= other.every or other.every <= one.every
    return CONTAINED if inside else ratio


def _convert(row: Row, offer: Offer) -> int | None:
    """The printed quantity in the order's unit, in thousandths."""
    line = row.billed.line
    units = line.unit, offer.unit
    if units not in row.factors:
        row.factors[units] = in_order_unit(_ONE, line.unit, offer.position.item)
    factor = row.factors[units]
    if factor is None:
        return None
    converted = EXACT.multiply(abs(line.quantity or ZERO), factor)
    return thousandths(sap_quantity(converted)) if converted < _LARGEST else None
