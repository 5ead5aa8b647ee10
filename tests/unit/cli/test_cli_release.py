import json

import pytest

from sapmatch.bootstrap.logons import logon_guard
from sapmatch.cli import main
from sapmatch.model.errors import LogonRefused
from tests.builders.written_stage import WrittenStage, stand_up


@pytest.fixture
def stage(monkeypatch: pytest.MonkeyPatch) -> WrittenStage:
    found = stand_up(monkeypatch)
    monkeypatch.setattr("sapmatch.cli.release.deployment", lambda _: found)
    return found


def test_a_stopped_logon_may_be_tried_again_by_one_caller(
    stage: WrittenStage, capsys: pytest.CaptureFixture[str]
) -> None:
    guard = logon_guard(stage, "s4")  # type: ignore[arg-type]
    for _ in range(2):
        guard.refused("v1")
    with pytest.raises(LogonRefused, match="sapmatch release s4"):
        guard.admit("v1")
    assert main(["release", "s4", "--stage", "prod", "--json"]) == 0
    assert json.loads(capsys.readouterr().out) == {"connection": "s4", "was_stopped": True}
    logon_guard(stage, "s4").admit("v1")  # type: ignore[arg-type]


def test_a_logon_that_was_not_stopped_is_left_as_it_is(
    stage: WrittenStage, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["release", "s4", "--stage", "prod"]) == 0
    assert "was not stopped" in capsys.readouterr().out
