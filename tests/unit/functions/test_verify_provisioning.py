from sapmatch.model.provisioning import Verified
from tests.builders.provisioning_steps import Turns
from tests.unit.functions.conftest import Call


def test_the_answer_says_whether_to_look_again(call: Call, turns: Turns) -> None:
    turns.runs.verify.return_value = Verified(open=2, wait_seconds=30)
    answer = call("verify_provisioning", "applied")
    assert answer == {"open": 2, "wait_seconds": 30, "over": False}
    run, connection, until = turns.runs.verify.call_args.args
    assert (run[:4], connection) == ("3b0c", "s4_central")
    assert until == turns.taken[0][2]
