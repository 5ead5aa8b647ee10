"""Keys of the inverted index: what an order can be found by, and an invoice.

K1 order number. K2 delivery note of a receipt. K3 reference at the partner. K4 article number.
K5 partner and class of open value. K6 partner and month. S the partner by VAT id, bank account or
name, N a word of the name. N# and T# find invoices that were here before: by number, and by total
and currency; R# finds what replaces an invoice of that number. An empty value is never a key.

An index writes one entry for each key of an order, so they are few: about 25 for an order of six
items, at most 90. More articles or deliveries than that are reached by the other keys.
"""

from collections.abc import Iterable, Iterator, Sequence
from datetime import date
from decimal import Decimal

from sapmatch.matching.amounts import net_of
from sapmatch.matching.ledger import positions
from sapmatch.matching.normalise import (
    article_number,
    company_name,
    confusable,
    document_number,
    look_alikes,
    natural,
    order_number,
    plain,
    vat_id,
)
from sapmatch.matching.references import References
from sapmatch.model.document import EarlierInvoice
from sapmatch.model.invoice import Invoice, InvoiceLine, Party
from sapmatch.model.money import rounded
from sapmatch.model.order import ZERO, IndexedOrder, Order, OrderItem, PostedInvoice
from sapmatch.model.ports import OrderKey

_LONGEST = 200  # characters of a value: DynamoDB takes keys of 2,048 bytes
REPLACED = "R#"
SAP_REFERENCE_LENGTH = 16  # of SupplierInvoiceIDByInvcgParty
_MOST_ARTICLES = 30  # of an order, one key each
_ARTICLES = ("partner_material", "material", "gtin")  # fields of an item
_MOST_NOTES = 20
_MOST_ACCOUNTS = 3
_MOST_MONTHS = 4
_MOST_WORDS = 3  # of a name
_MOST_ASKED = 12  # articles and delivery notes of an invoice
_MOST_MISREAD = 3  # references of an invoice whose digits are doubted
_SHORTEST_WORD = 4
_SHORTEST_ARTICLE = 3


def order_keys(order: Order) -> tuple[OrderKey, ...]:
    """All keys under which the index finds the order."""
    amounts = sorted({_class(value, order.currency) for value in open_values(order) if value})
    months = _months(order)
    senders = [_party_values(party) for party in parties(order)]
    return _distinct(
        [
            *_number_keys("K1", order_number(order.id)),
            *_typed("K2", _notes(order.items)),
            *(key for reference in references(order) for key in _number_keys("K3", reference)),
            *_typed("K4", _articles(order.items)),
            *_typed("K5", (f"{name}|{a}" for names in senders for name in names for a in amounts)),
            *_typed("K6", (f"{names[0]}|{m}" for names in senders if names for m in months)),
            *_typed("S", (name for names in senders for name in names)),
            *_typed("S", map(plain, order.partner_ibans[:_MOST_ACCOUNTS])),
            *_typed("N", (word for party in parties(order) for word in _name_words(party))),
        ]
    )


def number_keys(references: References) -> tuple[OrderKey, ...]:
    """Keys by the numbers that the invoice names, strongest first."""
    named = [n for ref in references.named for n in (*(w.number for w in ref.numbers), ref.misread)]
    outside = [*(ref.whole for ref in references.named), references.buyer_reference]
    return _distinct(
        [
            *_typed("K1", named),
            *_number_keys("K1", references.sales_order),
            *_typed("K1", sorted(references.mentioned)),
            *_typed("K2", references.delivery_notes[:_MOST_ASKED]),
            *(key for n in (*outside, references.sales_order) for key in _number_keys("K3", n)),
        ]
    )


def misread_keys(references: References) -> tuple[OrderKey, ...]:
    """Keys by the numbers that a scanner may have taken for the ones the invoice names."""
    named = [ref.misread for ref in references.named[:_MOST_MISREAD]]
    return _distinct(_typed("K1", (n for number in named for n in look_alikes(number))))


def article_keys(lines: Sequence[InvoiceLine]) -> tuple[OrderKey, ...]:
    """Keys by the articles that the lines name, whoever numbered them."""
    given = (
        (line.seller_item_id, line.buyer_item_id, line.standard_item_id)
        for line in sorted(lines, key=_weightiest)
    )
    numbers = (article_number(text) for texts in given for text in texts)
    usable = dict.fromkeys(n for n in numbers if len(n) >= _SHORTEST_ARTICLE)
    return _distinct(_typed("K4", list(usable)[:_MOST_ASKED]))


def amount_keys(invoice: Invoice, partner: Party) -> tuple[OrderKey, ...]:
    """Keys by who sends about how much: the class of the net amount, and the ones beside it."""
    net = net_of(invoice)
    if not net or not invoice.currency:
        return ()
    classes = tuple(_beside(net, invoice.currency))
    return _distinct(
        OrderKey("K5", f"{name}|{one}") for name in _party_values(partner) for one in classes
    )


def month_keys(partner: Party, day: date | None) -> tuple[OrderKey, ...]:
    """Keys by who sends when: orders and receipts of the month of a day, and of two before it."""
    months = [_month(day, back) for back in range(3)] if day else []
    return _distinct(
        OrderKey("K6", f"{name}|{month}") for month in months for name in _party_values(partner)
    )


