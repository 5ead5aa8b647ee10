"""RFC_READ_TABLE and what has its parameters: columns by name, conditions, pages."""

import hashlib
from collections.abc import Iterator, Mapping, Sequence
from itertools import pairwise, repeat
from typing import Final

from sapmatch.model.errors import InputRejected, SapRejected, SapUnavailable
from sapmatch.model.rfc import (
    AbapException,
    RfcInput,
    RfcResult,
    RfcStructure,
    RfcTable,
    RfcTransport,
)
from sapmatch.sap.rfc.messages import require_whole
from sapmatch.sap.tables.grammar import Column
from sapmatch.sap.tables.readers import WIDEST, Row, explained, holds
from sapmatch.sap.tables.where import where

PAGE: Final = 5_000  # rows
_TRIES: Final = 3  # of a page whose columns come in several calls
_BACK: Final = 50  # pages read anew because rows went away before them
_NUMBERS: Final = frozenset("PIFbsXae8")  # types that SAP sets to the right
_SEPARATOR: Final = "\x1e"  # between the columns of ET_DATA-LINE
_UNKNOWN: Final = "RFC_INVALID_PARAMETER"  # the SDK: this release has no such parameter


class ReadTableReader:
    """Reads columns by their name, and cuts rows where SAP says that a column begins.

    In pages where SAP sorts them (GET_SORTED, as newer releases do), else in one call: pages in no
    order lose rows. Rows too wide for SAP come in several calls, each with the keys, and are joined
    by them.
    """

    def __init__(
        self, transport: RfcTransport, place: str, function: str, *, page: int = PAGE
    ) -> None:
        self._transport = transport
        self._place = place
        self._function = function
        self._page = page

    def rows(
        self, table: str, columns: Sequence[Column], equal: Sequence[tuple[Column, str]]
    ) -> Iterator[Row]:
        """Rows that hold these values; ignored columns are not read, others than SAP's order do."""
        asked = [each for each in columns if each.role != "ignore" or each.only is not None]
        query = _Query(self._transport, self._function, self._place, table, asked, equal)
        for rows in query.pages(self._page):
            yield from (row for row in rows if holds(row, equal))


class _Older(Exception):
    """This release has none of the newer parameters."""


