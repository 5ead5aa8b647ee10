"""The nouns of one run of an extraction, and where its objects lie.

extracts/<extraction>/<run id>/plan.json              what is read, and how it is cut
                              /chunks.json            one descriptor per chunk, for the map
                              /<set>/<chunk>/page-00000.ndjson     rows as SAP sent them, where
                                                                   these are the output; else _page
                                            /_page-00000.deleted.ndjson  keys of deleted rows
                                            /_position.json              how far it is stored
                                            /part-00000.<format>         rows in the output's form
                                            /_keys.ndjson                the key of each row
                                            /_done.json                  the chunk is complete
                              /<set>/_vanished.ndjson  keys of rows that the last snapshot had
                              /<set>/_checked.json     what _SUCCESS will say of the set
                              /<set>/_anew.json       its counts were refused: it is read anew
                              /_SUCCESS               the run is complete: readers look for it

Below an entity set a name begins with `_` unless the object is a file of the output: that is what
engines that read a whole prefix pass over.
"""

from collections.abc import Iterator
from datetime import date, datetime
from decimal import Decimal

import msgspec
from msgspec import Struct

from sapmatch.model.changes import DeltaPosition
from sapmatch.model.errors import InputRejected
from sapmatch.model.flow import Mode, Output
from sapmatch.model.ports import Objects
from sapmatch.model.query import Condition, ODataValue, Query, field
from sapmatch.model.shape import Kind, Shape


class Range(Struct, frozen=True, kw_only=True):
    """Values of one field from `low` on and before `high`, as text; None is without a bound."""

    field: str
    kind: Kind
    low: str | None = None
    high: str | None = None

    @property
    def condition(self) -> Condition | None:
        """The same for a query; None where there is no bound."""
        operand = field(self.field)
        parts = []
        if self.low is not None:
            parts.append(operand.ge(value_of(self.low, self.kind)))
        if self.high is not None:
            parts.append(operand.lt(value_of(self.high, self.kind)))
        if not parts:
            return None
        return parts[0] if len(parts) == 1 else parts[0] & parts[1]


class Source(Struct, frozen=True, kw_only=True):
    """One entity set of a run; `counted` is what SAP counted before, None where it cannot.

    Mode timestamp: `changed_field` holds when a row changed, `after` bounds it. Mode delta:
    `since`; None in that mode is the initial load.
    """

    service: str
    entity_set: str
    shape: Shape
    mode: Mode = "full"
    select: tuple[str, ...] = ()
    expand: tuple[str, ...] = ()
    filter: str | None = None
    counted: int | None = None
    changed_field: str | None = None
    after: Range | None = None
    since: DeltaPosition | None = None

    @property
    def is_snapshot(self) -> bool:
        """Whether the run holds all rows, not only changed ones."""
        return self.mode == "full" or (
            self.since is None if self.mode == "delta" else self.after is None
        )


class Chunk(Struct, frozen=True, kw_only=True):
    """One part of a source that is read by itself: all of it, a range, or a stretch by $skip."""

    number: int
    source: int  # its place among the plan's sources
    range: Range | None = None
    skip: int | None = None
    top: int | None = None


class Plan(Struct, frozen=True, kw_only=True):
    """One run of an extraction; `planned_at` ISO, UTC: SAP said it then at the earliest."""

    extraction: str
    run_id: str
    connection: str
    sources: tuple[Source, ...]
    chunks: tuple[Chunk, ...]
    index: bool = False
    output: Output = Output()
    page_size: int = 1000
    planned_at: str = ""
    reload: bool = False
    keep: int | None = None
    schema: int = 2

    def source_of(self, chunk: Chunk) -> Source:
        """What the chunk is a part of."""
        return self.sources[chunk.source]

    def chunks_of(self, source: int) -> tuple[Chunk, ...]:
        """The parts of one source."""
        return tuple(chunk for chunk in self.chunks if chunk.source == source)

    def prefix(self, chunk: Chunk) -> str:
        """Where the objects of a chunk lie."""
        name = self.source_of(chunk).entity_set
        return f"{run_prefix(self.extraction, self.run_id)}{name}/{chunk.number:05d}/"

    def query(self, chunk: Chunk) -> Query:
        """What is asked of SAP for a chunk."""
        source = self.source_of(chunk)
        by_skip = chunk.skip is not None
        return Query(
            select=source.select,
            expand=source.expand,
            filter=source.filter,
            where=joined(source.after, chunk.range),
            order_by=source.shape.keys if by_skip else (),
            skip=chunk.skip,
            top=chunk.top,
            paging="skip" if by_skip else "server",
            page_size=self.page_size,
        )


class DataFile(Struct, frozen=True, kw_only=True):
    """One file of the output; `bytes` as stored, `sha256` of these bytes."""

    key: str
    rows: int
    bytes: int
    sha256: str


class ChunkResult(Struct, frozen=True, kw_only=True):
    """What one chunk holds; `sha256` over the hashes of its pages, as text, in order.

    `repeated` counts rows that SAP sent twice and that were stored once, `deleted` those that SAP
    says are gone. `first_key` and `last_key` as lines of _keys.ndjson. `position`: where changes
    begin next. `latest`: the latest time of change that was seen, as text.
    """

    entity_set: str
    number: int
    rows: int
    pages: int
    bytes: int
    sha256: str
    deleted: int = 0
    repeated: int = 0
    first_key: str | None = None
    last_key: str | None = None
    files: tuple[DataFile, ...] = ()
    position: DeltaPosition | None = None
    latest: str | None = None
    schema: int = 2


