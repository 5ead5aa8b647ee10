"""`sapmatch call` against the stand-in."""

import json
from collections.abc import Iterator
from io import StringIO
from pathlib import Path
from typing import Any

import pytest

from sapmatch.cli import main
from tests.builders.abap import PASSWORD, USER, AbapServer, abap_server

LIST, DETAIL, LOCK = "BAPI_USER_GETLIST", "BAPI_USER_GET_DETAIL", "BAPI_USER_LOCK"
SETTINGS = """
[connections.s4]
url = "{url}"
client = "100"
auth = {{ type = "basic", secret = "env:S4" }}
limits = {{ requests_per_second = 1000, burst = 1000 }}
[connections.s4.rfc]
systemId = "S4H"
functions = ["BAPI_USER_GETLIST", "BAPI_USER_GET_DETAIL", "BAPI_USER_LOCK", "RFC_READ_TABLE"]
"""


@pytest.fixture
def sap(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[AbapServer]:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    monkeypatch.delenv("SAPMATCH_SETTINGS", raising=False)
    monkeypatch.setenv("S4_USER", USER)
    monkeypatch.setenv("S4_PASSWORD", PASSWORD)
    with abap_server([{"USERNAME": "JDOE", "ADDRESS": {"LASTNAME": "Doe"}}]) as server:
        (tmp_path / "sapmatch.toml").write_text(SETTINGS.format(url=server.url))
        yield server


def called(
    capsys: pytest.CaptureFixture[str], function: str, *options: str, code: int = 0
) -> dict[str, Any]:
    assert main(["call", "s4", function, "--json", *options]) == code
    shown: dict[str, Any] = json.loads(capsys.readouterr().out)
    return shown


def test_a_call_prints_what_came(sap: AbapServer, capsys: pytest.CaptureFixture[str]) -> None:
    found = called(capsys, LIST.lower(), "--json-input", '{"max_rows": 1, "WITH_USERNAME": "X"}')
    assert found["function"] == LIST
    assert found["exports"] == {"ROWS": 1}
    assert [each["USERNAME"] for each in found["tables"]["USERLIST"]] == ["JDOE"]
    assert found["messages"] == []


@pytest.mark.parametrize("written", ["input.json", "@input.json", "-"])
def test_input_comes_from_a_file_or_from_stdin(
    sap: AbapServer,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
    written: str,
) -> None:
    text = '{"USERNAME": "JDOE"}'
    Path("input.json").write_text(text)
    monkeypatch.setattr("sys.stdin", StringIO(text))
    found = called(capsys, DETAIL, "--json-input", written, "--want", "PROFILES")
    assert found["exports"]["ADDRESS"]["LASTNAME"] == "Doe"
    assert set(found["tables"]) == {"PROFILES", "RETURN"}


def test_a_failure_in_return_ends_with_three(
    sap: AbapServer, capsys: pytest.CaptureFixture[str]
) -> None:
    found = called(capsys, DETAIL, "--json-input", '{"USERNAME": "NOBODY"}', code=3)
    assert found["messages"][0]["number"] == "124"
    assert main(["call", "s4", DETAIL, "--json-input", '{"USERNAME": "NOBODY"}']) == 3
    assert "E 01/124" in capsys.readouterr().out


def test_people_see_fields_and_tables(sap: AbapServer, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["call", "s4", LIST, "--json-input", '{"WITH_USERNAME": "X"}']) == 0
    shown = capsys.readouterr().out
    assert "USERLIST (1)" in shown
    assert "JDOE" in shown


def test_an_exception_of_the_module_ends_with_three(
    sap: AbapServer, capsys: pytest.CaptureFixture[str]
) -> None:
    sap.order(fault={"next": "fault:TABLE_NOT_AVAILABLE", "of": "RFC_READ_TABLE"})
    assert main(["call", "s4", "RFC_READ_TABLE", "--json-input", '{"QUERY_TABLE": "X"}']) == 3
    assert "TABLE_NOT_AVAILABLE" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("function", "word"),
    [
        ("BAPI_USER_DELETE", "may change|change data"),
        ("BBP_RFC_READ_TABLE", "past all authorisations"),
        ("RFC_GET_TABLE_ENTRIES", "past all authorisations"),
        ("RODPS_REPL_ODP_OPEN", "functions: does not name"),
        ("Z_ANYTHING", "functions: does not name"),
    ],
)
def test_what_the_settings_do_not_name_is_not_called(
    sap: AbapServer, capsys: pytest.CaptureFixture[str], function: str, word: str
) -> None:
    assert main(["call", "s4", function]) == 2
    said = capsys.readouterr().err
    assert any(each in said for each in word.split("|"))
    assert f'add "{function}" there' in said
    assert sap.abap.called() == []


