"""One invoice line that sums up several order items of different prices."""

from collections.abc import Mapping, Sequence

from sapmatch.matching.offers import Offer
from sapmatch.matching.pairs import quantity_of
from sapmatch.matching.rooms import Parts
from sapmatch.matching.rows import Row
from sapmatch.matching.subset import subset_of

_BUDGET = 20_000  # sums that are formed for all lines of an invoice together
_ONE = 1000  # thousandths: a quantity of one says as little as none
_SHORTEST_WORD = 4


def merged_lines(
    rows: Sequence[Row], offers: Sequence[Offer], pairs: Mapping[int, int]
) -> dict[int, Parts]:
    """Lines that fit no item by themselves, and the items whose open values they are the sum of.

    Only items that no other line took, wholly, and where their texts do not speak against it.
    """
    used = set(pairs.values())
    budget = _BUDGET
    merged: dict[int, Parts] = {}
    for n, row in enumerate(rows):
        own = pairs.get(n)
        if row.back or row.text.names_charge or (own is not None and _fits(row, offers[own])):
            continue
        free = [c for c in _related(row, offers) if c == own or c not in used]
        values = [offers[c].value(offers[c].open) for c in free]
        found = subset_of(values, row.amount, budget)
        budget -= found.steps
        chosen = [free[place] for place in found.chosen]
        whole = len(chosen) > 1 and (own is None or own in chosen)
        if whole and _agrees(row, [offers[c] for c in chosen]):
            merged[n] = {c: offers[c].open for c in chosen}
            used.update(chosen)
    return merged


def _fits(row: Row, offer: Offer) -> bool:
    """Whether amount and quantity are right for one item."""
    quantity = quantity_of(row, offer)
    if offer.limit or quantity is None:
        return offer.limit
    return quantity <= offer.open_ordered and offer.value(quantity) == row.amount


def _related(row: Row, offers: Sequence[Offer]) -> list[int]:
    """Items with something open that the line may speak of: of its order, or sharing a word."""
    words = {word for word in row.text.every if len(word) >= _SHORTEST_WORD}
    named = row.orders or row.elsewhere
    return [
        c
        for c, o in enumerate(offers)
        if o.open > 0
        and not (o.closed or o.limit or o.returns)
        and (o.order in row.orders if named else not words or not words.isdisjoint(o.text.every))
    ]


def _agrees(row: Row, offers: Sequence[Offer]) -> bool:
    """Whether the printed quantity is theirs together, or none that says anything."""
    if not row.printed or row.billed.line.quantity == 1:
        return True
    quantity = quantity_of(row, offers[0])
    same = len({offer.unit for offer in offers}) == 1
    return same and quantity == sum(offer.open for offer in offers)
