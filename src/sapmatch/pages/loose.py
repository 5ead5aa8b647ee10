"""Line items without headings: till slips, second pages, lists; rows that multiply are items.

`2 x 3.50  7.00` below, beside or above its name; a name and an amount alone where nothing
multiplies.
"""

import re
from collections.abc import Iterator, Sequence
from decimal import Decimal
from itertools import combinations, groupby

from msgspec import Struct

from sapmatch.pages import labels, layout, values
from sapmatch.pages.cells import is_count, is_number, is_percent, numbers
from sapmatch.pages.fields import Field, Labelled, labelled_parts
from sapmatch.pages.headings import Row
from sapmatch.pages.nouns import Line, Word
from sapmatch.pages.roles import multiplies
from sapmatch.pages.subtotals import amounts_of, is_carried, is_sum, sum_type

_LOOSE, _PROVEN, _TEXT = 70.0, 85.0, 90.0
_TIMES = re.compile(r"[x×*@à/=]|st[kc]?\.?|pcs|ea", re.IGNORECASE)
_GLUED = re.compile(r"(?<=\d)[x×](?=\d)|(?<=\d)[x×@]$|^[x×@](?=\d)", re.IGNORECASE)
_LEADING = re.compile(r"(\d{1,5}(?:[.,]\d{1,3})?)\s?[x×]\s+(?=\S)", re.IGNORECASE)
_LETTERS = 3
_NUMBERS = 8  # in a row of an item

Item = tuple[Field, ...]


class _Sum(Struct, frozen=True):
    """Three numbers of a row that multiply."""

    quantity: Line
    price: Line
    amount: Line


def loose_items(rows: Sequence[Row]) -> Iterator[tuple[tuple[Item, ...], list[Row]]]:
    """At most one list of items, and the rows they stand in."""
    above = _above_sums(rows)
    found = _multiplied(above) or _named(above, rows)
    if found:
        yield _apart(found)


def proven_items(rows: Sequence[Row]) -> tuple[tuple[Item, ...], list[Row]]:
    """All rows of a page that multiply, whatever the headings say."""
    return _apart(_multiplied(rows))


def _apart(found: Sequence[tuple[Item, list[Row]]]) -> tuple[tuple[Item, ...], list[Row]]:
    return tuple(item for item, _ in found), [row for _, used in found for row in used]


def _above_sums(rows: Sequence[Row]) -> list[Row]:
    """Rows up to the first sum that stands below an amount."""
    kept: list[Row] = []
    priced = False
    for row in rows:
        if priced and sum_type(row):
            break
        priced = priced or any(values.values("amount", line.words) for line in row)
        kept.append(row)
    return kept


def _multiplied(rows: Sequence[Row]) -> list[tuple[Item, list[Row]]]:
    """Rows with a quantity, a price and what they make, each with its name."""
    found: list[tuple[Item, list[Row]]] = []
    taken: set[int] = set()
    for index, row in enumerate(rows):
        carriage = any(_is_carriage(line, labelled_parts(line)) for line in row)
        if (is_sum(row) and not carriage) or (three := _three(row)) is None:
            continue
        at = _name_at(rows, index, taken)
        used = [row] if at is None else sorted([rows[at], row], key=lambda row: row[0].box.top)
        taken.update({index} if at is None else {index, at})
        name = _name(rows[at] if at is not None else row, three)
        found.append((tuple(_fields(name, three, used)), used))
    return found if len(found) > 1 or any(_crossed(used) for _, used in found) else []


def _crossed(rows: Sequence[Row]) -> bool:
    """Whether something stands for `times`: one row that multiplies may do so by chance."""
    return any(
        _TIMES.fullmatch(word.text) or _GLUED.search(word.text)
        for row in rows
        for line in row
        for word in line.words
    )


def _three(row: Row) -> _Sum | None:
    """A quantity and a price (or the other way round) and behind them their product."""
    figures = _figures(row)[:_NUMBERS]
    percents = [line for line in row if is_percent(line)]
    for first, second, last in sorted(combinations(range(len(figures)), 3), key=_neighbours):
        one, two, amount = figures[first], figures[second], figures[last]
        if not any(numbers(amount.text)) and not _crossed([row]):
            continue  # anything times nothing is nothing
        if _is_product(one, two, amount, [*figures[second + 1 : last], *percents]):
            price_first = _decimals(one) and not _decimals(two)
            return _Sum(two, one, amount) if price_first else _Sum(one, two, amount)
    return None


def _neighbours(places: tuple[int, int, int]) -> tuple[int, int, int]:
    """Quantity and price stand side by side, the amount far to the right."""
    first, second, last = places
    return second - first, first, -last


def _is_product(one: Line, two: Line, amount: Line, discounts: Sequence[Line]) -> bool:
    if not _decimals(amount) and not _decimals(two):
        return False
    parts = numbers(one.text), numbers(two.text), numbers(amount.text)
    return any(parts[0]) and multiplies(*parts, discounts)


def _figures(row: Row) -> list[Line]:
    """The numbers of a row, each a line of its own."""
    pieces = [
        piece
        for line in row
        for run in _runs(line)
        for piece in ([run] if is_number(run) else map(_alone, _words(run)))
    ]
    return [piece for piece in pieces if is_number(piece) or is_count(piece)]


