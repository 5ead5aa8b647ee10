"""The users of a connection: who reads and changes them, one at a time."""

import subprocess
import sys
import threading
from pathlib import Path
from typing import Any

import pytest

from sapmatch.bootstrap.user_locks import LaptopUserLocks
from sapmatch.bootstrap.users import UserSide, entrance, user_locks, users_of
from sapmatch.limits.users import SharedUserLocks
from sapmatch.model.auth import Basic
from sapmatch.model.connection import Connection
from sapmatch.model.errors import InputRejected, Throttled
from sapmatch.model.rfc import AbapException, Rfc, RfcResult
from sapmatch.model.users import UserChange
from sapmatch.settings import Settings
from tests.builders.control import MemoryControl
from tests.builders.memory import MemoryClock
from tests.builders.scripted_users import ScriptedSap


def connection(**more: Any) -> Connection:
    settings: dict[str, Any] = {
        "url": "https://SAP.example.com:44300",
        "auth": Basic(secret="env:SAP"),
        "client": "100",
        "rfc": Rfc(system_id="S4H"),
    }
    return Connection(**settings | more)


def test_a_side_has_all_that_is_known_and_done_of_users(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SAP_USER", "ROBOT")
    monkeypatch.setenv("SAP_PASSWORD", "Geheim-1")
    with_rfc = Settings(connections={"s4": connection()})
    side = users_of(with_rfc, "s4")
    assert side.reader.is_central is False
    side.writer.check(UserChange(name="JDOE", locked=True))
    assert set(side.tables.aliases()) == {"ACTIVITYGROUP", "GROUP"}
    assert side.children.look(None, "JDOE") == ()
    side.close()


def test_a_connection_without_function_modules_is_named() -> None:
    with pytest.raises(InputRejected, match=r"\[connections\.s4\.rfc\]: is missing"):
        users_of(Settings(connections={"s4": connection(rfc=None)}), "s4")


def test_a_role_that_sap_does_not_offer_is_looked_for_in_its_table() -> None:
    class Tables(ScriptedSap):
        def call(self, function: str, *given: Any, **named: Any) -> RfcResult:
            if function == "BAPI_HELPVALUES_GET":
                raise AbapException("FU_NOT_FOUND")
            assert function == "RFC_GET_TABLE_ENTRIES"
            row = "100" + "SAP_A".ljust(30) + " " * 30
            return RfcResult(tables={"ENTRIES": [{"WA": row}]})

    side = _side(Tables())
    assert side.reader.known_roles(["SAP_A", "SAP_B"]) == {"SAP_A"}


def test_where_no_table_of_roles_is_described_a_refusal_does_not_mean_that_there_are_none() -> None:
    class Refusing(ScriptedSap):
        def call(self, function: str, *given: Any, **named: Any) -> RfcResult:
            raise AbapException("FU_NOT_FOUND")

    side = _side(Refusing(), Rfc(tables=("AGR_DEFINE as ROLES=MANDT:3:IGNORE,AGR_NAME:30:KEY",)))
    with pytest.raises(AbapException):
        side.reader.known_roles(["SAP_A"])


def _side(sap: ScriptedSap, rfc: Rfc | None = None) -> UserSide:
    def none(name: str) -> UserSide:
        raise AssertionError(name)

    of = connection(rfc=rfc) if rfc else connection()
    return UserSide("s4", of, sap, LaptopUserLocks(), MemoryClock(), none)


def test_children_are_opened_once_and_closed_with_their_parent() -> None:
    opened: list[str] = []
    closed: list[str] = []

    class Closing(ScriptedSap):
        def close(self) -> None:
            closed.append("closed")

    def child(name: str) -> UserSide:
        opened.append(name)
        return UserSide(name, connection(), Closing(), LaptopUserLocks(), MemoryClock(), child)

    rfc = Rfc(cua_enabled=True, destination_name="A", systems={"B": "b", "A": "s4"})
    sap = Closing()
    side = UserSide("s4", connection(rfc=rfc), sap, LaptopUserLocks(), MemoryClock(), child)
    for _ in range(2):
        assert {each.status for each in side.children.look(None, "JDOE")} == {"agrees"}
    assert opened == ["b"]
    side.close()
    assert len(closed) == 2


def test_locks_are_shared_by_all_connections_that_lead_to_one_client() -> None:
    first = entrance(connection())
    assert first == entrance(connection(url="https://sap.example.com:44300/", profile="ecc"))
    assert first != entrance(connection(client="200"))
    assert first != entrance(connection(rfc=Rfc(client="200")))


def test_a_stage_agrees_in_its_table_and_a_laptop_in_its_files() -> None:
    control, clock = MemoryControl(), MemoryClock()
    assert isinstance(user_locks(connection(), clock, control, "a"), SharedUserLocks)
    assert isinstance(user_locks(connection(), clock, None, ""), LaptopUserLocks)


def test_commands_of_a_laptop_change_a_user_one_by_one(tmp_path: Path) -> None:
    """CO-T49."""
    locks = LaptopUserLocks(tmp_path, wait_seconds=0.1)
    with locks.held("s4", "JDOE"):
        with pytest.raises(Throttled), locks.held("s4", "jdoe"):
            raise AssertionError("two hold one lock")
        seen: list[str] = []

        def other() -> None:
            with locks.held("s4", "ROE"):
                seen.append("ROE")

        thread = threading.Thread(target=other)
        thread.start()
        thread.join(10)
        assert seen == ["ROE"]
    with locks.held("s4", "JDOE"):
        pass


def test_the_lock_of_a_command_that_died_is_free_at_once(tmp_path: Path) -> None:
    script = (
        "import os, sys; from pathlib import Path\n"
        "from sapmatch.bootstrap.user_locks import LaptopUserLocks\n"
        "held = LaptopUserLocks(Path(sys.argv[1])).held('s4', 'JDOE')\n"
        "held.__enter__(); os._exit(9)\n"
    )
    died = subprocess.run([sys.executable, "-c", script, str(tmp_path)], timeout=60, check=False)
    assert died.returncode == 9
    with LaptopUserLocks(tmp_path, wait_seconds=0.1).held("s4", "JDOE"):
        pass


def test_a_folder_that_cannot_be_written_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("x")
    with pytest.raises(InputRejected, match="cannot be used"):
        LaptopUserLocks(tmp_path / "file").held("s4", "JDOE").__enter__()
