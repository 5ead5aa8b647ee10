"""The grammar of `tables` and `subTables`.

    TABLE [as ALIAS]=COLUMN:LENGTH[:KEY|IGNORE],...
    TABLE for ROOT [format XML|TSV] [as NAME]=COLUMN:LENGTH[("filter")][:OUTPUT|MATCH|IGNORE],...

Columns stand in the order that they have in SAP, from the first one on; only the last ones may be
left out. Positions in messages count characters from 1.
"""

import re
from collections.abc import Iterator, Sequence
from typing import Final, Literal

from msgspec import Struct
from msgspec.structs import replace

from sapmatch.model.errors import InputRejected, Problem

IDENTIFIER: Final = re.compile(r"[A-Z0-9_/]{1,30}\Z")
RESERVED: Final = frozenset({"ACCOUNT", "PROFILE", "USER"})  # object classes with a reader each
Role = Literal["read", "key", "ignore", "output", "match"]

_WIDEST = 512  # characters of one row: DATA-WA and ENTRIES-WA hold no more in one column
_CLIENT: Final = frozenset({"MANDT", "CLIENT"})
_TABLE = re.compile(r"\s*(?P<table>\S+)(?:\s+as\s+(?P<alias>\S+))?\s*\Z", re.IGNORECASE)
_SUB_TABLE = re.compile(
    r"\s*(?P<table>\S+)\s+for\s+(?P<root>\S+)(?:\s+format\s+(?P<format>\S+))?"
    r"(?:\s+as\s+(?P<name>\S+))?\s*\Z",
    re.IGNORECASE,
)
_COLUMN = re.compile(
    r"\s*(?P<name>[^:,()\"\s]+)\s*:\s*(?P<length>[^:,()\"\s]+)\s*"
    r"(?:\(\s*\"(?P<filter>(?:[^\"]|\"\")*)\"\s*\)\s*)?"
    r"(?::\s*(?P<role>[^:,()\"\s]+)\s*)?(?=,|\Z)"
)


class Column(Struct, frozen=True, kw_only=True):
    """One column; `only`: rows with another value in it are left out."""

    name: str
    length: int
    role: Role = "read"
    only: str | None = None

    @property
    def shown(self) -> bool:
        """Whether it stands in the rows."""
        return self.role in ("read", "key", "output")


class SubTable(Struct, frozen=True, kw_only=True):
    """A table whose rows belong to those of another, as a column of text there.

    `number` is its place in the settings.
    """

    table: str
    root: str  # alias or name of the table
    name: str
    columns: tuple[Column, ...]
    format: Literal["XML", "TSV"] = "XML"
    number: int = 0

    @property
    def output(self) -> tuple[Column, ...]:
        """What stands in the text."""
        return tuple(column for column in self.columns if column.role == "output")

    @property
    def match(self) -> tuple[Column, ...]:
        """What says to which row of the root it belongs."""
        return tuple(column for column in self.columns if column.role == "match")


class Table(Struct, frozen=True, kw_only=True):
    """A table under its alias; `subs` belong to its rows, `number` is its place in the settings."""

    table: str
    alias: str
    columns: tuple[Column, ...]
    subs: tuple[SubTable, ...] = ()
    number: int = 0

    @property
    def keys(self) -> tuple[Column, ...]:
        """What tells its rows apart."""
        return tuple(column for column in self.columns if column.role == "key")

    @property
    def names(self) -> tuple[str, ...]:
        """Columns of its rows, keys first."""
        read = [column.name for column in self.columns if column.role == "read"]
        keys = [column.name for column in self.keys]
        return (*keys, *read, *(sub.name for sub in self.subs))


class Mistake(Exception):
    """A mistake at a position of one text."""

    def __init__(self, position: int, message: str) -> None:
        super().__init__(message)
        self.position = position


