"""A matched invoice as SAP's own records (reference: matching facts of the two services)."""

import base64
import hashlib
from collections.abc import Iterable, Mapping
from datetime import date
from decimal import ROUND_HALF_UP, Decimal, InvalidOperation
from typing import Literal

from msgspec import Struct

from sapmatch.model.errors import InputRejected, Problem
from sapmatch.model.intent import Record
from sapmatch.model.invoice import Invoice
from sapmatch.model.match import Decision, ItemShare
from sapmatch.model.money import rounded
from sapmatch.model.order import ZERO, Order, OrderItem
from sapmatch.model.policy import CompanyCode

REFERENCE_LENGTH = 16  # SupplierInvoiceIDByInvcgParty
_TEXT_LENGTHS = {
    "AssignmentReference": 18,
    "AccountingDocExternalReference": 16,
    "PurchaseOrderByCustomer": 35,
    "PurchaseOrderByShipToParty": 35,
}
# SupplierInvoiceStatus (data element RBSTAT): A parked, 5 posted; block R: invoice verification.
_STATUS: dict[str, Record] = {
    "parked": {"SupplierInvoiceStatus": "A"},
    "posted-blocked": {"SupplierInvoiceStatus": "5", "PaymentBlockingReason": "R"},
    "posted": {"SupplierInvoiceStatus": "5"},
}
_EPOCH = date(1970, 1, 1)
_DAY = 86_400_000  # milliseconds
_THOUSANDTH = Decimal("0.001")  # quantities are (13,3)


class _Item(Struct, frozen=True):
    """One item of the invoice in SAP, and the tax rate it was found by."""

    record: Record
    amount: Decimal
    rate: Decimal | None
    tax_code: str


def supplier_invoice(
    invoice: Invoice,
    decision: Decision,
    orders: Mapping[str, Order],
    company: CompanyCode,
    *,
    document_id: str,
    status: Literal["parked", "posted-blocked", "posted"],
    posting_date: date,
) -> Record:
    """The deep create of A_SupplierInvoice with items and taxes.

    Amounts with the currency's decimals, as strings; dates as V2 writes them. The header text
    carries a marker made from the document id. Raises InputRejected where a field is missing, an
    item has no quantity (MA-P67) or the amounts do not balance (MA-P68).
    """
    _require(invoice)
    assert invoice.currency
    assert invoice.issue_date
    assert invoice.total is not None
    currency = invoice.currency
    items = [
        _item(number, share, rate, orders, company, currency)
        for number, (share, rate) in enumerate(_shares(invoice, decision), start=1)
    ]
    taxes = _taxes(invoice, items, company)
    _balance(invoice, decision, items, taxes)
    return {
        "CompanyCode": decision.company_code,
        "DocumentDate": v2_date(invoice.issue_date),
        "PostingDate": v2_date(posting_date),
        "SupplierInvoiceIDByInvcgParty": supplier_reference(invoice),
        "InvoicingParty": _invoicing_party(decision, orders),
        "DocumentCurrency": currency,
        "InvoiceGrossAmount": _amount(invoice.total, currency),
        "DocumentHeaderText": marker(document_id),
        "SupplierInvoiceIsCreditMemo": "X" if invoice.type == "credit-note" else "",
        "TaxIsCalculatedAutomatically": False,
        **_STATUS[status],
        **_delivery_cost(invoice, company),
        "to_SuplrInvcItemPurOrdRef": [item.record for item in items],
        "to_SupplierInvoiceTax": [_tax(code, taxes[code], currency) for code in sorted(taxes)],
    }


def sales_order_change(field: str, invoice: Invoice) -> Record:
    """The invoice number in one header field of A_SalesOrder, cut to the field's length."""
    if not invoice.number:
        raise _missing(("number",))
    return {field: invoice.number[: _TEXT_LENGTHS.get(field, REFERENCE_LENGTH)]}


def supplier_reference(invoice: Invoice) -> str:
    """The invoice number as SAP keeps it: its first 16 characters."""
    return (invoice.number or "")[:REFERENCE_LENGTH]


def marker(document_id: str) -> str:
    """The header text by which a document of ours is recognised (25 characters at most)."""
    digest = hashlib.sha256(document_id.encode()).digest()
    return f"sapmatch {base64.b32encode(digest).decode()[:10]}"


def v2_date(day: date) -> str:
    """Edm.DateTime in V2 JSON: milliseconds since 1970 at midnight."""
    return f"/Date({(day - _EPOCH).days * _DAY})/"


def _require(invoice: Invoice) -> None:
    needed = ("number", "issue_date", "currency", "total")
    missing = tuple(name for name in needed if getattr(invoice, name) is None)
    if missing:
        raise _missing(missing)


def _missing(names: tuple[str, ...]) -> InputRejected:
    problems = [Problem(code="MISSING", message="is missing", field=name) for name in names]
    listing = ", ".join(names)
    return InputRejected(f"invoice: {listing} is missing; SAP takes no invoice without", problems)


def _shares(invoice: Invoice, decision: Decision) -> Iterable[tuple[ItemShare, Decimal | None]]:
    """Every share with the tax rate of its invoice line."""
    only = invoice.taxes[0].rate if len(invoice.taxes) == 1 else None
    rates = {line.id: line.tax_rate for line in invoice.lines}
    for line in decision.lines:
        rate = rates.get(line.line)
        for share in line.shares:
            yield share, only if rate is None else rate


