"""Users and roles by commands, from their creation to their end, against the embedded SAP."""

import json
from pathlib import Path
from threading import Thread
from typing import Any

import pytest

from sapmatch.cli import main
from tests.builders.abap import USER, AbapServer

Capture = pytest.CaptureFixture[str]
PASSWORD = "Start-Geheim1"


def run(capsys: Capture, *command: str, code: int = 0) -> list[Any]:
    """The lines of JSON that a command prints."""
    done = main([*command, "--json"])
    shown = capsys.readouterr()
    assert done == code, shown.err
    assert PASSWORD not in shown.out + shown.err
    return [json.loads(line) for line in shown.out.splitlines()]


def changes(sap: AbapServer) -> list[str]:
    """Modules that were called and that change something."""
    names = (str(call["function"]) for call in sap.abap.as_json()["calls"])
    reads = ("GET", "READ", "HELPVALUES", "CHECK", "PING", "RFC_", "LOGIN_INFO")
    return [name for name in names if not any(part in name for part in reads)]


@pytest.fixture
def doe(sap: AbapServer, monkeypatch: pytest.MonkeyPatch, capsys: Capture) -> str:
    """A user who was created by the command."""
    monkeypatch.setenv("NEW_PASSWORD", PASSWORD)
    fields = ["ADDRESS.LASTNAME=Doe", "ADDRESS.FIRSTNAME=Jane", "--valid-to", "2027-12-31"]
    lists = ["--roles", "Z_FI_AP", "--groups", "FINANCE", "--parameter", "BUK=1010"]
    command = ["users", "create", "s4", "doe", *fields, *lists, "--password-env", "NEW_PASSWORD"]
    (created,) = run(capsys, *command)
    assert (created["user"], created["status"]) == ("DOE", "done")
    return "DOE"


def test_a_created_user_is_as_the_command_said(doe: str, capsys: Capture) -> None:
    (user,) = run(capsys, "users", "show", "s4", doe)
    assert user["ADDRESS.LASTNAME"] == "Doe"
    assert user["LOGONDATA.GLTGB"] == "2027-12-31"
    assert user["ACTIVITYGROUPS.AGR_NAME"] == ["Z_FI_AP"]
    assert user["GROUPS.USERGROUP"] == ["FINANCE"]
    assert user["PARAMETER"] == {"BUK": "1010"}
    assert (user["enabled"], user["locked_out"]) == (True, False)


def test_a_user_is_created_once(doe: str, capsys: Capture) -> None:
    command = ["users", "create", "s4", doe, "ADDRESS.LASTNAME=Doe"]
    (failed,) = run(capsys, *command, "--password-env", "NEW_PASSWORD", code=3)
    assert (failed["status"], failed["code"]) == ("failed", "01/224")


def test_the_same_change_again_sends_nothing(sap: AbapServer, doe: str, capsys: Capture) -> None:
    """CO-T41."""
    command = ["users", "change", "s4", doe, "ADDRESS.DEPARTMENT=Finance", "DEFAULTS.KOSTL=4711"]
    assert run(capsys, *command)[0]["status"] == "done"
    before = changes(sap)
    assert run(capsys, *command)[0]["status"] == "unchanged"
    assert changes(sap) == before


def test_a_field_without_a_value_is_cleared(sap: AbapServer, capsys: Capture) -> None:
    """CO-T43."""
    run(capsys, "users", "change", "s4", "MILLER", "ADDRESS.DEPARTMENT=")
    (user,) = run(capsys, "users", "show", "s4", "MILLER")
    assert user["ADDRESS.DEPARTMENT"] == ""
    assert user["ADDRESS.FIRSTNAME"] == "Eva"


def test_a_value_that_is_too_long_is_refused_and_nothing_sent(
    sap: AbapServer, capsys: Capture
) -> None:
    """CO-T40."""
    long = 41 * "x"
    assert main(["users", "change", "s4", "MILLER", f"ADDRESS.LASTNAME={long}"]) == 2
    said = capsys.readouterr().err
    assert "ADDRESS.LASTNAME" in said
    assert long not in said
    assert changes(sap) == []


def test_locking_and_unlocking_show_in_the_list(sap: AbapServer, capsys: Capture) -> None:
    run(capsys, "users", "lock", "s4", "JONES")
    assert main(["users", "list", "s4", "--filter", "USERNAME=JONES"]) == 0
    assert "by an administrator" in capsys.readouterr().out
    run(capsys, "users", "unlock", "s4", "JONES")
    (user,) = run(capsys, "users", "show", "s4", "JONES")
    assert user["enabled"] is True


def test_a_password_is_reset_and_never_shown(
    sap: AbapServer, monkeypatch: pytest.MonkeyPatch, capsys: Capture
) -> None:
    monkeypatch.setenv("NEW_PASSWORD", PASSWORD)
    command = ["users", "reset-password", "s4", "JONES", "--password-env", "NEW_PASSWORD"]
    assert run(capsys, *command)[0]["status"] == "done"


def test_a_password_that_sap_does_not_take_is_named_by_its_number(
    sap: AbapServer, monkeypatch: pytest.MonkeyPatch, capsys: Capture
) -> None:
    monkeypatch.setenv("SHORT", "x")
    command = ["users", "reset-password", "s4", "JONES", "--password-env", "SHORT"]
    assert main([*command, "--json"]) == 3
    shown = capsys.readouterr()
    assert "01/" in shown.out + shown.err


def test_a_user_who_was_deleted_is_gone(doe: str, capsys: Capture) -> None:
    assert run(capsys, "users", "delete", "s4", doe, "--yes")[0]["status"] == "done"
    assert main(["users", "show", "s4", doe]) == 3
    assert main(["users", "delete", "s4", doe, "--yes"]) == 3


