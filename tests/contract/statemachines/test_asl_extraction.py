"""The state machine of an extraction: lists of any length, a second round, one end that tells."""

import json
from pathlib import Path
from typing import Any

import pytest

FILE = Path(__file__).resolve().parents[3] / "statemachines" / "extraction.asl.json"
STATES: dict[str, dict[str, Any]] = json.loads(FILE.read_text())["States"]


def test_chunks_are_listed_in_the_bucket_and_hand_nothing_on() -> None:
    """RE-9, RE-10: a list of any length, no payload that grows with it, 5 % may fail."""
    chunks = STATES["ExtractChunks"]
    assert chunks["ItemReader"]["Resource"] == "arn:aws:states:::s3:getObject"
    assert chunks["MaxConcurrencyPath"] == "$.parallel"
    assert chunks["ToleratedFailurePercentage"] == 5
    assert chunks["ResultPath"] is None
    children = chunks["ItemProcessor"]["States"]
    assert (children["ChunkDone"]["Type"], children["ChunkDone"]["Result"]) == ("Pass", {})


@pytest.mark.parametrize(
    ("answer", "second_round", "target"),
    [
        ({"done": True, "missing": 0}, False, "BeginWaking"),
        ({"done": False, "missing": 0}, False, "FinishExtraction"),
        ({"done": False, "missing": 2}, False, "BeginSecondRound"),
        ({"done": False, "missing": 0}, True, "FinishExtraction"),
        ({"done": False, "missing": 2}, True, "MissChunks"),
    ],
)
def test_missing_chunks_get_one_more_round(
    answer: dict[str, Any], second_round: bool, target: str
) -> None:
    """RE-10: those that are done answer at once, so that only the missing ones do work."""
    choice = STATES["IsFinished"]
    data = {"finished": {"answer": answer}, "second_round": second_round}
    chosen = (rule["Next"] for rule in choice["Choices"] if holds(rule, data))
    assert next(chosen, choice["Default"]) == target


def holds(rule: dict[str, Any], data: dict[str, Any]) -> bool:
    """Whether a rule of a choice holds; the three forms that we use."""
    if "And" in rule:
        return all(holds(part, data) for part in rule["And"])
    value: Any = data
    for name in rule["Variable"].removeprefix("$.").split("."):
        value = value[name]
    if "BooleanEquals" in rule:
        return bool(value is rule["BooleanEquals"])
    return bool(value > rule["NumericGreaterThan"])


def test_a_failed_run_gives_its_lease_back_and_is_told_whatever_failed() -> None:
    """RE-21, RE-31"""
    catching = ["PlanExtraction", "ExtractChunks", "FinishExtraction"]
    assert {STATES[name]["Catch"][0]["Next"] for name in catching} == {"FailExtraction"}
    assert STATES["MissChunks"]["Next"] == "FailExtraction"
    # Whatever the input lacks: a path that is not there would end the run untold.
    assert STATES["FailExtraction"]["Parameters"]["Payload.$"] == "$"
    retried = {error for rule in STATES["FailExtraction"]["Retry"] for error in rule["ErrorEquals"]}
    assert {"Sandbox.Timedout", "Runtime.ExitError"} <= retried


def test_a_second_execution_of_an_extraction_ends_at_once() -> None:
    """RE-31: the execution, not the run, holds the lease: a schedule may fire twice."""
    assert STATES["NoteExecution"]["InputPath"] == "$$.Execution.Name"
    (rule,) = STATES["IsAlreadyRunning"]["Choices"]
    assert STATES[rule["Next"]]["Type"] == "Succeed"
    assert rule["Variable"] == "$.already_running"


def test_a_chunk_is_read_on_until_it_is_done() -> None:
    children = STATES["ExtractChunks"]["ItemProcessor"]["States"]
    (rule,) = children["IsChunkDone"]["Choices"]
    assert rule == {"Variable": "$.answer.done", "BooleanEquals": True, "Next": "ChunkDone"}
    assert children["IsChunkDone"]["Default"] == "ExtractChunk"


@pytest.mark.parametrize(("done", "target"), [(True, "TellCounts"), (False, "WakeDocuments")])
def test_waking_goes_on_until_all_was_looked_at(done: bool, target: str) -> None:
    """MA-P23: what a run brings is what documents wait for."""
    assert STATES["BeginWaking"]["Result"] == {"after": ""}
    assert STATES["WakeDocuments"]["Next"] == "HasWokenAll"
    choice = STATES["HasWokenAll"]
    data = {"waking": {"done": done, "after": "x"}}
    chosen = (rule["Next"] for rule in choice["Choices"] if holds(rule, data))
    assert next(chosen, choice["Default"]) == target


def test_waking_knows_the_run_whose_order_changes_it_tells() -> None:
    """MA-P54: the run noted whose matches hold quantities of the orders that it changed."""
    payload = dict(STATES["WakeDocuments"]["Parameters"]["Payload"])
    assert payload.pop("after.$") == "$.waking.after"
    assert payload == {"extraction.$": "$.extraction", "run_id.$": "$.run_id"}
    assert payload.items() <= STATES["FinishExtraction"]["Parameters"]["Payload"].items()


def test_a_run_whose_documents_were_not_woken_is_published_all_the_same() -> None:
    """Its failure is an alarm; it tells nobody that SAP was not read."""
    (catch,) = STATES["WakeDocuments"]["Catch"]
    assert catch["Next"] == "DocumentsNotWoken"
    assert STATES["DocumentsNotWoken"]["Type"] == "Fail"