def _item(
    number: int,
    share: ItemShare,
    rate: Decimal | None,
    orders: Mapping[str, Order],
    company: CompanyCode,
    currency: str,
) -> _Item:
    where = f"item {share.order}/{share.item}"
    ordered = _ordered(where, share, orders)
    if _quantity(share.quantity) in ("0", "-0"):
        raise InputRejected(f"{where}: has no quantity, and SAP refuses items without (M8/186)")
    tax_code = _tax_code(rate, company) or ordered.tax_code
    if not tax_code:
        shown = "no tax rate" if rate is None else f"{rate} % tax"
        raise InputRejected(
            f"{where}: has {shown} and no tax code; add it to tax_codes of the company code"
        )
    record = {
        "SupplierInvoiceItem": str(number),
        "PurchaseOrder": share.order,
        "PurchaseOrderItem": share.item,
        "TaxCode": tax_code,
        "DocumentCurrency": currency,
        "SupplierInvoiceItemAmount": _amount(share.amount, currency),
        "PurchaseOrderQuantityUnit": ordered.unit,
        "QuantityInPurchaseOrderUnit": _quantity(share.quantity),
        **_receipt(share),
    }
    return _Item(record, rounded(share.amount, currency), rate, tax_code)


def _ordered(where: str, share: ItemShare, orders: Mapping[str, Order]) -> OrderItem:
    order = orders.get(share.order)
    found = [item for item in order.items if item.id == share.item] if order else []
    if not found:
        raise InputRejected(f"{where}: is not among the orders of this match; decide anew")
    return found[0]


def _receipt(share: ItemShare) -> Record:
    """The receipt that is invoiced, where invoicing is based on it."""
    if share.material_document is None:
        return {}
    return {
        "ReferenceDocument": share.material_document,
        "ReferenceDocumentFiscalYear": share.material_document_year,
        "ReferenceDocumentItem": share.material_document_item,
    }


def _tax_code(rate: Decimal | None, company: CompanyCode) -> str | None:
    if rate is None:
        return None
    return next((code for text, code in company.tax_codes.items() if _is(text, rate)), None)


def _is(text: str, rate: Decimal) -> bool:
    try:
        return Decimal(text) == rate
    except InvalidOperation:
        return False


def _taxes(
    invoice: Invoice, items: Iterable[_Item], company: CompanyCode
) -> dict[str, tuple[Decimal, Decimal]]:
    """Tax code -> tax and its base."""
    codes = {item.rate: item.tax_code for item in items}
    if not invoice.taxes:
        return _single_tax(invoice, set(codes.values()))
    sums: dict[str, tuple[Decimal, Decimal]] = {}
    for part in invoice.taxes:
        code = _tax_code(part.rate, company) or codes.get(part.rate)
        if code is None:
            raise InputRejected(
                f"invoice: {part.rate} % tax has no tax code; add it to tax_codes of the company"
            )
        tax, base = sums.get(code, (ZERO, ZERO))
        sums[code] = (tax + part.amount, base + part.basis)
    return sums


def _single_tax(invoice: Invoice, codes: set[str]) -> dict[str, tuple[Decimal, Decimal]]:
    """The one tax of an invoice that does not break it down."""
    if not invoice.tax:
        return {}
    if len(codes) != 1:
        raise InputRejected("invoice: names one tax sum for several tax codes; enter it by hand")
    return {codes.pop(): (invoice.tax, (invoice.total or ZERO) - invoice.tax)}


def _tax(code: str, sums: tuple[Decimal, Decimal], currency: str) -> Record:
    return {
        "TaxCode": code,
        "DocumentCurrency": currency,
        "TaxAmount": _amount(sums[0], currency),
        "TaxBaseAmountInTransCrcy": _amount(sums[1], currency),
    }


def _charges(invoice: Invoice) -> Decimal:
    return sum((part.amount for part in invoice.allowances_charges if part.is_charge), ZERO)


def _delivery_cost(invoice: Invoice, company: CompanyCode) -> Record:
    """Charges of the document, which the order does not know, as unplanned delivery cost."""
    charges = [part for part in invoice.allowances_charges if part.is_charge]
    if not charges:
        return {}
    code = _tax_code(charges[0].tax_rate, company)
    cost: Record = {"UnplannedDeliveryCost": _amount(_charges(invoice), invoice.currency or "")}
    return cost | ({"UnplannedDeliveryCostTaxCode": code} if code else {})


def _balance(
    invoice: Invoice,
    decision: Decision,
    items: Iterable[_Item],
    taxes: Mapping[str, tuple[Decimal, Decimal]],
) -> None:
    """Gross = items + charges + tax, or off by no more than a BD check of the decision allowed."""
    currency = invoice.currency or ""
    gross = rounded(invoice.total or ZERO, currency)
    parts = sum((item.amount for item in items), _charges(invoice))
    parts += sum((rounded(tax, currency) for tax, _ in taxes.values()), ZERO)
    allowed = max(
        (c.limit for c in decision.tolerances if c.key == "BD" and c.verdict == "pass"),
        default=ZERO,
    )
    if abs(gross - parts) > allowed:
        raise InputRejected(
            "invoice: gross is not items plus tax; SAP would refuse it (M8/186). "
            "Enter it by hand, or widen tolerance BD of the company code"
        )


def _invoicing_party(decision: Decision, orders: Mapping[str, Order]) -> str:
    found = [orders[order_id] for order_id in decision.orders if order_id in orders]
    parties = {order.invoicing_party or order.partner for order in found}
    if len(parties) != 1:
        raise InputRejected(
            "invoice: its orders name no single invoicing party; SAP takes one per invoice"
        )
    return parties.pop()


def _amount(value: Decimal, currency: str) -> str:
    return format(rounded(value, currency), "f")


def _quantity(value: Decimal) -> str:
    """At most SAP's three decimals, and none that say nothing."""
    text = format(value.quantize(_THOUSANDTH, rounding=ROUND_HALF_UP), "f")
    return text.rstrip("0").rstrip(".")
