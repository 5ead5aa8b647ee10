"""A world as files: orders as `sapmatch extract` writes them, and the invoices with their truth.

`python -m benchmarks.matching.rows FOLDER ITEMS INVOICES` writes what `sapmatch match --orders
FOLDER` reads, and invoices.jsonl: one generated invoice a line, with state, orders and items.
"""

import sys
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import msgspec

from benchmarks.matching.world import World, world
from sapmatch.model.order import GoodsReceipt, Order, OrderItem, PostedInvoice, Posting

Row = dict[str, Any]


def main() -> None:
    """Make a world and write it."""
    folder, items, invoices = Path(sys.argv[1]), *map(int, sys.argv[2:4])
    write(world(items, invoices), folder)


def write(made: World, folder: Path) -> None:
    """One NDJSON file per entity set, and the samples."""
    folder.mkdir(parents=True, exist_ok=True)
    for name, rows in entity_sets(made).items():
        _lines(folder / f"{name}.ndjson", rows)
    _lines(folder / "invoices.jsonl", made.samples)


def entity_sets(made: World) -> dict[str, Iterable[Row]]:
    """Rows by entity set, with SAP's field names and the values of OData V2."""
    items = [(order, item) for order in made.orders for item in order.items]
    postings = [(order, item, posting) for order, item in items for posting in item.postings]
    return {
        "A_PurchaseOrder": map(_order, made.orders),
        "A_PurchaseOrderItem": (_item(order, item) for order, item in items),
        "A_MaterialDocumentItem": (
            _receipt(order, item, receipt) for order, item in items for receipt in item.receipts
        ),
        "A_SupplierInvoice": [
            *map(_head, made.posted),
            *(_head_of(order, posting) for order, _, posting in postings),
        ],
        "A_SuplrInvcItemPurOrdRef": (_posting(*posting) for posting in postings),
        "A_Supplier": _suppliers(made.orders),
    }


def _order(order: Order) -> Row:
    return {
        "PurchaseOrder": order.id,
        "CompanyCode": order.company_code,
        "Supplier": order.partner,
        "InvoicingParty": order.invoicing_party or "",
        "DocumentCurrency": order.currency,
        "PurchaseOrderDate": str(order.order_date),
        "ReleaseIsNotCompleted": not order.released,
    }


def _item(order: Order, item: OrderItem) -> Row:
    return {
        "PurchaseOrder": order.id,
        "PurchaseOrderItem": item.id,
        "PurchaseOrderItemText": item.text,
        "Material": item.material or "",
        "SupplierMaterialNumber": item.partner_material or "",
        "OrderQuantity": str(item.quantity),
        "PurchaseOrderQuantityUnit": item.unit,
        "NetPriceAmount": str(item.net_price),
        "NetPriceQuantity": str(item.price_quantity),
        "OrderPriceUnit": item.price_unit or "",
        "OrderPriceUnitToOrderUnitNmrtr": str(item.price_unit_numerator),
        "OrdPriceUnitToOrderUnitDnmntr": str(item.price_unit_denominator),
        "GoodsReceiptIsExpected": item.receipt_expected,
        "InvoiceIsGoodsReceiptBased": item.receipt_based,
        "EvaldRcptSettlmtIsAllowed": item.evaluated_receipt_settlement,
        "IsFinallyInvoiced": item.finally_invoiced,
        "PurchasingDocumentDeletionCode": "L" if item.deleted else "",
        "OverallLimitAmount": str(item.overall_limit or 0),
    }


def _receipt(order: Order, item: OrderItem, receipt: GoodsReceipt) -> Row:
    return {
        "MaterialDocument": receipt.material_document,
        "MaterialDocumentYear": receipt.year,
        "MaterialDocumentItem": receipt.item,
        "GoodsMovementType": "101" if receipt.quantity > 0 else "122",
        "PurchaseOrder": order.id,
        "PurchaseOrderItem": item.id,
        "QuantityInEntryUnit": str(abs(receipt.quantity)),
        "EntryUnit": item.unit,
        "PostingDate": str(receipt.posting_date),
    }


def _posting(order: Order, item: OrderItem, posting: Posting) -> Row:
    return {
        "SupplierInvoice": posting.supplier_invoice,
        "FiscalYear": posting.fiscal_year,
        "SupplierInvoiceItem": posting.item,
        "PurchaseOrder": order.id,
        "PurchaseOrderItem": item.id,
        "QuantityInPurchaseOrderUnit": str(posting.quantity),
        "SupplierInvoiceItemAmount": str(posting.amount),
        "ReferenceDocument": posting.material_document or "",
        "ReferenceDocumentFiscalYear": posting.material_document_year or "0",
        "ReferenceDocumentItem": posting.material_document_item or "0",
    }


def _head(posted: PostedInvoice) -> Row:
    return {
        "SupplierInvoice": posted.supplier_invoice,
        "FiscalYear": posted.fiscal_year,
        "CompanyCode": posted.company_code,
        "InvoicingParty": posted.invoicing_party,
        "SupplierInvoiceIDByInvcgParty": posted.reference,
        "DocumentDate": str(posted.document_date),
        "DocumentCurrency": posted.currency,
        "InvoiceGrossAmount": str(posted.gross),
        "IsReversed": posted.reversed,
    }


def _head_of(order: Order, posting: Posting) -> Row:
    """Every earlier posting of ours is an invoice of its own."""
    return {
        "SupplierInvoice": posting.supplier_invoice,
        "FiscalYear": posting.fiscal_year,
        "CompanyCode": order.company_code,
        "InvoicingParty": order.partner,
        "SupplierInvoiceIDByInvcgParty": posting.reference,
        "DocumentDate": f"{posting.fiscal_year}-03-01",
        "DocumentCurrency": order.currency,
        "InvoiceGrossAmount": str(posting.amount),
    }


def _suppliers(orders: Iterable[Order]) -> list[Row]:
    named: dict[str, tuple[str | None, str | None]] = {}
    for order in orders:
        named[order.partner] = (order.partner_name, order.partner_vat_id)
    for order in orders:
        if order.invoicing_party:
            other = (order.invoicing_party_name, order.invoicing_party_vat_id)
            named.setdefault(order.invoicing_party, other)
    return [
        {"Supplier": number, "SupplierName": name or "", "VATRegistration": vat_id or ""}
        for number, (name, vat_id) in sorted(named.items())
    ]


def _lines(file: Path, rows: Iterable[Any]) -> None:
    with file.open("wb") as output:
        for row in rows:
            output.write(msgspec.json.encode(row) + b"\n")


if __name__ == "__main__":
    main()
