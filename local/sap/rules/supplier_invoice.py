"""Supplier invoices: deep create, Post, Release, Cancel, deletion of a parked one.

A posted invoice is never changed; correction is Cancel and a new create.
"""

from collections.abc import Sequence
from decimal import Decimal

from local.sap.backend import Backend, Outcome
from local.sap.errors import CLOSED_FOR_INVOICES, Detail, ours
from local.sap.payload import Payload, complete
from local.sap.rules.checks import check_period
from local.sap.rules.history import invoiced, received
from local.sap.rules.invoice_checks import (
    DELETED,
    POSTED,
    STATUSES,
    check_accounts,
    check_balance,
    check_duplicate,
    check_header,
    check_items,
    order_item_of,
    tax_of,
)
from local.sap.values import Row, day_json, day_of

HEADER = "A_SupplierInvoice"
ITEM = "A_SuplrInvcItemPurOrdRef"
ACCOUNT_ITEM = "A_SupplierInvoiceItemGLAcct"
TAX = "A_SupplierInvoiceTax"
_FIRST_NUMBER = 5105600101
_QUANTITY_BLOCK = "R"


def create(payload: Payload, backend: Backend) -> Outcome:
    """Post or park an invoice with its items and tax lines; nothing is stored on a refusal."""
    store = backend.store
    header = complete(store.entity_set(HEADER), payload.given)
    items = payload.children.get("to_SuplrInvcItemPurOrdRef", [])
    check_header(payload.given, header, backend)
    check_items(header, items, backend)
    accounts = payload.children.get("to_SupplierInvoiceItemGLAcct", [])
    check_accounts(header, accounts)
    every = [*items, *accounts]
    taxes = tax_of(header, every, payload.children.get("to_SupplierInvoiceTax", []))
    check_balance(header, every, taxes)
    check_duplicate(header, backend)
    header["SupplierInvoiceStatus"] = STATUSES[header["SupplierInvoiceStatus"]]
    if header["SupplierInvoiceStatus"] == POSTED:
        check_period(header["PostingDate"], CLOSED_FOR_INVOICES, backend)
    _number(header, backend)
    header["AccountingDocumentType"] = header["AccountingDocumentType"] or "RE"
    store.insert(HEADER, header)
    rows = [_item(header, item, backend) for item in items]
    for row in rows:
        store.insert(ITEM, row)
    for account in accounts:
        store.insert(ACCOUNT_ITEM, _account_item(header, account, backend))
    for row in _taxes(header, taxes, backend):
        store.insert(TAX, row)
    outcome = Outcome(created=[(HEADER, header)])
    if header["SupplierInvoiceStatus"] == POSTED:
        _post_to_orders(header, rows, backend, outcome)
    return outcome


def post(parameters: Row, backend: Backend) -> Outcome:
    """Post a parked invoice, after the checks of today."""
    header, items = _document(parameters, backend)
    if header["SupplierInvoiceStatus"] == POSTED:
        raise ours(50, "The invoice is posted already")
    check_items(header, items, backend)
    check_duplicate(header, backend)
    check_period(header["PostingDate"], CLOSED_FOR_INVOICES, backend)
    header["SupplierInvoiceStatus"] = POSTED
    outcome = Outcome(changed=[(HEADER, header)], result={"Success": True})
    _post_to_orders(header, items, backend, outcome)
    return outcome


def release(parameters: Row, backend: Backend) -> Outcome:
    """Take the payment block off a posted invoice."""
    header, _ = _document(parameters, backend)
    if header["SupplierInvoiceStatus"] != POSTED or not header["PaymentBlockingReason"]:
        raise ours(51, "The invoice is not blocked for payment")
    header["PaymentBlockingReason"] = ""
    return Outcome(changed=[(HEADER, header)], result={"Success": True})


def cancel(parameters: Row, backend: Backend) -> Outcome:
    """Reverse a posted invoice by a new document whose amounts are positive too (MA-P21)."""
    header, items = _document(parameters, backend)
    if header["SupplierInvoiceStatus"] != POSTED or header["IsReversed"] or header["IsReversal"]:
        raise ours(52, "Only a posted invoice that is not reversed can be cancelled")
    if not parameters["ReversalReason"] or parameters["PostingDate"] is None:
        raise ours(53, "Enter a reversal reason and a posting date")
    check_period(parameters["PostingDate"], CLOSED_FOR_INVOICES, backend)
    reversal = header | {
        "PostingDate": parameters["PostingDate"],
        "SupplierInvoiceIsCreditMemo": "" if header["SupplierInvoiceIsCreditMemo"] else "X",
        "IsReversal": True,
        "ReverseDocument": header["SupplierInvoice"],
        "ReverseDocumentFiscalYear": header["FiscalYear"],
    }
    _number(reversal, backend)
    key = {name: reversal[name] for name in ("SupplierInvoice", "FiscalYear")}
    backend.store.insert(HEADER, reversal)
    for item in items:
        backend.store.insert(ITEM, item | key)
    header["IsReversed"] = True
    header["ReverseDocument"] = reversal["SupplierInvoice"]
    header["ReverseDocumentFiscalYear"] = reversal["FiscalYear"]
    result = {
        "ReverseDocument": reversal["SupplierInvoice"],
        "FiscalYear": reversal["FiscalYear"],
        "Success": True,
    }
    return Outcome([(HEADER, reversal)], [(HEADER, header)], result=result)


