"""Whether an invoice agrees with itself; only then is it worth a decision (state INVALID)."""

import unicodedata
from collections.abc import Callable, Iterator, Sequence
from decimal import Decimal
from itertools import chain
from typing import Any

from msgspec import Struct
from msgspec.structs import astuple

from sapmatch.matching.amounts import Sums, line_amount, net_of, sums_of
from sapmatch.matching.units import EXACT
from sapmatch.model.errors import Problem
from sapmatch.model.invoice import Invoice, TaxSubtotal
from sapmatch.model.money import CURRENCIES, rounded
from sapmatch.model.order import ZERO

MAX_LINES = 1000
_LARGEST = Decimal("1E+11")  # SAP's amounts have 14 digits, three of them decimals
_FINEST = -30  # decimals that a number may have
_SMALLEST_BASE = Decimal("0.001")
_QUESTION = ": ask the sender which is right."  # the remedy of a decision says what to do
_BLANKS = frozenset("\t\n\r")

Allowed = Callable[[Decimal], bool]  # whether BD accepts a difference


class Flaw(Struct, frozen=True):
    """A contradiction: its cause, and where it is."""

    cause: str
    sentence: str
    ours: bool = False  # a limit of ours, and no mistake of the supplier


def first_flaw(invoice: Invoice, allowed: Allowed, problems: Sequence[Problem] = ()) -> Flaw | None:
    """The first thing that is wrong; `allowed` tells which differences BD accepts.

    `problems` are those of the reading, which checks more sums than the decision needs.
    """
    for flaw in (*_unusable(invoice), *_incomplete(invoice)):
        return flaw
    return next(chain(_contradictions(invoice, allowed), _of_reading(problems, allowed)), None)


def _of_reading(problems: Sequence[Problem], allowed: Allowed) -> Iterator[Flaw]:
    for problem in problems:
        if problem.code == "TOTALS" and len(problem.values) == 2:
            (what, made), (who, said) = problem.values.items()
            if not allowed(_amount(made) - _amount(said)):
                rule = problem.message.removesuffix(_QUESTION)
                yield Flaw("TOTALS", f"{rule}: {what} {made}, {who} {said}.")


def _amount(written: str) -> Decimal:
    """`100.00 EUR` as a number."""
    return Decimal(written.split()[0])


def balance(invoice: Invoice) -> Decimal:
    """What is left when lines, charges and tax are taken from the total."""
    return _balance(invoice, sums_of(invoice, invoice.currency or ""))


def _balance(invoice: Invoice, sums: Sums) -> Decimal:
    total, net = invoice.total or ZERO, net_of(invoice)
    known = net if net is not None else sums.net
    difference = total - (known + invoice.tax) if invoice.tax is not None else ZERO
    if net is None or not invoice.lines or sums.gross:
        return difference
    return difference + net - sums.net


def _unusable(invoice: Invoice) -> Iterator[Flaw]:
    """Input that no later rule can bear (MA-P60)."""
    if len(invoice.lines) > MAX_LINES:
        most = f"The invoice has {len(invoice.lines)} lines, and at most {MAX_LINES} are matched."
        yield Flaw("BROKEN", most, ours=True)
    numbers, texts = _leaves(invoice)
    bases = [ln.price_base_quantity for ln in invoice.lines if ln.price_base_quantity is not None]
    if not all(map(_usable, numbers)) or any(base < _SMALLEST_BASE for base in bases):
        yield Flaw("TOTALS", "The invoice holds an amount or quantity that is no usable number.")
    if not "".join(texts).isprintable() and any(map(_has_controls, texts)):
        yield Flaw("BROKEN", "A text of the invoice holds control characters.")


def _incomplete(invoice: Invoice) -> Iterator[Flaw]:
    if not (invoice.number or "").strip():
        yield Flaw("NO_NUMBER", "The invoice has no number.")
    if invoice.total is None:
        yield Flaw("NO_TOTAL", "The invoice has no total.")
    if invoice.currency not in CURRENCIES:
        yield Flaw("CURRENCY", "The invoice names no currency by its ISO 4217 code.")


