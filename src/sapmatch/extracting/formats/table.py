"""The one relation that all forms of output are written from."""

from collections.abc import Sequence
from pathlib import Path

from msgspec import Struct

from sapmatch.extracting.formats import parts, sql
from sapmatch.extracting.formats.labels import label_of
from sapmatch.extracting.formats.parts import Part
from sapmatch.model.errors import InputRejected
from sapmatch.model.flow import Output
from sapmatch.model.shape import Shape

USUAL = 10  # rows of a nested list, to size what is held in memory


class Column(Struct, frozen=True):
    """A column: its name, what it holds, and where that stands in the relation."""

    name: str
    part: Part
    at: str


def statement(pages: Sequence[Path], shape: Shape, output: Output) -> str:
    """The rows of the pages, typed and as the output names and shows them."""
    fields = parts.parts_of(shape)
    relation = _typed(pages, fields)
    columns = [Column(part.name, part, f"t.{_internal(n)}") for n, part in enumerate(fields)]
    if output.nested == "flatten":
        relation, columns = _flattened(relation, columns, shape.entity_set)
    names = _names(columns, output.labels, shape.entity_set)
    chosen = (
        f"{_form(column, output)} AS {sql.name(name)}"
        for name, column in zip(names, columns, strict=True)
    )
    return sql.select(chosen, f"({relation}) AS t")


def rows(pages: Sequence[Path], fields: Sequence[Part]) -> str:
    """The rows of the pages in the order of their files, values as they came."""
    return (
        f"read_json({sql.files(pages)}, columns={parts.columns(fields)}, "
        "format='newline_delimited', records='true', auto_detect=false, compression='none', "
        "hive_partitioning=false)"
    )


def width(fields: Sequence[Part]) -> int:
    """Number of plain values in a row, lists taken for USUAL rows each."""
    return sum(
        (width(part.parts) if part.parts else 1) * (USUAL if part.many else 1) for part in fields
    )


def _internal(number: int) -> str:
    return f"c{number}"


def _typed(pages: Sequence[Path], fields: Sequence[Part]) -> str:
    chosen = (
        f"{parts.typed(part, f'r.{sql.name(part.name)}')} AS {_internal(number)}"
        for number, part in enumerate(fields)
    )
    return sql.select(chosen, f"{rows(pages, fields)} AS r")


def _flattened(relation: str, columns: list[Column], entity_set: str) -> tuple[str, list[Column]]:
    """One row for each nested row, level by level; a row without any stays one row."""
    level = 0
    while nested := [column for column in columns if column.part.navigation]:
        lists = [column for column in nested if column.part.many]
        if len(lists) > 1:
            raise InputRejected(
                f"{entity_set}: {' and '.join(each.name for each in lists)} hold a list each, and "
                "flat rows of both would be their product: expand one of them, or leave nested"
            )
        for column in lists:
            one = f"n{level}"
            whole = f"CASE WHEN len({column.at}) > 0 THEN {column.at} ELSE [NULL] END"
            relation = sql.select(["t.*", f"unnest({whole}) AS {one}"], f"({relation}) AS t")
            columns = [_moved(each, column, f"t.{one}") for each in columns]
        columns = [flat for column in columns for flat in _spread(column)]
        level += 1
    return relation, columns


def _moved(column: Column, unnested: Column, to: str) -> Column:
    return Column(column.name, column.part, to) if column is unnested else column


def _spread(column: Column) -> list[Column]:
    """The parts of a nested row as columns: `to_Item_Material`."""
    if not column.part.navigation:
        return [column]
    return [
        Column(f"{column.name}_{part.name}", part, f"{column.at}.{sql.name(part.name)}")
        for part in column.part.parts
    ]


def _names(columns: Sequence[Column], labels: bool | dict[str, str], entity_set: str) -> list[str]:
    """A name for each column; InputRejected where two would have the same."""
    wanted = [label_of(column.part, labels) or column.name for column in columns]
    folded = [name.casefold() for name in wanted]
    names = [
        f"{name} ({column.name})"
        if folded.count(name.casefold()) > 1 and name != column.name
        else name
        for name, column in zip(wanted, columns, strict=True)
    ]
    known: set[str] = set()
    for name in names:
        if name.casefold() in known:
            raise InputRejected(
                f"{entity_set}: two columns would be named {name}: select one of them, or leave "
                "rows nested and without labels"
            )
        known.add(name.casefold())
    return names


def _form(column: Column, output: Output) -> str:
    """The value as the output's format holds it; only Parquet has all types."""
    if output.format == "parquet":
        return column.at
    value = parts.shown(column.part, column.at)
    if output.format == "ndjson":
        return value
    if not column.part.is_plain:
        return f"CASE WHEN {column.at} IS NOT NULL THEN CAST(to_json({value}) AS VARCHAR) END"
    return f"{value} ->> '$'" if column.part.kind == "float" else value
