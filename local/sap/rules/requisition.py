"""Purchase requisitions: header and items in one deep create.

The header has no reference of its own: SAP is searched for one by its description.
"""

from decimal import Decimal

from local.sap.backend import Backend, Outcome
from local.sap.payload import Payload, complete
from local.sap.rules.checks import bad, check_material
from local.sap.rules.invoice_checks import require
from local.sap.values import Row, day_json, moment_json

HEADER = "A_PurchaseRequisitionHeader"
ITEM = "A_PurchaseRequisitionItem"
_FIRST_NUMBER = 10000000
_STEP = 10
_REQUIRED = ("RequestedQuantity", "DeliveryDate", "Plant", "PurchasingGroup")


def create(payload: Payload, backend: Backend) -> Outcome:
    """Store a requisition with its items; SAP numbers what has no number."""
    store = backend.store
    require(payload.given, ("PurchaseRequisitionType",), HEADER)
    if payload.given.get("PurchaseRequisition"):
        raise bad("The number is assigned by SAP", target="PurchaseRequisition")
    given = payload.children.get("to_PurchaseReqnItem", [])
    if not given:
        raise bad("Enter at least one item", target="to_PurchaseReqnItem")
    header = complete(store.entity_set(HEADER), payload.given)
    number = store.next_number(HEADER, "PurchaseRequisition", _FIRST_NUMBER)
    header["PurchaseRequisition"] = number
    items = [_item(header, n, item, backend) for n, item in enumerate(given, start=1)]
    if len({item["PurchaseRequisitionItem"] for item in items}) < len(items):
        raise bad("Item numbers must differ", target="PurchaseRequisitionItem")
    store.insert(HEADER, header)
    for item in items:
        store.insert(ITEM, item)
    return Outcome(created=[(HEADER, header)])


def _item(header: Row, n: int, given: Row, backend: Backend) -> Row:
    require(given, _REQUIRED, ITEM)
    check_material(given, backend)
    if not given.get("Material") and not given.get("PurchaseRequisitionItemText"):
        raise bad("Enter a material or a short text", target="PurchaseRequisitionItemText")
    if Decimal(given["RequestedQuantity"]) <= 0:
        raise bad("Enter a quantity", target="RequestedQuantity")
    today = day_json(backend.now().date())
    filled = {
        "PurchaseRequisitionItem": str(n * _STEP),
        "BaseUnit": "PC",
        "PurReqnPriceQuantity": "1",
        "PurReqnItemCurrency": "EUR",
        "ProcessingStatus": "N",
    }
    known = {
        "PurchaseRequisition": header["PurchaseRequisition"],
        "PurchaseRequisitionType": header["PurchaseRequisitionType"],
        "CreationDate": today,
        "PurReqCreationDate": today,
        "LastChangeDateTime": moment_json(backend.now()),
    }
    return complete(backend.store.entity_set(ITEM), filled | given | known)
