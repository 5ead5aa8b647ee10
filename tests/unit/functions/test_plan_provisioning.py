import pytest

from sapmatch.model.errors import SapThrottled
from sapmatch.model.provisioning import Counts, Planned
from tests.builders.memory import START
from tests.builders.provisioning_steps import Turns
from tests.unit.functions.conftest import Call

RUN = "3b0c44298fc1"


def test_a_file_is_planned_while_a_turn_at_sap_is_held(call: Call, turns: Turns) -> None:
    turns.runs.plan.return_value = Planned(outcome="waits", counts=Counts(lock=6), users=6)
    answer = call("plan_provisioning", "received")
    assert (answer["outcome"], answer["users"], answer["counts"]["lock"]) == ("waits", 6, 6)
    key, version = "provisioning/s4_central/joiners.json", "3sL4kqtJlcpXroDTDmJ.rmSpXd3dIbrH"
    ((connection, owner, until),) = turns.taken
    assert (connection, owner) == ("s4_central", "request-1")
    assert turns.runs.plan.call_args.args == (RUN, "s4_central", key, version, until)
    assert until < START  # 90 seconds are left: no user is begun that Lambda would cut off


def test_who_gets_no_turn_comes_again(call: Call, turns: Turns) -> None:
    turns.runs.plan.side_effect = SapThrottled("all permits are in use")
    with pytest.raises(SapThrottled):
        call("plan_provisioning", "received")
