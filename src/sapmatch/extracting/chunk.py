"""Read one chunk from SAP into the object store, page by page; called again, it goes on.

A page is stored before the position that follows it, so that a crash between them repeats the page
under the same key and loses nothing (OD-P34).
"""

from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from tempfile import TemporaryDirectory

import msgspec
from msgspec import Struct
from msgspec.structs import replace

from sapmatch.extracting.keys import KeyReader, Row, RowsByKey, kept_once
from sapmatch.extracting.latest import Latest
from sapmatch.extracting.parts import (
    StoredPage,
    cut,
    page_files,
    sha256,
    store_part,
    stored_page,
)
from sapmatch.extracting.progress import Position, load_position, save_position
from sapmatch.extracting.rows import raw_lines
from sapmatch.extracting.run import (
    Chunk,
    ChunkResult,
    DataFile,
    Plan,
    are_pages,
    deleted_key,
    done_key,
    keys_key,
    load_result,
    page_key,
)
from sapmatch.model.changes import DeltaPosition
from sapmatch.model.intent import Record
from sapmatch.model.limits import Permits
from sapmatch.model.ports import Objects, SapSource

OutOfTime = Callable[[], bool]


class _Answer(Struct, frozen=True, kw_only=True):
    """One page of rows or of changes, and where SAP goes on after it."""

    rows: Sequence[Row]
    removed: Sequence[Record] = ()
    link: str | None = None
    changes: DeltaPosition | None = None
    ended: bool
    seconds: float
    busy: int


def extract_chunk(
    plan: Plan,
    chunk: Chunk,
    *,
    sap: SapSource,
    objects: Objects,
    permits: Permits,
    out_of_time: OutOfTime,
    workspace: Path,
) -> ChunkResult | None:
    """Store all pages, their keys and files, then `done.json`; None where time is up: call again.

    Each call that gets a permit stores one page or part at least. A finished chunk is not read
    again (RE-11). Errors of SAP pass; what is stored stays (RE-12, RE-19).
    """
    done = load_result(plan, chunk, objects)
    if done is not None:
        return done
    with TemporaryDirectory(dir=workspace) as folder:
        work = _Work(plan, chunk, objects, Path(folder))
        if work.position.ended or work.read(sap, permits, out_of_time):
            return work.finish(out_of_time)
    return None


def complete_chunk(
    plan: Plan, chunk: Chunk, *, objects: Objects, out_of_time: OutOfTime, workspace: Path
) -> ChunkResult | None:
    """As extract_chunk, without SAP; None too where not all pages of the chunk are stored."""
    done = load_result(plan, chunk, objects)
    if done is not None:
        return done
    with TemporaryDirectory(dir=workspace) as folder:
        work = _Work(plan, chunk, objects, Path(folder))
        return work.finish(out_of_time) if work.position.ended else None


