"""How an invoice deviates from its orders, line by line against the ledger."""

from collections.abc import Iterator, Sequence

from msgspec import Struct

from sapmatch.matching.case import Case
from sapmatch.matching.costs import charge, planned_cost, stray_line
from sapmatch.matching.items import InvoiceItem, invoice_items
from sapmatch.matching.ledger import Position
from sapmatch.matching.lines import Assigned
from sapmatch.matching.occasions import amount_variance, early_variance, limit_variances
from sapmatch.matching.prices import price_variances
from sapmatch.matching.quantities import quantity_variances, ratio_variances
from sapmatch.matching.tolerances import Variance, measure
from sapmatch.matching.validity import balance


class Judged(Struct, frozen=True, kw_only=True):
    """An assigned line with its deviations, and the causes that no tolerance can heal."""

    line: Assigned
    variances: tuple[Variance, ...] = ()
    forbidden: str | None = None  # why SAP takes no invoice for the item (MA-P12, MA-P26)
    waiting: bool = False  # a receipt that may still come would make it fit (MA-P23)


def judge_lines(case: Case, lines: Sequence[Assigned]) -> tuple[Judged, ...]:
    """Every line in order, each seeing what the lines before it took."""
    planned = planned_cost(case, lines)
    place = _any_place(lines)
    rows = zip(lines, invoice_items(case, lines), strict=True)
    return tuple(
        _judge(line, items)
        if line.placed
        else Judged(line=line, variances=stray_line(case, line, planned, place))
        for line, items in rows
    )


def document_variances(case: Case, judged: Sequence[Judged]) -> tuple[Variance, ...]:
    """Charges of the document (AN or KW, MA-P38), and what its sums leave over (BD)."""
    lines = [one.line for one in judged]
    planned = planned_cost(case, lines)
    place = _any_place(lines)
    added = [c for c in case.invoice.allowances_charges if c.is_charge and c.amount]
    found = [v for charged in added for v in charge(case, charged, planned, place)]
    left = balance(case.invoice)
    # A small difference is small in both directions, so one limit serves both.
    return (*found, measure(case, "BD", abs(left))) if left else tuple(found)


def _any_place(lines: Sequence[Assigned]) -> Position | None:
    return next((p.position for line in lines for p in line.portions), None)


def _judge(line: Assigned, items: Sequence[InvoiceItem]) -> Judged:
    if not line.amount and not any(i.place.item.invoice_expected for i in items):
        return Judged(line=line)  # goods that are free of charge
    variances: list[Variance] = []
    waiting = False
    for item in items:
        found, missing = quantity_variances(item)
        variances += [*found, *_others(item)]
        waiting = waiting or missing
    forbidden = (_forbidden(item.place) for item in items)
    return Judged(
        line=line,
        variances=(*variances, *amount_variance(items)),
        forbidden=next((cause for cause in forbidden if cause), None),
        waiting=waiting,
    )


def _others(item: InvoiceItem) -> Iterator[Variance]:
    yield from ratio_variances(item)
    yield from price_variances(item)
    yield from limit_variances(item)
    yield from early_variance(item)


def _forbidden(place: Position) -> str | None:
    rules = (
        (place.item.deleted, "ITEM_DELETED"),
        (place.item.finally_invoiced or not place.item.invoice_expected, "FINALLY_INVOICED"),
        (not place.order.released, "NOT_RELEASED"),
        (place.item.evaluated_receipt_settlement, "ERS"),
    )
    return next((cause for holds, cause in rules if holds), None)
