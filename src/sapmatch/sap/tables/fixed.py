"""Rows of fixed width: columns one behind the other, counted in characters, never in bytes."""

from collections.abc import Iterable, Mapping, Sequence

from sapmatch.sap.tables.grammar import Column


def widths(columns: Sequence[Column]) -> list[tuple[str, int, int]]:
    """Name, where it begins and how long it is, in the order of the columns."""
    found, at = [], 0
    for column in columns:
        found.append((column.name, at, column.length))
        at += column.length
    return found


def cut(line: str, places: Iterable[tuple[str, int, int]]) -> dict[str, str]:
    """The columns of a row without blanks at their ends; SAP cuts those at the end of a row."""
    return {name: line[at : at + length].rstrip(" ") for name, at, length in places}


def laid(row: Mapping[str, str], columns: Sequence[Column]) -> str:
    """The row as SAP lays it out: the reverse of `cut`."""
    return "".join(row.get(column.name, "").ljust(column.length) for column in columns)
