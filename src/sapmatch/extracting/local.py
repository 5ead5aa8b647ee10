"""One entity set into one file on this machine, for `sapmatch extract`.

It is a run as in the cloud: planned, read chunk by chunk, checked, and only then made the file. The
run's objects lie in a hidden folder; a call that was broken off is gone on with where its last page
was stored.
"""

import hashlib
import re
import shutil
import threading
from collections.abc import Iterator
from concurrent.futures import FIRST_EXCEPTION, ThreadPoolExecutor, wait
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import Literal, Protocol

import msgspec
from msgspec import Struct
from msgspec.structs import replace

from sapmatch.extracting import formats, snapshot
from sapmatch.extracting.chunk import extract_chunk
from sapmatch.extracting.finish import finish_extraction
from sapmatch.extracting.formats.labels import label_of
from sapmatch.extracting.gathered import Gathering
from sapmatch.extracting.plan import plan_extraction
from sapmatch.extracting.run import (
    Chunk,
    Plan,
    Published,
    Source,
    are_pages,
    load_published,
    run_prefix,
)
from sapmatch.extracting.watched import Progress, WatchedSap
from sapmatch.model.errors import InputRejected, Problem, ResyncRequired, SapRejected
from sapmatch.model.flow import EntitySet, Extraction, Output
from sapmatch.model.limits import Permits
from sapmatch.model.ports import Clock, Control, Objects, SapSource

ROWS_REFUSED = "ROWS_REFUSED"  # code of the problem: what was read is not what SAP holds
_STATE = "state.json"
_NAME = "run"  # of the extraction, among the objects of its own folder
_PAGE = re.compile(r".*/page-\d+\.ndjson")
_COPY = re.compile(r"\.(ndjson|csv)(\.gz|\.zst)?|\.parquet")


class LocalObjects(Objects, Protocol):
    """Objects that are files of this machine."""

    def path(self, key: str) -> Path:
        """Where the object lies."""
        ...


class Work(Struct, frozen=True, kw_only=True):
    """A folder for the runs of one query, with what the ports keep in it."""

    folder: Path
    objects: LocalObjects
    control: Control
    permits: Permits

    @property
    def spill(self) -> Path:
        """For what outgrows memory."""
        return self.folder / "spill"


class Wanted(Struct, frozen=True, kw_only=True):
    """What is to be read; `system` tells SAP systems, clients and users apart."""

    connection: str
    system: str
    entity_set: EntitySet
    output: Output = Output()
    delta: bool = False
    reload: bool = False
    page_size: int = 1000
    parallel: int = 1

    def __post_init__(self) -> None:
        """Raises InputRejected for what would fail after the last page only."""
        if not re.fullmatch(r"[A-Za-z_]\w*", self.entity_set.name):
            raise InputRejected(f"{self.entity_set.name!r}: is no name of an entity set")
        raw = self.output.format == "ndjson" and self.output.values == "raw"
        if raw and (self.output.nested == "flatten" or self.output.labels):
            raise InputRejected(
                "--flatten and --labels: raw rows stay as SAP sent them; add --values typed, or "
                "write --format csv or parquet"
            )

    @property
    def digest(self) -> str:
        """The same for the same query of the same system."""
        asked = msgspec.json.encode((self.system, self.entity_set, self.delta))
        return hashlib.sha256(asked).hexdigest()


class ExtractSummary(Struct, frozen=True, kw_only=True):
    """What was written; `rows` and `bytes` of the file, `notes` where SAP changed meanwhile.

    `changed` and `deleted`: what this call learned from SAP, with `delta` only.
    """

    entity_set: str
    rows: int
    pages: int
    bytes: int
    files: tuple[str, ...]
    delta: Literal["none", "stored"] = "none"
    changed: int | None = None
    deleted: int | None = None
    note: str | None = None


class _State(Struct, frozen=True, kw_only=True):
    """Which run the folder holds; `run_id` None: none is unfinished, changes may follow.

    `based`: there is a complete load. `reload`: the unfinished run was begun by asking for one.
    """

    query: str
    run_id: str | None = None
    based: bool = False
    reload: bool = False


