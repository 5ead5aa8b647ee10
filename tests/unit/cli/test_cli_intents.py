import json
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from msgspec.structs import replace

from sapmatch.cli import main
from sapmatch.cli.ledger import LedgerFile
from sapmatch.model.errors import PreconditionFailed
from sapmatch.model.intent import Cause, Intent, IntentState
from tests.builders.memory import START
from tests.builders.writes import change_intent
from tests.builders.written_stage import WrittenStage, stand_up


@pytest.fixture
def stage(monkeypatch: pytest.MonkeyPatch) -> WrittenStage:
    return stand_up(monkeypatch)


def said(capsys: pytest.CaptureFixture[str], *command: str, code: int = 0) -> list[dict[str, Any]]:
    assert main(["intents", *command, "--json"]) == code
    return [json.loads(line) for line in capsys.readouterr().out.splitlines()]


def test_what_is_open_is_listed_with_why_and_what_to_do(
    stage: WrittenStage, capsys: pytest.CaptureFixture[str]
) -> None:
    stage.put(1, "CONFIRMED", ended_at=START)
    stage.put(2, "CONFLICTING", cause=Cause.DIFFERENT, sap_messages=("compare them",))
    stage.put(3, "UNKNOWN", sent_at=START, quiet_until=START + timedelta(minutes=10))
    stage.put(4, "PLANNED", flow="invoices")
    found = {line["record"]: line for line in said(capsys)}
    assert set(found) == {"2", "3", "4"}
    assert (found["2"]["cause"], found["2"]["sap_message"]) == ("DIFFERENT", "compare them")
    assert "void this write" in found["2"]["what_to_do"]
    assert found["3"]["next_step_at"] == "2026-11-02T08:10:00Z"
    assert [line["record"] for line in said(capsys, "--flow", "invoices")] == ["4"]
    assert [line["record"] for line in said(capsys, "list", "--state", "unknown")] == ["3"]


def test_refused_ones_of_the_last_days_are_listed_by_their_state(
    stage: WrittenStage, capsys: pytest.CaptureFixture[str]
) -> None:
    stage.put(1, "REJECTED", ended_at=START - timedelta(days=2), sap_messages=("M8/186: no",))
    stage.put(2, "REJECTED", ended_at=START - timedelta(days=20))
    (line,) = said(capsys, "--state", "REJECTED")
    assert (line["record"], line["sap_message"]) == ("1", "M8/186: no")
    assert "sapmatch replay" in line["what_to_do"]


def test_the_table_shows_the_same(stage: WrittenStage, capsys: pytest.CaptureFixture[str]) -> None:
    stage.put(2, "CONFLICTING", cause=Cause.MOVED)
    assert main(["intents"]) == 0
    shown = capsys.readouterr().out
    assert "222222222222" in shown
    assert "CONFLICTING" in shown


def test_one_is_shown_with_every_version_and_what_was_unlawful(
    stage: WrittenStage, capsys: pytest.CaptureFixture[str]
) -> None:
    planned = stage.put(1, "PLANNED")
    confirmed = replace(planned, state=IntentState.CONFIRMED, version=1, ended_at=START)
    stage.intents.stored[planned.id] = confirmed
    folder = f"history/intents/{START.date()}/{planned.id}/"
    stage.objects.write(f"{folder}000000-a.json", json.dumps(_plain(planned)).encode())
    (shown,) = said(capsys, "show", planned.id)
    assert [version["state"] for version in shown["history"]] == ["PLANNED", "CONFIRMED"]
    assert any("CONFIRMED" in sentence for sentence in shown["unlawful"]), "it was never sent"
    assert main(["intents", "show", planned.id[:8]]) == 0
    assert "unlawful" in capsys.readouterr().out


def _plain(intent: Intent) -> Any:
    import msgspec

    return msgspec.to_builtins(intent)