class _Work:
    """What a worker holds while it is at a chunk: two pages at most."""

    def __init__(self, plan: Plan, chunk: Chunk, objects: Objects, folder: Path) -> None:
        self._plan = plan
        self._chunk = chunk
        self._objects = objects
        self._folder = folder
        self._source = source = plan.source_of(chunk)
        self._prefix = plan.prefix(chunk)
        self._keys = KeyReader(source.shape)
        self._latest = Latest(plan, source) if source.mode == "timestamp" else None
        # A key comes again among changes where the row changed again: the order of both matters.
        self._once = source.mode != "delta" or source.since is None
        self._before: RowsByKey = {}
        self._spool = folder / "keys.ndjson"
        self.position = load_position(plan, chunk, objects)
        self._is_first = not self.position.pages and not self.position.ended

    def read(self, sap: SapSource, permits: Permits, out_of_time: OutOfTime) -> bool:
        """Store pages; whether it was the last one and there is time to go on."""
        self._resume()
        owner = f"{self._plan.extraction}/{self._plan.run_id}/{self._chunk.number}"
        with permits.held(owner, out_of_time) as permit:
            for answer in self._answers(sap) if permit.is_held else ():
                self._store(answer)
                permit.page(answer.seconds, answer.busy)
                if out_of_time():
                    return False
        return self.position.ended

    def finish(self, out_of_time: OutOfTime) -> ChunkResult | None:
        """Store what stands behind the pages, then the mark; None where time is up."""
        self._store_keys()
        files = page_files(self._plan, self._chunk, self.position.pages)
        if not are_pages(self._plan.output):
            if not self._store_parts(out_of_time):
                return None
            files = self.position.files
        result = self._result(files)
        self._objects.write(done_key(self._prefix), msgspec.json.encode(result))
        return result

    def _page_key(self, number: int) -> str:
        return page_key(self._plan, self._chunk, number)

    def _save(self, position: Position) -> None:
        self.position = save_position(self._prefix, position, self._objects)

    def _resume(self) -> None:
        """Undo what was stored ahead of the position, and know the last page again.

        Its rows may have got newer content just before a crash, so that it is counted again.
        """
        pages = self.position.pages
        for key in (self._page_key(len(pages)), deleted_key(self._prefix, len(pages))):
            if self._objects.exists(key):
                self._objects.delete(key)
        if self._once and pages and pages[-1].rows:
            data = self._objects.read(self._page_key(len(pages) - 1))
            rows = data.splitlines()
            self._before = dict(zip(self._keys.lines(rows), rows, strict=True))
            last = stored_page(data, pages[-1].deleted)
            self.position = replace(self.position, pages=(*pages[:-1], last))

    def _answers(self, sap: SapSource) -> Iterator[_Answer]:
        source, query = self._source, self._plan.query(self._chunk)
        at = self.position
        if source.mode == "delta":
            since = at.changes or source.since
            for change in sap.changes(source.service, source.entity_set, query, since=since):
                yield _Answer(
                    rows=change.rows,
                    removed=change.removed,
                    changes=change.position,
                    ended=change.last,
                    seconds=change.seconds,
                    busy=change.busy,
                )
            return
        for page in sap.pages(source.service, source.entity_set, query, link=at.link):
            yield _Answer(
                rows=page.rows,
                link=page.next_link,
                ended=page.next_link is None,
                seconds=page.seconds,
                busy=page.busy,
            )

    def _store(self, answer: _Answer) -> None:
        """The page, then the position behind it."""
        at = self.position
        keys, rows, newer = self._distinct(answer.rows)
        pages = list(at.pages)
        if newer:
            pages[-1] = self._store_rows(len(pages) - 1, list(self._before.values()), ())
        if rows or answer.removed:
            pages.append(self._store_rows(len(pages), rows, answer.removed))
        if keys:
            self._before = dict(zip(keys, rows, strict=True)) if self._once else {}
            if self._is_first:
                self._spool_keys(keys)
        self._save(
            replace(
                at,
                pages=tuple(pages),
                link=answer.link,
                changes=answer.changes,
                ended=answer.ended,
                repeated=at.repeated + len(answer.rows) - len(rows),
                latest=self._latest.of(answer.rows, at.latest) if self._latest else None,
                first_key=at.first_key or (keys[0].decode() if keys else None),
                last_key=keys[-1].decode() if keys else at.last_key,
            )
        )

    def _distinct(self, rows: Sequence[Row]) -> tuple[list[bytes], list[Row], bool]:
        """Keys and rows that the last page has not; whether that one got newer content."""
        keys = self._keys.lines(rows)
        if not self._once:
            return keys, list(rows), False
        page = dict(zip(keys, rows, strict=True))  # the later content at the earlier place
        newer = kept_once(self._before, page)
        return list(page), list(page.values()), newer

    def _store_rows(
        self, number: int, rows: Sequence[Row], removed: Sequence[Record]
    ) -> StoredPage:
        data = raw_lines(rows)
        if removed:
            gone = msgspec.json.Encoder().encode_lines(removed)
            self._objects.write(deleted_key(self._prefix, number), gone)
        if rows:
            self._objects.write(self._page_key(number), data)
        return StoredPage(len(rows), len(data), sha256(data), len(removed))

    def _spool_keys(self, keys: Sequence[bytes]) -> None:
        with self._spool.open("ab") as file:
            file.write(b"\n".join([*keys, b""]))

    def _store_keys(self) -> None:
        """The keys of all rows: from the spool, or from the stored pages where others read them."""
        if self._objects.exists(keys_key(self._prefix)):
            return
        self._spool.touch()
        for number, page in enumerate(() if self._is_first else self.position.pages):
            if page.rows:
                rows = self._objects.read(self._page_key(number)).splitlines()
                self._spool_keys(self._keys.lines(rows))
        self._objects.store(keys_key(self._prefix), self._spool)

    def _store_parts(self, out_of_time: OutOfTime) -> bool:
        """Parts that are not there yet; whether all are."""
        parts = cut(self.position.pages, self._plan.output)
        for number in range(len(self.position.files), len(parts)):
            file = store_part(
                self._plan,
                self._chunk,
                number,
                parts[number],
                objects=self._objects,
                folder=self._folder,
            )
            self._save(replace(self.position, files=(*self.position.files, file)))
            if out_of_time():
                break
        return len(self.position.files) == len(parts)

    def _result(self, files: tuple[DataFile, ...]) -> ChunkResult:
        at = self.position
        hashes = "".join(page.sha256 for page in at.pages)
        return ChunkResult(
            entity_set=self._source.entity_set,
            number=self._chunk.number,
            rows=sum(page.rows for page in at.pages),
            pages=len(at.pages),
            bytes=sum(page.bytes for page in at.pages),
            sha256=sha256(hashes.encode()),
            deleted=sum(page.deleted for page in at.pages),
            repeated=at.repeated,
            first_key=at.first_key,
            last_key=at.last_key,
            files=files,
            position=at.changes,
            latest=at.latest,
        )
