"""Material documents: goods receipts for purchase orders, their reversals and returns."""

from decimal import Decimal

from local.sap.backend import Backend, Outcome
from local.sap.errors import CLOSED_FOR_STOCK, ours
from local.sap.payload import Payload, complete
from local.sap.rules.checks import check_period
from local.sap.rules.history import received, signed
from local.sap.rules.invoice_checks import order_item_of, require
from local.sap.values import Row, day_json, day_of

HEADER = "A_MaterialDocumentHeader"
ITEM = "A_MaterialDocumentItem"
_FIRST_NUMBER = 5000000001
_RECEIPT_CODE = "01"  # GoodsMovementCode: goods receipt for a purchase order
_REVERSALS = {"101": "102", "102": "101", "122": "123", "123": "122"}
_REQUIRED = (
    "GoodsMovementType",
    "PurchaseOrder",
    "PurchaseOrderItem",
    "GoodsMovementRefDocType",
    "QuantityInEntryUnit",
    "EntryUnit",
)


def create(payload: Payload, backend: Backend) -> Outcome:
    """Post goods movements; SAP numbers document and items."""
    store = backend.store
    require(payload.given, ("GoodsMovementCode", "PostingDate", "DocumentDate"), HEADER)
    header = complete(store.entity_set(HEADER), payload.given)
    if header["GoodsMovementCode"] != _RECEIPT_CODE:
        raise ours(70, "Only GoodsMovementCode 01 is played here", target="GoodsMovementCode")
    items = payload.children.get("to_MaterialDocumentItem", [])
    if not items:
        raise ours(71, "Enter at least one item", target="to_MaterialDocumentItem")
    check_period(header["PostingDate"], CLOSED_FOR_STOCK, backend)
    moved: dict[tuple[str, str], Decimal] = {}
    for item in items:
        _check(item, moved, backend)
    _number(header, backend)
    store.insert(HEADER, header)
    for n, item in enumerate(items, start=1):
        store.insert(ITEM, _item(header, n, item, backend))
    return Outcome(created=[(HEADER, header)])


def cancel(parameters: Row, backend: Backend) -> Outcome:
    """Reverse a whole document by a new one with the opposite movements."""
    store = backend.store
    key = {name: parameters[name] for name in ("MaterialDocumentYear", "MaterialDocument")}
    header = backend.find(HEADER, **key)
    if header is None:
        raise ours(79, "The material document does not exist", target="MaterialDocument")
    items = store.under(ITEM, store.key_of(HEADER, header))
    if any(item["GoodsMovementIsCancelled"] or item["ReversedMaterialDocument"] for item in items):
        raise ours(81, "The document is cancelled already, or a reversal itself")
    reversal = header | {"PostingDate": parameters["PostingDate"] or header["PostingDate"]}
    check_period(reversal["PostingDate"], CLOSED_FOR_STOCK, backend)
    for item in items:
        _check_reversal(item, backend)
    _number(reversal, backend)
    store.insert(HEADER, reversal)
    for item in items:
        item["GoodsMovementIsCancelled"] = True
        store.insert(ITEM, _reversed(reversal, item))
    return Outcome([(HEADER, reversal)], [(HEADER, header)], rows=[reversal])


def _check_reversal(item: Row, backend: Backend) -> None:
    order_item = order_item_of(item, backend)
    assert order_item is not None, "items are stored with their order item"
    _check_total(order_item, received(backend, order_item) - signed(item))


def _reversed(reversal: Row, item: Row) -> Row:
    return item | {
        "MaterialDocumentYear": reversal["MaterialDocumentYear"],
        "MaterialDocument": reversal["MaterialDocument"],
        "GoodsMovementType": _REVERSALS[item["GoodsMovementType"]],
        "GoodsMovementIsCancelled": False,
        "ReversedMaterialDocumentYear": item["MaterialDocumentYear"],
        "ReversedMaterialDocument": item["MaterialDocument"],
        "ReversedMaterialDocumentItem": item["MaterialDocumentItem"],
    }


def _check(item: Row, moved: dict[tuple[str, str], Decimal], backend: Backend) -> None:
    require(item, _REQUIRED, ITEM)
    if item["GoodsMovementType"] not in _REVERSALS or item["GoodsMovementRefDocType"] != "B":
        raise ours(72, "Only movements for purchase orders (B) are played here")
    order_item = order_item_of(item, backend)
    order = backend.find("A_PurchaseOrder", PurchaseOrder=item["PurchaseOrder"])
    if order is None or order_item is None or order_item["PurchasingDocumentDeletionCode"]:
        raise ours(73, "No such purchase order item, or deleted", target="PurchaseOrderItem")
    if order["ReleaseIsNotCompleted"]:
        raise ours(74, "The purchase order is not released", target="PurchaseOrder")
    if item["EntryUnit"] != order_item["PurchaseOrderQuantityUnit"]:
        raise ours(75, "The unit is not the order unit", target="EntryUnit")
    if Decimal(item["QuantityInEntryUnit"]) <= 0:
        raise ours(76, "The quantity must be positive", target="QuantityInEntryUnit")
    key = (item["PurchaseOrder"], item["PurchaseOrderItem"])
    moved[key] = moved.get(key, Decimal(0)) + signed(item)
    _check_total(order_item, received(backend, order_item) + moved[key])


def _check_total(order_item: Row, total: Decimal) -> None:
    allowed = Decimal(order_item["OrderQuantity"])
    allowed += allowed * Decimal(order_item["OverdelivTolrtdLmtRatioInPct"]) / 100
    if total < 0:
        raise ours(77, "More is taken back than was received", target="QuantityInEntryUnit")
    if total > allowed and not order_item["UnlimitedOverdeliveryIsAllowed"]:
        raise ours(78, "The order quantity is exceeded", target="QuantityInEntryUnit")


def _number(header: Row, backend: Backend) -> None:
    number = backend.store.next_number(HEADER, "MaterialDocument", _FIRST_NUMBER)
    header["MaterialDocument"] = number
    header["MaterialDocumentYear"] = str(day_of(header["PostingDate"]).year)
    header["CreationDate"] = day_json(backend.now().date())
    header["CreationTime"] = backend.now().strftime("PT%HH%MM%SS")


def _item(header: Row, n: int, item: Row, backend: Backend) -> Row:
    order = backend.find("A_PurchaseOrder", PurchaseOrder=item["PurchaseOrder"])
    order_item = order_item_of(item, backend)
    assert order is not None, "checked before"
    assert order_item is not None, "checked before"
    if item.get("IsCompletelyDelivered"):
        order_item["IsCompletelyDelivered"] = True
    quantity = format(Decimal(item["QuantityInEntryUnit"]).normalize(), "f")
    filled = {
        "MaterialDocumentYear": header["MaterialDocumentYear"],
        "MaterialDocument": header["MaterialDocument"],
        "MaterialDocumentItem": str(n),
        "Supplier": order["Supplier"],
        "Material": order_item["Material"],
        "Plant": order_item["Plant"],
        "MaterialBaseUnit": item["EntryUnit"],
        "QuantityInBaseUnit": quantity,
    }
    stored = item | {"QuantityInEntryUnit": quantity}
    return complete(backend.store.entity_set(ITEM), filled | stored)
