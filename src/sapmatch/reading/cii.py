"""UN/CEFACT Cross Industry Invoice to the canonical invoice.

D16B (Factur-X, ZUGFeRD 2, XRechnung) and ZUGFeRD 1.0, which has the same tree under older names:
a path therefore names both, the new one first.
"""

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

_DOCUMENT = "ExchangedDocument|HeaderExchangedDocument"
_TRADE = "SupplyChainTradeTransaction|SpecifiedSupplyChainTradeTransaction"
_AGREEMENT = f"{_TRADE}/ApplicableHeaderTradeAgreement|ApplicableSupplyChainTradeAgreement"
_DELIVERY = f"{_TRADE}/ApplicableHeaderTradeDelivery|ApplicableSupplyChainTradeDelivery"
_SETTLEMENT = f"{_TRADE}/ApplicableHeaderTradeSettlement|ApplicableSupplyChainTradeSettlement"
_SUMS = (
    f"{_SETTLEMENT}/SpecifiedTradeSettlementHeaderMonetarySummation"
    "|SpecifiedTradeSettlementMonetarySummation"
)
_PAYMENT = f"{_SETTLEMENT}/SpecifiedTradeSettlementPaymentMeans"
_REFERENCE = "IssuerAssignedID|ID"
_DAY = "DateTimeString|DateString"
_RATE = "RateApplicablePercent|ApplicablePercent"
_LINE_AGREEMENT = "SpecifiedLineTradeAgreement|SpecifiedSupplyChainTradeAgreement"
_LINE_DELIVERY = "SpecifiedLineTradeDelivery|SpecifiedSupplyChainTradeDelivery"
_LINE_SETTLEMENT = "SpecifiedLineTradeSettlement|SpecifiedSupplyChainTradeSettlement"
_LINE_SUMS = (
    "SpecifiedTradeSettlementLineMonetarySummation|SpecifiedTradeSettlementMonetarySummation"
)
_NET_PRICE = f"{_LINE_AGREEMENT}/NetPriceProductTradePrice"
_QUANTITY = f"{_LINE_DELIVERY}/BilledQuantity"
# Factur-X EXTENDED, BT-X-8: such lines explain others and are not part of the sum.
_NO_AMOUNT = ("GROUP", "INFORMATION")


def read_cii(root: Node, found: Findings) -> Invoice:
    """The invoice under a CrossIndustryInvoice or CrossIndustryDocument root."""
    currency = found.text(root, f"{_SETTLEMENT}/InvoiceCurrencyCode", "currency")
    lines = tuple(_line(node, index, found) for index, node in enumerate(_billed(root)))
    header_order = found.text(
        root, f"{_AGREEMENT}/BuyerOrderReferencedDocument/{_REFERENCE}", "order_references"
    )
    return Invoice(
        number=found.text(root, f"{_DOCUMENT}/ID", "number"),
        issue_date=found.day(root, f"{_DOCUMENT}/IssueDateTime/{_DAY}", "issue_date"),
        due_date=found.day(
            root, f"{_SETTLEMENT}/SpecifiedTradePaymentTerms/DueDateDateTime/{_DAY}", "due_date"
        ),
        type=invoice_type(found.text(root, f"{_DOCUMENT}/TypeCode", "type"), found),
        currency=currency,
        net=found.amount(root, f"{_SUMS}/TaxBasisTotalAmount", "net"),
        tax=_tax(root, currency, found),
        total=found.amount(root, f"{_SUMS}/GrandTotalAmount", "total"),
        prepaid=found.amount(root, f"{_SUMS}/TotalPrepaidAmount", "prepaid"),
        rounding=found.amount(root, f"{_SUMS}/RoundingAmount", "rounding"),
        payable=found.amount(root, f"{_SUMS}/DuePayableAmount", "payable"),
        iban=found.text(root, f"{_PAYMENT}/PayeePartyCreditorFinancialAccount/IBANID", "iban"),
        seller=_party(root, f"{_AGREEMENT}/SellerTradeParty", "seller", found),
        buyer=_party(root, f"{_AGREEMENT}/BuyerTradeParty", "buyer", found),
        order_references=order_references(header_order, *(line.order_reference for line in lines)),
        sales_order_reference=found.text(
            root,
            f"{_AGREEMENT}/SellerOrderReferencedDocument/{_REFERENCE}",
            "sales_order_reference",
        ),
        buyer_reference=found.text(root, f"{_AGREEMENT}/BuyerReference", "buyer_reference"),
        contract_reference=found.text(
            root, f"{_AGREEMENT}/ContractReferencedDocument/{_REFERENCE}", "contract_reference"
        ),
        delivery_note=_delivery_note(root, found),
        preceding_invoices=_preceding(
            root, f"{_SETTLEMENT}/InvoiceReferencedDocument/{_REFERENCE}", found
        ),
        taxes=_taxes(root, found),
        allowances_charges=_allowances_charges(root, found) + _logistics(root, found),
        lines=lines,
    )


def _tax(root: Node, currency: str | None, found: Findings) -> Decimal | None:
    """BT-110; a second amount may stand beside it in the accounting currency (BT-111)."""
    path = f"{_SUMS}/TaxTotalAmount"
    for node in root.all(path):
        if node.attribute("currencyID") == currency:
            return found.amount(node, "", "tax")
    return found.amount(root, path, "tax")


