"""Line items: a row of column headings, and the rows below it until the sums begin.

Where a page has no headings, as on till slips and second pages, see `sapmatch.pages.loose`.
"""

from bisect import bisect
from collections.abc import Iterator, Sequence
from decimal import Decimal

from msgspec import Struct

from sapmatch.pages import labels, layout, values
from sapmatch.pages.cells import Cells, cells_of, is_number, numbers
from sapmatch.pages.fields import Field
from sapmatch.pages.headings import Column, Row, header
from sapmatch.pages.loose import loose_items, proven_items
from sapmatch.pages.nouns import Line, around
from sapmatch.pages.roles import Roles, is_product, roles
from sapmatch.pages.subtotals import amounts_of, is_sum, names_sums, sum_type

_ENDING = frozenset({"TAX", "TOTAL", "AMOUNT_DUE"})
_LONGEST = 12  # rows of one item
_SUMS = 60  # rows below the items that may hold their sum
_CONTINUED = 2.6  # line heights down to the next row of the same item
_ENDED = 6.0  # line heights without anything after which the table is over
_SURE, _TEXT = 95.0, 90.0
_LEADING = frozenset({"POSITION", "PRODUCT_CODE"})
_TEXTRACT = frozenset({"ITEM", "PRODUCT_CODE"})
_CENT = Decimal("0.011")


class Table(Struct, frozen=True):
    """Line items as fields, and the lines of the page that belong to the table."""

    items: tuple[tuple[Field, ...], ...]
    lines: frozenset[Line]


class _Body(Struct, frozen=True):
    """The rows below the headings, their cells, and what the columns are for."""

    rows: list[Row]
    cells: list[Cells]
    columns: list[Column]
    roles: Roles
    proven: int  # the last row that multiplies, -1 where none does
    printed: frozenset[Decimal]  # amounts below that row


def find_tables(lines: Sequence[Line]) -> list[Table]:
    """All tables of line items on a page, from top to bottom."""
    rows = layout.rows(lines)
    found, proven = _headed_tables(rows)
    items, used = proven_items(rows)
    if len(items) > 1 and len(items) > proven + 1:
        return [Table(items, _lines(used))]
    return found or [Table(items, _lines(used)) for items, used in loose_items(rows)]


def _headed_tables(rows: Sequence[Row]) -> tuple[list[Table], int]:
    """The tables with headings, and how many of their items multiply."""
    found: list[Table] = []
    at = proven = 0
    while at < len(rows):
        columns, height = header(rows, at)
        body = _body(rows[at + height :], columns) if columns else None
        if body and (groups := _groups(body)):
            items = tuple(tuple(_item(group, body)) for group in groups)
            used = [
                *rows[at : at + height],
                *(body.rows[index] for group in groups for index in group),
            ]
            found.append(Table(items, _lines(used)))
            proven += sum(is_product(row, body.roles, body.columns) for row in body.cells)
        at += height + (len(body.rows) if body else 0)
    return found, proven


def _body(rows: Sequence[Row], columns: list[Column]) -> _Body:
    columns = _told_apart(columns)
    below = list(_to_next_header(rows))
    cells = [cells_of(row, columns) for row in below]
    role = roles(cells, columns)
    proven = [at for at, row in enumerate(cells) if is_product(row, role, columns)]
    last = proven[-1] if proven else -1
    end = _end(below, columns, last)
    printed = frozenset(amount for row in rows[last + 1 :][:_SUMS] for amount in amounts_of(row))
    return _Body(below[:end], cells[:end], columns, role, last, printed)


def _told_apart(columns: Sequence[Column]) -> list[Column]:
    """Of two columns of one kind: `Price  Amount` is unit and line, `Item  Name` code and text."""
    first = {"PRICE": "UNIT_PRICE", "ITEM": "PRODUCT_CODE"}
    found: list[Column] = []
    for column in sorted(columns, key=lambda column: column.label.box.left):
        later = [c for c in columns if c.label.box.left > column.label.box.left]
        twin = any(c.type == column.type for c in later)
        other = first.get(column.type)
        apart = twin and other and all(c.type != other for c in columns)
        found.append(Column(other, column.label) if apart and other else column)
    return found


def _to_next_header(rows: Sequence[Row]) -> Iterator[Row]:
    for index, row in enumerate(rows):
        if header(rows, index)[0]:
            return
        yield row


def _end(rows: Sequence[Row], columns: Sequence[Column], proven: int) -> int:
    """The first row of sums, or behind a wide gap, that no item proven by arithmetic follows."""
    bottom = max(column.label.box.bottom for column in columns)
    for index, row in enumerate(rows):
        box = around([line.box for line in row])
        over = sum_type(row) in _ENDING or names_sums(row)
        if index > proven and (over or box.top - bottom > _ENDED * box.height):
            return index
        bottom = box.bottom
    return len(rows)


def _groups(body: _Body) -> list[list[int]]:
    """The rows of each item: one with an amount, and rows of text beside it."""
    starts = _before_sums(list(_items(body)), body)
    groups = {start: [start] for start in starts}
    for index, row in enumerate(body.rows):
        owner = None if index in groups or is_sum(row) else _owner(index, starts, body)
        if owner is not None:
            groups[owner].append(index)
    return [sorted(group) for group in groups.values()]


