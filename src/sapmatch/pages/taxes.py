"""Small tables of tax by rate: `GST Summary  Amount  Tax`, `Steuersatz  Netto  MwSt  Brutto`."""

import re
from collections.abc import Iterator, Sequence

from msgspec import Struct

from sapmatch.pages import layout, sumnames, values
from sapmatch.pages.fields import Field, label_at
from sapmatch.pages.nouns import Box, Line, Word

_ROWS = 10
_GAP = 3.0  # line heights between two rows
_ONE, _SEVERAL, _SUM = 90.0, 65.0, 92.0
_DASHES = frozenset("-–—|/")


class _Heading(Struct, frozen=True):
    type: str
    label: Line


def tax_tables(lines: Sequence[Line]) -> tuple[list[Field], frozenset[Line]]:
    """Base and tax of every row, and the lines that were read; the last row may be their sum."""
    rows = layout.rows(lines)
    found: list[Field] = []
    used: set[Line] = set()
    for at, row in enumerate(rows):
        headings = _headings(row)
        body = list(_body(rows[at : at + _ROWS + 1], headings)) if headings else []
        if body:
            found += _fields(body, headings)
            used.update(line for read in ([row], body) for several in read for line in several)
    return found, frozenset(used)


def _headings(row: Sequence[Line]) -> list[_Heading]:
    """The columns, where the row names a base and its tax, and holds no amounts itself."""
    if any(values.values("amount", line.words) for line in row):
        return []
    found = [heading for line in row for piece in _pieces(line) for heading in _heading(piece)]
    taxes = [heading for heading in found if heading.type == "TAX"]
    rates = taxes[:-1]  # `VAT  Net  VAT amount`: the first one is the column of the rates
    found = [heading for heading in found if heading not in rates]
    kinds = [heading.type for heading in found]
    return found if kinds.count("TAX") == kinds.count("SUBTOTAL") == 1 else []


def _pieces(line: Line) -> Iterator[Line]:
    """`GST Excl - GST Amt` are two headings."""
    run: list[Word] = []
    for word in line.words:
        if word.text in _DASHES and run:
            yield Line(tuple(run))
            run = []
        elif word.text not in _DASHES:
            run.append(word)
    if run:
        yield Line(tuple(run))


def _heading(line: Line) -> Iterator[_Heading]:
    texts = [word.text for word in line.words]
    label = label_at(texts, 0)
    if label and label.end == len(texts) and label.type in ("TAX", "SUBTOTAL", "TOTAL"):
        yield _Heading(label.type, line)
    elif sumnames.is_amount(texts):
        yield _Heading("SUBTOTAL", line)


def _body(rows: Sequence[Sequence[Line]], headings: Sequence[_Heading]) -> Iterator[list[Line]]:
    """Rows under the headings that hold both amounts."""
    bottom = max(line.box.bottom for line in rows[0])
    for row in rows[1:]:
        top = min(line.box.top for line in row)
        if (
            top - bottom > _GAP * row[0].box.height
            or not {"TAX", "SUBTOTAL"} <= _cells(row, headings).keys()
        ):
            return
        yield list(row)
        bottom = max(line.box.bottom for line in row)


def _cells(row: Sequence[Line], headings: Sequence[_Heading]) -> dict[str, Line]:
    found: dict[str, Line] = {}
    for line in row:
        for value in values.values("amount", line.words, alone=True):
            nearest = min(headings, key=lambda heading: _distance(value.box, heading.label.box))
            if nearest.label.box.overlap_x(value.box) > -2 * value.box.height:
                found[nearest.type] = value
    return found


def _distance(box: Box, heading: Box) -> float:
    return min(abs(box.left - heading.left), abs(box.right - heading.right))


def _fields(body: Sequence[Sequence[Line]], headings: Sequence[_Heading]) -> Iterator[Field]:
    labels = {heading.type: heading.label for heading in headings}
    for number, row in enumerate(body, start=1):
        is_sum = number == len(body) > 1 and (_is_total(row) or not _has_rate(row))
        sure = _ONE if len(body) == 1 else _SUM if is_sum else _SEVERAL
        cells = _cells(row, headings)
        if len(body) > 1 and not re.search(r"[1-9]", cells["TAX"].text):
            continue
        for kind, value in cells.items():
            if kind != "TOTAL" or is_sum:
                label = Line((*_name(row), *labels[kind].words))
                yield Field(type=kind, value=value, label=label, confidence=sure)


def _texts(row: Sequence[Line]) -> list[str]:
    return [word.text for word in row[0].words]


def _is_total(row: Sequence[Line]) -> bool:
    return sumnames.compose(_texts(row), 0) is not None


def _has_rate(row: Sequence[Line]) -> bool:
    """Whether a row says what it is of: a table by rate names its rates, and its sum has none."""
    return bool(_name(row)) or any("%" in line.text for line in row)


def _name(row: Sequence[Line]) -> Sequence[Word]:
    first = row[0]
    return () if values.values("amount", first.words, alone=True) else first.words