def delete(header: Row, _backend: Backend) -> Outcome:
    """Mark a parked invoice as deleted, as SAP keeps its number; a posted one stays for ever."""
    if header["SupplierInvoiceStatus"] == POSTED:
        raise ours(54, "A posted invoice cannot be deleted, only cancelled")
    _require_there(header)
    header["SupplierInvoiceStatus"] = DELETED
    return Outcome(changed=[(HEADER, header)])


def _require_there(header: Row) -> None:
    if header["SupplierInvoiceStatus"] == DELETED:
        raise ours(56, "The supplier invoice is deleted")


def _document(parameters: Row, backend: Backend) -> tuple[Row, list[Row]]:
    key = {name: parameters[name] for name in ("SupplierInvoice", "FiscalYear")}
    header = backend.find(HEADER, **key)
    if header is None:
        raise ours(55, "The supplier invoice does not exist")
    _require_there(header)
    return header, backend.store.under(ITEM, backend.store.key_of(HEADER, header))


def _number(header: Row, backend: Backend) -> None:
    """The next number and the fiscal year, which is the calendar year here."""
    number = backend.store.next_number(HEADER, "SupplierInvoice", _FIRST_NUMBER)
    header["SupplierInvoice"] = number
    header["FiscalYear"] = str(day_of(header["PostingDate"]).year)
    header["CreationDate"] = day_json(backend.now().date())


def _item(header: Row, item: Row, backend: Backend) -> Row:
    order_item = order_item_of(item, backend)
    assert order_item is not None, "checked before"
    unit = order_item["PurchaseOrderQuantityUnit"]
    filled = {
        "SupplierInvoice": header["SupplierInvoice"],
        "FiscalYear": header["FiscalYear"],
        "DocumentCurrency": header["DocumentCurrency"],
        "PurchaseOrderQuantityUnit": unit,
        "PurchaseOrderPriceUnit": order_item["OrderPriceUnit"] or unit,
        "QtyInPurchaseOrderPriceUnit": _in_price_unit(item, order_item),
        "Plant": order_item["Plant"],
    }
    stored = item | {"QuantityInPurchaseOrderUnit": _short(item["QuantityInPurchaseOrderUnit"])}
    return complete(backend.store.entity_set(ITEM), filled | stored)


def _account_item(header: Row, item: Row, backend: Backend) -> Row:
    names = ("SupplierInvoice", "FiscalYear", "DocumentCurrency")
    filled = {name: header[name] for name in names}
    return complete(backend.store.entity_set(ACCOUNT_ITEM), filled | item)


def _in_price_unit(item: Row, order_item: Row) -> str:
    numerator = Decimal(order_item["OrderPriceUnitToOrderUnitNmrtr"]) or Decimal(1)
    denominator = Decimal(order_item["OrdPriceUnitToOrderUnitDnmntr"]) or Decimal(1)
    quantity = Decimal(item["QuantityInPurchaseOrderUnit"]) * numerator / denominator
    return _short(str(quantity.quantize(Decimal("0.001"))))


def _short(quantity: str) -> str:
    """Quantities come back without trailing zeros."""
    return format(Decimal(quantity).normalize(), "f")


def _taxes(header: Row, taxes: Sequence[Row], backend: Backend) -> list[Row]:
    return [
        complete(
            backend.store.entity_set(TAX),
            {"DocumentCurrency": header["DocumentCurrency"]}
            | tax
            | {
                "SupplierInvoice": header["SupplierInvoice"],
                "FiscalYear": header["FiscalYear"],
                "SupplierInvoiceTaxCounter": str(n),
            },
        )
        for n, tax in enumerate(taxes, start=1)
    ]


def _post_to_orders(header: Row, items: Sequence[Row], backend: Backend, outcome: Outcome) -> None:
    """Set final invoice flags; block the payment where more is invoiced than came (DQ, DW)."""
    for item in items:
        order_item = order_item_of(item, backend)
        assert order_item is not None, "checked before"
        if item["IsFinallyInvoiced"]:
            order_item["IsFinallyInvoiced"] = True
            outcome.changed.append(("A_PurchaseOrderItem", order_item))
        if _exceeds(order_item, backend):
            header["PaymentBlockingReason"] = _QUANTITY_BLOCK
            outcome.warnings.append(
                Detail("ZLOCAL_SAP/060", "Quantity variance: blocked for payment", "warning")
            )


def _exceeds(order_item: Row, backend: Backend) -> bool:
    if Decimal(order_item["OverallLimitAmount"]) > 0:
        return False
    expected = (
        received(backend, order_item)
        if order_item["GoodsReceiptIsExpected"]
        else Decimal(order_item["OrderQuantity"])
    )
    return invoiced(backend, order_item) > expected
