"""A purchase order, an invoice over it, and the decision that they match."""

from datetime import date
from decimal import Decimal
from typing import Any

import msgspec

from sapmatch.model.invoice import Invoice, InvoiceLine, Party, TaxSubtotal
from sapmatch.model.match import Decision, ItemShare, LineMatch, State
from sapmatch.model.order import Order, OrderItem
from sapmatch.model.policy import CompanyCode, MatchingPolicy

COMPANY = CompanyCode(
    name="Example Maschinenbau GmbH",
    currency="EUR",
    time_zone="Europe/Berlin",
    tax_codes={"19": "V1", "7.0": "V2"},
)
POLICY = MatchingPolicy(version="1", company_codes={"1010": COMPANY})


def purchase_order(**fields: Any) -> Order:
    items = (
        OrderItem(id="10", quantity=Decimal(4), unit="PC", net_price=Decimal(20)),
        OrderItem(id="20", quantity=Decimal(1), unit="M", net_price=Decimal(20), tax_code="V9"),
    )
    order = Order(
        id="4500001001",
        side="purchase_order",
        connection="s4",
        client="100",
        company_code="1010",
        partner="10100001",
        currency="EUR",
        items=items,
    )
    return msgspec.structs.replace(order, **fields)


def invoice(**fields: Any) -> Invoice:
    """100.00 at 19 and 7 percent: 80.00 + 20.00, taxes 15.20 + 1.40, total 116.60."""
    given = Invoice(
        number="RE-2026-17",
        issue_date=date(2026, 11, 2),
        currency="EUR",
        net=Decimal(100),
        tax=Decimal("16.60"),
        total=Decimal("116.60"),
        seller=Party(name="Nordlicht Musterantriebe GmbH"),
        taxes=(
            TaxSubtotal(rate=Decimal("19.00"), basis=Decimal(80), amount=Decimal("15.2")),
            TaxSubtotal(rate=Decimal(7), basis=Decimal(20), amount=Decimal("1.40")),
        ),
        lines=(
            InvoiceLine(id="1", net=Decimal(80), tax_rate=Decimal(19)),
            InvoiceLine(id="2", net=Decimal(20), tax_rate=Decimal(7)),
        ),
    )
    return msgspec.structs.replace(given, **fields)


def share(item: str, quantity: str, amount: str, **fields: Any) -> ItemShare:
    return ItemShare(
        order="4500001001",
        item=item,
        quantity=Decimal(quantity),
        amount=Decimal(amount),
        **fields,
    )


def decision(**fields: Any) -> Decision:
    given = Decision(
        state=State.MATCHED,
        policy_version="1",
        company_code="1010",
        side="purchase_order",
        orders=("4500001001",),
        lines=(
            LineMatch(line="1", shares=(share("10", "4", "80"),)),
            LineMatch(line="2", shares=(share("20", "2.5", "20"),)),
        ),
    )
    return msgspec.structs.replace(given, **fields)
