"""Order items as the comparison with invoice lines needs them."""

from decimal import Decimal
from functools import lru_cache
from math import gcd

from msgspec import Struct
from msgspec.structs import astuple, replace

from sapmatch.matching.features import Articles, Text, articles, text_of, thousandths
from sapmatch.matching.ledger import Position
from sapmatch.matching.normalise import REMEMBERED, item_id, order_number, plain
from sapmatch.model.money import minor_units
from sapmatch.model.order import OrderItem


class Offer(Struct, frozen=True, kw_only=True):
    """An order item as the comparison needs it; quantities in thousandths of the order's unit."""

    position: Position
    item: str | None
    order: str
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

    @property
    def goods(self) -> tuple[object, ...]:
        """All that lines are compared with, except the item number: equal goods fit equally."""
        item = self.position.item
        notes = tuple(receipt.delivery_note for receipt in item.receipts)
        return (item.quantity, notes, *astuple(self)[2:])  # less position and item

    def came_with(self, note: str) -> bool:
        """Whether something of it was received with a delivery note."""
        receipts = self.position.item.receipts
        return any(plain(receipt.delivery_note or "") == note for receipt in receipts)


def read_offer(position: Position) -> Offer:
    """Everything of an order item that no invoice changes."""
    item = position.item
    price, per = _price_of(position.price, position.per, position.currency)
    return Offer(
        position=position,
        item=item_id(item.id),
        order=order_number(position.order.id),
        articles=_offered(item.partner_material, item.material, item.gtin),
        text=text_of(item.text),
        unit=_unit_of(item),
        price=price,
        per=per,
        step=_step(thousandths(item.quantity)),
        open=thousandths(position.open),
        open_ordered=thousandths(position.open_ordered),
        invoiced=thousandths(position.creditable),
        closed=item.deleted or item.finally_invoiced,
        free=not price and item.overall_limit is None,
        limit=item.overall_limit is not None,
        returns=item.returns,
    )


def _unit_of(item: OrderItem) -> str:
    if item.price_unit is None:
        return item.unit
    factors = f"{item.price_unit_numerator}/{item.price_unit_denominator}"
    return f"{item.unit} {factors} {item.price_unit}"


def _step(ordered: int) -> int:
    if not ordered % 1000:
        return 1000
    return next(step for step in (100, 10, 1) if not ordered % step)


def _price_of(price: Decimal, per: Decimal, currency: str) -> tuple[int, int]:
    """Minor units of money for so many thousandths of the order unit."""
    above, below = price.as_integer_ratio()
    many, of = per.as_integer_ratio()
    money, units = above * of, below * many
    shared = gcd(money, units)
    return money // shared * 10 ** minor_units(currency), units // shared * 1000


@lru_cache(REMEMBERED)
def _offered(partner: str | None, own: str | None, gtin: str | None) -> Articles:
    """The supplier may print our number for his, but ours is no word of what he calls it."""
    every = articles(("seller", partner), ("seller", own), ("buyer", own), ("standard", gtin))
    if plain(partner or "") or not every.numbers:
        return every
    return replace(every, givers=every.givers - {"seller"})
