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
from collections.abc import Iterator

from sapmatch.model.errors import Problem
from sapmatch.writing.csv_rows import columns_and_rows
from sapmatch.writing.mapping.expressions import Call, Expression, Path, Text, parse
from sapmatch.writing.mapping.functions import FUNCTIONS
from sapmatch.writing.problems import file_problem, listed, refused, row_problem

MOST_BYTES = 1_000_000
COLUMNS = ("source", "target", "default", "conversion")
_EXPRESSION = re.compile(rf"""(?:record|invoice|order|match)\.|['"]|(?:{"|".join(FUNCTIONS)})\(""")
_VALUE = Path(("value",))


def read_table(data: bytes) -> tuple[list[tuple[str, str, Expression]], list[Problem]]:
    """Row, target and expression of every row that can be read, and what is wrong with the others.

    Raises InputRejected where the file as a whole is no mapping.
    """
    if len(data) > MOST_BYTES:
        raise refused(file_problem(f"is over {MOST_BYTES} bytes"))
    try:
        columns, rows = columns_and_rows(data.decode("utf-8-sig"))
    except UnicodeDecodeError as exc:
        raise refused(file_problem("is not UTF-8; save it as UTF-8")) from exc
    _require_columns(columns)
    found: list[tuple[str, str, Expression]] = []
    problems: list[Problem] = []
    for number, (line, row, wrong) in enumerate(rows, start=1):
        where = f"row {number} (line {line})"
        problems += [row_problem(where, field, message) for field, message in wrong]
        target = row.get("target", "").strip()
        if not target:
            problems.append(row_problem(where, "target", "is missing: name the field of SAP"))
            continue
        try:
            found.append((where, target, _expression(row)))
        except ValueError as exc:
            problems.append(row_problem(where, target, str(exc)))
    return found, problems


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


def _expression(row: dict[str, str]) -> Expression:
    source, default = row.get("source", "").strip(), row.get("default")
    if not source and default is None:
        raise ValueError("has neither a source nor a default")
    if not source:
        return Text(default or "")
    found: Expression = parse(source) if _EXPRESSION.match(source) else Path(("record", source))
    for conversion in _conversions(row.get("conversion", "")):
        found = _converted(found, conversion)
    return found if default is None else Call("default", (found, Text(default)))


def _conversions(text: str) -> Iterator[str]:
    return (part.strip() for part in text.split("|") if part.strip())


def _converted(value: Expression, conversion: str) -> Call:
    """`left(40)` of a value is left(value, 40)."""
    name, _, rest = conversion.partition("(")
    found = parse(f"{name}(value,{rest}" if rest else f"{name}(value)")
    if not isinstance(found, Call) or found.arguments[0] != _VALUE:
        raise ValueError("has a conversion that is no function, such as trim or left(40)")
    return Call(found.function, (value, *found.arguments[1:]))
