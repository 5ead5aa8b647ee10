"""How an invoice deviates from its orders, line by line against the ledger."""

from collections.abc import Sequence
from decimal import Decimal

from msgspec import Struct

from sapmatch.matching.case import Case
from sapmatch.matching.ledger import Position
from sapmatch.matching.lines import Assigned, Portion
from sapmatch.matching.tolerances import Variance, measure
from sapmatch.matching.validity import balance
from sapmatch.model.order import ZERO


class Judged(Struct, frozen=True, kw_only=True):
    """An assigned line with its deviations, and the causes that no tolerance can heal."""

    line: Assigned
    variances: tuple[Variance, ...] = ()
    forbidden: str | None = None  # why SAP takes no invoice for the item (MA-P12, MA-P26)
    waiting: bool = False  # a receipt that may still come would make it fit (MA-P23)


class _Running(Struct, kw_only=True):
    """What earlier lines of the same invoice took from an item (MA-P19)."""

    quantity: Decimal = ZERO
    amount: Decimal = ZERO


def judge_lines(case: Case, lines: Sequence[Assigned]) -> tuple[Judged, ...]:
    """Every line in order, each seeing what the lines before it took."""
    running: dict[tuple[str, str], _Running] = {}
    return tuple(_judge(case, line, running) for line in lines)


def document_variances(case: Case) -> tuple[Variance, ...]:
    """Charges that no order knows (AN, MA-P38), and the balance of the document (BD)."""
    added = [c.amount for c in case.invoice.allowances_charges if c.is_charge and c.amount]
    found = [measure(case, "AN", amount) for amount in added]
    left = balance(case.invoice)
    # A small difference is small in both directions, so one limit serves both.
    return (*found, measure(case, "BD", abs(left))) if left else tuple(found)


def _judge(case: Case, line: Assigned, running: dict[tuple[str, str], _Running]) -> Judged:
    if not line.placed:
        stray = (measure(case, "AN", abs(line.amount), line=line.id),) if line.amount else ()
        return Judged(line=line, variances=stray)
    if not line.amount and not any(p.position.item.invoice_expected for p in line.portions):
        return Judged(line=line)  # goods that are free of charge
    variances: list[Variance] = []
    waiting = False
    for portion in line.portions:
        before = running.setdefault(portion.position.key, _Running())
        found, missing = _quantity(case, line, portion, before)
        variances += [*found, *_price(case, line, portion, before)]
        waiting = waiting or missing
        before.quantity += portion.quantity
        before.amount += portion.amount
    forbidden = [_forbidden(portion.position) for portion in line.portions]
    return Judged(
        line=line,
        variances=tuple(variances),
        forbidden=next((cause for cause in forbidden if cause), None),
        waiting=waiting,
    )


def _forbidden(place: Position) -> str | None:
    rules = (
        (place.item.deleted, "ITEM_DELETED"),
        (place.item.finally_invoiced or not place.item.invoice_expected, "FINALLY_INVOICED"),
        (not place.order.released, "NOT_RELEASED"),
        (place.item.evaluated_receipt_settlement, "ERS"),
    )
    return next((cause for holds, cause in rules if holds), None)


def _price(case: Case, line: Assigned, portion: Portion, before: _Running) -> tuple[Variance, ...]:
    """PP: amount - q x p. A limit order has no price, only a ceiling (LA, MA-P25)."""
    place = portion.position
    if place.item.overall_limit is not None:
        return _limit(case, line, portion, before)
    expected = place.value(portion.quantity)
    value = portion.amount - expected
    if not value:
        return ()
    # Of a credit, the higher amount is the better one for us.
    value = value * (-1 if case.credit or portion.quantity < 0 else 1)
    return (measure(case, "PP", value, percent_of=(value, expected), line=line.id),)


def _limit(case: Case, line: Assigned, portion: Portion, before: _Running) -> tuple[Variance, ...]:
    place = portion.position
    ceiling = place.item.overall_limit or ZERO
    spent = place.item.invoiced_amount + place.reserved_amount + before.amount + portion.amount
    if case.credit or spent <= ceiling:
        return ()
    over = spent - ceiling
    return (measure(case, "LA", over, percent_of=(over, ceiling), line=line.id),)


def _quantity(
    case: Case, line: Assigned, portion: Portion, before: _Running
) -> tuple[list[Variance], bool]:
    """DQ and DW: what is invoiced beyond what has come, and whether it may still come."""
    place = portion.position
    if place.item.overall_limit is not None:
        return [], False
    if case.credit or portion.quantity < 0:
        room = place.invoiced + (-before.quantity if case.credit else before.quantity)
        back = abs(portion.quantity)
        return (_excess(case, line, place, back, room) if back > room else []), False
    room = place.open - before.quantity
    curable = portion.quantity <= place.open_ordered - before.quantity
    if place.receipt_counts and not place.item.delivered and curable:
        value = place.value(portion.quantity + before.quantity + place.invoiced)
        early = measure(case, "DW", value, line=line.id)
        return [early], not early.passed
    found = _excess(case, line, place, portion.quantity, room)
    return found, curable and not all(v.passed for v in found)


def _excess(
    case: Case, line: Assigned, place: Position, quantity: Decimal, room: Decimal
) -> list[Variance]:
    excess = quantity - room
    if not excess:
        return []
    found = measure(
        case, "DQ", place.value(excess), percent_of=(excess, max(room, ZERO)), line=line.id
    )
    # Less than what has come is a partial invoice: only a limit set for it can object.
    return [found] if excess > 0 or not found.passed else []
