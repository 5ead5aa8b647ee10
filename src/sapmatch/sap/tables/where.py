"""Conditions for SAP's own WHERE: lines of at most 72 characters."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Final

from sapmatch.model.errors import InputRejected
from sapmatch.sap.tables.grammar import IDENTIFIER, Column

LINE: Final = 72  # OPTIONS-TEXT
_AND: Final = "AND "


def literal(value: str) -> str:
    """The value in quotes; quotes in it are doubled, so that it never ends the literal."""
    return "'" + value.replace("'", "''") + "'"


def where(conditions: Iterable[tuple[Column, str]], known: Mapping[str, Column]) -> list[str]:
    """Lines that ask for exactly these values, broken between conditions only.

    Raises InputRejected for a column that nobody described and a condition that fits no line.
    """
    lines: list[str] = []
    for column, value in conditions:
        condition = _condition(column, value, known)
        text = _AND + condition if lines else condition
        if len(text) > LINE:
            raise InputRejected(
                f"{column.name}: the condition has {len(text)} characters, and SAP takes {LINE}; "
                "read the table without it"
            )
        if lines and len(lines[-1]) + 1 + len(text) <= LINE:
            lines[-1] = f"{lines[-1]} {text}"
        else:
            lines.append(text)
    return lines


def _condition(column: Column, value: str, known: Mapping[str, Column]) -> str:
    if column.name not in known or not IDENTIFIER.match(column.name):
        raise InputRejected(f"{column.name!r}: no such column is described; see `tables`")
    require_value(column, value)
    return f"{column.name} EQ {literal(value)}"


def require_value(column: Column, value: str) -> None:
    """InputRejected for what can stand in no row: too long, or control characters."""
    if len(value) > column.length:
        raise InputRejected(
            f"{column.name}: the value has {len(value)} characters, the column {column.length}"
        )
    if any(ord(sign) < 0x20 or ord(sign) == 0x7F for sign in value):
        raise InputRejected(f"{column.name}: the value holds a control character")


def require_key(columns: Sequence[Column], key: Sequence[str]) -> None:
    """InputRejected where the key has more parts than columns, or one fits no column."""
    if len(key) > len(columns):
        names = ", ".join(column.name for column in columns)
        raise InputRejected(f"the key has {len(key)} parts, and the table {len(columns)}: {names}")
    for column, value in zip(columns, key, strict=False):
        require_value(column, value)