@pytest.mark.parametrize("state", ["PLANNED", "CLAIMED", "HELD", "ABSENT", "CONFLICTING"])
def test_what_sap_cannot_hold_is_voided_with_its_reason(
    stage: WrittenStage, state: str, capsys: pytest.CaptureFixture[str]
) -> None:
    intent = stage.put(1, state)
    (line,) = said(capsys, "void", intent.id, "--reason", "typed twice")
    assert (line["outcome"], line["state"]) == ("done", "VOID")
    after = stage.intents.get(intent.id)
    assert (after.sap_messages, after.ended_at) == (("typed twice",), START)


@pytest.mark.parametrize("state", ["SENT", "UNKNOWN", "RECONCILING", "CONFIRMED", "REJECTED"])
def test_what_sap_may_hold_or_has_ended_is_not_voided(
    stage: WrittenStage, state: str, capsys: pytest.CaptureFixture[str]
) -> None:
    ended = START if state in ("CONFIRMED", "REJECTED") else None
    intent = stage.put(1, state, ended_at=ended)
    (line,) = said(capsys, "void", intent.id, "--reason", "typed twice", code=3)
    assert line["outcome"] == "refused"
    assert stage.intents.get(intent.id) == intent


def test_a_conflict_is_looked_at_again_and_nothing_else(
    stage: WrittenStage, capsys: pytest.CaptureFixture[str]
) -> None:
    conflict, planned = stage.put(1, "CONFLICTING"), stage.put(2, "PLANNED")
    (line,) = said(capsys, "look", conflict.id)
    assert (line["outcome"], line["state"]) == ("done", "UNKNOWN")
    (line,) = said(capsys, "look", planned.id, code=3)
    assert "only a conflict" in line["message"]


def test_a_change_that_comes_too_late_is_said(
    stage: WrittenStage, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def overtaken(_: Intent) -> None:
        raise PreconditionFailed("moved")

    intent = stage.put(1, "PLANNED")
    monkeypatch.setattr(stage.intents, "save", overtaken)
    assert main(["intents", "void", intent.id, "--reason", "x"]) == 2
    assert "was changed just now" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("command", "sentence"),
    [
        (["show", "abc"], "first 8 digits"),
        (["show", "f" * 8], "is not known"),
        (["--flow", "nobody"], "known are invoices, orders"),
        (["--ledger", "no.jsonl"], "there is no such file"),
        (["void", "1" * 64], "--reason"),
        (["void", "1" * 64, "--reason", " "], "is empty"),
        (["--state", "LOST"], "LOST"),
    ],
)
def test_wrong_input_is_one_sentence(
    stage: WrittenStage, command: list[str], sentence: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["intents", *command]) == 2
    assert sentence in capsys.readouterr().err


def test_a_ledger_file_is_looked_through_in_the_same_way(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "a.jsonl"
    with LedgerFile(path) as ledger:
        (planned,) = ledger.plan([change_intent(record="7")])
    (line,) = said(capsys, "--ledger", str(path))
    assert (line["record"], line["state"]) == ("7", "PLANNED")
    (shown,) = said(capsys, "show", planned.id[:8], "--ledger", str(path))
    assert shown["history"][0]["state"] == "PLANNED"
    said(capsys, "void", planned.id, "--reason", "not wanted", "--ledger", str(path))
    with LedgerFile(path) as ledger:
        assert ledger.get(planned.id).state is IntentState.VOID


def test_every_version_that_a_ledger_file_holds_is_shown(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "a.jsonl"
    with LedgerFile(path) as ledger:
        planned, _ = ledger.plan(
            [change_intent(record="7"), change_intent(record="8", id="f" * 64)]
        )
        ledger.save(replace(planned, state=IntentState.CLAIMED, version=1, owner="me"))
    with LedgerFile(path) as ledger:
        ledger.save(replace(planned, state=IntentState.CONFIRMED, version=2, ended_at=START))
    (shown,) = said(capsys, "show", planned.id, "--ledger", str(path))
    assert [one["state"] for one in shown["history"]] == ["PLANNED", "CLAIMED", "CONFIRMED"]
    assert shown["unlawful"], "it was never sent"
