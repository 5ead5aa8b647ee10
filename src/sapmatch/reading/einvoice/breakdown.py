"""Do the tax rows and the lines of an e-invoice add up? (BR-CO-17, BR-S-08 and its siblings)"""

from collections import defaultdict
from collections.abc import Iterator
from decimal import Decimal

from sapmatch.model.errors import Problem
from sapmatch.model.invoice import AllowanceCharge, Invoice, InvoiceLine, TaxSubtotal
from sapmatch.model.money import rounded
from sapmatch.reading.arithmetic import ZERO, Claim, meanings, slack, smallest
from sapmatch.reading.codes import NO_TAX

_LEAST_DECIMALS = 2  # a price of "10" is not one that was rounded to tens
_MOST_LINES = 20  # are named, where thousands are wrong
_EXACT_LINES = ("urn:fdc:peppol.eu", "xrechnung_3")
Key = tuple[str | None, Decimal]


def broken_rules(invoice: Invoice) -> list[Problem]:
    """One problem per tax row or line that does not follow from what it is made of."""
    claims = [*_of_tax_rows(invoice), *_of_bases(invoice)]
    wrong = [claim for claim in claims if not claim.holds]
    lines = [claim for claim in _of_lines(invoice) if not claim.holds]
    return [claim.problem(invoice.currency) for claim in wrong + lines[:_MOST_LINES]]


def _of_tax_rows(invoice: Invoice) -> Iterator[Claim]:
    by_line = _taxes_by_line(invoice)
    for index, row in enumerate(invoice.taxes):
        rate = ZERO if row.category in NO_TAX and row.rate is None else row.rate
        if rate is not None:
            yield Claim(
                field=f"taxes[{index}].amount",
                rule="BR-CO-17: a tax rate does not give its tax",
                what=f"{rate:f} % of the taxable amount",
                made=(row.basis * rate / 100, by_line[rate]),
                stated=(row.amount,),
                slack=max(slack(invoice), _half_whole(row)),
            )


def _half_whole(row: TaxSubtotal) -> Decimal:
    """Half a whole where there are only whole amounts: forints are rounded so, for one."""
    whole = all(amount == amount.to_integral_value() for amount in (row.basis, row.amount))
    return Decimal("0.5") if whole else ZERO


def _taxes_by_line(invoice: Invoice) -> dict[Decimal, Decimal]:
    """The tax per rate where it is rounded per line (MA-P35)."""
    taxes: dict[Decimal, Decimal] = defaultdict(Decimal)
    for line in invoice.lines:
        taxes[line.tax_rate or ZERO] += _tax(line.net, line.tax_rate, invoice)
    for item in invoice.allowances_charges:
        tax = _tax(item.amount, item.tax_rate, invoice)
        taxes[item.tax_rate or ZERO] += tax if item.is_charge else -tax
    return taxes


def _tax(amount: Decimal | None, rate: Decimal | None, invoice: Invoice) -> Decimal:
    return rounded((amount or ZERO) * (rate or ZERO) / 100, invoice.currency or "")


def _of_bases(invoice: Invoice) -> Iterator[Claim]:
    """BR-S-08 and its siblings of the other categories, where every part says how it is taxed."""
    taxed: tuple[InvoiceLine | AllowanceCharge, ...] = (
        *invoice.lines,
        *invoice.allowances_charges,
    )
    nets = [line.net for line in invoice.lines]
    if not nets or None in nets or not all(map(_is_rated, taxed)) or _is_gross(invoice):
        return
    stated: dict[Key, Decimal] = defaultdict(Decimal)
    for row in invoice.taxes:
        stated[_key(row)] += row.basis
    made = list(_bases(invoice))
    for key in made[0].keys() - stated.keys() if stated else ():
        yield Claim(
            field="taxes",
            rule=f"BR-{key[0]}-01: the tax breakdown leaves out a category of the lines",
            what="lines less allowances with charges",
            made=tuple(bases[key] for bases in made),
            stated=(ZERO,),
            slack=slack(invoice, len(taxed)),
        )
    for index, row in enumerate(invoice.taxes):
        yield Claim(
            field=f"taxes[{index}].basis",
            rule=f"BR-{row.category}-08: lines, allowances and charges do not make the taxable "
            "amount of their tax",
            what="lines less allowances with charges",
            made=tuple(bases[_key(row)] for bases in made),
            stated=(stated[_key(row)],),
            slack=slack(invoice, len(taxed)),
        )


def _is_rated(item: InvoiceLine | AllowanceCharge) -> bool:
    return item.tax_category in NO_TAX or None not in (item.tax_category, item.tax_rate)


def _bases(invoice: Invoice) -> Iterator[dict[Key, Decimal]]:
    """What each tax is of, as many times as allowances and charges can be understood."""
    items = invoice.allowances_charges
    for amounts in meanings(items):
        sums: dict[Key, Decimal] = defaultdict(Decimal)
        for line in invoice.lines:
            sums[_taxed(line)] += line.net or ZERO
        for item, amount in zip(items, amounts, strict=True):
            sums[_taxed(item)] += amount
        yield sums


def _taxed(item: InvoiceLine | AllowanceCharge) -> Key:
    return item.tax_category, item.tax_rate or ZERO


def _key(row: TaxSubtotal) -> Key:
    return row.category, row.rate or ZERO


def _is_gross(invoice: Invoice) -> bool:
    """Whether the lines are stated with tax."""
    lines = sum((line.net or ZERO for line in invoice.lines), ZERO)
    return bool(invoice.tax) and lines == invoice.total


def _of_lines(invoice: Invoice) -> Iterator[Claim]:
    """PEPPOL-EN16931-R120 and R046, for who claims to follow them: many others' lines do not."""
    profile = (invoice.profile or "").lower()
    if not any(name in profile for name in _EXACT_LINES):
        return
    unit = smallest(invoice.currency)
    for index, line in enumerate(invoice.lines):
        yield from _of_line(line, f"lines[{index}]", unit)
        yield from _of_price(line, f"lines[{index}]")


def _of_line(line: InvoiceLine, field: str, unit: Decimal) -> Iterator[Claim]:
    base = line.price_base_quantity or Decimal(1)
    if line.quantity is None or line.unit_price is None or line.net is None:
        return
    plain = line.quantity * line.unit_price / base
    items = line.allowances_charges
    added = sum((item.amount if item.is_charge else -item.amount for item in items), ZERO)
    yield Claim(
        field=f"{field}.net",
        rule="Quantity, price, allowances and charges do not make the amount of the line",
        what="quantity by price",
        made=(plain + added, plain),
        stated=(line.net, -line.net),
        slack=2 * unit
        + abs(line.quantity / base) * _half_digit(line.unit_price)
        + abs(line.unit_price / base) * _half_digit(line.quantity),
    )


def _of_price(line: InvoiceLine, field: str) -> Iterator[Claim]:
    if line.gross_price is None or line.price_discount is None or line.unit_price is None:
        return
    yield Claim(
        field=f"{field}.unit_price",
        rule="Gross price and discount do not make the price",
        what="gross price less discount",
        made=(line.gross_price - line.price_discount,),
        stated=(line.unit_price,),
        slack=2 * max(map(_half_digit, (line.gross_price, line.price_discount, line.unit_price))),
    )


def _half_digit(number: Decimal) -> Decimal:
    """Half a unit of the last decimal: by so much a rounded number may be off."""
    exponent = number.as_tuple().exponent
    decimals = max(_LEAST_DECIMALS, -exponent if isinstance(exponent, int) else 0)
    return Decimal(5).scaleb(-decimals - 1)
