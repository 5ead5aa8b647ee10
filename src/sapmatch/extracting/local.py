"""One entity set into one file on this machine, for `sapmatch extract`."""

import csv
import io
import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import IO, Any, Literal

import msgspec
from msgspec import Raw, Struct

from sapmatch.extracting.counts import explained
from sapmatch.extracting.rows import Distinct, raw_lines, typed, typed_lines
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
        encode = _encoder(format, values, query.select)
        rows = pages = 0
        for page in sap.pages(service, entity_set, query):
            found = list(distinct.of(page.rows))
            file.write(encode(found))
            rows, pages = rows + len(found), pages + 1
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


def _encoder(
    format: str, values: str, columns: Iterable[str]
) -> Callable[[Sequence[Raw | bytes]], bytes]:
    """What makes the lines of a page."""
    if format == "csv":
        return _Csv(columns)
    return raw_lines if values == "raw" else typed_lines


class _Csv:
    """Lines of CSV; the columns are those asked for, or those of the first row."""

    def __init__(self, columns: Iterable[str]) -> None:
        self._columns = tuple(columns)
        self._begun = False

    def __call__(self, rows: Sequence[Raw | bytes]) -> bytes:
        text = io.StringIO()
        lines = csv.writer(text, lineterminator="\n")
        for row in rows:
            record = typed(row)
            if not self._begun:
                self._columns = self._columns or tuple(record)
                lines.writerow(self._columns)
                self._begun = True
            lines.writerow(self._cells(record))
        return text.getvalue().encode()

    def _cells(self, record: Record) -> list[Any]:
        extra = record.keys() - set(self._columns)
        if extra:
            raise InputRejected(
                f"column {min(extra)}: is in some rows only; name the columns with --select"
            )
        return [_cell(record, column) for column in self._columns]


def _cell(record: Record, column: str) -> Any:
    value = record.get(column)
    if isinstance(value, bool | list | dict):
        return msgspec.json.encode(value).decode()
    return value
