import json
from datetime import timedelta
from typing import Any

import pytest

from sapmatch.bootstrap.writing import gate
from sapmatch.cli import main
from sapmatch.model.intent import Cause
from tests.builders.memory import START
from tests.builders.written_stage import WrittenStage, stand_up


@pytest.fixture
def stage(monkeypatch: pytest.MonkeyPatch) -> WrittenStage:
    return stand_up(monkeypatch)


def rows(capsys: pytest.CaptureFixture[str]) -> dict[str, dict[str, Any]]:
    assert main(["status", "--write-backs", "--json"]) == 0
    found = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    return {row["flow"]: row for row in found}


def test_every_flow_says_what_is_open_unknown_and_held(
    stage: WrittenStage, capsys: pytest.CaptureFixture[str]
) -> None:
    stage.put(1, "UNKNOWN", sent_at=START - timedelta(hours=1))
    stage.put(2, "SENT", sent_at=START - timedelta(hours=3))
    stage.put(3, "HELD", cause=Cause.OUT_OF_HOURS)
    stage.put(4, "CONFIRMED", ended_at=START)
    found = rows(capsys)
    assert found["orders"]["open"] == {"SENT": 1, "UNKNOWN": 1, "HELD": 1}
    assert found["orders"]["ended_today"] == {"CONFIRMED": 1}
    assert found["orders"]["oldest_unknown"] == "2026-11-02T05:00:00Z"
    assert found["orders"]["held"] == {"OUT_OF_HOURS": 1}
    assert found["orders"]["gate"]["state"] == "WRITING"
    assert (found["invoices"]["open"], found["invoices"]["oldest_unknown"]) == ({}, None)


def test_a_held_system_and_one_that_does_not_answer_are_told_apart(
    stage: WrittenStage, capsys: pytest.CaptureFixture[str]
) -> None:
    shared = gate(stage, "s4")  # type: ignore[arg-type]
    shared.hold(START + timedelta(hours=1), "support package")
    held = rows(capsys)["orders"]["gate"]
    assert (held["state"], held["why"]) == ("HELD", "support package")
    shared.release()
    shared.note([True] * 5)
    down = rows(capsys)["orders"]["gate"]
    assert (down["state"], down["cause"]) == ("OPEN", "SAP_DOWN")
    assert main(["status", "--write-backs"]) == 0
    assert "SAP did not answer" in capsys.readouterr().out
