"""Files that people wrote, as rows: a JSON array, {"users": [...]}, NDJSON, or CSV.

Every value is read exactly as it is written; a name that stands twice in an object is a mistake,
as one of the two would silently be lost.
"""

import csv
import io
import json
from collections.abc import Iterator, Mapping
from decimal import Decimal
from typing import Any

from msgspec import Struct

from sapmatch.model.errors import Problem
from sapmatch.provisioning.problems import file_problem, refused, row_problem, shown

MOST_BYTES = 20_000_000
_MOST_DIGITS = 60  # more than any field of SAP holds
_BLANKS = " \t\r\n"
_DELIMITERS = ",;\t"
_LIST = "users"


class Row(Struct, frozen=True, kw_only=True):
    """One row, numbered from 1; `problems` are what was written wrong in it."""

    number: int
    record: Mapping[str, Any]
    problems: tuple[Problem, ...] = ()
    is_csv: bool = False


class _Twice(Struct, frozen=True):
    """Stands where a name was given twice."""


def require_size(size: int) -> None:
    """Raise InputRejected for a file too large to be read: to be asked before it is read."""
    if size > MOST_BYTES:
        raise refused([file_problem(f"is over {MOST_BYTES} bytes; split it")])


def read_rows(data: bytes, most: int) -> list[Row]:
    """The rows of a file in their order; blank lines are none.

    Raises InputRejected where the file as a whole cannot be read, is empty, or has over `most`.
    """
    require_size(len(data))
    text = _text(data)
    begins = text.lstrip(_BLANKS)[:1]
    if not begins:
        raise refused([file_problem("is empty")])
    rows: list[Row] = []
    for row in _rows(text, begins):
        if len(rows) == most:
            raise refused([file_problem(f"has over {most} rows (max_users); split it")])
        rows.append(row)
    if not rows:
        raise refused([file_problem("names no user")])
    return rows


def _text(data: bytes) -> str:
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as exc:
        place = data.count(b"\n", 0, exc.start) + 1
        message = f"is not UTF-8 (line {place}); save it as UTF-8 and try again"
        raise refused([file_problem(message)]) from exc


def _rows(text: str, begins: str) -> Iterator[Row]:
    if begins == "[":
        return _elements(text, _after(text, 0) + 1)
    if begins == "{":
        return _objects(text)
    return _table(text)


def _elements(text: str, index: int) -> Iterator[Row]:
    """The elements of an array, one by one: a long one is never held as a whole."""
    index, number = _after(text, index), 0
    while text[index : index + 1] != "]":
        number += 1
        try:
            value, index = _DECODER.raw_decode(text, index)
        except (ValueError, RecursionError) as exc:
            raise refused([file_problem(f"row {number}: {_why(exc)}")]) from exc
        yield _row(number, value)
        index = _after(text, index)
        if text[index : index + 1] == ",":
            index = _after(text, index + 1)
            if text[index : index + 1] != "]":
                continue
        elif text[index : index + 1] == "]":
            continue
        message = f"is no JSON: behind row {number} a comma, a row or ] is missing"
        raise refused([file_problem(message)])
    if _after(text, index + 1) != len(text):
        raise refused([file_problem("is no JSON: something stands behind the ]")])


def _objects(text: str) -> Iterator[Row]:
    """One object with all users in it or with one, else one object a line."""
    try:
        value = _DECODER.decode(text)
    except (ValueError, RecursionError):
        yield from _lines(text)
        return
    if _LIST not in value:
        yield _row(1, value)
    elif set(value) != {_LIST} or not isinstance(value[_LIST], list):
        raise refused([file_problem(f'must be {{"{_LIST}": [...]}} and hold nothing else')])
    else:
        for number, each in enumerate(value[_LIST], start=1):
            yield _row(number, each)


def _lines(text: str) -> Iterator[Row]:
    number = 0
    for line in text.split("\n"):
        if not line.strip(_BLANKS):
            continue
        number += 1
        try:
            yield _row(number, _DECODER.decode(line.strip(_BLANKS)))
        except (ValueError, RecursionError) as exc:
            yield Row(number=number, record={}, problems=(row_problem(number, None, _why(exc)),))


