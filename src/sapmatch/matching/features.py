"""What invoice lines and order items are compared by, each read once."""

from decimal import Decimal
from fractions import Fraction
from functools import lru_cache

from msgspec import Struct

from sapmatch.matching.amounts import BilledLine
from sapmatch.matching.case import Case
from sapmatch.matching.charges import may_be_charge, names_charge
from sapmatch.matching.ledger import Position
from sapmatch.matching.normalise import confusable, item_id, order_number, plain, words
from sapmatch.matching.references import line_numbers
from sapmatch.matching.units import sap_quantity
from sapmatch.model.money import minor_units
from sapmatch.model.order import OrderItem

_SHORTEST_ARTICLE = 4  # characters; a shorter number in a text may be anything
_LONGEST_TEXT = 2000
_REMEMBERED = 1 << 15  # texts


class Text(Struct, frozen=True):
    """A text as words in alphabetical order, and what they say."""

    joined: str
    letters: str  # and digits, as they stand
    every: frozenset[str]
    numbers: frozenset[str]  # words with digits
    names_charge: bool  # a line that reads so bills no goods
    may_be_charge: bool  # an item that reads so may be freight or the like


class Articles(Struct, frozen=True):
    """Article numbers by who gave them, and with misread letters put right."""

    numbers: frozenset[tuple[str, str]]
    readings: frozenset[tuple[str, str]]
    givers: frozenset[str]
    plain: frozenset[str]


class Offer(Struct, frozen=True, kw_only=True):
    """An order item as the comparison needs it; quantities in thousandths of the order's unit."""

    position: Position
    order: str
    item: str | None
    articles: Articles
    text: Text
    unit: str  # equal for items that convert alike
    price: int  # minor units of money per thousandth of the unit, times `per`
    per: int
    step: int  # what is ordered in whole pieces is not billed in parts of one
    open: int
    open_ordered: int
    invoiced: int
    closed: bool  # no further invoice is expected
    free: bool
    limit: bool  # a limit order has no price either, but a ceiling
    returns: bool

    def value(self, quantity: int) -> int:
        """The order's price in minor units, half away from zero, as `Position.value`."""
        return (2 * quantity * self.price + self.per) // (2 * self.per)

    def came_with(self, note: str) -> bool:
        """Whether something of it was received with a delivery note."""
        receipts = self.position.item.receipts
        return any(_plain(receipt.delivery_note) == note for receipt in receipts)


class Row(Struct, kw_only=True):
    """An invoice line as the comparison needs it; amount and quantity without their sign."""

    billed: BilledLine
    back: bool  # it gives back what was invoiced
    amount: int  # minor units
    printed: bool  # whether the quantity is
    orders: dict[str, frozenset[str]]  # order that it names -> items named with it
    item: str | None
    elsewhere: bool  # it names an order, so one that it does not name is another
    articles: Articles
    text: Text
    tokens: frozenset[str]  # words of the description that may be article numbers
    note: str  # delivery note
    factors: dict[tuple[str | None, str], Decimal | None]  # of units seen so far, for all lines
    converted: dict[str, int | None]  # quantities in the units of offers seen so far
    likened: dict[str, int]  # weights of the texts of offers seen so far


def read_offer(position: Position) -> Offer:
    """Everything of an order item that no invoice changes."""
    item = position.item
    price = _price_of(position.price, position.per)
    return Offer(
        position=position,
        order=_order_number(position.order.id),
        item=_item_id(item.id),
        articles=_offered(item.partner_material, item.material, item.gtin),
        text=_text(item.text[:_LONGEST_TEXT]),
        unit=_unit_of(item),
        price=price.numerator * 10 ** minor_units(position.currency),
        per=price.denominator * 1000,
        step=_step(thousandths(item.quantity)),
        open=thousandths(position.open),
        open_ordered=thousandths(position.open_ordered),
        invoiced=thousandths(position.invoiced),
        closed=item.deleted or item.finally_invoiced,
        free=not price and item.overall_limit is None,
        limit=item.overall_limit is not None,
        returns=item.returns,
    )


def read_rows(case: Case) -> list[Row]:
    """Everything of the invoice lines that no order changes."""
    factors: dict[tuple[str | None, str], Decimal | None] = {}
    return [_read_row(case, billed, factors) for billed in case.lines]


