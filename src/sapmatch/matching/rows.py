"""Invoice lines as the comparison with order items needs them."""

from collections.abc import Mapping, Sequence
from decimal import Decimal
from functools import cached_property, lru_cache

from msgspec import Struct

from sapmatch.matching.amounts import BilledLine
from sapmatch.matching.features import Articles, Text, articles, text_of
from sapmatch.matching.normalise import (
    LONGEST_TEXT,
    REMEMBERED,
    WrittenNumber,
    confusable,
    item_id,
    plain,
)
from sapmatch.matching.references import References, line_numbers
from sapmatch.model.invoice import Invoice
from sapmatch.model.money import minor_units

_SEEN_ORDERS = 1 << 10  # references; the lines of an invoice mostly have the same
_SHORTEST_ARTICLE = 4  # characters; a shorter number in a text may be anything


class Row(Struct, kw_only=True, dict=True):
    """An invoice line as the comparison needs it; amount and quantity without their sign."""

    billed: BilledLine
    back: bool  # it gives back what was invoiced
    amount: int  # minor units
    printed: bool  # whether the quantity is
    orders: Mapping[str, frozenset[str]]  # order that it names -> items named with it
    item: str | None
    elsewhere: bool  # it names an order, so one that it does not name is another
    articles: Articles
    text: Text
    note: str  # delivery note
    factors: dict[tuple[str | None, str], Decimal | None]  # of units seen so far, for all lines
    converted: dict[str, int | None]  # quantities in the units of offers seen so far
    likened: dict[str, int]  # weights of the texts of offers seen so far

    @cached_property
    def tokens(self) -> frozenset[str]:
        """Words of the description that may be article numbers; few rows need them."""
        return _tokens((self.billed.line.description or "")[:LONGEST_TEXT])


def read_rows(
    lines: Sequence[BilledLine], invoice: Invoice, references: References
) -> tuple[Row, ...]:
    """Everything of the invoice lines that no order changes."""
    factors: dict[tuple[str | None, str], Decimal | None] = {}
    # The only line of an invoice speaks for the whole document.
    spoken = references.named if len(lines) == 1 else ()
    numbers = tuple(number for reference in spoken for number in reference.numbers)
    return tuple(_read_row(billed, invoice, numbers, factors) for billed in lines)


def _read_row(
    billed: BilledLine,
    invoice: Invoice,
    numbers: tuple[WrittenNumber, ...],
    factors: dict[tuple[str | None, str], Decimal | None],
) -> Row:
    line = billed.line
    negative = billed.amount < 0 or (not billed.amount and (line.quantity or 0) < 0)
    return Row(
        billed=billed,
        back=negative != (invoice.type == "credit-note"),
        amount=abs(int(billed.amount.scaleb(minor_units(invoice.currency or "")))),
        printed=line.quantity is not None,
        orders=_orders(line_numbers(line) or numbers),
        item=item_id(line.order_item),
        elsewhere=any(map(str.isdigit, line.order_reference or "")),
        articles=_billed(line.seller_item_id, line.buyer_item_id, line.standard_item_id),
        text=text_of(line.description),
        note=plain(line.delivery_note or invoice.delivery_note or ""),
        factors=factors,
        converted={},
        likened={},
    )


@lru_cache(_SEEN_ORDERS)
def _orders(named: tuple[WrittenNumber, ...]) -> Mapping[str, frozenset[str]]:
    """Each order that is named, in all readings, and its items."""
    orders: dict[str, frozenset[str]] = {}
    for found in (one for one in named if any(map(str.isdigit, one.number))):
        items = frozenset((found.item,) if found.item else ())
        for number in {found.number, confusable(found.number)}:
            orders[number] = orders.get(number, frozenset()) | items
    return orders


@lru_cache(REMEMBERED)
def _tokens(text: str) -> frozenset[str]:
    parts = (plain(part) for part in text.split() if any(map(str.isdigit, part)))
    return frozenset(part for part in parts if len(part) >= _SHORTEST_ARTICLE)


@lru_cache(REMEMBERED)
def _billed(seller: str | None, buyer: str | None, standard: str | None) -> Articles:
    return articles(("seller", seller), ("buyer", buyer), ("standard", standard))
