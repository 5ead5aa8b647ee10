"""The writes of a simulated world, one case for each operation."""

from collections.abc import Callable, Iterable
from typing import Any

from msgspec import Struct
from msgspec.structs import replace

from sapmatch.model.intent import ANY_VALUE, Intent, Operation, Record

SERVICE = "/sap/opu/odata/sap/API_SIMULATED_SRV"


class Case(Struct, frozen=True):
    """One intended write, what SAP holds before it, and by which fields its record is known."""

    intent: Intent
    payload: Record
    known_by: dict[str, str]
    before: Record | None = None

    def is_fulfilled(self, rows: Iterable[Record]) -> bool:
        """Whether SAP holds what the write is for."""
        mine = [row for row in rows if agrees(row, self.known_by)]
        if self.intent.operation == "delete":
            return not mine
        wanted = self.intent.effect if self.intent.operation == "call" else self.payload
        return any(agrees(row, wanted) for row in mine)


def agrees(row: Record, wanted: Record) -> bool:
    """Whether the row holds the wanted values."""
    return all(
        row.get(name) == value or (value == ANY_VALUE and bool(row.get(name)))
        for name, value in wanted.items()
    )


def insert(number: str) -> Case:
    """A parked supplier invoice."""
    reference = {"SupplierInvoiceIDByInvcgParty": number, "InvoicingParty": "10100001"}
    payload = {"CompanyCode": "1010", "InvoiceGrossAmount": "119.00", **reference}
    return Case(
        _intent(number, "insert", "A_SupplierInvoice", reference=reference), payload, reference
    )


def insert_deep(number: str) -> Case:
    """A sales order with its items."""
    reference = {"PurchaseOrderByCustomer": number, "SoldToParty": "10100002"}
    items = {"results": [{"Material": "TG11", "RequestedQuantity": "5"}]}
    payload = {"SalesOrderType": "OR", **reference, "to_Item": items}
    return Case(_intent(number, "insert", "A_SalesOrder", reference=reference), payload, reference)


def update(number: str) -> Case:
    """A header field of a purchase order."""
    key = {"PurchaseOrder": number}
    before = {**key, "CorrespncExternalReference": "", "SupplierPhoneNumber": ""}
    payload = {"CorrespncExternalReference": f"RE {number}"}
    return Case(_intent(number, "update", "A_PurchaseOrder", key=key), payload, key, before)


def reprice(number: str) -> Case:
    """An amount of a purchase order's item: it is read again behind the write."""
    key = {"PurchaseOrder": number, "PurchaseOrderItem": "10"}
    before = {**key, "NetPriceAmount": "10.00", "DocumentCurrency": "EUR"}
    payload = {"NetPriceAmount": "12.50"}
    return Case(_intent(number, "update", "A_PurchaseOrderItem", key=key), payload, key, before)


def upsert_new(number: str) -> Case:
    """A record under a key of our own that SAP does not know yet."""
    key = {"BusinessPartner": number}
    payload = {"SearchTerm1": f"ROT {number}"}
    return Case(_intent(number, "upsert", "A_BusinessPartner", key=key), payload, key)


def upsert_old(number: str) -> Case:
    """A record under a key of our own that SAP knows."""
    case = upsert_new(number)
    return replace(case, before={**case.known_by, "SearchTerm1": "BLAU", "Industry": ""})


def delete(number: str) -> Case:
    """An item of a sales order."""
    key = {"SalesOrder": number, "SalesOrderItem": "10"}
    before = {**key, "Material": "TG11"}
    return Case(_intent(number, "delete", "A_SalesOrderItem", key=key), {}, key, before)


def call(number: str) -> Case:
    """Post a parked supplier invoice."""
    key = {"SupplierInvoice": number, "FiscalYear": "2026"}
    effect = {"SupplierInvoiceStatus": "5"}
    before = {**key, "SupplierInvoiceStatus": "B", "DocumentHeaderText": ""}
    intent = _intent(number, "call", "A_SupplierInvoice", key=key)
    return Case(replace(intent, function="Post", effect=effect), dict(key), key, before)


CASES: dict[str, Callable[[str], Case]] = {
    "insert": insert,
    "deep insert": insert_deep,
    "update": update,
    "update of an amount": reprice,
    "upsert of a new record": upsert_new,
    "upsert of an old record": upsert_old,
    "delete": delete,
    "call": call,
}


def _intent(number: str, operation: Operation, entity_set: str, **fields: Any) -> Intent:
    return Intent(
        id=number,
        flow="simulated",
        connection="s4",
        client="100",
        operation=operation,
        service=SERVICE,
        entity_set=entity_set,
        payload_key=f"intents/{number}.json",
        payload_sha256=number,
        **fields,
    )
