"""The actions and functions that our V4 services have beside their entity sets."""

from collections.abc import Callable, Mapping
from decimal import Decimal

from local.sap.backend import Backend, Outcome, touch
from local.sap.errors import Detail
from local.sap.rules.history import received
from local.sap.v4.errors import bad
from local.sap.v4.paths import Resource
from local.sap.values import Row


def _received_quantity(resource: Resource, backend: Backend) -> Decimal:
    """What came in of a purchase order item, returns taken off."""
    assert resource.row is not None
    return received(backend, resource.row)


def _items_of_product(resource: Resource, backend: Backend) -> list[Row]:
    """The sales order items of one product."""
    product = resource.arguments["Product"]
    rows = backend.store.rows(resource.entity_set.source.name)
    return [row for row in rows if row["Material"] == product]


def _release(resource: Resource, backend: Backend) -> Outcome:
    """Release a purchase order."""
    row = resource.row
    assert row is not None
    number = row["PurchaseOrder"]
    if not row["ReleaseIsNotCompleted"]:
        raise bad(f"Purchase order {number} is released already", target="ReleaseIsNotCompleted")
    row["ReleaseIsNotCompleted"] = False
    touch(row, backend)
    done = Detail("ZLOCAL_SAP/101", f"Purchase order {number} released", "success")
    return Outcome(changed=[("A_PurchaseOrder", row)], warnings=[done])


def _reject_items(resource: Resource, backend: Backend) -> Outcome:
    """Reject all items of a sales order for one reason."""
    row, reason = resource.row, resource.arguments["SalesDocumentRjcnReason"]
    assert row is not None
    if not reason:
        raise bad("A reason for rejection is required", target="SalesDocumentRjcnReason")
    items = backend.store.under("A_SalesOrderItem", (row["SalesOrder"],))
    for item in items:
        item["SalesDocumentRjcnReason"] = reason
    touch(row, backend)
    changed = [("A_SalesOrder", row), *(("A_SalesOrderItem", item) for item in items)]
    return Outcome(changed=changed)


FUNCTIONS: Mapping[str, Callable[[Resource, Backend], Decimal | list[Row]]] = {
    "GetReceivedQuantity": _received_quantity,
    "GetItemsOfProduct": _items_of_product,
}
ACTIONS: Mapping[str, Callable[[Resource, Backend], Outcome]] = {
    "Release": _release,
    "RejectItems": _reject_items,
}
