import json
from datetime import timedelta

import pytest

from sapmatch.bootstrap.writing import gate
from sapmatch.cli import main
from sapmatch.model.intent import Cause
from tests.builders.memory import START
from tests.builders.written_stage import WrittenStage, stand_up


@pytest.fixture
def stage(monkeypatch: pytest.MonkeyPatch) -> WrittenStage:
    return stand_up(monkeypatch)


def test_a_hold_lets_nobody_write_until_it_is_over(
    stage: WrittenStage, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["hold", "s4", "--for", "30m", "--reason", "support package", "--json"]) == 0
    line = json.loads(capsys.readouterr().out)
    assert line == {"connection": "s4", "held_until": "2026-11-02T08:30:00+00:00"}
    admission = gate(stage, "s4").admit(5)  # type: ignore[arg-type]
    assert (admission.writes, admission.cause) == (0, Cause.OPERATOR)
    assert admission.until == START + timedelta(minutes=10)  # asked again: it may be released


def test_a_release_ends_it(stage: WrittenStage, capsys: pytest.CaptureFixture[str]) -> None:
    main(["hold", "s4", "--for", "4h", "--reason", "restore"])
    assert main(["hold", "s4", "--release"]) == 0
    assert "is released" in capsys.readouterr().out
    assert gate(stage, "s4").admit(5).writes > 0  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("command", "sentence"),
    [
        (["nobody", "--release"], "known are s4, s4_users"),
        (["s4"], "one of the arguments"),
        (["s4", "--for", "30m"], "--reason"),
        (["s4", "--for", "30m", "--reason", ""], "is empty"),
        (["s4", "--for", "half an hour", "--reason", "x"], "30m"),
        (["s4", "--for", "0m", "--reason", "x"], "30m"),
        (["s4", "--for", "999999d", "--reason", "x"], "7d at most"),
        (["s4", "--for", "1h", "--release"], "not allowed with"),
    ],
)
def test_wrong_input_is_one_sentence(
    stage: WrittenStage, command: list[str], sentence: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["hold", *command]) == 2
    assert sentence in capsys.readouterr().err
