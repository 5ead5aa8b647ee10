import json
from unittest.mock import MagicMock

import pytest

from sapmatch.reviewing.sweep import Gap
from tests.unit.functions.conftest import Call

GAP = Gap(what="upload incoming/a.xml", done="received now")


def measured(printed: str) -> list[int]:
    found = [json.loads(line) for line in printed.splitlines() if "SweepFound" in line]
    return [int(line["SweepFound"][0]) for line in found]


def test_what_was_missed_is_counted_and_told_in_one_mail(
    call: Call, parts: MagicMock, capsys: pytest.CaptureFixture[str]
) -> None:
    """RE-2"""
    uploads, extractions = MagicMock(return_value=[GAP]), MagicMock(return_value=[GAP, GAP])
    answer = call("sweep_gaps", "nightly", lost_uploads=uploads, overdue_extractions=extractions)
    assert answer == {"found": 3}
    assert measured(capsys.readouterr().out) == [3]
    parts.exceptions.about_sweep.assert_called_once_with("2026-11-02", [str(GAP)] * 3)


def test_a_night_without_gaps_is_quiet_but_measured(
    call: Call, parts: MagicMock, capsys: pytest.CaptureFixture[str]
) -> None:
    nothing = MagicMock(return_value=[])
    call("sweep_gaps", "nightly", lost_uploads=nothing, overdue_extractions=nothing)
    assert measured(capsys.readouterr().out) == [0]
    parts.exceptions.about_sweep.assert_not_called()


def test_an_upload_is_received_as_its_event_would_have_been(call: Call, parts: MagicMock) -> None:
    uploads, nothing = MagicMock(return_value=[]), MagicMock(return_value=[])
    call("sweep_gaps", "nightly", lost_uploads=uploads, overdue_extractions=nothing)
    assert uploads.call_args.kwargs["receive"] is parts.receive


def test_only_extractions_with_a_schedule_are_due(call: Call, parts: MagicMock) -> None:
    parts.settings.extractions = {
        "orders": MagicMock(schedule="rate(1 hour)"),
        "by_hand": MagicMock(schedule=None),
    }
    due = MagicMock(return_value=[])
    call(
        "sweep_gaps",
        "nightly",
        lost_uploads=MagicMock(return_value=[]),
        overdue_extractions=due,
    )
    assert due.call_args.args == ({"orders": "rate(1 hour)"},)
