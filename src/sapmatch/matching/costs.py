"""Delivery costs and other amounts that no order item covers: tolerance keys KW and AN."""

import re
from collections.abc import Iterator, Sequence
from decimal import Decimal

from msgspec import Struct
from msgspec.structs import replace

from sapmatch.matching.case import Case
from sapmatch.matching.charges import names_delivery_cost
from sapmatch.matching.ledger import Position
from sapmatch.matching.lines import Assigned, Portion
from sapmatch.matching.normalise import words
from sapmatch.matching.tolerances import Variance, measure, measure_exact, named
from sapmatch.matching.units import EXACT
from sapmatch.model.invoice import AllowanceCharge
from sapmatch.model.match import Unplanned
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
    if _lacks_account(case, line, place):
        return (_nothing_allowed(case, line),)
    return (measure(case, "AN", abs(line.amount), line=line.id, place=place),)


def unplanned(case: Case, line: Assigned) -> Unplanned | None:
    """How SAP books a line that no item of the purchase orders covers; None where nothing is due.

    Freight, packing and surcharges go with the goods (MA-P38), all else on a G/L account.
    """
    if line.placed or line.amount <= 0:
        return None
    is_cost = any(names_delivery_cost(frozenset(words(text))) for text in _texts(case, line.id))
    return Unplanned(kind="delivery_cost" if is_cost else "account", amount=line.amount)


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


def _lacks_account(case: Case, line: Assigned, place: Position | None) -> bool:
    """Whether SAP could take the line only on a G/L account, and the settings name none."""
    bought = place is not None and place.order.side == "purchase_order"
    if not (bought and case.policy.writes_invoices) or case.company.unplanned_account:
        return False
    booked = unplanned(case, line)
    return booked is not None and booked.kind == "account"


def _nothing_allowed(case: Case, line: Assigned) -> Variance:
    variance = measure_exact("AN", abs(line.amount), case.currency)
    return replace(variance, checks=tuple(replace(c, line=line.id) for c in variance.checks))


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
    return any(_names_delivery(text) for text in _texts(case, line))


def _texts(case: Case, line: str) -> Iterator[str]:
    return (b.line.description or "" for b in case.lines if b.line.id == line)


def _is_delivery(charged: AllowanceCharge) -> bool:
    return charged.reason_code in _CODES or _names_delivery(charged.reason or "")


def _names_delivery(text: str) -> bool:
    return any(_DELIVERY.fullmatch(word[:_LONGEST]) for word in words(text))
