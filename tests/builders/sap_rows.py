"""Rows as SAP sends them, and the orders they make."""

from collections.abc import Iterable
from typing import Any

from sapmatch.extracting.orders import orders_from_rows
from sapmatch.model.order import Order, OrderItem, PostedInvoice
from sapmatch.model.policy import CompanyCode

COMPANIES = {
    "1010": CompanyCode(name="Example", currency="EUR", sales_organizations=("1010", "S-01"))
}


def orders_of(**rows: Iterable[Any]) -> tuple[list[Order], list[PostedInvoice]]:
    sets = {f"A_{name}": given for name, given in rows.items()}
    return orders_from_rows(sets, connection="s4", client="100", company_codes=COMPANIES)


def head_row(**more: Any) -> dict[str, Any]:
    return {
        "PurchaseOrder": "4500000012",
        "CompanyCode": "1010",
        "Supplier": "10100001",
        "DocumentCurrency": "EUR",
        "PurchaseOrderDate": "/Date(1473638400000)/",
        **more,
    }


def item_row(**more: Any) -> dict[str, Any]:
    return {
        "PurchaseOrder": "4500000012",
        "PurchaseOrderItem": "30",
        "OrderQuantity": "60",
        "PurchaseOrderQuantityUnit": "PC",
        "NetPriceAmount": "22.00",
        "NetPriceQuantity": "1",
        **more,
    }


def receipt_row(document: str, movement: str, quantity: str, **more: Any) -> dict[str, Any]:
    return {
        "MaterialDocumentYear": "2026",
        "MaterialDocument": document,
        "MaterialDocumentItem": "1",
        "GoodsMovementType": movement,
        "PurchaseOrder": "4500000012",
        "PurchaseOrderItem": "30",
        "EntryUnit": "PC",
        "QuantityInEntryUnit": quantity,
        **more,
    }


def invoice_row(number: str, **more: Any) -> dict[str, Any]:
    return {
        "SupplierInvoice": number,
        "FiscalYear": "2016",
        "CompanyCode": "1010",
        "InvoicingParty": "10100001",
        "SupplierInvoiceIDByInvcgParty": f"R-{number}",
        "DocumentDate": "2016-07-02T09:00:00+09:00",
        "DocumentCurrency": "EUR",
        "InvoiceGrossAmount": "119.00",
        **more,
    }


def posting_row(number: str, amount: str, quantity: str, **more: Any) -> dict[str, Any]:
    return {
        "SupplierInvoice": number,
        "FiscalYear": "2016",
        "SupplierInvoiceItem": "1",
        "PurchaseOrder": "4500000012",
        "PurchaseOrderItem": "30",
        "SupplierInvoiceItemAmount": amount,
        "QuantityInPurchaseOrderUnit": quantity,
        **more,
    }


def schedule_row(line: str, day: str, quantity: str, **more: Any) -> dict[str, Any]:
    return {
        "PurchasingDocument": "4500000012",
        "PurchasingDocumentItem": "30",
        "ScheduleLine": line,
        "ScheduleLineDeliveryDate": day,
        "ScheduleLineOrderQuantity": quantity,
        **more,
    }


def cost_row(condition: str, amount: str, **more: Any) -> dict[str, Any]:
    """A planned delivery cost; each condition type stands at a step of its own."""
    return {
        "PurchaseOrder": "4500000012",
        "PurchaseOrderItem": "30",
        "PricingDocument": "1000000001",
        "PricingDocumentItem": "30",
        "PricingProcedureStep": str(sum(condition.encode())),
        "PricingProcedureCounter": "1",
        "ConditionType": condition,
        "ConditionCategory": "B",
        "ConditionAmount": amount,
        "TransactionCurrency": "EUR",
        **more,
    }


def supplier_row(**more: Any) -> dict[str, Any]:
    return {"Supplier": "10100001", "SupplierName": "Nordlicht", **more}


def only_item(**rows: Iterable[Any]) -> OrderItem:
    sets: dict[str, Iterable[Any]] = {
        "PurchaseOrder": [head_row()],
        "PurchaseOrderItem": [item_row()],
        **rows,
    }
    (one,), _ = orders_of(**sets)
    return one.items[0]
