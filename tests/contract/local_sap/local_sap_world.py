"""A small world for the embedded SAP, and a client that does only what it is told."""

from collections.abc import Mapping
from typing import Any

import requests

USERS = {"ROBOT": "Geheim-1", "OTHER": "Geheim-2"}
ROOT = "/sap/opu/odata/sap"
INVOICES = "API_SUPPLIERINVOICE_PROCESS_SRV"
ORDERS = "API_PURCHASEORDER_PROCESS_SRV"
SALES = "API_SALES_ORDER_SRV"
RECEIPTS = "API_MATERIAL_DOCUMENT_SRV"
DAY = "/Date(1790812800000)/"  # 2026-10-01
MOMENT = "/Date(1790812800000+0000)/"


def _order_item(order: str, item: str, **more: object) -> dict[str, object]:
    return {
        "PurchaseOrder": order,
        "PurchaseOrderItem": item,
        "OrderQuantity": "10",
        "PurchaseOrderQuantityUnit": "PC",
        "OrderPriceUnit": "PC",
        "DocumentCurrency": "EUR",
        "NetPriceAmount": "10.00",
        "NetPriceQuantity": "1",
        "TaxCode": "V1",
        "GoodsReceiptIsExpected": True,
        **more,
    }


def _receipt_item(item: str, order_item: str, quantity: str) -> dict[str, object]:
    return {
        "MaterialDocumentYear": "2026",
        "MaterialDocument": "5000000001",
        "MaterialDocumentItem": item,
        "GoodsMovementType": "101",
        "PurchaseOrder": "4500000001",
        "PurchaseOrderItem": order_item,
        "EntryUnit": "PC",
        "QuantityInEntryUnit": quantity,
    }


def seed() -> dict[str, list[dict[str, object]]]:
    """Two suppliers, three purchase orders, some receipts, twelve sales orders."""
    return {
        "A_Supplier": [
            {"Supplier": "S1", "SupplierName": "Muster & Söhne"},
            {"Supplier": "S2", "SupplierName": "Gesperrt AG", "PostingIsBlocked": True},
        ],
        "A_PurchaseOrder": [
            {
                "PurchaseOrder": f"450000000{n}",
                "CompanyCode": "1010",
                "Supplier": "S1",
                "DocumentCurrency": "EUR",
                "PurchaseOrderDate": DAY,
                "ReleaseIsNotCompleted": n == 2,
            }
            for n in (1, 2, 3)
        ],
        "A_PurchaseOrderItem": [
            _order_item("4500000001", "10"),
            _order_item("4500000001", "20", InvoiceIsGoodsReceiptBased=True),
            _order_item("4500000001", "30", PurchasingDocumentDeletionCode="L"),
            _order_item("4500000001", "40", IsFinallyInvoiced=True),
            _order_item("4500000001", "50", GoodsReceiptIsExpected=False),
            _order_item("4500000002", "10"),
        ],
        "A_MaterialDocumentHeader": [
            {
                "MaterialDocumentYear": "2026",
                "MaterialDocument": "5000000001",
                "PostingDate": DAY,
                "ReferenceDocument": "LS-1",
            }
        ],
        "A_MaterialDocumentItem": [
            _receipt_item("1", "10", "8"),
            _receipt_item("2", "20", "6"),
        ],
        "A_SalesOrder": [
            {
                "SalesOrder": str(n),
                "SoldToParty": "C/1" if n == 1 else "C'2",
                "TotalNetAmount": f"{n}.50",
                "TransactionCurrency": "EUR",
                "SalesOrderDate": f"/Date({1790812800000 + n * 86_400_000})/",
                "LastChangeDateTime": MOMENT,
            }
            for n in range(1, 13)
        ],
        "A_SalesOrderItem": [
            {"SalesOrder": "1", "SalesOrderItem": "10", "Material": "EP/400"},
            {"SalesOrder": "1", "SalesOrderItem": "20", "Material": "DS-400"},
        ],
    }


class Api:
    """A session with user and client; the token only where it is asked for."""

    def __init__(self, url: str, user: str = "ROBOT", password: str | None = None) -> None:
        self.url = url
        self.session = requests.Session()
        self.session.auth = (user, USERS[user] if password is None else password)
        self.session.params = {"sap-client": "100"}
        self.session.headers["Accept"] = "application/json"

    def get(self, path: str, **headers: str) -> requests.Response:
        return self.session.get(self._at(path), headers=_names(headers), timeout=20)

    def rows(self, path: str) -> list[dict[str, Any]]:
        answer = self.get(path)
        assert answer.status_code == 200, answer.text
        results: list[dict[str, Any]] = answer.json()["d"]["results"]
        return results

    def entity(self, path: str) -> dict[str, Any]:
        answer = self.get(path)
        assert answer.status_code == 200, answer.text
        shown: dict[str, Any] = answer.json()["d"]
        return shown

    def token(self, service: str = INVOICES) -> str:
        answer = self.session.head(
            self._at(f"{service}/"), headers={"X-CSRF-Token": "Fetch"}, timeout=20
        )
        return answer.headers["x-csrf-token"]

    def send(
        self, method: str, path: str, body: object = None, **headers: str
    ) -> requests.Response:
        """A modifying request with a fresh token of this session."""
        given = {"X-CSRF-Token": self.token()} | _names(headers)
        return self.session.request(method, self._at(path), json=body, headers=given, timeout=20)

    def _at(self, path: str) -> str:
        return path if path.startswith("http") else f"{self.url}{ROOT}/{path}"


def _names(headers: Mapping[str, str]) -> dict[str, str]:
    return {name.replace("_", "-"): value for name, value in headers.items()}


def invoice(reference: str = "RE-1", item: str = "10", **more: object) -> dict[str, Any]:
    """A supplier invoice over 5 pieces at 10.00 with 19 % tax: 59.50 in all, to be posted."""
    return {
        "CompanyCode": "1010",
        "DocumentDate": DAY,
        "PostingDate": DAY,
        "InvoicingParty": "S1",
        "SupplierInvoiceIDByInvcgParty": reference,
        "DocumentCurrency": "EUR",
        "InvoiceGrossAmount": "59.50",
        "to_SuplrInvcItemPurOrdRef": [line(item)],
        "to_SupplierInvoiceTax": [{"TaxCode": "V1", "TaxAmount": "9.50"}],
        **more,
    }


def line(item: str = "10", **more: object) -> dict[str, Any]:
    """An invoice item over 5 pieces at 10.00 of an item of order 4500000001."""
    return {
        "SupplierInvoiceItem": "000001",
        "PurchaseOrder": "4500000001",
        "PurchaseOrderItem": item,
        "TaxCode": "V1",
        "SupplierInvoiceItemAmount": "50.00",
        "QuantityInPurchaseOrderUnit": "5.000",
        "PurchaseOrderQuantityUnit": "PC",
        **more,
    }


def code(answer: requests.Response) -> str:
    """SAP's error code in an answer."""
    found: str = answer.json()["error"]["code"]
    return found
