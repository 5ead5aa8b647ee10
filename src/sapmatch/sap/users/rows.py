"""Values in the rows of an answer: there and readable, or the answer is refused.

What is merged and written back must not be guessed: a role whose last day nobody could read is not
one that lasts for ever.
"""

from collections.abc import Iterable
from datetime import date
from typing import Final

from sapmatch.model.errors import SapRejected, SapUnavailable
from sapmatch.model.rfc import Field, RfcScalar, RfcStructure
from sapmatch.sap.rfc.values import value_of

UNREADABLE: Final = "UNREADABLE"
_TYPED: Final = ("date", "time", "int", "decimal", "float")


def text(row: RfcStructure, field: str) -> str:
    """A field as text, empty where it is initial or not there."""
    found = row.get(field)
    return "" if found is None else str(found).rstrip()


def name_in(row: RfcStructure, table: str, field: str) -> str:
    """What a row is about; SapUnavailable where it does not say."""
    found = text(row, field)
    if not found:
        raise incomplete(f"a row of {table} has no {field}")
    return found


def column(row: RfcStructure, table: str, field: str) -> str:
    """A field that may be empty; SapUnavailable where the row does not have it."""
    if field not in row:
        raise incomplete(f"a row of {table} has no {field}")
    return text(row, field)


def day(row: RfcStructure, table: str, field: str) -> date | None:
    """A date, None where it is initial; what is not there, or is no date, is refused."""
    column(row, table, field)
    found = typed(row[field], table, Field(name=field, type="date"))
    if found is not None and not isinstance(found, date):
        raise _unreadable(table, field, "date")
    return found


def typed(value: RfcScalar, structure: str, field: Field) -> RfcScalar:
    """The value of a field; SapRejected, naming it, for text that its type forbids."""
    if not isinstance(value, str) or field.type not in _TYPED:
        return value
    try:
        return value_of(value, field)
    except ValueError as exc:
        raise _unreadable(structure, field.name, field.type) from exc


def names_in(rows: Iterable[RfcStructure], table: str, field: str) -> tuple[str, ...]:
    """What all rows are about, sorted."""
    return tuple(sorted(name_in(row, table, field) for row in rows))


def incomplete(what: str) -> SapUnavailable:
    """The error for an answer that may be asked for again."""
    return SapUnavailable(f"SAP's answer is not complete: {what}; nothing was changed")


def _unreadable(structure: str, field: str, kind: str) -> SapRejected:
    return SapRejected(UNREADABLE, f"{structure}.{field} holds what is no {kind}; nothing was read")
