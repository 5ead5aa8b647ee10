"""Whether one entity set of a run is complete, and what is to be said of it."""

from collections.abc import Callable, Iterator, Sequence
from functools import partial
from pathlib import Path

import msgspec
from msgspec import Raw

from sapmatch.extracting.anew import counted_before, refuse
from sapmatch.extracting.counts import Miscounted, explained, refuse_shifted
from sapmatch.extracting.drift import asked_otherwise
from sapmatch.extracting.repeats import fetch_keys, keep_once
from sapmatch.extracting.run import (
    ChunkResult,
    Plan,
    Published,
    PublishedSet,
    Source,
    checked_key,
    joined,
    load_plan,
    load_result,
    vanished_key,
)
from sapmatch.extracting.snapshot import since_snapshot
from sapmatch.extracting.sorting import vanished
from sapmatch.model.ports import Objects, SapSource
from sapmatch.model.query import Query

_UNCOUNTED = "SAP does not count this entity set"
_OTHER_KEYS = "its key changed, so that nothing tells which rows vanished"
_OTHER_ROWS = frozenset({"connection", "service", "filter"})  # settings by which rows differ


def checked(
    plan: Plan,
    number: int,
    *,
    before: Published | None,
    sap: SapSource,
    objects: Objects,
    workspace: Path,
    out_of_time: Callable[[], bool],
) -> PublishedSet | None:
    """What `_SUCCESS` says of the plan's source of that number; None where time is up.

    `before` is the last good run. What is found stands: a later call gives the same. InputRejected
    where rows are missing (RE-19): what was read of the source is dropped then.
    """
    source = plan.sources[number]
    key = checked_key(plan, source.entity_set)
    if objects.exists(key):
        return msgspec.json.decode(objects.read(key), type=PublishedSet)
    # Among changes a key comes again where its row changed again: the order of both matters.
    is_log = source.mode == "delta" and source.since is not None
    if not is_log and not keep_once(
        plan, number, objects=objects, workspace=workspace, out_of_time=out_of_time
    ):
        return None
    results = results_of(plan, number, objects)
    query = Query(filter=source.filter, where=joined(source.after))
    count = partial(sap.count, source.service, source.entity_set, query)
    counted = counted_before(plan, number, count, objects)
    try:
        notes = [_explained(plan, number, results, counted, count, sap)]
    except Miscounted as exc:
        refuse(plan, number, exc, objects)
    gone = 0
    if before and before.set(source.entity_set) and source.is_snapshot:
        incomparable = _incomparable(plan, source, before, objects)
        notes.append(incomparable)
        gone = 0 if incomparable else _vanished(plan, number, before, objects, workspace)
    note = "; ".join(filter(None, notes)) or None
    found = _published(source, results, counted, note, gone)
    objects.write(key, msgspec.json.encode(found))
    return found


def results_of(plan: Plan, number: int, objects: Objects) -> list[ChunkResult]:
    """What the complete chunks of a source hold."""
    found = [load_result(plan, chunk, objects) for chunk in plan.chunks_of(number)]
    return [result for result in found if result]


def _incomparable(plan: Plan, source: Source, before: Published, objects: Objects) -> str | None:
    """Why a row that the last run had and this one has not may be in SAP still."""
    last = before.set(source.entity_set)
    assert last is not None
    if (last.shape.keys, last.shape.version) != (source.shape.keys, source.shape.version):
        return _OTHER_KEYS
    past = load_plan(before.extraction, before.run_id, objects)
    other = [s for s in asked_otherwise(past, plan.connection, source) if s in _OTHER_ROWS]
    if other:
        was = f"{', '.join(other)}: is not as it was in run {before.run_id}"
        return f"{was}, so that nothing tells which rows vanished"
    return None


def _explained(
    plan: Plan,
    number: int,
    results: Sequence[ChunkResult],
    counted: int | None,
    count: Callable[[], int],
    sap: SapSource,
) -> str | None:
    source = plan.sources[number]
    if source.since is not None:
        return None
    if counted is None:
        return _UNCOUNTED
    what = f"extraction {plan.extraction}, run {plan.run_id}, {source.entity_set}"
    if any(chunk.skip is not None for chunk in plan.chunks_of(number)):
        refuse_shifted(what, counted, count())
    rows = sum(result.rows for result in results)
    return explained(what, rows, counted, count, partial(_changed, source, results, sap))


def _changed(source: Source, results: Sequence[ChunkResult], sap: SapSource) -> Iterator[int]:
    """How many rows changed while an initial load was read, where SAP tells: the next run's."""
    since = results[0].position if results else None
    if source.mode == "delta" and since is not None:
        query = Query(filter=source.filter)
        for page in sap.changes(source.service, source.entity_set, query, since=since):
            yield len(page.rows) + len(page.deleted)


def _vanished(plan: Plan, number: int, before: Published, objects: Objects, workspace: Path) -> int:
    """Store the keys that rows had in the runs before, down to a snapshot, and now no row has."""
    source = plan.sources[number]
    old: list[Path] = []
    for run in since_snapshot(objects, before, source.entity_set):
        past = load_plan(run.extraction, run.run_id, objects)
        chunks = [c for c in past.chunks if past.source_of(c).entity_set == source.entity_set]
        old += fetch_keys(past, chunks, objects, workspace).values()
    new = list(fetch_keys(plan, plan.chunks_of(number), objects, workspace).values())
    lines, rows = workspace / "vanished.keys", workspace / "vanished.ndjson"
    count = vanished(old, new, workspace, lines)
    if count:
        _as_objects(lines, source.shape.keys, rows)
        objects.store(vanished_key(plan, source.entity_set), rows)
    for path in (*old, *new, lines, rows):
        path.unlink(missing_ok=True)
    return count


def _as_objects(lines: Path, names: Sequence[str], to: Path) -> None:
    decoder = msgspec.json.Decoder(list[Raw])
    with lines.open("rb") as keys, to.open("wb") as file:
        for line in keys:
            key = dict(zip(names, decoder.decode(line), strict=True))
            file.write(msgspec.json.encode(key) + b"\n")


def _published(
    source: Source,
    results: Sequence[ChunkResult],
    counted: int | None,
    note: str | None,
    gone: int,
) -> PublishedSet:
    return PublishedSet(
        entity_set=source.entity_set,
        service=source.service,
        mode=source.mode,
        snapshot=source.is_snapshot,
        rows=sum(result.rows for result in results),
        deleted=sum(result.deleted for result in results),
        repeated=sum(result.repeated for result in results),
        pages=sum(result.pages for result in results),
        bytes=sum(result.bytes for result in results),
        files=tuple(file for result in results for file in result.files),
        shape=source.shape,
        counted=counted,
        note=note,
        vanished=gone,
    )
