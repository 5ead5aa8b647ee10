"""Lines of a UBL document."""

from collections.abc import Iterator

from msgspec.structs import replace

from sapmatch.model.invoice import InvoiceLine
from sapmatch.reading.einvoice.elements import Element
from sapmatch.reading.einvoice.ubl.sums import allowances_charges, category

_QUANTITY = "InvoicedQuantity|CreditedQuantity"
_TAX = "Item/ClassifiedTaxCategory"
_EARLIER_TAX = "TaxTotal/TaxSubtotal/TaxCategory"  # of a line, in UBL before EN 16931
_RATES = (f"{_TAX}/Percent", f"{_EARLIER_TAX}/Percent", "TaxTotal/TaxSubtotal/Percent")


def lines(document: Element) -> Iterator[InvoiceLine]:
    """The invoice lines (BG-25); lines below a line explain it and are left out."""
    for index, line in enumerate(document.all("InvoiceLine|CreditNoteLine", "lines")):
        yield _priced(_line(line, str(index + 1)), line)


def _line(line: Element, place: str) -> InvoiceLine:
    order = "OrderLineReference"
    return InvoiceLine(
        id=line.text("id", "ID") or place,
        description=line.text("description", "Item/Name")
        or line.text("description", "Item/Description"),
        note=line.text("note", "Note"),
        quantity=line.number("quantity", _QUANTITY),
        unit=line.text("unit", _QUANTITY, "unitCode"),
        net=line.amount("net", "LineExtensionAmount"),
        allowances_charges=tuple(allowances_charges(line)),
        tax_category=category(line, _TAX) or category(line, _EARLIER_TAX),
        tax_rate=line.first_number("tax_rate", *_RATES),
        period=line.period("InvoicePeriod", "StartDate", "EndDate"),
        order_reference=line.reference("order_reference", f"{order}/OrderReference/ID"),
        order_item=line.reference("order_item", f"{order}/LineID"),
        delivery_note=line.reference("delivery_note", "DespatchLineReference/DocumentReference/ID"),
        accounting_reference=line.text("accounting_reference", "AccountingCost"),
        seller_item_id=line.text("seller_item_id", "Item/SellersItemIdentification/ID"),
        buyer_item_id=line.text("buyer_item_id", "Item/BuyersItemIdentification/ID"),
        standard_item_id=line.text("standard_item_id", "Item/StandardItemIdentification/ID"),
    )


def _priced(billed: InvoiceLine, line: Element) -> InvoiceLine:
    price = line.one("Price")
    reduction = price.one("AllowanceCharge")
    discount = reduction.amount("price_discount", "Amount")
    return replace(
        billed,
        unit_price=price.amount("unit_price", "PriceAmount"),
        price_base_quantity=price.number("price_base_quantity", "BaseQuantity"),
        gross_price=reduction.amount("gross_price", "BaseAmount"),
        price_discount=-discount if discount and reduction.yes("ChargeIndicator") else discount,
    )
