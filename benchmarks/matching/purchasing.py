"""Our purchasing: orders with what was received and invoiced so far."""

import random
from collections.abc import Sequence
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

from msgspec.structs import replace

from benchmarks.matching.trade import Article, Supplier, number, suppliers
from sapmatch.model.money import rounded
from sapmatch.model.order import GoodsReceipt, Order, OrderItem, PostedInvoice, Posting

CONNECTION, CLIENT, COMPANY_CODE = "s4", "100", "1010"
_LINES = (1, 2, 2, 3, 4, 5, 6, 8, 9, 20)  # items of an order, 6 on average
ITEMS_PER_ORDER = sum(_LINES) // len(_LINES)
_SUPPLIER_ORDERS = 20  # on average
_FIRST_DAY = date(2026, 1, 5)
_YEAR = "2026"


class Purchasing:
    """Draws orders and keeps them.

    What invoices are for comes from a stream of chance of its own, so that worlds of any size have
    invoices of the same kinds and lengths.
    """

    def __init__(self, seed: int, items: int) -> None:
        self.chance = random.Random(f"{seed} invoices")
        chance = random.Random(f"{seed} suppliers")
        self.orders: list[Order] = []
        self.posted: list[PostedInvoice] = []
        count = items // ITEMS_PER_ORDER
        self.everybody = suppliers(chance, max(10, count // _SUPPLIER_ORDERS))
        numbers = list(range(4_500_000_001, 4_500_000_001 + max(2000, 2 * count)))
        chance.shuffle(numbers)
        self._numbers = iter(numbers)
        self._documents = 0

    def supplier(self) -> Supplier:
        """Any supplier, busy ones more often."""
        return self.everybody[int(self.chance.random() * len(self.everybody))]

    def order(
        self,
        by: Supplier | None = None,
        lines: int | None = None,
        received: bool = True,
        **more: Any,
    ) -> Order:
        """An order of which nothing was invoiced; `more` sets fields of all its items."""
        supplier = by or self.supplier()
        count = lines or self.chance.choice(_LINES)
        articles = self.chance.sample(supplier.articles, count)
        items = [self.item(n, article, **more) for n, article in enumerate(articles, start=1)]
        return self.placed(supplier, items, received=received)

    def item(self, n: int, article: Article, **more: Any) -> OrderItem:
        """Item number `n` of an order."""
        quantity = number(more.pop("quantity", None) or self._quantity())
        plain: dict[str, Any] = {
            "id": str(10 * n),
            "text": article.text,
            "material": article.material,
            "partner_material": article.number,
            "quantity": quantity,
            "unit": article.unit,
            "net_price": article.price,
            "price_quantity": article.per,
            "price_unit": article.price_unit,
            "price_unit_numerator": article.factor[0],
            "price_unit_denominator": article.factor[1],
            "receipt_expected": self.chance.random() < 0.85,
            "receipt_based": self.chance.random() < 0.3,
        }
        return OrderItem(**{**plain, **more})

    def placed(
        self, supplier: Supplier, items: Sequence[OrderItem], received: bool = True, **more: Any
    ) -> Order:
        """The order of these items; where it is received, those without receipts get one."""
        day = self.day()
        plain: dict[str, Any] = {
            "id": str(next(self._numbers)),
            "side": "purchase_order",
            "connection": CONNECTION,
            "client": CLIENT,
            "company_code": COMPANY_CODE,
            "partner": supplier.number,
            "partner_name": supplier.name,
            "partner_vat_id": supplier.vat_id if supplier.vat_known else None,
            "partner_ibans": (supplier.iban,) if supplier.iban_known else (),
            "currency": "EUR",
            "order_date": day,
            "items": tuple(self._delivered(items, day) if received else items),
        }
        order = Order(**{**plain, **more})
        self.orders.append(order)
        return order

    def receipts(self, day: date, quantities: Sequence[Decimal]) -> tuple[GoodsReceipt, ...]:
        """One material document a quantity, a week apart."""
        found = []
        for n, quantity in enumerate(quantities, start=1):
            found.append(
                GoodsReceipt(
                    material_document=self._document(50),
                    year=_YEAR,
                    item="1",
                    quantity=quantity,
                    posting_date=day + timedelta(weeks=n),
                )
            )
        return tuple(found)

    def posting(self, item: OrderItem, quantity: Decimal, receipt: int | None = None) -> Posting:
        """An earlier invoice of a part; of the item's receipt of that place where it says so."""
        goods = None if receipt is None else item.receipts[receipt]
        return Posting(
            supplier_invoice=self._document(51),
            fiscal_year=_YEAR,
            item="1",
            reference=f"ALT{self._documents:08}",
            quantity=quantity,
            amount=value(item, quantity),
            material_document=goods.material_document if goods else None,
            material_document_year=goods.year if goods else None,
            material_document_item=goods.item if goods else None,
        )

    def fill(self, items: int) -> None:
        """Orders without an invoice, until there are `items` order items in all."""
        self.chance = random.Random(f"{len(self.orders)} orders")
        count = sum(len(order.items) for order in self.orders)
        while count < items:
            count += len(self._background().items)

    def day(self) -> date:
        """A day on which something is ordered."""
        return _FIRST_DAY + timedelta(days=self.chance.randrange(200))

    def _background(self) -> Order:
        draw = self.chance.random()
        if draw < 0.7:
            return self.order()
        if draw < 0.85:
            return self.order(received=False)
        order = self.order()
        self.orders[-1] = replace(order, items=tuple(map(self._half_invoiced, order.items)))
        return self.orders[-1]

    def _half_invoiced(self, item: OrderItem) -> OrderItem:
        part = number(max(1, int(item.quantity) // 2))
        return replace(item, postings=(self.posting(item, part),))

    def _delivered(self, items: Sequence[OrderItem], day: date) -> list[OrderItem]:
        document = self._document(50)
        arrived = day + timedelta(days=9)
        return [
            item
            if item.receipts or not item.receipt_expected
            else replace(
                item,
                receipts=(
                    GoodsReceipt(
                        material_document=document,
                        year=_YEAR,
                        item=str(n),
                        quantity=item.quantity,
                        posting_date=arrived,
                    ),
                ),
            )
            for n, item in enumerate(items, start=1)
        ]

    def _document(self, prefix: int) -> str:
        self._documents += 1
        return f"{prefix}{self._documents:08}"

    def _quantity(self) -> int:
        round_number = self.chance.random() < 0.5
        return (
            self.chance.choice((5, 10, 20, 25, 50, 100, 200))
            if round_number
            else self.chance.randrange(2, 400)
        )


def value(item: OrderItem, quantity: Decimal, currency: str = "EUR") -> Decimal:
    """The order's price for a quantity."""
    priced = quantity * item.price_unit_numerator * item.net_price
    return rounded(priced / (item.price_unit_denominator * item.price_quantity), currency)
