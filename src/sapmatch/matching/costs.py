"""Delivery costs and other amounts that no order item covers: tolerance keys KW and AN."""

import re
from collections.abc import Sequence
from decimal import Decimal

from msgspec import Struct

from sapmatch.matching.case import Case
from sapmatch.matching.ledger import Position
from sapmatch.matching.lines import Assigned, Portion
from sapmatch.matching.normalise import words
from sapmatch.matching.tolerances import Variance, measure, named
from sapmatch.matching.units import EXACT
from sapmatch.model.invoice import AllowanceCharge
from sapmatch.model.money import rounded
from sapmatch.model.order import ZERO

_CODES = frozenset({"DL", "FC", "SAA"})  # UNTDID 7161: delivery, freight, shipping and handling
_DELIVERY = re.compile(r"(?:fracht|versand|porto|transport|liefer|freight|shipping|carriage).*")
_LONGEST = 40  # characters of a word; the rest of an endless one says nothing


class PlannedCost(Struct, frozen=True, kw_only=True):
    """What the orders plan for the delivery of what is invoiced; `place` is one of their items."""

    amount: Decimal  # in the invoice's currency
    place: Position


def stray_line(
    case: Case, line: Assigned, planned: PlannedCost | None, place: Position | None
) -> tuple[Variance, ...]:
    """A line that no order item covers; `place` is any item of the orders, for their supplier."""
    if not line.amount:
        return ()
    if planned and _says_delivery(case, line.id):
        return _against_plan(case, line.amount, planned, line.id)
    return (measure(case, "AN", abs(line.amount), line=line.id, place=place),)


def charge(
    case: Case, charged: AllowanceCharge, planned: PlannedCost | None, place: Position | None
) -> tuple[Variance, ...]:
    """A charge of the document, never spread into prices (MA-P38); `place` as in `stray_line`."""
    if planned and _is_delivery(charged):
        return _against_plan(case, charged.amount, planned, None)
    return (measure(case, "AN", charged.amount, place=place),)


def planned_cost(case: Case, lines: Sequence[Assigned]) -> PlannedCost | None:
    """The planned delivery cost, where KW has limits and exactly one row bills a delivery: of
    several nobody can tell which one the order means."""
    placed = [portion for line in lines for portion in line.portions]
    costly = [portion for portion in placed if portion.position.item.planned_costs]
    if case.credit or not costly or not named(case.company, "KW", costly[0].position):
        return None
    rows = [line for line in lines if not line.placed and _says_delivery(case, line.id)]
    charges = [c for c in case.invoice.allowances_charges if c.is_charge and _is_delivery(c)]
    if len(rows) + len(charges) != 1:
        return None
    total = rounded(sum(map(_planned, costly), ZERO), case.currency)
    return PlannedCost(amount=total, place=costly[0].position)


def _against_plan(
    case: Case, amount: Decimal, planned: PlannedCost, line: str | None
) -> tuple[Variance, ...]:
    """KW: amount - q x planned cost / planned quantity."""
    value = amount - planned.amount
    if not value:
        return ()
    percent = (value, planned.amount)
    return (measure(case, "KW", value, percent_of=percent, line=line, place=planned.place),)


def _planned(portion: Portion) -> Decimal:
    place = portion.position
    costs = [cost for cost in place.item.planned_costs if cost.quantity]
    shares = (
        EXACT.divide(EXACT.multiply(portion.quantity, cost.amount), cost.quantity) for cost in costs
    )
    return place.converted(sum(shares, ZERO))


def _says_delivery(case: Case, line: str) -> bool:
    texts = (b.line.description or "" for b in case.lines if b.line.id == line)
    return any(_names_delivery(text) for text in texts)


def _is_delivery(charged: AllowanceCharge) -> bool:
    return charged.reason_code in _CODES or _names_delivery(charged.reason or "")


def _names_delivery(text: str) -> bool:
    return any(_DELIVERY.fullmatch(word[:_LONGEST]) for word in words(text))
