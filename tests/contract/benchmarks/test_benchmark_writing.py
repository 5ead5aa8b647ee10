"""Everybody who is timed writes the same invoices, each once."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from benchmarks.writing.contestants import Writes, contestant, ledger_of
from benchmarks.writing.invoices import PASSWORD, USER, invoices, seed
from local.sap.server import Server, serve

COUNT = 12


@pytest.fixture
def sap() -> Iterator[Server]:
    with serve(seed(), users={USER: PASSWORD}) as server:
        yield server


def written(sap: Server, folder: Path, name: str) -> tuple[list[dict[str, Any]], int]:
    """What SAP was asked, and how many versions of intents the ledger has."""
    file = folder / "invoices.json"
    file.write_text(json.dumps(invoices(name, COUNT)))
    writes = Writes(sap.url, file)
    contestant(name)(writes)
    assert len([key for key in sap.log.created() if key.startswith("A_SupplierInvoice(")]) == COUNT
    ledger = ledger_of(writes)
    lines = ledger.read_bytes().splitlines() if ledger.exists() else []
    return sap.log.entries(), sum(line.startswith(b'{"id":') for line in lines)


def test_the_bare_loop_posts_one_after_the_other(sap: Server, tmp_path: Path) -> None:
    requests, versions = written(sap, tmp_path, "bare")
    assert [request["method"] for request in requests] == ["GET", *["POST"] * COUNT]
    assert versions == 0


def test_the_protected_one_stores_each_four_times(sap: Server, tmp_path: Path) -> None:
    """PLANNED, CLAIMED, SENT and CONFIRMED."""
    requests, versions = written(sap, tmp_path, "single")
    posts = [each for each in requests if each["path"].endswith("/A_SupplierInvoice")]
    assert sum(each["method"] == "POST" for each in posts) == COUNT
    assert versions == 4 * COUNT


def test_batches_of_ten_need_two_for_twelve(sap: Server, tmp_path: Path) -> None:
    requests, versions = written(sap, tmp_path, "batch-10")
    changing = [each for each in requests if each.get("batch") and each["method"] == "POST"]
    assert len(changing) == COUNT
    assert versions == 4 * COUNT
