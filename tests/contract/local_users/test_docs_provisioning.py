"""docs/provisioning.md is run: its file and its plan, against the embedded SAP of the page."""

import json
import re
import stat
from collections.abc import Iterator
from pathlib import Path

import pytest

from sapmatch.cli import main
from tests.builders.abap import PASSWORD, USER, AbapServer, abap_server

DOCS = Path(__file__).resolve().parents[3] / "docs"
PAGE = (DOCS / "provisioning.md").read_text(encoding="utf-8")
SETTINGS = (DOCS / "users.md").read_text(encoding="utf-8")
Capture = pytest.CaptureFixture[str]
RUNS = Path("users.json.runs")


def fenced(page: str, kind: str) -> list[str]:
    return re.findall(rf"^```{kind}\n(.*?)^```$", page, re.MULTILINE | re.DOTALL)


@pytest.fixture
def stand_in(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[AbapServer]:
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("SAPMATCH_SETTINGS", raising=False)
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    monkeypatch.setenv("S4_USER", USER)
    monkeypatch.setenv("S4_PASSWORD", PASSWORD)
    monkeypatch.setenv("COLUMNS", "100")
    file, seed = fenced(PAGE, "json")[:2]
    with abap_server(**json.loads(seed)["abap"]) as server:
        settings = fenced(SETTINGS, "toml")[0].replace("http://127.0.0.1:8100", server.url)
        Path("sapmatch.toml").write_text(settings)
        Path("users.json").write_text(file)
        yield server


def test_the_plan_is_the_one_of_the_page(stand_in: AbapServer, capsys: Capture) -> None:
    assert main(["provision", "plan", "s4", "users.json"]) == 0
    assert f"```\n{capsys.readouterr().out}```" in PAGE
    assert not RUNS.exists()


def test_a_file_in_csv_is_planned_alike(stand_in: AbapServer, capsys: Capture) -> None:
    (csv,) = [each for each in fenced(PAGE, "") if each.startswith("USERNAME,")]
    Path("users.csv").write_text(csv)
    assert main(["provision", "plan", "s4", "users.csv"]) == 0
    assert f"```\n{capsys.readouterr().out}```" in PAGE


def test_what_a_run_noted_is_for_nobody_else(stand_in: AbapServer, capsys: Capture) -> None:
    """Plans and responses name people, whatever the mask of this user is."""
    RUNS.mkdir(mode=0o755)
    assert main(["provision", "apply", "s4", "users.json", "--yes"]) == 0
    assert "more stands in" in capsys.readouterr().out
    modes = {path.is_dir(): set[int]() for path in (RUNS, *RUNS.rglob("*"))}
    for path in (RUNS, *(each for each in RUNS.rglob("*") if each.name != ".lock")):
        modes[path.is_dir()].add(stat.S_IMODE(path.stat().st_mode))
    assert modes == {True: {0o700}, False: {0o600}}
    assert main(["provision", "apply", "s4", "users.json", "--yes"]) == 0
    assert "4 as they should be" in capsys.readouterr().out


@pytest.mark.parametrize("answer", ["n", ""])
def test_nothing_stays_of_a_run_that_nobody_wanted(
    stand_in: AbapServer, capsys: Capture, monkeypatch: pytest.MonkeyPatch, answer: str
) -> None:
    monkeypatch.setattr("sapmatch.cli.provision_file.agreed", lambda *_, **__: False)
    assert main(["provision", "apply", "s4", "users.json"]) == 3
    assert "nothing was changed" in capsys.readouterr().err
    assert not RUNS.exists()


def test_nothing_stays_where_a_script_forgot_the_word(
    stand_in: AbapServer, capsys: Capture
) -> None:
    rules = "\n[provisioning.s4]\nusers_locked_at_most = 0\n"
    Path("sapmatch.toml").write_text(Path("sapmatch.toml").read_text() + rules)
    assert main(["provision", "apply", "s4", "users.json", "--yes"]) == 2
    assert "--approve-removals" in capsys.readouterr().err
    assert not RUNS.exists()


def test_a_run_before_stays_where_the_next_is_declined(
    stand_in: AbapServer, capsys: Capture, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert main(["provision", "apply", "s4", "users.json", "--yes"]) == 0
    (response,) = RUNS.rglob("response.json")
    rows = [{"USERNAME": "MHUBER", "ADDRESS.DEPARTMENT": "Sales"}]
    Path("users.json").write_text(json.dumps(rows))
    monkeypatch.setattr("sapmatch.cli.provision_file.agreed", lambda *_, **__: False)
    assert main(["provision", "apply", "s4", "users.json"]) == 3
    assert list(RUNS.rglob("response.json")) == [response]


def test_a_file_with_mistakes_says_that_nothing_is_applied_and_shows_the_rest(
    stand_in: AbapServer, capsys: Capture
) -> None:
    rows = [
        {"USERNAME": "MHUBER", "ADDRESS.HOUSE_PET": "cat", "ADDRESS.CITY": "x" * 99},
        {"USERNAME": "LVOGEL", "ACTIVITYGROUPS.AGR_NAME": ["Z_NONE"]},
        {"USERNAME": "PWOLF", "ADDRESS.CITY": "Ulm"},
    ]
    Path("users.json").write_text(json.dumps(rows))
    assert main(["provision", "plan", "s4", "users.json"]) == 3
    shown = capsys.readouterr().out
    assert "refused: row 1 (MHUBER): ADDRESS.HOUSE_PET: no user has" in shown
    assert "refused: row 2 (LVOGEL): ACTIVITYGROUPS.AGR_NAME: there is no role Z_NONE" in shown
    assert "3 mistakes in 2 rows: nothing is applied" in shown
    assert "Ulm" in shown
    assert main(["provision", "apply", "s4", "users.json", "--yes"]) == 3
    assert "nothing is applied" in capsys.readouterr().out
    assert not RUNS.exists()
    found = stand_in.abap.call("BAPI_USER_GET_DETAIL", {"USERNAME": "PWOLF"}, user=USER)
    assert found["ADDRESS"]["CITY"] == ""


def test_a_profile_or_group_that_sap_has_not_stops_the_file_before_anybody_is_changed(
    stand_in: AbapServer, capsys: Capture
) -> None:
    new = {"USERNAME": "NKELLER", "ADDRESS.LASTNAME": "Keller"}
    rows = [
        new | {"GROUPS.USERGROUP": ["NOPE"]},
        {"USERNAME": "LVOGEL", "PROFILES.BAPIPROF": ["NOPE"]},
        {"USERNAME": "PWOLF", "ADDRESS.CITY": "Ulm"},
    ]
    Path("users.json").write_text(json.dumps(rows))
    assert main(["provision", "apply", "s4", "users.json", "--yes"]) == 3
    shown = capsys.readouterr().out
    assert "row 1 (NKELLER): GROUPS.USERGROUP: there is no user group NOPE" in shown
    assert "row 2 (LVOGEL): PROFILES.BAPIPROF: there is no profile NOPE" in shown
    found = stand_in.abap.call("BAPI_USER_GET_DETAIL", {"USERNAME": "PWOLF"}, user=USER)
    assert found["ADDRESS"]["CITY"] == ""
