"""Names and texts inside SQL: what comes from outside never ends its quotes."""

from collections.abc import Iterable
from pathlib import Path


def name(text: str) -> str:
    """An identifier."""
    return '"' + text.replace('"', '""') + '"'


def literal(text: str) -> str:
    """A text."""
    return "'" + text.replace("'", "''") + "'"


def struct(parts: Iterable[tuple[str, str]]) -> str:
    """A struct of names and SQL values."""
    return "{" + ", ".join(f"{literal(key)}: {value}" for key, value in parts) + "}"


def select(columns: Iterable[str], relation: str) -> str:
    """A query over a relation; both are SQL already, with every outer text quoted above."""
    return f"SELECT {', '.join(columns)} FROM {relation}"  # noqa: S608


def files(paths: Iterable[Path]) -> str:
    """A list of files to read, each by its own name: `*`, `?` and `[` find no others."""
    return "[" + ", ".join(literal(exact(path)) for path in paths) + "]"


def file(path: Path) -> str:
    """A file to write."""
    return literal(str(path.absolute()))


def exact(path: Path) -> str:
    """The pattern that only this path matches."""
    return "".join(f"[{sign}]" if sign in "*?[" else sign for sign in str(path.absolute()))