class _Query:
    """One reading of one table."""

    def __init__(
        self,
        transport: RfcTransport,
        function: str,
        place: str,
        table: str,
        columns: Sequence[Column],
        equal: Sequence[tuple[Column, str]],
    ) -> None:
        self._transport = transport
        self._function = function
        self._place = place
        self._table = table
        self._columns = columns
        self._keys = [column for column in columns if column.role == "key"]
        self._options = where(equal, {column.name: column for column in columns})
        found = transport.interface(function)
        known = {parameter.name for parameter in found.parameters} if found else set()
        self._sorts = "GET_SORTED" in known
        # XML has no sign for what separates the columns there, so SOAP cannot bring it.
        self._long_rows = "ET_DATA" in known and transport.capabilities.stateful
        self._batches = [list(columns)] if self._long_rows else self._planned()

    def _planned(self) -> list[list[Column]]:
        """Columns that fit into one call by their lengths; each batch holds the keys."""
        width = sum(column.length for column in self._keys)
        batches, room = [list(self._keys)], WIDEST - width
        for column in self._columns:
            if column.role == "key":
                continue
            if column.length > room and len(batches[-1]) > len(self._keys):
                self._require_keys()
                batches.append(list(self._keys))
                room = WIDEST - width
            batches[-1].append(column)
            room -= column.length
        return batches

    def _require_keys(self) -> None:
        if not self._keys:
            raise InputRejected(
                f"{self._place}.subTables: {self._table} has more than {WIDEST} characters a row; "
                "mark columns IGNORE that nobody needs"
            )

    def pages(self, size: int) -> Iterator[list[Row]]:
        """Pages in SAP's order; all rows at once where it keeps none."""
        try:
            first = self.page(0, size) if self._sorts else []
        except _Older:
            self._batches = self._planned()
            first = []
        if not self._sorts or (len(first) == size and not self._in_order(first)):
            yield self.page(0, 0)
        elif len(first) < size:
            yield first
        else:
            yield from self._overlapping(first, size)

    def _in_order(self, rows: list[Row]) -> bool:
        """An older release may not know what GET_SORTED asks for, and say nothing."""
        keys = [self._key(row) for row in rows]
        return bool(self._keys) and all(a <= b for a, b in pairwise(keys))

    def _overlapping(self, rows: list[Row], size: int) -> Iterator[list[Row]]:
        """Pages that overlap by a row.

        Where that row is another one, rows before it went away: one page back, and what was seen
        is left out.
        """
        seen: set[bytes] = set()
        skip, back = 0, 0
        while True:
            if skip and not (rows and _digest(rows[0]) in seen):
                skip, back = max(0, skip - size), back + 1
                if back > _BACK:
                    raise SapUnavailable(f"{self._table}: changes too fast to be read; try later")
            else:
                fresh = {_digest(row): row for row in rows}
                yield [row for digest, row in fresh.items() if digest not in seen]
                seen.update(fresh)
                if len(rows) < size:
                    return
                skip += len(rows) - 1
            rows = self.page(skip, size)

    def page(self, skip: int, count: int) -> list[Row]:
        """Rows from there on; all where the count is 0."""
        for _ in range(_TRIES):
            parts = self._parts(skip, count)
            joined = self._joined(parts)
            if joined is not None:
                return joined
        raise SapUnavailable(
            f"{self._table}: changes while its columns are read one after the other; try later"
        )

    def _parts(self, skip: int, count: int) -> list[list[Row]]:
        parts: list[list[Row]] = []
        at = 0
        while at < len(self._batches):
            try:
                parts.append(self._read(self._batches[at], skip, count))
                at += 1
            except AbapException as exc:
                halves = self._halved(self._batches[at])
                if exc.key != "DATA_BUFFER_EXCEEDED" or not halves:
                    explained(exc, self._table, self._columns, self._place)
                self._batches[at : at + 1] = halves
        return parts

    def _halved(self, batch: Sequence[Column]) -> list[list[Column]]:
        """Two batches where there is something to part, and keys to join it by."""
        rest = [column for column in batch if column.role != "key"]
        if len(rest) < 2 or not self._keys:
            return []
        middle = len(rest) // 2
        return [[*self._keys, *rest[:middle]], [*self._keys, *rest[middle:]]]

    def _joined(self, parts: list[list[Row]]) -> list[Row] | None:
        """Rows by their keys; None where the parts do not hold the same ones."""
        if len(parts) == 1:
            return [self._ordered(row) for row in parts[0]]
        indexes = [{self._key(row): row for row in part} for part in parts]
        if any(len(index) < len(part) for index, part in zip(indexes, parts, strict=True)):
            names = ", ".join(column.name for column in self._keys)
            raise InputRejected(
                f"{self._place}.tables: {names} do not tell the rows of {self._table} apart, which "
                "is needed where they come in parts; mark all its key columns by :KEY"
            )
        if any(index.keys() != indexes[0].keys() for index in indexes):
            return None
        merged = ({k: v for i in indexes for k, v in i[key].items()} for key in indexes[0])
        return [self._ordered(row) for row in merged]

    def _key(self, row: Row) -> tuple[str, ...]:
        return tuple(row[column.name] for column in self._keys)

    def _ordered(self, row: Row) -> Row:
        return {column.name: row[column.name] for column in self._columns}

    def _read(self, batch: Sequence[Column], skip: int, count: int) -> list[Row]:
        tables = {
            "OPTIONS": [{"TEXT": text} for text in self._options],
            "FIELDS": [{"FIELDNAME": column.name} for column in batch],
        }
        found = self._called(tables, skip, count)
        places = self._places(found, batch)
        return [_row(line, places) for line in _lines(found)]

    def _called(self, tables: Mapping[str, RfcTable], skip: int, count: int) -> RfcResult:
        imports: dict[str, RfcInput] = {
            "QUERY_TABLE": self._table,
            "ROWSKIPS": skip,
            "ROWCOUNT": count,
        }
        newer = {"GET_SORTED": self._sorts, "USE_ET_DATA_4_RETURN": self._long_rows}
        imports |= {name: "X" for name, wanted in newer.items() if wanted}
        rows = "ET_DATA" if self._long_rows else "DATA"
        try:
            found = self._transport.call(self._function, imports, tables, want=("FIELDS", rows))
        except SapRejected as exc:
            if exc.code != _UNKNOWN or not any(newer.values()):
                raise
            self._sorts = self._long_rows = False
            raise _Older from exc
        require_whole(self._function, found, "FIELDS", rows)
        return found

    def _places(self, found: RfcResult, batch: Sequence[Column]) -> list["_Place"]:
        """Where SAP says that the columns stand."""
        places = [_place_of(row) for row in found.tables.get("FIELDS", ())]
        missing = {column.name for column in batch} - {name for name, *_ in places}
        if missing:
            raise InputRejected(
                f"{self._place}.tables: {self._table} has no column "
                f"{', '.join(sorted(missing))} that {self._function} returns"
            )
        return places


_Place = tuple[str, int, int, str]


def _place_of(row: RfcStructure) -> _Place:
    return (
        str(row.get("FIELDNAME") or ""),
        int(str(row.get("OFFSET") or "0")),
        int(str(row.get("LENGTH") or "0")),
        str(row.get("TYPE") or ""),
    )


def _lines(found: RfcResult) -> Iterator[str]:
    for row in found.tables.get("DATA", ()):
        yield str(row.get("WA") or "")
    for row in found.tables.get("ET_DATA", ()):
        yield str(row.get("LINE") or "")


def _row(line: str, places: Sequence[_Place]) -> Row:
    if _SEPARATOR in line:  # empty columns at the end may have been cut as blanks
        cells = [*line.split(_SEPARATOR), *repeat("", len(places))][: len(places)]
    else:
        cells = [line[start : start + length] for _, start, length, _ in places]
    return {
        name: cell.strip(" ") if type_ in _NUMBERS else cell.rstrip(" ")
        for (name, _, _, type_), cell in zip(places, cells, strict=True)
    }


def _digest(row: Row) -> bytes:
    return hashlib.blake2b("\x1f".join(row.values()).encode(), digest_size=16).digest()
