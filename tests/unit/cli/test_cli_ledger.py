from pathlib import Path

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


def test_what_was_written_stands_in_the_file_before_the_call_returns(tmp_path: Path) -> None:
    path = tmp_path / "orders.jsonl"
    with LedgerFile(path) as ledger:
        (planned,) = ledger.plan([intent("a")])
        ledger.change(planned, state=IntentState.SENT)
        assert b'"SENT"' in path.read_bytes()


def test_a_second_run_finds_what_the_first_one_did(tmp_path: Path) -> None:
    path = tmp_path / "orders.jsonl"
    with LedgerFile(path) as ledger:
        first, _ = ledger.plan([intent("a"), intent("b")])
        ledger.change(first, state=IntentState.CONFIRMED)
    with LedgerFile(path) as ledger:
        states = [stored.state for stored in ledger.plan([intent("a"), intent("b")])]
        due = [stored.id for stored in ledger.due("orders", [IntentState.PLANNED])]
    assert states == [IntentState.CONFIRMED, IntentState.PLANNED]
    assert due == ["b"]


def test_a_change_of_an_old_version_is_refused(tmp_path: Path) -> None:
    with LedgerFile(tmp_path / "orders.jsonl") as ledger:
        (planned,) = ledger.plan([intent("a")])
        ledger.change(planned, state=IntentState.CLAIMED)
        with pytest.raises(PreconditionFailed):
            ledger.change(planned, state=IntentState.CLAIMED)
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


@pytest.mark.parametrize("content", ["SalesOrder\n1\n", '{"SalesOrder": "1"}', "[]"])
def test_a_file_that_is_no_ledger_is_refused_and_not_touched(tmp_path: Path, content: str) -> None:
    path = tmp_path / "orders.json"
    path.write_text(content)
    with pytest.raises(InputRejected, match=r"no intent|no ledger"):
        LedgerFile(path)
    assert path.read_text() == content
