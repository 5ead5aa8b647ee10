"""A SAP of tables only, behind the transport: the two modules with their known weaknesses."""

import re
from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager

from sapmatch.model.errors import SapRejected
from sapmatch.model.rfc import (
    AbapException,
    Capabilities,
    Field,
    FunctionInterface,
    Parameter,
    RfcInput,
    RfcResult,
    RfcStructure,
    RfcTable,
)

CONDITION = re.compile(r"(\w+) EQ '((?:[^']|'')*)'")
Columns = Sequence[tuple[str, int]]


class TablesSap:
    """Tables by name: their columns with lengths, the client first, and their rows.

    `widest` in characters is what RFC_READ_TABLE returns of a row; `before` may change rows before
    a call; `calls` is what it was asked.
    """

    def __init__(self, *, widest: int = 512, stateful: bool = False, newer: bool = True) -> None:
        self.tables: dict[str, tuple[Columns, list[dict[str, str]]]] = {}
        self.fails: dict[str, str] = {}
        self.types: dict[str, str] = {}
        self.calls: list[tuple[str, Mapping[str, RfcInput], Mapping[str, RfcTable]]] = []
        self.widest = widest
        self.newer = newer
        self.sorts = True
        self.key_holds_client = False
        self.refuses: frozenset[str] = frozenset()
        self.changes: list[tuple[int, str, list[dict[str, str]]]] = []  # before call n: table, rows
        self.capabilities = Capabilities(stateful=stateful, metadata=False, snc=False)

    def put(self, name: str, columns: Columns, rows: Sequence[Mapping[str, str]]) -> None:
        self.tables[name] = (columns, [dict(row) for row in rows])

    def call(
        self,
        function: str,
        imports: Mapping[str, RfcInput] | None = None,
        tables: Mapping[str, RfcTable] | None = None,
        *,
        want: Collection[str] = (),
        changes: bool = False,
    ) -> RfcResult:
        assert not changes
        imports, tables = imports or {}, tables or {}
        self.calls.append((function, imports, tables))
        for number, name, rows in self.changes:
            if number == len(self.calls):
                self.tables[name] = (self.tables[name][0], rows)
        if self.refuses & set(imports):
            raise SapRejected("RFC_INVALID_PARAMETER", "field not found")
        table = str(imports.get("TABLE_NAME") or imports.get("QUERY_TABLE"))
        if table in self.fails:
            raise AbapException(self.fails[table])
        if table not in self.tables:
            raise AbapException("TABLE_NOT_AVAILABLE")
        if function == "RFC_GET_TABLE_ENTRIES":
            found = self._entries(table, str(imports.get("GEN_KEY") or ""))
            most = int(str(imports.get("MAX_ENTRIES") or 0))
            found = {name: rows[: most or None] for name, rows in found.items()}
        else:
            found = self._read(table, imports, tables)
        return RfcResult(tables={name: rows for name, rows in found.items() if name in want})

    def _entries(self, table: str, beginning: str) -> dict[str, list[RfcStructure]]:
        columns, rows = self.tables[table]
        lines = ["".join(row.get(name, "").ljust(n) for name, n in columns) for row in rows]
        start = 3 if columns[0][0] == "MANDT" and not self.key_holds_client else 0
        found = [line for line in lines if line[start:].startswith(beginning)]
        if not found:
            raise AbapException("TABLE_EMPTY")
        return {"ENTRIES": [{"WA": line.rstrip(" ")} for line in found]}

    def _read(
        self, table: str, imports: Mapping[str, RfcInput], tables: Mapping[str, RfcTable]
    ) -> dict[str, list[RfcStructure]]:
        columns, rows = self.tables[table]
        lengths = dict(columns)
        names = [str(row["FIELDNAME"]) for row in tables["FIELDS"]]
        if not set(names) <= set(lengths):
            raise AbapException("FIELD_NOT_VALID")
        long_rows = imports.get("USE_ET_DATA_4_RETURN") == "X"
        if not long_rows and sum(lengths[name] for name in names) > self.widest:
            raise AbapException("DATA_BUFFER_EXCEEDED")
        texts = [str(row["TEXT"]) for row in tables["OPTIONS"]]
        assert all(len(text) <= 72 for text in texts)
        chosen = [row for row in rows if _fits(row, " ".join(texts))]
        if imports.get("GET_SORTED") and self.sorts:
            chosen.sort(key=lambda row: [row.get(name, "") for name, _ in columns])
        skip, count = int(str(imports["ROWSKIPS"])), int(str(imports["ROWCOUNT"]))
        chosen = chosen[skip : skip + count if count else None]
        fields: list[RfcStructure] = []
        at = 0
        for name in names:
            type_ = self.types.get(name, "C")
            offset, length = str(at).zfill(6), str(lengths[name]).zfill(6)
            fields.append({"FIELDNAME": name, "OFFSET": offset, "LENGTH": length, "TYPE": type_})
            at += lengths[name]
        if long_rows:
            lines: list[RfcStructure] = [
                {"LINE": "\x1e".join(row.get(name, "") for name in names).rstrip()}
                for row in chosen
            ]
            return {"FIELDS": fields, "ET_DATA": lines}
        wide = ["".join(row.get(name, "").ljust(lengths[name]) for name in names) for row in chosen]
        return {"FIELDS": fields, "DATA": [{"WA": line.rstrip(" ")} for line in wide]}

    def interface(self, function: str) -> FunctionInterface | None:
        names = ["QUERY_TABLE", "OPTIONS", "FIELDS", "DATA"]
        if self.newer and function == "RFC_READ_TABLE":
            names += ["GET_SORTED", "USE_ET_DATA_4_RETURN", "ET_DATA"]
        parts = [
            Parameter(name=name, direction="import", kind="scalar", fields=(Field(name=name),))
            for name in names
        ]
        return FunctionInterface(name=function, parameters=tuple(parts))

    @contextmanager
    def unit(self) -> Iterator["TablesSap"]:
        yield self

    def ping(self) -> None:
        pass

    def close(self) -> None:
        pass


def _fits(row: Mapping[str, str], condition: str) -> bool:
    """As SAP reads it: literals in quotes, conditions joined by AND, and nothing else."""
    rest = CONDITION.sub("", condition)
    if rest.replace("AND", "").strip():
        raise AbapException("OPTION_NOT_VALID", condition)
    return all(
        row.get(name, "").rstrip(" ") == value.replace("''", "'").rstrip(" ")
        for name, value in CONDITION.findall(condition)
    )
