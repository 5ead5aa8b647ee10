"""Two ways to read rows of a table, which differ in nothing but the function module."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Final, NoReturn, Protocol

from sapmatch.model.errors import AuthorizationMissing, InputRejected, SapRejected
from sapmatch.model.rfc import AbapException, RfcInput, RfcTransport
from sapmatch.sap.rfc.messages import require_whole
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
    """RFC_GET_TABLE_ENTRIES: whole rows of fixed width, asked for by the beginning of their key.

    Whether that beginning holds the client is written nowhere, so both is tried until one of them
    finds a row.
    """

    def __init__(self, transport: RfcTransport, place: str) -> None:
        self._transport = transport
        self._place = place
        self._client: str | None = None  # that rows begin with, where there is one
        self._with_client: bool | None = None  # None: nobody knows yet

    def rows(
        self, table: str, columns: Sequence[Column], equal: Sequence[tuple[Column, str]]
    ) -> Iterator[Row]:
        """What begins like the key and is another one is left out here."""
        _require_narrow(table, columns, self._place)
        require_key([column for column, _ in equal], [value for _, value in equal])
        key = beginning(columns, dict(equal))
        if not key or not is_client(columns):
            yield from self._holding(table, columns, equal, key)
            return
        for with_client in (False, True) if self._with_client is None else (self._with_client,):
            begins = self._client_of(table, columns) + key if with_client else key
            found = list(self._holding(table, columns, equal, begins))
            if found:
                self._with_client = with_client
                yield from found
                return

    def _client_of(self, table: str, columns: Sequence[Column]) -> str:
        if self._client is None:
            first = next(self._lines(table, columns, {"MAX_ENTRIES": 1}), "")
            self._client = first[: columns[0].length]
        return self._client

    def _holding(
        self,
        table: str,
        columns: Sequence[Column],
        equal: Sequence[tuple[Column, str]],
        begins: str,
    ) -> Iterator[Row]:
        places = widths(columns)
        for line in self._lines(table, columns, {"GEN_KEY": begins} if begins else {}):
            row = cut(line, places)
            if holds(row, equal):
                yield row

    def _lines(
        self, table: str, columns: Sequence[Column], only: Mapping[str, RfcInput]
    ) -> Iterator[str]:
        try:
            found = self._transport.call(ENTRIES, {"TABLE_NAME": table, **only}, want=("ENTRIES",))
        except AbapException as exc:
            if exc.key == _EMPTY:
                return
            explained(exc, table, columns, self._place)
        require_whole(ENTRIES, found, "ENTRIES")
        for entry in found.tables.get("ENTRIES", ()):
            yield str(entry.get("WA") or "")


def beginning(columns: Sequence[Column], equal: Mapping[Column, str]) -> str:
    """The values of the first columns behind the client, empty where the first is not known."""
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