def _delivery_note(root: Node, found: Findings) -> str | None:
    path = "DespatchAdviceReferencedDocument|DeliveryNoteReferencedDocument"
    return found.text(root, f"{_DELIVERY}/{path}/{_REFERENCE}", "delivery_note")


def _party(root: Node, path: str, field: str, found: Findings) -> Party:
    party = root.one(path)
    if party is None:
        return Party()
    return Party(
        name=found.text(party, "Name", f"{field}.name"),
        vat_id=_registration(party, "VA"),
        tax_id=_registration(party, "FC"),
        country=party.text("PostalTradeAddress/CountryID"),
    )


def _registration(party: Node, scheme: str) -> str | None:
    for node in party.all("SpecifiedTaxRegistration/ID"):
        if node.attribute("schemeID") == scheme:
            return node.text()
    return None


def _taxes(root: Node, found: Findings) -> tuple[TaxSubtotal, ...]:
    return tuple(
        TaxSubtotal(
            category=row.text("CategoryCode"),
            rate=found.amount(row, _RATE, f"taxes[{index}].rate"),
            basis=basis,
            amount=amount,
        )
        for index, row in enumerate(root.all(f"{_SETTLEMENT}/ApplicableTradeTax"))
        if (basis := found.amount(row, "BasisAmount", f"taxes[{index}].basis")) is not None
        and (amount := found.amount(row, "CalculatedAmount", f"taxes[{index}].amount")) is not None
    )


def _allowances_charges(root: Node, found: Findings) -> tuple[AllowanceCharge, ...]:
    nodes = root.all(f"{_SETTLEMENT}/SpecifiedTradeAllowanceCharge")
    return tuple(
        AllowanceCharge(
            is_charge=node.text("ChargeIndicator/Indicator") in ("true", "1"),
            amount=amount,
            reason=node.text("Reason"),
            tax_rate=found.amount(
                node, f"CategoryTradeTax/{_RATE}", f"allowances_charges[{index}].tax_rate"
            ),
        )
        for index, node in enumerate(nodes)
        if (amount := found.amount(node, "ActualAmount", f"allowances_charges[{index}].amount"))
        is not None
    )


def _logistics(root: Node, found: Findings) -> tuple[AllowanceCharge, ...]:
    """Freight of ZUGFeRD and Factur-X EXTENDED: a charge under a name of its own."""
    nodes = root.all(f"{_SETTLEMENT}/SpecifiedLogisticsServiceCharge")
    return tuple(
        AllowanceCharge(
            is_charge=True,
            amount=amount,
            reason=node.text("Description"),
            tax_rate=found.amount(node, f"AppliedTradeTax/{_RATE}", f"logistics[{index}].tax_rate"),
        )
        for index, node in enumerate(nodes)
        if (amount := found.amount(node, "AppliedAmount", f"logistics[{index}].amount")) is not None
    )


def _billed(root: Node) -> list[Node]:
    """The lines that bill something: a line without product only carries a note."""
    return [
        node
        for node in root.all(f"{_TRADE}/IncludedSupplyChainTradeLineItem")
        if node.one("SpecifiedTradeProduct")
        and node.text("AssociatedDocumentLineDocument/LineStatusReasonCode") not in _NO_AMOUNT
    ]


def _line(node: Node, index: int, found: Findings) -> InvoiceLine:
    field = f"lines[{index}]"
    quantity = node.one(_QUANTITY)
    order = f"{_LINE_AGREEMENT}/BuyerOrderReferencedDocument"
    return InvoiceLine(
        id=node.text("AssociatedDocumentLineDocument/LineID") or str(index + 1),
        description=node.text("SpecifiedTradeProduct/Name")
        or node.text("SpecifiedTradeProduct/Description"),
        quantity=found.amount(node, _QUANTITY, f"{field}.quantity"),
        unit=quantity.attribute("unitCode") if quantity else None,
        unit_price=found.amount(node, f"{_NET_PRICE}/ChargeAmount", f"{field}.unit_price"),
        price_base_quantity=found.amount(
            node, f"{_NET_PRICE}/BasisQuantity", f"{field}.price_base_quantity"
        ),
        net=found.amount(node, f"{_LINE_SETTLEMENT}/{_LINE_SUMS}/LineTotalAmount", f"{field}.net"),
        tax_rate=found.amount(
            node, f"{_LINE_SETTLEMENT}/ApplicableTradeTax/{_RATE}", f"{field}.tax_rate"
        ),
        order_reference=node.text(f"{order}/{_REFERENCE}"),
        order_item=node.text(f"{order}/LineID"),
        seller_item_id=node.text("SpecifiedTradeProduct/SellerAssignedID"),
        buyer_item_id=node.text("SpecifiedTradeProduct/BuyerAssignedID"),
        standard_item_id=node.text("SpecifiedTradeProduct/GlobalID"),
    )


def _preceding(root: Node, path: str, found: Findings) -> tuple[InvoiceReference, ...]:
    number = found.text(root, path, "preceding_invoices")
    return (InvoiceReference(number=number),) if number else ()
