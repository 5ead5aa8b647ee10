import json
from datetime import timedelta
from unittest.mock import MagicMock

import pytest

from tests.builders.exceptions import Team
from tests.builders.memory import START
from tests.unit.functions.conftest import Call


def numbers(printed: str, name: str) -> list[int]:
    lines = [json.loads(line) for line in printed.splitlines() if name in line]
    return [int(line[name][0]) for line in lines]


def test_what_nobody_was_told_is_told_and_its_age_measured(
    call: Call, parts: MagicMock, capsys: pytest.CaptureFixture[str]
) -> None:
    """RE-28, RE-29"""
    team = Team()
    team.mailer.broken = True
    for day in ("2026-11-01", "2026-11-02"):
        team.exceptions.about_sweep(day, ["upload incoming/a.xml: received now"])
    team.mailer.broken = False
    team.clock.sleep(timedelta(minutes=20).total_seconds())
    parts.outbox, parts.mailer, parts.clock, parts.stage = (
        team.outbox,
        team.mailer,
        team.clock,
        "test",
    )
    context = {"out_of_time": lambda _: lambda: False}
    assert call("send_digest", "scheduled", **context) == {"told": 2}
    assert call("send_digest", "scheduled", **context) == {"told": 0}
    printed = capsys.readouterr().out
    assert numbers(printed, "OldestUnsentExceptionSeconds") == [1200, 0]
    assert numbers(printed, "ExceptionsInDigest") == [2, 0]
    assert len(team.mailer.sent) == 1


def test_a_digest_that_cannot_be_sent_fails_after_its_age_was_measured(
    call: Call, parts: MagicMock, capsys: pytest.CaptureFixture[str]
) -> None:
    team = Team()
    team.mailer.broken = True
    team.exceptions.about_sweep("2026-11-01", ["gone"])
    parts.outbox, parts.mailer = team.outbox, team.mailer
    parts.clock.now.return_value = START + timedelta(hours=2, minutes=1)
    with pytest.raises(Exception, match="fewer calls"):
        call("send_digest", "scheduled")
    assert numbers(capsys.readouterr().out, "OldestUnsentExceptionSeconds") == [7200]
