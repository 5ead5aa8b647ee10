"""OASIS UBL 2.1 Invoice and CreditNote, as EN 16931-3-2 binds them, to the canonical invoice."""

from decimal import Decimal

from sapmatch.model.invoice import (
    AllowanceCharge,
    Invoice,
    InvoiceLine,
    InvoiceReference,
    Party,
    TaxSubtotal,
)
from sapmatch.reading.codes import invoice_type, order_references
from sapmatch.reading.findings import Findings
from sapmatch.reading.xml import Node

_TOTALS = "LegalMonetaryTotal|RequestedMonetaryTotal"
_MEANS = "PaymentMeans"


def read_ubl(root: Node, found: Findings) -> Invoice:
    """The invoice under an Invoice or CreditNote root."""
    currency = found.text(root, "DocumentCurrencyCode", "currency")
    lines = tuple(
        _line(node, index, found)
        for index, node in enumerate(root.all("InvoiceLine|CreditNoteLine"))
    )
    header_order = found.text(root, "OrderReference/ID", "order_references")
    return Invoice(
        number=found.text(root, "ID", "number"),
        issue_date=found.day(root, "IssueDate", "issue_date"),
        due_date=found.day(root, "DueDate", "due_date")
        or found.day(root, f"{_MEANS}/PaymentDueDate", "due_date"),
        type=invoice_type(
            found.text(root, "InvoiceTypeCode|CreditNoteTypeCode", "type"),
            found,
            credit=root.name == "CreditNote",
        ),
        currency=currency,
        net=found.amount(root, f"{_TOTALS}/TaxExclusiveAmount", "net"),
        tax=_tax(root, currency, found),
        total=found.amount(root, f"{_TOTALS}/TaxInclusiveAmount", "total"),
        prepaid=found.amount(root, f"{_TOTALS}/PrepaidAmount", "prepaid"),
        rounding=found.amount(root, f"{_TOTALS}/PayableRoundingAmount", "rounding"),
        payable=found.amount(root, f"{_TOTALS}/PayableAmount", "payable"),
        iban=found.text(root, f"{_MEANS}/PayeeFinancialAccount/ID", "iban"),
        seller=_party(root, "AccountingSupplierParty/Party", "seller", found),
        buyer=_party(root, "AccountingCustomerParty/Party", "buyer", found),
        order_references=order_references(header_order, *(line.order_reference for line in lines)),
        sales_order_reference=found.text(
            root, "OrderReference/SalesOrderID", "sales_order_reference"
        ),
        buyer_reference=found.text(root, "BuyerReference", "buyer_reference"),
        contract_reference=found.text(root, "ContractDocumentReference/ID", "contract_reference"),
        delivery_note=found.text(root, "DespatchDocumentReference/ID", "delivery_note"),
        preceding_invoices=_preceding(root, "BillingReference/InvoiceDocumentReference/ID", found),
        taxes=_taxes(root, currency, found),
        allowances_charges=_allowances_charges(root, found),
        lines=lines,
    )


def _tax_total(root: Node, currency: str | None) -> Node | None:
    """The tax in the invoice's currency: a second one may stand in the accounting currency."""
    totals = root.all("TaxTotal")
    for total in totals:
        amount = total.one("TaxAmount")
        if amount and amount.attribute("currencyID") == currency:
            return total
    return totals[0] if totals else None


def _tax(root: Node, currency: str | None, found: Findings) -> Decimal | None:
    total = _tax_total(root, currency)
    return found.amount(total, "TaxAmount", "tax") if total else None


def _taxes(root: Node, currency: str | None, found: Findings) -> tuple[TaxSubtotal, ...]:
    total = _tax_total(root, currency)
    rows = total.all("TaxSubtotal") if total else []
    return tuple(
        TaxSubtotal(
            category=row.text("TaxCategory/ID"),
            rate=found.amount(row, "TaxCategory/Percent", f"taxes[{index}].rate"),
            basis=basis,
            amount=amount,
        )
        for index, row in enumerate(rows)
        if (basis := found.amount(row, "TaxableAmount", f"taxes[{index}].basis")) is not None
        and (amount := found.amount(row, "TaxAmount", f"taxes[{index}].amount")) is not None
    )


def _party(root: Node, path: str, field: str, found: Findings) -> Party:
    party = root.one(path)
    if party is None:
        return Party()
    return Party(
        name=found.text(party, "PartyLegalEntity/RegistrationName", f"{field}.name")
        or found.text(party, "PartyName/Name", f"{field}.name"),
        vat_id=_registration(party, vat=True),
        tax_id=_registration(party, vat=False),
        country=party.text("PostalAddress/Country/IdentificationCode"),
    )


def _registration(party: Node, *, vat: bool) -> str | None:
    for scheme in party.all("PartyTaxScheme"):
        name = (scheme.text("TaxScheme/ID") or "").upper()
        if (name == "VAT") == vat:
            return scheme.text("CompanyID")
    return None


def _allowances_charges(root: Node, found: Findings) -> tuple[AllowanceCharge, ...]:
    return tuple(
        AllowanceCharge(
            is_charge=node.text("ChargeIndicator") in ("true", "1"),
            amount=amount,
            reason=node.text("AllowanceChargeReason"),
            tax_rate=found.amount(
                node, "TaxCategory/Percent", f"allowances_charges[{index}].tax_rate"
            ),
        )
        for index, node in enumerate(root.all("AllowanceCharge"))
        if (amount := found.amount(node, "Amount", f"allowances_charges[{index}].amount"))
        is not None
    )


def _line(node: Node, index: int, found: Findings) -> InvoiceLine:
    field = f"lines[{index}]"
    quantity = node.one("InvoicedQuantity|CreditedQuantity")
    return InvoiceLine(
        id=node.text("ID") or str(index + 1),
        description=node.text("Item/Name") or node.text("Item/Description"),
        quantity=found.amount(node, "InvoicedQuantity|CreditedQuantity", f"{field}.quantity"),
        unit=quantity.attribute("unitCode") if quantity else None,
        unit_price=found.amount(node, "Price/PriceAmount", f"{field}.unit_price"),
        price_base_quantity=found.amount(
            node, "Price/BaseQuantity", f"{field}.price_base_quantity"
        ),
        net=found.amount(node, "LineExtensionAmount", f"{field}.net"),
        tax_rate=found.amount(node, "Item/ClassifiedTaxCategory/Percent", f"{field}.tax_rate"),
        order_reference=node.text("OrderLineReference/OrderReference/ID"),
        order_item=node.text("OrderLineReference/LineID"),
        seller_item_id=node.text("Item/SellersItemIdentification/ID"),
        buyer_item_id=node.text("Item/BuyersItemIdentification/ID"),
        standard_item_id=node.text("Item/StandardItemIdentification/ID"),
    )


def _preceding(root: Node, path: str, found: Findings) -> tuple[InvoiceReference, ...]:
    number = found.text(root, path, "preceding_invoices")
    return (InvoiceReference(number=number),) if number else ()
