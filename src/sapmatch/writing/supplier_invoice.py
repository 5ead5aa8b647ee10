"""A matched invoice as SAP's own records (reference: matching facts of the two services)."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from decimal import ROUND_HALF_UP, Decimal
from typing import Literal

from msgspec import Struct

from sapmatch.model.errors import InputRejected, Problem
from sapmatch.model.intent import Record
from sapmatch.model.invoice import Invoice
from sapmatch.model.match import Decision, ItemShare, LineMatch
from sapmatch.model.money import rounded
from sapmatch.model.order import ZERO, Order, OrderItem
from sapmatch.model.policy import CompanyCode
from sapmatch.writing.marker import marker
from sapmatch.writing.taxes import Item, code_of, no_tax_code, same_rate, tax_code_of, taxes_of

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
_EPOCH = date(1970, 1, 1)
_DAY = 86_400_000  # milliseconds
_THOUSANDTH = Decimal("0.001")  # quantities are (13,3)


class _Cost(Struct, frozen=True):
    """A delivery cost without tax, and its tax rate."""

    amount: Decimal
    rate: Decimal | None


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
    status, parked ones for the day they are posted. What no order item covers is unplanned delivery
    cost, or an item on the company code's account (MA-P38). Raises InputRejected where a field is
    missing, an item has no quantity (MA-P67) or the amounts do not balance (MA-P68).
    """
    _require(invoice)
    assert invoice.currency
    items = [
        _item(number, share, rate, orders, invoice, company)
        for number, (share, rate) in enumerate(_shares(invoice, decision), start=1)
    ]
    accounts = _account_items(invoice, decision, items, company)
    every = [*items, *accounts]
    costs = _costs(invoice, decision)
    taxes = taxes_of(invoice, every, company)
    _balance(invoice, decision, [item.amount for item in every] + [c.amount for c in costs], taxes)
    return {
        **_header(invoice, decision, orders, document_id, posting_date),
        **_STATUS[status],
        **(_BLOCKED if decision.payment_block else {}),
        **_delivery_cost(invoice, costs, every, company),
        "to_SuplrInvcItemPurOrdRef": [item.record for item in items],
        **({"to_SupplierInvoiceItemGLAcct": [i.record for i in accounts]} if accounts else {}),
        "to_SupplierInvoiceTax": [
            _tax(code, taxes[code], invoice.currency) for code in sorted(taxes)
        ],
    }


def _header(
    invoice: Invoice,
    decision: Decision,
    orders: Mapping[str, Order],
    document_id: str,
    posting_date: date,
) -> Record:
    assert invoice.currency
    assert invoice.issue_date
    assert invoice.total is not None
    return {
        "CompanyCode": decision.company_code,
        "DocumentDate": v2_date(invoice.issue_date),
        "PostingDate": v2_date(posting_date),
        "SupplierInvoiceIDByInvcgParty": supplier_reference(invoice),
        "InvoicingParty": _invoicing_party(decision, orders),
        "DocumentCurrency": invoice.currency,
        "InvoiceGrossAmount": _amount(invoice.total, invoice.currency),
        "DocumentHeaderText": marker(document_id),
        "SupplierInvoiceIsCreditMemo": "X" if invoice.type == "credit-note" else "",
        "TaxIsCalculatedAutomatically": False,
    }


def sales_order_change(field: str, invoice: Invoice) -> Record:
    """The invoice number in one header field of A_SalesOrder, cut to the field's length."""
    if not _is_given(invoice.number):
        raise _missing(("number",))
    assert invoice.number
    return {field: invoice.number.strip()[: _TEXT_LENGTHS.get(field, REFERENCE_LENGTH)]}


def supplier_reference(invoice: Invoice) -> str:
    """The invoice number without blanks around it, as SAP keeps it: 16 characters (MA-P49)."""
    return (invoice.number or "").strip()[:REFERENCE_LENGTH].rstrip()


def v2_date(day: date) -> str:
    """Edm.DateTime in V2 JSON: milliseconds since 1970 at midnight."""
    return f"/Date({(day - _EPOCH).days * _DAY})/"


def _require(invoice: Invoice) -> None:
    needed = ("number", "issue_date", "currency", "total")
    missing = tuple(name for name in needed if not _is_given(getattr(invoice, name)))
    if missing:
        raise _missing(missing)


def _is_given(value: object) -> bool:
    return bool(value.strip()) if isinstance(value, str) else value is not None


def _missing(names: tuple[str, ...]) -> InputRejected:
    problems = [Problem(code="MISSING", message="is missing", field=name) for name in names]
    listing = ", ".join(names)
    return InputRejected(f"invoice: {listing} is missing; SAP takes no invoice without", problems)


def _shares(invoice: Invoice, decision: Decision) -> Iterable[tuple[ItemShare, Decimal | None]]:
    """Every share with the tax rate of its invoice line."""
    rates = _rates(invoice, decision)
    for line in decision.lines:
        for share in line.shares:
            yield share, rates[line.line]


