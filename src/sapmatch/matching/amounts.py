"""What an invoice bills per line, net and exact to the currency's last digit."""

from collections.abc import Sequence
from decimal import Decimal

from msgspec import Struct

from sapmatch.matching.normalise import natural
from sapmatch.matching.units import EXACT
from sapmatch.model.invoice import Invoice, InvoiceLine
from sapmatch.model.money import rounded
from sapmatch.model.order import ZERO


class BilledLine(Struct, frozen=True, kw_only=True):
    """An invoice line with its net amount after the allowances of the document (MA-P39)."""

    line: InvoiceLine
    amount: Decimal


def line_amount(line: InvoiceLine, currency: str) -> Decimal:
    """Net amount as printed, else quantity times price; zero where the line bills nothing.

    A printed amount may have more decimals than the currency: only their sum is rounded.
    """
    if line.net is not None:
        return line.net
    if line.quantity is None or line.unit_price is None:
        return ZERO
    gross = EXACT.multiply(line.quantity, line.unit_price)
    return rounded(EXACT.divide(gross, line.price_base_quantity or Decimal(1)), currency)


def line_sum(invoice: Invoice, currency: str) -> Decimal:
    """Sum of all lines before allowances and charges, rounded once."""
    return rounded(sum((line_amount(line, currency) for line in invoice.lines), ZERO), currency)


def net_of(invoice: Invoice) -> Decimal | None:
    """The document's net amount: printed, else total less tax."""
    if invoice.net is not None or invoice.total is None or invoice.tax is None:
        return invoice.net
    return invoice.total - invoice.tax


class Sums(Struct, frozen=True, kw_only=True):
    """What the parts of a document add up to.

    `lines` before allowances and charges, rounded once; `gross`: they are printed with tax, as
    receipts do, and sum to the total (MA-P36).
    """

    lines: Decimal
    charges: Decimal
    allowances: Decimal
    gross: bool

    @property
    def net(self) -> Decimal:
        """Lines with charges and allowances."""
        return self.lines + self.charges - self.allowances


def sums_of(invoice: Invoice, currency: str) -> Sums:
    """All sums of a document at once."""
    lines = line_sum(invoice, currency)
    charges, allowances = _added(invoice, lines)
    gross = bool(invoice.tax) and len(invoice.taxes) < 2 and lines == invoice.total
    return Sums(lines=lines, charges=charges, allowances=allowances, gross=gross)


def _added(invoice: Invoice, lines: Decimal) -> tuple[Decimal, Decimal]:
    """Charges and allowances as written, or without their signs where only that makes the net:
    some senders write an allowance negative."""
    if not invoice.allowances_charges:
        return ZERO, ZERO
    written = [(c.is_charge, c.amount) for c in invoice.allowances_charges]
    meant = [(charge, abs(amount)) for charge, amount in written]
    due = (invoice.net or ZERO) - lines
    rows = meant if _left(written) != due == _left(meant) else written
    added = sum((amount for charge, amount in rows if charge), ZERO)
    return added, added - _left(rows)


def _left(rows: Sequence[tuple[bool, Decimal]]) -> Decimal:
    return sum((amount if charge else -amount for charge, amount in rows), ZERO)


def billed_lines(invoice: Invoice, currency: str) -> tuple[BilledLine, ...]:
    """All lines, net, in an order that does not depend on how the document lists them."""
    lines = sorted(invoice.lines, key=_place)
    printed = [line_amount(line, currency) for line in lines]
    sums = sums_of(invoice, currency)
    due = (net_of(invoice) or ZERO) if sums.gross else sums.lines - sums.allowances
    amounts = share_out(due, printed, currency)
    return tuple(BilledLine(line=ln, amount=a) for ln, a in zip(lines, amounts, strict=True))


def share_out(total: Decimal, weights: Sequence[Decimal], currency: str) -> list[Decimal]:
    """The total in parts by weight; what rounding leaves goes to the largest part (MA-P34)."""
    if len(weights) == 1 and weights[0]:
        return [rounded(total, currency)]
    whole = sum(weights, ZERO)
    if total == whole and all(weight == rounded(weight, currency) for weight in weights):
        return [rounded(weight, currency) for weight in weights]
    if not whole:
        return [total, *(ZERO for _ in weights[1:])]
    parts = [
        rounded(EXACT.divide(EXACT.multiply(total, weight), whole), currency) for weight in weights
    ]
    largest = max(range(len(parts)), key=lambda n: (abs(parts[n]), -n))
    parts[largest] += rounded(total, currency) - sum(parts, ZERO)
    return parts


def _place(line: InvoiceLine) -> tuple[tuple[int, str], str, str, str]:
    return (natural(line.id), line.description or "", str(line.quantity), str(line.net))
