"""Does an invoice add up? The rules BR-CO-10 to BR-CO-16 of EN 16931, for any kind of document."""

from collections.abc import Iterable, Iterator
from decimal import Decimal

from msgspec import Struct

from sapmatch.model.errors import Problem
from sapmatch.model.invoice import AllowanceCharge, Invoice
from sapmatch.model.money import minor_units

_ASK = "ask the sender which is right."
_COMPARE = "compare what was read with the page."
_TOLERANCE = 2  # minor units: tax rounded per line or per document (MA-P35), cash rounded
ZERO = Decimal(0)


class Claim(Struct, frozen=True, kw_only=True):
    """A sum that a document states: one of `made` has to be one of `stated`, up to `slack`.

    There are several where senders are known to mean different things.
    """

    field: str
    rule: str
    what: str  # is added up
    made: tuple[Decimal, ...]
    stated: tuple[Decimal, ...]
    slack: Decimal

    @property
    def holds(self) -> bool:
        """Whether the document keeps it."""
        return any(abs(made - said) <= self.slack for made in self.made for said in self.stated)

    def problem(self, currency: str | None, *, printed: bool = False) -> Problem:
        """That it does not; where it was read from a page, the reader may be wrong as well."""
        unit = f" {currency}" if currency else ""
        return Problem(
            code="NEEDS_REVIEW" if printed else "TOTALS",
            message=f"{self.rule}: {_COMPARE if printed else _ASK}",
            field=self.field,
            values={self.what: f"{self.made[0]:f}{unit}", "stated": f"{self.stated[0]:f}{unit}"},
        )


def contradictions(invoice: Invoice, *, printed: bool = False) -> list[Problem]:
    """One problem per sum that the document gives and does not keep; `printed` ones were read
    from a page."""
    broken = (claim for claim in _claims(invoice) if not claim.holds)
    return [claim.problem(invoice.currency, printed=printed) for claim in broken]


def smallest(currency: str | None) -> Decimal:
    """The smallest amount of a currency; of one with two decimals where it is not known."""
    return Decimal(1).scaleb(-minor_units(currency or ""))


def close(left: Decimal, right: Decimal, unit: Decimal) -> bool:
    """Equal up to rounding."""
    return abs(left - right) <= _TOLERANCE * unit


def slack(invoice: Invoice, summands: int = 1) -> Decimal:
    """What rounding may make of a sum: each summand may have been rounded on its own."""
    return smallest(invoice.currency) * max(Decimal(_TOLERANCE), Decimal(summands) / 2)


def _claims(invoice: Invoice) -> Iterator[Claim]:
    yield from _of_lines(invoice)
    yield from _of_allowances_charges(invoice)
    yield from _of_net(invoice)
    yield from _of_tax(invoice)
    yield from _of_total(invoice)
    yield from _of_payable(invoice)


def _of_lines(invoice: Invoice) -> Iterator[Claim]:
    nets = [line.net for line in invoice.lines if line.net is not None]
    if not nets or len(nets) < len(invoice.lines):
        return
    lines, room = sum(nets, ZERO), slack(invoice, len(nets))
    # Some senders state line amounts with tax; the matching then sees the price difference.
    if invoice.line_total is not None:
        rule = "BR-CO-10: the lines do not make the sum of the lines"
        stated: tuple[Decimal | None, ...] = (invoice.line_total, invoice.total)
        yield from _claim("lines", rule, "sum of the lines", (lines,), stated, room)
    elif any(nets):  # a column of zeros is no column of amounts
        rule = "The lines with allowances and charges do not make the net amount"
        made = tuple(lines + added for added in _added(invoice))
        stated = (invoice.net, invoice.total)
        yield from _claim("lines", rule, "sum of the lines", made, stated, room)


