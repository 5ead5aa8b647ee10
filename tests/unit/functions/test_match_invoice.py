from unittest.mock import MagicMock

import pytest

from sapmatch.model.match import Decision, State
from tests.builders.memory import START
from tests.unit.functions.conftest import Call


@pytest.mark.parametrize(
    ("state", "block", "posts", "alert"),
    [
        (State.MATCHED, False, True, True),
        (State.OUT_OF_TOLERANCE, False, False, True),
        (State.OUT_OF_TOLERANCE, True, True, True),
        (State.WAITING_RECEIPT, False, False, False),
        (State.MANUAL_MATCHED, False, True, True),
        (State.MANUAL_REJECTED, False, False, True),
    ],
)
def test_the_state_machine_hears_what_the_decision_means(
    call: Call, parts: MagicMock, state: State, block: bool, posts: bool, alert: bool
) -> None:
    decision = Decision(state=state, policy_version="p", payment_block=block)
    decide = MagicMock(return_value=(2, decision))
    answer = call("match_invoice", "read", match_stored=decide)
    assert (answer["decision"], answer["state"]) == (2, state)
    assert (answer["posts"], answer["alert"]) == (posts, alert)
    assert decide.call_args.args[1:3] == (parts.desk, START)
    decide.call_args.args[3]("a", MagicMock(), decision, {})
    parts.planner.assert_called_once()
