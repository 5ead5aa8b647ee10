"""A document without lines: which open items its net amount is the sum of."""

from collections.abc import Iterator, Sequence
from decimal import Decimal
from itertools import groupby
from typing import Literal

from msgspec import Struct

from sapmatch.matching.case import Case
from sapmatch.matching.ledger import Position, open_receipts
from sapmatch.matching.lines import WHOLE_DOCUMENT, Assigned, Portion, whole_order
from sapmatch.matching.normalise import plain
from sapmatch.matching.subset import BUDGET, subset_of
from sapmatch.model.money import minor_units
from sapmatch.model.order import ZERO, GoodsReceipt

_Open = tuple[Position, Decimal, GoodsReceipt | None]


class Cleared(Struct, frozen=True, kw_only=True):
    """What the net amount clears; one line where exactly one explanation was found.

    `several`: more than one set of open items makes the amount, or one that chance may have made;
    `gave up`: there are too many to try (MA-P59).
    """

    kind: Literal["found", "none", "several", "gave up"]
    lines: tuple[Assigned, ...] = ()


def cleared(case: Case, places: Sequence[Position], budget: int = BUDGET) -> Cleared:
    """What a document without lines bills of some orders of one partner, exact to the last digit.

    All that is open comes first, then the delivery that it names, one whole order, several whole
    orders, and at last any set of open items (of receipts where SAP invoices by receipt).
    """
    if not case.net or case.net <= 0:
        return Cleared(kind="none")
    everything = whole_order(case, places) or _delivered(case, places)
    if everything:
        return Cleared(kind="found", lines=everything)
    orders = [tuple(items) for _, items in groupby(places, key=lambda p: p.order.id)]
    alone = [lines for lines in (whole_order(case, order) for order in orders) if lines]
    if alone:
        return Cleared(kind="found" if len(alone) == 1 else "several", lines=_only(alone))
    wholes = [[one for place in order for one in _whole(case, place)] for order in orders]
    result = _subset(case, wholes, budget)
    if result.kind != "none":
        return result
    return _subset(case, [[one] for place in places for one in _open(case, place)], budget)


def _only(found: Sequence[tuple[Assigned, ...]]) -> tuple[Assigned, ...]:
    return found[0] if len(found) == 1 else ()


def _delivered(case: Case, places: Sequence[Position]) -> tuple[Assigned, ...]:
    """All that came with the delivery note of the document."""
    note = plain(case.invoice.delivery_note or "")
    if case.credit or not note:
        return ()
    came = [
        (place, left, receipt)
        for place in places
        for receipt, left in open_receipts(place)
        if plain(receipt.delivery_note or "") == note
    ]
    line = _line(case, came)
    due = sum((portion.amount for portion in line.portions), ZERO)
    return (line,) if came and due == case.net else ()


def _subset(case: Case, groups: Sequence[Sequence[_Open]], budget: int) -> Cleared:
    digits = minor_units(case.currency)
    values = [
        sum(int(place.value(quantity).scaleb(digits)) for place, quantity, _ in group)
        for group in groups
    ]
    found = subset_of(values, int((case.net or ZERO).scaleb(digits)), budget)
    if found.kind != "found":
        return Cleared(kind=found.kind)
    chosen = [one for place in found.chosen for one in groups[place]]
    return Cleared(kind="found", lines=(_line(case, chosen),))


def _whole(case: Case, place: Position) -> Iterator[_Open]:
    """All that is open of an item."""
    quantity = place.creditable if case.credit else place.open
    closed = place.item.deleted or place.item.finally_invoiced
    if quantity > 0 and not closed and place.item.overall_limit is None:
        yield place, quantity, None


def _open(case: Case, place: Position) -> Iterator[_Open]:
    """The parts of an item that may be billed apart."""
    by_receipt = place.receipt_counts and place.item.receipt_based and not case.credit
    for _, quantity, _ in _whole(case, place):
        if by_receipt:
            yield from ((place, left, receipt) for receipt, left in open_receipts(place))
        else:
            yield place, quantity, None


def _line(case: Case, parts: Sequence[_Open]) -> Assigned:
    portions = tuple(
        Portion(position=place, quantity=quantity, amount=place.value(quantity), receipt=receipt)
        for place, quantity, receipt in parts
    )
    return Assigned(id=WHOLE_DOCUMENT, amount=case.net or ZERO, portions=portions)
