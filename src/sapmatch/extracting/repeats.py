"""Takes out of a run what SAP sent twice, in different chunks or far apart in one (RE-19)."""

from collections.abc import Callable, Mapping, Sequence
from itertools import groupby
from pathlib import Path

from msgspec.structs import replace

from sapmatch.extracting.chunk import complete_chunk
from sapmatch.extracting.keys import KeyReader
from sapmatch.extracting.parts import StoredPage, stored_page
from sapmatch.extracting.progress import Position, load_position, save_position
from sapmatch.extracting.rows import raw_lines
from sapmatch.extracting.run import (
    Chunk,
    Plan,
    done_key,
    keys_key,
    load_result,
    page_key,
    stored_rows,
)
from sapmatch.extracting.sorting import Repeated, repeated
from sapmatch.model.ports import Objects

OutOfTime = Callable[[], bool]


def keep_once(
    plan: Plan, source: int, *, objects: Objects, workspace: Path, out_of_time: OutOfTime
) -> bool:
    """Keep of each key the row that was read last; False where time is up: call again.

    A chunk with others of its rows is stored anew without them. Broken off, it is done again from
    the keys that are stored: pages first, their keys and files then, the chunk's mark last.
    """
    chunks = plan.chunks_of(source)
    if not all(_complete(plan, chunk, objects, workspace, out_of_time) for chunk in chunks):
        return False
    files = fetch_keys(plan, chunks, objects, workspace)
    entity_set = plan.sources[source].entity_set
    found = repeated(list(files.values()), workspace, entity_set)
    for path in files.values():
        path.unlink()
    held = list(files)
    for number, keys in groupby(found, key=lambda each: each.file):
        _store_anew(plan, held[number], list(keys), objects)
        if not _complete(plan, held[number], objects, workspace, out_of_time):
            return False
    return True


def fetch_keys(
    plan: Plan, chunks: Sequence[Chunk], objects: Objects, workspace: Path
) -> Mapping[Chunk, Path]:
    """The keys of chunks with rows as files of the workspace, in the order of the chunks."""
    files = {}
    for chunk in chunks:
        result = load_result(plan, chunk, objects)
        if result and result.rows:
            files[chunk] = workspace / f"{plan.run_id}-{chunk.number:05d}.keys"
            objects.fetch(keys_key(plan.prefix(chunk)), files[chunk])
    return files


def _complete(
    plan: Plan, chunk: Chunk, objects: Objects, workspace: Path, out_of_time: OutOfTime
) -> bool:
    result = complete_chunk(
        plan, chunk, objects=objects, out_of_time=out_of_time, workspace=workspace
    )
    return result is not None


def _store_anew(plan: Plan, chunk: Chunk, found: Sequence[Repeated], objects: Objects) -> None:
    """The pages without the rows that are held later; then nothing of what was made of them."""
    position = load_position(plan, chunk, objects)
    thinned = _thinned(plan, chunk, position, found, objects)
    for file in position.files:
        objects.delete(file.key)
    prefix = plan.prefix(chunk)
    save_position(prefix, thinned, objects)
    objects.delete(done_key(prefix))
    objects.delete(keys_key(prefix))


def _thinned(
    plan: Plan, chunk: Chunk, position: Position, found: Sequence[Repeated], objects: Objects
) -> Position:
    """Store the pages from the last one on, so that the last row of a key is met first."""
    reader = KeyReader(plan.source_of(chunk).shape)
    gone = {each.key.encode() for each in found if not each.last}
    once = {each.key.encode() for each in found if each.last}
    pages, keys = list(position.pages), list[bytes]()
    for number in reversed(range(len(pages))):
        rows = stored_rows(objects, page_key(plan, chunk, number))
        kept = []
        for key, row in zip(reversed(reader.lines(rows)), reversed(rows), strict=True):
            if key not in gone:
                kept.append(row)
                keys = [*keys[:1], key]
            if key in once:
                gone.add(key)
        pages[number] = _store_page(plan, chunk, number, kept[::-1], pages[number], objects)
    left_out = _rows(position.pages) - _rows(pages)
    return replace(
        position,
        pages=tuple(pages),
        files=(),
        segments=(),
        repeated=position.repeated + left_out,
        first_key=keys[-1].decode() if keys else None,
        last_key=keys[0].decode() if keys else None,
    )


def _store_page(
    plan: Plan, chunk: Chunk, number: int, rows: Sequence[bytes], was: StoredPage, objects: Objects
) -> StoredPage:
    page = stored_page(raw_lines(rows), was.deleted)
    key = page_key(plan, chunk, number)
    if not rows:
        objects.delete(key)
    elif page != was:
        objects.write(key, raw_lines(rows))
    return page


def _rows(pages: Sequence[StoredPage]) -> int:
    return sum(page.rows for page in pages)
