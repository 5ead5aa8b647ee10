"""Which of the printed amounts are net, tax and total: by label, confidence, and by adding up."""

import re
from collections.abc import Iterator, Sequence
from decimal import Decimal
from itertools import product

from msgspec import Struct
from msgspec.structs import replace

from sapmatch.model.invoice import AllowanceCharge
from sapmatch.reading.arithmetic import close
from sapmatch.reading.numbers import parse_amount
from sapmatch.reading.slip import Seen, Slip

_WITHOUT_TAX = re.compile(
    r"\bexcl|\bexkl|\bohne\b|\bnett?o\b|\bhors\b|\bht\b|before|sub-?\s?total", re.I
)
_FINAL = re.compile(
    r"grand|invoice total|total (?:amount|due|payable|invoice|incl)|\bincl|\binkl|gesamt|brutto"
    r"|\bttc\b|payer|betalen|zahlen|totale|importe total",
    re.I,
)
_OTHER_SUMS = re.compile(
    r"balance|charges|paid|change|tender|cash|saving|discount|rounding|qty|items|previous|prior"
    r"|\bgst\b|\bvat\b|\btax\b|mwst",
    re.I,
)
_EXTRAS = {
    "SHIPPING_HANDLING_CHARGE": True,
    "SERVICE_CHARGE": True,
    "GRATUITY": True,
    "DISCOUNT": False,
}
_MAX_CANDIDATES = 8
_HIGHEST_TAX = Decimal("0.28")  # of the net amount: Hungary's 27 % and rounding
_DERIVED = 0.8  # confidence in what is worked out instead of read


class Amount(Struct, frozen=True):
    """A printed amount and the field that shows it."""

    value: Decimal
    seen: Seen


class Totals(Struct, frozen=True, kw_only=True):
    """`proof`: 2 net and tax make the total, 1 something else does, 0 nothing does.

    `rivals` says that another amount is called a total just as clearly.
    """

    net: Amount | None = None
    tax: Amount | None = None
    total: Amount | None = None
    due: Amount | None = None
    prepaid: Decimal | None = None
    extras: tuple[AllowanceCharge, ...] = ()
    proof: int = 0
    rivals: bool = False


class _Way(Struct, frozen=True):
    """One way to read the sums."""

    total: Amount
    net: Amount | None = None
    tax: Amount | None = None
    extras: tuple[AllowanceCharge, ...] = ()
    proof: int = 0


class _Printed(Struct, frozen=True, kw_only=True):
    """The amounts that a slip shows, by what the engine calls them."""

    totals: list[Amount]
    nets: list[Amount]
    taxes: list[Amount]
    extras: list[AllowanceCharge]
    due: Amount | None
    line_sum: Decimal | None
    unit: Decimal


def choose_totals(slip: Slip, line_sum: Decimal | None, unit: Decimal, mark: str | None) -> Totals:
    """The best reading of a page's sums; a total that is not printed stays None."""
    printed = _printed(slip, line_sum, unit, mark)
    ways = [way for total in printed.totals for way in _ways(total, printed)]
    if not ways:
        return Totals(net=_first(printed.nets), tax=_first(printed.taxes), due=printed.due)
    best = max(ways, key=_rank)
    tax = best.tax or (None if best.proof else _first(printed.taxes))
    net = best.net or (None if best.proof else _first(printed.nets))
    return Totals(
        net=net or _derived(best.total, tax),
        tax=tax,
        total=best.total,
        due=printed.due,
        prepaid=_prepaid(slip, best.total, printed, mark),
        extras=best.extras,
        proof=best.proof,
        rivals=any(_rivals(best, way) for way in ways),
    )


def _printed(slip: Slip, line_sum: Decimal | None, unit: Decimal, mark: str | None) -> _Printed:
    dues = _amounts(slip, "AMOUNT_DUE", mark)
    other_debts = slip.of("PRIOR_BALANCE", "AMOUNT_PAID")
    return _Printed(
        totals=_amounts(slip, "TOTAL", mark) + ([] if other_debts else dues),
        nets=_amounts(slip, "SUBTOTAL", mark),
        taxes=_with_sum(_amounts(slip, "TAX", mark)),
        extras=list(_extras(slip, mark)),
        due=_first(dues),
        line_sum=line_sum,
        unit=unit,
    )


def _amounts(slip: Slip, type: str, mark: str | None) -> list[Amount]:
    found = [
        Amount(value, seen)
        for seen in slip.of(type)
        if (value := parse_amount(seen.text, mark)) is not None
    ]
    return found[:_MAX_CANDIDATES]


