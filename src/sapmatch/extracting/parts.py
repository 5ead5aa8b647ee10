"""The files of a chunk: its pages as they are, or parts in the output's form."""

import hashlib
from collections.abc import Sequence
from pathlib import Path

from msgspec import Struct

from sapmatch.extracting.run import Chunk, DataFile, Plan, page_key
from sapmatch.model.flow import Output
from sapmatch.model.ports import Objects

MB = 1_000_000


class StoredPage(Struct, frozen=True, array_like=True):
    """One stored page: `bytes` and `sha256` of its rows; `deleted` counts keys of deleted rows."""

    rows: int
    bytes: int
    sha256: str
    deleted: int = 0


def stored_page(data: bytes, deleted: int = 0) -> StoredPage:
    """What is to be known of a page that holds these lines."""
    return StoredPage(data.count(b"\n"), len(data), sha256(data), deleted)


def sha256(data: bytes) -> str:
    """The hash of a page or file as `_SUCCESS` names it."""
    return hashlib.sha256(data).hexdigest()


def page_files(plan: Plan, chunk: Chunk, pages: Sequence[StoredPage]) -> tuple[DataFile, ...]:
    """The pages themselves; those without rows have no file."""
    return tuple(
        DataFile(key=page_key(plan, chunk, n), rows=page.rows, bytes=page.bytes, sha256=page.sha256)
        for n, page in enumerate(pages)
        if page.rows
    )


def cut(pages: Sequence[StoredPage], output: Output) -> list[list[int]]:
    """Numbers of the pages of each part: whole pages until they reach `target_mb`.

    All pages in one part where there is none; nothing where no page holds a row.
    """
    parts: list[list[int]] = []
    size = 0
    for number, page in enumerate(pages):
        if not page.rows:
            continue
        if not parts or (output.target_mb is not None and size >= output.target_mb * MB):
            parts.append([])
            size = 0
        parts[-1].append(number)
        size += page.bytes
    return parts


def store_part(
    plan: Plan, chunk: Chunk, number: int, pages: Sequence[int], *, objects: Objects, folder: Path
) -> DataFile:
    """Bring pages into the output's form; made again, it is the same under the same key."""
    from sapmatch.extracting.formats import convert, suffix

    prefix = plan.prefix(chunk)
    paths = [folder / f"page-{page:05d}.ndjson" for page in pages]
    for page, path in zip(pages, paths, strict=True):
        objects.fetch(page_key(plan, chunk, page), path)
    part = folder / f"part-{number:05d}{suffix(plan.output)}"
    rows = convert(paths, plan.source_of(chunk), plan.output, part, workspace=folder)
    key = f"{prefix}{part.name}"
    objects.store(key, part)
    file = DataFile(key=key, rows=rows, bytes=part.stat().st_size, sha256=_sha256(part))
    for path in (*paths, part):
        path.unlink()
    return file


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
