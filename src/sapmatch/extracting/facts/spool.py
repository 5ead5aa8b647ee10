"""The facts of a whole run on disk, sorted by whom they are about; memory does not grow with them.

extracts/<extraction>/<run id>/index/00000.facts   the facts of one chunk: `Line` as text
                                    /00000.json    the chunk's facts are complete; what is wrong
"""

from collections.abc import Callable, Iterator
from itertools import count
from pathlib import Path
from typing import IO, Any

import msgspec
from msgspec import Struct

from sapmatch.extracting.facts.line import Line
from sapmatch.extracting.facts.reader import FactReader
from sapmatch.extracting.formats import sql
from sapmatch.extracting.formats.engine import copy, engine
from sapmatch.extracting.run import (
    Chunk,
    ChunkResult,
    Plan,
    deleted_key,
    load_result,
    page_key,
    run_prefix,
    stored_rows,
    vanished_key,
)
from sapmatch.model.errors import InputRejected
from sapmatch.model.facts import Fact
from sapmatch.model.intent import Record
from sapmatch.model.ledger import SubjectKind
from sapmatch.model.ports import Objects

MOST_NOTES = 20  # of one chunk; all are counted
_PLACES = 10**9  # rows of one chunk at most
_GONE = 10**15  # rows that vanished are later than any row
# Tabs and line ends stand in no JSON text; a subject's number with one is refused before.
_LINES = """
CREATE MACRO lines(files) AS TABLE SELECT * FROM read_csv(files, columns = {
    'kind': 'VARCHAR', 'number': 'VARCHAR', 'about_kind': 'VARCHAR', 'about': 'VARCHAR',
    'fact': 'VARCHAR'}, header = false, auto_detect = false, delim = '\t', quote = '',
    escape = '', new_line = '\\n', max_line_size = 16777216)
"""
# Parties first, so that orders find them; then orders with all that documents of the same run say
# of them, so that each is written once; then the documents.
_SORTED = """
WITH said AS (FROM lines({files})),
about AS (SELECT DISTINCT kind, number, about_kind, about FROM said WHERE about IS NOT NULL),
heard AS (
    SELECT about.about_kind AS kind, about.about AS number, said.fact
    FROM about JOIN said ON said.kind = about.kind AND said.number = about.number
    WHERE said.about IS NULL
        OR (said.about = about.about AND said.about_kind = about.about_kind)),
every AS (SELECT kind, number, fact FROM said UNION ALL FROM heard)
SELECT CASE WHEN kind IN ('supplier', 'customer') THEN 0
            WHEN kind IN ('purchase_order', 'sales_order') THEN 1 ELSE 2 END AS step,
    kind, number, fact
FROM every ORDER BY ALL
"""
_fact = msgspec.json.Decoder(Fact)


class Spooled(Struct, frozen=True, kw_only=True):
    """What is wrong with the rows of one chunk: those `left_out`, and the first notes on them."""

    left_out: int = 0
    notes: tuple[str, ...] = ()


class Group(Struct, frozen=True, kw_only=True):
    """All facts of a run about one subject; `step` says when it is its turn."""

    step: int
    kind: SubjectKind
    number: str
    facts: tuple[Fact, ...]

    @property
    def place(self) -> tuple[int, str, str]:
        """Where it stands among the groups."""
        return self.step, self.kind, self.number


def spool(
    plan: Plan,
    objects: Objects,
    reader: FactReader,
    workspace: Path,
    out_of_time: Callable[[], bool],
) -> list[Spooled] | None:
    """Store the facts of each chunk, one at least; None where time was up before the last."""
    done: list[Spooled] = []
    worked = False
    for chunk in plan.chunks:
        key = f"{_prefix(plan, chunk)}.json"
        if not objects.exists(key):
            if worked and out_of_time():
                return None
            worked = True
            found = _spool(plan, chunk, objects, reader, workspace)
            objects.write(key, msgspec.json.encode(found))
        done.append(msgspec.json.decode(objects.read(key), type=Spooled))
    return done


