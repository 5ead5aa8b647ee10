"""UN/CEFACT Cross Industry Invoice, as EN 16931-3-3 binds it, to the canonical invoice."""

from msgspec.structs import replace

from sapmatch.model.invoice import Invoice, InvoiceReference
from sapmatch.reading.codes import invoice_type, order_references
from sapmatch.reading.einvoice.cii.lines import lines
from sapmatch.reading.einvoice.cii.names import (
    AGREEMENT,
    CONTEXT,
    DAY,
    DELIVERY,
    DESPATCH_ADVICE,
    DOCUMENT,
    REFERENCE,
    SETTLEMENT,
)
from sapmatch.reading.einvoice.cii.parties import optional_party, party
from sapmatch.reading.einvoice.cii.payment import payment
from sapmatch.reading.einvoice.cii.sums import allowances_charges, freight, taxes, with_totals
from sapmatch.reading.einvoice.elements import Element
from sapmatch.reading.einvoice.xml import Node
from sapmatch.reading.findings import Findings

_OBJECT = "130"  # UNTDID 1001: what an AdditionalReferencedDocument refers to


def read_cii(root: Node, found: Findings) -> Invoice:
    """The invoice under a CrossIndustryInvoice or CrossIndustryDocument root."""
    unread = Element(root, found)
    currency = unread.text("currency", f"{SETTLEMENT}/InvoiceCurrencyCode")
    document = unread.in_currency(currency)
    settlement = document.one(SETTLEMENT)
    due = f"SpecifiedTradePaymentTerms/DueDateDateTime/{DAY}"
    reduced = tuple(allowances_charges(settlement, "SpecifiedTradeAllowanceCharge"))
    invoice = Invoice(
        number=document.text("number", f"{DOCUMENT}/ID"),
        issue_date=document.day("issue_date", f"{DOCUMENT}/IssueDateTime/{DAY}"),
        due_date=settlement.day("due_date", due),
        type=invoice_type(document.text("type", f"{DOCUMENT}/TypeCode"), found),
        type_code=document.text("type_code", f"{DOCUMENT}/TypeCode"),
        currency=currency,
        tax_currency=settlement.text("tax_currency", "TaxCurrencyCode"),
        tax_point=settlement.hint("tax_point", f"ApplicableTradeTax/TaxPointDate/{DAY}"),
        period=settlement.period(
            "BillingSpecifiedPeriod", f"StartDateTime/{DAY}", f"EndDateTime/{DAY}"
        ),
        notes=document.texts("notes", f"{DOCUMENT}/IncludedNote/Content"),
        profile=document.text(
            "profile", f"{CONTEXT}/GuidelineSpecifiedDocumentContextParameter/ID"
        ),
        taxes=taxes(settlement),
        allowances_charges=reduced + tuple(freight(settlement, len(reduced))),
        lines=tuple(lines(document)),
    )
    return _with_references(_with_parties(with_totals(invoice, document), document), document)


def _with_parties(invoice: Invoice, document: Element) -> Invoice:
    agreement, delivery = document.one(AGREEMENT), document.one(DELIVERY)
    settlement = document.one(SETTLEMENT)
    paid = payment(settlement)
    delivered = f"ActualDeliverySupplyChainEvent/OccurrenceDateTime/{DAY}"
    return replace(
        invoice,
        seller=party(agreement.one("SellerTradeParty", "seller")),
        buyer=party(agreement.one("BuyerTradeParty", "buyer")),
        payee=optional_party(settlement.one("PayeeTradeParty", "payee")),
        delivered_to=optional_party(delivery.one("ShipToTradeParty", "delivered_to")),
        delivery_date=delivery.hint("delivery_date", delivered),
        payment=paid,
        iban=paid.accounts[0].iban if paid.accounts else None,
    )


def _with_references(invoice: Invoice, document: Element) -> Invoice:
    agreement, delivery = document.one(AGREEMENT), document.one(DELIVERY)
    settlement = document.one(SETTLEMENT)
    order = agreement.reference("order_references", f"BuyerOrderReferencedDocument/{REFERENCE}")
    return replace(
        invoice,
        order_references=order_references(order, *(line.order_reference for line in invoice.lines)),
        sales_order_reference=agreement.reference(
            "sales_order_reference", f"SellerOrderReferencedDocument/{REFERENCE}"
        ),
        buyer_reference=agreement.text("buyer_reference", "BuyerReference"),
        contract_reference=agreement.reference(
            "contract_reference", f"ContractReferencedDocument/{REFERENCE}"
        ),
        project_reference=agreement.reference("project_reference", "SpecifiedProcuringProject/ID"),
        delivery_note=delivery.reference("delivery_note", f"{DESPATCH_ADVICE}/{REFERENCE}"),
        receiving_advice=delivery.reference(
            "receiving_advice", f"ReceivingAdviceReferencedDocument/{REFERENCE}"
        ),
        invoiced_object=_invoiced_object(agreement),
        accounting_reference=settlement.text(
            "accounting_reference", "ReceivableSpecifiedTradeAccountingAccount/ID"
        ),
        preceding_invoices=_preceding(settlement),
    )


def _invoiced_object(agreement: Element) -> str | None:
    for reference in agreement.all("AdditionalReferencedDocument"):
        if reference.code("TypeCode") == _OBJECT:
            return reference.reference("invoiced_object", REFERENCE)
    return None


def _preceding(settlement: Element) -> tuple[InvoiceReference, ...]:
    issued = f"FormattedIssueDateTime|IssueDateTime/{DAY}"
    return tuple(
        InvoiceReference(number=number, issue_date=reference.hint("issue_date", issued))
        for reference in settlement.all("InvoiceReferencedDocument", "preceding_invoices")
        if (number := reference.reference("number", REFERENCE))
    )
