"""`sapmatch users`: what is asked of SAP, what is printed, and with which exit code."""

import io
import json
import sys
from datetime import date, time
from pathlib import Path
from typing import Any

import pytest
from msgspec.structs import replace

from sapmatch.cli import main
from sapmatch.model.errors import OutcomeUnknown, SapRejected
from sapmatch.model.rfc import BapiMessage
from sapmatch.model.users import (
    Changed,
    Compare,
    RoleAssignment,
    Step,
    UserChange,
    UserQuery,
)
from tests.builders.user_commands import MILLER, Side, stand_in

Capture = pytest.CaptureFixture[str]


@pytest.fixture
def side(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Side:
    return stand_in(monkeypatch, tmp_path)


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def lines(capsys: Capture) -> list[Any]:
    return [json.loads(line) for line in capsys.readouterr().out.splitlines()]


def asked(side: Side) -> Any:
    assert side.closed
    ((_, change),) = side.writer.asked
    return change


def test_list_asks_for_what_its_options_say(side: Side, capsys: Capture) -> None:
    options = ["--filter", "ADDRESS.LASTNAME=Mil*", "--limit", "5", "--after", "b", "--names"]
    assert main(["users", "list", "s4", *options, "--since", "2026-03-01T08:30:00"]) == 0
    assert side.reader.queries == [
        UserQuery(
            condition=Compare(field="ADDRESS.LASTNAME", operator="prefix", value="Mil"),
            after="B",
            limit=5,
            names_only=True,
            modified_since=(date(2026, 3, 1), time(8, 30)),
        )
    ]
    assert "Eva Miller" in capsys.readouterr().out


def test_people_see_a_table_and_what_was_decided_here(side: Side, capsys: Capture) -> None:
    side.reader.left = ("ADDRESS.CITY",)
    assert main(["users", "list", "s4"]) == 0
    shown = capsys.readouterr()
    assert "2026-12-31" in shown.out
    assert "decided here" in shown.err
    assert "ADDRESS.CITY" in shown.err


def test_scripts_get_a_line_for_each_user_with_days_as_iso_text(
    side: Side, capsys: Capture
) -> None:
    assert main(["users", "list", "s4", "--json"]) == 0
    jones, miller = lines(capsys)
    assert (jones["USERNAME"], miller["LOGONDATA.GLTGB"]) == ("JONES", "2026-12-31")


def test_show_has_the_three_properties_of_roles(side: Side, capsys: Capture) -> None:
    assert main(["users", "show", "s4", "miller", "--json"]) == 0
    (user,) = lines(capsys)
    row = {"AGR_NAME": "Z_BUYER", "FROM_DAT": "2026-01-01", "TO_DAT": "9999-12-31"}
    assert user["ACTIVITYGROUPS.AGR_NAME"] == ["Z_BUYER"]
    assert user["ACTIVITYGROUPS"] == [row]
    assert [role["ORG_FLAG"] for role in user["ALL_ACTIVITYGROUPS"]] == ["", "C"]
    assert main(["users", "show", "s4", "MILLER", "--json", "--role-rows", "xml"]) == 0
    (user,) = lines(capsys)
    assert user["ACTIVITYGROUPS"][0].endswith("<TO_DAT>9999-12-31</TO_DAT></item>")


def test_show_for_people_names_where_a_role_comes_from(side: Side, capsys: Capture) -> None:
    assert main(["users", "show", "s4", "MILLER"]) == 0
    shown = capsys.readouterr().out
    assert "composite role" in shown
    assert "BUK = 1010" in shown
    assert "<item>" not in shown


def test_a_user_who_is_not_there_is_exit_three(side: Side, capsys: Capture) -> None:
    assert main(["users", "show", "s4", "nobody"]) == 3
    assert "user NOBODY: there is none" in capsys.readouterr().err


def test_a_wrong_filter_is_pointed_at(side: Side, capsys: Capture) -> None:
    assert main(["users", "list", "s4", "--filter", "A = 1 B"]) == 2
    shown = capsys.readouterr().err
    assert "position 7" in shown
    assert shown.endswith("^\n")


def test_change_says_only_what_is_named(side: Side, capsys: Capture) -> None:
    options = ["address.lastname=Jones = Co", "DEFAULTS.KOSTL=", "--valid-to", "2027-01-31"]
    options += [
        "--groups",
        "A,B",
        "--parameter",
        "buk=1010",
        "--parameter",
        "EKO=",
        "--no-profiles",
    ]
    assert main(["users", "change", "s4", "miller", *options, "--json", "--yes"]) == 0
    assert asked(side) == UserChange(
        name="MILLER",
        fields={
            "ADDRESS.LASTNAME": "Jones = Co",
            "DEFAULTS.KOSTL": "",
            "LOGONDATA.GLTGB": date(2027, 1, 31),
        },
        groups=("A", "B"),
        parameters={"BUK": "1010", "EKO": ""},
        profiles=(),
    )
    (line,) = lines(capsys)
    assert (line["user"], line["status"], line["steps"][0]["name"]) == ("MILLER", "done", "step")


@pytest.mark.parametrize("yes", [True, False])
def test_roles_that_a_user_would_lose_are_asked_for_first(
    side: Side, capsys: Capture, yes: bool
) -> None:
    more = ["--yes"] if yes else []
    assert main(["users", "change", "s4", "MILLER", "--roles", "Z_NEW", *more]) == (0 if yes else 2)
    assert len(side.writer.asked) == yes
    if not yes:
        said = capsys.readouterr().err
        assert "Take role Z_BUYER from MILLER? Nobody is there to ask; say it by --yes" in said


def test_roles_that_only_come_are_not_asked_for(side: Side) -> None:
    assert main(["users", "change", "s4", "MILLER", "--roles", "z_buyer,Z_NEW"]) == 0
    assert asked(side).role_names == ("z_buyer", "Z_NEW")


@pytest.mark.parametrize(("answer", "times"), [("y\n", 1), ("\n", 0), ("n\n", 0)])
def test_on_a_terminal_a_deletion_is_asked_for(
    side: Side, monkeypatch: pytest.MonkeyPatch, answer: str, times: int
) -> None:
    monkeypatch.setattr(sys, "stdin", Terminal(answer))
    assert main(["users", "delete", "s4", "miller"]) == 0
    assert side.writer.asked == [("delete", "MILLER")] * times


def test_without_a_terminal_a_deletion_needs_a_word(side: Side) -> None:
    assert main(["users", "delete", "s4", "MILLER"]) == 2
    assert side.writer.asked == []
    assert main(["users", "delete", "s4", "MILLER", "--yes"]) == 0


@pytest.mark.parametrize(
    ("options", "change"),
    [
        (["lock"], UserChange(name="MILLER", locked=True)),
        (["unlock"], UserChange(name="MILLER", locked=False, clear_lockout=True)),
        (["unlock", "--lockout-only"], UserChange(name="MILLER", clear_lockout=True)),
    ],
)
def test_locks_are_changes(side: Side, options: list[str], change: UserChange) -> None:
    action, *more = options
    assert main(["users", action, "s4", "miller", *more]) == 0
    assert asked(side) == change


def test_rows_of_roles_come_from_a_file(side: Side) -> None:
    Path("roles.json").write_text('[{"AGR_NAME": "Z_BUYER", "FROM_DAT": "2026-01-01"}]')
    options = ["--roles-json", "roles.json"]
    assert main(["users", "change", "s4", "MILLER", *options]) == 0
    assert asked(side).roles == (RoleAssignment(name="Z_BUYER", valid_from=date(2026, 1, 1)),)


@pytest.mark.parametrize(
    ("text", "words"),
    [("{", "roles.json: "), ('[{"AGR": "X"}]', "roles.json: "), (None, "cannot be read")],
)
def test_a_wrong_file_of_roles_is_named(
    side: Side, capsys: Capture, text: str | None, words: str
) -> None:
    if text is not None:
        Path("roles.json").write_text(text)
    assert main(["users", "change", "s4", "MILLER", "--roles-json", "roles.json"]) == 2
    assert words in capsys.readouterr().err
    assert side.writer.asked == []


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (["PASSWORD.BAPIPWD=Secret-1"], "a password is no argument"),
        (["Secret-1"], "FIELD=VALUE"),
        (["=x"], "FIELD=VALUE"),
        (["A.B=1", "a.b=2"], "A.B: is given twice"),
        (["--valid-to", "31.12.2026"], "2026-12-31"),
        (["--roles", "A", "--no-roles"], "not allowed with"),
        (["--groups", ""], "is empty"),
    ],
)
def test_wrong_options_are_one_sentence(
    side: Side, capsys: Capture, options: list[str], words: str
) -> None:
    assert main(["users", "change", "s4", "MILLER", *options]) == 2
    shown = capsys.readouterr().err
    assert words in shown
    assert "Secret-1" not in shown
    assert side.writer.asked == []


