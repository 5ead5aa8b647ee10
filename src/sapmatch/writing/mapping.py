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
_BLOCKED: Record = {"PaymentBlockingReason": "R"}
_STANDARD = "S"  # tax category; rows without one are taken for it
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
    carries a marker made from the document id. A decision with a payment block gets it in every
    status, parked ones for the day they are posted. Raises InputRejected where a field is missing,
    an item has no quantity (MA-P67) or the amounts do not balance (MA-P68).
    """
    _require(invoice)
    assert invoice.currency
    assert invoice.issue_date
    assert invoice.total is not None
    currency = invoice.currency
    items = [
        _item(number, share, rate, orders, invoice, company)
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
        **(_BLOCKED if decision.payment_block else {}),
        **_delivery_cost(invoice, items, company),
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
    invoice: Invoice,
    company: CompanyCode,
) -> _Item:
    currency = invoice.currency or ""
    where = f"item {share.order}/{share.item}"
    ordered = _ordered(where, share, orders)
    if _quantity(share.quantity) in ("0", "-0"):
        raise InputRejected(f"{where}: has no quantity, and SAP refuses items without (M8/186)")
    tax_code = _tax_code(invoice, rate, company) or ordered.tax_code
    if not tax_code:
        raise _no_tax_code(where, invoice, rate)
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


def _tax_code(invoice: Invoice, rate: Decimal | None, company: CompanyCode) -> str | None:
    """What the company code's table says of category and rate; a rate alone is a standard rate."""
    category = _category(invoice, rate)
    listed = {_entry(text): code for text, code in company.tax_codes.items()}
    if rate is None and category == _STANDARD:
        return None
    exact = listed.get((category, rate or ZERO))
    return exact or (listed.get(("", rate or ZERO)) if category == _STANDARD else None)


def _entry(text: str) -> tuple[str, Decimal | None]:
    """Category and rate of a name in tax_codes: "AE:0", or "19" of no category."""
    category, _, rate = text.rpartition(":")
    try:
        return category.strip().upper(), Decimal(rate)
    except InvalidOperation:
        return category, None


def _category(invoice: Invoice, rate: Decimal | None) -> str:
    """The tax category (UNTDID 5305) of a rate in the breakdown; lines name their rate only.

    Several are joined, as in AE/E: no table can tell then which line has which.
    """
    found = {part.category or _STANDARD for part in invoice.taxes if _same(part.rate, rate)}
    return "/".join(sorted(found)) or _STANDARD


def _same(one: Decimal | None, other: Decimal | None) -> bool:
    """Without a rate means without tax: exempt rows may show either."""
    return (one or ZERO) == (other or ZERO)


def _no_tax_code(where: str, invoice: Invoice, rate: Decimal | None) -> InputRejected:
    category = _category(invoice, rate)
    name = f"{rate or 0}" if category == _STANDARD else f"{category}:{rate or 0}"
    return InputRejected(
        f"{where}: {rate or 0} % tax of category {category} has no tax code; add "
        f'"{name}" to tax_codes of the company code, or a tax code to the order item'
    )


def _code_of(
    invoice: Invoice, rate: Decimal | None, items: Iterable[_Item], company: CompanyCode
) -> str | None:
    """The tax code of a rate: from the table, else from the items that have it."""
    listed = _tax_code(invoice, rate, company)
    if listed:
        return listed
    codes = {item.tax_code for item in items if _same(item.rate, rate)}
    if len(codes) > 1:
        raise InputRejected(
            f"invoice: {rate or 0} % tax has several tax codes in the order; enter it by hand"
        )
    return codes.pop() if codes else None


def _taxes(
    invoice: Invoice, items: Iterable[_Item], company: CompanyCode
) -> dict[str, tuple[Decimal, Decimal]]:
    """Tax code -> tax and its base."""
    if not invoice.taxes:
        return _single_tax(invoice, {item.tax_code for item in items})
    sums: dict[str, tuple[Decimal, Decimal]] = {}
    for part in invoice.taxes:
        code = _code_of(invoice, part.rate, items, company)
        if code is None:
            raise _no_tax_code("invoice", invoice, part.rate)
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


def _delivery_cost(invoice: Invoice, items: Iterable[_Item], company: CompanyCode) -> Record:
    """Charges of the document, which the order does not know, as unplanned delivery cost."""
    charges = [part for part in invoice.allowances_charges if part.is_charge]
    if not charges:
        return {}
    rate = charges[0].tax_rate
    if any(part.tax_rate != rate for part in charges):
        raise InputRejected(
            "invoice: its charges have several tax rates; SAP takes one unplanned delivery cost "
            "with one tax code: enter it by hand"
        )
    code = _code_of(invoice, rate, items, company)
    if code is None and rate is not None:
        raise _no_tax_code("charge", invoice, rate)
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
