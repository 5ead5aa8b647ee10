"""Mistakes in files that people wrote, named by row and field."""

import re
from collections.abc import Sequence

from sapmatch.model.errors import InputRejected, Problem

SHOWN = 20  # mistakes in a message
_LONGEST_NAME = 80
_ROW = re.compile(r"(row \d+(?: \(line \d+\))?)(?:: (.*))?", re.DOTALL)


def file_problem(message: str, field: str = "file") -> Problem:
    """A mistake of the file as a whole."""
    return Problem(code="FILE", message=message, field=field)


def row_problem(where: str, field: str | None, message: str) -> Problem:
    """A mistake in one row, in a field of it where one is named."""
    return Problem(code="RECORD", message=message, field=f"{where}: {field}" if field else where)


def refused(*problems: Problem, records: int = 0) -> InputRejected:
    """The refusal of a file of so many records: its first mistakes, each told once, by what it is.

    All of them stand in `problems`.
    """
    wheres: dict[tuple[str, str], list[str]] = {}
    for problem in problems:
        row, field = _row_and_field(problem.field or "")
        wheres.setdefault((field, problem.message), []).append(row)
    told = [_told(field, message, rows, records) for (field, message), rows in wheres.items()]
    more = [f"and {len(told) - SHOWN} more"] if len(told) > SHOWN else []
    lines = "".join(f"\n  {line}" for line in (*told[:SHOWN], *more))
    return InputRejected(f"{len(problems)} mistake(s) in the file{lines}", problems)


def _row_and_field(name: str) -> tuple[str, str]:
    found = _ROW.fullmatch(name)
    return (found[1], found[2] or "") if found else ("", name)


def _told(field: str, message: str, rows: Sequence[str], records: int) -> str:
    if len(rows) == 1:
        return ": ".join(part for part in (rows[0], field, message) if part)
    many = f"all {records}" if len(rows) == records else str(len(rows))
    first = f", first in {rows[0]}" if rows[0] else ""
    return ": ".join(part for part in (field, message) if part) + f" (in {many} records{first})"


def shown(name: str) -> str:
    """A field's name that stands in a file, fit for a message."""
    plain = name if name.isprintable() else ascii(name)
    return plain if len(plain) <= _LONGEST_NAME else f"{plain[:_LONGEST_NAME]}..."


def listed(names: Sequence[str]) -> str:
    """Names for a message."""
    return ", ".join(shown(name) for name in names)
