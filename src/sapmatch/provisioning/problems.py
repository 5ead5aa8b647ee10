"""Mistakes in files of desired users, named by row and field; messages hold no personal data."""

import re
from collections.abc import Iterable, Sequence

from sapmatch.model.errors import InputRejected, Problem

NOT_SHOWN = (
    "SAP does not show this user to the one that the connection logs on as (S_USER_GRP); "
    "give the authorisation, or take the row out"
)
SHOWN = 20  # mistakes in a message
_LONGEST = 60
_ROW = re.compile(r"row (\d+)(?:: (.*))?", re.DOTALL)
# Names of roles, systems and profiles as SAP has them: nothing else of a value is repeated.
_NAME = re.compile(r"[A-Z0-9_/:.$&+-]{1,41}")


def file_problem(message: str, field: str = "file") -> Problem:
    """A mistake of the file as a whole."""
    return Problem(code="FILE", message=message, field=field)


def row_problem(row: int, field: str | None, message: str, *, user: str = "") -> Problem:
    """A mistake in one row, in a field of it where one is named; the user only for people."""
    where = f"row {row}: {field}" if field else f"row {row}"
    return Problem(
        code="RECORD", message=message, field=where, values={"user": user} if user else {}
    )


def row_of(problem: Problem) -> int | None:
    """The row that a mistake is in; None where it is one of the file."""
    found = _ROW.fullmatch(problem.field or "")
    return int(found[1]) if found else None


def refused(problems: Sequence[Problem]) -> InputRejected:
    """The refusal of a file: its first mistakes in words, all of them in `problems`."""
    told = [line(problem) for problem in problems[:SHOWN]]
    if len(problems) > SHOWN:
        told.append(f"and {len(problems) - SHOWN} more")
    lines = "".join(f"\n  {each}" for each in told)
    count = f"{len(problems)} mistake{'s' if len(problems) > 1 else ''}"
    return InputRejected(f"{count} in the file{lines}", tuple(problems))


def line(problem: Problem) -> str:
    """A mistake in one line, without what is personal."""
    return f"{problem.field}: {problem.message}" if problem.field else problem.message


def of_rejected(row: int, field: str | None, error: InputRejected, user: str) -> list[Problem]:
    """What another room found wrong with a value, as mistakes of the row: the field named once."""
    found = [(each.field or field, each.message) for each in error.problems]
    return [
        row_problem(row, where, message.removeprefix(f"{where}: "), user=user)
        for where, message in found or [(field, str(error))]
    ]


def shown(name: str) -> str:
    """A field's name that stands in a file, fit for a message."""
    plain = name if name.isprintable() else ascii(name)
    return plain if len(plain) <= _LONGEST else f"{plain[:_LONGEST]}..."


def named(names: Iterable[str]) -> str:
    """Technical names for a message; what is none is only counted."""
    every = sorted(set(names))
    fit = [name for name in every if _NAME.fullmatch(name)]
    strange = len(every) - len(fit)
    more = [f"{len(fit) - SHOWN} more"] if len(fit) > SHOWN else []
    odd = [f"{strange} that can be no name"] if strange else []
    return ", ".join([*fit[:SHOWN], *more, *odd])
