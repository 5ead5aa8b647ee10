from unittest.mock import MagicMock

from sapmatch.model.match import Decision, State
from tests.unit.functions.conftest import Call


def test_the_state_of_the_decision_is_the_answer(call: Call) -> None:
    decision = Decision(state=State.OUT_OF_TOLERANCE, policy_version="p")
    decide = MagicMock(return_value=(2, decision))
    answer = call("match_invoice", "read", match_stored=decide)
    assert (answer["decision"], answer["state"]) == (2, "OUT_OF_TOLERANCE")
    assert decide.call_args.kwargs["connection"] == "s4"
    assert decide.call_args.kwargs["client"] == "100"
