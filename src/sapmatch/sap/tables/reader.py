"""Rows of the tables that the settings describe, with those of their sub tables."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from xml.sax.saxutils import escape

from sapmatch.model.errors import InputRejected
from sapmatch.model.rfc import Rfc, RfcStructure, RfcTransport
from sapmatch.sap.tables.allowed import ENTRIES, require_function, require_tables
from sapmatch.sap.tables.batches import ReadTableReader
from sapmatch.sap.tables.grammar import Column, SubTable, Table, matched, parsed
from sapmatch.sap.tables.readers import EntriesReader, Row, RowReader
from sapmatch.sap.tables.where import require_key

Key = tuple[str, ...]
_JOIN = ":"


def settings_of(connection: str) -> str:
    """Where the settings of a connection stand."""
    return f"connections.{connection}.rfc"


def described(rfc: Rfc, place: str) -> dict[str, Table]:
    """The tables of the settings by alias; InputRejected names every mistake and refused table."""
    tables, problems = parsed(rfc.tables, rfc.sub_tables, place)
    try:
        require_tables(tables.values(), any_table=rfc.any_table, place=place)
    except InputRejected as exc:
        problems += exc.problems
    try:
        require_function(rfc.table_read_function, place=place)
    except InputRejected as exc:
        problems += exc.problems
    if problems:
        raise InputRejected("\n".join(f"{p.field}: {p.message}" for p in problems), problems)
    return tables


def identity(table: Table, row: RfcStructure) -> str:
    """The values of the keys as one text, joined by ':'; ':' and '\\' in them get a '\\'."""
    values = (str(row[column.name] or "") for column in table.keys)
    return _JOIN.join(value.replace("\\", "\\\\").replace(_JOIN, f"\\{_JOIN}") for value in values)


def parts(text: str) -> tuple[str, ...]:
    """The values of the keys from such a text."""
    found, escaped = [""], False
    for sign in text:
        if escaped or sign not in ("\\", _JOIN):
            found[-1] += sign
            escaped = False
        elif sign == "\\":
            escaped = True
        else:
            found.append("")
    return tuple(found)


class SapTables:
    """Port TableReader over function modules; `place` is the name of the connection."""

    def __init__(self, transport: RfcTransport, rfc: Rfc, place: str) -> None:
        place = settings_of(place)
        self._tables = described(rfc, place)
        function = rfc.table_read_function
        self._reader: RowReader = (
            EntriesReader(transport, place)
            if function == ENTRIES
            else ReadTableReader(transport, place, function)
        )
        self._place = place

    def aliases(self) -> Mapping[str, tuple[str, ...]]:
        """Columns by alias, keys first."""
        return {alias: table.names for alias, table in self._tables.items()}

    def rows(self, alias: str, key: Sequence[str] = ()) -> Iterator[RfcStructure]:
        """All rows, or those of exactly this key (a leading part of it), as text."""
        table = self._tables.get(alias.upper())
        if table is None:
            known = ", ".join(sorted(self._tables)) or "none"
            raise InputRejected(
                f"{alias}: no such alias in {self._place}.tables; known are {known}"
            )
        require_key(table.keys, key)
        return self._rows(table, tuple(key))

    def _rows(self, table: Table, key: Key) -> Iterator[RfcStructure]:
        equal = list(zip(table.keys, key, strict=False))
        one = len(key) == len(table.keys)
        subs = [_Below(self._reader, table, sub, one=one) for sub in table.subs]
        for row in self._reader.rows(table.table, table.columns, equal):
            found = {c.name: row[c.name] for c in (*table.keys, *_read(table.columns))}
            yield {**found, **{sub.name: sub.text(row) for sub in subs}}


def _read(columns: Iterable[Column]) -> Iterator[Column]:
    return (column for column in columns if column.role == "read")


class _Below:
    """What of a sub table belongs to a row: asked for one row, or read once for all of them."""

    def __init__(self, reader: RowReader, table: Table, sub: SubTable, *, one: bool) -> None:
        self.name = sub.name
        self._reader = reader
        self._sub = sub
        self._matched = matched(table, sub)
        self._only = [(c, c.only) for c in sub.columns if c.only is not None]
        self._one = one
        self._all: dict[Key, list[Row]] | None = None

    def text(self, row: Row) -> str:
        """A line for each row that belongs to it."""
        key = tuple(row[above.name] for _, above in self._matched)
        return "\n".join(_line(self._sub, found) for found in self._found(key))

    def _found(self, key: Key) -> Iterable[Row]:
        if self._one:
            below = (column for column, _ in self._matched)
            return self._read([*zip(below, key, strict=True), *self._only])
        if self._all is None:
            self._all = {}
            for row in self._read(self._only):
                own = tuple(row[column.name] for column, _ in self._matched)
                self._all.setdefault(own, []).append(row)
        return self._all.get(key, ())

    def _read(self, equal: Sequence[tuple[Column, str]]) -> Iterator[Row]:
        return self._reader.rows(self._sub.table, self._sub.columns, equal)


def _line(sub: SubTable, row: Row) -> str:
    cells = [(column.name, row[column.name]) for column in sub.output]
    if sub.format == "TSV":
        return "\t".join(_plain(value) for _, value in cells)
    return f"<item>{''.join(_element(name, value) for name, value in cells)}</item>"


def _plain(value: str) -> str:
    for sign, shown in (("\\", "\\\\"), ("\t", "\\t"), ("\n", "\\n"), ("\r", "\\r")):
        value = value.replace(sign, shown)
    return value


def _element(name: str, value: str) -> str:
    tag = name.replace("/", "_-")
    text = "".join(sign if sign >= " " else "\ufffd" for sign in value)
    return f"<{tag}>{escape(text)}</{tag}>" if value else f"<{tag}/>"
