"""The amounts that a slip prints, by what its engine and its labels call them."""

import re
from collections.abc import Iterator, Sequence
from decimal import Decimal

from msgspec import Struct

from sapmatch.model.invoice import AllowanceCharge
from sapmatch.reading.printed.currency import printed_codes
from sapmatch.reading.printed.numbers import parse_amount
from sapmatch.reading.slip import Seen, Slip

_EXTRAS = {
    "SHIPPING_HANDLING_CHARGE": True,
    "SERVICE_CHARGE": True,
    "GRATUITY": True,
    "DISCOUNT": False,
}
_ROUNDING = re.compile(r"round|rundung|arrondi|afrond|redonde|arrotond|arredond|avrund|zaokr", re.I)
_AT_TILL = re.compile(r"cash|tend|change|bar\b|gegeben|card|visa|esp[eè]ces|efectivo|contant", re.I)
_TAXED = re.compile(r"(?<![\d.,])(?!0+(?:[.,]0+)?\s?%)\d{1,2}(?:[.,]\d{1,2})?\s?%")
_MINUS = re.compile(r"[-−–]\s?\W{0,3}\d|\d\s?[-−–]$")
_MAX_LINES = 2000  # of text
_LONGEST = 2000  # characters of a line
_MAX_CANDIDATES = 12
_HIGHEST_SHARE = Decimal("0.22")  # of the total: Hungary's 27 % of the net amount, and rounding


class Amount(Struct, frozen=True):
    """A printed amount and the field that shows it."""

    value: Decimal
    seen: Seen


class Notation(Struct, frozen=True, kw_only=True):
    """How a document writes money: its currency, the smallest amount of it, the decimal mark."""

    currency: str | None
    unit: Decimal
    mark: str | None


class Printed(Struct, frozen=True, kw_only=True):
    """All amounts of one slip, the surest of a kind first; `extras` are allowances and charges."""

    totals: list[Amount]
    dues: list[Amount]
    nets: list[Amount]
    taxes: list[Amount]
    extras: list[AllowanceCharge]
    paid: Amount | None
    tendered: Amount | None  # handed over at a till
    owed: Amount | None  # from earlier invoices
    rounding: Decimal | None
    line_sum: Decimal | None
    negative: frozenset[Decimal]  # amounts with a minus, wherever they stand
    taxed: bool  # whether a tax rate above 0 is printed
    unit: Decimal


def printed_amounts(slip: Slip, line_sum: Decimal | None, notation: Notation) -> Printed:
    """What a slip prints; amounts of another currency than the invoice's are left out."""
    totals = _amounts(slip, "TOTAL", notation)
    dues = _amounts(slip, "AMOUNT_DUE", notation)
    taxes = _plausible(_amounts(slip, "TAX", notation), [*totals, *dues])
    paid = _amounts(slip, "AMOUNT_PAID", notation)
    return Printed(
        totals=_sums(totals, taxes),
        dues=dues,
        nets=_amounts(slip, "SUBTOTAL", notation),
        taxes=taxes,
        extras=list(_extras(slip, notation)),
        paid=first([item for item in paid if not _AT_TILL.search(item.seen.label)]),
        tendered=first([item for item in paid if _AT_TILL.search(item.seen.label)]),
        owed=first(_amounts(slip, "PRIOR_BALANCE", notation)),
        rounding=_rounding(slip, notation),
        line_sum=line_sum,
        negative=frozenset(_negative(slip, notation)),
        taxed=any(_TAXED.search(line[:_LONGEST]) for line in slip.lines),
        unit=notation.unit,
    )


def _negative(slip: Slip, notation: Notation) -> Iterator[Decimal]:
    for line in slip.lines[:_MAX_LINES]:
        value = parse_amount(line, notation.mark) if _MINUS.search(line[:_LONGEST]) else None
        if value is not None and value < 0:
            yield value


def first(amounts: Sequence[Amount]) -> Amount | None:
    """The surest, if any."""
    return amounts[0] if amounts else None


def _amounts(slip: Slip, type: str, notation: Notation) -> list[Amount]:
    found = [
        Amount(value, seen)
        for seen in slip.of(type)
        if not _is_foreign(seen, notation.currency)
        and not _ROUNDING.match(seen.label)
        and (value := parse_amount(seen.text, notation.mark)) is not None
    ]
    return found[:_MAX_CANDIDATES]


def _is_foreign(seen: Seen, currency: str | None) -> bool:
    codes = set(printed_codes(f"{seen.label} {seen.text}"))
    return bool(currency and codes and currency not in codes)


def _plausible(taxes: list[Amount], totals: list[Amount]) -> list[Amount]:
    """Taxes that a total can hold: no rate is above 27 %."""
    largest = max((abs(total.value) for total in totals), default=None)
    if largest is None:
        return taxes
    return [tax for tax in taxes if abs(tax.value) <= _HIGHEST_SHARE * largest]


def _sums(totals: list[Amount], taxes: list[Amount]) -> list[Amount]:
    """Totals without those of a table of taxes, where there are greater ones."""
    amounts = {abs(tax.value) for tax in taxes}
    left = [total for total in totals if abs(total.value) not in amounts]
    largest = max((abs(total.value) for total in left), default=Decimal(0))
    return left if largest > max(amounts, default=Decimal(0)) else totals


def _extras(slip: Slip, notation: Notation) -> Iterator[AllowanceCharge]:
    for name, is_charge in _EXTRAS.items():
        values = {abs(item.value): item.seen.label for item in _amounts(slip, name, notation)}
        for amount, label in values.items():
            if amount:
                yield AllowanceCharge(is_charge=is_charge, amount=amount, reason=label or None)


def _rounding(slip: Slip, notation: Notation) -> Decimal | None:
    rows = (seen for seen in slip.of("OTHER", "DISCOUNT") if _ROUNDING.match(seen.label))
    values = (parse_amount(seen.text, notation.mark) for seen in rows)
    return next((value for value in values if value), None)
