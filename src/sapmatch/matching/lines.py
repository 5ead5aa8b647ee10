"""Which order items an invoice line belongs to."""

from collections.abc import Mapping, Sequence
from decimal import Decimal

from msgspec import Struct

from sapmatch.matching.amounts import BilledLine, share_out
from sapmatch.matching.assignment import best_pairs
from sapmatch.matching.case import Case
from sapmatch.matching.ledger import Position
from sapmatch.matching.normalise import (
    WrittenNumber,
    confusable,
    item_id,
    likeness,
    order_number,
    plain,
    words,
)
from sapmatch.matching.references import line_numbers
from sapmatch.matching.units import EXACT, in_order_unit, sap_quantity
from sapmatch.model.order import ZERO

WHOLE_DOCUMENT = "*"  # line id in a decision on an invoice without lines
FLOOR = 40  # a pair below it is no pair: the line stays alone (MA-P58)
_LARGEST = Decimal("1E+11")  # SAP's quantities have 13 digits, three of them decimals

# What a likeness between line and item is worth, in tenths of a bit.
WEIGHTS = {
    "order named": 60,
    "other order named": -120,
    "item named": 120,
    "article equal": 80,
    "article different": -30,
    "text equal": 45,
    "text close": 30,
    "text near": 10,
    "text different": -20,
    "price equal": 40,
    "price close": 25,
    "price near": 10,
    "price different": -20,
    "quantity open": 30,
    "quantity possible": 15,
    "unit different": -40,
    "item closed": -40,
    "wrong direction": -100,
}
_TEXT_LEVELS = ((90, "text equal"), (70, "text close"), (50, "text near"), (0, "text different"))
_PRICE_LEVELS = ((20, "price close"), (5, "price near"))  # off by at most a 20th, a 5th


class Portion(Struct, frozen=True, kw_only=True):
    """A part of an invoice line on one order item, in the order's unit and net."""

    position: Position
    quantity: Decimal
    amount: Decimal


class Assigned(Struct, frozen=True, kw_only=True):
    """An invoice line and its place; `unit_differs`: its place is known, its quantity is not."""

    id: str
    amount: Decimal
    portions: tuple[Portion, ...] = ()
    score: int = 0
    unit_differs: bool = False

    @property
    def placed(self) -> bool:
        """Whether the line belongs to an order item."""
        return bool(self.portions) or self.unit_differs


def assign(case: Case, places: Sequence[Position]) -> tuple[Assigned, ...]:
    """Every line with its place, in the order of the lines."""
    scores = _scores(case, places)
    pairs = {**_best_of_each_row(scores), **best_pairs(scores)}
    column_of = {place.key: column for column, place in enumerate(places)}
    taken: dict[tuple[str, str], Decimal] = {}
    free = set(column_of.values()) - set(pairs.values())
    assigned = []
    for n, billed in enumerate(case.lines):
        line = Assigned(id=billed.line.id, amount=billed.amount)
        if n in pairs:
            spare = [places[c] for c in sorted(free) if (n, c) in scores]
            line = _place(billed, places[pairs[n]], spare, scores[n, pairs[n]], taken, case)
            free -= {column_of[portion.position.key] for portion in line.portions}
        assigned.append(line)
    return tuple(assigned)