def _runs(line: Line) -> Iterator[Line]:
    """The line, cut where something stands for `times`: `31 x 1 687,30`."""
    for times, words in groupby(line.words, lambda word: bool(_TIMES.fullmatch(word.text))):
        if not times:
            yield Line(tuple(words))


def _alone(word: Word) -> Line:
    return Line((word,))


def _words(line: Line) -> Iterator[Word]:
    for word in line.words:
        yield from _crossed_apart(word)


def _crossed_apart(word: Word) -> Iterator[Word]:
    """`2x3.50` as two numbers."""
    if re.fullmatch(r"\d[\d.,]*[x×]\d[\d.,]*", word.text, re.IGNORECASE):
        at = re.search("[x×]", word.text, re.IGNORECASE)
        if at:
            yield from layout.cut([word], 0, at.start()).words
            yield from layout.cut([word], at.end(), len(word.text)).words
            return
    yield word


def _decimals(line: Line) -> bool:
    return bool(re.search(r"[.,]\d{2,4}\D*$", line.text))


def _name_at(rows: Sequence[Row], index: int, taken: set[int]) -> int | None:
    """The row above where the row itself holds no name."""
    if _has_name(rows[index]) or index == 0 or index - 1 in taken:
        return None
    above = rows[index - 1]
    return index - 1 if _has_name(above) and not is_sum(above) else None


def _has_name(row: Row) -> bool:
    words = (word.text for line in row for word in line.words if not _TIMES.fullmatch(word.text))
    return any(sum(char.isalpha() for char in text) >= _LETTERS for text in words)


def _name(row: Row, three: _Sum) -> Line | None:
    numeric = {
        id(word) for line in (three.quantity, three.price, three.amount) for word in line.words
    }
    words = [
        word
        for line in row
        for word in line.words
        if id(word) not in numeric and not _TIMES.fullmatch(word.text) and not numbers(word.text)
    ]
    return Line(tuple(words)) if words else None


def _fields(name: Line | None, three: _Sum, rows: Sequence[Row]) -> Iterator[Field]:
    if name and labels.normal(name.text):
        yield Field(type="ITEM", value=name, confidence=_LOOSE)
    yield Field(type="QUANTITY", value=three.quantity, confidence=_PROVEN)
    yield Field(type="UNIT_PRICE", value=three.price, confidence=_PROVEN)
    yield Field(type="PRICE", value=three.amount, confidence=_PROVEN)
    yield _whole(rows)


def _named(above: Sequence[Row], rows: Sequence[Row]) -> list[tuple[Item, list[Row]]]:
    """Rows of a name and an amount: above the sums, or all that make a printed sum together."""
    sums = {amount for row in rows if is_sum(row) for amount in amounts_of(row)} - {Decimal(0)}
    ways = (_named_items(above), _named_items(rows), _named_items(rows, carriage=True))
    proven = next((found for found in ways if _total(found) in sums), [])
    return proven or (ways[0] if len(ways[0]) > 1 else [])


def _named_items(rows: Sequence[Row], *, carriage: bool = False) -> list[tuple[Item, list[Row]]]:
    return [(item, [row]) for row in rows if (item := _named_item(row, carriage=carriage))]


def _total(items: Sequence[tuple[Item, list[Row]]]) -> Decimal | None:
    """What the items make, None where there are none or an amount may be read in several ways."""
    amounts = [
        numbers(field.value.text) for item, _ in items for field in item if field.type == "PRICE"
    ]
    if not amounts or any(len(ways) != 1 for ways in amounts):
        return None
    return sum((next(iter(ways)) for ways in amounts), Decimal(0))


def _named_item(row: Row, *, carriage: bool) -> Item:
    """A name and an amount; with `carriage` also `Transport`, which may be carried over."""
    amounts = values.values("amount", row[-1].words)
    if len(row) < 2 or len(amounts) != 1:
        return ()
    parts = labelled_parts(layout.unglued(row[0]))
    if (parts or is_sum(row)) and not (carriage and _is_carriage(row[0], parts)):
        return ()
    counted, name = _counted(row[0])
    if not values.values("name", name.words) or len(row[-1].words) > len(amounts[0].words) + 1:
        return ()
    counts = [counted] if counted else [line for line in row[1:-1] if is_count(line)][:1]
    fields = [("ITEM", name), *(("QUANTITY", line) for line in counts), ("PRICE", amounts[0])]
    cells = (Field(type=kind, value=value, confidence=_LOOSE) for kind, value in fields)
    return (*cells, _whole([row]))


def _is_carriage(name: Line, parts: Sequence[Labelled]) -> bool:
    """Whether the row names nothing but the carriage of goods, which is an item for some."""
    return {part.type for part in parts} <= {"SHIPPING_HANDLING_CHARGE"} and (
        bool(parts) or is_carried(name.text)
    )


def _counted(line: Line) -> tuple[Line | None, Line]:
    """`2 x Coffee` as its quantity and its name."""
    first = _LEADING.match(line.text)
    if not first:
        return None, line
    whole = len(line.text)
    return layout.cut(line.words, 0, first.end(1)), layout.cut(line.words, first.end(), whole)


def _whole(rows: Sequence[Row]) -> Field:
    words = tuple(word for row in rows for line in row for word in line.words)
    return Field(type="EXPENSE_ROW", value=Line(words), confidence=_TEXT)
