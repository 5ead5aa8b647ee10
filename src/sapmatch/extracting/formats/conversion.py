"""Pages of rows as SAP sent them into one file of the output's form."""

from collections.abc import Sequence
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any, Final

import msgspec

from sapmatch.extracting.formats import parts, sql, table
from sapmatch.extracting.formats.engine import MOST_BYTES, copy, engine
from sapmatch.extracting.formats.exact import exact_pages
from sapmatch.extracting.formats.raw import joined
from sapmatch.extracting.run import Source
from sapmatch.model.errors import InputRejected
from sapmatch.model.flow import Output

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

_SUFFIXES: Final = {"none": "", "gzip": ".gz", "zstd": ".zst"}
_FORMATS: Final = {"ndjson": "json", "csv": "csv", "parquet": "parquet"}
# Values of a Parquet row group: it is held in memory as a whole.
_GROUP = 1 << 19
_VECTOR = 2048  # rows that DuckDB handles at once
_NAMED = 5  # fields in a message


def suffix(output: Output) -> str:
    """The end of a file's name: `.ndjson`, `.csv.zst`; a Parquet file is compressed inside."""
    if output.format == "parquet":
        return ".parquet"
    return f".{output.format}{_SUFFIXES[output.compression]}"


def convert(
    pages: Sequence[Path], source: Source, output: Output, to: Path, *, workspace: Path
) -> int:
    """Write the rows of the pages, in their order, to one file; the number of its rows.

    Typed values fit the shape of the source, or InputRejected names field and first row. The same
    pages give the same bytes. Nothing is left at `to` where it fails.
    """
    workspace.mkdir(parents=True, exist_ok=True)
    write = _raw if output.format == "ndjson" and output.values == "raw" else _typed
    try:
        with TemporaryDirectory(dir=workspace) as room:
            return write(pages or [_empty(Path(room))], source, output, to, Path(room))
    except OSError as exc:
        to.unlink(missing_ok=True)
        raise InputRejected(f"{to.name}: cannot be written ({exc.strerror})") from exc
    except BaseException:
        to.unlink(missing_ok=True)
        raise


def _raw(pages: Sequence[Path], source: Source, output: Output, to: Path, workspace: Path) -> int:
    if output.nested == "flatten" or output.labels:
        raise InputRejected(
            f"{source.entity_set}: raw rows stay as SAP sent them, without flat rows and labels: "
            "set values = typed"
        )
    return joined(pages, to, output.compression, workspace)


def _typed(pages: Sequence[Path], source: Source, output: Output, to: Path, workspace: Path) -> int:
    import duckdb

    fields = parts.parts_of(source.shape)
    readable = list(exact_pages(pages, fields, workspace))
    query = table.statement(readable, source.shape, output)
    with engine(workspace, [*readable, to]) as connection:
        try:
            return copy(connection, query, to, _options(output, fields))
        except duckdb.InvalidInputException:
            pass
        _check_lines(pages)
        # DuckDB's own message holds values of the row, so it does not travel with ours.
        raise _misfit(connection, readable, source, fields)


def _options(output: Output, fields: Sequence[parts.Part]) -> str:
    compression: str = output.compression
    if output.format == "parquet":
        if compression == "none":
            compression = "snappy"  # Parquet's own: to leave it out helps no reader
        rows = max(_GROUP // max(table.width(fields), 1) // _VECTOR, 1) * _VECTOR
        return f"FORMAT parquet, COMPRESSION {compression}, ROW_GROUP_SIZE {rows}"
    header = ", HEADER, NULLSTR ''" if output.format == "csv" else ""
    return f"FORMAT {_FORMATS[output.format]}, COMPRESSION {compression}{header}"


def _empty(workspace: Path) -> Path:
    """A page without rows, for an output that has columns only."""
    page = workspace / "no-rows.ndjson"
    page.touch()
    return page


def _check_lines(pages: Sequence[Path]) -> None:
    """Raises InputRejected for the first line that is no row at all."""
    decoder = msgspec.json.Decoder(dict[str, Any])
    for page in pages:
        with page.open("rb") as lines:
            for number, line in enumerate(lines, 1):
                if len(line) > MOST_BYTES:
                    raise InputRejected(
                        f"{page.name}: row {number} has {len(line)} bytes, and a typed file takes "
                        f"{MOST_BYTES}: expand less, or set values = raw"
                    )
                _check_line(decoder, line, f"{page.name}: row {number}")


def _check_line(decoder: "msgspec.json.Decoder[dict[str, Any]]", line: bytes, place: str) -> None:
    try:
        decoder.decode(line)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as exc:
        raise InputRejected(f"{place} is no JSON object") from exc


def _misfit(
    connection: "DuckDBPyConnection",
    pages: Sequence[Path],
    source: Source,
    fields: Sequence[parts.Part],
) -> InputRejected:
    """Which fields hold values that fit not, in how many rows, and in which first."""
    checks = list(parts.odd(fields, "r"))
    flags = [f"({condition}) AS b{n}" for n, (_, condition) in enumerate(checks)]
    relation = sql.select(
        ["row_number() OVER () AS n", *flags], f"{table.rows(pages, fields)} AS r"
    )
    sums = [f"[count(*) FILTER (b{n}), min(n) FILTER (b{n})]" for n in range(len(checks))]
    connection.execute(sql.select(["[]", *sums], f"({relation})"))
    found = zip(checks, connection.fetchall()[0][1:], strict=True)
    wrong = [
        f"{path}: does not fit its type in {count} rows, first in row {first}"
        for (path, _), (count, first) in found
        if count
    ]
    return InputRejected(
        f"{source.entity_set}: {'; '.join(wrong[:_NAMED]) or 'a row cannot be read'}: leave the "
        "field out with select, or store the rows with values = raw"
    )
