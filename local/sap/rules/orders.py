"""New purchase and sales orders and new items of them; SAP numbers what has no number.

Prices, availability and customizing are not played: amounts of sales orders stay at zero.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import timedelta
from decimal import Decimal

from local.sap.backend import Backend, Outcome, touch
from local.sap.errors import Detail, ours
from local.sap.payload import Payload, complete
from local.sap.rules.checks import bad, check_material
from local.sap.rules.history import received
from local.sap.values import Row, day_json, moment_json

_CURRENCY = "EUR"
_STEP = 10
_DELIVERY_TIME = timedelta(days=14)
_TAKEN = "ZLOCAL_SAP/115"


@dataclass(frozen=True, slots=True)
class Kind:
    """One kind of document. `check` gives warnings and raises Refusal; `item` fills an item;
    `parts` are the rows below an item that SAP makes by itself."""

    header: str
    number: str
    first: int
    required: tuple[str, ...]
    below: str
    items: str
    item_number: str
    quantity: str
    currency: str
    defaults: Mapping[str, str]
    check: Callable[[Row, Backend], list[Detail]]
    item: Callable[[Row], Row]
    parts: Callable[[Row, Backend], Iterator[tuple[str, Row]]]
    needs_items: bool = False


def create_document(kind: Kind, payload: Payload, backend: Backend) -> Outcome:
    """Store a document with its items, or nothing of it."""
    store = backend.store
    _require(payload.given, kind.required)
    warnings = kind.check(payload.given, backend)
    if payload.given.get(kind.number):
        raise bad("The number is assigned by SAP", target=kind.number)
    below = payload.children.get(kind.below, [])
    if kind.needs_items and not below:
        raise bad("Enter at least one item", target=kind.below)
    given = {kind.currency: _CURRENCY, **kind.defaults, **payload.given}
    header = complete(store.entity_set(kind.header), given | _stamps(kind, backend))
    items = list(_items(kind, header, below, set(), backend))
    store.insert(kind.header, header)
    for item in items:
        _insert(kind, item, backend)
    return Outcome(created=[(kind.header, header)], warnings=warnings)


def create_item(kind: Kind, payload: Payload, backend: Backend) -> Outcome:
    """Store one more item of a document that is there."""
    _require(payload.given, (kind.number,))
    store, number = backend.store, payload.given[kind.number]
    header = backend.find(kind.header, **{kind.number: number})
    if header is None:
        raise bad(f"{kind.number} {number} does not exist", target=kind.number)
    rows = store.under(kind.items, (number,))
    taken = {int(row[kind.item_number]) for row in rows}
    (item,) = _items(kind, header, [payload.given], taken, backend)
    _insert(kind, item, backend)
    touch(header, backend)
    return Outcome(created=[(kind.items, item)], changed=[(kind.header, header)])


def _insert(kind: Kind, item: Row, backend: Backend) -> None:
    backend.store.insert(kind.items, item)
    for name, row in kind.parts(item, backend):
        backend.store.insert(name, complete(backend.store.entity_set(name), row))


def _require(given: Row, names: tuple[str, ...]) -> None:
    for name in names:
        if not given.get(name):
            raise bad(f"Enter a value for {name}", target=name)


def _stamps(kind: Kind, backend: Backend) -> Row:
    now = backend.now()
    return {
        kind.number: backend.store.next_number(kind.header, kind.number, kind.first),
        "CreationDate": day_json(now.date()),
        "LastChangeDateTime": moment_json(now),
    }


def _items(
    kind: Kind, header: Row, given: list[Row], taken: set[int], backend: Backend
) -> Iterator[Row]:
    entity_set = backend.store.entity_set(kind.items)
    for row in given:
        if Decimal(row.get(kind.quantity) or "0") <= 0:
            raise bad("Enter a quantity", target=kind.quantity)
        check_material(row, backend)
        number = int(row.get(kind.item_number) or 0) or max(taken, default=0) + _STEP
        if number in taken:
            raise bad(f"Item {number} exists already", target=kind.item_number)
        taken.add(number)
        known = {
            kind.number: header[kind.number],
            kind.item_number: str(number),
            kind.currency: header[kind.currency],
        }
        yield complete(entity_set, kind.item(row) | known)


def _purchase_order_check(given: Row, backend: Backend) -> list[Detail]:
    if backend.find("A_Supplier", Supplier=given["Supplier"]) is None:
        raise bad(f"Supplier {given['Supplier']} does not exist", target="Supplier")
    return []


def _purchase_order_item(row: Row) -> Row:
    if not row.get("Material") and not row.get("PurchaseOrderItemText"):
        raise bad("Enter a material or a short text", target="PurchaseOrderItemText")
    unit = row.get("PurchaseOrderQuantityUnit") or "PC"
    defaults = {
        "PurchaseOrderQuantityUnit": unit,
        "OrderPriceUnit": unit,
        "OrderPriceUnitToOrderUnitNmrtr": "1",
        "OrdPriceUnitToOrderUnitDnmntr": "1",
        "NetPriceQuantity": "1",
        "GoodsReceiptIsExpected": True,
        "InvoiceIsExpected": True,
    }
    return defaults | row


def _purchase_order_parts(item: Row, backend: Backend) -> Iterator[tuple[str, Row]]:
    """One schedule line for all of it, and its price; nobody enters delivery costs here."""
    day = day_json(backend.now().date() + _DELIVERY_TIME)
    yield (
        "A_PurchaseOrderScheduleLine",
        {
            "PurchasingDocument": item["PurchaseOrder"],
            "PurchasingDocumentItem": item["PurchaseOrderItem"],
            "ScheduleLine": "1",
            "DelivDateCategory": "1",
            "ScheduleLineDeliveryDate": day,
            "SchedLineStscDeliveryDate": day,
            "PurchaseOrderQuantityUnit": item["PurchaseOrderQuantityUnit"],
            "ScheduleLineOrderQuantity": item["OrderQuantity"],
        },
    )
    yield (
        "A_PurOrdPricingElement",
        {
            "PurchaseOrder": item["PurchaseOrder"],
            "PurchaseOrderItem": item["PurchaseOrderItem"],
            "PricingDocument": f"1{item['PurchaseOrder'][-9:]}",
            "PricingDocumentItem": item["PurchaseOrderItem"],
            "PricingProcedureStep": "1",
            "PricingProcedureCounter": "1",
            "ConditionType": "PPR0",
            "ConditionRateValue": item.get("NetPriceAmount", "0"),
            "ConditionCurrency": item["DocumentCurrency"],
            "TransactionCurrency": item["DocumentCurrency"],
            "ConditionAmount": _value(item),
            "ConditionCategory": "H",
        },
    )


def _change_purchase_order_item(row: Row, given: Row, backend: Backend) -> Row:
    """A deleted item stays as it is; less than came in is not ordered."""
    if row["PurchasingDocumentDeletionCode"]:
        raise ours(82, "The purchase order item is deleted or blocked", target="PurchaseOrderItem")
    if Decimal((row | given)["OrderQuantity"]) < received(backend, row):
        raise ours(83, "Less is ordered than was received already", target="OrderQuantity")
    check_material(given, backend)
    return given


def _change_sales_order_item(row: Row, given: Row, backend: Backend) -> Row:
    """A rejected item is only taken back first."""
    if row["SalesDocumentRjcnReason"] and "SalesDocumentRjcnReason" not in given:
        raise ours(84, "The sales order item is rejected", target="SalesDocumentRjcnReason")
    if Decimal(given.get("RequestedQuantity") or "1") <= 0:
        raise bad("Enter a quantity", target="RequestedQuantity")
    check_material(given, backend)
    return given


def _value(item: Row) -> str:
    per = Decimal(item["NetPriceQuantity"]) or Decimal(1)
    value = Decimal(item["OrderQuantity"]) * Decimal(item["NetPriceAmount"]) / per
    return str(value.quantize(Decimal("0.01")))


def _nothing(_item: Row, _backend: Backend) -> Iterator[tuple[str, Row]]:
    yield from ()


def _sales_order_check(given: Row, backend: Backend) -> list[Detail]:
    """The customer's reference may be used again: SAP only warns."""
    reference = given.get("PurchaseOrderByCustomer")
    for row in backend.store.rows("A_SalesOrder"):
        same = row["PurchaseOrderByCustomer"] == reference
        if reference and same and row["SoldToParty"] == given["SoldToParty"]:
            text = f"Reference {reference} is used by sales order {row['SalesOrder']} already"
            return [Detail(_TAKEN, text, "warning", "PurchaseOrderByCustomer")]
    return []


