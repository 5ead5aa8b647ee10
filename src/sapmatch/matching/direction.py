"""One way to say that money goes back: a credit note with positive amounts."""

from collections.abc import Sequence
from decimal import Decimal

from msgspec.structs import replace

from sapmatch.model.invoice import AllowanceCharge, Invoice, InvoiceLine, TaxSubtotal
from sapmatch.model.order import ZERO

_TURNED = ("invoice", "partial-invoice", "final-invoice", "credit-note")


def directed(invoice: Invoice) -> Invoice:
    """The invoice as model/invoice.py wants it: one with a negative total is a credit note.

    Other kinds of documents keep their signs: they need a person (gates.py).
    """
    if invoice.type not in _TURNED or not invoice.total or invoice.total > 0:
        return invoice
    return replace(
        invoice,
        type="credit-note",
        net=_turned(invoice.net),
        tax=_turned(invoice.tax),
        total=-invoice.total,
        prepaid=_turned(invoice.prepaid),
        rounding=_turned(invoice.rounding),
        payable=_turned(invoice.payable),
        taxes=_taxes(invoice.taxes),
        allowances_charges=_added(invoice.allowances_charges),
        lines=tuple(map(_line, invoice.lines)),
    )


def _taxes(rows: Sequence[TaxSubtotal]) -> tuple[TaxSubtotal, ...]:
    return tuple(replace(row, basis=-row.basis, amount=-row.amount) for row in rows)


def _added(rows: Sequence[AllowanceCharge]) -> tuple[AllowanceCharge, ...]:
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