def test_a_change_whose_answer_is_lost_is_sent_once(
    sap: AbapServer, capsys: pytest.CaptureFixture[str]
) -> None:
    """CO-T36: it has happened, and is not sent again."""
    sap.order(fault={"next": "reset_after", "of": LOCK})
    assert main(["call", "s4", LOCK, "--json-input", '{"USERNAME": "JDOE"}']) == 4
    assert "read it back" in capsys.readouterr().err
    assert len(sap.abap.called(LOCK)) == 1


def test_a_read_whose_answer_is_lost_is_asked_again(
    sap: AbapServer, capsys: pytest.CaptureFixture[str]
) -> None:
    sap.order(fault={"next": "reset_after", "of": LIST})
    assert called(capsys, LIST, "--json-input", '{"MAX_ROWS": 1}')["exports"] == {"ROWS": 1}
    assert len(sap.abap.called(LIST)) == 2


def test_a_change_cannot_be_declared_a_read(
    sap: AbapServer, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["call", "s4", LOCK, "--reads", "--json-input", '{"USERNAME": "JDOE"}']) == 2
    assert "--reads" in capsys.readouterr().err
    assert sap.abap.called() == []


@pytest.mark.parametrize(
    ("given", "word"),
    [
        ("{", "is no JSON"),
        ('{"USERNAME" 1}', "line 1, column 13"),
        ("[1]", "must be an object"),
        ("nowhere.json", "cannot be read"),
        ('{"WITH_USERNAME": true}', 'a flag is "X"'),
        ('{"MAX_ROWS": NaN}', "is no JSON"),
        ('{"SELECTION_RANGE": [1]}', "each row must be an object"),
        ('{"SELECTION_RANGE": [{"LOW": ["a"]}]}', "SELECTION_RANGE.LOW"),
        ('{"WITH_USERNAME": "XY"}', "at most 1 fit"),
        ('{"TYPO": "X"}', "TYPO is no parameter"),
        ('{"TYPO": "X"}', "there are MAX_ROWS"),
    ],
)
def test_mistakes_in_the_input_are_told_and_nothing_is_called(
    sap: AbapServer, capsys: pytest.CaptureFixture[str], given: str, word: str
) -> None:
    assert main(["call", "s4", LIST, "--json-input", given]) == 2
    assert word in capsys.readouterr().err
    assert sap.abap.called() == []


def test_input_must_be_an_object(sap: AbapServer, capsys: pytest.CaptureFixture[str]) -> None:
    Path("list.json").write_text("[1]")
    assert main(["call", "s4", LIST, "--json-input", "list.json"]) == 2
    assert "must be an object" in capsys.readouterr().err


