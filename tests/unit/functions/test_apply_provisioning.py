from types import SimpleNamespace

import pytest

from sapmatch.model.errors import Throttled
from sapmatch.model.provisioning import Applied
from tests.builders.provisioning_steps import Turns
from tests.unit.functions.conftest import Call

RUN = "3b0c44298fc1"


def test_the_answer_says_how_many_are_left(call: Call, turns: Turns) -> None:
    turns.runs.apply.return_value = Applied(left=2, done=3, failed=1, unknown=1, wait_seconds=600)
    assert call("apply_provisioning", "planned") == {
        "left": 2,
        "done": 3,
        "failed": 1,
        "unknown": 1,
        "stopped": False,
        "to_verify": 0,
        "wait_seconds": 600,
    }
    run, connection, _, owner = turns.runs.apply.call_args.args
    assert (run, connection) == (RUN, "s4_central")
    assert owner.endswith(f":execution:Provisioning:{RUN}")
    assert [taken[0] for taken in turns.taken] == ["s4_central"]


@pytest.mark.parametrize(("seconds", "wait"), [(60, 60), (7200, 900)])
def test_nothing_is_changed_while_a_person_holds_the_system(
    call: Call, turns: Turns, seconds: int, wait: int
) -> None:
    """It may be released early, so the run looks again."""
    turns.held = seconds
    turns.runs.status.return_value = SimpleNamespace(run=SimpleNamespace(stop_asked=False))
    answer = call("apply_provisioning", "planned")
    assert answer["held"]
    assert (answer["left"], answer["wait_seconds"]) == (1, wait)
    assert not turns.runs.apply.called
    assert not turns.taken


def test_a_run_that_is_to_end_waits_for_no_release(call: Call, turns: Turns) -> None:
    turns.held = 60
    turns.runs.status.return_value = SimpleNamespace(run=SimpleNamespace(stop_asked=True))
    turns.runs.apply.return_value = Applied(left=2, stopped=True)
    assert call("apply_provisioning", "planned")["stopped"]


def test_another_execution_that_is_at_it_is_waited_for(call: Call, turns: Turns) -> None:
    turns.runs.apply.side_effect = Throttled("another execution applies this run")
    with pytest.raises(Throttled):
        call("apply_provisioning", "planned")
