import json
from unittest.mock import MagicMock

import pytest

from sapmatch.model.errors import InputRejected
from sapmatch.reviewing.waiting import Woken
from tests.unit.functions.conftest import Call

MATCHED = "extracts/orders/20261103T060000Z/index/matched/"


@pytest.fixture(autouse=True)
def _nothing_noted(parts: MagicMock) -> None:
    parts.objects.keys.return_value = iter(())


def test_a_call_begins_where_the_one_before_stopped_and_counts(
    call: Call, parts: MagicMock, capsys: pytest.CaptureFixture[str]
) -> None:
    parts.waiting.wake.return_value = Woken(done=False, after="2026-11-03 b", count=7)
    answer = call("wake_documents", "continued")
    assert answer == {"done": False, "after": "2026-11-03 b", "woken": 7, "changed": 0}
    assert parts.waiting.wake.call_args.args[0].startswith("2026-11-02T08:00:00+00:00 0f3c")
    (line,) = [json.loads(x) for x in capsys.readouterr().out.splitlines() if "Woken" in x]
    assert line["DocumentsWoken"] == [7]


def test_the_first_call_begins_with_the_oldest(call: Call, parts: MagicMock) -> None:
    """Its time is bounded: three minutes before its end it stops."""
    parts.waiting.wake.return_value = Woken(done=True)
    call("wake_documents", "extracted")
    after, _, out_of_time = parts.waiting.wake.call_args.args
    assert after == ""
    assert out_of_time()  # the test's context has 90 seconds left


def test_matches_come_behind_all_that_waits_and_each_is_looked_at_once(
    call: Call, parts: MagicMock, monkeypatch: pytest.MonkeyPatch
) -> None:
    """MA-P54: the run noted whose orders it changed."""
    monkeypatch.setattr("functions._waking.out_of_time", lambda _: lambda: False)
    parts.waiting.wake.return_value = Woken(done=True, count=3)
    parts.objects.keys.side_effect = lambda prefix: iter([f"{MATCHED}a", f"{MATCHED}b"])
    parts.revise.side_effect = [True, False]
    answer = call("wake_documents", "extracted")
    assert answer == {"done": True, "after": "matched b", "woken": 3, "changed": 1}
    parts.objects.keys.assert_called_once_with(MATCHED)
    assert [each.args for each in parts.revise.call_args_list] == [("a",), ("b",)]


def test_a_call_among_matches_wakes_nothing_and_goes_on_where_time_was_up(
    call: Call, parts: MagicMock
) -> None:
    parts.objects.keys.return_value = iter([f"{MATCHED}0a", f"{MATCHED}1b"])
    answer = call("wake_documents", "matched")
    assert (answer["done"], answer["woken"]) == (False, 0)
    assert answer["after"].startswith("matched 0f3c")
    parts.waiting.wake.assert_not_called()
    parts.revise.assert_not_called()


def test_one_match_that_cannot_be_decided_anew_keeps_nobody_from_the_others(
    call: Call,
    parts: MagicMock,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    monkeypatch.setattr("functions._waking.out_of_time", lambda _: lambda: False)
    parts.objects.keys.return_value = iter([f"{MATCHED}1a", f"{MATCHED}1b"])
    parts.revise.side_effect = [InputRejected("document 1a: is not known"), True]
    assert call("wake_documents", "matched")["changed"] == 1
    assert "revise failed" in caplog.text


def test_an_execution_that_is_older_than_the_release_names_no_run(
    call: Call, parts: MagicMock
) -> None:
    """RE-32: what it changed is looked at when a later run changes it."""
    parts.waiting.wake.return_value = Woken(done=True, count=1)
    answer = call("wake_documents", "extracted", {"run_id": None})
    assert (answer["done"], answer["changed"]) == (True, 0)
    parts.objects.keys.assert_not_called()