def is_client(columns: Sequence[Column]) -> bool:
    """Whether the first column is the client, which SAP puts there by itself."""
    return bool(columns) and columns[0].name in _CLIENT and columns[0].length == 3


def tables_of(
    tables: Sequence[str], sub_tables: Sequence[str] = (), *, place: str = "rfc"
) -> dict[str, Table]:
    """Definitions by alias; InputRejected with every mistake, its setting and its position."""
    found, problems = parsed(tables, sub_tables, place)
    if problems:
        raise InputRejected("\n".join(f"{p.field}: {p.message}" for p in problems), problems)
    return found


def parsed(
    tables: Sequence[str], sub_tables: Sequence[str], place: str
) -> tuple[dict[str, Table], list[Problem]]:
    """Those definitions that can be read, and what is wrong with the others."""
    problems: list[Problem] = []
    found: dict[str, Table] = {}
    for number, text in enumerate(tables):
        try:
            table = replace(_table(text), number=number)
            if table.alias in found:
                raise Mistake(_at(text, table.alias), f"the alias {table.alias} is taken already")
            found[table.alias] = table
        except Mistake as exc:
            problems.append(_problem(f"{place}.tables[{number}]", exc))
    for number, text in enumerate(sub_tables):
        try:
            sub = replace(_sub_table(text), number=number)
            alias = _root_of(sub, found, text)
            found[alias] = _with(found[alias], sub, text)
        except Mistake as exc:
            problems.append(_problem(f"{place}.subTables[{number}]", exc))
    return found, problems


def _problem(field: str, mistake: Mistake) -> Problem:
    message = f"position {mistake.position}: {mistake}"
    return Problem(code="TABLE_GRAMMAR", field=field, message=message)


def _table(text: str) -> Table:
    head, rest, start = _halves(text, "TABLE as ALIAS=COLUMN:LENGTH:KEY,COLUMN:LENGTH")
    match = _TABLE.match(head)
    if match is None:
        raise Mistake(1, "before '=' stands TABLE as ALIAS")
    table = _identifier(match["table"], match.start("table"))
    alias_at = match.start("alias" if match["alias"] else "table")
    alias = _identifier(match["alias"] or table, alias_at)
    if alias in RESERVED:
        raise Mistake(
            alias_at + 1, f"{alias} is no alias: users and profiles are read by functions"
        )
    columns = tuple(_columns(rest, start, {"KEY": "key", "IGNORE": "ignore"}, "read"))
    if not any(column.role == "key" for column in columns):
        raise Mistake(start + 1, "no column is the KEY; mark what tells rows apart by :KEY")
    return Table(table=table, alias=alias, columns=columns)


def _sub_table(text: str) -> SubTable:
    shape = "TABLE for ALIAS=COLUMN:LENGTH:MATCH,COLUMN:LENGTH:OUTPUT"
    head, rest, start = _halves(text, shape)
    match = _SUB_TABLE.match(head)
    if match is None:
        raise Mistake(1, "before '=' stands TABLE for ALIAS, then format XML|TSV and as NAME")
    form = (match["format"] or "XML").upper()
    if form not in ("XML", "TSV"):
        raise Mistake(match.start("format") + 1, "the format is XML or TSV")
    table = _identifier(match["table"], match.start("table"))
    name_at = match.start("name" if match["name"] else "table")
    roles: dict[str, Role] = {"OUTPUT": "output", "MATCH": "match", "IGNORE": "ignore"}
    sub = SubTable(
        table=table,
        root=_identifier(match["root"], match.start("root")),
        name=_identifier(match["name"] or table, name_at),
        format="TSV" if form == "TSV" else "XML",
        columns=tuple(_columns(rest, start, roles, "output")),
    )
    if not sub.output:
        raise Mistake(start + 1, "no column is OUTPUT; mark what is wanted of it")
    if not sub.match:
        raise Mistake(start + 1, "no column is MATCH; mark which one names the row it belongs to")
    return sub