def sort(plan: Plan, objects: Objects, workspace: Path) -> Path:
    """One file with the facts of all chunks in the order of their groups."""
    files = []
    for chunk in plan.chunks:
        path = workspace / f"{chunk.number:05d}.facts"
        objects.fetch(f"{_prefix(plan, chunk)}.facts", path)
        files.append(path)
    to = workspace / "sorted.facts"
    with engine(workspace, ()) as database:
        database.execute(_LINES)
        names = ", ".join(sql.literal(str(path.absolute())) for path in files)
        query = _SORTED.format(files=f"[{names}]")
        copy(database, query, to, "FORMAT csv, HEADER false, DELIMITER '\t', QUOTE '', ESCAPE ''")
    for path in files:
        path.unlink()
    return to


def groups(path: Path, after: tuple[int, str, str]) -> Iterator[Group]:
    """The groups of a sorted file behind a place; one in memory at a time."""
    with path.open("rb") as file:
        place: tuple[int, str, str] | None = None
        facts: list[bytes] = []
        for line in file:
            step, kind, number, fact = line.rstrip(b"\n").split(b"\t")
            here = int(step), kind.decode(), number.decode()
            if here != place:
                if place is not None and place > after:
                    yield _group(place, facts)
                place, facts = here, []
            facts.append(fact)
        if place is not None and place > after:
            yield _group(place, facts)


def _group(place: tuple[int, str, str], facts: list[bytes]) -> Group:
    step, kind, number = place
    return Group(
        step=step,
        kind=msgspec.convert(kind, SubjectKind),
        number=number,
        facts=tuple(_fact.decode(fact) for fact in facts),
    )


def _spool(
    plan: Plan, chunk: Chunk, objects: Objects, reader: FactReader, workspace: Path
) -> Spooled:
    path = workspace / f"{chunk.number:05d}.facts"
    notes: list[str] = []
    left_out = 0
    with path.open("wb") as file:
        if reader.knows(plan.source_of(chunk).entity_set):
            for problem in _write(plan, chunk, objects, reader, file):
                left_out += 1
                if len(notes) < MOST_NOTES:
                    notes.append(problem)
    objects.store(f"{_prefix(plan, chunk)}.facts", path)
    path.unlink()
    return Spooled(left_out=left_out, notes=tuple(notes))


def _write(
    plan: Plan, chunk: Chunk, objects: Objects, reader: FactReader, file: IO[bytes]
) -> Iterator[str]:
    """Write the facts of a chunk page by page; what is wrong with each row that is left out."""
    result = load_result(plan, chunk, objects)
    if result is None:
        raise InputRejected(f"run {plan.run_id}: chunk {chunk.number} is not done; finish it first")
    source, prefix = plan.source_of(chunk), plan.prefix(chunk)
    places = count(chunk.number * _PLACES)
    numbers = count(1)
    for page in range(result.pages):
        for row in stored_rows(objects, page_key(plan, chunk, page)):
            said = reader.read(source.entity_set, next(numbers), row, next(places))
            file.writelines(map(_text, said.lines))
            if said.problems:
                yield said.problems[0].message
        for keys in _gone(objects, result, deleted_key(prefix, page)):
            file.writelines(map(_text, reader.removed(source.entity_set, keys, next(places))))
    if _is_first(plan, chunk) and reader.is_gone(source.entity_set):
        places = count(_GONE)
        for keys in _gone(objects, None, vanished_key(plan, source.entity_set)):
            file.writelines(map(_text, reader.removed(source.entity_set, keys, next(places))))


def _gone(objects: Objects, result: ChunkResult | None, key: str) -> Iterator[Record]:
    if result is None or result.deleted:
        for line in stored_rows(objects, key):
            yield msgspec.json.decode(line, type=dict[str, Any])


def _is_first(plan: Plan, chunk: Chunk) -> bool:
    return chunk == plan.chunks_of(chunk.source)[0]


def _text(line: Line) -> bytes:
    about_kind, about = line.about or ("", "")
    names = "\t".join((line.kind, line.number, about_kind, about))
    return names.encode() + b"\t" + msgspec.json.encode(line.fact) + b"\n"


def _prefix(plan: Plan, chunk: Chunk) -> str:
    return f"{run_prefix(plan.extraction, plan.run_id)}index/{chunk.number:05d}"
