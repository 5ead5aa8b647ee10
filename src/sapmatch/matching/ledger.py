"""What is still open on an order item: SAP's postings and our own reservations."""

from collections.abc import Iterator, Sequence
from decimal import Decimal

from msgspec import Struct

from sapmatch.matching.normalise import natural
from sapmatch.matching.rates import Exchange, convert
from sapmatch.matching.units import EXACT
from sapmatch.model.match import Rate
from sapmatch.model.money import rounded
from sapmatch.model.order import (
    ZERO,
    GoodsReceipt,
    IndexedOrder,
    Order,
    OrderItem,
    Reservation,
    TakenReceipt,
    unsettled,
)


class Position(Struct, frozen=True, kw_only=True):
    """One order item with what matches of ours have taken and SAP does not show yet.

    Quantities in the order's unit; `price` for `per` of them, in `currency`: the invoice's where a
    rate is known, else the order's.
    """

    order: Order
    item: OrderItem
    reserved: Decimal
    reserved_amount: Decimal
    receipt_counts: bool  # three-way where SAP expects a receipt, two-way otherwise (MA-P24)
    delivered: Decimal
    invoiced: Decimal  # so far, here or in SAP
    open: Decimal  # may be invoiced now
    open_ordered: Decimal  # may be invoiced once everything has come
    currency: str
    rate: Rate | None
    price: Decimal
    per: Decimal
    reserved_receipts: tuple[TakenReceipt, ...] = ()

    @property
    def key(self) -> tuple[str, str]:
        """Order and item as SAP sent them."""
        return self.order.id, self.item.id

    @property
    def creditable(self) -> Decimal:
        """What a credit may give back: what was invoiced, of a returns item what was sent back."""
        if not self.item.returns:
            return self.invoiced
        returned = -self.delivered if self.receipt_counts else self.item.quantity
        return returned + self.invoiced

    def value(self, quantity: Decimal) -> Decimal:
        """The order's price for a quantity, rounded once (MA-P27 to P30)."""
        return rounded(self.exact(quantity), self.currency)

    def exact(self, quantity: Decimal) -> Decimal:
        """The order's price for a quantity with all digits."""
        total = EXACT.multiply(quantity, self.price)
        return total if self.per == 1 else EXACT.divide(total, self.per)

    def at(self, price: Decimal, quantity: Decimal) -> Decimal:
        """Another price than the order's, for the same units of it, rounded once."""
        priced = EXACT.multiply(EXACT.multiply(quantity, self.item.price_unit_numerator), price)
        per = EXACT.multiply(self.item.price_unit_denominator, self.item.price_quantity)
        return rounded(self.converted(EXACT.divide(priced, per)), self.currency)

    def converted(self, amount: Decimal) -> Decimal:
        """An amount in the order's currency with all digits of its value in `currency`."""
        return convert(amount, self.order.currency, self.rate) if self.rate else amount


def positions(
    orders: Sequence[IndexedOrder], document_id: str, exchange: Exchange | None = None
) -> tuple[Position, ...]:
    """All items of some orders in the order of their numbers, valued by the rates of `exchange`."""
    ordered = sorted(orders, key=lambda one: natural(one.order.id))
    return tuple(place for one in ordered for place in _places(one, document_id, exchange))


def open_receipts(position: Position) -> list[tuple[GoodsReceipt, Decimal]]:
    """Receipts with something left to invoice, oldest first.

    What nothing ties to a receipt (returns, old postings) used up the oldest.
    """
    item = position.item
    tied: dict[tuple[str, str, str], Decimal] = {}
    loose = position.reserved - sum((r.quantity for r in item.receipts if r.quantity < 0), ZERO)
    for taken in position.reserved_receipts:
        key = taken.material_document, taken.year, taken.item
        tied[key] = tied.get(key, ZERO) + taken.quantity
        loose -= taken.quantity
    for posting in item.postings:
        document = posting.material_document
        if document is None:
            loose += posting.quantity
            continue
        key = (document, posting.material_document_year or "", posting.material_document_item or "")
        tied[key] = tied.get(key, ZERO) + posting.quantity
    rows = []
    for receipt in sorted((r for r in item.receipts if r.quantity > 0), key=_age):
        left = receipt.quantity - tied.get(
            (receipt.material_document, receipt.year, receipt.item), ZERO
        )
        used = min(max(loose, ZERO), max(left, ZERO))
        loose -= used
        rows.append((receipt, left - used))
    return [row for row in rows if row[1] > 0]


def _places(
    indexed: IndexedOrder, document_id: str, exchange: Exchange | None
) -> Iterator[Position]:
    """Reservations of this document and those that SAP shows already do not count."""
    order = indexed.order
    held = [r for r in unsettled(order, indexed.reservations) if r.document_id != document_id]
    rate = exchange.rate(order.currency) if exchange else None
    currency = exchange.currency if exchange and rate else order.currency
    for item in sorted(order.items, key=lambda item: natural(item.id)):
        yield _position(order, item, [r for r in held if r.item == item.id], rate, currency)


def _position(
    order: Order, item: OrderItem, held: Sequence[Reservation], rate: Rate | None, currency: str
) -> Position:
    reserved = sum((r.quantity for r in held), ZERO)
    delivered, invoiced = item.delivered, item.invoiced + reserved
    counts = order.side == "purchase_order" and item.receipt_expected
    left = (delivered if counts else item.quantity) - invoiced
    # Nothing more is to come where the delivery is completed (MA-P22).
    rest = left if counts and item.delivery_completed else max(item.quantity - invoiced, left)
    if item.returns:  # nothing of it is ever invoiced, only credited
        left = rest = ZERO
    price, per = _price(order, item, rate)
    return Position(
        order=order,
        item=item,
        reserved=reserved,
        reserved_amount=sum((r.amount for r in held), ZERO),
        receipt_counts=counts,
        delivered=delivered,
        invoiced=invoiced,
        open=left,
        open_ordered=rest,
        currency=currency,
        rate=rate,
        price=price,
        per=per,
        reserved_receipts=tuple(taken for r in held for taken in r.receipts),
    )


def _price(order: Order, item: OrderItem, rate: Rate | None) -> tuple[Decimal, Decimal]:
    """Net price of so many units of the order, in the currency that the rate leads to."""
    price = EXACT.multiply(item.net_price, item.price_unit_numerator)
    per = EXACT.multiply(item.price_unit_denominator, item.price_quantity)
    return (convert(price, order.currency, rate) if rate else price), per


def _age(receipt: GoodsReceipt) -> tuple[str, str, tuple[int, str], tuple[int, str]]:
    posted = receipt.posting_date.isoformat() if receipt.posting_date else ""
    return posted, receipt.year, natural(receipt.material_document), natural(receipt.item)
