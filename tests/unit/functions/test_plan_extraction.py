from typing import Any
from unittest.mock import MagicMock

import pytest

from sapmatch.extracting.run import Plan
from sapmatch.model.errors import InputRejected
from tests.builders.control import MemoryControl
from tests.builders.memory import START, MemoryClock
from tests.unit.functions.conftest import Call

PLAN = Plan(
    extraction="orders",
    run_id="2026-11-02T08:00:00Z",
    connection="s4",
    sources=(),
    chunks=(MagicMock(),) * 3,
)


@pytest.fixture
def plan(parts: MagicMock) -> MagicMock:
    parts.control = MemoryControl()
    parts.clock = MemoryClock()
    parts.bucket = "bucket"
    parts.extraction.return_value.parallel = 4
    return MagicMock(return_value=PLAN)


def test_the_map_is_told_where_its_chunks_lie(
    call: Call, parts: MagicMock, plan: MagicMock
) -> None:
    """RE-9: the answer does not grow with the number of chunks."""
    answer = call("plan_extraction", "scheduled", plan_extraction=plan)
    assert answer == {
        "extraction": "orders",
        "run_id": "2026-11-02T08:00:00Z",
        "execution": "5b6d7c1e-0d5a-4b0e-9d0c-6f1f6a1c2d3e",
        "bucket": "bucket",
        "chunks_key": "extracts/orders/2026-11-02T08:00:00Z/chunks.json",
        "chunks": 3,
        "parallel": 4,
        "already_running": False,
        "second_round": False,
    }
    assert plan.call_args.kwargs["now"] == START
    assert plan.call_args.kwargs["reload"] is False


def test_a_second_execution_touches_nothing(call: Call, parts: MagicMock, plan: MagicMock) -> None:
    """RE-31: of the same run as well, for a schedule may fire twice."""
    call("plan_extraction", "reload", plan_extraction=plan)
    plan.reset_mock()
    answer = call("plan_extraction", "scheduled", plan_extraction=plan)
    assert answer["already_running"] is True
    plan.assert_not_called()
    parts.sap.assert_called_once()


def test_the_same_execution_may_try_again(call: Call, plan: MagicMock) -> None:
    for _ in range(2):
        answer = call("plan_extraction", "scheduled", plan_extraction=plan)
        assert answer["already_running"] is False


def test_a_reload_is_asked_for_by_its_input(call: Call, plan: MagicMock) -> None:
    """RE-21"""
    call("plan_extraction", "reload", plan_extraction=plan)
    assert plan.call_args.kwargs["reload"] is True


@pytest.mark.parametrize(
    ("changes", "field", "told"),
    [
        ({"run_id": None}, "run_id", "is missing"),
        ({"run_id": "a/../b c"}, "run_id", "is no name of a run"),
        ({"run_id": "../b"}, "run_id", "is no name of a run"),
        ({"run_id": "_SUCCESS"}, "run_id", "is no name of a run"),
        ({"run_id": ".hidden"}, "run_id", "is no name of a run"),
        ({"run_id": ""}, "run_id", "is no name of a run"),
        ({"run_id": "r\n"}, "run_id", "is no name of a run"),
        ({"run_id": "r" * 81}, "run_id", "is no name of a run"),
        ({"run_id": 7}, "run_id", "is no name of a run"),
        ({"extraction": None}, "extraction", "is missing; known are orders, stock"),
        ({"extraction": "ordres"}, "extraction", "'ordres' is not in the settings; known are"),
        ({"extraction": ["orders"]}, "extraction", ".* is not in the settings"),
        ({"reload": "false"}, "reload", "is neither true nor false"),
    ],
)
def test_a_wrong_input_is_refused_by_field_before_anything_is_touched(
    call: Call, parts: MagicMock, plan: MagicMock, changes: dict[str, Any], field: str, told: str
) -> None:
    with pytest.raises(InputRejected, match=f"input of the run: {field}: {told}") as caught:
        call("plan_extraction", "scheduled", changes, plan_extraction=plan)
    assert [problem.field for problem in caught.value.problems] == [field]
    plan.assert_not_called()
    assert parts.control.writes == 0


@pytest.mark.parametrize("run_id", ["r", "2026-11-02T08:00:00+01:00", "by-hand_2.b", "r" * 80])
def test_a_run_may_have_any_plain_name(call: Call, plan: MagicMock, run_id: str) -> None:
    call("plan_extraction", "scheduled", {"run_id": run_id}, plan_extraction=plan)
    assert plan.call_args.args[2] == run_id


def test_a_bug_is_told_with_the_request_whose_log_says_more(call: Call, plan: MagicMock) -> None:
    plan.side_effect = KeyError("a value of SAP")
    with pytest.raises(
        RuntimeError, match=r"KeyError, a bug of ours; .* request request-1"
    ) as told:
        call("plan_extraction", "scheduled", plan_extraction=plan)
    assert "a value of SAP" not in str(told.value)
