"""Which order items an invoice line belongs to, and how much of it to each."""

from collections.abc import Mapping, Sequence
from decimal import Decimal

from msgspec import Struct

from sapmatch.matching.amounts import share_out
from sapmatch.matching.assignment import best_pairs
from sapmatch.matching.case import Case
from sapmatch.matching.features import in_units
from sapmatch.matching.ledger import Position
from sapmatch.matching.merged import merged_lines
from sapmatch.matching.offers import Offer, read_offer
from sapmatch.matching.pairs import FLOOR, pair_scores, quantity_of
from sapmatch.matching.rooms import Parts, Rooms
from sapmatch.matching.rows import Row
from sapmatch.model.order import ZERO, GoodsReceipt

WHOLE_DOCUMENT = "*"  # line id in a decision on an invoice without lines
_CLOSE_RIVAL = 10  # a place that is worse by less than a bit is as good

Scores = Mapping[tuple[int, int], int]  # (line, item) -> weight of what speaks for the pair


class Portion(Struct, frozen=True, kw_only=True):
    """A part of an invoice line on one order item, in the order's unit and net.

    Both are negative where the line gives back what was invoiced before. The receipt is set where
    no other can be meant; of the rest the one with the line's delivery note comes first.
    """

    position: Position
    quantity: Decimal
    amount: Decimal
    receipt: GoodsReceipt | None = None
    delivery_note: str | None = None


class Assigned(Struct, frozen=True, kw_only=True):
    """An invoice line and its place; `unit_differs`: its place is known, its quantity is not, as
    the order item counts in `unit`.

    `doubtful`: an item of other goods, which no line took, fits as well.
    """

    id: str
    amount: Decimal
    portions: tuple[Portion, ...] = ()
    score: int = 0
    unit_differs: bool = False
    unit: str | None = None
    doubtful: bool = False

    @property
    def placed(self) -> bool:
        """Whether the line belongs to an order item."""
        return bool(self.portions) or self.unit_differs


def assign(case: Case, places: Sequence[Position]) -> tuple[Assigned, ...]:
    """Every line with its place, in the order of the lines."""
    rows = case.rows
    offers = [read_offer(place) for place in places]
    scores = pair_scores(rows, offers)
    pairs = _pairs(rows, scores)
    merged = merged_lines(rows, offers, pairs)
    parts = _parts(rows, offers, scores, pairs, merged)
    taken = {column for part in parts.values() for column in part}
    free = [column for column in range(len(offers)) if column not in taken]
    assigned = []
    for n, row in enumerate(rows):
        held = [(offers[column], quantity) for column, quantity in parts.get(n, {}).items()]
        alone = n not in pairs
        assigned.append(
            Assigned(
                id=row.billed.line.id,
                amount=row.billed.amount,
                portions=_portions(case, row, held) if held else (),
                score=(FLOOR if held else 0) if alone else scores[n, pairs[n]],
                unit_differs=not (alone or held),
                unit=None if alone or held else offers[pairs[n]].position.item.unit,
                doubtful=not (alone or n in merged)
                and _doubtful(n, pairs[n], scores, offers, free),
            )
        )
    return tuple(assigned)


def whole_order(case: Case, places: Sequence[Position]) -> tuple[Assigned, ...]:
    """A document without lines: all that is open, or invoiced where it is a credit, provided that
    this is exactly its net amount."""
    ways = (
        [[p.creditable for p in places]]
        if case.credit
        else [[p.open for p in places], [p.open_ordered for p in places]]
    )
    for quantities in ways:
        portions = tuple(
            Portion(position=p, quantity=q, amount=p.value(q))
            for p, q in zip(places, quantities, strict=True)
            if q > 0
        )
        if portions and sum((p.amount for p in portions), ZERO) == case.net:
            return (Assigned(id=WHOLE_DOCUMENT, amount=case.net or ZERO, portions=portions),)
    return ()


def _pairs(rows: Sequence[Row], scores: Scores) -> dict[int, int]:
    """The best pairing; what is billed and what is given back have the items to themselves.

    A line that it leaves alone goes where it fits best: two lines on one item (MA-P16).
    """
    pairs = _best_of_each_row(scores)
    returned = {n for n, row in enumerate(rows) if row.back}
    if not returned:
        return pairs | best_pairs(scores)
    for back in (False, True):
        mine = {pair: score for pair, score in scores.items() if (pair[0] in returned) == back}
        pairs |= best_pairs(mine)
    return pairs


def _best_of_each_row(scores: Scores) -> dict[int, int]:
    best: dict[int, int] = {}
    for (row, column), score in scores.items():
        if row not in best or score > scores[row, best[row]]:
            best[row] = column
    return best


def _parts(
    rows: Sequence[Row],
    offers: Sequence[Offer],
    scores: Scores,
    pairs: Mapping[int, int],
    merged: Mapping[int, Parts],
) -> dict[int, Parts]:
    """Quantities by line: first each line's share of its own item, then what is left of it."""
    rooms = Rooms(offers)
    parts = dict(merged)
    for n, part in merged.items():
        rooms.take(part, rows[n].back)
    wanted = {n: quantity_of(rows[n], offers[c]) for n, c in pairs.items() if n not in merged}
    sure = {n: quantity for n, quantity in sorted(wanted.items()) if quantity is not None}
    for n, quantity in sure.items():
        back, column = rows[n].back, pairs[n]
        parts[n] = {column: min(quantity, rooms.left(column, back))}
        rooms.take(parts[n], back)
    for n, quantity in sure.items():
        if parts[n][pairs[n]] < quantity:
            rooms.give_back(parts[n], rows[n].back)
            alike = [c for c in _alike(offers, pairs[n]) if (n, c) in scores]
            parts[n] = _spread(rooms, quantity, [pairs[n], *alike], rows[n].back)
            rooms.take(parts[n], rows[n].back)
    return parts


def _spread(rooms: Rooms, quantity: int, columns: Sequence[int], back: bool) -> Parts:
    """Over as few items as hold it: first what has come, then what is ordered."""
    for ordered in (False, True):
        parts = rooms.spread(quantity, columns, back, ordered=ordered)
        if parts:
            return parts
    return {columns[0]: quantity}


def _alike(offers: Sequence[Offer], column: int) -> list[int]:
    """Other items that sell by the same unit at the same price."""
    one = offers[column]
    price = one.price, one.per, one.unit
    return [c for c, o in enumerate(offers) if (o.price, o.per, o.unit) == price and o is not one]


def _doubtful(
    n: int, column: int, scores: Scores, offers: Sequence[Offer], free: Sequence[int]
) -> bool:
    least = scores[n, column] - _CLOSE_RIVAL
    mine = offers[column]
    rivals = [offers[c] for c in free if scores.get((n, c), least) > least]
    return any((o.text, o.articles) != (mine.text, mine.articles) for o in rivals)


def _portions(case: Case, row: Row, parts: Sequence[tuple[Offer, int]]) -> tuple[Portion, ...]:
    billed = row.billed
    values = [Decimal(offer.value(quantity)) for offer, quantity in parts]
    amounts = share_out(billed.amount, values, case.currency)
    sign = -1 if row.back != case.credit else 1
    return tuple(
        Portion(
            position=offer.position,
            quantity=sign * in_units(quantity),
            amount=amount,
            delivery_note=billed.line.delivery_note or case.invoice.delivery_note,
        )
        for (offer, quantity), amount in zip(parts, amounts, strict=True)
    )
