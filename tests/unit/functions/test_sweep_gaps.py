import json
from unittest.mock import MagicMock

import pytest

from sapmatch.model.errors import Throttled
from sapmatch.reviewing.sweep import Gap
from tests.unit.functions.conftest import Call

GAP = Gap(what="upload incoming/a.xml", done="received now")


@pytest.fixture(autouse=True)
def told(monkeypatch: pytest.MonkeyPatch, parts: MagicMock) -> None:
    """Everybody gets the mails, and everything is told."""
    monkeypatch.setattr("functions.sweep_gaps.oldest_unsent", lambda *_: 0)
    parts.settings.alerts.addresses = {}
    parts.mailer.subscriptions.return_value = []


def measured(printed: str, name: str = "SweepFound") -> list[int]:
    found = [json.loads(line) for line in printed.splitlines() if name in line]
    return [int(line[name][0]) for line in found]


def test_what_was_missed_is_counted_and_told_in_one_mail(
    call: Call, parts: MagicMock, capsys: pytest.CaptureFixture[str]
) -> None:
    """RE-2"""
    uploads, extractions = MagicMock(return_value=[GAP]), MagicMock(return_value=[GAP, GAP])
    answer = call("sweep_gaps", "nightly", lost_uploads=uploads, overdue_extractions=extractions)
    assert answer == {"found": 3}
    assert measured(capsys.readouterr().out) == [3]
    parts.exceptions.about_sweep.assert_called_once_with("2026-11-02", [str(GAP)] * 3)


def test_what_was_found_is_told_before_anything_else_may_fail(call: Call, parts: MagicMock) -> None:
    """RE-2: a sweep that is repeated finds no gap where the upload was received."""
    parts.waiting.wake.side_effect = Throttled("orders")
    uploads, nothing = MagicMock(return_value=[GAP]), MagicMock(return_value=[])
    with pytest.raises(Throttled):
        call("sweep_gaps", "nightly", lost_uploads=uploads, overdue_extractions=nothing)
    parts.exceptions.about_sweep.assert_called_once()


def test_a_night_without_gaps_is_quiet_but_measured(
    call: Call, parts: MagicMock, capsys: pytest.CaptureFixture[str]
) -> None:
    nothing = MagicMock(return_value=[])
    call("sweep_gaps", "nightly", lost_uploads=nothing, overdue_extractions=nothing)
    assert measured(capsys.readouterr().out) == [0]
    parts.exceptions.about_sweep.assert_not_called()


def test_what_waits_is_looked_at_every_night_lost_ones_too(call: Call, parts: MagicMock) -> None:
    """RE-28: where the waking behind an extraction failed."""
    nothing = MagicMock(return_value=[])
    call("sweep_gaps", "nightly", lost_uploads=nothing, overdue_extractions=nothing)
    parts.waiting.wake.assert_called_once()
    assert parts.waiting.wake.call_args.kwargs == {"lost": True}


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


def test_an_address_that_gets_no_mails_is_counted_and_told(
    call: Call, parts: MagicMock, capsys: pytest.CaptureFixture[str]
) -> None:
    """RE-28"""
    parts.settings.alerts.addresses = {"a@example.com": ()}
    nothing = MagicMock(return_value=[])
    call("sweep_gaps", "nightly", lost_uploads=nothing, overdue_extractions=nothing)
    assert measured(capsys.readouterr().out, "UnreadMailAddresses") == [1]
    (line,) = parts.exceptions.about_sweep.call_args.args[1]
    assert "mails to a@example.com: is not subscribed any more" in line


def test_what_nobody_was_told_is_measured_where_no_digest_runs(
    call: Call, capsys: pytest.CaptureFixture[str]
) -> None:
    """RE-28"""
    nothing = MagicMock(return_value=[])
    verbs = {"lost_uploads": nothing, "overdue_extractions": nothing}
    call("sweep_gaps", "nightly", oldest_unsent=lambda *_: 4000, **verbs)
    assert measured(capsys.readouterr().out, "OldestUnsentExceptionSeconds") == [4000]
