"""`sapmatch write --dry-run`: what would change, and that nothing left for SAP."""

import json
from pathlib import Path
from typing import Any

import pytest

from local.sap.server import Server
from sapmatch.cli import main

ORDER = {
    "SalesOrderType": "OR",
    "SalesOrganization": "1010",
    "DistributionChannel": "10",
    "OrganizationDivision": "00",
    "SoldToParty": "C1",
    "PurchaseOrderByCustomer": "MA-1",
    "to_Item": [{"Material": "M1", "RequestedQuantity": "1"}],
}


def run(
    capsys: pytest.CaptureFixture[str], records: Any, *options: str, code: int = 0
) -> list[dict[str, Any]]:
    Path("file.json").write_text(json.dumps(records))
    command = ["write", "s4", "A_SalesOrder", "file.json", "--json", *options]
    assert main(command) == code
    return [json.loads(line) for line in capsys.readouterr().out.splitlines()]


def writes(stand_in: Server) -> list[str]:
    """What was created or changed; a $batch of reads is a POST too."""
    return [key for e in stand_in.log.entries() for key in (*e["created"], *e["changed"])]


def test_an_update_shows_old_and_new_values_and_sends_nothing(
    stand_in: Server, capsys: pytest.CaptureFixture[str]
) -> None:
    changes = [
        {"SalesOrder": "1", "PurchaseOrderByCustomer": "NEW"},
        {"SalesOrder": "77", "PurchaseOrderByCustomer": "NEW"},
    ]
    first, missing, _ = run(capsys, changes, "--operation", "update", "--dry-run", code=3)
    old = first["changes"]["PurchaseOrderByCustomer"]["old"]
    assert first["action"] == "update"
    assert first["changes"] == {"PurchaseOrderByCustomer": {"old": old, "new": "NEW"}}
    assert (missing["action"], "no record" in missing["sap_message"]) == ("refuse", True)
    assert writes(stand_in) == []
    assert not list(Path().glob("*ledger*"))
    run(capsys, changes[:1], "--operation", "update")
    (again, _) = run(capsys, changes[:1], "--operation", "update", "--dry-run")
    assert (again["action"], again["changes"]) == ("nothing", {})


def test_an_insert_says_whether_it_is_there_already(
    stand_in: Server, capsys: pytest.CaptureFixture[str]
) -> None:
    (new, _) = run(capsys, [ORDER], "--operation", "insert", "--dry-run")
    assert new["action"] == "create"
    assert new["changes"]["SoldToParty"] == {"old": None, "new": "C1"}
    assert writes(stand_in) == []
    run(capsys, [ORDER], "--operation", "insert")
    (there, _) = run(capsys, [ORDER], "--operation", "insert", "--dry-run")
    assert there["action"] == "nothing"


def test_mistakes_that_metadata_shows_are_named_by_row_and_field(
    stand_in: Server, capsys: pytest.CaptureFixture[str]
) -> None:
    wrong = {**ORDER, "PurchaseOrderByCustomer": "MA-2", "Colour": "red", "SoldToParty": 11 * "1"}
    good, bad, end = run(capsys, [ORDER, wrong], "--operation", "insert", "--dry-run", code=3)
    assert (good["action"], bad["action"], bad["status"]) == ("create", "refuse", "rejected")
    assert "row 2: Colour" in bad["sap_message"]
    assert "row 2: SoldToParty" in bad["sap_message"]
    assert end["summary"] == {**end["summary"], "records": 2, "rejected": 1, "not_executed": 1}


def test_people_read_it_as_a_table(stand_in: Server, capsys: pytest.CaptureFixture[str]) -> None:
    Path("a.csv").write_text("SalesOrder,PurchaseOrderByCustomer\n1,NEW\n")
    options = ["--operation", "update", "--dry-run"]
    assert main(["write", "s4", "A_SalesOrder", "a.csv", *options]) == 0
    assert "-> NEW" in capsys.readouterr().out


@pytest.mark.parametrize("trouble", ["no credentials", "no SAP"])
def test_without_sap_the_plan_of_the_file_alone_is_shown(
    stand_in: Server,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    trouble: str,
) -> None:
    if trouble == "no credentials":
        monkeypatch.delenv("S4_PASSWORD")
    else:
        stand_in.fault("unavailable", 99, of="reads")
    Path("file.json").write_text(json.dumps([ORDER]))
    options = ["--operation", "insert", "--dry-run", "--json"]
    assert main(["write", "s4", "A_SalesOrder", "file.json", *options]) == 0
    shown = capsys.readouterr()
    line = json.loads(shown.out.splitlines()[0])
    assert (line["status"], line["action"]) == ("not_executed", "create")
    assert line["changes"]["SoldToParty"] == {"new": "C1"}
    assert "SAP was not asked" in shown.err
