"""Our client: raw rows into a file, and typed rows."""

from collections.abc import Iterator, Sequence
from itertools import islice
from pathlib import Path
from typing import Any

from benchmarks.odata.contestants import Source
from benchmarks.odata.schema import ENTITY_SET
from sapmatch.model.auth import Basic
from sapmatch.model.connection import Connection, Limits
from sapmatch.sap.auth.credentials import Given
from sapmatch.sap.connection import connect
from sapmatch.sap.odata.client import ODataClient

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


def client(source: Source, parallel: int = 1) -> ODataClient:
    """Our client as it is, but as fast as it can."""
    auth = Basic(secret="env:BENCH")
    limits = Limits(requests_per_second=1e9, parallel=parallel)
    connection = Connection(url=source.address, client="100", auth=auth, limits=limits)
    return connect("bench", connection, Given({"user": "reader", "password": "reader"}))
