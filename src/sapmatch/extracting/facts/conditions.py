"""Rows of schedule lines and pricing elements of purchase orders as facts."""

from collections.abc import Callable, Iterator

from sapmatch.extracting.facts.line import Line
from sapmatch.extracting.fields import Row
from sapmatch.model.facts import Cost, Gone, Scheduled, Version, cost_key, scheduled_key
from sapmatch.model.intent import Record
from sapmatch.model.order import ScheduleLine
from sapmatch.model.presets import DELIVERY_COSTS

_PLACE = ("PricingDocument", "PricingDocumentItem", "PricingProcedureStep")
_COUNTER = "PricingProcedureCounter"


def scheduled(row: Row) -> tuple[str, ...] | None:
    """Keys of the schedule lines that an item was read with, None where it was read without."""
    if not row.expanded("to_ScheduleLine"):
        return None
    item = row.text("PurchaseOrderItem")
    lines = row.nested("to_ScheduleLine")
    return tuple(sorted(scheduled_key(item, _plain(line, "ScheduleLine")) for line in lines))


def costs(row: Row) -> tuple[str, ...] | None:
    """Keys of the pricing elements that an item was read with, None where it was read without."""
    if not row.expanded("to_PurchaseOrderPricingElement"):
        return None
    item = row.text("PurchaseOrderItem")
    elements = row.nested("to_PurchaseOrderPricingElement")
    return tuple(sorted(cost_key(item, _number(element)) for element in elements))


def _schedule_line(row: Row, version: Version) -> Iterator[Line]:
    """A line without a day or quantity promises nothing."""
    item, number = row.text("PurchasingDocumentItem"), row.text("ScheduleLine")
    day = row.day("ScheduleLineDeliveryDate")
    quantity = row.quantity("ScheduleLineOrderQuantity")
    if day is None or not quantity:
        yield _of_order(row, Gone(of=scheduled_key(item, number), version=version))
        return
    line = ScheduleLine(delivery_date=day, quantity=quantity)
    yield _of_order(
        row, Scheduled(version=version, order_item=item.lstrip("0"), number=number, line=line)
    )


def _pricing_element(row: Row, version: Version) -> Iterator[Line]:
    """What is no delivery cost, or none any more, says that there is none at its place."""
    item, number = row.text("PurchaseOrderItem"), _number(row.record)
    if not _is_delivery_cost(row):
        yield _of_order(row, Gone(of=cost_key(item, number), version=version))
        return
    row.require("ConditionAmount")
    fact = Cost(
        version=version,
        order_item=item.lstrip("0"),
        number=number,
        condition=row.needed("ConditionType"),
        amount=row.number_of("ConditionAmount"),
        currency=row.text("TransactionCurrency"),
    )
    yield _of_order(row, fact)


def _is_delivery_cost(row: Row) -> bool:
    """Active, of a category of delivery costs, and in the value or accrued at the receipt: MM marks
    costs statistical that it accrues, so that they stay out of the net price."""
    if row.text("ConditionCategory") not in DELIVERY_COSTS or row.text("ConditionInactiveReason"):
        return False
    return row.flag("IsRelevantForAccrual") or not row.flag("ConditionIsForStatistics")


def _number(element: Record) -> str:
    """The place of a pricing element: document, item, step and counter."""
    return "/".join(_plain(element, field) for field in (*_PLACE, _COUNTER))


def _plain(record: Record, field: str) -> str:
    return str(record.get(field) or "").strip().lstrip("0")


def _of_order(row: Row, fact: Scheduled | Cost | Gone) -> Line:
    number = row.joint("PurchasingDocument") or row.joint("PurchaseOrder")
    return Line(kind="purchase_order", number=number, fact=fact)


def _schedule_line_gone(row: Row, version: Version) -> Line:
    key = scheduled_key(row.text("PurchasingDocumentItem"), row.text("ScheduleLine"))
    return _of_order(row, Gone(of=key, version=version))


def _pricing_element_gone(row: Row, version: Version) -> Line:
    key = cost_key(row.text("PurchaseOrderItem"), _number(row.record))
    return _of_order(row, Gone(of=key, version=version))


READERS: dict[str, Callable[[Row, Version], Iterator[Line]]] = {
    "A_PurchaseOrderScheduleLine": _schedule_line,
    "A_PurOrdPricingElement": _pricing_element,
}
REMOVALS: dict[str, Callable[[Row, Version], Line]] = {
    "A_PurchaseOrderScheduleLine": _schedule_line_gone,
    "A_PurOrdPricingElement": _pricing_element_gone,
}