class PublishedSet(Struct, frozen=True, kw_only=True):
    """What `_SUCCESS` says of one entity set.

    `counted` is SAP's own count before the run; `note` explains where SAP changed meanwhile.
    `vanished` counts rows of the snapshot before that this one no longer holds.
    """

    entity_set: str
    service: str
    mode: Mode
    snapshot: bool
    rows: int
    deleted: int
    repeated: int
    pages: int
    bytes: int
    files: tuple[DataFile, ...]
    shape: Shape
    counted: int | None = None
    note: str | None = None
    vanished: int = 0


class Published(Struct, frozen=True, kw_only=True):
    """`_SUCCESS`: what readers may rely on; they ignore a run without it.

    `base`: the run with the snapshot that this one's changes follow, None where it is one itself.
    `previous`: the last good run when this one was published.
    """

    extraction: str
    run_id: str
    planned_at: str
    published_at: str
    output: Output
    sets: tuple[PublishedSet, ...]
    base: str | None = None
    previous: str | None = None
    schema: int = 2

    def set(self, entity_set: str) -> PublishedSet | None:
        """What it says of one entity set, None where the run did not read it."""
        return next((found for found in self.sets if found.entity_set == entity_set), None)


def joined(*ranges: Range | None) -> Condition | None:
    """Conditions of all ranges that have a bound."""
    found = [r.condition for r in ranges if r is not None and r.condition is not None]
    whole: Condition | None = None
    for condition in found:
        whole = condition if whole is None else whole & condition
    return whole


def value_of(text: str, kind: Kind) -> ODataValue:
    """A bound as the value that a filter takes; ISO text for dates and times."""
    match kind:
        case "integer":
            return int(text)
        case "decimal":
            return Decimal(text)
        case "date":
            return date.fromisoformat(text)
        case "datetime" | "moment":
            return datetime.fromisoformat(text)
        case "text":
            return text
    raise InputRejected(f"a field of kind {kind} has no order to cut it by; name another one")


def extraction_prefix(extraction: str) -> str:
    """Where the runs of an extraction lie."""
    return f"extracts/{extraction}/"


def are_pages(output: Output) -> bool:
    """Whether the pages are the files: rows as SAP sent them, in no other form or size."""
    return output == Output(format="ndjson", values="raw", compression="none")


def run_prefix(extraction: str, run_id: str) -> str:
    """Where the objects of one run lie."""
    return f"{extraction_prefix(extraction)}{run_id}/"


def plan_key(extraction: str, run_id: str) -> str:
    """Where the plan of a run lies."""
    return f"{run_prefix(extraction, run_id)}plan.json"


def chunks_key(extraction: str, run_id: str) -> str:
    """Where the descriptors of a plan's chunks lie: a JSON array of objects, for the map."""
    return f"{run_prefix(extraction, run_id)}chunks.json"


def success_key(extraction: str, run_id: str) -> str:
    """The mark of a complete run."""
    return f"{run_prefix(extraction, run_id)}_SUCCESS"


def page_key(plan: Plan, chunk: Chunk, number: int) -> str:
    """Where a page lies: the same key in every run of its chunk (RE-11)."""
    mark = "" if are_pages(plan.output) else "_"
    return f"{plan.prefix(chunk)}{mark}page-{number:05d}.ndjson"


def deleted_key(prefix: str, number: int) -> str:
    """Where the keys of a page's deleted rows lie; no object where it deletes nothing."""
    return f"{prefix}_page-{number:05d}.deleted.ndjson"


def keys_key(prefix: str) -> str:
    """Where the keys of a chunk's rows lie: a JSON array of the key fields' values a line."""
    return f"{prefix}_keys.ndjson"


def vanished_key(plan: Plan, entity_set: str) -> str:
    """Where the keys lie that the snapshot before had and this one has not: JSON objects."""
    return f"{run_prefix(plan.extraction, plan.run_id)}{entity_set}/_vanished.ndjson"


def checked_key(plan: Plan, entity_set: str) -> str:
    """Where the PublishedSet of a set waits until all sets are checked."""
    return f"{run_prefix(plan.extraction, plan.run_id)}{entity_set}/_checked.json"


def done_key(prefix: str) -> str:
    """The mark that a chunk is complete: its ChunkResult."""
    return f"{prefix}_done.json"


def load_plan(extraction: str, run_id: str, objects: Objects) -> Plan:
    """The plan of a run; raises InputRejected where none was kept."""
    return msgspec.json.decode(objects.read(plan_key(extraction, run_id)), type=Plan)


def load_published(extraction: str, run_id: str, objects: Objects) -> Published | None:
    """What a run published, None where it is not complete."""
    key = success_key(extraction, run_id)
    if not objects.exists(key):
        return None
    return msgspec.json.decode(objects.read(key), type=Published)


def load_result(plan: Plan, chunk: Chunk, objects: Objects) -> ChunkResult | None:
    """What a chunk holds, None where it is not complete."""
    key = done_key(plan.prefix(chunk))
    if not objects.exists(key):
        return None
    return msgspec.json.decode(objects.read(key), type=ChunkResult)


def rows_of(plan: Plan, chunk: Chunk, result: ChunkResult, objects: Objects) -> Iterator[bytes]:
    """The stored rows of a complete chunk as SAP sent them, a page in memory at a time."""
    for number in range(result.pages):
        yield from stored_rows(objects, page_key(plan, chunk, number))


def deleted_of(plan: Plan, chunk: Chunk, result: ChunkResult, objects: Objects) -> Iterator[bytes]:
    """The keys of deleted rows of a complete chunk, each a JSON object of its key fields."""
    for number in range(result.pages):
        yield from stored_rows(objects, deleted_key(plan.prefix(chunk), number))


def stored_rows(objects: Objects, key: str) -> list[bytes]:
    """The lines of one page; none where nothing is stored: a page may hold deletions only."""
    return objects.read(key).splitlines() if objects.exists(key) else []
