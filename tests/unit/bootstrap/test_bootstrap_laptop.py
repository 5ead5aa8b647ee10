"""The file in which the commands of one user agree on logons."""

import os
import stat
from datetime import UTC, datetime
from pathlib import Path

import msgspec
import pytest

from sapmatch.bootstrap.laptop import (
    FILE,
    KEPT,
    LaptopLogons,
    LogonFile,
    is_alive,
    logon_file,
    this_process,
)
from sapmatch.bootstrap.logon import laptop_guard
from sapmatch.bootstrap.secrets import from_environment
from sapmatch.limits.logons import Logons, Trial
from sapmatch.model.auth import Basic
from sapmatch.model.connection import Connection
from sapmatch.model.errors import InputRejected, LogonRefused, PreconditionFailed
from sapmatch.settings import Settings
from tests.builders.memory import MemoryClock

CLOCK = MemoryClock(datetime(2026, 11, 2, 8, 0, tzinfo=UTC))
VALUE = msgspec.json.encode(Logons(versions={"v1": Trial(refusals=1)}))


def settings(url: str = "https://sap.example.com:44300", name: str = "s4") -> Settings:
    connection = Connection(url=url, client="100", auth=Basic(secret="env:S4"))
    return Settings(connections={name: connection})


def test_only_the_user_reads_it_and_no_part_of_it_stays_behind() -> None:
    LogonFile(logon_file()).write("logons/s4", VALUE, expected=0)
    folder = logon_file().parent
    modes = {path.name: stat.S_IMODE(path.stat().st_mode) for path in (folder, *folder.iterdir())}
    assert modes == {"sapmatch": 0o700, "logons.json": 0o600, "logons.lock": 0o600}


def test_what_somebody_else_changed_is_not_written_over() -> None:
    file = LogonFile(logon_file())
    assert file.write("logons/s4", VALUE, expected=0) == 1
    with pytest.raises(PreconditionFailed):
        file.write("logons/s4", VALUE, expected=0)
    assert file.write("logons/s4", VALUE, expected=1) == 2


def test_it_does_not_grow_for_ever() -> None:
    file = LogonFile(logon_file())
    for n in range(KEPT + 2):
        file.write(f"logons/{n}", VALUE, expected=0)
    assert [file.read(f"logons/{n}") is None for n in (0, 1, 2)] == [True, True, False]


@pytest.mark.parametrize("content", [b"", b"{", b"\xff\xfe", b'{"logons/s4": 1}', b"[" * 5000])
def test_a_damaged_one_holds_nothing_and_is_mended_by_the_next_note(content: bytes) -> None:
    logon_file().parent.mkdir(parents=True)
    logon_file().write_bytes(content)
    file = LaptopLogons()
    assert file.read("logons/s4") is None
    file.write("logons/s4", VALUE, expected=0)
    assert LogonFile(logon_file()).read("logons/s4") is not None


def test_where_there_can_be_none_a_process_counts_for_itself() -> None:
    logon_file().mkdir(parents=True)
    guard = laptop_guard(settings(), "s4", CLOCK)
    for _ in range(2):
        guard.refused("v1")
    with pytest.raises(LogonRefused, match="twice"):
        guard.admit("v1")
    laptop_guard(settings(), "s4", CLOCK).admit("v1")


def test_settings_of_other_folders_count_the_same_logon() -> None:
    """Whatever they call it; another system number or host is another SAP."""
    for name in ("s4", "other"):
        laptop_guard(settings(name=name), name, CLOCK).refused("v1")
    with pytest.raises(LogonRefused, match=r"run `sapmatch release s4`$"):
        laptop_guard(settings(), "s4", CLOCK).admit("v1")
    laptop_guard(settings("https://sap.example.com:44301"), "s4", CLOCK).admit("v1")


def test_no_secret_is_in_it() -> None:
    secret = from_environment("env:S4", {"S4_USER": "ROBOT", "S4_PASSWORD": "Geheim-123"})
    laptop_guard(settings(), "s4", CLOCK).refused(secret.version)
    text = logon_file().read_text()
    assert secret.version in text
    assert "Geheim" not in text
    assert "ROBOT" not in text


def test_it_lies_where_the_user_keeps_state(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_STATE_HOME", "relative")
    monkeypatch.setenv("HOME", "/homes/anna")
    assert logon_file() == Path("/homes/anna/.local/state") / FILE
    monkeypatch.setattr(Path, "home", _nobody)
    with pytest.raises(InputRejected, match="XDG_STATE_HOME"):
        logon_file()


def _nobody() -> Path:
    raise RuntimeError("no home")


def test_only_a_process_of_this_machine_can_be_known_to_be_over() -> None:
    assert is_alive(f"{this_process()}/7")
    assert is_alive("elsewhere:1/7")
    assert is_alive("a name without process")
    assert not is_alive(f"{os.uname().nodename}:{10**30}/7")
