"""Files that a user wrote, as rows: a JSON array, NDJSON, one JSON object, or CSV."""

from collections.abc import Iterable, Iterator, Sequence
from itertools import islice
from typing import Any

from msgspec import Struct

from sapmatch.model.errors import Problem
from sapmatch.writing.files.csv_rows import columns_and_rows
from sapmatch.writing.files.exact_json import ExactJson, after_blanks, mistakes, why
from sapmatch.writing.problems import file_problem, refused, row_problem

MOST_BYTES = 50_000_000
MOST_RECORDS = 100_000


class Row(Struct, frozen=True, kw_only=True):
    """One record of a file, numbered from 1; `problems` are what was written wrong in it.

    `line` is where it begins, where that is another number.
    """

    number: int
    line: int | None = None
    record: Any = None
    problems: tuple[Problem, ...] = ()

    @property
    def where(self) -> str:
        """The row as messages call it."""
        return _where(self.number, self.line)


class Rows(Struct, frozen=True, kw_only=True):
    """All rows of a file; `columns` of a CSV; `single` where the file is one JSON object."""

    rows: Sequence[Row]
    columns: tuple[str, ...] | None = None
    single: bool = False


def require_size(size: int) -> None:
    """Raise InputRejected for a file too large to be read: to be asked before it is read."""
    if size > MOST_BYTES:
        raise refused(file_problem(f"is over {MOST_BYTES} bytes; split it"))


def read_rows(data: bytes, most: int = MOST_RECORDS) -> Rows:
    """The rows of a file in their order, at most `most`; blank lines are none.

    Raises InputRejected where the file as a whole cannot be read, is empty, or holds too much.
    """
    require_size(len(data))
    text = _text(data)
    start = after_blanks(text, 0)
    first = text[start : start + 1]
    if not first:
        raise refused(file_problem("is empty"))
    if first == "[":
        found = Rows(rows=_limited(_elements(text, start + 1), most))
    elif first == "{":
        found = _objects(text, start, most)
    else:
        found = _table(text, most)
    if not found.rows:
        raise refused(file_problem("holds no record"))
    return found


def _text(data: bytes) -> str:
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as exc:
        line = data.count(b"\n", 0, exc.start) + 1
        message = f"is not UTF-8 (line {line}); save it as UTF-8 and try again"
        raise refused(file_problem(message)) from exc


def _limited(rows: Iterable[Row], most: int) -> list[Row]:
    """Reads one row more than may be, whatever the file holds behind it."""
    found = list(islice(rows, most + 1))
    if len(found) > most:
        raise refused(file_problem(f"holds over {most} records; split it"))
    return found


def _elements(text: str, index: int) -> Iterator[Row]:
    """The elements of an array, one by one: a long one is never held as a whole."""
    index = after_blanks(text, index)
    json, number, sign = ExactJson(), 0, text[index : index + 1]
    while sign != "]":
        number += 1
        try:
            value, index = json.value_at(text, index)
        except (ValueError, RecursionError) as exc:
            raise refused(file_problem(f"row {number}: {why(exc)}")) from exc
        yield _row(number, value)
        index = after_blanks(text, index)
        sign = text[index : index + 1]
        if sign == ",":
            index = after_blanks(text, index + 1)
        elif sign != "]":
            message = f"is no JSON: behind row {number} a comma or ] is missing"
            raise refused(file_problem(message))
    if after_blanks(text, index + 1) != len(text):
        raise refused(file_problem("is no JSON: something stands behind the ]"))


def _objects(text: str, start: int, most: int) -> Rows:
    """One object, however it is laid out, else one object a line."""
    try:
        value, end = ExactJson().value_at(text, start)
    except (ValueError, RecursionError):
        end = -1  # the lines say what is wrong, each for itself
    if end >= 0 and after_blanks(text, end) == len(text):
        return Rows(rows=[_row(1, value)], single=True)
    rows = _limited(_lines(text), most)
    if all(row.record is None for row in rows):
        raise refused(*(problem for row in rows for problem in row.problems))
    return Rows(rows=rows)


def _lines(text: str) -> Iterator[Row]:
    json, number = ExactJson(), 0
    for count, line in enumerate(_split(text), start=1):
        if line.strip():
            number += 1
            shown = count if count != number else None
            try:
                yield _row(number, json.value(line.strip()), shown)
            except (ValueError, RecursionError) as exc:
                wrong = row_problem(_where(number, shown), None, why(exc, in_line=True))
                yield Row(number=number, line=shown, problems=(wrong,))


def _split(text: str) -> Iterator[str]:
    """As text.split does, line by line."""
    start = 0
    while (end := text.find("\n", start)) >= 0:
        yield text[start:end]
        start = end + 1
    yield text[start:]


def _table(text: str, most: int) -> Rows:
    columns, cells = columns_and_rows(text)
    rows = (
        _with_problems(number, line, record, wrong)
        for number, (line, record, wrong) in enumerate(cells, start=1)
    )
    return Rows(rows=_limited(rows, most), columns=columns)


def _row(number: int, value: Any, line: int | None = None) -> Row:
    return _with_problems(number, line, value, mistakes(value))


def _with_problems(
    number: int, line: int | None, record: Any, wrong: Iterable[tuple[str | None, str]]
) -> Row:
    where = _where(number, line)
    problems = tuple(row_problem(where, field, message) for field, message in wrong)
    return Row(number=number, line=line, record=record, problems=problems)


def _where(number: int, line: int | None) -> str:
    return f"row {number}" + (f" (line {line})" if line else "")
