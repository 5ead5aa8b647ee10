from typing import Any
from unittest.mock import MagicMock

import msgspec
import pytest

from sapmatch.extracting.failures import note_failure
from sapmatch.extracting.lease import take
from sapmatch.extracting.positions import (
    Pointer,
    Position,
    position_of,
    store_position,
    store_published,
)
from sapmatch.extracting.run import ChunkResult, done_key, plan_key
from sapmatch.model.changes import DeltaPosition, DeltaState
from sapmatch.model.errors import ResyncRequired, SapUnavailable
from tests.builders.runs import PLAN, running_parts
from tests.unit.functions.conftest import Call

DONE = ChunkResult(entity_set="A_PurchaseOrder", number=0, rows=1, pages=1, bytes=1, sha256="s")


@pytest.fixture(autouse=True)
def run(parts: MagicMock) -> None:
    """A planned run whose lease the event's execution holds."""
    running_parts(parts)
    parts.stage = "prod"


def told(parts: MagicMock) -> tuple[str, str, str]:
    trouble = parts.exceptions.about_extraction.call_args.args[0]
    return trouble.state, trouble.cause, trouble.subject_id


def test_the_next_run_finds_the_lease_free(call: Call, parts: MagicMock) -> None:
    """RE-31"""
    call("fail_extraction", "logon")
    now = parts.clock.now()
    assert take(parts.control, "orders", "next", now, seconds=60).run_id == "next"


def test_a_function_s_own_words_become_the_end_of_the_execution(
    call: Call, parts: MagicMock
) -> None:
    answer = call("fail_extraction", "logon")
    assert answer == {"error": "LogonRefused", "cause": "s4: SAP refused the logon"}
    assert told(parts) == ("EXTRACTION_FAILED", "LogonRefused plan", "extraction/orders/none")


def test_what_the_children_left_word_of_is_told(call: Call, parts: MagicMock) -> None:
    """The map itself says only that too many failed."""
    note_failure(PLAN, PLAN.chunks[0], SapUnavailable("first"), parts.objects)
    note_failure(PLAN, PLAN.chunks[1], SapUnavailable("second"), parts.objects)
    parts.objects.write(done_key(PLAN.prefix(PLAN.chunks[0])), msgspec.json.encode(DONE))
    assert call("fail_extraction", "chunks") == {"error": "SapUnavailable", "cause": "second"}


def test_children_that_left_no_word_are_told_by_the_map_s(call: Call) -> None:
    answer = call("fail_extraction", "chunks")
    assert answer["error"] == "States.ExceedToleratedFailureThreshold"


def test_an_old_word_is_not_taken_for_what_failed_now(call: Call, parts: MagicMock) -> None:
    note_failure(PLAN, PLAN.chunks[0], SapUnavailable("yesterday"), parts.objects)
    assert call("fail_extraction", "logon")["error"] == "LogonRefused"


def test_an_expired_position_is_marked_lost_and_told_with_the_command(
    call: Call, parts: MagicMock
) -> None:
    """RE-21: no run goes on from it, none loads everything unasked."""
    delta = DeltaPosition(
        subscriber="U", entity_set="A_PurchaseOrder", state=DeltaState.TRACKING, link="l"
    )
    kept = Position(run_id="r", delta=delta)
    store_position(parts.control, "orders", "A_PurchaseOrder", kept)
    store_published(parts.control, "orders", Pointer(run_id="r"))
    sources = (msgspec.structs.replace(PLAN.sources[0], mode="delta", since=delta),)
    plan = msgspec.structs.replace(PLAN, sources=sources)
    parts.objects.write(plan_key("orders", PLAN.run_id), msgspec.json.encode(plan))
    note_failure(plan, plan.chunks[0], ResyncRequired("the token is gone"), parts.objects)
    call("fail_extraction", "chunks")
    position = position_of(parts.control, "orders", "A_PurchaseOrder")
    assert position is not None
    assert position.delta is not None
    assert position.delta.state is DeltaState.RESYNC_REQUIRED
    assert told(parts)[0] == "RESYNC_REQUIRED"
    assert told(parts)[2] == "extraction/orders/r"
    trouble = parts.exceptions.about_extraction.call_args.args[0]
    assert trouble.reload == "sapmatch reload orders --stage prod"


def test_what_the_state_machine_holds_tells_which_step_failed(call: Call, parts: MagicMock) -> None:
    """One error of planning and one of finishing are two troubles."""
    call("fail_extraction", "logon", {"chunks_key": "extracts/orders/r/chunks.json"})
    assert told(parts)[1] == "LogonRefused finish"


@pytest.mark.parametrize(
    ("changes", "extraction", "run_id"),
    [
        ({"run_id": None}, "orders", "none"),
        ({"run_id": {"a": 1}}, "orders", "{'a': 1}"),
        ({"extraction": None}, "unknown", "2026-11-02T08:00:00Z"),
        ({"extraction": "a\nb"}, "unknown", "2026-11-02T08:00:00Z"),
        ({"extraction": ["orders"]}, "unknown", "2026-11-02T08:00:00Z"),
    ],
)
def test_an_input_that_was_refused_is_told_whatever_it_lacks(
    call: Call, parts: MagicMock, changes: dict[str, Any], extraction: str, run_id: str
) -> None:
    error = {"Error": "InputRejected", "Cause": "input of the run: ..."}
    answer = call("fail_extraction", "logon", {**changes, "error": error})
    assert answer["error"] == "InputRejected"
    trouble = parts.exceptions.about_extraction.call_args.args[0]
    assert (trouble.extraction, trouble.run_id) == (extraction, run_id)
    assert trouble.remedy == "INPUT_REJECTED"
    assert trouble.subject_id == f"extraction/{extraction}/{trouble.execution}"
