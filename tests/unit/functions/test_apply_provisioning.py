from types import SimpleNamespace
from typing import Any

import pytest

import functions.apply_provisioning
from sapmatch.model.errors import AuthorizationMissing, Throttled
from sapmatch.model.provisioning import Applied
from tests.builders.memory import START
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
    turns.runs.find.return_value = SimpleNamespace(stop_asked=False)
    answer = call("apply_provisioning", "planned")
    assert answer["held"]
    assert (answer["left"], answer["wait_seconds"]) == (1, wait)
    assert not turns.runs.apply.called
    assert not turns.runs.status.called  # it reads what is kept of every user
    assert not turns.taken


def test_a_run_that_is_to_end_waits_for_no_release(call: Call, turns: Turns) -> None:
    turns.held = 60
    turns.runs.find.return_value = SimpleNamespace(stop_asked=True)
    turns.runs.apply.return_value = Applied(left=2, stopped=True)
    assert call("apply_provisioning", "planned")["stopped"]


@pytest.mark.parametrize(("seconds", "begins"), [(3, False), (419, False), (900, True)])
def test_no_user_is_begun_whose_calls_may_outlast_the_function(
    call: Call, turns: Turns, monkeypatch: pytest.MonkeyPatch, seconds: int, begins: bool
) -> None:
    """CO-T65: one user may take several calls of a SAP system that is slow."""
    turns.runs.apply.return_value = Applied(left=1)
    handler = functions.apply_provisioning.handler

    def late(event: Any, _: Any) -> Any:
        left = SimpleNamespace(
            aws_request_id="request-1", get_remaining_time_in_millis=lambda: seconds * 1000
        )
        return handler(event, left)

    monkeypatch.setattr(functions.apply_provisioning, "handler", late)
    call("apply_provisioning", "planned")
    until = turns.runs.apply.call_args.args[2]
    assert (until > START) is begins


def test_another_execution_that_is_at_it_is_waited_for(call: Call, turns: Turns) -> None:
    turns.runs.apply.side_effect = Throttled("another execution applies this run")
    with pytest.raises(Throttled):
        call("apply_provisioning", "planned")


@pytest.mark.parametrize("hidden", [None, Throttled("the table is busy")])
def test_what_a_step_raises_is_noted_in_its_run(
    call: Call, turns: Turns, hidden: Exception | None
) -> None:
    """Step Functions is told the class only; the message names setting and remedy."""
    error = AuthorizationMissing("S_RFC for BAPI_USER_CHANGE is missing")
    turns.runs.apply.side_effect = error
    turns.runs.troubled.side_effect = hidden
    with pytest.raises(AuthorizationMissing):
        call("apply_provisioning", "planned")
    assert turns.runs.troubled.call_args.args == (RUN, "s4_central", error)
