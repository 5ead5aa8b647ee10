"""Read one chunk from SAP into the object store, page by page; run again, it goes on."""

import hashlib
from collections.abc import Iterable

import msgspec
from msgspec import Raw, Struct

from sapmatch.extracting.plan import Chunk
from sapmatch.extracting.rows import Distinct, raw_line
from sapmatch.model.ports import Objects, Page, SapReader


class ChunkResult(Struct, frozen=True, kw_only=True):
    """What one chunk holds; `bytes` and `sha256` over its pages in order.

    `first_key` and `last_key` are the entities' addresses as SAP sent them; `repeated` counts rows
    that SAP sent twice and that were stored once.
    """

    entity_set: str
    number: int
    rows: int
    pages: int
    bytes: int
    sha256: str
    repeated: int = 0
    first_key: str | None = None
    last_key: str | None = None
    schema: int = 1


class _Position(Struct, frozen=True, kw_only=True):
    """Everything up to here is stored; no `link` and at least one answer: nothing follows."""

    pages: int = 0
    repeated: int = 0
    link: str | None = None
    ended: bool = False


class _Tally:
    """Counts and hashes pages as they are stored."""

    def __init__(self) -> None:
        self.distinct = Distinct()
        self.pages = self.rows = self.size = 0
        self._digest = hashlib.sha256()

    def page(self, rows: Iterable[bytes | Raw]) -> bytes:
        """The lines of one page, counted."""
        lines = [raw_line(row) for row in self.distinct.of(rows)]
        data = b"".join(lines)
        self.pages += bool(lines)
        self.rows += len(lines)
        self.size += len(data)
        self._digest.update(data)
        return data

    def result(self, chunk: Chunk) -> ChunkResult:
        """The counts so far."""
        return ChunkResult(
            entity_set=chunk.entity_set,
            number=chunk.number,
            rows=self.rows,
            pages=self.pages,
            bytes=self.size,
            sha256=self._digest.hexdigest(),
            repeated=self.distinct.repeated,
            first_key=self.distinct.first,
            last_key=self.distinct.last,
        )


def page_key(chunk: Chunk, number: int) -> str:
    """Where a page lies: the same key in every run of this chunk (RE-11)."""
    return f"{chunk.prefix}page-{number:05d}.ndjson"


def done_key(chunk: Chunk) -> str:
    """The mark that a chunk is complete."""
    return f"{chunk.prefix}done.json"


def extract_chunk(chunk: Chunk, *, sap: SapReader, objects: Objects) -> ChunkResult:
    """Store all pages, then `done.json`; a finished chunk is not read again (RE-11).

    A page is stored before the position that follows it, so a crash between them repeats the page
    under the same key and loses nothing (OD-P34).
    """
    if objects.exists(done_key(chunk)):
        return msgspec.json.decode(objects.read(done_key(chunk)), type=ChunkResult)
    tally = _Tally()
    position = _resume(chunk, objects, tally)
    if not position.ended:
        pages = sap.pages(chunk.service, chunk.entity_set, chunk.query, link=position.link)
        for page in pages:
            _store(chunk, page, objects, tally)
    result = tally.result(chunk)
    objects.write(done_key(chunk), msgspec.json.encode(result))
    return result


def _resume(chunk: Chunk, objects: Objects, tally: _Tally) -> _Position:
    """The stored position, with the pages before it counted again."""
    if not objects.exists(_position_key(chunk)):
        return _Position()
    position = msgspec.json.decode(objects.read(_position_key(chunk)), type=_Position)
    for number in range(position.pages):
        tally.page(objects.read(page_key(chunk, number)).splitlines())
    tally.distinct.repeated = position.repeated
    return position


def _store(chunk: Chunk, page: Page, objects: Objects, tally: _Tally) -> None:
    data = tally.page(page.rows)
    if data:
        objects.write(page_key(chunk, tally.pages - 1), data)
    position = _Position(
        pages=tally.pages,
        repeated=tally.distinct.repeated,
        link=page.next_link,
        ended=page.next_link is None,
    )
    objects.write(_position_key(chunk), msgspec.json.encode(position))


def _position_key(chunk: Chunk) -> str:
    return f"{chunk.prefix}position.json"
