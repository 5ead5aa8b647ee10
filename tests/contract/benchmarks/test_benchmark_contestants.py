"""Every contestant of the benchmark reads the same rows: only then may they be compared."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from decimal import Decimal
from pathlib import Path
from typing import Any

import msgspec
import pytest

from benchmarks.odata.contestants import Source, contestant, names
from benchmarks.odata.measuring import Service, measured
from benchmarks.odata.pages import MARK, Pages, values
from benchmarks.odata.schema import FIELDS, Version
from benchmarks.odata.server import ByteServer

ROWS = 25
PAGE_SIZE = 10
TYPES = {field.name: field.type for field in FIELDS}


@contextmanager
def running(version: Version) -> Iterator[Source]:
    with ByteServer(version, PAGE_SIZE, ROWS) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        try:
            yield Source(server.address, version)
        finally:
            server.shutdown()
            thread.join()


def batches(name: str, version: Version, output: Path) -> tuple[list[list[Any]], list[Any]]:
    """What a contestant yielded, and the rows as the server sent them."""
    with running(version) as source:
        found = [list(batch) for batch in contestant(name)(source, output)]
        pages = Pages(version, f"{source.address}{source.service}/", ROWS)
        body = msgspec.json.decode(b"".join(pages.page(0, 1000)))
    return found, body["d"]["results"] if version == "V2" else body["value"]


def lines(path: Path) -> list[Any]:
    return [msgspec.json.decode(line) for line in path.read_bytes().splitlines()]


def converted(n: int) -> dict[str, Any]:
    """Row n with the values that $metadata says they are."""
    row = {name: _first_block(value) for name, value in values(n).items()}
    return {
        name: Decimal(value) if TYPES[name] == "Decimal" else value for name, value in row.items()
    }


def _first_block(value: Any) -> Any:
    return value.replace(MARK, "00000") if isinstance(value, str) else value


@pytest.mark.parametrize("version", ["V2", "V4"])
def test_the_floor_takes_every_byte(version: Version, tmp_path: Path) -> None:
    found, sent = batches("bytes", version, tmp_path / "rows")

    assert len(found) == 3
    bodies = [msgspec.json.decode(body) for (body,) in found]
    assert [row for body in bodies for row in _rows(body, version)] == sent


def _rows(body: Any, version: Version) -> list[Any]:
    rows: list[Any] = body["d"]["results"] if version == "V2" else body["value"]
    return rows


@pytest.mark.parametrize("version", ["V2", "V4"])
def test_the_decode_floor_has_every_row(version: Version, tmp_path: Path) -> None:
    found, sent = batches("decode", version, tmp_path / "rows")

    assert [len(batch) for batch in found] == [10, 10, 5]
    assert [row for batch in found for row in batch] == sent


@pytest.mark.parametrize("version", ["V2", "V4"])
@pytest.mark.parametrize("name", ["json", "raw"])
def test_every_file_holds_every_row_as_sap_sent_it(
    name: str, version: Version, tmp_path: Path
) -> None:
    output = tmp_path / "rows"

    found, sent = batches(name, version, output)

    assert sum(map(len, found)) == ROWS
    assert lines(output) == sent


@pytest.mark.parametrize("version", ["V2", "V4"])
def test_typed_rows_have_the_values_that_the_metadata_says(
    version: Version, tmp_path: Path
) -> None:
    found, _ = batches("typed", version, tmp_path / "rows")

    rows = [row for batch in found for row in batch]
    assert rows == [converted(n) for n in range(ROWS)]
    assert [list(map(type, row.values())) for row in rows] == [
        list(map(type, converted(n).values())) for n in range(ROWS)
    ]


def test_pyodata_has_the_same_values(tmp_path: Path) -> None:
    """It makes a value of null and a moment of every day, and leaves decimals as text."""
    found, _ = batches("pyodata", "V2", tmp_path / "rows")

    entities = [entity for batch in found for entity in batch]
    assert len(entities) == ROWS
    for n, entity in enumerate(entities):
        for name, value in converted(n).items():
            if value is not None:
                assert _as_ours(name, getattr(entity, name)) == value


def _as_ours(name: str, value: Any) -> Any:
    if TYPES[name] == "Date":
        return value.date()
    return Decimal(value) if TYPES[name] == "Decimal" else value


def test_each_runs_alone_and_says_what_it_cost() -> None:
    found = measured(Service("V2", PAGE_SIZE, ROWS), ("bytes", "decode", "json"), rounds=1)

    costs = {name: cost for name, (cost,) in found.items()}
    assert {name: cost.rows for name, cost in costs.items()} == {
        "bytes": 3,
        "decode": ROWS,
        "json": ROWS,
    }
    assert all(cost.cpu_s > 0 and cost.peak_mb > 1 for cost in costs.values())


def test_only_those_who_speak_a_version_take_part_in_it() -> None:
    assert set(names("V2")) - set(names("V4")) == {"pyodata"}
