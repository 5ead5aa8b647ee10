"""The response files of `sapmatch write`: FILE.responses.ndjson, and .csv beside it."""

from collections.abc import Iterable, Iterator
from io import FileIO
from pathlib import Path
from typing import Any

import msgspec

from sapmatch.model.errors import InputRejected
from sapmatch.writing.response_file import as_csv

Line = dict[str, Any]


def kept(folder: Path | None, name: str, lines: Iterable[Line]) -> Iterator[Line]:
    """The lines, each in both files before it is told; a run that dies leaves those so far.

    Files of an earlier run stay until there is a first line. Raises InputRejected where the folder
    cannot be written, before anything else happens.
    """
    if folder is None:
        yield from lines
        return
    with (
        _opened(folder / f"{name}.responses.ndjson") as ndjson,
        _opened(folder / f"{name}.responses.csv") as table,
    ):
        head = as_csv([])
        for n, line in enumerate(lines):
            if n == 0:
                ndjson.truncate(0)
                table.truncate(0)
                _put(table, head)
            _put(ndjson, msgspec.json.encode(line) + b"\n")
            if "record" in line:
                _put(table, as_csv([line])[len(head) :])
            yield line


def _opened(path: Path) -> FileIO:
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        return path.open("ab", buffering=0)  # a buffer would fail once more when it is closed
    except OSError as exc:
        raise InputRejected(f"{path}: cannot be written ({exc.strerror})") from exc


def _put(file: FileIO, data: bytes) -> None:
    try:
        rest = memoryview(data)
        while rest:
            rest = rest[file.write(rest) :]
    except OSError as exc:
        raise InputRejected(
            f"{file.name!s}: cannot be written ({exc.strerror}); what was sent stands in the ledger"
        ) from exc
