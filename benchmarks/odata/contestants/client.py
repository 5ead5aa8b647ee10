"""Our client: raw rows into a file, typed rows, and the whole of `sapmatch extract`."""

from collections.abc import Iterator, Sequence
from itertools import islice
from pathlib import Path
from typing import Any

from benchmarks.extraction.contestants import client, extract
from benchmarks.odata.contestants import Source
from benchmarks.odata.schema import ENTITY_SET

_BATCH = 1000


def read_raw(source: Source, output: Path) -> Iterator[Sequence[Any]]:
    """The rows as SAP sent them, one a line, in a file."""
    with client(source) as sap, output.open("wb") as file:
        for page in sap.service(source.service).pages(ENTITY_SET):
            file.write(b"\n".join([*page.rows, b""]))
            yield page.rows


def read_typed(source: Source, _output: Path) -> Iterator[Sequence[Any]]:
    """The rows with values converted by $metadata."""
    with client(source) as sap:
        rows = sap.service(source.service).rows(ENTITY_SET)
        while batch := list(islice(rows, _BATCH)):
            yield batch


def read_extract(source: Source, output: Path) -> Iterator[Sequence[Any]]:
    """What the command does: a run that is counted, checked and can be gone on with, in a file."""
    yield range(extract(source, output.parent))
