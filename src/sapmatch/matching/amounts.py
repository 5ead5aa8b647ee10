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
    return rounded(sum([line_amount(line, currency) for line in invoice.lines], ZERO), currency)


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
    rows = added(invoice, lines) if invoice.allowances_charges else ()
    return Sums(
        lines=lines,
        charges=sum((row for row in rows if row > 0), ZERO),
        allowances=-sum((row for row in rows if row < 0), ZERO),
        gross=bool(invoice.tax) and len(invoice.taxes) < 2 and lines == invoice.total,
    )


def added(invoice: Invoice, lines: Decimal) -> tuple[Decimal, ...]:
    """What each charge adds to the lines, and each allowance takes off (below zero): as written, or
    without the signs where only that makes the net, as some senders write an allowance negative."""
    rows = invoice.allowances_charges
    written = tuple(row.amount if row.is_charge else -row.amount for row in rows)
    meant = tuple(abs(row.amount) if row.is_charge else -abs(row.amount) for row in rows)
    due = (invoice.net or ZERO) - lines
    return meant if sum(written, ZERO) != due == sum(meant, ZERO) else written


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
        return [rounded(total, currency), *(ZERO for _ in weights[1:])] if weights else []
    parts = [
        rounded(EXACT.divide(EXACT.multiply(total, weight), whole), currency) for weight in weights
    ]
    largest = max(range(len(parts)), key=lambda n: (abs(parts[n]), -n))
    parts[largest] += rounded(total, currency) - sum(parts, ZERO)
    return parts


def _place(line: InvoiceLine) -> tuple[tuple[int, str], tuple[str, ...]]:
    """By its id; two lines may have one, and then everything that their places depend on counts."""
    billed = line.quantity, line.unit, line.unit_price, line.price_base_quantity, line.net
    named = line.order_reference, line.order_item, line.delivery_note
    articles = line.seller_item_id, line.buyer_item_id, line.standard_item_id
    told = line.id, line.description, line.note, *billed, *named, *articles
    return natural(line.id), tuple(map(str, told))
