"""What SAP held when a run was published: a snapshot with the changes of the runs after it."""

import sqlite3
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from pathlib import Path

import msgspec
from msgspec import Raw

from sapmatch.extracting.keys import KeyReader
from sapmatch.extracting.run import (
    Published,
    PublishedSet,
    deleted_key,
    extraction_prefix,
    load_plan,
    load_published,
    load_result,
    page_key,
    stored_rows,
)
from sapmatch.model.errors import InputRejected
from sapmatch.model.ports import Objects
from sapmatch.model.shape import Shape

_deleted = msgspec.json.Decoder(dict[str, Raw])


def runs(objects: Objects, extraction: str) -> list[Published]:
    """Published runs, the oldest first; a run without `_SUCCESS` is none."""
    prefix = extraction_prefix(extraction)
    ids = [
        key.removeprefix(prefix).split("/")[0]
        for key in objects.keys(prefix)
        if key.endswith("/_SUCCESS")
    ]
    found = [load_published(extraction, run_id, objects) for run_id in ids]
    return sorted((run for run in found if run), key=lambda run: (run.planned_at, run.run_id))


def since_snapshot(objects: Objects, run: Published, entity_set: str) -> list[Published]:
    """The last run up to `run` with a snapshot of the set, and those with its changes after it.

    InputRejected where that snapshot is not there.
    """
    found = [run]
    while not _set(found[-1], entity_set).snapshot:
        previous = found[-1].previous
        before = load_published(run.extraction, previous, objects) if previous else None
        if before is None:
            raise InputRejected(
                f"extraction {run.extraction}, {entity_set}: the snapshot that run {run.run_id} "
                "follows is not there; reload it once (`sapmatch reload`)"
            )
        found.append(before)
    return found[::-1]


def current_rows(
    objects: Objects, run: Published, entity_set: str, workspace: Path
) -> Iterator[bytes]:
    """All rows of the set as of that run, each once, as SAP sent them; a page in memory at a time.

    Rows that did not change since the snapshot come first. What changed lies on disk meanwhile.
    """
    snapshot, *changes = since_snapshot(objects, run, entity_set)
    with _table(workspace) as changed:
        _collect(changed, objects, changes, entity_set)
        reader = KeyReader(_set(snapshot, entity_set).shape)
        for rows, _ in _pages(objects, snapshot, entity_set):
            for key, row in zip(reader.lines(rows), rows, strict=True):
                if not changed.execute("SELECT 1 FROM changed WHERE key = ?", [key]).fetchone():
                    yield row
        last = "SELECT row FROM changed WHERE row IS NOT NULL ORDER BY key"
        yield from (row for (row,) in changed.execute(last))


def deleted_line(deleted: bytes, shape: Shape) -> bytes:
    """The key of a deleted row as a line of keys.ndjson, no line end."""
    fields = _deleted.decode(deleted)
    return msgspec.json.encode([fields[name] for name in shape.keys])


@contextmanager
def _table(workspace: Path) -> Iterator[sqlite3.Connection]:
    """Rows by key, on disk; gone when the block ends."""
    with (
        tempfile.TemporaryDirectory(dir=workspace) as folder,
        closing(sqlite3.connect(Path(folder) / "changed", isolation_level=None)) as changed,
    ):
        changed.execute("PRAGMA journal_mode = OFF")
        changed.execute("PRAGMA synchronous = OFF")
        changed.execute("CREATE TABLE changed (key BLOB PRIMARY KEY, row BLOB) WITHOUT ROWID")
        yield changed


def _collect(
    changed: sqlite3.Connection, objects: Objects, runs: Sequence[Published], entity_set: str
) -> None:
    """The last row of each key that changed, null where it was deleted."""
    for run in runs:
        shape = _set(run, entity_set).shape
        reader = KeyReader(shape)
        for rows, deleted in _pages(objects, run, entity_set):
            gone = [(deleted_line(line, shape), None) for line in deleted]
            there = zip(reader.lines(rows), rows, strict=True)
            changed.executemany("REPLACE INTO changed VALUES (?, ?)", [*gone, *there])


def _pages(
    objects: Objects, run: Published, entity_set: str
) -> Iterator[tuple[list[bytes], list[bytes]]]:
    """Rows and keys of deleted rows of each page, in the order of reading."""
    plan = load_plan(run.extraction, run.run_id, objects)
    for chunk in plan.chunks:
        result = load_result(plan, chunk, objects)
        if plan.source_of(chunk).entity_set != entity_set or result is None:
            continue
        prefix = plan.prefix(chunk)
        for number in range(result.pages):
            rows = stored_rows(objects, page_key(plan, chunk, number))
            gone = stored_rows(objects, deleted_key(prefix, number)) if result.deleted else []
            yield rows, gone


def _set(run: Published, entity_set: str) -> PublishedSet:
    found = run.set(entity_set)
    if found is None:
        raise InputRejected(
            f"extraction {run.extraction}: run {run.run_id} did not read {entity_set}; "
            "check the spelling, or take a run that read it"
        )
    return found
