"""Mapping files: CSV with the columns source, target, default, conversion.

    source,target,default,conversion
    Order No,SalesOrder,,trim|pad(10)
    Amount,NetAmount,0,decimal_comma
    ,DocumentCurrency,EUR,
    concat(record.A; record.B),Text,,

`source` is the name of a column or field as it stands in the file, or an expression; `conversion`
are functions that take the value one behind the other.
"""

import re
from collections.abc import Mapping, Sequence

from msgspec import Struct

from sapmatch.model.errors import Problem
from sapmatch.writing.files.csv_rows import columns_and_rows
from sapmatch.writing.mapping.expressions import Call, Expression, Path, Text, parse
from sapmatch.writing.mapping.functions import FUNCTIONS
from sapmatch.writing.problems import file_problem, listed, refused, row_problem, shown

MOST_BYTES = 1_000_000
COLUMNS = ("source", "target", "default", "conversion")
_ROOT = r"(?:record|invoice|order|match)\."
_CALL = rf"(?:{'|'.join(FUNCTIONS)})\(|\w+\(.*\b{_ROOT}"  # a column may be called Weight (kg)
_EXPRESSION = re.compile(rf"""{_ROOT}|['"]|{_CALL}""", re.ASCII)
_VALUE = Path(("value",))


class TableRow(Struct, frozen=True, kw_only=True):
    """One row of a mapping, as messages call it, and what is wrong with it.

    `target` is the field of SAP that it fills; `expression` is None where it cannot be read.
    """

    where: str
    target: str
    expression: Expression | None
    problems: tuple[Problem, ...] = ()


def read_table(data: bytes) -> list[TableRow]:
    """The rows of a mapping file; InputRejected where the file as a whole is no mapping."""
    if len(data) > MOST_BYTES:
        raise refused(file_problem(f"is over {MOST_BYTES} bytes"))
    try:
        columns, rows = columns_and_rows(data.decode("utf-8-sig"))
    except UnicodeDecodeError as exc:
        raise refused(file_problem("is not UTF-8; save it as UTF-8")) from exc
    _require_columns(columns)
    return [
        _table_row(f"row {n} (line {line})", cells, wrong)
        for n, (line, cells, wrong) in enumerate(rows, start=1)
    ]


def _table_row(
    where: str, cells: Mapping[str, str], wrong: Sequence[tuple[str | None, str]]
) -> TableRow:
    target = cells.get("target", "").strip()
    problems = [row_problem(where, field, message) for field, message in wrong]
    if not target:
        problems.append(row_problem(where, "target", "is missing: name the field of SAP"))
    try:
        expression = _expression(cells)
    except ValueError as exc:
        expression = None
        problems.append(row_problem(where, target or None, str(exc)))
    name = f"{where}: {target}" if target else where
    return TableRow(where=name, target=target, expression=expression, problems=tuple(problems))


def _require_columns(columns: tuple[str, ...]) -> None:
    unknown = [name for name in columns if name not in COLUMNS]
    problems = [
        file_problem(f"names the column {name}, which is none of {listed(COLUMNS)}", "first line")
        for name in unknown
    ]
    problems += [
        file_problem(f"has no column {name}", "first line")
        for name in ("source", "target")
        if name not in columns
    ]
    if problems:
        raise refused(*problems)


def _expression(row: Mapping[str, str]) -> Expression:
    source, default = row.get("source", "").strip(), row.get("default")
    if not source and default is None:
        raise ValueError("has neither a source nor a default")
    if not source:
        return Text(default or "")
    found: Expression = parse(source) if _EXPRESSION.match(source) else Path(("record", source))
    for conversion in _conversions(row.get("conversion", "")):
        found = _converted(found, conversion)
    return found if default is None else Call("default", (found, Text(default)))


def _conversions(text: str) -> Sequence[str]:
    """The functions in their order; none where the cell holds nothing."""
    parts = [part.strip() for part in text.split("|")]
    if parts == [""]:
        return ()
    if not all(parts):
        raise ValueError("has a | in its conversion with no function on one side")
    return parts


def _converted(value: Expression, conversion: str) -> Call:
    """`left(40)` of a value is left(value, 40)."""
    name, bracket, rest = conversion.partition("(")
    try:
        found = parse(f"{name}(value,{rest}" if bracket else f"{name}(value)")
    except ValueError as exc:
        raise ValueError(f"has the conversion {shown(conversion)}, which {exc}") from exc
    if not isinstance(found, Call) or found.arguments[0] != _VALUE:
        raise ValueError("has a conversion that is no function, such as trim or left(40)")
    return Call(found.function, (value, *found.arguments[1:]))
