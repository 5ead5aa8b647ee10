"""Mistakes in files that people wrote, named by row and field."""

from collections.abc import Sequence

from sapmatch.model.errors import InputRejected, Problem

SHOWN = 20  # mistakes in the message; all of them are in `problems`
_LONGEST_NAME = 80


def file_problem(message: str, field: str = "file") -> Problem:
    """A mistake of the file as a whole."""
    return Problem(code="FILE", message=message, field=field)


def row_problem(where: str, field: str | None, message: str) -> Problem:
    """A mistake in one row, in a field of it where one is named."""
    return Problem(code="RECORD", message=message, field=f"{where}: {field}" if field else where)


def refused(*problems: Problem) -> InputRejected:
    """The refusal of a file, with the first of its mistakes in the message."""
    lines = [f"\n  {problem.field}: {problem.message}" for problem in problems[:SHOWN]]
    more = f"\n  and {len(problems) - SHOWN} more" if len(problems) > SHOWN else ""
    return InputRejected(f"{len(problems)} mistake(s) in the file{''.join(lines)}{more}", problems)


def shown(name: str) -> str:
    """A field's name that stands in a file, fit for a message."""
    plain = name if name.isprintable() else ascii(name)
    return plain if len(plain) <= _LONGEST_NAME else f"{plain[:_LONGEST_NAME]}..."


def listed(names: Sequence[str]) -> str:
    """Names for a message."""
    return ", ".join(shown(name) for name in names)
