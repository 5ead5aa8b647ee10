"""How far a chunk is stored: one small object after each page, however many pages there are."""

import hashlib

import msgspec
from msgspec import Struct
from msgspec.structs import replace

from sapmatch.extracting.parts import StoredPage
from sapmatch.extracting.run import Chunk, DataFile, Plan
from sapmatch.model.changes import DeltaPosition
from sapmatch.model.ports import Objects

SEGMENT = 500  # pages in an object of their own, so that the position does not grow with them


class Position(Struct, frozen=True, kw_only=True):
    """How far a chunk is stored; `link` or `changes` is where SAP goes on, until it `ended`.

    `latest` and `repeated` as in ChunkResult; `files` are the parts that are made. `segments` are
    keys of objects that hold the earlier pages, SEGMENT each: `pages` has them too once loaded.
    """

    pages: tuple[StoredPage, ...] = ()
    link: str | None = None
    changes: DeltaPosition | None = None
    ended: bool = False
    repeated: int = 0
    latest: str | None = None
    first_key: str | None = None
    last_key: str | None = None
    files: tuple[DataFile, ...] = ()
    segments: tuple[str, ...] = ()


def position_key(prefix: str) -> str:
    """Where the Position of a chunk lies."""
    return f"{prefix}_position.json"


def load_position(plan: Plan, chunk: Chunk, objects: Objects) -> Position:
    """How far a chunk is stored."""
    key = position_key(plan.prefix(chunk))
    if not objects.exists(key):
        return Position()
    position = msgspec.json.decode(objects.read(key), type=Position)
    earlier = [page for segment in position.segments for page in _pages(segment, objects)]
    return replace(position, pages=(*earlier, *position.pages))


def save_position(prefix: str, position: Position, objects: Objects) -> Position:
    """Store it, full segments first; the last page is never in one, it may still change."""
    segments = list(position.segments)
    while len(segments) < (len(position.pages) - 1) // SEGMENT:
        begin = len(segments) * SEGMENT
        data = msgspec.json.encode(position.pages[begin : begin + SEGMENT])
        name = hashlib.sha256(data).hexdigest()[:12]  # another content never replaces a segment
        segments.append(f"{prefix}_pages-{len(segments):03d}-{name}.json")
        objects.write(segments[-1], data)
    position = replace(position, segments=tuple(segments))
    tail = replace(position, pages=position.pages[len(segments) * SEGMENT :])
    objects.write(position_key(prefix), msgspec.json.encode(tail))
    return position


def _pages(segment: str, objects: Objects) -> list[StoredPage]:
    return msgspec.json.decode(objects.read(segment), type=list[StoredPage])