def extract_entity_set(
    wanted: Wanted, *, to: Path, sap: SapSource, work: Work, clock: Clock, progress: Progress
) -> ExtractSummary:
    """Write exactly `to/<EntitySet>.<format>`; the same call again goes on where one broke off.

    Rows of raw NDJSON stand as SAP sent them, in its order, chunk after chunk. With `delta` the
    first call loads everything and keeps the position, later ones read what changed; the file is
    always SAP's whole state. Raises InputRejected for a query that the entity set cannot answer,
    where another one was broken off here, and, with the problem ROWS_REFUSED, where rows are
    missing (RE-19); ResyncRequired where SAP forgot the position (RE-21). A file that was there
    stays as it is then.
    """
    state = _begin(wanted, work, clock)
    with _kept_where_it_can_go_on(work, state, progress):
        plan = _planned(wanted, state, sap, work, clock)
        _read(plan, wanted.parallel, _watched(plan, sap, work, progress), work)
        _finish(plan, sap, work, clock)
    summary = _written(plan, wanted, to, work)
    _end(wanted, state, work)
    for remark in _remarks(plan.sources[0], wanted.output, Path(summary.files[0])):
        progress.say(remark)
    return summary


def _begin(wanted: Wanted, work: Work, clock: Clock) -> _State:
    """The run that is gone on with, or a new one."""
    state = _state(work)
    same = state is not None and state.query == wanted.digest
    if state is not None and not same and not wanted.reload:
        _refuse_to_drop(wanted, state, work)
    if state is None or not same or (wanted.reload and not state.reload):
        _clear(work)
        state = _State(query=wanted.digest, reload=wanted.reload)
    if state.run_id is None:
        state = replace(state, run_id=f"{clock.now():%Y%m%dT%H%M%S%fZ}")
    work.objects.write(_STATE, msgspec.json.encode(state))
    return state


def _state(work: Work) -> _State | None:
    if not work.objects.exists(_STATE):
        return None
    return msgspec.json.decode(work.objects.read(_STATE), type=_State)


def _refuse_to_drop(wanted: Wanted, state: _State, work: Work) -> None:
    """InputRejected where something is kept here that another query would take the place of."""
    if state.based:
        raise InputRejected(
            f"{wanted.entity_set.name}: the position that is kept here belongs to another query, "
            "system or user; ask as before, or load everything anew with --reload"
        )
    rows, pages = _stored(work, state.run_id) if state.run_id else (0, 0)
    if pages:
        raise InputRejected(
            f"{wanted.entity_set.name}: another query was broken off here, {rows} rows in {pages} "
            "pages are stored; the same query, system and user as before go on with them, "
            "--reload drops them"
        )


def _planned(wanted: Wanted, state: _State, sap: SapSource, work: Work, clock: Clock) -> Plan:
    extraction = Extraction(
        connection=wanted.connection,
        entity_sets=(wanted.entity_set,),
        mode="delta" if wanted.delta else "full",
        page_size=wanted.page_size,
        parallel=wanted.parallel,
    )
    assert state.run_id is not None
    return plan_extraction(
        _NAME,
        extraction,
        state.run_id,
        sap=sap,
        objects=work.objects,
        control=work.control,
        now=clock.now(),
    )


def _watched(plan: Plan, sap: SapSource, work: Work, progress: Progress) -> WatchedSap:
    """SAP, with what is stored of this run already taken as read."""
    rows, pages = _stored(work, plan.run_id)
    if pages:
        begun = f"{datetime.fromisoformat(plan.planned_at):%Y-%m-%d %H:%M} UTC"
        progress.say(f"goes on with the run of {begun}: {rows} rows in {pages} pages are here")
    return WatchedSap(sap, progress, rows, pages, plan.sources[0].counted)


def _stored(work: Work, run_id: str) -> tuple[int, int]:
    """Rows and pages of a run that are here; once it is complete, some may lie in the file."""
    published = load_published(_NAME, run_id, work.objects)
    if published is not None:
        (found,) = published.sets
        return found.rows, found.pages
    pages = list(_pages(work, run_id))
    return sum(work.objects.read(key).count(b"\n") for key in pages), len(pages)


def _pages(work: Work, run_id: str) -> Iterator[str]:
    keys = work.objects.keys(run_prefix(_NAME, run_id))
    return (key for key in keys if _PAGE.fullmatch(key))


def _read(plan: Plan, parallel: int, sap: SapSource, work: Work) -> None:
    """All chunks, some at a time; where one fails, the others end with their page."""
    stop = threading.Event()

    def read(chunk: Chunk) -> None:
        extract_chunk(
            plan,
            chunk,
            sap=sap,
            objects=work.objects,
            permits=work.permits,
            out_of_time=stop.is_set,
            workspace=work.spill,
        )

    work.spill.mkdir(parents=True, exist_ok=True)
    with ThreadPoolExecutor(parallel) as pool:
        chunks = [pool.submit(read, chunk) for chunk in plan.chunks]
        try:
            wait(chunks, return_when=FIRST_EXCEPTION)
        finally:
            stop.set()
            pool.shutdown(cancel_futures=True)
    failed = [chunk.exception() for chunk in chunks if not chunk.cancelled()]
    for error in filter(None, failed):
        raise error


