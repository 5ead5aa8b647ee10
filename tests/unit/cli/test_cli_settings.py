"""The shell of the command line and `sapmatch settings check`."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from sapmatch.cli import main
from sapmatch.cli.output import printable
from sapmatch.model.errors import SapUnavailable

GOOD = """
[connections.s4]
url = "https://sap.example.com"
client = "100"
auth = { type = "basic", secret = "env:S4" }
"""
WRONG = """
[connections.s4]
url = "http://sap.example.com"
client = "1"
colour = "blue"
auth = { type = "basic", secret = "env:S4" }
"""


@pytest.fixture(autouse=True)
def _in_an_empty_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("SAPMATCH_SETTINGS", raising=False)


def test_good_settings_end_with_zero(capsys: pytest.CaptureFixture[str]) -> None:
    Path("sapmatch.toml").write_text(GOOD)
    assert main(["settings", "check"]) == 0
    assert "sapmatch.toml: no mistake" in capsys.readouterr().out


def test_wrong_settings_name_every_mistake_and_end_with_two(
    capsys: pytest.CaptureFixture[str],
) -> None:
    Path("stage.toml").write_text(WRONG)
    assert main(["settings", "check", "stage.toml"]) == 2
    shown = capsys.readouterr()
    assert shown.out == ""
    for path in ("connections.s4.url", "connections.s4.client", "connections.s4.colour"):
        assert path in shown.err


def test_json_prints_one_object_on_stdout(capsys: pytest.CaptureFixture[str]) -> None:
    Path("stage.toml").write_text(WRONG)
    assert main(["settings", "check", "stage.toml", "--json"]) == 2
    shown = capsys.readouterr()
    (line,) = shown.out.splitlines()
    assert shown.err == ""
    answer = json.loads(line)
    assert (answer["file"], answer["valid"]) == ("stage.toml", False)
    assert {problem["field"] for problem in answer["problems"]} == {
        "connections.s4.url",
        "connections.s4.client",
        "connections.s4.colour",
    }


def test_the_settings_file_comes_from_the_option_then_the_environment(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    Path("good.toml").write_text(GOOD)
    Path("wrong.toml").write_text(WRONG)
    monkeypatch.setenv("SAPMATCH_SETTINGS", "wrong.toml")
    assert main(["settings", "check"]) == 2
    assert main(["settings", "check", "--settings", "good.toml"]) == 0
    assert "wrong.toml" in capsys.readouterr().err


def test_a_missing_settings_file_is_wrong_usage(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["settings", "check", "nowhere.toml"]) == 2
    assert "nowhere.toml" in capsys.readouterr().err


@pytest.mark.parametrize("argv", [[], ["paint"], ["settings"], ["settings", "check", "--colour"]])
def test_wrong_usage_ends_with_two(argv: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    assert main(argv) == 2
    assert "usage: sapmatch" in capsys.readouterr().err


def test_help_lists_the_commands_and_ends_with_zero(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--help"]) == 0
    shown = capsys.readouterr().out
    for command in ("read", "match", "extract", "write", "status", "settings"):
        assert command in shown


@pytest.mark.parametrize(
    ("raised", "code"), [(KeyboardInterrupt(), 130), (SapUnavailable("no answer from SAP"), 4)]
)
def test_interruption_and_silence_have_exit_codes_of_their_own(
    raised: BaseException,
    code: int,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    def fail(_path: Path) -> None:
        raise raised

    monkeypatch.setattr("sapmatch.cli.settings.load", fail)
    assert main(["settings", "check"]) == code
    assert capsys.readouterr().err.startswith("sapmatch: ")


def test_a_bug_of_ours_is_not_hidden(monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(_path: Path) -> None:
        raise ZeroDivisionError

    monkeypatch.setattr("sapmatch.cli.settings.load", fail)
    with pytest.raises(ZeroDivisionError):
        main(["settings", "check"])


def test_a_reader_that_has_seen_enough_is_no_error() -> None:
    Path("sapmatch.toml").write_text(GOOD)
    command = [sys.executable, "-c", "from sapmatch.cli import main; raise SystemExit(main())"]
    reader, writer = os.pipe()
    os.close(reader)
    ended = subprocess.run(
        [*command, "settings", "check", "--json"], stdout=writer, stderr=subprocess.PIPE, timeout=60
    )
    os.close(writer)
    assert (ended.returncode, ended.stderr) == (0, b"")


def test_control_characters_of_a_document_never_reach_the_terminal() -> None:
    assert printable("ACME\x1b[31m\rGmbH") == "ACME\ufffd[31m\ufffdGmbH"


def test_what_does_nothing_is_remarked_and_the_file_is_good(
    capsys: pytest.CaptureFixture[str],
) -> None:
    rfc = '[connections.s4.rfc]\nsystemId = "S4H"\nlogonGroup = "BATCH"\n'
    Path("sapmatch.toml").write_text(f"{GOOD}{rfc}")
    assert main(["settings", "check"]) == 0
    shown = capsys.readouterr()
    assert "connections.s4.rfc.logonGroup: does nothing" in " ".join(
        (shown.out + shown.err).split()
    )
    assert main(["settings", "check", "--json"]) == 0
    answer = json.loads(capsys.readouterr().out)
    (remark,) = answer["remarks"]
    assert (answer["valid"], remark["field"]) == (True, "connections.s4.rfc.logonGroup")


RFC_BLOCK = '[connections.s4.rfc]\nsystemId = "S4H"\n'


@pytest.mark.parametrize(
    ("line", "field", "word"),
    [
        ('tables = ["AGR_DEFINE as A=MANDT:3:IGNORE"]', "tables[0]", "position 17: no column is"),
        ('tables = ["USR02 as A=BNAME:12:KEY"]', "tables[0]", "hashes of passwords"),
        ('tables = ["T001 as A=BUKRS:4:KEY"]', "tables[0]", "anyTable = true"),
        ('tables = ["USGRP as ACCOUNT=USERGROUP:12:KEY"]', "tables[0]", "ACCOUNT is no alias"),
        ('subTables = ["AGR_TEXTS for X=A:3:MATCH,B:3"]', "subTables[0]", "X is not in tables"),
        ('tableReadFunction = "X"', "tableReadFunction", "X is none of"),
        ('baseAccountQuery = "EQ,LOGONDATA.FOO,A"', "baseAccountQuery", "LOGONDATA.FOO"),
        ('baseAccountQuery = "EQ,LOGONDATA.GLTGB,soon"', "baseAccountQuery", "is date"),
        ('readOnlyParams = ["SNC", "ADDRESS.EMAIL"]', "readOnlyParams[1]", "ADDRESS.EMAIL"),
        ('readOnlyParams = ["HOUSE"]', "readOnlyParams[0]", "nothing would be protected"),
        ('tableParameterNames = ["ADDRESS"]', "tableParameterNames[0]", "ADDRESS is no table"),
        ('tableParameterNames = ["ADDTEL.TEL"]', "tableParameterNames[0]", "is no table"),
    ],
)
def test_what_commands_for_users_would_refuse_is_a_mistake(
    capsys: pytest.CaptureFixture[str], line: str, field: str, word: str
) -> None:
    """Rows B15, B17, B20: the words are those with which `users list` refuses."""
    Path("sapmatch.toml").write_text(f"{GOOD}{RFC_BLOCK}{line}\n")
    assert main(["settings", "check"]) == 2
    told = capsys.readouterr().err
    assert told.startswith(f"sapmatch: sapmatch.toml: one mistake\n  connections.s4.rfc.{field}: ")
    assert word in told
    assert main(["users", "list", "s4"]) == 2
    assert capsys.readouterr().err == told.replace("sapmatch.toml: ", "the settings: ")


def test_every_mistake_of_users_and_tables_is_told_at_once(
    capsys: pytest.CaptureFixture[str],
) -> None:
    lines = 'readOnlyParams = ["A", "SNC"]\ntableReadFunction = "X"\nbaseAccountQuery = "EQ,B,C"\n'
    Path("sapmatch.toml").write_text(GOOD + RFC_BLOCK + lines)
    assert main(["settings", "check", "--json"]) == 2
    problems = json.loads(capsys.readouterr().out)["problems"]
    fields = [each["field"].removeprefix("connections.s4.rfc.") for each in problems]
    assert fields == ["tableReadFunction", "baseAccountQuery", "readOnlyParams[0]"]


def test_what_may_be_protected_and_read_further_is_no_mistake(
    capsys: pytest.CaptureFixture[str],
) -> None:
    lines = (
        'readOnlyParams = ["ADDRESS.E_MAIL", "ALIAS", "ACTIVITYGROUPS", "GROUPS.USERGROUP", '
        '"PARAMETER", "TECH_USER", "ADMINDATA.ERDAT"]\ntableParameterNames = ["ADDTEL"]\n'
    )
    Path("sapmatch.toml").write_text(GOOD + RFC_BLOCK + lines)
    assert main(["settings", "check"]) == 0
    shown = capsys.readouterr()
    assert "no mistake" in shown.out
    assert "readOnlyParams" not in shown.err
    assert "tableParameterNames" not in shown.err


def test_a_table_of_users_that_only_sap_can_know_is_remarked(
    capsys: pytest.CaptureFixture[str],
) -> None:
    Path("sapmatch.toml").write_text(f'{GOOD}{RFC_BLOCK}tableParameterNames = ["FOO"]\n')
    assert main(["settings", "check"]) == 0
    assert "connections.s4.rfc.tableParameterNames[0]: FOO is no table" in capsys.readouterr().err