def test_a_day_is_given_as_json_has_it(sap: AbapServer, capsys: pytest.CaptureFixture[str]) -> None:
    wrong = '{"LOGONDATA": {"GLTGV": "31.01.2026"}}'
    Path("sapmatch.toml").write_text(
        Path("sapmatch.toml").read_text().replace(LOCK, "BAPI_USER_CHANGE")
    )
    assert main(["call", "s4", "BAPI_USER_CHANGE", "--json-input", wrong]) == 2
    assert "LOGONDATA.GLTGV: is no date" in capsys.readouterr().err
    right = {
        "USERNAME": "JDOE",
        "LOGONDATA": {"GLTGV": "2026-01-31"},
        "LOGONDATAX": {"GLTGV": "X"},
    }
    called(capsys, "BAPI_USER_CHANGE", "--json-input", json.dumps(right))
    found = called(capsys, DETAIL, "--json-input", '{"USERNAME": "JDOE"}')
    assert found["exports"]["LOGONDATA"]["GLTGV"] == "2026-01-31"


@pytest.mark.parametrize("written", ["@input.json", "-", '{"USERNAME": "JDOE"}'])
def test_json_with_a_value_is_input_and_output(
    sap: AbapServer,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
    written: str,
) -> None:
    text = '{"USERNAME": "JDOE"}'
    Path("input.json").write_text(text)
    monkeypatch.setattr("sys.stdin", StringIO(text))
    assert main(["call", "s4", DETAIL, "--json", written]) == 0
    assert json.loads(capsys.readouterr().out)["exports"]["ADDRESS"]["LASTNAME"] == "Doe"


def test_json_before_the_names_says_where_it_belongs(
    sap: AbapServer, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["call", "--json", "s4", LIST]) == 2
    assert "--json last" in capsys.readouterr().err
    assert sap.abap.called() == []


def test_input_is_given_once(sap: AbapServer, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["call", "s4", LIST, "--json", "{}", "--json-input", "{}"]) == 2
    assert "give the input once" in capsys.readouterr().err


def test_a_table_that_is_wanted_must_be_one_of_the_module(
    sap: AbapServer, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["call", "s4", LIST, "--want", "FOO"]) == 2
    said = capsys.readouterr().err
    assert "--want: FOO" in said
    assert "USERLIST" in said
    assert sap.abap.called() == []


@pytest.mark.parametrize(
    ("function", "given"),
    [
        ("RFC_READ_TABLE", {"QUERY_TABLE": "USR02"}),
        ("RFC_READ_TABLE", {"query_table": " usr02 "}),
        ("BBP_RFC_READ_TABLE", {"QUERY_TABLE": "RFCDES"}),
        ("RFC_GET_TABLE_ENTRIES", {"TABLE_NAME": "USRPWDHISTORY"}),
        ("Z_READ_TABLE2", {"WHAT": "USH02"}),
        ("Z_MINE", {"IV_TABNAME": "USR02"}),
        ("Z_MINE", {"IT_TABLES": [{"TABNAME": "USR02"}]}),
        ("Z_OURS", {"ANY": "DBCON"}),
    ],
)
def test_tables_of_passwords_and_keys_are_read_by_no_module(
    sap: AbapServer, capsys: pytest.CaptureFixture[str], function: str, given: dict[str, Any]
) -> None:
    text = Path("sapmatch.toml").read_text()
    more = f'tableReadFunction = "Z_OURS"\nfunctions = ["{function}", '
    Path("sapmatch.toml").write_text(text.replace("functions = [", more))
    assert main(["call", "s4", function, "--json-input", json.dumps(given)]) == 2
    assert "is never read" in capsys.readouterr().err
    assert sap.abap.called() == []


def test_other_tables_are_read_and_a_user_may_be_called_like_one(
    sap: AbapServer, capsys: pytest.CaptureFixture[str]
) -> None:
    main(["call", "s4", "RFC_READ_TABLE", "--json-input", '{"QUERY_TABLE": "USGRP"}'])
    main(["call", "s4", DETAIL, "--json-input", '{"USERNAME": "DBCON"}'])
    assert len(sap.abap.called()) == 2


def test_hashes_of_passwords_are_not_shown(
    sap: AbapServer, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["call", "s4", DETAIL, "--json-input", '{"USERNAME": "JDOE"}']) == 0
    shown = capsys.readouterr().out
    assert "Doe" in shown
    assert "BCODE" not in shown
    assert "b''" not in shown
