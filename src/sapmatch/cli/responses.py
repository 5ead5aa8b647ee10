"""The response files of `sapmatch write`: FILE.responses.ndjson, and .csv beside it."""

from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any, BinaryIO

import msgspec

from sapmatch.model.errors import InputRejected
from sapmatch.writing.response_file import as_csv

Line = dict[str, Any]


def kept(folder: Path | None, name: str, lines: Iterable[Line]) -> Iterator[Line]:
    """The lines, each in both files before it is told; a run that dies leaves those so far.

    Files of an earlier run are replaced once there is a first line. Raises InputRejected where the
    folder cannot be written.
    """
    if folder is None:
        yield from lines
        return
    answers = iter(lines)
    first = next(answers, None)
    if first is None:
        return
    with (
        _opened(folder / f"{name}.responses.ndjson") as ndjson,
        _opened(folder / f"{name}.responses.csv") as table,
    ):
        head = as_csv([])
        table.write(head)
        for line in _again(first, answers):
            ndjson.write(msgspec.json.encode(line) + b"\n")
            if "record" in line:
                table.write(as_csv([line])[len(head) :])
            yield line


def _again(first: Line, rest: Iterator[Line]) -> Iterator[Line]:
    yield first
    yield from rest


def _opened(path: Path) -> BinaryIO:
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        return path.open("wb", buffering=0)
    except OSError as exc:
        raise InputRejected(f"{path}: cannot be written ({exc.strerror})") from exc
