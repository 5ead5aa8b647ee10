"""`sapmatch doctor` for every way to log on, from the command line: who must mend what."""

import json
from pathlib import Path
from typing import Any

import pytest

from sapmatch.cli import main
from tests.builders import sap_home
from tests.builders.certificates import Authority
from tests.builders.sap_home import AUTH, Home, sap, secrets

CLIENT = 'client = "100"'
Findings = dict[str, dict[str, Any]]


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    return Authority(tmp_path_factory.mktemp("authority"))


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, authority: Authority) -> Home:
    return sap_home.at_home(tmp_path, monkeypatch, authority)


def examined(capsys: pytest.CaptureFixture[str], code: int, *hidden: str) -> Findings:
    """The findings by check, where the command ends so; nothing secret is shown."""
    ended = main(["doctor", "s4", "--json"])
    shown = capsys.readouterr()
    assert ended == code, shown
    assert not [value for value in hidden if value in shown.out + shown.err]
    return {line["check"]: line for line in map(json.loads, shown.out.splitlines())}


def failed(found: Findings) -> dict[str, Any]:
    """The one check that failed; what needs it is left out."""
    names = [name for name, each in found.items() if each["status"] == "failed"]
    assert len(names) == 1, found
    return found[names[0]]


@pytest.mark.parametrize("kind", AUTH)
def test_each_way_is_well_where_sap_is_set_up_for_it(
    kind: str,
    authority: Authority,
    tmp_path: Path,
    home: Home,
    capsys: pytest.CaptureFixture[str],
) -> None:
    with sap(authority, tmp_path) as server:
        home(server, kind, more=CLIENT)
        found = examined(capsys, 0, *secrets(kind, authority).values())
        entries = server.log.entries()
    assert ("token" in found) == kind.startswith("oauth2")
    assert found["tls"]["status"] == found["logon"]["status"] == "ok"
    assert {entry["method"] for entry in entries} <= {"GET", "HEAD", "POST"}
    posts = [entry["path"] for entry in entries if entry["method"] == "POST"]
    assert posts == ["/sap/bc/sec/oauth2/token"] * kind.startswith("oauth2")
