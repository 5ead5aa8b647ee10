import json
from unittest.mock import MagicMock

import pytest

from sapmatch.reviewing.waiting import Woken
from tests.unit.functions.conftest import Call


def test_a_call_begins_where_the_one_before_stopped_and_counts(
    call: Call, parts: MagicMock, capsys: pytest.CaptureFixture[str]
) -> None:
    parts.waiting.wake.return_value = Woken(done=False, after="2026-11-03 b", count=7)
    answer = call("wake_documents", "continued")
    assert answer == {"done": False, "after": "2026-11-03 b", "woken": 7}
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
