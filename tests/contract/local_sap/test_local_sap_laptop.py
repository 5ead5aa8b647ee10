"""All commands of a laptop together send a wrong password as often as a stage does: twice."""

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from local.sap.server import Server
from sapmatch.bootstrap.laptop import logon_file
from sapmatch.cli import main
from tests.builders import sap_home
from tests.builders.certificates import Authority
from tests.contract.local_sap.local_sap_world import USERS

EXTRACT = ["extract", "s4", "A_SalesOrder", "--json"]
COMMAND = "import sys; from sapmatch.cli import main; sys.exit(main(sys.argv[1:]))"


@pytest.fixture
def server(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Server]:
    authority = Authority(tmp_path)
    home = sap_home.at_home(tmp_path, monkeypatch, authority)
    with sap_home.sap(authority, tmp_path) as found:
        home(found, "basic", more='client = "100"')
        yield found


def failed_logons(server: Server) -> object:
    return server.gateway.users()["ROBOT"]["failed_logons"]


def extract() -> int:
    return main([*EXTRACT, "--to", "out"])


def begin(folder: str) -> subprocess.Popen[str]:
    command = [sys.executable, "-c", COMMAND, *EXTRACT, "--to", folder]
    return subprocess.Popen(command, stderr=subprocess.PIPE, stdout=subprocess.DEVNULL, text=True)


def test_six_commands_at_once_with_a_wrong_password_are_two_logons_and_the_right_one_passes(
    server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    """CO-T1, between processes."""
    monkeypatch.setenv("S4_PASSWORD", "wrong")
    begun = [begin(f"out{n}") for n in range(6)]
    said = [each.communicate(timeout=60)[1] for each in begun]
    assert all(each.returncode == 2 for each in begun), said
    assert failed_logons(server) == 2
    assert sum("run `sapmatch release s4`" in each for each in said) == 4, said
    monkeypatch.setenv("S4_PASSWORD", USERS["ROBOT"])
    assert extract() == 0


def test_the_doctor_counts_with_the_other_commands_and_a_person_releases_them(
    server: Server, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("S4_PASSWORD", "wrong")
    assert (main(["doctor", "s4"]), extract()) == (3, 2)
    assert (extract(), main(["doctor", "s4"])) == (2, 3)
    assert failed_logons(server) == 2
    assert "sapmatch release s4" in capsys.readouterr().out
    server.configure(users={"ROBOT": {"password": "wrong"}})
    assert main(["release", "s4", "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["was_stopped"] is True
    assert extract() == 0


def test_a_command_that_was_killed_while_it_logged_on_holds_up_nobody(server: Server) -> None:
    ended = subprocess.Popen([sys.executable, "-c", ""])
    ended.wait(timeout=60)
    assert extract() == 0
    file = logon_file()
    kept = json.loads(file.read_text())
    (entry,) = kept.values()
    (version,) = entry["logons"]["versions"]
    owner = f"{os.uname().nodename}:{ended.pid}/1"
    entry["logons"]["versions"] = {version: {"owner": owner, "until": 9e9, "changed_at": 1.0}}
    file.write_text(json.dumps(kept))
    assert extract() == 0


def test_a_file_that_cannot_be_used_stops_no_good_logon_and_allows_no_more_bad_ones(
    server: Server, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    logon_file().mkdir(parents=True)
    assert extract() == 0
    assert main(["release", "s4"]) == 2
    assert f"{logon_file()}: cannot be used" in capsys.readouterr().err
    monkeypatch.setenv("S4_PASSWORD", "wrong")
    assert extract() == 2
    assert failed_logons(server) == 1
