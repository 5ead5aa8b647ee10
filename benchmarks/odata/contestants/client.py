"""Our client: raw rows into a file, typed rows, and the whole of `sapmatch extract`."""

from collections.abc import Iterator, Sequence
from itertools import islice
from pathlib import Path
from typing import Any

from benchmarks.odata.contestants import Source
from benchmarks.odata.schema import ENTITY_SET
from sapmatch.extracting.local import extract_entity_set
from sapmatch.model.connection import Auth, Connection, Limits
from sapmatch.model.query import EVERYTHING
from sapmatch.sap.connection import connect
from sapmatch.sap.odata.client import ODataClient

_NO_PACE = Limits(requests_per_second=1e9)
_BATCH = 1000


def read_raw(source: Source, output: Path) -> Iterator[Sequence[Any]]:
    """The rows as SAP sent them, one a line, in a file."""
    with _client(source) as client, output.open("wb") as file:
        for page in client.service(source.service).pages(ENTITY_SET):
            file.write(b"\n".join([*page.rows, b""]))
            yield page.rows


def read_typed(source: Source, _output: Path) -> Iterator[Sequence[Any]]:
    """The rows with values converted by $metadata."""
    with _client(source) as client:
        rows = client.service(source.service).rows(ENTITY_SET)
        while batch := list(islice(rows, _BATCH)):
            yield batch


def read_extract(source: Source, output: Path) -> Iterator[Sequence[Any]]:
    """What the command does: rows are counted, repeated ones held back, written in a file."""
    with _client(source) as client:
        summary = extract_entity_set(
            client, source.service, ENTITY_SET, EVERYTHING, to=output.parent
        )
        yield range(summary.rows)


def _client(source: Source) -> ODataClient:
    auth = Auth(type="basic", secret="env:BENCH")
    connection = Connection(url=source.address, client="100", auth=auth, limits=_NO_PACE)
    return connect("bench", connection, {"user": "reader", "password": "reader"})
