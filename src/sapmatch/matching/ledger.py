"""What is still open on an order item: SAP's postings and our own reservations."""

from collections.abc import Sequence
from decimal import Decimal

from msgspec import Struct

from sapmatch.matching.normalise import natural
from sapmatch.matching.units import EXACT
from sapmatch.model.money import rounded
from sapmatch.model.order import ZERO, GoodsReceipt, IndexedOrder, Order, OrderItem, unsettled


class Position(Struct, frozen=True, kw_only=True):
    """One order item with what matches of ours have taken and SAP does not show yet."""

    order: Order
    item: OrderItem
    reserved: Decimal = ZERO
    reserved_amount: Decimal = ZERO

    @property
    def key(self) -> tuple[str, str]:
        """Order and item as SAP sent them."""
        return self.order.id, self.item.id

    @property
    def receipt_counts(self) -> bool:
        """Three-way where SAP expects a receipt, two-way otherwise (MA-P24)."""
        return self.order.side == "purchase_order" and self.item.receipt_expected

    @property
    def invoiced(self) -> Decimal:
        """Quantity invoiced so far, here or in SAP."""
        return self.item.invoiced + self.reserved

    @property
    def open(self) -> Decimal:
        """Quantity that may be invoiced now."""
        expected = self.item.delivered if self.receipt_counts else self.item.quantity
        return expected - self.invoiced

    @property
    def open_ordered(self) -> Decimal:
        """Quantity that may be invoiced once everything has come; nothing more is to come where
        the delivery is completed (MA-P22)."""
        if self.receipt_counts and self.item.delivery_completed:
            return self.open
        return max(self.item.quantity - self.invoiced, self.open)

    def value(self, quantity: Decimal) -> Decimal:
        """The order's price for a quantity in the order's unit, rounded once (MA-P27 to P30)."""
        item = self.item
        priced = EXACT.multiply(quantity, item.price_unit_numerator)
        total = EXACT.multiply(priced, item.net_price)
        base = EXACT.multiply(item.price_unit_denominator, item.price_quantity)
        return rounded(EXACT.divide(total, base), self.order.currency)


def positions(orders: Sequence[IndexedOrder], document_id: str) -> tuple[Position, ...]:
    """All items of some orders in the order of their numbers."""
    found = [_position(one, item, document_id) for one in orders for item in one.order.items]
    return tuple(sorted(found, key=lambda p: (natural(p.order.id), natural(p.item.id))))


def open_receipts(
    position: Position, delivery_note: str | None
) -> list[tuple[GoodsReceipt, Decimal]]:
    """Receipts with something left to invoice, the named delivery first, then oldest first.

    What no posting ties to a receipt (reservations, returns, old postings) used up the oldest.
    """
    item = position.item
    tied: dict[tuple[str, str, str], Decimal] = {}
    loose = position.reserved - sum((r.quantity for r in item.receipts if r.quantity < 0), ZERO)
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
    named = sorted(rows, key=lambda row: not delivery_note or row[0].delivery_note != delivery_note)
    return [row for row in named if row[1] > 0]


def _position(indexed: IndexedOrder, item: OrderItem, document_id: str) -> Position:
    """Reservations of this document and those that SAP shows already do not count."""
    held = [
        reservation
        for reservation in unsettled(indexed.order, indexed.reservations)
        if reservation.item == item.id and reservation.document_id != document_id
    ]
    return Position(
        order=indexed.order,
        item=item,
        reserved=sum((r.quantity for r in held), ZERO),
        reserved_amount=sum((r.amount for r in held), ZERO),
    )


def _age(receipt: GoodsReceipt) -> tuple[str, str, tuple[int, str], tuple[int, str]]:
    posted = receipt.posting_date.isoformat() if receipt.posting_date else ""
    return posted, receipt.year, natural(receipt.material_document), natural(receipt.item)
