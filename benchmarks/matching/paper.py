"""Invoices for orders, with what a careful person would decide on them."""

from collections.abc import Sequence
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

from msgspec import Struct

from benchmarks.matching.purchasing import value
from benchmarks.matching.trade import Supplier
from sapmatch.model.invoice import Invoice, InvoiceLine, Party
from sapmatch.model.match import State
from sapmatch.model.money import rounded
from sapmatch.model.order import Order, OrderItem
from sapmatch.model.policy import CompanyCode, MatchingPolicy, Tolerance

US = Party(name="Example Maschinenbau GmbH", vat_id="DE811234567")
_RATE = Decimal(19)
_UNITS = {"PC": "C62", "BOX": "BX", "KG": "KGM"}
Place = tuple[str, str]  # order and item

POLICY = MatchingPolicy(
    version="benchmark",
    order_sides=("purchase_order",),
    company_codes={
        "1010": CompanyCode(
            name="Example Maschinenbau GmbH",
            currency="EUR",
            vat_ids=("DE811234567",),
            tolerances={
                "PP": Tolerance(
                    upper_absolute=Decimal(25), upper_percent=Decimal(3), lower_percent=Decimal(10)
                ),
                "DQ": Tolerance(upper_absolute=Decimal(50), upper_percent=Decimal(2)),
                "DW": Tolerance(upper_absolute=Decimal(0)),
                "AN": Tolerance(upper_absolute=Decimal(30)),
                "LA": Tolerance(upper_absolute=Decimal(0)),
                "BD": Tolerance(upper_absolute=Decimal("0.05")),
            },
        )
    },
)


class Truth(Struct, frozen=True, kw_only=True):
    """What is right: any of `states`; `orders` and `items` per line where the invoice has a place.

    `cause` is None where it is not scored. Of twins nobody can say which is the right order: they
    are not `linkable`.
    """

    states: tuple[State, ...] = (State.MATCHED,)
    cause: str | None = None
    orders: tuple[str, ...] = ()
    items: dict[str, tuple[Place, ...]] = {}
    linkable: bool = True


class Sample(Struct, frozen=True, kw_only=True):
    """One generated invoice of a kind, with its truth."""

    id: str
    kind: str
    invoice: Invoice
    truth: Truth


class Row(Struct, frozen=True, kw_only=True):
    """What one invoice line bills: one item, or several of the same article."""

    order: Order
    items: tuple[OrderItem, ...]
    quantity: Decimal
    amount: Decimal | None = None  # the order's price where it is None

    @property
    def due(self) -> Decimal:
        """Net amount of the line."""
        if self.amount is not None:
            return self.amount
        return value(self.items[0], self.quantity)


def rows(order: Order) -> list[Row]:
    """The whole order, item by item."""
    return [Row(order=order, items=(item,), quantity=item.quantity) for item in order.items]


def line(n: int, row: Row, **more: Any) -> InvoiceLine:
    """Line `n`, which bills the row without naming the order's item."""
    item = row.items[0]
    plain: dict[str, Any] = {
        "id": str(n),
        "description": item.text,
        "seller_item_id": item.partner_material,
        "quantity": row.quantity,
        "unit": _UNITS[item.unit],
        "unit_price": item.net_price if row.amount is None else None,
        "price_base_quantity": item.price_quantity,
        "net": row.due,
        "tax_rate": _RATE,
    }
    if item.price_unit:
        plain |= {"unit_price": None, "price_base_quantity": None}
    return InvoiceLine(**{**plain, **more})


def invoice(
    number: str, seller: Supplier, lines: Sequence[InvoiceLine], day: date, **more: Any
) -> Invoice:
    """An invoice whose sums are right; `allowances_charges` count."""
    added = sum(
        (a.amount if a.is_charge else -a.amount for a in more.get("allowances_charges", ())),
        Decimal(0),
    )
    net = sum((one.net or Decimal(0) for one in lines), added)
    tax = rounded(net * _RATE / 100, "EUR")
    plain: dict[str, Any] = {
        "number": number,
        "issue_date": day,
        "currency": "EUR",
        "net": net,
        "tax": tax,
        "total": net + tax,
        "iban": seller.iban,
        "seller": seller.party,
        "buyer": US,
        "lines": tuple(lines),
    }
    return Invoice(**{**plain, **more})


def places(billed: Sequence[Row]) -> dict[str, tuple[Place, ...]]:
    """The truth of lines 1, 2, ... of these rows."""
    return {
        str(n): tuple(sorted((row.order.id, item.id) for item in row.items))
        for n, row in enumerate(billed, start=1)
    }


def billing_day(order: Order, days: int = 25) -> date:
    """A day after the goods have come."""
    return (order.order_date or date(2026, 1, 5)) + timedelta(days=days)
