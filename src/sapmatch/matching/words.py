"""Deviations from SAP's tolerance keys in words for people."""

from collections.abc import Iterable

from sapmatch.matching.case import Case
from sapmatch.matching.lines import WHOLE_DOCUMENT
from sapmatch.matching.rates import exchange_of
from sapmatch.matching.tolerances import Variance
from sapmatch.model.match import ToleranceCheck
from sapmatch.model.money import CURRENCIES, Money, rounded

_LONGEST = 60  # characters of a number that a document or SAP gives
_NAMED = 5  # of a list in a sentence
# What a positive deviation means, and a negative one where the key knows it.
_TOLD: dict[str, tuple[str, ...]] = {
    "AN": ("bills {value} that no order item covers",),
    "AP": ("is over {value}",),
    "BD": ("leaves {value} that lines, charges and tax do not explain",),
    "BR": (
        "bills {value} for more in the unit of the price than ordered",
        "bills {value} for less in the unit of the price than ordered",
    ),
    "BW": (
        "bills {value} for more in the unit of the price than received",
        "bills {value} for less in the unit of the price than received",
    ),
    "DQ": (
        "bills goods for {value} more than can be invoiced",
        "bills goods for {value} less than can be invoiced",
    ),
    "DW": ("bills goods for {value} of which none have been received",),
    "KW": (
        "bills {value} more for the delivery than planned",
        "bills {value} less for the delivery than planned",
    ),
    "LA": ("exceeds the limit of the order by {value}",),
    "LD": ("comes {value} outside the validity of the order",),
    "PC": ("is {value} dearer than the contract", "is {value} cheaper than the contract"),
    "PP": ("is {value} dearer than ordered", "is {value} cheaper than ordered"),
    "PS": (
        "is {value} dearer than the order estimates",
        "is {value} cheaper than the order estimates",
    ),
    "ST": ("comes before the planned delivery, by {value} (amount times days)",),
    "VP": ("changes the average price of the goods, by {value} in all",),
}
_GIVES_BACK = {
    "DQ": ("gives back goods for {value} more than were invoiced",),
    "PP": ("gives back {value} less than was billed", "gives back {value} more than was billed"),
}
_WHOLE = {
    "PP": ("bills {value} more than is open", "bills {value} less than is open"),
}
_DOCUMENT = {"AN": "a charge", "BD": "the total", "KW": "a charge", "PP": "the invoice"}


def deviation(case: Case, variance: Variance) -> str:
    """`line 20 is 12.50 EUR dearer than ordered, and 5.00 EUR and 3 % are allowed`."""
    line = variance.line
    told = _told(case, variance, line)
    words = told[0 if variance.value >= 0 else -1].format(value=_value(case, variance))
    who = subject(line) if line else _DOCUMENT.get(variance.key, "the invoice")
    return f"{who} {words}, and {_allowed(case, variance)}"


def subject(line: str) -> str:
    """A line, or the invoice that has none."""
    return "the invoice" if line == WHOLE_DOCUMENT else f"line {shown(line)}"


def listed(parts: Iterable[str]) -> str:
    """The first of them, and how many more there are."""
    every = [shown(part) for part in parts]
    more = f" and {len(every) - _NAMED} more" if len(every) > _NAMED else ""
    return ", ".join(every[:_NAMED]) + more


def shown(text: str) -> str:
    """A text of somebody else on one line, not longer than a sentence bears."""
    short = " ".join(text[: 2 * _LONGEST].split())
    return short if len(short) <= _LONGEST else f"{short[: _LONGEST - 1]}…"


def capital(text: str) -> str:
    """With a capital letter first."""
    return text[:1].upper() + text[1:]


def _told(case: Case, variance: Variance, line: str | None) -> tuple[str, ...]:
    if line is None and variance.key in _WHOLE:
        return _WHOLE[variance.key]
    billed = next((b.amount for b in case.lines if b.line.id == line), None)
    back = case.credit or (billed is not None and billed < 0)
    return _GIVES_BACK.get(variance.key, _TOLD[variance.key]) if back else _TOLD[variance.key]


def _value(case: Case, variance: Variance) -> str:
    """Money with its percentage; days where the key counts them."""
    own = {check.unit: check.value for check in variance.checks}
    other = next((unit for unit in own if unit not in (case.currency, "%")), None)
    if other:
        return f"{own[other]:f} {other}"
    money = str(Money(abs(variance.value), case.currency))
    return f"{money} ({_short(own['%'])} %)" if "%" in own else money


def _allowed(case: Case, variance: Variance) -> str:
    limits = [_limit(check) for check in variance.checks]
    if not limits:
        return "no limit is set for that"
    if any(not check.limit for check in variance.checks):
        return f"nothing is allowed{_why_nothing(case, variance)}"
    return f"{' and '.join(limits)} {'are' if len(limits) > 1 else 'is'} allowed"


def _why_nothing(case: Case, variance: Variance) -> str:
    """Where another reason than the settings makes the limit zero."""
    if variance.line is None and variance.key in _WHOLE:
        return ", as there are no lines to measure it by"
    home = case.company.currency
    if case.currency != home and exchange_of(case).rate(home) is None:
        return f", as no exchange rate between {case.currency} and {home} is known"
    return ""


def _limit(check: ToleranceCheck) -> str:
    """Money with all digits of its currency, none of them rounded away."""
    whole = check.unit in CURRENCIES and rounded(check.limit, check.unit) == check.limit
    return str(Money(check.limit, check.unit)) if whole else f"{check.limit:f} {check.unit}"


def _short(percent: object) -> str:
    text = f"{percent:f}"
    return text.rstrip("0").rstrip(".") if "." in text else text
