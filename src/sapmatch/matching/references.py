"""What an invoice says about whose order it belongs to."""

from collections.abc import Iterable

from msgspec import Struct

from sapmatch.matching.normalise import (
    WrittenNumber,
    confusable,
    document_number,
    looks_alike,
    order_number,
    order_numbers,
    written_numbers,
)
from sapmatch.model.invoice import Invoice, InvoiceLine

_MOST_TEXTS = 5000  # of an invoice
_MOST = 100  # references of an invoice: more than 90 orders cannot be reserved at once


class Reference(Struct, frozen=True):
    """A text in a field that is meant for an order number, in all its readings."""

    text: str
    whole: str
    misread: str  # letters taken for the digits they look like
    numbers: tuple[WrittenNumber, ...]
    inside: frozenset[str]  # numbers that stand somewhere in the text
    readings: frozenset[str]  # every number that it may be
    lengths: frozenset[int]  # of the readings, give or take a digit

    def rules_out(self, number: str) -> bool:
        """Whether it is a number of that kind, and another one: as long, give or take a digit."""
        return len(number) in self.lengths

    def resembles(self, number: str) -> bool:
        """Whether a scanner that took one digit for another would read this for the number."""
        return any(looks_alike(other, number) for other in self.readings)


class References(Struct, frozen=True, kw_only=True):
    """All that an invoice names; `mentioned` are numbers in texts that may be about anything."""

    named: tuple[Reference, ...] = ()
    mentioned: frozenset[str] = frozenset()
    sales_order: str = ""  # BT-14, normalised
    buyer_reference: str = ""  # BT-10, normalised
    delivery_notes: tuple[str, ...] = ()  # BT-16 and those of the lines, normalised
    spoken: frozenset[str] = frozenset()  # what of it may be the partner's number of an order


def references_of(invoice: Invoice) -> References:
    """Read every reference once; of endless ones no more than a match could use."""
    given = [*invoice.order_references, *(ln.order_reference for ln in invoice.lines)]
    buyer = invoice.buyer_reference or ""
    notes = filter(None, (invoice.delivery_note, *(ln.delivery_note for ln in invoice.lines)))
    texts = [*invoice.notes, *(t for ln in invoice.lines for t in (ln.description, ln.note))]
    free = [n for text in filter(None, texts[:_MOST_TEXTS]) for n in order_numbers(text)]
    mentioned = {n.number for n in (*free, *written_numbers(buyer))}
    named = tuple(ref for ref in map(reference, _few(filter(None, given))) if ref.whole)
    numbers = order_number(invoice.sales_order_reference or ""), order_number(buyer)
    return References(
        named=named,
        mentioned=frozenset(_few(mentioned)),
        sales_order=numbers[0],
        buyer_reference=numbers[1],
        spoken=frozenset(filter(None, (*(ref.whole for ref in named), *numbers))),
        delivery_notes=tuple(_few(n for n in map(document_number, notes) if n)),
    )


def _few(texts: Iterable[str]) -> list[str]:
    """Each once, in their order; the first by the alphabet where there are too many."""
    every = list(dict.fromkeys(texts))
    return every if len(every) <= _MOST else sorted(every)[:_MOST]


def reference(text: str) -> Reference:
    """One reference in all its readings."""
    whole, numbers = order_number(text), written_numbers(text)
    inside = frozenset(found.number for found in numbers)
    misread = confusable(whole)
    readings = inside | {misread}
    lengths = frozenset(len(number) + more for number in readings for more in (-1, 0, 1))
    return Reference(text.strip(), whole, misread, numbers, inside, readings, lengths)


def line_numbers(line: InvoiceLine) -> tuple[WrittenNumber, ...]:
    """Orders that a line names itself."""
    if line.order_reference:
        return written_numbers(line.order_reference)
    return order_numbers(line.description or "") or order_numbers(line.note or "")
