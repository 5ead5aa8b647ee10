"""Rows of material documents and supplier invoices as facts."""

from collections.abc import Callable, Iterator
from decimal import Decimal

from sapmatch.extracting.facts.line import Line
from sapmatch.extracting.fields import Row
from sapmatch.model.facts import (
    Gone,
    InvoiceHead,
    InvoiceItem,
    Movement,
    MovementHead,
    Reversed,
    Version,
    document_number,
    invoice_item_key,
    movement_key,
)
from sapmatch.model.ledger import SubjectKind
from sapmatch.model.order import PostedInvoice

# Movement types that change what may be invoiced on a purchase order: receipt and its reversal,
# return delivery and its reversal.
_RECEIVED = frozenset({"101", "105", "123", "162"})
_RETURNED = frozenset({"102", "106", "122", "161"})
_MEASURED = (("EntryUnit", "QuantityInEntryUnit"), ("MaterialBaseUnit", "QuantityInBaseUnit"))
# SupplierInvoiceStatus (data element RBSTAT)
_DELETED = "2"
_HELD = frozenset({"C", "D"})


def _movement(row: Row, version: Version) -> Iterator[Line]:
    """Nothing for what no order is received by: a document is not changed any more."""
    movement = row.text("GoodsMovementType")
    order = row.joint("PurchaseOrder")
    if order:
        row.require("GoodsMovementType")
    if not order or movement not in _RECEIVED | _RETURNED:
        return
    out = {"S": False, "H": True}.get(row.text("DebitCreditCode"), movement in _RETURNED)
    reversed_document = row.reference("ReversedMaterialDocument")
    fact = Movement(
        version=version,
        document=row.needed("MaterialDocument"),
        year=row.text("MaterialDocumentYear"),
        item=row.text("MaterialDocumentItem"),
        order=order,
        order_item=row.joint("PurchaseOrderItem"),
        quantities=tuple((unit, -moved if out else moved) for unit, moved in _measured(row)),
        cancelled=row.flag("GoodsMovementIsCancelled"),
        reverses=_reversed(row) if reversed_document else "",
        posting_date=row.day("PostingDate"),
        delivery_note=row.words("ReferenceDocument"),
    )
    yield _of_document(row, fact, order)


def _measured(row: Row) -> Iterator[tuple[str, Decimal]]:
    """What was moved, by unit; in one of them it must be there."""
    known = [(unit, field) for unit, field in _MEASURED if row.given(unit) and row.given(field)]
    if not known:
        row.require(*_MEASURED[0])
    return ((row.text(unit), row.number_of(field)) for unit, field in known)


def _reversed(row: Row) -> str:
    return movement_key(
        row.text("ReversedMaterialDocument"),
        row.text("ReversedMaterialDocumentYear"),
        row.text("ReversedMaterialDocumentItem"),
    )


def _movement_head(row: Row, version: Version) -> Iterator[Line]:
    fact = MovementHead(
        version=version,
        document=row.needed("MaterialDocument"),
        year=row.text("MaterialDocumentYear"),
        posting_date=row.day("PostingDate"),
        delivery_note=row.words("ReferenceDocument"),
    )
    yield _of_document(row, fact)


def _invoice_head(row: Row, version: Version) -> Iterator[Line]:
    fact = InvoiceHead(
        version=version,
        invoice=row.needed("SupplierInvoice"),
        year=row.text("FiscalYear"),
        posted=None if _is_none(row) else _posted(row),
        items=_listed(row),
    )
    yield _of_invoice(row, fact)
    if row.reference("ReverseDocument"):
        invoice, year = row.text("ReverseDocument"), row.text("ReverseDocumentFiscalYear")
        other = Reversed(version=version, invoice=invoice, year=year)
        yield Line(kind="supplier_invoice", number=document_number(invoice, year), fact=other)


def _posted(row: Row) -> PostedInvoice:
    return PostedInvoice(
        supplier_invoice=row.needed("SupplierInvoice"),
        fiscal_year=row.text("FiscalYear"),
        company_code=row.needed("CompanyCode"),
        invoicing_party=row.text("InvoicingParty"),
        reference=row.words("SupplierInvoiceIDByInvcgParty"),
        document_date=row.needed_day("DocumentDate"),
        currency=row.currency("DocumentCurrency"),
        gross=_gross(row),
        credit_memo=bool(row.text("SupplierInvoiceIsCreditMemo")),
        reversed=_is_void(row),
    )


def _gross(row: Row) -> Decimal:
    row.require("InvoiceGrossAmount")
    return row.number_of("InvoiceGrossAmount")


def _is_void(row: Row) -> bool:
    """Reversed, or a reversal: either names the other one."""
    return (
        row.flag("IsReversed") or row.flag("IsReversal") or bool(row.reference("ReverseDocument"))
    )


