"""Which of the printed amounts are net, tax and total: by label, confidence, and by adding up."""

import re
from collections.abc import Iterator, Sequence
from decimal import Decimal
from itertools import combinations, product

from msgspec import Struct
from msgspec.structs import replace

from sapmatch.model.invoice import AllowanceCharge, TaxSubtotal
from sapmatch.reading.arithmetic import close
from sapmatch.reading.printed.amounts import Amount, Notation, Printed, first, printed_amounts
from sapmatch.reading.printed.numbers import all_readings
from sapmatch.reading.printed.taxes import rate_of, tax_rows
from sapmatch.reading.slip import Slip

_WITHOUT_TAX = re.compile(
    r"\bexcl|\bexkl|\bohne\b|\bnett?o\b(?!\s+a\s+paga)|\bhors\b|\bht\b|before|sub-?\s?total"
    r"|\bsin\s+iva|\bs/iva|\bbez\s+dph|\bekskl|\bveroton|base\b|imponib",
    re.I,
)
_FINAL = re.compile(
    r"grand|invoice total|total (?:amount|due|payable|invoice|incl)|\bincl?\b|\bincl|\binkl|gesamt"
    r"|brutto|\bttc\b|payer|betal|zahlen|zahlbetrag|totale|importe total|total factura|a pagar"
    r"|razem|do zap|celkem|k [uú]hrad|att betala|yhteens|maksettava|after rounding|s dph",
    re.I,
)
_OTHER_SUMS = re.compile(
    r"balance|charges|paid|change|tender|cash|saving|discount|rounding adj|qty|items|previous|prior"
    r"|carried|brought|[uü]bertrag|report|transport|\bgst\b|\bvat\b|\btax\b|mwst|\b0\s?%",
    re.I,
)
_PREPAID = re.compile(
    r"acompte|anzahlung|pre-?paid|deposit|\bpaid\b|d[eé]j[aà]|bereits|abschlags|aanbetaling|anticipo"
    r"|acconto|forskud|f[oö]rskott|z[aá]loh|zalicz|ennakko|balance|\bsolde\b|\bsaldo\b|adiantamento",
    re.I,
)
_HALVES = re.compile(r"\b(?:[cs]|ut)gst\b", re.IGNORECASE)
_HIGHEST_TAX = Decimal("0.28")  # of the net amount: Hungary's 27 % and rounding
_DERIVED = 0.8  # confidence in what is worked out instead of read
_MAX_EXTRAS = 4
_MAX_LINES = 2000  # of text that are searched for a payment
_PROVEN = 2


class Totals(Struct, frozen=True, kw_only=True):
    """`proof`: 2 net and tax make the total, 1 something else does, 0 nothing does.

    `rivals` are other amounts that are called a total just as clearly. `derived` names, for each
    sum that is not printed, the fields that it follows from.
    """

    net: Amount | None = None
    tax: Amount | None = None
    total: Amount | None = None
    due: Amount | None = None
    prepaid: Amount | None = None
    rounding: Decimal | None = None
    extras: tuple[AllowanceCharge, ...] = ()
    taxes: tuple[TaxSubtotal, ...] = ()
    derived: dict[str, tuple[str, ...]] = {}
    proof: int = 0
    rivals: tuple[Amount, ...] = ()


class _Way(Struct, frozen=True):
    """One way to read the sums."""

    total: Amount
    net: Amount | None = None
    tax: Amount | None = None
    extras: tuple[AllowanceCharge, ...] = ()
    proof: int = 0
    rounding: Decimal | None = None


def choose_totals(slip: Slip, line_sum: Decimal | None, notation: Notation) -> Totals:
    """The best reading of a page's sums; a total that is not printed stays None."""
    printed = printed_amounts(slip, line_sum, notation)
    ways = list(_all_ways(printed))
    if not ways:
        taxes = _with_sum(printed.taxes)
        due = first(printed.dues)
        return Totals(net=first(printed.nets), tax=first(taxes), due=due)
    best = max(ways, key=_rank)
    chosen = _with_rest(_chosen(best, printed))
    return replace(
        _with_payable(chosen, printed, slip),
        taxes=_rows(chosen, printed, notation),
        rivals=tuple(
            {way.total.value: way.total for way in ways if _rivals(best, way, printed)}.values()
        ),
    )


def _all_ways(printed: Printed) -> Iterator[_Way]:
    """An amount due that may hold other debts counts as the total only where sums prove it."""
    for total in printed.totals:
        yield from _ways(total, printed)
    debts = printed.owed or printed.paid
    for due in printed.dues:
        yield from (way for way in _ways(due, printed) if way.proof or not debts)


def _ways(total: Amount, printed: Printed) -> Iterator[_Way]:
    yield _Way(total)
    yield from _net_and_tax(total, printed)
    yield from _tax_inside(total, printed)
    yield from _by_rates(total, printed)
    yield from _untaxed(total, printed)
    yield from _by_lines(total, printed)
    if printed.tendered and printed.tendered.value == total.value:
        yield _Way(total, None, first(printed.taxes), (), 1)