def _items(body: _Body) -> Iterator[int]:
    """Rows with an amount that is no sum of those above."""
    total = Decimal(0)
    for index, cells in enumerate(body.cells):
        if not _has_item(cells, body) or _is_carried(index, total, body):
            continue
        if index > body.proven >= 0 and _is_afterthought(cells, body):
            continue
        total += _amount(cells, body)
        yield index


def _before_sums(starts: list[int], body: _Body) -> list[int]:
    """The items without what stands below those that multiply, where these make a printed sum."""
    proven = [start for start in starts if start <= body.proven]
    total = sum((_amount(body.cells[start], body) for start in proven), Decimal(0))
    return proven if proven and total in body.printed else starts


def _has_item(cells: Cells, body: _Body) -> bool:
    """An amount and what it is for; without an amount only what else makes an item."""
    role = body.roles
    kinds = {body.columns[at].type for at in cells if at not in (role.amount, role.price)}
    if role.amount in cells:
        return bool(kinds - {labels.OTHER}) or role.price in cells
    priced = role.price in cells and (role.amount is None or role.quantity in cells)
    return priced and bool(kinds & _LEADING if body.proven >= 0 else kinds - {labels.OTHER})


def _is_carried(index: int, total: Decimal, body: _Body) -> bool:
    """A subtotal, or what is carried over to or from another page: an amount with words alone."""
    cells, role = body.cells[index], body.roles
    counted = [at for at in (role.quantity, role.price) if at is not None]
    if any(at in cells for at in counted):
        return False
    if sum_type(body.rows[index]) or is_sum(body.rows[index]):
        return True
    return bool(counted) and bool(total) and abs(_amount(cells, body) - total) <= _CENT


def _is_afterthought(cells: Cells, body: _Body) -> bool:
    """Two amounts without a quantity below the last item that multiplies: a tax and its base."""
    role = body.roles
    if role.quantity in cells or role.price is None or role.price not in cells:
        return False
    return numbers(cells[role.price].text).isdisjoint({_amount(cells, body)})


def _amount(cells: Cells, body: _Body) -> Decimal:
    at = body.roles.amount
    found = numbers(cells[at].text) if at is not None and at in cells else frozenset()
    return min(found, default=Decimal(0))


def _owner(index: int, starts: Sequence[int], body: _Body) -> int | None:
    """The item that a row of text belongs to: the nearer one, of equals the one above."""
    at = bisect(starts, index)
    above = starts[at - 1] if at else None
    below = starts[at] if at < len(starts) else None
    if below is not None and _leads(index, below, body):
        return below
    if above is not None and _linked(above, index, body):
        return above
    return None


def _leads(index: int, below: int, body: _Body) -> bool:
    """Whether a row opens the item below it, whose numbers stand on its last row."""
    if not _linked(index, below, body):
        return False
    missing = _kinds(index, body) - _kinds(below, body)
    if missing & _LEADING or ("ITEM" in missing and "PRODUCT_CODE" not in _kinds(below, body)):
        return True
    if index == 0 or not _close(body.rows[index - 1], body.rows[index]):
        return index > 0
    return _gap(body.rows[index], body.rows[index + 1]) < 0.8 * _gap(
        body.rows[index - 1], body.rows[index]
    )


def _kinds(index: int, body: _Body) -> set[str]:
    return {body.columns[at].type for at in body.cells[index]}


def _linked(first: int, last: int, body: _Body) -> bool:
    """Whether all rows from one to the other follow closely, no sum among them."""
    if last - first > _LONGEST or any(is_sum(body.rows[at]) for at in range(first + 1, last)):
        return False
    return all(_close(body.rows[at], body.rows[at + 1]) for at in range(first, last))


def _close(above: Row, row: Row) -> bool:
    upper, lower = around([line.box for line in above]), around([line.box for line in row])
    return _gap(above, row) <= _CONTINUED * min(upper.height, lower.height)


def _gap(above: Row, row: Row) -> float:
    return around([line.box for line in row]).middle - around([line.box for line in above]).middle


def _item(group: Sequence[int], body: _Body) -> Iterator[Field]:
    joined: dict[int, tuple[Line, ...]] = {}
    for index in group:
        for at, cell in body.cells[index].items():
            if at not in joined or body.columns[at].type == "ITEM":
                joined[at] = (*joined.get(at, ()), cell)
    for at, parts in joined.items():
        value = Line(tuple(word for part in parts for word in part.words))
        if fits := _value(value, at, body):
            kind, heading = _type(at, body), body.columns[at].label
            yield Field(type=kind, value=fits, label=heading, confidence=_SURE)
    yield _whole([body.rows[index] for index in group])


def _type(at: int, body: _Body) -> str:
    role = body.roles
    for kind, column in (
        ("QUANTITY", role.quantity),
        ("UNIT_PRICE", role.price),
        ("PRICE", role.amount),
    ):
        if at == column:
            return kind
    kind = body.columns[at].type
    return kind if kind in _TEXTRACT else labels.OTHER


def _value(value: Line, at: int, body: _Body) -> Line | None:
    """The cell without what is no part of an amount: a tax mark behind it."""
    if at not in (body.roles.price, body.roles.amount) or not is_number(value):
        return value
    return next(iter(values.values("amount", value.words, alone=True)), value)


def _whole(rows: Sequence[Row]) -> Field:
    words = tuple(word for row in rows for line in row for word in line.words)
    return Field(type="EXPENSE_ROW", value=Line(words), confidence=_TEXT)


def _lines(rows: Sequence[Row]) -> frozenset[Line]:
    return frozenset(line for row in rows for line in row)
