"""Limits on amount and day, whatever the price: tolerance keys LA, LD, AP and ST."""

from collections.abc import Iterator, Sequence
from datetime import date
from decimal import Decimal

from sapmatch.matching.items import InvoiceItem
from sapmatch.matching.tolerances import Variance, measure_exact
from sapmatch.model.money import rounded
from sapmatch.model.order import ZERO


def limit_variances(item: InvoiceItem) -> Iterator[Variance]:
    """LA and LD of a limit order, which has no price but a ceiling and a time (MA-P25)."""
    ceiling = item.place.item.overall_limit
    if ceiling is None:
        return
    if not item.case.credit:
        yield from _ceiling(item, ceiling)
    outside = _days_outside(item) if item.checks("LD") else 0
    if outside:
        # Too early is as wrong as too late, and the key knows one limit.
        yield item.measure("LD", Decimal(abs(outside)), unit="days")


def amount_variance(items: Sequence[InvoiceItem]) -> Iterator[Variance]:
    """AP: the amount of a line with an order, however well it fits."""
    if not items or items[0].gives_back or not items[0].checks("AP"):
        return
    found = items[0].measure("AP", sum((item.amount for item in items), ZERO))
    if not found.passed:
        yield found


def early_variance(item: InvoiceItem) -> Iterator[Variance]:
    """ST: amount x days by which the invoice comes before the planned delivery."""
    issued, planned = item.case.invoice.issue_date, _planned(item)
    if issued is None or planned is None or item.gives_back or not item.checks("ST"):
        return
    early = (planned - issued).days
    if early > 0:
        yield item.measure("ST", item.amount * early, unit=f"{item.case.currency} days")


def _ceiling(item: InvoiceItem, ceiling: Decimal) -> Iterator[Variance]:
    place = item.place
    if place.rate is not None:  # what was spent before may be in either currency
        yield measure_exact("LA", item.amount, item.case.currency)
        return
    before = place.item.invoiced_amount + place.reserved_amount + item.taken_amount
    over = rounded(before + item.amount - ceiling, item.case.currency)
    if over > 0:
        yield item.measure("LA", over, percent_of=(over, ceiling))


def _days_outside(item: InvoiceItem) -> int:
    """By the invoice date; zero where no validity or no date is known."""
    day, order = item.case.invoice.issue_date, item.place.order
    if day is None:
        return 0
    if order.valid_from and day < order.valid_from:
        return (day - order.valid_from).days
    return max((day - order.valid_to).days, 0) if order.valid_to else 0


def _planned(item: InvoiceItem) -> date | None:
    """When everything that is billed so far was to be there."""
    schedule = sorted(item.place.item.schedule, key=lambda s: (s.delivery_date, s.quantity))
    needed = item.place.invoiced + item.taken + item.quantity
    planned = ZERO
    for part in schedule:
        planned += part.quantity
        if planned >= needed:
            return part.delivery_date
    return schedule[-1].delivery_date if schedule else None
