"""Mappings of a flow: read from its settings and its mapping file, applied to the facts at hand."""

import re
from collections.abc import Collection, Iterator, Mapping, Sequence

import msgspec
from msgspec import Struct

from sapmatch.model.errors import InputRejected, Problem
from sapmatch.model.flow import WriteBack
from sapmatch.model.intent import Record
from sapmatch.writing.mapping.expressions import (
    Expression,
    Facts,
    Path,
    Text,
    parse,
    paths,
    value_of,
)
from sapmatch.writing.mapping.facts import check_path
from sapmatch.writing.mapping.table import TableRow, read_table
from sapmatch.writing.problems import shown

_UNREADABLE = Text("")  # holds the place of a target that is refused
_TARGET = re.compile(r"[A-Za-z_]\w{0,127}", re.ASCII)


class FieldMapping(Struct, frozen=True, kw_only=True):
    """Fields of SAP and the expressions that give their values."""

    name: str
    fields: Mapping[str, Expression]

    def uses(self, root: str) -> bool:
        """Whether a value comes from these facts: invoice, order, match or record."""
        return any(path.steps[0] == root for path in self._paths())

    def columns(self) -> tuple[str, ...]:
        """Names of the fields that it takes from the records of a file."""
        names = (path.steps[1] for path in self._paths() if path.steps[0] == "record")
        return tuple(dict.fromkeys(str(name) for name in names))

    def _paths(self) -> Iterator[Path]:
        return (path for expression in self.fields.values() for path in paths(expression))


def mapping_of(flow_name: str, flow: WriteBack, table: bytes | None = None) -> FieldMapping | None:
    """The mapping of a flow, None where records pass as they are.

    `table` is the content of its mapping file. Raises InputRejected that names every mistake of
    both, with the row or the target field, and the expression.
    """
    found: dict[str, Expression] = {}
    problems: list[Problem] = []
    for row in (*_from_table(table, problems), *_from_settings(flow.mapping)):
        problems += [*row.problems, *_wrong(row, flow, found)]
        if row.target:
            found.setdefault(row.target, row.expression or _UNREADABLE)
    if problems:
        listing = "".join(f"\n  {problem.field}: {problem.message}" for problem in problems)
        name = flow.mapping_file or "mapping"
        raise InputRejected(f"{name} of flow {flow_name}: cannot be used{listing}", problems)
    return FieldMapping(name=flow_name, fields=found) if found else None


def applied(mapping: FieldMapping, facts: Facts) -> tuple[Record, list[tuple[str, str]]]:
    """The record of SAP, and what could not be worked out: target field and message.

    A field whose value is missing is left out.
    """
    record: Record = {}
    problems: list[tuple[str, str]] = []
    for target, expression in mapping.fields.items():
        try:
            value = value_of(expression, facts)
        except ValueError as exc:
            problems.append((target, f"cannot be worked out by the mapping: {exc}"))
        else:
            if value is not None:
                record[target] = msgspec.to_builtins(value) if _is_ours(value) else value
    return record, problems


def missing_columns(mapping: FieldMapping, columns: Collection[str]) -> tuple[str, ...]:
    """What it takes from records and no record has: most likely a name that is mistyped."""
    return tuple(name for name in mapping.columns() if name not in columns)


def _is_ours(value: object) -> bool:
    """Dates and decimals become what the payload holds: text."""
    return not isinstance(value, str | int | dict | list)


def _from_settings(mapping: Mapping[str, str]) -> Iterator[TableRow]:
    for target, source in mapping.items():
        where = f"mapping.{target}"
        try:
            yield TableRow(where=where, target=target, expression=parse(source))
        except ValueError as exc:
            wrong = _problem(where, f"{shown(source)} {exc}")
            yield TableRow(where=where, target=target, expression=None, problems=(wrong,))


def _from_table(table: bytes | None, problems: list[Problem]) -> Sequence[TableRow]:
    """Its rows, named with their targets; the mistakes of the file as a whole go to `problems`."""
    try:
        return read_table(table) if table is not None else ()
    except InputRejected as refused:
        problems += refused.problems
        return ()


def _wrong(row: TableRow, flow: WriteBack, before: Collection[str]) -> Iterator[Problem]:
    """What is wrong with the fields that it names, readable or not."""
    if row.target:
        yield from (_problem(row.where, each) for each in _wrong_target(row.target, before))
    if row.expression:
        yield from (_problem(row.where, each) for each in _wrong_paths(row.expression, flow))


def _wrong_target(target: str, before: Collection[str]) -> Iterator[str]:
    if not _TARGET.fullmatch(target):
        yield "is no name of a field in SAP"
    if target in before:
        yield "gets a value twice; keep one"


def _wrong_paths(expression: Expression, flow: WriteBack) -> Iterator[str]:
    for path in paths(expression):
        wrong = check_path(path.steps, flow.source)
        if wrong:
            yield f"{_written(path)} {wrong}"


def _written(path: Path) -> str:
    steps = (f"[{step}]" if isinstance(step, int) else f".{shown(step)}" for step in path.steps)
    return "".join(steps).removeprefix(".")


def _problem(where: str, message: str) -> Problem:
    return Problem(code="MAPPING", message=message, field=where)