@pytest.mark.parametrize(
    ("status", "code"),
    [
        ("unchanged", 0),
        ("done", 0),
        ("accepted_by_central", 0),
        ("partial", 3),
        ("failed", 3),
        ("unknown", 3),
    ],
)
@pytest.mark.parametrize("json_too", [[], ["--json"]])
def test_the_exit_code_says_whether_it_is_so_now(
    side: Side, status: Any, code: int, json_too: list[str]
) -> None:
    side.writer.comes_to = Changed(user="", status=status)
    assert main(["users", "lock", "s4", "MILLER", *json_too]) == code


def test_steps_and_warnings_are_told(side: Side, capsys: Capture) -> None:
    side.writer.comes_to = Changed(
        user="",
        status="partial",
        steps=(
            Step(name="create", status="done"),
            Step(name="roles", status="failed", code="01/223", message="no role Z_X"),
        ),
        warnings=(BapiMessage(type="W", id="01", number="025", text="no company address"),),
    )
    assert main(["users", "lock", "s4", "MILLER"]) == 3
    shown = capsys.readouterr()
    assert "01/223: no role Z_X" in shown.out
    assert "warning: 01/025: no company address" in shown.err


def test_what_sap_refuses_at_once_is_exit_three(side: Side, capsys: Capture) -> None:
    side.writer.refusal = SapRejected("01/224", "user MILLER is there already")
    assert main(["users", "create", "s4", "MILLER", "--generate", "--json"]) == 3
    (line,) = lines(capsys)
    assert (line["status"], line["code"]) == ("failed", "01/224")


