"""OASIS UBL 2.x Invoice and CreditNote, as EN 16931-3-2 binds them, to the canonical invoice.

Peppol BIS and PINT, XRechnung, NLCIUS, EHF, the French extension and the Danish OIOUBL 2 are all
UBL; where one of them means something else by a name, the code says so.
"""

from msgspec.structs import replace

from sapmatch.model.invoice import Invoice, InvoiceReference
from sapmatch.reading.codes import invoice_type, order_references
from sapmatch.reading.einvoice.elements import Element
from sapmatch.reading.einvoice.ubl.lines import lines
from sapmatch.reading.einvoice.ubl.parties import delivered_to, party, payee
from sapmatch.reading.einvoice.ubl.payment import due_date, payment
from sapmatch.reading.einvoice.ubl.sums import allowances_charges, taxes, with_totals
from sapmatch.reading.einvoice.xml import Node
from sapmatch.reading.findings import Findings

_TYPE = "InvoiceTypeCode|CreditNoteTypeCode"
_PROJECT, _OBJECT = "50", "130"  # UNTDID 1001: what an AdditionalDocumentReference refers to


def read_ubl(root: Node, found: Findings) -> Invoice:
    """The invoice under an Invoice or CreditNote root."""
    unread = Element(root, found)
    currency = unread.text("currency", "DocumentCurrencyCode")
    document = unread.in_currency(currency)
    code = document.text("type", _TYPE)
    invoice = Invoice(
        number=document.text("number", "ID"),
        issue_date=document.day("issue_date", "IssueDate"),
        due_date=due_date(document),
        type=invoice_type(code, found, credit=root.name == "CreditNote"),
        type_code=document.text("type_code", _TYPE),
        currency=currency,
        tax_currency=document.text("tax_currency", "TaxCurrencyCode"),
        tax_point=document.hint("tax_point", "TaxPointDate"),
        period=document.period("InvoicePeriod", "StartDate", "EndDate"),
        notes=document.texts("notes", "Note"),
        profile=document.text("profile", "CustomizationID"),
        taxes=taxes(document, currency),
        allowances_charges=tuple(allowances_charges(document)),
        lines=tuple(lines(document)),
    )
    invoice = with_totals(invoice, document)
    return _with_references(_with_parties(invoice, document), document)


def _with_parties(invoice: Invoice, document: Element) -> Invoice:
    paid = payment(document)
    return replace(
        invoice,
        seller=party(document.one("AccountingSupplierParty/Party", "seller")),
        buyer=party(document.one("AccountingCustomerParty/Party", "buyer")),
        payee=payee(document.one("PayeeParty", "payee")),
        delivered_to=delivered_to(document.one("Delivery", "delivered_to")),
        delivery_date=document.hint("delivery_date", "Delivery/ActualDeliveryDate"),
        payment=paid,
        iban=paid.accounts[0].iban if paid.accounts else None,
    )


def _with_references(invoice: Invoice, document: Element) -> Invoice:
    order = document.reference("order_references", "OrderReference/ID")
    return replace(
        invoice,
        order_references=order_references(order, *(line.order_reference for line in invoice.lines)),
        sales_order_reference=document.reference(
            "sales_order_reference", "OrderReference/SalesOrderID"
        ),
        buyer_reference=document.text("buyer_reference", "BuyerReference"),
        contract_reference=document.reference("contract_reference", "ContractDocumentReference/ID"),
        project_reference=document.reference("project_reference", "ProjectReference/ID")
        or _additional(document, "project_reference", _PROJECT),
        delivery_note=document.reference("delivery_note", "DespatchDocumentReference/ID"),
        receiving_advice=document.reference("receiving_advice", "ReceiptDocumentReference/ID"),
        invoiced_object=_additional(document, "invoiced_object", _OBJECT),
        accounting_reference=document.text("accounting_reference", "AccountingCost"),
        preceding_invoices=_preceding(document),
    )


def _additional(document: Element, field: str, type: str) -> str | None:
    for reference in document.all("AdditionalDocumentReference"):
        if reference.code("DocumentTypeCode") == type:
            return reference.reference(field, "ID")
    return None


def _preceding(document: Element) -> tuple[InvoiceReference, ...]:
    path = "BillingReference/InvoiceDocumentReference|CreditNoteDocumentReference"
    return tuple(
        InvoiceReference(number=number, issue_date=reference.hint("issue_date", "IssueDate"))
        for reference in document.all(path, "preceding_invoices")
        if (number := reference.reference("number", "ID"))
    )
