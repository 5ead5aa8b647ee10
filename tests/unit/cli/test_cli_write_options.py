"""What `sapmatch write` is told: flows of the settings, options, and what makes no sense."""

import io
import json
from pathlib import Path
from typing import Any

import pytest

from sapmatch.cli import main
from sapmatch.settings import Settings
from tests.unit.cli.test_cli_write import SETTINGS, Clock, Sap

FLOWS = """
[write_backs.order_fields]
connection = "s4"
service = "/sap/opu/odata/sap/API_SALES_ORDER_SRV"
entity_set = "A_SalesOrder"
operation = "update"
schedule = "rate(5 minutes)"
mapping = { SalesOrder = "record.Order", AssignmentReference = "record.Invoice" }

[write_backs.matched]
connection = "s4"
service = "/sap/opu/odata/sap/API_SALES_ORDER_SRV"
entity_set = "A_SalesOrder"
operation = "update"
source = "match"
order_side = "sales_order"
field = "AssignmentReference"
schedule = "rate(5 minutes)"
"""
OTHER = SETTINGS.replace("connections.s4", "connections.s5")


@pytest.fixture
def sap(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Sap:
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("SAPMATCH_SETTINGS", raising=False)
    Path("sapmatch.toml").write_text(SETTINGS + OTHER + FLOWS)
    fake = Sap()

    def client(_settings: Settings, _name: str) -> Sap:
        return fake

    monkeypatch.setattr("sapmatch.cli.write.sap_client", client)
    monkeypatch.setattr("sapmatch.cli.write.SystemClock", Clock)
    fake.seed("A_SalesOrder", SalesOrder="7", AssignmentReference="")
    fake.seed(
        "A_SupplierInvoice", SupplierInvoice="51", FiscalYear="2026", SupplierInvoiceStatus="A"
    )
    return fake


def lines(capsys: pytest.CaptureFixture[str]) -> list[dict[str, Any]]:
    return [json.loads(line) for line in capsys.readouterr().out.splitlines()]


def test_a_flow_of_the_settings_is_named_in_place_of_the_entity_set(
    sap: Sap, capsys: pytest.CaptureFixture[str]
) -> None:
    Path("a.csv").write_text("Order;Invoice\n7;RE-1\n")
    assert main(["write", "s4", "order_fields", "a.csv", "--json"]) == 0
    assert lines(capsys)[0]["status"] == "updated"
    assert sap.rows[0]["AssignmentReference"] == "RE-1"


def test_a_mapping_file_makes_the_fields(sap: Sap) -> None:
    Path("map.csv").write_text("source,target\nOrder No,SalesOrder\nText,AssignmentReference\n")
    Path("a.csv").write_text("Order No,Text\n7,RE-2\n")
    options = ["--operation", "update", "--mapping", "map.csv"]
    assert main(["write", "s4", "A_SalesOrder", "a.csv", *options]) == 0
    assert sap.rows[0]["AssignmentReference"] == "RE-2"


def test_a_function_is_called_once_for_each_record(
    sap: Sap, capsys: pytest.CaptureFixture[str]
) -> None:
    sap.effects["Post"] = {"SupplierInvoiceStatus": "5"}
    Path("a.json").write_text('[{"SupplierInvoice": "51", "FiscalYear": "2026"}]')
    command = ["write", "s4", "A_SupplierInvoice", "a.json", "--operation", "call"]
    for _ in range(2):
        assert main([*command, "--function", "Post", "--json"]) == 0
        assert lines(capsys)[0]["status"] == "updated"
    assert [change.kind for change in sap.sent] == ["call"]


def test_batches_are_as_large_as_asked_for_at_most(sap: Sap) -> None:
    orders = [{"SoldToParty": "1", "PurchaseOrderByCustomer": f"MA-{n}"} for n in range(60)]
    Path("a.json").write_text(json.dumps(orders))
    options = ["--operation", "insert", "--batch", "25"]
    assert main(["write", "s4", "A_SalesOrder", "a.json", *options]) == 0
    assert max(sap.batches) <= 25
    assert len(sap.created) == 60


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


@pytest.mark.parametrize(
    ("answer", "options", "left"), [("n\n", [], 1), ("y\n", [], 0), ("", ["--yes"], 0)]
)
def test_who_sits_there_is_asked_before_anything_is_deleted(
    sap: Sap, monkeypatch: pytest.MonkeyPatch, answer: str, options: list[str], left: int
) -> None:
    monkeypatch.setattr("sys.stdin", Terminal(answer))
    Path("a.json").write_text('[{"SalesOrder": "7"}]')
    command = ["write", "s4", "A_SalesOrder", "a.json", "--operation", "delete"]
    assert main([*command, *options]) == 0
    assert len(sap.rows) == left


@pytest.mark.parametrize(
    ("command", "sentence"),
    [
        (["s4", "A_SalesOrder", "a.json"], "give --operation, or name a flow"),
        (["s4", "matched", "a.json"], "takes no files"),
        (["s5", "order_fields", "a.json"], "writes to connection s4"),
        (["s9", "A_SalesOrder", "a.json", "--operation", "update"], "connections.s9"),
        (["s4", "A_Thing", "a.json", "--operation", "call"], "--function"),
        (["s4", "A_Thing", "a.json", "--operation", "call", "--function", "F"], "--effect"),
        (["s4", "A_SalesOrder", "a.json", "--operation", "update", "--function", "F"], "belong"),
        (["s4", "A_SalesOrder", "a.json", "--operation", "call", "--effect", "A"], "FIELD=VALUE"),
        (["s4", "A_SalesOrder", "a.json", "--operation", "update", "--batch", "0"], "1 to 100"),
        (["s4", "A_SalesOrder", "a.json", "--operation", "upset"], "invalid choice"),
        (
            ["s4", "A_SalesOrder", "a.json", "--operation", "update", "--mapping", "no.csv"],
            "no.csv: cannot be read",
        ),
        (
            ["s4", "A_SalesOrder", "a.json", "--operation", "update", "--ledger", "a.json"],
            "no ledger",
        ),
        (
            ["s4", "A_SalesOrder", "a.json", "--operation", "update", "--responses", "a.json"],
            "cannot be written",
        ),
    ],
)
def test_wrong_usage_is_one_sentence_and_nothing_is_sent(
    sap: Sap, command: list[str], sentence: str, capsys: pytest.CaptureFixture[str]
) -> None:
    Path("a.json").write_text('{"SalesOrder": "7", "AssignmentReference": "x"}')
    assert main(["write", *command]) == 2
    assert sentence in capsys.readouterr().err
    assert sap.sent == []


def test_a_file_that_is_too_large_is_refused_before_it_is_read(
    sap: Sap, capsys: pytest.CaptureFixture[str]
) -> None:
    with Path("big.json").open("wb") as file:
        file.truncate(200_000_000)
    assert main(["write", "s4", "A_SalesOrder", "big.json", "--operation", "update"]) == 2
    assert "big.json" in capsys.readouterr().err
