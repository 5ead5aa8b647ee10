"""Every contestant of the extraction benchmark holds the same rows: only then they compare."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import duckdb
import msgspec
import pytest

from benchmarks.extraction.contestants import FORMATS, Format, extract, read_decode, read_plain
from benchmarks.extraction.measuring import Contestant, Service, at_once, in_turns
from benchmarks.extraction.server import PartServer
from benchmarks.odata.contestants import Source
from benchmarks.odata.schema import ENTITY_SET

ROWS = 2_345
PAGE_SIZE = 20


@contextmanager
def running(rows: int = ROWS, page_size: int = PAGE_SIZE) -> Iterator[Source]:
    with PartServer(page_size, rows) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        try:
            yield Source(server.address, "V2")
        finally:
            server.shutdown()
            thread.join()


def lines(path: Path) -> list[dict[str, Any]]:
    return [msgspec.json.decode(line) for line in path.read_bytes().splitlines()]


def test_one_reader_and_four_hold_the_same_rows_in_the_same_order(tmp_path: Path) -> None:
    with running() as source:
        assert read_decode(source) == ROWS
        assert read_plain(source, tmp_path / "plain") == ROWS
        assert extract(source, tmp_path / "one", page_size=PAGE_SIZE) == ROWS
        assert extract(source, tmp_path / "four", parallel=4, page_size=PAGE_SIZE) == ROWS
    folders = (tmp_path / name for name in ("one", "four", "plain"))
    one, four, plain = (folder / f"{ENTITY_SET}.ndjson" for folder in folders)
    assert lines(one) == lines(four) == lines(plain)
    assert len({row["PurchaseOrder"] + row["PurchaseOrderItem"] for row in lines(one)}) == ROWS


@pytest.mark.parametrize("format", [name for name in FORMATS if name != "ndjson"])
def test_every_format_holds_every_row(format: Format, tmp_path: Path) -> None:
    with running() as source:
        assert extract(source, tmp_path, format, page_size=PAGE_SIZE) == ROWS
        assert extract(source, tmp_path, page_size=PAGE_SIZE) == ROWS
    names = "PurchaseOrder, PurchaseOrderItem, NetAmount"
    path = tmp_path / f"{ENTITY_SET}.{format}"
    table = (
        duckdb.read_csv(str(path), all_varchar=True)
        if format == "csv"
        else duckdb.read_parquet(str(path))
    )
    found = [tuple(map(str, row)) for row in table.select(names).fetchall()]
    sent = lines(tmp_path / f"{ENTITY_SET}.ndjson")
    keys = [(row["PurchaseOrder"], row["PurchaseOrderItem"]) for row in sent]
    assert [row[:2] for row in found] == keys
    assert [float(row[2]) for row in found] == [float(row["NetAmount"]) for row in sent]


def test_each_runs_alone_and_says_what_it_cost() -> None:
    costs = in_turns(Service(ROWS, PAGE_SIZE), ("decode", "ndjson"))
    assert {name: cost.rows for name, (cost,) in costs.items()} == {"decode": ROWS, "ndjson": ROWS}
    assert all(cost.cpu_s > 0 and cost.peak_mb > 10 for (cost,) in costs.values())


def test_several_readers_are_done_sooner_where_pages_take_long() -> None:
    service = Service(rows=1_200, page_size=20, delay=0.02)
    one, four = at_once(service, [Contestant("ndjson"), Contestant("ndjson", 4)])
    assert one.rows == four.rows == service.rows
    assert one.seconds > 60 * service.delay
