"""Line items: a row of column headings, and the rows below it until the sums begin."""

from collections.abc import Iterator, Sequence

from msgspec import Struct

from sapmatch.ocr import labels, layout, values
from sapmatch.ocr.fields import AMOUNTS, Field, labelled_parts
from sapmatch.ocr.nouns import Box, Line, around

_NUMBERS = frozenset({"QUANTITY", "UNIT_PRICE", "PRICE"})
_KINDS = 3  # headings that make a row of headings
_CONTINUED = 2.6  # line heights down to the next row of the same item
_ENDED = 8.0  # line heights without an item after which the table is over
_SURE, _TEXT = 95.0, 90.0

Row = list[Line]


class Column(Struct, frozen=True):
    """A column heading."""

    type: str
    label: Line


class Table(Struct, frozen=True):
    """Line items as fields, and the rows of the page that belong to the table."""

    items: tuple[tuple[Field, ...], ...]
    lines: frozenset[Line]


def find_tables(lines: Sequence[Line]) -> list[Table]:
    """All tables of line items on a page, from top to bottom."""
    rows = layout.rows(lines)
    found: list[Table] = []
    at = 0
    while at < len(rows):
        columns, height = _header(rows, at)
        if columns:
            body = list(_body(rows[at + height :], columns))
            items = _items(body, columns)
            if items:
                used = rows[at : at + height + len(body)]
                found.append(Table(items, frozenset(line for row in used for line in row)))
            at += len(body)
        at += max(height, 1)
    return found


def _header(rows: Sequence[Row], at: int) -> tuple[list[Column], int]:
    """The columns that a row names, alone or together with the next one, and how many rows."""
    one = _columns(rows[at])
    if at + 1 < len(rows) and _close(rows[at], rows[at + 1]) and not _has_amount(rows[at + 1]):
        two = one + _columns(rows[at + 1])
        if _is_header(two) and len(two) > len(one) + 1:
            return two, 2
    return (one, 1) if _is_header(one) else ([], 1)


def _columns(row: Row) -> list[Column]:
    found = []
    for line in row:
        texts = [word.text for word in line.words]
        at = 0
        while at < len(texts):
            label = labels.find(texts, at, labels.column_types())
            if label:
                found.append(Column(label.type, Line(line.words[at : label.end])))
            at = label.end if label else at + 1
    return found


def _is_header(columns: Sequence[Column]) -> bool:
    kinds = {column.type for column in columns}
    return (
        len(columns) >= _KINDS
        and bool(kinds & {"PRICE", "UNIT_PRICE"})
        and bool(kinds & {"ITEM", "QUANTITY", "PRODUCT_CODE"})
    )


def _body(rows: Sequence[Row], columns: Sequence[Column]) -> Iterator[Row]:
    """Rows up to the sums, the next headings, or a wide gap."""
    bottom = max(column.label.box.bottom for column in columns)
    for index, row in enumerate(rows):
        box = around([line.box for line in row])
        if _is_sum(row, columns) or _header(rows, index)[0]:
            return
        if box.top - bottom > _ENDED * box.height:
            return
        if _cells(row, columns).keys() & _NUMBERS:
            bottom = box.bottom
        yield row


def _is_sum(row: Row, columns: Sequence[Column]) -> bool:
    parts = labelled_parts(layout.unglued(row[0]))
    return bool(parts) and parts[0].type in AMOUNTS and "QUANTITY" not in _cells(row, columns)


def _items(body: Sequence[Row], columns: Sequence[Column]) -> tuple[tuple[Field, ...], ...]:
    """One item per row with a price; rows of text right below it belong to it."""
    groups: list[list[Row]] = []
    for row in body:
        if _starts_item(row, columns):
            groups.append([row])
        elif groups and _close(groups[-1][-1], row):
            groups[-1].append(row)
    return tuple(tuple(_item(rows, columns)) for rows in groups)


def _starts_item(row: Row, columns: Sequence[Column]) -> bool:
    cells = _cells(row, columns)
    priced = {column.type for column in columns} & {"PRICE", "UNIT_PRICE"}
    return bool(cells.keys() & priced) and len(row) > 1


def _item(rows: Sequence[Row], columns: Sequence[Column]) -> Iterator[Field]:
    first, rest = rows[0], rows[1:]
    headings = {column.type: column.label for column in reversed(columns)}
    for kind, value in _cells(first, columns).items():
        more = [line for row in rest for line in row] if kind == "ITEM" else []
        words = tuple(word for line in (value, *more) for word in line.words)
        yield Field(type=kind, value=Line(words), label=headings[kind], confidence=_SURE)
    words = tuple(word for row in rows for line in row for word in line.words)
    yield Field(type="EXPENSE_ROW", value=Line(words), confidence=_TEXT)


def _cells(row: Row, columns: Sequence[Column]) -> dict[str, Line]:
    """The row's values by type of column; numbers only where they look like numbers."""
    cells: dict[str, Line] = {}
    for line in row:
        column = min(columns, key=lambda column: _distance(line.box, column.label.box))
        if column.type in _NUMBERS:
            numbers = values.values("amount", line.words, alone=True)
            if numbers and column.type not in cells:
                cells[column.type] = numbers[0]
        elif column.type != labels.OTHER and column.type not in cells:
            cells[column.type] = line
    return cells


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