def _finish(plan: Plan, sap: SapSource, work: Work, clock: Clock) -> None:
    try:
        finish_extraction(
            plan,
            sap=sap,
            objects=work.objects,
            control=work.control,
            clock=clock,
            workspace=work.spill,
            out_of_time=lambda: False,
        )
    except InputRejected as exc:
        if not _is_final(exc):
            raise
        problem = Problem(code=ROWS_REFUSED, message=str(exc))
        raise InputRejected(str(exc), (problem,)) from exc


def _written(plan: Plan, wanted: Wanted, to: Path, work: Work) -> ExtractSummary:
    """The file, and what is to be said of it."""
    published = load_published(plan.extraction, plan.run_id, work.objects)
    assert published is not None
    (found,) = published.sets
    rows, complete = _complete(plan, published, wanted, work)
    file = to / f"{found.entity_set}{formats.suffix(wanted.output)}"
    try:
        complete.replace(file)
    except OSError as exc:
        raise InputRejected(f"{file}: cannot be written ({exc.strerror})") from exc
    return ExtractSummary(
        entity_set=found.entity_set,
        rows=rows,
        pages=found.pages,
        bytes=file.stat().st_size,
        files=(str(file),),
        delta="stored" if wanted.delta else "none",
        changed=found.rows if wanted.delta else None,
        deleted=found.deleted if wanted.delta else None,
        note=found.note,
    )


def _complete(plan: Plan, published: Published, wanted: Wanted, work: Work) -> tuple[int, Path]:
    """Number of rows, and the file with them in the folder of the run.

    Pages that nothing needs any more are moved into it, all else is converted from them.
    """
    (found,) = published.sets
    pages = [(file, work.objects.path(file.key)) for file in found.files]
    if not found.snapshot:
        files = [_merged(published, work)]
    elif wanted.delta:
        files = [page for _, page in pages]
    else:
        gathering = Gathering(work.folder / "rows.ndjson", pages)
        if are_pages(wanted.output):
            return found.rows, gathering.finish()
        files = gathering.files()
    to = work.folder / "converted"
    source = plan.sources[0]
    return formats.convert(files, source, wanted.output, to, workspace=work.spill), to


def _merged(published: Published, work: Work) -> Path:
    """What the changes make of the rows that were read before."""
    merged = work.spill / "merged.ndjson"
    (found,) = published.sets
    rows = snapshot.current_rows(work.objects, published, found.entity_set, workspace=work.spill)
    with merged.open("wb") as file:
        file.writelines(row + b"\n" for row in rows)
    return merged


def _remarks(source: Source, output: Output, file: Path) -> Iterator[str]:
    """What is to be known of the file that was written, and of others beside it."""
    name, shapes = source.entity_set, [source.shape]
    if output.nested == "flatten":
        shapes += source.shape.nested.values()
    fields = [field for shape in shapes for field in shape.fields]
    if output.labels and not any(label_of(field, output.labels) for field in fields):
        yield "SAP has no labels for these columns: they are named as its fields are"
    beside = sorted(each for each in file.parent.glob(f"{name}.*") if each != file)
    old = [each.name for each in beside if _COPY.fullmatch(each.name.removeprefix(name))]
    if old:
        yield f"{', '.join(old)} beside {file.name} is of an earlier call: it was not renewed"


def _end(wanted: Wanted, state: _State, work: Work) -> None:
    """Keep what the next call needs to read changes only."""
    if wanted.delta:
        done = _State(query=state.query, based=True)
        work.objects.write(_STATE, msgspec.json.encode(done))
        shutil.rmtree(work.spill, ignore_errors=True)
    else:
        _clear(work)


@contextmanager
def _kept_where_it_can_go_on(work: Work, state: _State, progress: Progress) -> Iterator[None]:
    """Where the block ends badly: nothing stays that the same call could not use."""
    try:
        yield
    except BaseException as exc:
        assert state.run_id is not None
        useful = any(_pages(work, state.run_id)) and not _is_final(exc)
        if useful:
            progress.say("what was read is kept: the same command goes on where it stopped")
        elif not state.based:
            _clear(work)
        raise


def _is_final(exc: BaseException) -> bool:
    """Whether the same would happen again, as with a page that SAP no longer gives."""
    import duckdb

    if isinstance(exc.__cause__, OSError | duckdb.Error):  # a full disk, for example
        return False
    return isinstance(exc, InputRejected | SapRejected | ResyncRequired)


def _clear(work: Work) -> None:
    """The state first: broken off in the middle, what is left is no run that could be gone on."""
    if work.folder.exists():
        work.objects.delete(_STATE)
        shutil.rmtree(work.folder)