def _read_row(
    case: Case, billed: BilledLine, factors: dict[tuple[str | None, str], Decimal | None]
) -> Row:
    line = billed.line
    negative = billed.amount < 0 or (not billed.amount and (line.quantity or 0) < 0)
    said = (line.description or "")[:_LONGEST_TEXT]
    note = line.delivery_note or case.invoice.delivery_note
    return Row(
        billed=billed,
        back=negative != case.credit,
        amount=abs(int(billed.amount.scaleb(minor_units(case.currency)))),
        printed=line.quantity is not None,
        orders=_orders(case, billed),
        item=_item_id(line.order_item),
        elsewhere=bool(line.order_reference),
        articles=_billed(line.seller_item_id, line.buyer_item_id, line.standard_item_id),
        text=_text(said),
        tokens=_tokens(said),
        note=_plain(note),
        factors=factors,
        converted={},
        likened={},
    )


def thousandths(quantity: Decimal) -> int:
    """A quantity as SAP keeps it, with three decimals, as a whole number."""
    return int(quantity * 1000)


def in_units(quantity: int) -> Decimal:
    """Thousandths as a quantity, no decimal written in vain."""
    return sap_quantity(Decimal(quantity).scaleb(-3))


def _orders(case: Case, billed: BilledLine) -> dict[str, frozenset[str]]:
    """Orders that the line names; the only line of an invoice speaks for the whole document."""
    named = line_numbers(billed.line)
    if not named and len(case.lines) == 1:
        named = tuple(n for ref in case.references.named for n in ref.numbers)
    orders: dict[str, frozenset[str]] = {}
    for found in named:
        items = frozenset((found.item,) if found.item else ())
        for number in {found.number, confusable(found.number)}:
            orders[number] = orders.get(number, frozenset()) | items
    return orders


def _unit_of(item: OrderItem) -> str:
    if item.price_unit is None:
        return item.unit
    factors = f"{item.price_unit_numerator}/{item.price_unit_denominator}"
    return f"{item.unit} {factors} {item.price_unit}"


def _step(ordered: int) -> int:
    if not ordered % 1000:
        return 1000
    return next(step for step in (100, 10, 1) if not ordered % step)


@lru_cache(_REMEMBERED)
def _tokens(text: str) -> frozenset[str]:
    parts = (plain(part) for part in text.split() if any(map(str.isdigit, part)))
    return frozenset(part for part in parts if len(part) >= _SHORTEST_ARTICLE)


@lru_cache(_REMEMBERED)
def _price_of(price: Decimal, per: Decimal) -> Fraction:
    """Price of one order unit."""
    return Fraction(price) / Fraction(per)


@lru_cache(_REMEMBERED)
def _text(text: str) -> Text:
    ordered = words(text)
    every = frozenset(ordered)
    numbers = frozenset(word for word in every if any(map(str.isdigit, word)))
    return Text(
        " ".join(ordered),
        plain(text).lower(),
        every,
        numbers,
        names_charge(every),
        may_be_charge(every),
    )


@lru_cache(_REMEMBERED)
def _plain(text: str | None) -> str:
    return plain(text or "")


@lru_cache(_REMEMBERED)
def _offered(partner: str | None, own: str | None, gtin: str | None) -> Articles:
    """The supplier may print his number or ours where he has one place only."""
    return _articles(("seller", partner), ("seller", own), ("buyer", own), ("standard", gtin))


@lru_cache(_REMEMBERED)
def _billed(seller: str | None, buyer: str | None, standard: str | None) -> Articles:
    return _articles(("seller", seller), ("buyer", buyer), ("standard", standard))


def _articles(*given: tuple[str, str | None]) -> Articles:
    numbers = [(giver, number) for giver, text in given if (number := _plain(text))]
    return Articles(
        frozenset(numbers),
        frozenset((giver, confusable(number)) for giver, number in numbers),
        frozenset(giver for giver, _ in numbers),
        frozenset(number for _, number in numbers),
    )


@lru_cache(_REMEMBERED)
def _order_number(text: str) -> str:
    return order_number(text)


@lru_cache(_REMEMBERED)
def _item_id(text: str | None) -> str | None:
    return item_id(text)
