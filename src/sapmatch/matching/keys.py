"""Keys of the inverted index: what an order can be found by, and an invoice.

K1 order number. K3 reference at the partner. K5 partner and open amount. S the partner alone.
N# and T# find invoices that were here before: by number, and by total and currency.
An empty value is never a key.
"""

from collections.abc import Iterable
from decimal import Decimal

from sapmatch.matching.amounts import net_of
from sapmatch.matching.ledger import positions
from sapmatch.matching.normalise import (
    company_name,
    confusable,
    document_number,
    order_number,
    vat_id,
)
from sapmatch.matching.references import References
from sapmatch.model.invoice import Invoice, Party
from sapmatch.model.money import rounded
from sapmatch.model.order import ZERO, IndexedOrder, Order, PostedInvoice
from sapmatch.model.ports import OrderKey

_LONGEST = 200  # characters of a value: DynamoDB takes keys of 2,048 bytes
SAP_REFERENCE_LENGTH = 16  # of SupplierInvoiceIDByInvcgParty


def order_keys(order: Order) -> tuple[OrderKey, ...]:
    """All keys under which the index finds the order."""
    amounts = sorted({_amount(value, order.currency) for value in open_values(order) if value})
    return _distinct(
        [
            *_number_keys("K1", order_number(order.id)),
            *_number_keys("K3", order_number(order.external_reference or "")),
            *(
                OrderKey(kind, value)
                for party in parties(order)
                for name in _party_values(party)
                for kind, value in [("S", name), *(("K5", f"{name}|{a}") for a in amounts)]
            ),
        ]
    )


def number_keys(references: References) -> tuple[OrderKey, ...]:
    """Keys by the numbers that the invoice names, strongest first."""
    named = [n for ref in references.named for n in (*(w.number for w in ref.numbers), ref.misread)]
    outside = [*(ref.whole for ref in references.named), references.buyer_reference]
    return _distinct(
        [
            *(OrderKey("K1", number) for number in named if number),
            *_number_keys("K1", references.sales_order),
            *(OrderKey("K1", number) for number in sorted(references.mentioned)),
            *(key for n in (*outside, references.sales_order) for key in _number_keys("K3", n)),
        ]
    )


def amount_keys(invoice: Invoice, partner: Party) -> tuple[OrderKey, ...]:
    """Keys by who sends how much."""
    net = net_of(invoice)
    if not net or not invoice.currency:
        return ()
    amount = _amount(net, invoice.currency)
    return _distinct(OrderKey("K5", f"{name}|{amount}") for name in _party_values(partner))


def partner_keys(partner: Party) -> tuple[OrderKey, ...]:
    """Keys by the partner alone."""
    return _distinct(OrderKey("S", name) for name in _party_values(partner))


def duplicate_keys(number: str, total: Decimal, currency: str) -> tuple[OrderKey, ...]:
    """Keys that two copies of one invoice share, and two numbers that SAP cannot tell apart."""
    numbers = (document_number(number), document_number(number[:SAP_REFERENCE_LENGTH]))
    return _distinct(
        [
            *(OrderKey("N#", value) for value in numbers if value),
            OrderKey("T#", _amount(total, currency)),
        ]
    )


def posted_keys(invoice: PostedInvoice) -> tuple[OrderKey, ...]:
    """Keys of an invoice that SAP holds."""
    return duplicate_keys(invoice.reference, invoice.gross, invoice.currency)


def exact_identity(company_code: str, invoice: Invoice) -> str:
    """What no two invoices share: company code, seller, number as printed, total, currency, date,
    direction (SAP's own duplicate check)."""
    values = _party_values(invoice.seller)
    seller = values[0] if values else ""
    total = _amount(invoice.total or ZERO, invoice.currency or "")
    parts = (
        company_code,
        seller,
        printed_number(invoice.number or ""),
        total,
        str(invoice.issue_date),
        "credit" if invoice.type == "credit-note" else "invoice",
    )
    return "|".join(part.replace("|", " ") for part in parts[:3]) + "|" + "|".join(parts[3:])


def printed_number(number: str) -> str:
    """A number as printed: SAP stores it in capitals, and nobody means the blanks around it."""
    return number.strip().upper()


def parties(order: Order) -> tuple[Party, ...]:
    """Who may send an invoice for the order (MA-P06)."""
    partner = Party(name=order.partner_name, vat_id=order.partner_vat_id)
    other = Party(name=order.invoicing_party_name, vat_id=order.invoicing_party_vat_id)
    return (partner,) if other == Party() else (partner, other)


def open_values(order: Order) -> tuple[Decimal, Decimal]:
    """Net value that may be invoiced now, and once everything has come."""
    every = positions((IndexedOrder(order=order, version=0),), "")
    live = [p for p in every if not (p.item.deleted or p.item.finally_invoiced)]
    now = sum((p.value(max(p.open, ZERO)) for p in live), ZERO)
    later = sum((p.value(max(p.open_ordered, ZERO)) for p in live), ZERO)
    return now, later


def _number_keys(kind: str, number: str) -> tuple[OrderKey, ...]:
    values = dict.fromkeys((number, confusable(number)))
    return tuple(OrderKey(kind, value) for value in values if value)


def _party_values(party: Party) -> list[str]:
    return [value for value in (vat_id(party.vat_id), company_name(party.name)) if value]


def _amount(value: Decimal, currency: str) -> str:
    return f"{rounded(value, currency):f} {currency}"


def _distinct(keys: Iterable[OrderKey]) -> tuple[OrderKey, ...]:
    """Documents are hostile: what no table takes as a key is cut, where it is kept and sought."""
    return tuple(dict.fromkeys(OrderKey(key.type, key.value[:_LONGEST]) for key in keys))
