"""Who takes part: `decode`, the floor, `plain`, and `sapmatch extract` in each format."""

from pathlib import Path
from typing import Literal, get_args

from benchmarks.odata.contestants import Source
from benchmarks.odata.contestants.client import client
from benchmarks.odata.schema import ENTITY_SET
from sapmatch.cli.extract import work_in
from sapmatch.clock import SystemClock
from sapmatch.extracting.local import Wanted, extract_entity_set
from sapmatch.folder import work_folder
from sapmatch.model.flow import EntitySet, Output

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


def read_plain(source: Source, to: Path) -> int:
    """The same, written as NDJSON: the fastest script, which checks nothing and goes on nowhere."""
    from msgspec.json import Encoder

    from benchmarks.odata.contestants.floors import read_decode

    encode, count = Encoder().encode_lines, 0
    to.mkdir(parents=True)
    with (to / f"{ENTITY_SET}.ndjson").open("wb") as file:
        for rows in read_decode(source, to):
            file.write(encode(rows))
            count += len(rows)
    return count


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
            work=work_in(folder / "full", wanted),
            clock=SystemClock(),
            progress=_Silent(),
        )
    return summary.rows
