import os
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from pathlib import Path
from stat import S_ISDIR
from typing import Any

import msgspec
import pytest

from sapmatch.cli.ledger import LedgerFile
from sapmatch.model.errors import InputRejected, PreconditionFailed
from sapmatch.model.intent import Intent, IntentState


def intent(name: str) -> Intent:
    return Intent(
        id=name,
        flow="orders",
        connection="s4",
        client="100",
        operation="insert",
        service="/sap",
        entity_set="A_SalesOrder",
        payload_key=f"intents/{name}.json",
        payload_sha256="0" * 64,
    )


def moved(before: Intent, state: IntentState, **fields: Any) -> Intent:
    return msgspec.structs.replace(before, state=state, version=before.version + 1, **fields)


def test_what_was_written_stands_in_the_file_before_the_call_returns(tmp_path: Path) -> None:
    path = tmp_path / "orders.jsonl"
    with LedgerFile(path) as ledger:
        (planned,) = ledger.plan([intent("a")])
        ledger.save(moved(planned, IntentState.SENT))
        assert b'"SENT"' in path.read_bytes()


def test_a_second_run_finds_what_the_first_one_did(tmp_path: Path) -> None:
    path = tmp_path / "orders.jsonl"
    with LedgerFile(path) as ledger:
        first, _ = ledger.plan([intent("a"), intent("b")])
        ledger.save(moved(first, IntentState.CONFIRMED))
    with LedgerFile(path) as ledger:
        states = [stored.state for stored in ledger.plan([intent("a"), intent("b")])]
        due = [stored.id for stored in ledger.due("orders", [IntentState.PLANNED])]
    assert states == [IntentState.CONFIRMED, IntentState.PLANNED]
    assert due == ["b"]


def test_a_change_of_an_old_version_is_refused(tmp_path: Path) -> None:
    with LedgerFile(tmp_path / "orders.jsonl") as ledger:
        (planned,) = ledger.plan([intent("a")])
        ledger.save(moved(planned, IntentState.CLAIMED))
        with pytest.raises(PreconditionFailed):
            ledger.save(moved(planned, IntentState.CLAIMED))
        with pytest.raises(InputRejected, match="not in this ledger"):
            ledger.get("b")


def test_two_runs_cannot_use_one_ledger_at_once(tmp_path: Path) -> None:
    path = tmp_path / "orders.jsonl"
    with LedgerFile(path), pytest.raises(InputRejected, match="another run"):
        LedgerFile(path)


def test_a_line_that_a_crash_cut_off_is_dropped(tmp_path: Path) -> None:
    path = tmp_path / "orders.jsonl"
    with LedgerFile(path) as ledger:
        ledger.plan([intent("a")])
    whole = path.read_bytes()
    path.write_bytes(whole + whole[:40])
    with LedgerFile(path) as ledger:
        ledger.plan([intent("b")])
    with LedgerFile(path) as ledger:
        assert [ledger.get(name).id for name in ("a", "b")] == ["a", "b"]


def test_zeros_that_a_power_failure_left_behind_are_dropped(tmp_path: Path) -> None:
    """RE-12: they stand for lines that had not reached the disk, so nothing was sent for them."""
    path = tmp_path / "orders.jsonl"
    with LedgerFile(path) as ledger:
        ledger.plan([intent("a")])
    whole = path.read_bytes()
    for lost in (b"\0" * 4096, b'{"id":"b","fl' + b"\0" * 99):
        path.write_bytes(whole + lost)
        with LedgerFile(path) as ledger:
            assert [each.id for each in ledger.all()] == ["a"]
        assert path.read_bytes() == whole