def _contradictions(invoice: Invoice, allowed: Allowed) -> Iterator[Flaw]:
    sums = sums_of(invoice, invoice.currency or "")
    net, tax, total = net_of(invoice), invoice.tax, invoice.total or ZERO
    if net is not None and tax is not None and not allowed(total - net - tax):
        yield Flaw("TOTALS", f"Net {net} and tax {tax} do not add up to the total {total}.")
    if invoice.lines and net is not None and not sums.gross and not allowed(net - sums.net):
        yield Flaw(
            "TOTALS", f"The lines with charges and allowances sum to {sums.net}, not to {net}."
        )
    if invoice.lines and net is None and not allowed(total - sums.net):
        yield Flaw(
            "TOTALS", f"The lines sum to {sums.net}, the total is {total}, and no tax is named."
        )
    if not allowed(_balance(invoice, sums)):
        yield Flaw("TOTALS", "The differences in the sums are too large together.")
    yield from _tax_flaws(invoice, allowed, sums.gross)


def _tax_flaws(invoice: Invoice, allowed: Allowed, gross: bool) -> Iterator[Flaw]:
    if invoice.taxes and invoice.tax is not None:
        broken_down = sum((row.amount for row in invoice.taxes), ZERO)
        if not allowed(invoice.tax - broken_down):
            yield Flaw("TAX", f"The tax rows sum to {broken_down}, the tax is {invoice.tax}.")
    wrong = [row for row in invoice.taxes if not _is_computed(row, invoice, allowed)]
    rated = not invoice.taxes and invoice.tax is not None and _is_rated(invoice, gross)
    by_rate = _line_taxes(invoice) if wrong or rated else {}
    for row in wrong:
        if row.rate not in by_rate or row.amount != by_rate[row.rate].by_line:
            yield Flaw("TAX", f"{row.rate} % of {row.basis} is not {row.amount}.")
    if rated:
        by_document = sum((tax.by_document for tax in by_rate.values()), ZERO)
        by_line = sum((tax.by_line for tax in by_rate.values()), ZERO)
        if not allowed((invoice.tax or ZERO) - by_document) and invoice.tax != by_line:
            yield Flaw(
                "TAX", f"The rates of the lines give a tax of {by_document}, not {invoice.tax}."
            )


def _is_computed(row: TaxSubtotal, invoice: Invoice, allowed: Allowed) -> bool:
    """Whether basis and rate give the amount, where a rate is named."""
    if row.rate is None:
        return True
    return allowed(row.amount - _tax(row.basis, row.rate, invoice.currency or ""))


def _is_rated(invoice: Invoice, gross: bool) -> bool:
    """Whether the tax follows from the lines alone."""
    rated = all(line.tax_rate is not None for line in invoice.lines)
    plain = not invoice.allowances_charges and not gross
    return bool(invoice.lines) and rated and plain


class _LineTax(Struct, frozen=True):
    """Tax of all lines of one rate, rounded per line and rounded once (MA-P35)."""

    by_line: Decimal
    by_document: Decimal


def _line_taxes(invoice: Invoice) -> dict[Decimal, _LineTax]:
    currency = invoice.currency or ""
    amounts: dict[Decimal, list[Decimal]] = {}
    for line in invoice.lines:
        if line.tax_rate is not None:
            amounts.setdefault(line.tax_rate, []).append(line_amount(line, currency))
    return {
        rate: _LineTax(
            sum((_tax(amount, rate, currency) for amount in mine), ZERO),
            _tax(sum(mine, ZERO), rate, currency),
        )
        for rate, mine in amounts.items()
    }


def _tax(basis: Decimal, rate: Decimal, currency: str) -> Decimal:
    return rounded(EXACT.divide(EXACT.multiply(basis, rate), Decimal(100)), currency)


def _leaves(invoice: Invoice) -> tuple[list[Decimal], list[str]]:
    """Numbers and texts, wherever they stand."""
    numbers, texts = [], []
    parts: list[Any] = [invoice]
    for part in parts:  # grows while it is walked
        if part is None:
            continue
        if type(part) is str:
            texts.append(part)
        elif type(part) is Decimal:
            numbers.append(part)
        elif type(part) is tuple:
            parts += part
        elif isinstance(part, Struct):
            parts += astuple(part)
    return numbers, texts


def _usable(number: Decimal) -> bool:
    exponent = number.as_tuple().exponent
    return isinstance(exponent, int) and exponent >= _FINEST and abs(number) < _LARGEST


def _has_controls(text: str) -> bool:
    return any(unicodedata.category(c) == "Cc" and c not in _BLANKS for c in text)