def partner_keys(partner: Party, iban: str | None = None) -> tuple[OrderKey, ...]:
    """Keys by the partner alone."""
    return _distinct(_typed("S", [*_party_values(partner), plain(iban or "")]))


def name_keys(partner: Party) -> tuple[OrderKey, ...]:
    """Keys by single words of the partner's name, for one that a scanner damaged."""
    return _distinct(_typed("N", _name_words(partner)))


def references(order: Order) -> tuple[str, ...]:
    """What the partner calls the order, normalised."""
    given = (order.external_reference, *order.other_references)
    return tuple(number for text in given if (number := order_number(text or "")))


def duplicate_keys(number: str, total: Decimal, currency: str) -> tuple[OrderKey, ...]:
    """Keys that two copies of one invoice share, and two numbers that SAP cannot tell apart."""
    numbers = map(document_number, {number: None, number[:SAP_REFERENCE_LENGTH]: None})
    return _distinct(
        [
            *(OrderKey("N#", value) for value in numbers if value),
            OrderKey("T#", _amount(total, currency)),
        ]
    )


def earlier_keys(invoice: EarlierInvoice) -> tuple[OrderKey, ...]:
    """Keys by which its copies find this invoice, and those that it replaces."""
    copies = duplicate_keys(invoice.number, invoice.total, invoice.currency)
    return _distinct([*copies, *map(replaced_key, invoice.replaces)])


def replaced_key(number: str) -> OrderKey:
    """Key under which what replaces an invoice of this number is found."""
    return OrderKey(REPLACED, document_number(number)[:_LONGEST])


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
    return _typed(kind, dict.fromkeys((number, confusable(number))))


def _typed(kind: str, values: Iterable[str]) -> tuple[OrderKey, ...]:
    return tuple(OrderKey(kind, value) for value in values if value)


def _notes(items: Sequence[OrderItem]) -> list[str]:
    """Delivery notes, the newest first."""
    receipts = [receipt for item in items for receipt in item.receipts if receipt.delivery_note]
    receipts.sort(key=lambda r: (str(r.posting_date or ""), r.delivery_note or ""), reverse=True)
    return list(dict.fromkeys(document_number(r.delivery_note or "") for r in receipts))[
        :_MOST_NOTES
    ]


def _articles(items: Sequence[OrderItem]) -> list[str]:
    """Article numbers of the live items: the supplier's first, as he prints them."""
    live = [item for item in items if not item.deleted] or items
    live = sorted(live, key=lambda item: natural(item.id))
    given = [text for name in _ARTICLES for item in live if (text := getattr(item, name))]
    numbers = dict.fromkeys(map(article_number, given))
    return [number for number in numbers if len(number) >= _SHORTEST_ARTICLE][:_MOST_ARTICLES]


def _name_words(party: Party) -> list[str]:
    """The longest words: they tell companies apart best."""
    every = (company_name(party.name) or "").split()
    words = sorted({w for w in every if len(w) >= _SHORTEST_WORD}, key=lambda w: (-len(w), w))
    return words[:_MOST_WORDS]


def _months(order: Order) -> list[str]:
    """When it was ordered, and when goods came last."""
    came = {r.posting_date for item in order.items for r in item.receipts if r.posting_date}
    days = [*((order.order_date,) if order.order_date else ()), *sorted(came, reverse=True)]
    return list(dict.fromkeys(f"{day:%Y-%m}" for day in days))[:_MOST_MONTHS]


def _month(day: date, back: int) -> str:
    year, month = divmod(12 * day.year + day.month - 1 - back, 12)
    return f"{year:04}-{month + 1:02}"


def _class(value: Decimal, currency: str) -> str:
    """Its first two digits and their place: 1234.56 is 12E+2."""
    return f"{_leading(value)} {currency}"


def _beside(value: Decimal, currency: str) -> Iterator[str]:
    """The class of a value, and those of the values a twentieth below and above it."""
    near = (value, value * 19 / 20, value * 21 / 20)
    yield from dict.fromkeys(_class(one, currency) for one in near)


def _leading(value: Decimal) -> str:
    digits, place = abs(value).as_tuple().digits, value.adjusted() - 1
    first = (*digits[:2], 0)[:2]
    return f"{first[0]}{first[1]}E{place:+d}"


def _weightiest(line: InvoiceLine) -> tuple[Decimal, str]:
    return -abs(line.net or ZERO), line.id


def _party_values(party: Party) -> list[str]:
    return [value for value in (vat_id(party.vat_id), company_name(party.name)) if value]


def _amount(value: Decimal, currency: str) -> str:
    return f"{rounded(value, currency):f} {currency}"


def _distinct(keys: Iterable[OrderKey]) -> tuple[OrderKey, ...]:
    """Documents are hostile: what no table takes as a key is cut, where it is kept and sought."""
    return tuple(dict.fromkeys(key if len(key.value) <= _LONGEST else _cut(key) for key in keys))


def _cut(key: OrderKey) -> OrderKey:
    return OrderKey(key.type, key.value[:_LONGEST])
