"""A small company with orders and invoices that agree, for tests to change one thing in."""

from collections.abc import Sequence
from datetime import date
from decimal import Decimal
from typing import Any

import msgspec

from sapmatch.matching import match
from sapmatch.matching.index import InMemoryInvoices, InMemoryOrders
from sapmatch.matching.keys import earlier_keys, order_keys, posted_keys
from sapmatch.matching.record import earlier_invoice, reservations
from sapmatch.model.document import EarlierInvoice
from sapmatch.model.invoice import Invoice, InvoiceLine, Party
from sapmatch.model.match import POSTABLE, Decision
from sapmatch.model.money import rounded
from sapmatch.model.order import GoodsReceipt, Order, OrderItem, PostedInvoice, Posting
from sapmatch.model.policy import CompanyCode, MatchingPolicy, Tolerance
from sapmatch.model.ports import OrderScope

D = Decimal
US = Party(name="Example Maschinenbau GmbH", vat_id="DE811234567")
SUPPLIER = Party(name="Nordlicht Musterantriebe GmbH", vat_id="DE298765431")
STRANGER = Party(name="Beispiel Werkzeughandel KG", vat_id="DE265432108")
SCOPE = OrderScope("s4", "100", "1010")
TOLERANCES = {
    "PP": Tolerance(upper_absolute=D("25.00"), upper_percent=D("3.0"), lower_percent=D("10.0")),
    "DQ": Tolerance(upper_absolute=D(50), upper_percent=D(2)),
    "BD": Tolerance(upper_absolute=D("0.05")),
}


def item(number: int = 10, quantity: str = "100", price: str = "10.00", **more: Any) -> OrderItem:
    """Item `number`, everything received at once unless `received` lists other quantities."""
    received = more.pop("received", [quantity])
    receipts = tuple(
        GoodsReceipt(
            material_document=f"50000000{number}",
            year="2026",
            item=str(n),
            quantity=D(part),
            posting_date=date(2026, 9, n),
        )
        for n, part in enumerate(received, start=1)
    )
    plain: dict[str, Any] = {
        "id": str(number),
        "text": f"Getriebemotor Baugröße {number}",
        "partner_material": f"GM-{number:04}",
        "quantity": D(quantity),
        "unit": "PC",
        "net_price": D(price),
        "receipts": receipts,
    }
    return OrderItem(**{**plain, **more})


def order(number: str = "4500000012", *items: OrderItem, **more: Any) -> Order:
    """A purchase order of SUPPLIER in EUR."""
    plain: dict[str, Any] = {
        "id": number,
        "side": "purchase_order",
        "connection": "s4",
        "client": "100",
        "company_code": "1010",
        "partner": "10100001",
        "partner_name": SUPPLIER.name,
        "partner_vat_id": SUPPLIER.vat_id,
        "currency": "EUR",
        "order_date": date(2026, 8, 1),
        "items": items or (item(),),
    }
    return Order(**{**plain, **more})


def posting(quantity: str, amount: str = "0", **more: Any) -> Posting:
    """An invoice item that SAP holds."""
    plain: dict[str, Any] = {
        "supplier_invoice": "5105600001",
        "fiscal_year": "2026",
        "item": "1",
        "reference": "OLD-1",
        "quantity": D(quantity),
        "amount": D(amount),
    }
    return Posting(**{**plain, **more})


def line(number: int = 10, quantity: str = "100", price: str = "10.00", **more: Any) -> InvoiceLine:
    """A line that bills order item `number` at `price`, without naming the item."""
    plain: dict[str, Any] = {
        "id": str(number),
        "description": f"Getriebemotor Baugröße {number}",
        "seller_item_id": f"GM-{number:04}",
        "quantity": D(quantity),
        "unit": "C62",
        "unit_price": D(price),
        "net": rounded(D(quantity) * D(price), "EUR"),
        "tax_rate": D(19),
    }
    return InvoiceLine(**{**plain, **more})


def invoice(*lines: InvoiceLine, **more: Any) -> Invoice:
    """An invoice of SUPPLIER on order 4500000012, its sums correct unless given."""
    billed = lines if "lines" in more or lines else (line(),)
    currency = more.get("currency", "EUR")
    net = more.pop("net", sum((ln.net or D(0) for ln in billed), D(0)))
    tax = more.pop("tax", rounded(net * D("0.19"), currency))
    plain: dict[str, Any] = {
        "number": "NM-2026-0431",
        "issue_date": date(2026, 10, 12),
        "currency": "EUR",
        "net": net,
        "tax": tax,
        "total": net + tax,
        "seller": SUPPLIER,
        "buyer": US,
        "order_references": ("4500000012",),
        "lines": billed,
    }
    return Invoice(**{**plain, **more})


def policy(tolerances: dict[str, Tolerance] | None = None, **more: Any) -> MatchingPolicy:
    """One company code, 1010."""
    company = CompanyCode(
        name="Example Maschinenbau GmbH",
        currency="EUR",
        vat_ids=("DE811234567",),
        tolerances=TOLERANCES if tolerances is None else tolerances,
    )
    plain: dict[str, Any] = {"version": "test", "company_codes": {"1010": company}}
    return MatchingPolicy(**{**plain, **more})


class Desk:
    """Decides on invoices one after the other; matched ones take what they need."""

    def __init__(
        self,
        *orders: Order,
        posted: Sequence[PostedInvoice] = (),
        rules: MatchingPolicy | None = None,
    ) -> None:
        self.orders, self.invoices = InMemoryOrders(), InMemoryInvoices()
        self.rules = rules or policy()
        for one in orders:
            self.orders.put(one, order_keys(one))
        for head in posted:
            self.orders.put_posted(SCOPE, head, posted_keys(head))

    def decide(self, billed: Invoice, document: str = "doc") -> Decision:
        """The decision; nothing is kept of it."""
        return match(
            billed,
            document_id=document,
            orders=self.orders,
            earlier=self.invoices.find,
            policy=self.rules,
            connection="s4",
            client="100",
        )

    def take(self, billed: Invoice, document: str = "doc") -> Decision:
        """The decision, recorded as the product does it."""
        decision = self.decide(billed, document)
        if decision.state in POSTABLE:
            taken = reservations(document, billed, decision)
            self.orders.reserve(SCOPE, decision.order_versions, taken)
        self.remember(billed, document)
        return decision

    def remember(self, billed: Invoice, document: str, **more: Any) -> EarlierInvoice:
        """Keep the invoice for the duplicate check."""
        seen = msgspec.structs.replace(earlier_invoice(document, billed, None), **more)
        self.invoices.add(SCOPE, earlier_keys(seen), seen)
        return seen


def decide(billed: Invoice, *orders: Order, rules: MatchingPolicy | None = None) -> Decision:
    """One invoice against some orders."""
    return Desk(*orders, rules=rules).decide(billed)


def placed(decision: Decision) -> list[tuple[str, str, str, str]]:
    """Line, order, item and quantity of every share."""
    return [
        (ln.line, share.order, share.item, str(share.quantity))
        for ln in decision.lines
        for share in ln.shares
    ]
