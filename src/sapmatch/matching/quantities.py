"""More or less than may be invoiced: tolerance keys DQ, DW, BR and BW."""

from collections.abc import Iterator
from decimal import Decimal

from sapmatch.matching.items import InvoiceItem
from sapmatch.matching.price_units import counted, ratio, received_ratio
from sapmatch.matching.tolerances import Variance
from sapmatch.matching.units import EXACT
from sapmatch.model.order import ZERO


def quantity_variances(item: InvoiceItem) -> tuple[list[Variance], bool]:
    """What is invoiced beyond what has come, and whether it may still come (MA-P23).

    A limit order has no quantity (MA-P25), a subsequent debit or credit changes none (MA-P51).
    """
    place = item.place
    if place.item.overall_limit is not None or item.subsequent:
        return [], False
    if item.gives_back:
        # A return line comes after what the same invoice delivers; a credit gives back itself.
        room = place.creditable + (-item.taken if item.case.credit else item.taken)
        back = abs(item.quantity)
        return (_excess(item, back, room) if back > room else []), False
    beyond = _beyond(item)  # and no receipt that is due can cure it
    curable = all(v.passed for v in beyond)
    if place.receipt_counts and not place.delivered:
        early = item.measure("DW", place.value(item.quantity + item.taken + place.invoiced))
        return [early, *beyond] if curable else beyond, curable and not early.passed
    found = _excess(item, item.quantity, place.open - item.taken)
    return found, curable and not all(v.passed for v in found)


def ratio_variances(item: InvoiceItem) -> Iterator[Variance]:
    """BR and BW: price units per unit as invoiced, against the order's or the receipts'."""
    if item.weighed is None or item.gives_back:
        return
    received = received_ratio(item.place.item) if item.place.receipt_counts else None
    if item.checks("BW") and received:
        yield from _ratio_variance(item, "BW", received, item.weighed)
    elif item.checks("BR") and not item.place.delivered:
        yield from _ratio_variance(item, "BR", ratio(item.place.item), item.weighed)


def _beyond(item: InvoiceItem) -> list[Variance]:
    """DQ against all that is ordered, or came though it was not."""
    room = item.place.open_ordered - item.taken
    return _excess(item, item.quantity, room) if item.quantity > room else []


def _excess(item: InvoiceItem, quantity: Decimal, room: Decimal) -> list[Variance]:
    excess = quantity - room
    if not excess:
        return []
    found = item.measure("DQ", item.place.value(excess), percent_of=(excess, max(room, ZERO)))
    # Less than what has come is a partial invoice: only a limit set for it can object.
    return [found] if excess > 0 or not found.passed else []


def _ratio_variance(
    item: InvoiceItem, key: str, expected: Decimal, weighed: Decimal
) -> Iterator[Variance]:
    """What is worth less than the last digit is rounding: the weight follows from an amount."""
    by_rule = EXACT.multiply(item.quantity, expected)
    more = weighed - by_rule
    value = item.place.value(counted(item.place, more))
    if value:
        yield item.measure(key, value, percent_of=(more, by_rule))