def _halves(text: str, shape: str) -> tuple[str, str, int]:
    head, equals, rest = text.partition("=")
    if not equals:
        raise Mistake(len(text) + 1, f"has no '='; write {shape}")
    return head, rest, len(head) + 1


def _columns(rest: str, start: int, roles: dict[str, Role], default: Role) -> Iterator[Column]:
    at, seen = 0, set[str]()
    while True:
        match = _COLUMN.match(rest, at)
        if match is None:
            raise Mistake(start + at + 1, _shape(roles))
        column = _column(match, start, roles, default)
        if column.name in seen:
            raise Mistake(start + match.start("name") + 1, f"{column.name} stands there twice")
        seen.add(column.name)
        yield column
        at = match.end() + 1
        if match.end() == len(rest):
            return


def _shape(roles: dict[str, Role]) -> str:
    only = '("value")' if "MATCH" in roles else ""
    return f"a column is NAME:LENGTH{only}, then {' or '.join(f':{role}' for role in roles)}"


def _column(match: re.Match[str], start: int, roles: dict[str, Role], default: Role) -> Column:
    name = _identifier(match["name"], start + match.start("name"))
    length = match["length"]
    if not (length.isascii() and length.isdecimal() and 1 <= int(length[:6]) <= _WIDEST):
        raise Mistake(
            start + match.start("length") + 1, f"the length of {name} is a number up to {_WIDEST}"
        )
    word, only = match["role"], match["filter"]
    role = roles.get(word.upper()) if word else default
    if role is None:
        raise Mistake(start + match.start("role") + 1, f"{name} may be {' or '.join(roles)}")
    if only is not None:
        only = _filter(only, name, int(length), start + match.start("filter"), roles)
    return Column(name=name, length=int(length), role=role, only=only)


def _filter(only: str, name: str, length: int, at: int, roles: dict[str, Role]) -> str:
    value = only.replace('""', '"')
    if "MATCH" not in roles:
        raise Mistake(at + 1, f"only columns of subTables have a filter, {name} has none")
    if len(value) > length:
        raise Mistake(at + 1, f"the filter of {name} has more than {length} characters")
    return value.rstrip(" ")


def _identifier(name: str, at: int) -> str:
    if not IDENTIFIER.match(name.upper()):
        raise Mistake(at + 1, "a name has up to 30 letters, digits, _ and /")
    return name.upper()


def _at(text: str, name: str) -> int:
    return text.upper().rfind(name, 0, text.find("=")) + 1


def _root_of(sub: SubTable, found: dict[str, Table], text: str) -> str:
    """The alias of the table that it belongs to."""
    if sub.root in found:
        return sub.root
    named = [alias for alias, table in found.items() if table.table == sub.root]
    if len(named) == 1:
        return named[0]
    at = text.upper().find(sub.root, len(sub.table)) + 1
    known = ", ".join(found) or "none"
    if named:
        raise Mistake(at, f"{sub.root} has the aliases {', '.join(named)}; name one of them")
    raise Mistake(at, f"{sub.root} is not in tables; known are {known}")


def _with(table: Table, sub: SubTable, text: str) -> Table:
    if sub.name in table.names:
        raise Mistake(1, f"{table.alias} has a column {sub.name} already; name it by 'as NAME'")
    if len(sub.match) > len(table.keys):
        raise Mistake(text.find("=") + 2, f"{table.alias} has {len(table.keys)} KEY to match")
    return replace(table, subs=(*table.subs, sub))


def matched(table: Table, sub: SubTable) -> tuple[tuple[Column, Column], ...]:
    """Columns of the sub table with those of its root: of the same name, else the KEY in turn."""
    keys = {column.name: column for column in table.keys}
    own = [column for column in sub.match if column.name in keys]
    rest = iter(key for key in table.keys if key.name not in {column.name for column in own})
    return tuple((column, keys.get(column.name) or next(rest)) for column in sub.match)
