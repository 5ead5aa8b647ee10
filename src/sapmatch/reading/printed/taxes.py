"""The tax breakdown (BG-23) as far as a page prints it."""

import re
from collections.abc import Mapping, Sequence
from decimal import Decimal

from sapmatch.model.invoice import TaxSubtotal
from sapmatch.reading.arithmetic import close
from sapmatch.reading.printed.amounts import Notation
from sapmatch.reading.printed.numbers import parse_amount
from sapmatch.reading.slip import Seen

_RATE = re.compile(r"(?<![\d.,])(\d{1,2}(?:[.,]\d{1,3})?)\s?%")
_HIGHEST = 30  # percent


def rate_of(seen: Seen) -> Decimal | None:
    """The rate in a tax row's label or value, in percent; None for none or several."""
    texts = _RATE.findall(f"{seen.label} {seen.text}")
    rates = {Decimal(text.replace(",", ".")) for text in texts}
    rates = {rate for rate in rates if rate <= _HIGHEST}
    return rates.pop() if len(rates) == 1 else None


def tax_rows(
    rows: Sequence[tuple[Decimal, Seen]],
    net: Decimal | None,
    tax: Decimal | None,
    bases: Sequence[Decimal],
    notation: Notation,
) -> tuple[TaxSubtotal, ...]:
    """The rows where they make the tax, each with the basis that its rate asks for; else none.

    `rows` are the printed taxes, `bases` all amounts that may be one.
    """
    if net is None or tax is None:
        return ()
    distinct = {(amount, rate_of(seen)): seen for amount, seen in rows}
    if of_rates := _of_rates(distinct, tax, (net, *bases), notation):
        return of_rates
    for amount, rate in distinct:
        if amount == tax and _fits(net, rate, amount, notation.unit):
            return (TaxSubtotal(rate=rate, basis=net, amount=amount),)
    return ()


def _of_rates(
    distinct: Mapping[tuple[Decimal, Decimal | None], Seen],
    tax: Decimal,
    bases: Sequence[Decimal],
    notation: Notation,
) -> tuple[TaxSubtotal, ...]:
    """One row per rate; where there are some, a row without a rate is their sum."""
    rated = {key: seen for key, seen in distinct.items() if key[1] is not None}
    made = [_row(*key, seen, bases, notation) for key, seen in (rated or distinct).items()]
    found = [row for row in made if row]
    together = sum((row.amount for row in found), Decimal(0))
    whole = len(found) == len(made) and close(together, tax, notation.unit)
    return tuple(found) if whole else ()


def _row(
    amount: Decimal, rate: Decimal | None, seen: Seen, bases: Sequence[Decimal], notation: Notation
) -> TaxSubtotal | None:
    printed = parse_amount(seen.label, notation.mark)
    candidates = [*([] if printed is None else [printed]), *bases]
    fitting = (base for base in candidates if rate and _fits(base, rate, amount, notation.unit))
    basis = next(fitting, None)
    return None if basis is None else TaxSubtotal(rate=rate, basis=basis, amount=amount)


def _fits(basis: Decimal, rate: Decimal | None, amount: Decimal, unit: Decimal) -> bool:
    return rate is None or close(basis * rate / 100, amount, unit)
