"""Line items: a row of column headings, and the rows below it until the sums begin.

Where a page has no headings, as on till slips, every row of a text with an amount at its end.
"""

from collections.abc import Iterator, Sequence

from msgspec import Struct

from sapmatch.pages import labels, layout, values
from sapmatch.pages.fields import AMOUNTS, Field, labelled_parts
from sapmatch.pages.nouns import Box, Line, around

_SHAPES: dict[str, values.Shape] = {
    "QUANTITY": "quantity",
    "UNIT_PRICE": "amount",
    "PRICE": "amount",
}
_ENDING = frozenset({"TAX", "TOTAL", "AMOUNT_DUE"})
_NAMED = 0.5  # share of the words in a row of headings that are headings
_CONTINUED = 2.6  # line heights down to the next row of the same item
_ENDED = 6.0  # line heights without anything after which the table is over
_SURE, _TEXT, _LOOSE = 95.0, 90.0, 70.0

Row = list[Line]


class Column(Struct, frozen=True):
    """A column heading."""

    type: str
    label: Line


class Table(Struct, frozen=True):
    """Line items as fields, and the lines of the page that belong to the table."""

    items: tuple[tuple[Field, ...], ...]
    lines: frozenset[Line]


def find_tables(lines: Sequence[Line]) -> list[Table]:
    """All tables of line items on a page, from top to bottom."""
    rows = layout.rows(lines)
    found: list[Table] = []
    at = 0
    while at < len(rows):
        columns, height = _header(rows, at)
        body = _body(rows[at + height :], columns) if columns else []
        if groups := _groups(body, columns):
            items = tuple(tuple(_item(group, columns)) for group in groups)
            used = rows[at : at + height] + [row for group in groups for row in group]
            found.append(Table(items, _lines(used)))
        at += height + len(body)
    return found or _loose(rows)


def _header(rows: Sequence[Row], at: int) -> tuple[list[Column], int]:
    """The columns that a row names, alone or together with the next one, and how many rows."""
    one = _columns(rows[at])
    if at + 1 < len(rows) and _close(rows[at], rows[at + 1]):
        two = one + _columns(rows[at + 1])
        helps = any(column.type != labels.OTHER for column in one)
        if helps and _is_header(two) and len(two) > len(one) + 1:
            return _told_apart(two), 2
    if _is_header(one) or _is_short_header(rows[at], one):
        return _told_apart(one), 1
    return [], 1


def _columns(row: Row) -> list[Column]:
    """The headings in a row, none where it holds sums or its words mostly are no headings."""
    if _has_amount(row):
        return []
    found = []
    for line in row:
        texts = [word.text for word in line.words]
        at = 0
        while at < len(texts):
            label = labels.find(texts, at, labels.column_types())
            if label:
                found.append(Column(label.type, Line(line.words[at : label.end])))
            at = label.end if label else at + 1
    named = sum(len(column.label.words) for column in found)
    return found if named >= _NAMED * sum(len(line.words) for line in row) else []


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


def _is_header(columns: Sequence[Column]) -> bool:
    kinds = {column.type for column in columns}
    priced = bool(kinds & {"PRICE", "UNIT_PRICE"})
    return len(columns) > 2 and priced and bool(kinds & {"ITEM", "QUANTITY", "PRODUCT_CODE"})


def _is_short_header(row: Row, columns: Sequence[Column]) -> bool:
    """`Description  Amount` and nothing else."""
    return len(row) == 2 and [column.type for column in columns] == ["ITEM", "PRICE"]


def _body(rows: Sequence[Row], columns: Sequence[Column]) -> list[Row]:
    """Rows up to the sums, the next headings, or a wide gap; subtotals in between are kept."""
    body: list[Row] = []
    bottom = max(column.label.box.bottom for column in columns)
    for index, row in enumerate(rows):
        box = around([line.box for line in row])
        if _sum_type(row) in _ENDING or _names_sums(row) or _header(rows, index)[0]:
            break
        if box.top - bottom > _ENDED * box.height:
            break
        bottom = box.bottom
        body.append(row)
    return body


def _sum_type(row: Row) -> str | None:
    """The kind of sum that a row names at its start, where it holds one."""
    return next(_sums(row[:1]), None) if _has_amount(row) else None


def _sums(lines: Sequence[Line]) -> Iterator[str]:
    """The kinds of sums that lines begin with."""
    for line in lines:
        parts = labelled_parts(layout.unglued(line))
        if parts and parts[0].type in AMOUNTS:
            yield parts[0].type


def _names_sums(row: Row) -> bool:
    """A row of headings over sums: `Net  Tax  Total`."""
    return not _has_amount(row) and len(list(_sums(row))) > 1


