"""CSV that people wrote (RFC 4180): field names in the first line, every value a text."""

import csv
import io
import re
from collections.abc import Iterator
from typing import Any

from sapmatch.writing.problems import file_problem, refused, shown

_DELIMITERS = ",;\t"
_QUOTED = re.compile(r'"[^"]*"')
# What a spreadsheet would execute; a sign before digits is a number or a telephone.
_FORMULA = re.compile(r"\s*(?:[=@]|[+-](?![\d .,()/]*$))")

Cells = tuple[int, dict[str, Any], list[tuple[str | None, str]]]


def columns_and_rows(text: str) -> tuple[tuple[str, ...], Iterator[Cells]]:
    """Names of the columns; then line number, values and mistakes (field, message) of each row.

    The delimiter is that of the first line: comma, semicolon or tab. An empty cell says nothing
    about its field. Raises InputRejected for a first line that names no columns, and while the rows
    are read where the quotes of the file are broken.
    """
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=_delimiter(text), strict=True)
    lines = _read(reader)
    _, header = next(lines, (1, []))
    columns = tuple(name.strip() for name in header)
    while columns and not columns[-1]:
        columns = columns[:-1]
    _require_distinct(columns)
    return columns, _rows(columns, lines)


def is_formula(cell: str) -> bool:
    """Whether a spreadsheet would take the text for something to be executed."""
    return _FORMULA.match(cell) is not None


def _delimiter(text: str) -> str:
    """The sign that stands most often in the first line, outside of quotes."""
    first = _QUOTED.sub("", text[: text.find("\n") + 1] or text)
    return max(_DELIMITERS, key=first.count)


def _read(reader: Any) -> Iterator[tuple[int, list[str]]]:
    """Line number and cells of each row that holds something."""
    begins = 1
    try:
        for cells in reader:
            if any(cells):
                yield begins, cells
            begins = reader.line_num + 1
    except csv.Error as exc:
        message = f"is no CSV: line {begins}: {exc}"
        raise refused(file_problem(message)) from exc


def _require_distinct(columns: tuple[str, ...]) -> None:
    problems = [
        file_problem(f"column {n} has no name", "first line")
        for n, name in enumerate(columns, start=1)
        if not name
    ]
    repeated = dict.fromkeys(name for name in columns if name and columns.count(name) > 1)
    problems += [file_problem(f"names {shown(n)} twice; keep one", "first line") for n in repeated]
    if problems:
        raise refused(*problems)


def _rows(columns: tuple[str, ...], lines: Iterator[tuple[int, list[str]]]) -> Iterator[Cells]:
    for line, cells in lines:
        record = {name: cell for name, cell in zip(columns, cells, strict=False) if cell}
        yield line, record, list(_mistakes(columns, cells))


def _mistakes(columns: tuple[str, ...], cells: list[str]) -> Iterator[tuple[str | None, str]]:
    if len(cells) < len(columns) or any(cells[len(columns) :]):
        yield None, f"has {len(cells)} cells, and the first line names {len(columns)} columns"
    for name, cell in zip(columns, cells, strict=False):
        if is_formula(cell):
            yield shown(name), "is a formula; write its value"
