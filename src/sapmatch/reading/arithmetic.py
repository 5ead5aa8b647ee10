"""Does an invoice add up?"""

from collections.abc import Iterator
from decimal import Decimal

from sapmatch.model.errors import Problem
from sapmatch.model.invoice import Invoice
from sapmatch.model.money import minor_units

_TOLERANCE = 2  # minor units: tax rounded per line or per document (MA-P35), cash rounded


def contradictions(invoice: Invoice) -> list[Problem]:
    """One problem per sum that the document itself gives and does not keep (BR-CO-10 to 16)."""
    unit = smallest(invoice.currency)
    return [
        Problem(code="TOTALS", message=f"{message}: ask the sender which is right.", field=field)
        for field, message, sums in _sums(invoice)
        if not any(close(left, right, unit) for left, right in sums)
    ]


def smallest(currency: str | None) -> Decimal:
    """The smallest amount of a currency; of one with two decimals where it is not known."""
    return Decimal(1).scaleb(-minor_units(currency or ""))


def close(left: Decimal, right: Decimal, unit: Decimal) -> bool:
    """Equal up to rounding."""
    return abs(left - right) <= _TOLERANCE * unit


Sums = list[tuple[Decimal, Decimal]]


def _sums(invoice: Invoice) -> Iterator[tuple[str, str, Sums]]:
    """Field, message, and pairs of which one has to be equal."""
    net, tax, total = invoice.net, invoice.tax, invoice.total
    if net is not None and tax is not None and total is not None:
        yield "total", "Net and tax do not make the total", [(net + tax, total)]
    yield from _of_lines(invoice)
    yield from _of_taxes(invoice)
    yield from _of_payable(invoice)


def _of_lines(invoice: Invoice) -> Iterator[tuple[str, str, Sums]]:
    nets = [line.net for line in invoice.lines if line.net is not None]
    # Some senders state line amounts with tax; the matching then sees the price difference.
    sums = [amount for amount in (invoice.net, invoice.total) if amount is not None]
    if nets and sums and len(nets) == len(invoice.lines):
        made = [sum(nets, Decimal(0)) + added for added in _added(invoice)]
        yield (
            "lines",
            "The lines do not make the net amount",
            [(left, right) for left in made for right in sums],
        )


def _added(invoice: Invoice) -> tuple[Decimal, Decimal]:
    """Charges less allowances, as written and as meant by senders who write allowances negative."""
    items = invoice.allowances_charges
    as_written = (item.amount if item.is_charge else -item.amount for item in items)
    meant = (abs(item.amount) if item.is_charge else -abs(item.amount) for item in items)
    return sum(as_written, Decimal(0)), sum(meant, Decimal(0))


def _of_payable(invoice: Invoice) -> Iterator[tuple[str, str, Sums]]:
    if invoice.payable is None or invoice.total is None:
        return
    expected = invoice.total - (invoice.prepaid or 0) + (invoice.rounding or 0)
    # Factur-X MINIMUM gives neither lines nor tax rows nor what was prepaid.
    unsaid = invoice.prepaid is None and not invoice.lines and not invoice.taxes
    if not (unsaid and abs(invoice.payable) < abs(expected)):
        message = "Total, prepaid and rounding amount do not make the amount due"
        yield "payable", message, [(expected, invoice.payable)]


def _of_taxes(invoice: Invoice) -> Iterator[tuple[str, str, Sums]]:
    if not invoice.taxes:
        return
    if invoice.tax is not None:
        amounts = sum((row.amount for row in invoice.taxes), Decimal(0))
        yield "taxes", "The tax rows do not make the tax", [(amounts, invoice.tax)]
    for row in invoice.taxes:
        if row.rate is not None:
            yield (
                "taxes",
                "A tax rate does not give its tax",
                [(row.basis * row.rate / 100, row.amount)],
            )
