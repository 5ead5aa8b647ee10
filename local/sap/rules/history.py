"""The history of a purchase order item: how much was received, how much was invoiced."""

from collections.abc import Iterator
from decimal import Decimal

from local.sap.backend import Backend
from local.sap.values import Row

# Goods movement types: receipt, its reversal, return delivery, its reversal (MA-P20).
_SIGNS = {"101": 1, "102": -1, "122": -1, "123": 1}
_ZERO = Decimal(0)


def received(backend: Backend, item: Row) -> Decimal:
    """Received quantity in the order unit, reversals and returns netted."""
    rows = backend.store.rows("A_MaterialDocumentItem")
    return sum((signed(row) for row in rows if _same_item(row, item)), _ZERO)


def signed(receipt: Row) -> Decimal:
    """Quantity of a goods movement with its sign."""
    return _SIGNS.get(receipt["GoodsMovementType"], 0) * Decimal(receipt["QuantityInEntryUnit"])


def invoiced(backend: Backend, item: Row) -> Decimal:
    """Invoiced quantity: posted invoices less credit memos, reversed ones aside (MA-P21)."""
    return sum((amount for _, amount in _postings(backend, item)), _ZERO)


def invoiced_of_receipt(backend: Backend, item: Row, receipt: Row) -> Decimal:
    """Invoiced quantity of one goods receipt item."""
    wanted = receipt_key(receipt)
    return sum(
        (amount for row, amount in _postings(backend, item) if reference_key(row) == wanted),
        _ZERO,
    )


def receipt_key(receipt: Row) -> tuple[str, str, str]:
    """Document, year and item of a goods receipt."""
    return (
        receipt["MaterialDocument"],
        receipt["MaterialDocumentYear"],
        receipt["MaterialDocumentItem"],
    )


def reference_key(invoice_item: Row) -> tuple[str, str, str]:
    """The goods receipt item that an invoice item names."""
    return (
        invoice_item["ReferenceDocument"],
        invoice_item["ReferenceDocumentFiscalYear"],
        invoice_item["ReferenceDocumentItem"],
    )


def _postings(backend: Backend, item: Row) -> Iterator[tuple[Row, Decimal]]:
    for row in backend.store.rows("A_SuplrInvcItemPurOrdRef"):
        if _same_item(row, item):
            yield row, _counted(backend, row)


def _counted(backend: Backend, row: Row) -> Decimal:
    header = backend.find(
        "A_SupplierInvoice", SupplierInvoice=row["SupplierInvoice"], FiscalYear=row["FiscalYear"]
    )
    assert header is not None, "items are stored with their header"
    if header["SupplierInvoiceStatus"] != "5" or header["IsReversed"] or header["IsReversal"]:
        return _ZERO
    if row["IsSubsequentDebitCredit"] or row["SuplrInvcDeliveryCostCndnType"]:
        return _ZERO
    quantity = Decimal(row["QuantityInPurchaseOrderUnit"])
    return -quantity if header["SupplierInvoiceIsCreditMemo"] else quantity


def _same_item(row: Row, item: Row) -> bool:
    return all(row[name] == item[name] for name in ("PurchaseOrderItem", "PurchaseOrder"))
