"""One way to say what a sign says: money that goes back, and charges that are allowances."""

from collections.abc import Iterator, Sequence
from decimal import Decimal

from msgspec.structs import replace

from sapmatch.matching.amounts import added, line_sum
from sapmatch.model.invoice import AllowanceCharge, Invoice, InvoiceLine, TaxSubtotal
from sapmatch.model.order import ZERO

_TURNED = ("invoice", "partial-invoice", "final-invoice", "credit-note")


def directed(invoice: Invoice) -> Invoice:
    """The invoice as model/invoice.py wants it: one with a negative total is a credit note, and
    charges and allowances have no sign.

    Other kinds of documents keep the signs of their amounts: they need a person (gates.py).
    """
    if invoice.type in _TURNED and invoice.total and invoice.total < 0:
        invoice = _turned_round(invoice)
    if any(row.amount < 0 for row in invoice.allowances_charges):
        return replace(invoice, allowances_charges=tuple(_unsigned(invoice)))
    return invoice


def _unsigned(invoice: Invoice) -> Iterator[AllowanceCharge]:
    """A negative allowance is a charge, to be measured as one, and no price of the goods (MA-P38);
    a negative charge is an allowance."""
    lines = line_sum(invoice, invoice.currency or "")
    for row, amount in zip(invoice.allowances_charges, added(invoice, lines), strict=True):
        yield replace(row, is_charge=amount > 0, amount=abs(amount))


def _turned_round(invoice: Invoice) -> Invoice:
    return replace(
        invoice,
        type="credit-note",
        net=_turned(invoice.net),
        tax=_turned(invoice.tax),
        total=_turned(invoice.total),
        prepaid=_turned(invoice.prepaid),
        rounding=_turned(invoice.rounding),
        payable=_turned(invoice.payable),
        taxes=_taxes(invoice.taxes),
        allowances_charges=_extras(invoice.allowances_charges),
        lines=tuple(map(_line, invoice.lines)),
    )


def _taxes(rows: Sequence[TaxSubtotal]) -> tuple[TaxSubtotal, ...]:
    return tuple(replace(row, basis=-row.basis, amount=-row.amount) for row in rows)


def _extras(rows: Sequence[AllowanceCharge]) -> tuple[AllowanceCharge, ...]:
    return tuple(replace(row, amount=-row.amount) for row in rows)


def _line(line: InvoiceLine) -> InvoiceLine:
    """Quantity or price carries the sign, and some senders write it at the amount only."""
    priced = (line.quantity or ZERO) * (line.unit_price or ZERO)
    turned = replace(line, net=_turned(line.net))
    if line.net and priced and (line.net < 0) != (priced < 0):
        return turned
    if line.unit_price is not None and line.unit_price < 0:
        return replace(turned, unit_price=-line.unit_price)
    return replace(turned, quantity=_turned(line.quantity))


def _turned(value: Decimal | None) -> Decimal | None:
    return None if value is None else -value