def _of_allowances_charges(invoice: Invoice) -> Iterator[Claim]:
    for is_charge, stated, rule, what in (
        (False, invoice.allowance_total, "BR-CO-11: the allowances do not make", "allowances"),
        (True, invoice.charge_total, "BR-CO-12: the charges do not make", "charges"),
    ):
        own = _of_kind(invoice.allowances_charges, is_charge=is_charge)
        if stated is None or not own:
            continue
        # Some countries' senders count those of the lines as well.
        items = [item for line in invoice.lines for item in line.allowances_charges]
        of_lines = sum(_of_kind(items, is_charge=is_charge), ZERO)
        whole = sum(own, ZERO)
        yield Claim(
            field=f"{what[:-1]}_total",
            rule=f"{rule} their sum",
            what=f"sum of the {what}",
            made=(whole, sum(map(abs, own), ZERO), whole + of_lines),
            stated=(stated, abs(stated)),
            slack=slack(invoice, len(own)),
        )


def _of_kind(items: Iterable[AllowanceCharge], *, is_charge: bool) -> list[Decimal]:
    return [item.amount for item in items if item.is_charge == is_charge]


def meanings(items: Iterable[AllowanceCharge]) -> Iterator[list[Decimal]]:
    """What allowances and charges add, as written and as meant by who signs them otherwise: an
    allowance is negative for some, a whole correction is for others."""
    written = [(1 if item.is_charge else -1, item.amount) for item in items]
    yield [sign * amount for sign, amount in written]
    yield [sign * abs(amount) for sign, amount in written]
    yield [-sign * amount for sign, amount in written]


def _added(invoice: Invoice) -> tuple[Decimal, ...]:
    """Charges less allowances: of their stated sums, and of the items."""
    sums = ((True, invoice.charge_total), (False, invoice.allowance_total))
    stated = [
        AllowanceCharge(is_charge=is_charge, amount=amount)
        for is_charge, amount in sums
        if amount is not None
    ]
    given = [items for items in (stated, invoice.allowances_charges) if items]
    return tuple(sum(amounts, ZERO) for items in given or [()] for amounts in meanings(items))


def _of_net(invoice: Invoice) -> Iterator[Claim]:
    if invoice.line_total is not None:
        made = tuple(invoice.line_total + added for added in _added(invoice))
        rule = "BR-CO-13: lines, allowances and charges do not make the net amount"
        what = "lines less allowances with charges"
        given = len(invoice.allowances_charges)
        stated = (invoice.net, invoice.total if invoice.tax else None)
        yield from _claim("net", rule, what, made, stated, slack(invoice, given))


def _of_tax(invoice: Invoice) -> Iterator[Claim]:
    rows = [row.amount for row in invoice.taxes]
    if rows:
        rule = "BR-CO-14: the tax rows do not make the tax"
        made = (sum(rows, ZERO),)
        yield from _claim(
            "taxes", rule, "sum of the tax rows", made, (invoice.tax,), slack(invoice, len(rows))
        )


def _of_total(invoice: Invoice) -> Iterator[Claim]:
    if invoice.net is not None and invoice.tax is not None:
        rule = "BR-CO-15: net and tax do not make the total"
        made = (invoice.net + invoice.tax,)
        yield from _claim("total", rule, "net with tax", made, (invoice.total,), slack(invoice))


def _of_payable(invoice: Invoice) -> Iterator[Claim]:
    if invoice.payable is None or invoice.total is None:
        return
    due = invoice.total - (invoice.prepaid or ZERO) + (invoice.rounding or ZERO)
    due += invoice.third_party_payments or ZERO
    # Factur-X MINIMUM gives neither lines nor tax rows nor what was prepaid.
    minimum = invoice.prepaid is None and not invoice.lines and not invoice.taxes
    unsaid = minimum and abs(invoice.payable) < abs(due)
    # What is given back is not due: a credit may say 0.
    given_back = invoice.payable == 0 and (due < 0 or invoice.type == "credit-note")
    if not (unsaid or given_back):
        rule = "BR-CO-16: total, prepaid and rounding amount do not make the amount due"
        what = "total less prepaid with rounding"
        yield from _claim("payable", rule, what, (due,), (invoice.payable,), slack(invoice))


def _claim(
    field: str,
    rule: str,
    what: str,
    made: tuple[Decimal, ...],
    stated: tuple[Decimal | None, ...],
    slack: Decimal,
) -> Iterator[Claim]:
    said = tuple(amount for amount in stated if amount is not None)
    if said:
        yield Claim(field=field, rule=rule, what=what, made=made, stated=said, slack=slack)
