"""Purchase order items as an extractor delivers them, and the function imports that only read."""

import base64
from collections.abc import Iterator
from decimal import Decimal

from local.sap.backend import Backend, Outcome
from local.sap.errors import ours
from local.sap.store import Store
from local.sap.values import Row, ticks

FACTS = "FactsOfPurchaseOrders"
_OF_HEADER = ("CompanyCode", "Supplier", "PurchaseOrderDate", "DocumentCurrency")
_NOT_CHANGED = {"ODQ_CHANGEMODE": "", "ODQ_ENTITYCNTR": "1"}


def facts(store: Store) -> Iterator[Row]:
    """One row per purchase order item, in the form of an initial load."""
    names = store.entity_set(FACTS).properties
    for item in store.rows("A_PurchaseOrderItem"):
        key = store.key_of("A_PurchaseOrder", item)
        header = store.get("A_PurchaseOrder", key)
        assert header is not None, "items are stored with their header"
        known = item | {name: header[name] for name in _OF_HEADER} | _NOT_CHANGED
        yield {name: known[name] for name in names}


def items_of_supplier(parameters: Row, backend: Backend) -> Outcome:
    """Items ordered from a supplier since a day, in at least a quantity, still open or all."""
    return Outcome(rows=[row for row in facts(backend.store) if _fits(row, parameters)])


def _fits(row: Row, wanted: Row) -> bool:
    since, ordered = wanted["Since"], row["PurchaseOrderDate"]
    return (
        row["Supplier"] == wanted["Supplier"]
        and (since is None or (ordered is not None and ticks(ordered) >= ticks(since)))
        and Decimal(row["OrderQuantity"]) >= Decimal(wanted["MinimumQuantity"] or "0")
        and not (wanted["OpenOnly"] and row["IsFinallyInvoiced"])
    )


def purchase_order_pdf(parameters: Row, backend: Backend) -> Outcome:
    """The printed order: here a page with nothing but the marks of a PDF, in Base64."""
    number = parameters["PurchaseOrder"]
    if backend.find("A_PurchaseOrder", PurchaseOrder=number) is None:
        raise ours(80, f"Purchase order {number} does not exist", target="PurchaseOrder")
    page = base64.b64encode(f"%PDF-1.4\n% {number}\n%%EOF\n".encode())
    return Outcome(result={"PurchaseOrderBinary": page.decode()})