def _groups(body: Sequence[Row], columns: Sequence[Column]) -> list[list[Row]]:
    """The rows of each item: one with a price, and rows of text right below it."""
    groups: list[list[Row]] = []
    for row in body:
        if _sum_type(row):
            continue
        if _starts_item(row, columns):
            groups.append([row])
        elif groups and _close(groups[-1][-1], row) and not any(_sums(row)):
            groups[-1].append(row)
    return groups


def _starts_item(row: Row, columns: Sequence[Column]) -> bool:
    """A price, what it is for, and most of the numbers that the headings promise."""
    cells = _cells(row, columns).keys()
    promised = {column.type for column in columns} & _SHAPES.keys()
    return (
        bool(cells & {"PRICE", "UNIT_PRICE"})
        and bool(cells - {"PRICE", "UNIT_PRICE"})
        and len(cells & promised) >= min(len(promised), 2)
    )


def _item(rows: Sequence[Row], columns: Sequence[Column]) -> Iterator[Field]:
    headings = {column.type: column.label for column in reversed(columns)}
    for kind, value in _cells(rows[0], columns).items():
        more = _continued(rows[1:], columns) if kind == "ITEM" else []
        words = tuple(word for line in (value, *more) for word in line.words)
        yield Field(type=kind, value=Line(words), label=headings[kind], confidence=_SURE)
    yield _whole(rows)


def _continued(rows: Sequence[Row], columns: Sequence[Column]) -> list[Line]:
    return [line for row in rows for line in row if _kind(line, columns) == "ITEM"]


def _whole(rows: Sequence[Row]) -> Field:
    words = tuple(word for row in rows for line in row for word in line.words)
    return Field(type="EXPENSE_ROW", value=Line(words), confidence=_TEXT)


def _cells(row: Row, columns: Sequence[Column]) -> dict[str, Line]:
    """The row's values by type of column; numbers only where they look like numbers."""
    cells: dict[str, Line] = {}
    for piece in (piece for line in row for piece in _pieces(line, columns)):
        kind = _kind(piece, columns)
        if kind in cells or kind == labels.OTHER:
            continue
        found = values.values(_SHAPES.get(kind, "text"), piece.words, alone=True)
        if found:
            cells[kind] = found[0]
    return cells


def _pieces(line: Line, columns: Sequence[Column]) -> Iterator[Line]:
    """The line, cut before a number that stands under the heading of another column."""
    run = [line.words[0]]
    for word in line.words[1:]:
        over = [column for column in columns if column.label.box.overlap_x(word.box) > 0]
        shape = _SHAPES.get(over[0].type) if len(over) == 1 else None
        if shape and values.values(shape, [word], alone=True):
            yield Line(tuple(run))
            run = []
        run.append(word)
    yield Line(tuple(run))


def _kind(line: Line, columns: Sequence[Column]) -> str:
    return min(columns, key=lambda column: _distance(line.box, column.label.box)).type


def _distance(box: Box, heading: Box) -> float:
    """Columns are aligned to the left, to the right or in the middle."""
    return min(
        abs(box.left - heading.left),
        abs(box.right - heading.right),
        abs(box.left + box.right - heading.left - heading.right) / 2,
    )


def _close(above: Row, row: Row) -> bool:
    upper, lower = around([line.box for line in above]), around([line.box for line in row])
    return lower.middle - upper.middle <= _CONTINUED * min(upper.height, lower.height)


def _has_amount(row: Row) -> bool:
    return any(values.values("amount", line.words) for line in row)


def _loose(rows: Sequence[Row]) -> list[Table]:
    """Rows of a text and an amount above the sums, without any headings."""
    found: list[tuple[Field, ...]] = []
    used: list[Row] = []
    for row in rows:
        if _sum_type(row) and used:
            break
        if item := _loose_item(row):
            found.append(item)
            used.append(row)
    return [Table(tuple(found), _lines(used))] if len(found) > 1 else []


def _loose_item(row: Row) -> tuple[Field, ...]:
    amounts = values.values("amount", row[-1].words)
    if len(row) < 2 or len(amounts) != 1 or labelled_parts(layout.unglued(row[0])):
        return ()
    if not values.values("name", row[0].words) or len(row[-1].words) > len(amounts[0].words) + 1:
        return ()
    counts = [line for line in row[1:-1] if values.values("quantity", line.words)][:1]
    fields = [("ITEM", row[0]), *(("QUANTITY", line) for line in counts), ("PRICE", amounts[0])]
    cells = (Field(type=kind, value=value, confidence=_LOOSE) for kind, value in fields)
    return (*cells, _whole([row]))


def _lines(rows: Sequence[Row]) -> frozenset[Line]:
    return frozenset(line for row in rows for line in row)
