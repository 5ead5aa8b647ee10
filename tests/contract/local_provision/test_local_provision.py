import json
from pathlib import Path
from typing import Any

import pytest

from local.provisioning import FAILING
from sapmatch.cli import main
from tests.builders.abap import AbapServer

CHANGING = ("CREATE1", "CHANGE", "LOCK", "UNLOCK", "DELETE", "ASSIGN")


def said(capsys: pytest.CaptureFixture[str], *words: str) -> tuple[int, list[dict[str, Any]]]:
    """Exit code and lines of a command."""
    capsys.readouterr()
    code = main(["provision", *words, "--json"])
    return code, [json.loads(line) for line in capsys.readouterr().out.splitlines()]


def changes(sap: AbapServer) -> list[str]:
    """Modules that change something, as SAP itself noted their calls."""
    return [c["function"] for c in sap.abap.called() if c["function"].endswith(CHANGING)]


def dropped(rows: list[dict[str, Any]]) -> str:
    Path("mine.json").write_text(json.dumps(rows))
    return "mine.json"


def test_a_plan_says_what_would_change_and_changes_nothing(
    sap: AbapServer, capsys: pytest.CaptureFixture[str]
) -> None:
    code, lines = said(capsys, "plan", "s4", "users.json")
    *rows, total = lines
    assert code == 0
    assert [(row["user"], row["action"]) for row in rows] == [
        ("NKELLER", "create"),
        ("MHUBER", "change"),
        ("LVOGEL", "lock"),
        ("TBRANDT", "none"),
    ]
    assert total["plan"]["counts"]["roles_added"] == 3
    assert changes(sap) == []
    assert main(["provision", "plan", "s4", "users.json"]) == 0
    shown = capsys.readouterr().out
    assert "Accounting" in shown
    assert "1 to create, 1 to change, 1 to lock, 1 as they should be" in shown


def test_applied_users_are_as_the_file_says_and_the_child_that_refuses_is_named(
    sap: AbapServer, capsys: pytest.CaptureFixture[str]
) -> None:
    """CO-T51"""
    sap.order(idocs={FAILING: {"fails": "Role is locked"}})
    code, lines = said(capsys, "apply", "s4", "users.json", "--yes")
    rows = {line["user"]: line for line in lines if "user" in line}
    assert code == 3
    assert {user: row["distribution_failed"] for user, row in rows.items()} == {
        "NKELLER": [],
        "MHUBER": [FAILING],
        "LVOGEL": [],
        "TBRANDT": [],
    }
    assert lines[-1]["summary"]["not_verified"] == 1
    central = sap.abap.as_json()["systems"]["S4HCLNT100"]["users"]
    assert central["NKELLER"]["values"]["ADDRESS"]["E_MAIL"] == "nora.keller@example.com"
    assert central["MHUBER"]["values"]["ADDRESS"]["DEPARTMENT"] == "Purchasing"


def test_the_same_file_again_changes_nothing(
    sap: AbapServer, capsys: pytest.CaptureFixture[str]
) -> None:
    assert said(capsys, "apply", "s4", "users.json", "--yes")[0] == 0
    sap.abap.forget_calls()
    code, lines = said(capsys, "apply", "s4", "users.json", "--yes")
    assert code == 0
    assert {line["status"] for line in lines if "user" in line} == {"unchanged"}
    assert changes(sap) == []


LEAVER = {"USERNAME": "PWOLF", "ACTIVITYGROUPS.AGR_NAME": ["Z_FI_AP"]}


def test_beyond_the_limits_a_script_needs_one_word_more(
    sap: AbapServer, capsys: pytest.CaptureFixture[str]
) -> None:
    file = dropped([LEAVER])
    assert main(["provision", "apply", "s4", file, "--yes"]) == 2
    assert "--approve-removals" in capsys.readouterr().err
    assert changes(sap) == []
    code, lines = said(capsys, "apply", "s4", file, "--yes", "--approve-removals")
    assert (code, lines[0]["roles_removed"]) == (0, 3)


def test_a_file_with_mistakes_is_named_by_row_and_nothing_is_applied(
    sap: AbapServer, capsys: pytest.CaptureFixture[str]
) -> None:
    wrong = {"USERNAME": "MHUBER", "ADDRESS.NOSE": "long", "ACTIVITYGROUPS.AGR_NAME": ["Z_NONE"]}
    file = dropped([{"USERNAME": "LVOGEL", "STATE": "locked"}, wrong])
    code, lines = said(capsys, "apply", "s4", file, "--yes")
    assert code == 3
    refused = [line for line in lines if line.get("status") == "refused"]
    assert [(line["row"], line["user"]) for line in refused] == [(2, "MHUBER")]
    assert changes(sap) == []


def test_nobody_who_is_asked_is_no_consent(
    sap: AbapServer, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["provision", "apply", "s4", "users.json"]) == 2
    assert "--yes" in capsys.readouterr().err
    assert changes(sap) == []


def test_a_file_that_is_not_there_is_wrong_usage(
    sap: AbapServer, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["provision", "plan", "s4", "nowhere.json"]) == 2
    assert "nowhere.json: there is no such file" in capsys.readouterr().err