def whole_order(case: Case, places: Sequence[Position]) -> tuple[Assigned, ...]:
    """A document without lines: all that is open, or invoiced where it is a credit, provided that
    this is exactly its net amount."""
    ways = (
        [[p.invoiced for p in places]]
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


def quantity_of(billed: BilledLine, place: Position) -> Decimal | None:
    """The billed quantity in the order's unit; from the amount where none is printed."""
    line = billed.line
    if line.quantity is not None:
        converted = in_order_unit(line.quantity, line.unit, place.item)
        if converted is None or abs(converted) >= _LARGEST:
            return None
        return sap_quantity(converted)
    thousand = place.value(Decimal(1000))
    if not thousand:
        return None
    quantity = sap_quantity(EXACT.divide(EXACT.multiply(billed.amount, Decimal(1000)), thousand))
    return quantity if place.value(quantity) == billed.amount else None


def _scores(case: Case, places: Sequence[Position]) -> dict[tuple[int, int], int]:
    """Every pair above the floor; an item that the line names is the only one it may take."""
    texts = [words(place.item.text) for place in places]
    numbers = [order_number(place.order.id) for place in places]
    scores = {}
    for row, billed in enumerate(case.lines):
        named = _named(case, billed)
        marks = [_naming(billed, named, n, p) for n, p in zip(numbers, places, strict=True)]
        sure = {column for column, mark in enumerate(marks) if "item named" in mark}
        spoken = words(billed.line.description or "")
        for column in sorted(sure) or range(len(places)):
            found = [*marks[column], *_levels(case, billed, places[column], spoken, texts[column])]
            score = sum(WEIGHTS[name] for name in found)
            if score >= FLOOR:
                scores[row, column] = score
    return scores


def _best_of_each_row(scores: Mapping[tuple[int, int], int]) -> dict[int, int]:
    """Where a line goes that the best pairing leaves alone: two lines on one item (MA-P16)."""
    best: dict[int, int] = {}
    for row, column in sorted(scores):
        if row not in best or scores[row, column] > scores[row, best[row]]:
            best[row] = column
    return best


def _named(case: Case, billed: BilledLine) -> tuple[WrittenNumber, ...]:
    """Orders that the line names; the only line of an invoice speaks for the whole document."""
    own = line_numbers(billed.line)
    if own or len(case.lines) > 1:
        return own
    return tuple(n for ref in case.references.named for n in ref.numbers)


def _naming(
    billed: BilledLine, named: Sequence[WrittenNumber], number: str, place: Position
) -> list[str]:
    mine = [n for n in named if number in (n.number, confusable(n.number))]
    if billed.line.order_reference and not mine:
        return ["other order named"]
    found = ["order named"] if mine else []
    items = {item_id(billed.line.order_item), *(n.item for n in mine)} - {None}
    return [*found, "item named"] if item_id(place.item.id) in items else found


def _levels(
    case: Case,
    billed: BilledLine,
    place: Position,
    spoken: tuple[str, ...],
    text: tuple[str, ...],
) -> list[str]:
    item = place.item
    found = [*_article(billed, place), *_price(billed, place)]
    if spoken and text:
        alike = likeness(spoken, text)
        found.append(next(level for least, level in _TEXT_LEVELS if alike >= least))
    if item.deleted or item.finally_invoiced:
        found.append("item closed")
    if item.returns != (case.credit or billed.amount < 0) and item.returns:
        found.append("wrong direction")
    return found


def _article(billed: BilledLine, place: Position) -> list[str]:
    line, item = billed.line, place.item
    pairs = (
        (line.seller_item_id, item.partner_material),
        (line.buyer_item_id, item.material),
        (line.standard_item_id, item.gtin),
        (line.seller_item_id, item.material),
    )
    compared = [plain(a) == plain(b) for a, b in pairs if a and b]
    if not compared:
        return []
    return ["article equal" if any(compared) else "article different"]


def _price(billed: BilledLine, place: Position) -> list[str]:
    """Amounts are compared, never unit prices: those are rounded on paper (MA-P30, MA-P31)."""
    quantity = quantity_of(billed, place)
    if quantity is None:
        return ["unit different"] if billed.line.quantity is not None else []
    found = [] if billed.line.quantity is None else [_price_level(billed, place, quantity)]
    if quantity == place.open:
        found.append("quantity open")
    elif ZERO < quantity <= place.open_ordered:
        found.append("quantity possible")
    return found


def _price_level(billed: BilledLine, place: Position, quantity: Decimal) -> str:
    expected, amount = place.value(abs(quantity)), abs(billed.amount)
    off = abs(amount - expected)
    if not off:
        return "price equal"
    close = (name for parts, name in _PRICE_LEVELS if off * parts <= expected)
    return next(close, "price different")


def _place(
    billed: BilledLine,
    place: Position,
    spare: Sequence[Position],
    score: int,
    taken: dict[tuple[str, str], Decimal],
    case: Case,
) -> Assigned:
    quantity = quantity_of(billed, place)
    if quantity is None:
        return Assigned(id=billed.line.id, amount=billed.amount, score=score, unit_differs=True)
    parts = _spread(quantity, place, [] if case.credit else _alike(place, spare), taken)
    amounts = share_out(billed.amount, [p.value(q) for p, q in parts], case.currency)
    for position, part in parts:
        taken[position.key] = taken.get(position.key, ZERO) + part
    portions = tuple(
        Portion(position=p, quantity=q, amount=a) for (p, q), a in zip(parts, amounts, strict=True)
    )
    return Assigned(id=billed.line.id, amount=billed.amount, portions=portions, score=score)


def _alike(place: Position, spare: Sequence[Position]) -> list[Position]:
    """Items nobody has taken that sell the same thing at the same price."""
    one = place.value(Decimal(1000))
    return [p for p in spare if p.value(Decimal(1000)) == one and p.item.unit == place.item.unit]


def _spread(
    quantity: Decimal,
    place: Position,
    spare: Sequence[Position],
    taken: Mapping[tuple[str, str], Decimal],
) -> list[tuple[Position, Decimal]]:
    """The quantity over as few items as hold it: first what has come, then what is ordered."""
    for rooms in (
        [(p, p.open - taken.get(p.key, ZERO)) for p in (place, *spare)],
        [(p, p.open_ordered - taken.get(p.key, ZERO)) for p in (place, *spare)],
    ):
        parts, left = [], quantity
        for position, room in rooms:
            part = min(left, max(room, ZERO))
            if part > 0:
                parts.append((position, part))
                left -= part
        if parts and not left:
            return parts
    return [(place, quantity)]