@pytest.mark.parametrize(
    ("condition", "names"),
    [
        ("ADDRESS.LASTNAME=Miller", ["MILLER"]),
        ("USERNAME=J*", ["JDOE", "JONES"]),
        ("not USERNAME=J*", ["MILLER"]),
        ("ADDRESS.DEPARTMENT=*chas* or ADDRESS.FIRSTNAME=Bo", ["JONES", "MILLER"]),
        ("ACTIVITYGROUPS.AGR_NAME=Z_FI_AP", ["JONES"]),
        ("USERNAME=\"' OR '1'='1\"", []),
    ],
)
def test_a_filter_finds_who_is_meant(
    sap: AbapServer, capsys: Capture, condition: str, names: list[str]
) -> None:
    found = run(capsys, "users", "list", "s4", "--filter", condition)
    assert [user["USERNAME"] for user in found] == names


def test_names_cost_no_details(sap: AbapServer, capsys: Capture) -> None:
    found = run(capsys, "users", "list", "s4", "--names", "--after", "JDOE", "--limit", "1")
    assert [user["USERNAME"] for user in found] == ["JONES"]
    functions = [call["function"] for call in sap.abap.as_json()["calls"]]
    assert "BAPI_USER_GET_DETAIL" not in functions


def test_roles_are_added_and_taken_and_indirect_ones_stay_with_their_own(
    sap: AbapServer, capsys: Capture
) -> None:
    """CO-T45."""
    days = ["--from", "2026-03-01", "--to", "2026-06-30"]
    run(capsys, "roles", "assign", "s4", "MILLER", "Z_FI_AP", *days)
    rows = {row["AGR_NAME"]: row for row in run(capsys, "roles", "list", "s4", "MILLER")}
    assert rows["Z_FI_AP"]["TO_DAT"] == "2026-06-30"
    assert rows["/SAPAPO/CIF_EXPERT"]["ORG_FLAG"] == "C"
    run(capsys, "roles", "remove", "s4", "MILLER", "/SAPAPO/LINE_PLANNER", "--yes")
    left = [row["AGR_NAME"] for row in run(capsys, "roles", "list", "s4", "MILLER")]
    assert left == ["Z_FI_AP", "Z_MM_BUYER"]


def test_a_role_that_there_is_not_fails_and_leaves_the_others(
    sap: AbapServer, capsys: Capture
) -> None:
    (answer,) = run(capsys, "roles", "assign", "s4", "JONES", "Z_NONE", code=3)
    assert answer["steps"][-1]["status"] == "failed"
    assert [row["AGR_NAME"] for row in run(capsys, "roles", "list", "s4", "JONES")] == ["Z_FI_AP"]


@pytest.mark.parametrize(
    ("command", "code"),
    [
        (("users", "list", "s4"), 2),
        (("users", "show", "s4", "JONES"), 2),
        (("roles", "list", "s4", "JONES"), 2),
        (("users", "lock", "s4", "JONES"), 3),
        (("users", "change", "s4", "JONES", "ADDRESS.CITY=Ulm"), 3),
    ],
)
def test_a_refusal_says_which_authorisation_may_be_missing(
    sap: AbapServer, capsys: Capture, command: tuple[str, ...], code: int
) -> None:
    sap.order(permissions={USER: {"without": ["S_USER_GRP"]}})
    assert main([*command]) == code
    told = capsys.readouterr().err
    assert "01/491" in told
    assert "S_USER_GRP with ACTVT 03 (PFCG); SU53" in told


def test_changed_users_are_told_once_a_time_has_come(sap: AbapServer, capsys: Capture) -> None:
    Path("state.json").write_text('{"token": "2026-01-01T00:00:00"}')
    *users, summary = run(capsys, "users", "sync", "s4", "--state", "state.json")
    assert [user["USERNAME"] for user in users] == ["JDOE", "JONES", "MILLER"]
    assert summary["summary"]["users"] == 3


def test_tables_are_read_by_alias_and_by_key(sap: AbapServer, capsys: Capture) -> None:
    (row,) = run(capsys, "tables", "read", "s4", "activitygroup", "--key", "Z\\:FI_CLERK")
    assert row["id"] == "Z\\:FI_CLERK"
    assert row["row"]["TEXT"] == ["Accounts payable clerk"]
    groups = run(capsys, "tables", "read", "s4", "GROUP")
    assert [each["id"] for each in groups] == ["FINANCE", "IT", "PURCHASING", "SUPER"]


def test_a_lost_answer_of_a_change_is_read_back_and_sent_once(
    sap: AbapServer, capsys: Capture
) -> None:
    """CO-T36."""
    sap.order(fault={"next": "reset_after", "of": "BAPI_USER_CHANGE"})
    (answer,) = run(capsys, "users", "change", "s4", "JONES", "ADDRESS.DEPARTMENT=IT")
    assert answer["status"] == "done"
    assert changes(sap).count("BAPI_USER_CHANGE") == 1


def test_commands_that_add_roles_at_the_same_time_lose_none(
    sap: AbapServer, capsys: Capture
) -> None:
    """CO-T49."""
    names = ["SAP_ASR_EMPLOYEE", "Z:FI_CLERK", "Z_FI_AP", "Z_MM_BUYER"]
    calls = [["roles", "assign", "s4", "JDOE", name] for name in names]
    threads = [Thread(target=main, args=(call,)) for call in calls]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    capsys.readouterr()
    assert [row["AGR_NAME"] for row in run(capsys, "roles", "list", "s4", "JDOE")] == names