def _net_and_tax(total: Amount, printed: Printed) -> Iterator[_Way]:
    """Net and tax make the total; an engine may call one of the two a total as well."""
    taxes = _with_sum(printed.taxes)
    smaller = [item for item in printed.totals if abs(item.value) < abs(total.value)]
    pairs = [
        *product(_with_sum_of_rates(printed.nets), taxes),
        *product(smaller, taxes),
        *product(printed.nets, (item for item in smaller if item.value)),
    ]
    for (net, tax), extras in product(pairs, _some(printed.extras)):
        base = net.value + sum(map(_signed, extras), Decimal(0))
        if abs(tax.value) <= _HIGHEST_TAX * abs(base):
            yield from _added(total, Amount(base, net.seen), tax, extras, printed)


def _added(
    total: Amount, net: Amount, tax: Amount, extras: tuple[AllowanceCharge, ...], printed: Printed
) -> Iterator[_Way]:
    made = net.value + tax.value
    if close(made, total.value, printed.unit):
        yield _Way(total, net, tax, extras, 2)
    elif printed.rounding and close(made + printed.rounding, total.value, printed.unit):
        yield _Way(total, net, tax, extras, 2, printed.rounding)


def _some(extras: Sequence[AllowanceCharge]) -> list[tuple[AllowanceCharge, ...]]:
    """Every choice of a few allowances and charges."""
    few = extras[:_MAX_EXTRAS]
    return [some for count in range(len(few) + 1) for some in combinations(few, count)]


def _signed(extra: AllowanceCharge) -> Decimal:
    return extra.amount if extra.is_charge else -extra.amount


def _tax_inside(total: Amount, printed: Printed) -> Iterator[_Way]:
    """A subtotal that is the total already holds the tax."""
    for net, tax in product(printed.nets, _with_sum(printed.taxes)):
        plausible = 0 < abs(tax.value) <= _HIGHEST_TAX * abs(total.value)
        if plausible and close(net.value, total.value, printed.unit):
            yield _Way(total, None, tax, (), 1)


def _by_rates(total: Amount, printed: Printed) -> Iterator[_Way]:
    """Two sums, one per tax rate, make the total."""
    parts = {item.value for item in (*printed.totals, *printed.nets)} - {total.value}
    for one, other in combinations(sorted(parts), 2):
        if one and other and close(one + other, total.value, printed.unit):
            yield _Way(total, None, first(_with_sum(printed.taxes)[-1:]), (), 2)


def _by_lines(total: Amount, printed: Printed) -> Iterator[_Way]:
    if printed.line_sum is None:
        return
    for tax, extras in product(_with_sum(printed.taxes), _some(printed.extras)):
        made = printed.line_sum + sum(map(_signed, extras), Decimal(0))
        if close(made + tax.value, total.value, printed.unit):
            yield _Way(total, None, tax, extras, 1)
    if close(printed.line_sum, total.value, printed.unit):
        yield _Way(total, None, first(printed.taxes), (), 1)


def _untaxed(total: Amount, printed: Printed) -> Iterator[_Way]:
    """Nothing is added to the net amount, neither tax nor anything else."""
    if printed.taxed or any(tax.value for tax in printed.taxes):
        return
    for net in printed.nets:
        if net.value == total.value:
            yield _Way(total, net, first(printed.taxes), (), 1)


def _with_sum(taxes: list[Amount]) -> list[Amount]:
    """Several tax rows make one tax: their sum is a candidate, shown by its surest row.

    The same amount at the same rate is the same row, printed twice, unless union and state each
    take their half, as in India.
    """
    rows = {(tax.value, rate_of(tax.seen), _level(tax)): tax for tax in taxes}
    if len(rows) < 2:
        return taxes
    return [*taxes, Amount(sum((tax.value for tax in rows.values()), Decimal(0)), taxes[0].seen)]


def _level(tax: Amount) -> str:
    level = _HALVES.search(tax.seen.label)
    return level.group().casefold() if level else ""


def _with_sum_of_rates(nets: list[Amount]) -> list[Amount]:
    """A table of taxes gives the net amount per rate: together they are a candidate."""
    rows = {rate: net for net in nets if (rate := rate_of(net.seen)) is not None}
    if len(rows) < 2:
        return nets
    return [*nets, Amount(sum((net.value for net in rows.values()), Decimal(0)), nets[0].seen)]


def _chosen(best: _Way, printed: Printed) -> Totals:
    """What proves itself; where nothing does, the surest of each kind and all that was charged."""
    free = None if best.proof else first
    return Totals(
        net=best.net or (free(printed.nets) if free else None),
        tax=best.tax or (free(_with_sum(printed.taxes)) if free else None),
        total=best.total,
        due=first(printed.dues),
        extras=best.extras or _between(best, printed) if best.proof else tuple(printed.extras),
        rounding=best.rounding,
        proof=best.proof,
    )