def _is_none(row: Row) -> bool:
    """Deleted, or held before date and currency were known."""
    status = row.text("SupplierInvoiceStatus")
    known = row.text("DocumentDate") and row.text("DocumentCurrency")
    return status == _DELETED or (status in _HELD and not known)


def _listed(row: Row) -> tuple[str, ...] | None:
    if not row.expanded("to_SuplrInvcItemPurOrdRef"):
        return None
    fields = ("SupplierInvoiceItem", "PurchaseOrder", "PurchaseOrderItem")
    found = []
    for record in row.nested("to_SuplrInvcItemPurOrdRef"):
        item, order, place = (str(record.get(name) or "").strip().lstrip("0") for name in fields)
        found.append(f"{item}@{order}/{place}")
    return tuple(sorted(found))


def _invoice_item(row: Row, version: Version) -> Iterator[Line]:
    """An item without an order item is gone from the order that it may have named before."""
    order, order_item = row.joint("PurchaseOrder"), row.joint("PurchaseOrderItem")
    invoice, year = row.needed("SupplierInvoice"), row.text("FiscalYear")
    item = row.text("SupplierInvoiceItem")
    if not (order and order_item):
        yield _of_invoice(row, Gone(of=invoice_item_key(invoice, year, item), version=version))
        return
    subsequent = bool(row.text("IsSubsequentDebitCredit"))
    condition = row.text("SuplrInvcDeliveryCostCndnType")
    value_only = subsequent or bool(condition)
    row.require("SupplierInvoiceItemAmount")
    if not value_only:
        row.require("QuantityInPurchaseOrderUnit")
    fact = InvoiceItem(
        version=version,
        invoice=invoice,
        year=year,
        item=item,
        order=order,
        order_item=order_item,
        quantity=Decimal(0) if value_only else row.number_of("QuantityInPurchaseOrderUnit"),
        amount=row.number_of("SupplierInvoiceItemAmount"),
        material_document=row.reference("ReferenceDocument"),
        material_document_year=row.reference("ReferenceDocumentFiscalYear"),
        material_document_item=row.reference("ReferenceDocumentItem"),
        subsequent=subsequent,
        condition=condition,
    )
    yield _of_invoice(row, fact, order)


def _of_document(row: Row, fact: Movement | MovementHead | Gone, order: str = "") -> Line:
    number = document_number(row.text("MaterialDocument"), row.text("MaterialDocumentYear"))
    return Line(kind="material_document", number=number, fact=fact, about=_about(order))


def _of_invoice(row: Row, fact: InvoiceHead | InvoiceItem | Gone, order: str = "") -> Line:
    number = document_number(row.text("SupplierInvoice"), row.text("FiscalYear"))
    return Line(kind="supplier_invoice", number=number, fact=fact, about=_about(order))


def _about(order: str) -> tuple[SubjectKind, str] | None:
    return ("purchase_order", order) if order else None


def _movement_gone(row: Row, version: Version) -> Line:
    document, year = row.text("MaterialDocument"), row.text("MaterialDocumentYear")
    key = movement_key(document, year, row.text("MaterialDocumentItem"))
    return _of_document(row, Gone(of=key, version=version))


def _movement_head_gone(row: Row, version: Version) -> Line:
    number = document_number(row.text("MaterialDocument"), row.text("MaterialDocumentYear"))
    return _of_document(row, Gone(of=f"movement_head/{number}", version=version))


def _invoice_item_gone(row: Row, version: Version) -> Line:
    invoice, year = row.text("SupplierInvoice"), row.text("FiscalYear")
    key = invoice_item_key(invoice, year, row.text("SupplierInvoiceItem"))
    return _of_invoice(row, Gone(of=key, version=version))


def _invoice_head_gone(row: Row, version: Version) -> Line:
    number = document_number(row.text("SupplierInvoice"), row.text("FiscalYear"))
    return _of_invoice(row, Gone(of=f"invoice_head/{number}", version=version))


READERS: dict[str, Callable[[Row, Version], Iterator[Line]]] = {
    "A_MaterialDocumentHeader": _movement_head,
    "A_MaterialDocumentItem": _movement,
    "A_SupplierInvoice": _invoice_head,
    "A_SuplrInvcItemPurOrdRef": _invoice_item,
}
REMOVALS: dict[str, Callable[[Row, Version], Line]] = {
    "A_MaterialDocumentHeader": _movement_head_gone,
    "A_MaterialDocumentItem": _movement_gone,
    "A_SupplierInvoice": _invoice_head_gone,
    "A_SuplrInvcItemPurOrdRef": _invoice_item_gone,
}
