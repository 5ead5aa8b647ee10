"""Which columns are quantity, price of one and amount of the line: as headed, and as they multiply.

Quantity times price is the amount (EN 16931, BT-131); of two amounts, with and without tax, that
one is meant, and a price list's column beside the price paid is not.
"""

import re
from collections.abc import Iterable, Iterator, Sequence
from decimal import Decimal
from itertools import product

from msgspec import Struct

from sapmatch.pages.cells import Cells, is_count, is_number, is_percent, numbers
from sapmatch.pages.headings import Column
from sapmatch.pages.nouns import Line

_HEADED = 0.2  # what a heading weighs against the share of rows that multiply
_CENTS = re.compile(r"[.,]\d{2}\D{0,4}$")
_SAMPLE = 40  # rows
_MOST = 12  # columns of numbers
_CENT = Decimal("0.011")
_BY_HAND = Decimal("0.005")  # a price printed with two decimals
_WANTED = {
    "QUANTITY": ("QUANTITY",),
    "UNIT_PRICE": ("UNIT_PRICE", "PRICE"),
    "PRICE": ("PRICE", "GROSS", "UNIT_PRICE"),
}
_MONEY = frozenset({"UNIT_PRICE", "PRICE", "GROSS"})


class Roles(Struct, frozen=True, kw_only=True):
    """Numbers of columns."""

    quantity: int | None = None
    price: int | None = None
    amount: int | None = None


def roles(rows: Sequence[Cells], columns: Sequence[Column]) -> Roles:
    """The roles whose rows multiply best; of equals, those that the headings say."""
    sample = rows[:_SAMPLE]
    numeric = [
        at
        for at in range(len(columns))
        if any(at in row and (is_number(row[at]) or is_count(row[at])) for row in sample)
    ]
    ways = list(_ways(numeric[:_MOST], columns))
    return max(ways, key=lambda way: _weight(way, sample, columns), default=Roles())


def _ways(numeric: Sequence[int], columns: Sequence[Column]) -> Iterator[Roles]:
    for quantity, price, amount in product((*numeric, None), repeat=3):
        chosen = [at for at in (quantity, price, amount) if at is not None]
        money = [at for at in (price, amount) if at is not None]
        if len(set(chosen)) == len(chosen) and any(columns[at].type in _MONEY for at in money):
            yield Roles(quantity=quantity, price=price, amount=amount)


def _weight(way: Roles, rows: Sequence[Cells], columns: Sequence[Column]) -> float:
    headed = (
        _likeness(way.quantity, "QUANTITY", columns)
        + _whole_numbers(way.quantity, rows)
        + _likeness(way.price, "UNIT_PRICE", columns)
        + _likeness(way.amount, "PRICE", columns)
    )
    return _share(way, rows, columns) + _HEADED * headed


def _likeness(at: int | None, role: str, columns: Sequence[Column]) -> float:
    """1 where the heading says so, less for a heading that often means it, below 0 for others."""
    if at is None:
        return 0.0
    kinds = _WANTED[role]
    kind = columns[at].type
    return 1 - 0.4 * kinds.index(kind) if kind in kinds else -1.0


def _whole_numbers(at: int | None, rows: Sequence[Cells]) -> float:
    """Of two numbers that multiply, the one without cents is the quantity."""
    cells = [row[at].text for row in rows if at is not None and at in row]
    return 0.3 * sum(not _CENTS.search(text) for text in cells) / len(cells) if cells else 0.0


def _share(way: Roles, rows: Sequence[Cells], columns: Sequence[Column]) -> float:
    full = [row for row in rows if {way.quantity, way.price, way.amount} <= row.keys()]
    fits = sum(is_product(row, way, columns) for row in full)
    return fits / len(full) if full else 0.0


def is_product(row: Cells, way: Roles, columns: Sequence[Column]) -> bool:
    """Whether a row holds all three numbers, and they multiply."""
    three = [
        row[at] for at in (way.quantity, way.price, way.amount) if at is not None and at in row
    ]
    if len(three) < 3 or is_percent(three[0]):
        return False
    cuts = [row[at] for at, column in enumerate(columns) if column.type == "DISCOUNT" and at in row]
    quantity, price, amount = (numbers(cell.text) for cell in three)
    return multiplies(quantity, price, amount, cuts)


def multiplies(
    quantities: Iterable[Decimal],
    prices: Iterable[Decimal],
    amounts: Iterable[Decimal],
    discounts: Sequence[Line] = (),
) -> bool:
    """Whether some reading of the three makes quantity x price = amount, less a discount."""
    for quantity, price, amount in product(quantities, prices, amounts):
        whole = quantity * price
        slack = max(_CENT, min(_BY_HAND * abs(quantity), _BY_HAND * abs(amount)))
        if any(abs(part - amount) <= slack for part in (whole, *_less(whole, discounts))):
            return True
    return False


def _less(whole: Decimal, discounts: Sequence[Line]) -> Iterator[Decimal]:
    for cell in discounts:
        text = cell.text.replace("%", "").strip() if is_percent(cell) else cell.text
        for discount in numbers(text):
            yield whole * (1 - abs(discount) / 100)
            yield whole - abs(discount)
