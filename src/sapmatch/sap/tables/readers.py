"""Two ways to read rows of a table, which differ in nothing but the function module."""

from collections.abc import Iterator, Sequence
from typing import Final, NoReturn, Protocol

from sapmatch.model.errors import AuthorizationMissing, InputRejected, SapRejected
from sapmatch.model.rfc import AbapException, RfcTransport
from sapmatch.sap.tables.allowed import ENTRIES, READ
from sapmatch.sap.tables.fixed import cut, laid, widths
from sapmatch.sap.tables.grammar import Column, is_client
from sapmatch.sap.tables.where import require_key

Row = dict[str, str]
WIDEST: Final = 512  # characters of a row that a module returns

_MISSING: Final = frozenset({"TABLE_NOT_AVAILABLE", "TABLE_NOT_FOUND"})
_EMPTY: Final = "TABLE_EMPTY"


class RowReader(Protocol):
    """Reads rows of one table."""

    def rows(
        self, table: str, columns: Sequence[Column], equal: Sequence[tuple[Column, str]]
    ) -> Iterator[Row]:
        """Rows that hold these values, as text without blanks at the end, ignored columns left
        out where they cost nothing to leave out."""
        ...


def holds(row: Row, equal: Sequence[tuple[Column, str]]) -> bool:
    """Whether the row holds exactly these values: SAP compares beginnings, and pads with blanks."""
    return all(row[column.name] == value.rstrip(" ") for column, value in equal)


class EntriesReader:
    """RFC_GET_TABLE_ENTRIES: whole rows of fixed width, asked for by the beginning of their key."""

    def __init__(self, transport: RfcTransport, place: str) -> None:
        self._transport = transport
        self._place = place

    def rows(
        self, table: str, columns: Sequence[Column], equal: Sequence[tuple[Column, str]]
    ) -> Iterator[Row]:
        """One call; what begins like the key and is another one is left out here."""
        _require_narrow(table, columns, self._place)
        require_key([column for column, _ in equal], [value for _, value in equal])
        imports = {"TABLE_NAME": table, "GEN_KEY": beginning(columns, dict(equal))}
        try:
            found = self._transport.call(
                ENTRIES, {k: v for k, v in imports.items() if v}, want=("ENTRIES",)
            )
        except AbapException as exc:
            if exc.key == _EMPTY:
                return
            explained(exc, table, columns, self._place)
        places = widths(columns)
        for entry in found.tables.get("ENTRIES", ()):
            row = cut(str(entry.get("WA") or ""), places)
            if holds(row, equal):
                yield row


def beginning(columns: Sequence[Column], equal: dict[Column, str]) -> str:
    """GEN_KEY: the values of the first columns behind the client, empty where one is missing."""
    known = {column.name: value for column, value in equal.items()}
    leading: list[Column] = []
    for column in columns[1:] if is_client(columns) else columns:
        if column.name not in known:
            break
        leading.append(column)
    return laid(known, leading).rstrip(" ")


def _require_narrow(table: str, columns: Sequence[Column], place: str) -> None:
    width = sum(column.length for column in columns)
    if width > WIDEST:
        raise InputRejected(
            f"{place}.tableReadFunction: {ENTRIES} returns {WIDEST} characters of a row, and the "
            f"columns of {table} have {width}; leave out the last ones, or take {READ}"
        )


def explained(exc: AbapException, table: str, columns: Sequence[Column], place: str) -> NoReturn:
    """What an exception of these modules means, and what to do."""
    names = ", ".join(column.name for column in columns)
    if exc.key in _MISSING:
        raise InputRejected(
            f"{place}.tables: SAP knows no table {table}, or it is not active there"
        ) from exc
    if exc.key == "TABLE_WITHOUT_DATA":
        raise InputRejected(
            f"{place}.tables: {table} is a structure or a view that holds no rows of its own; name "
            "a table"
        ) from exc
    if exc.key == "FIELD_NOT_VALID":
        raise InputRejected(
            f"{place}.tables: {table} lacks one of the columns {names}; look at them in SE11"
        ) from exc
    if exc.key == "OPTION_NOT_VALID":
        raise InputRejected(
            f"{place}.tables: SAP does not understand the condition on {table}; look whether the "
            f"columns {names} are its own"
        ) from exc
    if exc.key == "NOT_AUTHORIZED":
        raise AuthorizationMissing(
            f"the user may not read {table}: give it S_TABU_NAM for this table (ACTVT 03), or "
            "S_TABU_DIS for its authorisation group"
        ) from exc
    if exc.key == "DATA_BUFFER_EXCEEDED":
        raise SapRejected(
            exc.key,
            f"a column of {table} is too wide to be read together with its keys; mark it IGNORE",
        ) from exc
    raise exc
