"""One entity set into one file on this machine, for `sapmatch extract`."""

import csv
import io
import re
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import IO, Any, Literal

import msgspec
from msgspec import Raw, Struct

from sapmatch.extracting.counts import explained
from sapmatch.extracting.rows import Distinct, raw_line, typed, typed_line
from sapmatch.model.errors import InputRejected
from sapmatch.model.intent import Record
from sapmatch.model.ports import SapReader
from sapmatch.model.query import Query

Progress = Callable[[int, int], None]  # rows so far, rows in all


class ExtractSummary(Struct, frozen=True, kw_only=True):
    """What was written; `bytes` on this machine, `note` where SAP changed while it was read."""

    entity_set: str
    rows: int
    pages: int
    bytes: int
    files: tuple[str, ...]
    delta: Literal["none", "stored"] = "none"
    note: str | None = None


def extract_entity_set(
    sap: SapReader,
    service: str,
    entity_set: str,
    query: Query,
    *,
    to: Path,
    format: str = "ndjson",
    values: Literal["raw", "typed"] = "raw",
    delta: bool = False,
    progress: Progress | None = None,
) -> ExtractSummary:
    """Write exactly `DIR/<EntitySet>.<format>`, under a temporary name until it is complete.

    NDJSON holds a row a line, raw or typed; CSV is always typed, with nested values as JSON.
    Raises InputRejected for formats that are not there, and where rows are missing (RE-19).
    """
    _check(entity_set, format, delta)
    counted = _expected(sap, service, entity_set, query)
    with _complete(to / f"{entity_set}.{format}") as (path, file):
        distinct = Distinct()
        encode = _Csv(query.select) if format == "csv" else _Lines(values)
        rows = pages = 0
        for page in sap.pages(service, entity_set, query):
            lines = [encode(row) for row in distinct.of(page.rows)]
            file.writelines(lines)
            rows, pages = rows + len(lines), pages + 1
            if progress:
                progress(rows, max(rows, counted))
        note = explained(
            entity_set, rows, counted, lambda: _expected(sap, service, entity_set, query)
        )
        size = file.tell()
    return ExtractSummary(
        entity_set=entity_set, rows=rows, pages=pages, bytes=size, files=(str(path),), note=note
    )


def _check(entity_set: str, format: str, delta: bool) -> None:
    if not re.fullmatch(r"[A-Za-z_]\w*", entity_set):
        raise InputRejected(f"{entity_set!r}: is no name of an entity set")
    if format == "parquet":
        raise InputRejected("--format parquet: comes with the columnar layer; use ndjson or csv")
    if format not in ("ndjson", "csv"):
        raise InputRejected(f"--format {format}: is not known; use ndjson or csv")
    if delta:
        raise InputRejected("--delta: is not there yet; leave it out to read everything")


def _expected(sap: SapReader, service: str, entity_set: str, query: Query) -> int:
    counted = sap.count(service, entity_set, Query(equals=query.equals, filter=query.filter))
    return counted if query.top is None else min(counted, query.top)


@contextmanager
def _complete(path: Path) -> Iterator[tuple[Path, IO[bytes]]]:
    """A file that gets its name when the block ends well, and is gone when it does not."""
    unfinished = path.with_name(f"{path.name}.part")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with unfinished.open("wb") as file:
            yield path, file
        unfinished.replace(path)
    except OSError as exc:
        raise InputRejected(f"{path}: cannot be written ({exc.strerror})") from exc
    finally:
        with suppress(OSError):
            unfinished.unlink()


class _Lines:
    def __init__(self, values: str) -> None:
        self._line = raw_line if values == "raw" else typed_line

    def __call__(self, row: Raw | bytes) -> bytes:
        return self._line(row)


class _Csv:
    """Lines of CSV; the columns are those asked for, or those of the first row."""

    def __init__(self, columns: Iterable[str]) -> None:
        self._columns = tuple(columns)
        self._begun = False

    def __call__(self, row: Raw | bytes) -> bytes:
        record = typed(row)
        self._columns = self._columns or tuple(record)
        extra = record.keys() - set(self._columns)
        if extra:
            raise InputRejected(
                f"column {min(extra)}: is in some rows only; name the columns with --select"
            )
        head = b"" if self._begun else _csv_line(self._columns)
        self._begun = True
        return head + _csv_line(_cell(record, column) for column in self._columns)


def _cell(record: Record, column: str) -> Any:
    value = record.get(column)
    if isinstance(value, bool | list | dict):
        return msgspec.json.encode(value).decode()
    return value


def _csv_line(cells: Iterable[Any]) -> bytes:
    text = io.StringIO()
    csv.writer(text, lineterminator="\n").writerow(cells)
    return text.getvalue().encode()