def _with_sum(taxes: list[Amount]) -> list[Amount]:
    """Several tax rows make one tax: their sum is a candidate, shown by its surest row."""
    rows = {(tax.value, tax.seen.label): tax for tax in taxes}
    if len(rows) < 2:
        return taxes
    return [*taxes, Amount(sum((tax.value for tax in rows.values()), Decimal(0)), taxes[0].seen)]


def _extras(slip: Slip, mark: str | None) -> Iterator[AllowanceCharge]:
    for name, is_charge in _EXTRAS.items():
        values = {abs(found.value): found.seen.label for found in _amounts(slip, name, mark)}
        for amount, label in values.items():
            if amount:
                yield AllowanceCharge(is_charge=is_charge, amount=amount, reason=label or None)


def _ways(total: Amount, printed: _Printed) -> Iterator[_Way]:
    yield _Way(total)
    yield from _net_and_tax(total, printed)
    yield from _tax_inside(total, printed)
    yield from _by_lines(total, printed)


def _net_and_tax(total: Amount, printed: _Printed) -> Iterator[_Way]:
    """Net and tax make the total; an engine may call one of the two a total as well."""
    smaller = [item for item in printed.totals if abs(item.value) < abs(total.value)]
    pairs = [
        *product(printed.nets, printed.taxes),
        *product(smaller, printed.taxes),
        *product(printed.nets, (item for item in smaller if item.value)),
    ]
    used = dict.fromkeys(((), *((item,) for item in printed.extras), tuple(printed.extras)))
    for (net, tax), extras in product(pairs, used):
        base = net.value + sum(
            (item.amount if item.is_charge else -item.amount for item in extras), Decimal(0)
        )
        fits = close(base + tax.value, total.value, printed.unit)
        if fits and abs(tax.value) <= _HIGHEST_TAX * abs(base):
            yield _Way(total, Amount(base, net.seen), tax, extras, 2)


def _tax_inside(total: Amount, printed: _Printed) -> Iterator[_Way]:
    """A subtotal that is the total already holds the tax."""
    for net, tax in product(printed.nets, printed.taxes):
        plausible = 0 < abs(tax.value) <= _HIGHEST_TAX * abs(total.value)
        if plausible and close(net.value, total.value, printed.unit):
            yield _Way(total, None, tax, (), 1)


def _by_lines(total: Amount, printed: _Printed) -> Iterator[_Way]:
    if printed.line_sum is None:
        return
    for tax in printed.taxes:
        if close(printed.line_sum + tax.value, total.value, printed.unit):
            yield _Way(total, None, tax, (), 1)
    if close(printed.line_sum, total.value, printed.unit):
        yield _Way(total, None, _first(printed.taxes), (), 1)


def _derived(total: Amount, tax: Amount | None) -> Amount | None:
    """The net amount of a total with its tax (BR-CO-15), where none is printed."""
    if tax is None:
        return None
    sure = min(total.seen.confidence, tax.seen.confidence) * _DERIVED
    return Amount(total.value - tax.value, replace(total.seen, confidence=sure, evidence=None))


def _prepaid(slip: Slip, total: Amount, printed: _Printed, mark: str | None) -> Decimal | None:
    """What was paid before, less what was owed before, where that explains the amount due."""
    if printed.due is None or printed.due.value == total.value:
        return None
    paid, owed = (_first(_amounts(slip, name, mark)) for name in ("AMOUNT_PAID", "PRIOR_BALANCE"))
    prepaid = (abs(paid.value) if paid else Decimal(0)) - (owed.value if owed else Decimal(0))
    explained = close(total.value - prepaid, printed.due.value, printed.unit)
    return prepaid if explained else None


def _rank(way: _Way) -> tuple[int, int, float]:
    return way.proof, _label_rank(way.total), way.total.seen.confidence


def _rivals(best: _Way, way: _Way) -> bool:
    return way.total.value != best.total.value and _rank(way)[:2] == _rank(best)[:2]


def _label_rank(total: Amount) -> int:
    label = total.seen.label
    if _WITHOUT_TAX.search(label):
        return 0
    if _FINAL.search(label):
        return 2
    return 0 if total.seen.type == "AMOUNT_DUE" or _OTHER_SUMS.search(label) else 1


def _first(amounts: Sequence[Amount]) -> Amount | None:
    return amounts[0] if amounts else None
