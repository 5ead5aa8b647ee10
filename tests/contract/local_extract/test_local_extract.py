"""`sapmatch extract` from the command line to the file, against the embedded SAP."""

import csv
import json
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import duckdb
import pytest

from local.sap.server import Server
from sapmatch.cli import main
from tests.contract.local_sap.local_sap_v4_world import ORDERS as PURCHASES_V4
from tests.contract.local_sap.local_sap_world import ORDERS as PURCHASES
from tests.contract.local_sap.local_sap_world import ROOT

ORDERS = [str(number) for number in (1, 10, 11, 12, 2, 3, 4, 5, 6, 7, 8, 9)]  # as SAP sorts text


def extract(capsys: pytest.CaptureFixture[str], *arguments: str) -> dict[str, Any]:
    """The summary of an extract that goes well."""
    code = main(["extract", *(arguments or ()), "--to", "out", "--json"])
    shown = capsys.readouterr()
    assert code == 0, shown.err
    (line,) = shown.out.splitlines()
    summary: dict[str, Any] = json.loads(line)
    return summary


def rows(name: str) -> list[dict[str, Any]]:
    return [json.loads(line) for line in Path("out", name).read_bytes().splitlines()]


def pages(stand_in: Server, entity_set: str) -> list[list[str]]:
    """The options of each read of rows of the set."""
    read = [each for each in stand_in.log.entries() if each["path"].endswith(entity_set)]
    return [each["query"] for each in read]


def test_rows_stand_in_the_order_in_which_sap_sends_them(
    stand_in: Server, capsys: pytest.CaptureFixture[str]
) -> None:
    summary = extract(capsys, "s4", "A_SalesOrder", "--page-size", "5")
    assert [row["SalesOrder"] for row in rows("A_SalesOrder.ndjson")] == ORDERS
    assert (summary["rows"], summary["pages"]) == (12, 3)
    assert [path.name for path in Path("out").iterdir()] == ["A_SalesOrder.ndjson"]


def test_every_format_holds_the_same_rows(
    stand_in: Server, capsys: pytest.CaptureFixture[str]
) -> None:
    given = ["s4", "A_SalesOrder", "--select", "SalesOrder,TotalNetAmount,SalesOrderDate"]
    extract(capsys, *given, "--values", "typed")
    extract(capsys, *given, "--format", "csv")
    extract(capsys, *given, "--format", "parquet")
    typed = rows("A_SalesOrder.ndjson")
    with Path("out/A_SalesOrder.csv").open(newline="") as file:
        assert list(csv.DictReader(file)) == typed
    table = duckdb.read_parquet("out/A_SalesOrder.parquet")
    shown = [dict(zip(table.columns, map(str, row), strict=True)) for row in table.fetchall()]
    assert shown == typed
    assert typed[0] == {
        "SalesOrder": "1",
        "TotalNetAmount": "1.500",
        "SalesOrderDate": "2026-10-02",
    }


def test_a_filter_and_an_expansion_reach_sap(
    stand_in: Server, capsys: pytest.CaptureFixture[str]
) -> None:
    options = ["--filter", "SalesOrder eq '1'", "--expand", "to_Item", "--format", "csv"]
    summary = extract(capsys, "s4", "A_SalesOrder", *options, "--flatten")
    assert summary["rows"] == 2  # a row for each item
    assert all("SalesOrder eq '1'" in str(each) for each in pages(stand_in, "A_SalesOrder"))


@pytest.mark.parametrize(
    ("service", "entity_set", "items"),
    [
        (f"{ROOT}/{PURCHASES}", "A_PurchaseOrder", "to_PurchaseOrderItem"),
        (PURCHASES_V4, "PurchaseOrder", "_PurchaseOrderItem"),
    ],
)
def test_items_of_which_fields_are_selected_hold_their_keys(
    stand_in: Server,
    capsys: pytest.CaptureFixture[str],
    service: str,
    entity_set: str,
    items: str,
) -> None:
    """Tables of orders and items are joined by them."""
    given = ["--select", f"PurchaseOrder,Supplier,{items}/OrderQuantity", "--expand", items]
    filters = ["--filter", "PurchaseOrder eq '4500000001'", "--values", "typed"]
    extract(capsys, "s4", entity_set, "--service", service, *given, *filters)
    (order,) = rows(f"{entity_set}.ndjson")
    assert list(order) == ["PurchaseOrder", "Supplier", items]
    assert [list(item) for item in order[items]] == 5 * [
        ["PurchaseOrder", "PurchaseOrderItem", "OrderQuantity"]
    ]
    assert {item["PurchaseOrder"] for item in order[items]} == {"4500000001"}
    numbers = sorted(int(item["PurchaseOrderItem"]) for item in order[items])
    assert numbers == [10, 20, 30, 40, 50]


@pytest.mark.parametrize(
    ("given", "said"),
    [
        (["A_SalesOrdr"], "A_SalesOrder"),
        (["A_SalesOrder", "--select", "SalesOrdr"], "SalesOrder"),
        (["A_SalesOrder", "--expand", "to_Items"], "to_Item"),
        (["A_SalesOrder", "--delta"], "change"),
    ],
)
def test_what_is_refused_names_what_was_meant_and_leaves_nothing(
    stand_in: Server, given: list[str], said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["extract", "s4", *given, "--to", "out", "--json"]) == 2
    shown = capsys.readouterr()
    assert said in shown.err
    assert shown.out == ""
    assert not Path("out").exists()


@pytest.fixture
def heard() -> Iterator[None]:
    """Children hear Ctrl-C even where the tests run in the background, which ignores it."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)


@pytest.mark.usefixtures("heard")
@pytest.mark.parametrize("by", [signal.SIGINT, signal.SIGKILL])
def test_the_same_command_goes_on_behind_the_last_page(
    stand_in: Server, capsys: pytest.CaptureFixture[str], by: signal.Signals
) -> None:
    """RE-19: after Ctrl-C, and after a death that nobody could prepare for."""
    stand_in.gateway.faults.order({"next": "delay:0.5", "count": 100, "of": "reads"})
    ended(start("A_SalesOrder", "--page-size", "5"), by)
    stand_in.gateway.faults.clear()
    stored = len(list(Path("out/.sapmatch").rglob("page-*.ndjson")))
    stand_in.log.clear()

    summary = extract(capsys, "s4", "A_SalesOrder", "--page-size", "5")
    assert summary["rows"] == 12
    assert [row["SalesOrder"] for row in rows("A_SalesOrder.ndjson")] == ORDERS
    assert len(pages(stand_in, "A_SalesOrder")) <= 3 - stored + (by is signal.SIGKILL)
    assert [path.name for path in Path("out").iterdir()] == ["A_SalesOrder.ndjson"]


def start(*arguments: str) -> "subprocess.Popen[str]":
    command = [sys.executable, "-m", "sapmatch.cli", "extract", "s4", *arguments, "--to", "out"]
    return subprocess.Popen(command, stderr=subprocess.PIPE, stdout=subprocess.PIPE, text=True)


def ended(command: "subprocess.Popen[str]", by: signal.Signals) -> None:
    """As soon as one page is stored."""
    end = time.monotonic() + 30
    while not list(Path("out").rglob("page-*.ndjson")):
        assert time.monotonic() < end, command.communicate(timeout=5)
        time.sleep(0.02)
    command.send_signal(by)
    _, said = command.communicate(timeout=30)
    assert "Traceback" not in said
    if by is signal.SIGINT:
        assert command.returncode == 130
        assert "the same command goes on where it stopped" in said
