"""Supplier invoices of one order, parked, and the SAP that they fit."""

from typing import Any

SERVICE = "/sap/opu/odata/sap/API_SUPPLIERINVOICE_PROCESS_SRV"
ENTITY_SET = "A_SupplierInvoice"
CLIENT = "100"
USER, PASSWORD = "BENCHMARK", "of-no-use-elsewhere"
_ORDER, _SUPPLIER = "4500000101", "17300001"


def seed() -> dict[str, list[dict[str, Any]]]:
    """One supplier and one order with one item."""
    return {
        "A_Supplier": [{"Supplier": _SUPPLIER, "SupplierName": "Nordmotor GmbH"}],
        "A_PurchaseOrder": [
            {
                "PurchaseOrder": _ORDER,
                "CompanyCode": "1010",
                "Supplier": _SUPPLIER,
                "DocumentCurrency": "EUR",
            }
        ],
        "A_PurchaseOrderItem": [
            {
                "PurchaseOrder": _ORDER,
                "PurchaseOrderItem": "10",
                "OrderQuantity": "1000000",
                "PurchaseOrderQuantityUnit": "PC",
                "OrderPriceUnit": "PC",
                "DocumentCurrency": "EUR",
                "NetPriceAmount": "25.00",
                "NetPriceQuantity": "1",
                "TaxCode": "V1",
            }
        ],
    }


def invoice(reference: str) -> dict[str, Any]:
    """One invoice of four pieces, as SAP takes it."""
    item = {
        "SupplierInvoiceItem": "1",
        "PurchaseOrder": _ORDER,
        "PurchaseOrderItem": "10",
        "TaxCode": "V1",
        "DocumentCurrency": "EUR",
        "SupplierInvoiceItemAmount": "100.00",
        "PurchaseOrderQuantityUnit": "PC",
        "QuantityInPurchaseOrderUnit": "4",
    }
    tax = {"TaxCode": "V1", "DocumentCurrency": "EUR", "TaxAmount": "19.00"}
    return {
        "CompanyCode": "1010",
        "DocumentDate": "/Date(1790812800000)/",
        "PostingDate": "/Date(1790899200000)/",
        "InvoicingParty": _SUPPLIER,
        "SupplierInvoiceIDByInvcgParty": reference,
        "DocumentCurrency": "EUR",
        "InvoiceGrossAmount": "119.00",
        "SupplierInvoiceStatus": "A",
        "to_SuplrInvcItemPurOrdRef": [item],
        "to_SupplierInvoiceTax": [tax],
    }


def invoices(run: str, count: int) -> list[dict[str, Any]]:
    """Invoices that no other run of the same SAP has."""
    return [invoice(f"{run}-{n}") for n in range(count)]