def _row(number: int, value: Any) -> Row:
    if not isinstance(value, dict):
        wrong = row_problem(number, None, "must be an object with the fields of one user")
        return Row(number=number, record={}, problems=(wrong,))
    problems = tuple(
        row_problem(number, path, "stands twice in one object; keep one")
        for path in _twice(value, "")
    )
    return Row(number=number, record=value, problems=problems)


def _twice(value: Any, path: str) -> Iterator[str]:
    """Paths of names that stand twice."""
    if isinstance(value, _Twice):
        yield path
    elif isinstance(value, dict):
        for name, inner in value.items():
            yield from _twice(inner, f"{path}.{shown(name)}" if path else shown(name))
    elif isinstance(value, list):
        for number, inner in enumerate(value):
            yield from _twice(inner, f"{path}[{number}]")


def _table(text: str) -> Iterator[Row]:
    """CSV: names in the first line; an empty cell says nothing about its field."""
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=_delimiter(text), strict=True)
    lines = _cells(reader)
    columns = [name.strip() for name in next(lines)]
    _require_columns(columns)
    for number, cells in enumerate(lines, start=1):
        problems: tuple[Problem, ...] = ()
        if len(cells) < len(columns) or any(cells[len(columns) :]):
            message = f"has {len(cells)} cells, and the first line names {len(columns)} columns"
            problems = (row_problem(number, None, message),)
        record = {name: cell for name, cell in zip(columns, cells, strict=False) if cell.strip()}
        yield Row(number=number, record=record, problems=problems, is_csv=True)


def _cells(reader: Any) -> Iterator[list[str]]:
    begins = 1
    try:
        for cells in reader:
            if any(cells):
                yield cells
            begins = reader.line_num + 1
    except csv.Error as exc:
        raise refused([file_problem(f"is no CSV: line {begins}: {exc}")]) from exc


def _require_columns(columns: list[str]) -> None:
    while columns and not columns[-1]:
        columns.pop()
    upper = [name.upper() for name in columns]
    problems = [
        file_problem(f"column {n} has no name", "first line")
        for n, name in enumerate(columns, start=1)
        if not name
    ]
    problems += [
        file_problem(f"names {shown(name)} twice; keep one", "first line")
        for name in dict.fromkeys(upper)
        if name and upper.count(name) > 1
    ]
    if "USERNAME" not in upper:
        problems.append(
            file_problem("names no column USERNAME: whose rows are they?", "first line")
        )
    if problems:
        raise refused(problems)


def _delimiter(text: str) -> str:
    """The sign that stands most often in the first line."""
    first = text.lstrip("\r\n").partition("\n")[0]
    return max(_DELIMITERS, key=first.count)


def _after(text: str, index: int) -> int:
    """Where the blanks that begin here end."""
    while index < len(text) and text[index] in _BLANKS:
        index += 1
    return index


def _why(exc: Exception) -> str:
    """What is no JSON, and where; never the text itself."""
    if isinstance(exc, json.JSONDecodeError):
        return f"is no JSON: {exc.msg} (line {exc.lineno}, column {exc.colno})"
    if isinstance(exc, RecursionError):
        return "is no JSON that can be read: it is nested too deep"
    return f"is no JSON that can be read: {exc}"


def _named_once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """Names are compared as they are meant: without case and blanks around."""
    found: dict[str, Any] = {}
    seen: set[str] = set()
    for name, value in pairs:
        found[name] = _Twice() if name.strip().upper() in seen else value
        seen.add(name.strip().upper())
    return found


def _digits(kind: type[int] | type[Decimal]) -> Any:
    def read(text: str) -> int | Decimal:
        if len(text) > _MOST_DIGITS or "e" in text.lower():
            raise ValueError("a number has too many digits or an exponent")
        return kind(text)

    return read


def _no_number(word: str) -> Any:
    raise ValueError(f"{word} is no number of JSON")


_DECODER = json.JSONDecoder(
    object_pairs_hook=_named_once,
    parse_int=_digits(int),
    parse_float=_digits(Decimal),
    parse_constant=_no_number,
)
