from unittest.mock import MagicMock

import pytest

from sapmatch.reviewing.waiting import Wait
from tests.builders.memory import START
from tests.unit.functions.conftest import Call


@pytest.mark.parametrize(
    ("case", "alerted", "reason"),
    [("excepted", True, None), ("receipt", False, None), ("unread", True, "READ_TIMED_OUT")],
)
def test_who_waits_for_what_is_handed_on(
    call: Call, parts: MagicMock, case: str, alerted: bool, reason: str | None
) -> None:
    parts.waiting.hold.return_value = None
    assert call("await_decision", case) == {"action": None}
    wait, documents, now = parts.waiting.hold.call_args.args
    assert isinstance(wait, Wait)
    assert (wait.alerted, wait.reason) == (alerted, reason)
    assert (wait.token[:3], wait.turn) == ("AQC", 0)  # older executions count no turns (RE-32)
    assert (documents, now) == (parts.documents, START)


def test_a_reason_to_go_on_at_once_is_the_answer(call: Call, parts: MagicMock) -> None:
    parts.waiting.hold.return_value = "decided"
    assert call("await_decision", "excepted") == {"action": "decided"}
