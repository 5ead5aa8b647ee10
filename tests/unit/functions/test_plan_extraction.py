from unittest.mock import MagicMock

import pytest

from sapmatch.extracting.run import Plan
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