def test_an_answer_that_got_lost_is_exit_four(side: Side) -> None:
    side.writer.refusal = OutcomeUnknown("the answer is missing")
    assert main(["users", "lock", "s4", "MILLER"]) == 4


def test_a_change_of_nothing_is_a_mistake(side: Side, capsys: Capture) -> None:
    assert main(["users", "change", "s4", "MILLER"]) == 2
    assert "nothing is named that is to change" in capsys.readouterr().err
    assert side.writer.asked == []


def test_a_moment_that_is_none_names_its_option(side: Side, capsys: Capture) -> None:
    assert main(["users", "list", "s4", "--since", "yesterday"]) == 2
    assert "--since: 'yesterday' is no moment" in capsys.readouterr().err


def test_sync_begins_with_nothing_and_goes_on_where_it_was(side: Side, capsys: Capture) -> None:
    call = ["users", "sync", "s4", "--state", "state.json", "--json"]
    assert main(call) == 0
    (summary,) = lines(capsys)
    assert summary["summary"]["users"] == 0
    Path("state.json").write_text('{"token": "2026-03-01T08:00:00"}')
    assert main(call) == 0
    *users, summary = lines(capsys)
    assert [user["USERNAME"] for user in users] == ["JONES", "MILLER"]
    assert side.reader.queries[-1].modified_since == (date(2026, 3, 1), time(8))
    kept = json.loads(Path("state.json").read_text())
    assert kept == {"token": summary["summary"]["token"]}
    assert kept["token"].startswith("2026-03-01T08:29:5")


def test_a_token_that_is_still_to_come_is_remarked_on(side: Side, capsys: Capture) -> None:
    """The zone of the settings is not that of SAP's clock: nobody would be listed until then."""
    Path("state.json").write_text('{"token": "2999-01-01T00:00:00"}')
    assert main(["users", "sync", "s4", "--state", "state.json"]) == 0
    told = capsys.readouterr().err
    assert "2999-01-01T00:00:00 is still to come in Europe/Berlin" in told
    assert "connections.s4.time_zone" in told


def test_a_last_change_that_is_still_to_come_is_remarked_on(side: Side, capsys: Capture) -> None:
    side.reader.there["MILLER"] = replace(MILLER, modified=(date(2999, 1, 1), time(8)))
    Path("state.json").write_text('{"token": "2026-03-01T08:00:00"}')
    call = ["users", "sync", "s4", "--state", "state.json"]
    assert main(call) == 0
    assert "is still to come in Europe/Berlin" in capsys.readouterr().err
    side.reader.there["MILLER"] = MILLER
    Path("state.json").unlink()
    assert main(call) == 0
    assert "still to come" not in capsys.readouterr().err


def test_a_state_file_that_is_none_is_named_and_kept(side: Side, capsys: Capture) -> None:
    Path("state.json").write_text("[]")
    assert main(["users", "sync", "s4", "--state", "state.json"]) == 2
    assert "state.json: holds no token" in capsys.readouterr().err
    assert Path("state.json").read_text() == "[]"


def test_schema_names_users_profiles_and_tables(side: Side, capsys: Capture) -> None:
    assert main(["users", "schema", "s4", "--json"]) == 0
    kinds = {kind["name"]: kind["attributes"] for kind in lines(capsys)}
    assert set(kinds) == {"USER", "PROFILE", "ACTIVITYGROUP", "GROUP"}
    assert main(["users", "schema", "s4"]) == 0
    assert "ADDRESS.LASTNAME" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("command", "options"),
    [
        ("users list", ["--filter", "--names", "--limit", "--after", "--since"]),
        ("users show", ["--role-rows"]),
        ("users create", ["--roles", "--roles-json", "--profiles", "--password-env", "--generate"]),
        ("users change", ["--no-roles", "--no-groups", "--systems", "--parameter", "--valid-to"]),
        ("users lock", ["--wait"]),
        ("users unlock", ["--lockout-only"]),
        ("users delete", ["--yes"]),
        ("users reset-password", ["--password-env", "--generate"]),
        ("users sync", ["--state"]),
        ("users schema", []),
        ("roles list", []),
        ("roles assign", ["--from", "--to", "--wait"]),
        ("roles remove", ["--yes", "--wait"]),
        ("tables read", ["--key"]),
        ("tables list", []),
    ],
)
def test_help_names_every_option(command: str, options: list[str], capsys: Capture) -> None:
    assert main([*command.split(), "--help"]) == 0
    shown = capsys.readouterr().out
    assert [
        each for each in (*options, "--json", "--settings", "CONNECTION") if each not in shown
    ] == []