def _rates(invoice: Invoice, decision: Decision) -> dict[str, Decimal | None]:
    """Tax rates of the lines; the only one of the document where a line names none."""
    only = invoice.taxes[0].rate if len(invoice.taxes) == 1 else None
    named = {line.id: line.tax_rate for line in invoice.lines}
    rates = {line.line: named.get(line.line) for line in decision.lines}
    return {line: only if rate is None else rate for line, rate in rates.items()}


def _account_items(
    invoice: Invoice, decision: Decision, items: Sequence[Item], company: CompanyCode
) -> list[Item]:
    """Lines on the company code's G/L account; they are numbered on their own."""
    rates = _rates(invoice, decision)
    wanted = [ln for ln in decision.lines if ln.unplanned and ln.unplanned.kind == "account"]
    if wanted and not company.unplanned_account:
        raise InputRejected(
            f"line {wanted[0].line}: belongs to no order item, and SAP takes it on a G/L account "
            "only; add unplanned_account to the company code, or enter the invoice by hand"
        )
    return [
        _account_item(number, line, rates[line.line], items, invoice, decision, company)
        for number, line in enumerate(wanted, start=1)
    ]


def _account_item(
    number: int,
    line: LineMatch,
    rate: Decimal | None,
    items: Sequence[Item],
    invoice: Invoice,
    decision: Decision,
    company: CompanyCode,
) -> Item:
    assert line.unplanned
    currency = invoice.currency or ""
    tax_code = code_of(invoice, rate, items, company)
    if tax_code is None:
        raise no_tax_code(f"line {line.line}", invoice, rate)
    record: Record = {
        "SupplierInvoiceItem": str(number),
        "CompanyCode": decision.company_code,
        "GLAccount": company.unplanned_account,
        "DebitCreditCode": "H" if invoice.type == "credit-note" else "S",
        "DocumentCurrency": currency,
        "SupplierInvoiceItemAmount": _amount(line.unplanned.amount, currency),
        "TaxCode": tax_code,
    }
    if company.unplanned_cost_center:
        record["CostCenter"] = company.unplanned_cost_center
    return Item(record, rounded(line.unplanned.amount, currency), rate, tax_code)


def _item(
    number: int,
    share: ItemShare,
    rate: Decimal | None,
    orders: Mapping[str, Order],
    invoice: Invoice,
    company: CompanyCode,
) -> Item:
    currency = invoice.currency or ""
    where = f"item {share.order}/{share.item}"
    ordered = _ordered(where, share, orders)
    if _quantity(share.quantity) in ("0", "-0"):
        raise InputRejected(f"{where}: has no quantity, and SAP refuses items without (M8/186)")
    tax_code = tax_code_of(invoice, rate, company) or ordered.tax_code
    if not tax_code:
        raise no_tax_code(where, invoice, rate)
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
    return Item(record, rounded(share.amount, currency), rate, tax_code)


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


def _tax(code: str, sums: tuple[Decimal, Decimal], currency: str) -> Record:
    return {
        "TaxCode": code,
        "DocumentCurrency": currency,
        "TaxAmount": _amount(sums[0], currency),
        "TaxBaseAmountInTransCrcy": _amount(sums[1], currency),
    }


def _costs(invoice: Invoice, decision: Decision) -> list[_Cost]:
    """Charges of the document, and lines that bill a delivery, which the order does not know."""
    rates = _rates(invoice, decision)
    charges = [c for c in invoice.allowances_charges if c.is_charge]
    lines = [ln for ln in decision.lines if ln.unplanned and ln.unplanned.kind == "delivery_cost"]
    return [
        *(_Cost(charge.amount, charge.tax_rate) for charge in charges),
        *(_Cost(ln.unplanned.amount, rates[ln.line]) for ln in lines if ln.unplanned),
    ]


def _delivery_cost(
    invoice: Invoice, costs: Sequence[_Cost], items: Iterable[Item], company: CompanyCode
) -> Record:
    """All of them as the one unplanned delivery cost that SAP takes."""
    if not costs:
        return {}
    rate = costs[0].rate
    if any(not same_rate(cost.rate, rate) for cost in costs):
        raise InputRejected(
            "invoice: its delivery costs have several tax rates; SAP takes one unplanned delivery "
            "cost with one tax code: enter it by hand"
        )
    code = code_of(invoice, rate, items, company)
    if code is None and rate is not None:
        raise no_tax_code("charge", invoice, rate)
    total = sum((cost.amount for cost in costs), ZERO)
    cost: Record = {"UnplannedDeliveryCost": _amount(total, invoice.currency or "")}
    return cost | ({"UnplannedDeliveryCostTaxCode": code} if code else {})


def _balance(
    invoice: Invoice,
    decision: Decision,
    amounts: Iterable[Decimal],
    taxes: Mapping[str, tuple[Decimal, Decimal]],
) -> None:
    """Gross = items + delivery costs + tax, or off by no more than a BD check allowed."""
    currency = invoice.currency or ""
    gross = rounded(invoice.total or ZERO, currency)
    parts = sum(amounts, ZERO)
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
