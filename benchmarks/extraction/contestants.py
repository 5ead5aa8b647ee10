"""Who takes part: `decode`, the floor, and `sapmatch extract` in each format."""

from pathlib import Path
from typing import Literal, get_args

from benchmarks.odata.contestants import Source
from benchmarks.odata.schema import ENTITY_SET
from sapmatch.cli.extract import work_in
from sapmatch.clock import SystemClock
from sapmatch.extracting.local import Wanted, extract_entity_set
from sapmatch.folder import work_folder
from sapmatch.model.connection import Auth, Connection, Limits
from sapmatch.model.flow import EntitySet, Output
from sapmatch.sap.connection import connect
from sapmatch.sap.odata.client import ODataClient

Format = Literal["ndjson", "csv", "parquet"]
FORMATS: tuple[Format, ...] = get_args(Format)


class _Silent:
    """Progress that nobody looks at."""

    def say(self, text: str) -> None:
        """Nothing."""

    def read(self, rows: int, pages: int, total: int | None) -> None:
        """Nothing."""


def read_decode(source: Source) -> int:
    """The rows as Python objects by the fastest decoder there is, thrown away."""
    from benchmarks.odata.contestants.floors import read_decode

    return sum(map(len, read_decode(source, Path())))


def extract(
    source: Source, to: Path, format: Format = "ndjson", parallel: int = 1, page_size: int = 1000
) -> int:
    """What the command does, without its pace; the number of rows in the file."""
    wanted = Wanted(
        connection="bench",
        system=source.address,
        entity_set=EntitySet(service=source.service, name=ENTITY_SET),
        output=Output(format=format),
        parallel=parallel,
        page_size=page_size,
    )
    with client(source, parallel) as sap, work_folder(to, ENTITY_SET) as folder:
        summary = extract_entity_set(
            wanted,
            to=to,
            sap=sap,
            work=work_in(folder / "full"),
            clock=SystemClock(),
            progress=_Silent(),
        )
    return summary.rows


def client(source: Source, parallel: int = 1) -> ODataClient:
    """Our client as it is, but as fast as it can."""
    auth = Auth(type="basic", secret="env:BENCH")
    limits = Limits(requests_per_second=1e9, parallel=parallel)
    connection = Connection(url=source.address, client="100", auth=auth, limits=limits)
    return connect("bench", connection, {"user": "reader", "password": "reader"})