def test_whatever_leaves_is_on_disk_first_and_nothing_else_costs_a_force(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """RE-22: SENT, and all before it, survives even a power failure."""
    with LedgerFile(tmp_path / "orders.jsonl") as ledger:
        forced: list[int] = []
        monkeypatch.setattr(os, "fsync", forced.append)
        (planned,) = ledger.plan([intent("a")])
        claimed = moved(planned, IntentState.CLAIMED)
        ledger.save(claimed)
        assert forced == []
        sent = moved(claimed, IntentState.SENT)
        ledger.save(sent)
        assert len(forced) == 1
        ledger.save(moved(sent, IntentState.CONFIRMED))
        assert len(forced) == 1


def test_the_name_of_a_new_ledger_is_on_disk_too(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Else a power failure takes the whole file, and with it what was sent."""
    folders: list[bool] = []
    monkeypatch.setattr(os, "fsync", lambda file: folders.append(S_ISDIR(os.fstat(file).st_mode)))
    for _ in range(2):
        LedgerFile(tmp_path / "orders.jsonl").__exit__(None, None, None)
    assert folders == [True]


def test_a_ledger_that_is_broken_in_its_middle_is_not_to_be_replaced(tmp_path: Path) -> None:
    path = tmp_path / "orders.jsonl"
    with LedgerFile(path) as ledger:
        ledger.plan([intent("a"), intent("b")])
    whole = path.read_bytes()
    path.write_bytes(whole[:40] + bytes(20) + whole[60:])
    with pytest.raises(InputRejected, match=r"line 1 .* restore the file"):
        LedgerFile(path)


def test_threads_that_save_at_once_lose_nothing(tmp_path: Path) -> None:
    names = [str(number) for number in range(200)]
    with LedgerFile(tmp_path / "orders.jsonl") as ledger:
        planned = ledger.plan([intent(name) for name in names])
        with ThreadPoolExecutor(8) as pool:
            list(pool.map(ledger.save, [moved(each, IntentState.SENT) for each in planned]))
    with LedgerFile(tmp_path / "orders.jsonl") as ledger:
        assert {ledger.get(name).state for name in names} == {IntentState.SENT}


def test_a_payload_stays_with_the_intents_whatever_becomes_of_the_file(tmp_path: Path) -> None:
    path = tmp_path / "orders.jsonl"
    with LedgerFile(path) as ledger:
        assert ledger.write_once("intents/1.json", b'{"Amount":"1.10"}')
        assert not ledger.write_once("intents/1.json", b'{"Amount":"1.10"}')
        ledger.plan([intent("a")])
    with LedgerFile(path) as ledger:
        assert ledger.read("intents/1.json") == b'{"Amount":"1.10"}'
        assert ledger.get("a").id == "a"
        with pytest.raises(InputRejected, match="not in this ledger"):
            ledger.read("intents/2.json")


def test_a_full_disk_is_said_and_leaves_no_half_line(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "orders.jsonl"
    with LedgerFile(path) as ledger:
        (planned,) = ledger.plan([intent("a")])
        whole, real = path.read_bytes(), os.write

        def full(number: int, data: bytes) -> int:
            if len(data) < 100:
                raise OSError(28, "No space left on device")
            return real(number, data[:-50])

        monkeypatch.setattr(os, "write", full)
        with pytest.raises(InputRejected, match="No space left"):
            ledger.save(moved(planned, IntentState.SENT))
        assert path.read_bytes() == whole
        assert ledger.get("a").state is IntentState.PLANNED


def test_what_ended_on_a_day_is_found(tmp_path: Path) -> None:
    at = datetime(2026, 11, 2, 23, tzinfo=UTC)
    with LedgerFile(tmp_path / "orders.jsonl") as ledger:
        first, _ = ledger.plan([intent("a"), intent("b")])
        ledger.save(moved(first, IntentState.CONFIRMED, ended_at=at))
        assert [found.id for found in ledger.ended("orders", at.date())] == ["a"]


def test_a_ledger_of_the_version_before_is_read(tmp_path: Path) -> None:
    """RE-32."""
    path = tmp_path / "orders.jsonl"
    old = msgspec.to_builtins(intent("a"))
    for name in ("function", "effect", "marker", "urgent", "corrects", "generation", "cause"):
        del old[name]
    path.write_bytes(msgspec.json.encode(old) + b"\n")
    with LedgerFile(path) as ledger:
        assert ledger.get("a") == intent("a")


def test_a_device_is_no_ledger() -> None:
    with pytest.raises(InputRejected, match="is no file"):
        LedgerFile(Path(os.devnull))


@pytest.mark.parametrize("content", ["SalesOrder\n1\n", '{"SalesOrder": "1"}', "[]"])
def test_a_file_that_is_no_ledger_is_refused_and_not_touched(tmp_path: Path, content: str) -> None:
    path = tmp_path / "orders.json"
    path.write_text(content)
    with pytest.raises(InputRejected, match=r"no intent|no ledger"):
        LedgerFile(path)
    assert path.read_text() == content
