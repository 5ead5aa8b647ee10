"""What settles a date whose day and month may be swapped: the rest of the page."""

import re
from datetime import date

from sapmatch.reading.printed.countries import home
from sapmatch.reading.printed.dates import FoundDate, day_comes_first, parse_date
from sapmatch.reading.printed.payment import net_days
from sapmatch.reading.slip import Slip

_MONTH_FIRST = frozenset({"US", "PH"})
_UNSETTLED = frozenset({"CA"})  # both orders are in use
_FOREIGN_LABEL = re.compile(
    r"datum|dato\b|fecha|\bdata\b|date\s+d[e']|p[aä]iv|rechnung|facture|factuur|fattura|fatura|fakt",
    re.I,
)
_NEAR = 62  # days between the dates of one invoice
_DATES = ("INVOICE_RECEIPT_DATE", "DUE_DATE", "DELIVERY_DATE", "ORDER_DATE")


def settled(found: FoundDate, slip: Slip, currency: str | None) -> FoundDate:
    """The date with one meaning where the page has the proof; else with both."""
    if found.other is None:
        return found
    order = _written(slip)
    if order is None:
        order = _by_other_dates(found, slip)
    if order is None:
        order = _custom(slip, currency)
    return found if order is None else FoundDate(found.value if order else found.other)


def _written(slip: Slip) -> bool | None:
    return day_comes_first("\n".join([*slip.lines, *(field.text for field in slip.fields)]))


def _by_other_dates(found: FoundDate, slip: Slip) -> bool | None:
    """By the days to pay, then by what lies near the clear dates of the same invoice."""
    if (order := _by_terms(slip)) is not None:
        return order
    days = [parse_date(field.text) for field in slip.of(*_DATES)]
    clear = [day.value for day in days if day and day.other is None]
    day_first = _close(found.value, clear)
    month_first = _close(found.other or found.value, clear)
    return day_first if day_first != month_first else None


def _close(value: date, others: list[date]) -> bool:
    return any(abs((value - other).days) <= _NEAR for other in others)


def _by_terms(slip: Slip) -> bool | None:
    """`30 days` between issue and due date fit one order only; so does a due date not before."""
    pairs = [parse_date(seen.text) for kind in _DATES[:2] for seen in slip.of(kind)[:1]]
    if len(pairs) != 2 or pairs[0] is None or pairs[1] is None:
        return None
    spans = [
        ((pairs[1].other or pairs[1].value) - (pairs[0].other or pairs[0].value)).days,
        (pairs[1].value - pairs[0].value).days,
    ]
    terms = slip.best("PAYMENT_TERMS")
    days = net_days(terms.text) if terms else None
    month_first, day_first = (span == days if days is not None else span >= 0 for span in spans)
    return day_first if month_first != day_first else None


def _custom(slip: Slip, currency: str | None) -> bool | None:
    """By country, by the language of the labels, or a currency of day-first countries."""
    country = home(slip)
    if country and country not in _UNSETTLED:
        return country not in _MONTH_FIRST
    if any(_FOREIGN_LABEL.search(seen.label) for seen in slip.of(*_DATES, "INVOICE_RECEIPT_ID")):
        return True
    return True if currency and currency not in ("USD", "CAD", "PHP") else None
