"""`sapmatch call`: passwords stand in no argument, names once, and hashes are not shown."""

import json
from pathlib import Path
from typing import Any

import pytest

from sapmatch.cli import main
from sapmatch.model.rfc import RfcResult

SETTINGS = """
[connections.s4]
url = "https://sap.example.com"
client = "100"
auth = { type = "basic", secret = "env:S4" }
[connections.s4.rfc]
systemId = "S4H"
functions = ["BAPI_USER_CHANGE", "Z_ANY"]
"""
CHANGE = "BAPI_USER_CHANGE"


class Sap:
    """Notes what it is called with; answers `result`."""

    def __init__(self) -> None:
        self.called: list[Any] = []
        self.result = RfcResult(exports={}, tables={}, messages=())

    def interface(self, _: str) -> None:
        return None

    def call(self, function: str, imports: Any, tables: Any, **_: Any) -> RfcResult:
        self.called.append((function, imports, tables))
        return self.result

    def close(self) -> None:
        """Nothing."""


@pytest.fixture
def sap(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Sap:
    found = Sap()
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("SAPMATCH_SETTINGS", raising=False)
    monkeypatch.setattr("sapmatch.cli.call.rfc_transport", lambda *_, **__: found)
    (tmp_path / "sapmatch.toml").write_text(SETTINGS)
    return found


@pytest.mark.parametrize("option", ["--json-input", "--json"])
@pytest.mark.parametrize(
    ("given", "at"),
    [
        ({"PASSWORD": {"BAPIPWD": "Canary-1"}}, "PASSWORD.BAPIPWD"),
        ({"password": {"bapipwd": "Canary-1"}}, "password.bapipwd"),
        ({"NEW_PASSWORD": "Canary-1"}, "NEW_PASSWORD"),
        ({"IV_PASSWD": 4711}, "IV_PASSWD"),
        ({"ROWS": [{"NAME": "A"}, {"PWD": "Canary-1"}]}, "ROWS.PWD"),
        ({"LOGONDATA": {"OCOD1": "Canary-1"}}, "LOGONDATA.OCOD1"),
    ],
)
def test_a_password_is_no_argument(
    sap: Sap, capsys: pytest.CaptureFixture[str], option: str, given: Any, at: str
) -> None:
    assert main(["call", "s4", CHANGE, option, json.dumps(given)]) == 2
    said = capsys.readouterr().err
    assert f"{at}: a password is no argument" in said
    assert "@FILE" in said
    assert "Canary" not in said
    assert sap.called == []


def test_a_file_may_hold_a_password_and_flags_about_passwords_are_none(sap: Sap) -> None:
    given = {"USERNAME": "JDOE", "PASSWORD": {"BAPIPWD": "Canary-1"}}
    Path("input.json").write_text(json.dumps(given))
    assert main(["call", "s4", CHANGE, "--json-input", "@input.json"]) == 0
    assert sap.called[0][1] == given
    flags = {"PASSWORDX": {"BAPIPWD": "X"}, "PRODUCTIVE_PWD": "", "GENERATE_PWD": None}
    assert main(["call", "s4", CHANGE, "--json-input", json.dumps(flags)]) == 0


@pytest.mark.parametrize("by_file", [True, False])
@pytest.mark.parametrize(
    ("text", "name"),
    [
        ('{"USERNAME": "JDOE", "username": "ADMIN"}', "username"),
        ('{"A": 1, "A": 2}', "A"),
        ('{"LOCK": {"A": "1", "a": "2"}}', "a"),
        ('{"ROWS": [{"A": "1", "A": "1"}]}', "A"),
    ],
)
def test_a_name_that_stands_twice_is_refused(
    sap: Sap, capsys: pytest.CaptureFixture[str], text: str, name: str, *, by_file: bool
) -> None:
    Path("input.json").write_text(text)
    assert main(["call", "s4", CHANGE, "--json-input", "@input.json" if by_file else text]) == 2
    assert f"{name} stands there twice" in capsys.readouterr().err
    assert sap.called == []


@pytest.mark.parametrize("way", [[], ["--json"]])
def test_hashes_are_shown_nowhere(
    sap: Sap, capsys: pytest.CaptureFixture[str], way: list[str]
) -> None:
    fields: Any = dict.fromkeys(("BCODE", "OCOD1", "OCOD5", "PWDSALTEDHASH"), "F00D")
    nested: Any = {f"LOGONDATA-{name}": "F00D" for name in fields}
    row = {"NAME": "Doe", **fields, **nested}
    sap.result = RfcResult(
        exports={"LOGONDATA": row, "PASSCODE": "F00D"}, tables={"USERS": [row]}, messages=()
    )
    assert main(["call", "s4", "Z_ANY", *way]) == 0
    shown = capsys.readouterr().out
    assert shown.count("Doe") == 2
    assert "F00D" not in shown
