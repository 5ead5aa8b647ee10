"""Lines of a Cross Industry Invoice."""

from collections.abc import Iterator
from decimal import Decimal

from msgspec.structs import replace

from sapmatch.model.invoice import InvoiceLine
from sapmatch.reading.einvoice.cii.names import (
    DAY,
    DESPATCH_ADVICE,
    LINE,
    LINE_AGREEMENT,
    LINE_DELIVERY,
    LINE_SETTLEMENT,
    LINE_SUMS,
    RATE,
    REFERENCE,
)
from sapmatch.reading.einvoice.cii.sums import allowances_charges
from sapmatch.reading.einvoice.elements import Element
from sapmatch.reading.einvoice.xml import Node

_ABOUT = "AssociatedDocumentLineDocument"
_PRODUCT = "SpecifiedTradeProduct"
# Factur-X EXTENDED, BT-X-8: the first two explain others and are not part of the sum.
_NO_AMOUNT = ("GROUP", "INFORMATION")
_DETAIL = "DETAIL"


def lines(document: Element) -> Iterator[InvoiceLine]:
    """The lines that bill something: a line without product only carries a note, and one below a
    billed line explains it (XRechnung extension)."""
    headings = {line.code(f"{_ABOUT}/LineID") for line in document.all(LINE, where=_is_heading)}

    def bills(node: Node) -> bool:
        parent = node.text(f"{_ABOUT}/ParentLineID")
        explains = parent and parent not in headings and _status(node) != _DETAIL
        return not explains and not _is_heading(node) and node.one(_PRODUCT) is not None

    for index, line in enumerate(document.all(LINE, "lines", bills)):
        yield _with_tax(_priced(_line(line, str(index + 1)), line), line)


def _is_heading(node: Node) -> bool:
    return _status(node) in _NO_AMOUNT


def _status(node: Node) -> str | None:
    return node.text(f"{_ABOUT}/LineStatusReasonCode")


def _line(line: Element, place: str) -> InvoiceLine:
    order = f"{LINE_AGREEMENT}/BuyerOrderReferencedDocument"
    quantity = f"{LINE_DELIVERY}/BilledQuantity"
    return InvoiceLine(
        id=line.text("id", f"{_ABOUT}/LineID") or place,
        description=line.text("description", f"{_PRODUCT}/Name")
        or line.text("description", f"{_PRODUCT}/Description"),
        note=line.text("note", f"{_ABOUT}/IncludedNote/Content"),
        quantity=line.number("quantity", quantity),
        unit=line.text("unit", quantity, "unitCode"),
        order_reference=line.reference("order_reference", f"{order}/{REFERENCE}"),
        order_item=line.reference("order_item", f"{order}/LineID"),
        delivery_note=line.reference(
            "delivery_note", f"{LINE_DELIVERY}/{DESPATCH_ADVICE}/{REFERENCE}"
        ),
        seller_item_id=line.text("seller_item_id", f"{_PRODUCT}/SellerAssignedID"),
        buyer_item_id=line.text("buyer_item_id", f"{_PRODUCT}/BuyerAssignedID"),
        standard_item_id=line.text("standard_item_id", f"{_PRODUCT}/GlobalID"),
    )


def _priced(billed: InvoiceLine, line: Element) -> InvoiceLine:
    net = line.one(f"{LINE_AGREEMENT}/NetPriceProductTradePrice")
    gross = line.one(f"{LINE_AGREEMENT}/GrossPriceProductTradePrice")
    return replace(
        billed,
        unit_price=net.amount("unit_price", "ChargeAmount"),
        price_base_quantity=net.number("price_base_quantity", "BasisQuantity")
        or gross.number("price_base_quantity", "BasisQuantity"),
        gross_price=gross.amount("gross_price", "ChargeAmount"),
        price_discount=_discount(gross),
    )


def _discount(gross: Element) -> Decimal | None:
    """BT-147: what is taken off the gross price, charges on it being negative."""
    items = gross.all("AppliedTradeAllowanceCharge")
    amounts = [
        -amount if item.yes("ChargeIndicator/Indicator") else amount
        for item in items
        if (amount := item.amount("price_discount", "ActualAmount")) is not None
    ]
    return sum(amounts, Decimal(0)) if amounts else None


def _with_tax(billed: InvoiceLine, line: Element) -> InvoiceLine:
    settlement = line.one(LINE_SETTLEMENT)
    return replace(
        billed,
        net=settlement.amount("net", f"{LINE_SUMS}/LineTotalAmount"),
        allowances_charges=tuple(allowances_charges(settlement, "SpecifiedTradeAllowanceCharge")),
        tax_category=settlement.text("tax_category", "ApplicableTradeTax/CategoryCode"),
        tax_rate=settlement.number("tax_rate", f"ApplicableTradeTax/{RATE}"),
        period=settlement.period(
            "BillingSpecifiedPeriod", f"StartDateTime/{DAY}", f"EndDateTime/{DAY}"
        ),
        accounting_reference=settlement.text(
            "accounting_reference", "ReceivableSpecifiedTradeAccountingAccount/ID"
        ),
    )
