"""Stored pages become one file of raw rows, each page making room as soon as it is in there."""

import os
from collections.abc import Sequence
from pathlib import Path

from sapmatch.extracting.run import DataFile
from sapmatch.model.errors import InputRejected

_BLOCK = 1 << 18  # small enough that the same memory serves again
_NOT_AS_STORED = "is not as it was stored; read everything with --reload"


class Gathering:
    """One growing file; what it holds already tells where to go on, at the end of a page."""

    def __init__(self, path: Path, pages: Sequence[tuple[DataFile, Path]]) -> None:
        self._path = path
        held = path.stat().st_size if path.exists() else 0
        self._begin = 0
        self._rest: list[tuple[DataFile, Path]] = []
        for file, page in pages:
            if not self._rest and self._begin + file.bytes <= held:
                self._begin += file.bytes
                page.unlink(missing_ok=True)
            else:
                self._rest.append((file, page))

    def files(self) -> list[Path]:
        """Files that hold all rows in their order, for who reads them without moving them."""
        if not self._begin:
            return [page for _, page in self._rest]
        os.truncate(self._path, self._begin)
        return [self._path, *(page for _, page in self._rest)]

    def finish(self) -> Path:
        """Move the rest of the rows into the file; InputRejected where a page is not as stored."""
        try:
            with self._path.open("ab") as whole:
                whole.truncate(self._begin)
                for file, page in self._rest:
                    _append(whole.fileno(), file, page)
        except FileNotFoundError as exc:
            raise InputRejected(f"{exc.filename}: {_NOT_AS_STORED}") from exc
        except OSError as exc:
            raise InputRejected(f"{self._path}: cannot be written ({exc.strerror})") from exc
        return self._path


def _append(whole: int, file: DataFile, page: Path) -> None:
    """The page's bytes, then the page is gone: a machine keeps them twice for a moment only."""
    left = file.bytes
    with page.open("rb", buffering=0) as rows:
        while block := rows.read(_BLOCK):
            view = memoryview(block)
            while view:
                view = view[os.write(whole, view) :]
            left -= len(block)
    if left:
        raise InputRejected(f"{page}: {_NOT_AS_STORED}")
    page.unlink()