def _sales_order_item(row: Row) -> Row:
    if not row.get("Material"):
        raise bad("Enter a product", target="Product")
    return {"RequestedQuantityUnit": "PC", "SalesOrderItemCategory": "TAN"} | row


_PURCHASE_ORDER = Kind(
    header="A_PurchaseOrder",
    number="PurchaseOrder",
    first=4500000000,
    required=(
        "PurchaseOrderType",
        "CompanyCode",
        "PurchasingOrganization",
        "PurchasingGroup",
        "Supplier",
    ),
    below="to_PurchaseOrderItem",
    items="A_PurchaseOrderItem",
    item_number="PurchaseOrderItem",
    quantity="OrderQuantity",
    currency="DocumentCurrency",
    defaults={"PurchasingProcessingStatus": "02"},
    check=_purchase_order_check,
    item=_purchase_order_item,
    parts=_purchase_order_parts,
)
_SALES_ORDER = Kind(
    header="A_SalesOrder",
    number="SalesOrder",
    first=1,
    required=(
        "SalesOrderType",
        "SalesOrganization",
        "DistributionChannel",
        "OrganizationDivision",
        "SoldToParty",
    ),
    below="to_Item",
    items="A_SalesOrderItem",
    item_number="SalesOrderItem",
    quantity="RequestedQuantity",
    currency="TransactionCurrency",
    defaults={"OverallSDProcessStatus": "A", "TotalNetAmount": "0.00"},
    check=_sales_order_check,
    item=_sales_order_item,
    parts=_nothing,
    needs_items=True,
)
CREATE: Mapping[str, Callable[[Payload, Backend], Outcome]] = {
    "A_PurchaseOrder": lambda payload, backend: create_document(_PURCHASE_ORDER, payload, backend),
    "A_PurchaseOrderItem": lambda payload, backend: create_item(_PURCHASE_ORDER, payload, backend),
    "A_SalesOrder": lambda payload, backend: create_document(_SALES_ORDER, payload, backend),
    "A_SalesOrderItem": lambda payload, backend: create_item(_SALES_ORDER, payload, backend),
}
UPDATE: Mapping[str, Callable[[Row, Row, Backend], Row]] = {
    "A_PurchaseOrderItem": _change_purchase_order_item,
    "A_SalesOrderItem": _change_sales_order_item,
}