def _between(best: _Way, printed: Printed) -> tuple[AllowanceCharge, ...]:
    """What makes the net amount of the lines (BR-CO-13), where one of the three is not guessed:
    it is called an allowance or a charge, has a minus, or the sum of the lines is printed too."""
    if best.net is None or printed.line_sum is None:
        return ()
    missing = abs(best.net.value) - abs(printed.line_sum)  # a credit note may have a minus
    if close(missing, Decimal(0), printed.unit):
        return ()
    for some in _some(printed.extras):
        if close(sum(map(_signed, some), Decimal(0)), missing, printed.unit):
            return some
    goods = any(close(abs(net.value), abs(printed.line_sum), printed.unit) for net in printed.nets)
    if goods or missing in printed.negative:
        return (AllowanceCharge(is_charge=missing > 0, amount=abs(missing)),)
    return ()


def _with_rest(totals: Totals) -> Totals:
    """The net amount of a total with its tax (BR-CO-15), the total before it was rounded."""
    total, net, tax = totals.total, totals.net, totals.tax
    if total and net and tax and totals.rounding:
        whole = Amount(net.value + tax.value, total.seen)
        return replace(
            totals, total=whole, due=total, derived=totals.derived | {"total": ("net", "tax")}
        )
    if total is None or tax is None or net is not None:
        return totals
    sure = min(total.seen.confidence, tax.seen.confidence) * _DERIVED
    net = Amount(total.value - tax.value, replace(total.seen, confidence=sure))
    return replace(totals, net=net, derived=totals.derived | {"net": ("total", "tax")})


def _with_payable(totals: Totals, printed: Printed, slip: Slip) -> Totals:
    """What was paid before, less what was owed before, where that explains the amount due."""
    total, due = totals.total, totals.due
    if total is None or totals.rounding:
        return totals
    if totals.proof == _PROVEN and (due is None or due.value <= total.value):
        totals = _less_prepaid(totals, total, printed, slip)
        if totals.prepaid:
            return totals
    if due is None:
        return _undemanded(totals, total, printed, slip)
    paid = abs(printed.paid.value) if printed.paid else Decimal(0)
    prepaid = paid - (printed.owed.value if printed.owed else Decimal(0))
    known = printed.paid or printed.owed
    if known and due.value != total.value and close(total.value - prepaid, due.value, printed.unit):
        return replace(totals, prepaid=Amount(prepaid, known.seen))
    return totals


def _less_prepaid(totals: Totals, total: Amount, printed: Printed, slip: Slip) -> Totals:
    """A smaller sum is due where the page prints what was paid before, and calls either so."""
    rests = [totals.due] if totals.due else []
    if any(map(_PREPAID.search, slip.lines)):
        rests += [*printed.dues, *printed.totals]
    shown = {amount for line in slip.lines[:_MAX_LINES] for amount in all_readings(line)}
    for rest in rests:
        paid = total.value - rest.value
        parts = {item.value for item in (*printed.nets, *printed.taxes)}
        known = {rest.value, paid} & parts
        if 0 < rest.value < total.value and paid in shown and not known:
            return replace(totals, due=rest, prepaid=Amount(paid, rest.seen))
    return totals


def _undemanded(totals: Totals, total: Amount, printed: Printed, slip: Slip) -> Totals:
    """Without an amount due all is due (BR-CO-16), unless the page speaks of payments."""
    if printed.paid or printed.owed or any(map(_PREPAID.search, slip.lines)):
        return totals
    return replace(totals, due=total, derived=totals.derived | {"payable": ("total",)})


def _rows(totals: Totals, printed: Printed, notation: Notation) -> tuple[TaxSubtotal, ...]:
    rows = [(tax.value, tax.seen) for tax in printed.taxes]
    bases = [item.value for item in (*printed.nets, *printed.totals)]
    net, tax = (item.value if item else None for item in (totals.net, totals.tax))
    return tax_rows(rows, net, tax, bases, notation)


def _rank(way: _Way) -> tuple[int, int, Decimal, float]:
    """Of proven totals the greatest: the others are those of one tax rate."""
    size = abs(way.total.value) if way.proof == _PROVEN else Decimal(0)
    return way.proof, _label_rank(way.total), size, way.total.seen.confidence


def _rivals(best: _Way, way: _Way, printed: Printed) -> bool:
    """Whether it is as good, and no part of the other: what is missing would be printed as well."""
    missing = best.total.value - way.total.value
    parts = {item.value for item in printed.totals}
    return bool(missing) and missing not in parts and _rank(way)[:2] == _rank(best)[:2]


def _label_rank(total: Amount) -> int:
    label = total.seen.label
    if _WITHOUT_TAX.search(label):
        return 0
    if _FINAL.search(label):
        return 2
    return 0 if total.seen.type == "AMOUNT_DUE" or _OTHER_SUMS.search(label) else 1
