"""The state machine of write-back, walked with answers of its functions."""

import json
from pathlib import Path
from typing import Any

import jsonata  # type: ignore[import-untyped]
import pytest

MACHINE = json.loads(
    (Path(__file__).resolve().parents[3] / "statemachines" / "write_back.asl.json").read_text()
)["States"]
COLLECTED = {"flow": "f", "run_id": "r", "records": 9, "mistakes": 0, "parts": [0], "urgent": False}
DONE = {"rejected": 0, "unknown": 0, "held": 0, "planned_again": 0, "stopped": False,
        "wait_seconds": 0, "confirmed": 9, "flow": "f", "run_id": "r"}  # fmt: skip
FAILED = {"rejected": 0, "unknown": 0, "held": 0, "planned_again": 0, "stopped": False,
          "wait_seconds": 0, "error": "SapUnavailable"}  # fmt: skip


def value(text: Any, **bindings: Any) -> Any:
    """What a JSONata expression gives; anything else as it stands."""
    if isinstance(text, dict):
        return {name: value(part, **bindings) for name, part in text.items()}
    if not isinstance(text, str) or not text.startswith("{%"):
        return text
    expression = jsonata.Jsonata(text.removeprefix("{%").removesuffix("%}"))
    frame = expression.create_frame()
    for name, bound in bindings.items():
        frame.bind(name, bound)
    return expression.evaluate(None, frame)


def written(*results: dict[str, Any], parts: int = 1) -> dict[str, Any]:
    """The output of the map over the answers of its functions."""
    given = {**COLLECTED, "parts": list(range(parts))}
    states = {"input": given, "result": list(results)}
    output: dict[str, Any] = value(MACHINE["WriteParts"]["Output"], states=states)
    return output


def walk(state: str, given: dict[str, Any], writes: int = 1, rounds: int = 0) -> list[str]:
    """The states from a choice on until one that does something."""
    path = [state]
    while MACHINE[path[-1]]["Type"] == "Choice":
        bound = {"writes": writes, "rounds": rounds, "rejected": given.get("rejected", 0)}
        choices = MACHINE[path[-1]]["Choices"]
        true = (c for c in choices if value(c["Condition"], states={"input": given}, **bound))
        path.append(next(true, {"Next": MACHINE[path[-1]]["Default"]})["Next"])
    return path


def test_every_part_gets_its_number_and_how_many_there_are() -> None:
    states = {
        "input": {**COLLECTED, "parts": [0, 1, 2]},
        "context": {"Map": {"Item": {"Value": 2}}},
    }
    assert value(MACHINE["WriteParts"]["ItemSelector"], states=states) == {
        "flow": "f",
        "run_id": "r",
        "part": 2,
        "parts": 3,
        "urgent": False,
    }


@pytest.mark.parametrize(
    ("planned_again", "stopped", "writes", "goes_on"),
    [(1, False, 1, True), (1, False, 50, False), (1, True, 1, False), (0, False, 1, False)],
)
def test_writing_goes_on_until_all_is_sent_or_the_run_was_stopped(
    planned_again: int, stopped: bool, writes: int, goes_on: bool
) -> None:
    """A function ends before its time does; others finish its file, fifty at most."""
    given = written({**DONE, "planned_again": planned_again, "stopped": stopped})
    assert (walk("HasMore", given, writes=writes)[-1] == "WriteParts") is goes_on


def test_the_counts_of_all_parts_are_added_up() -> None:
    one = {**DONE, "rejected": 1, "unknown": 2, "wait_seconds": 60}
    other = {**DONE, "planned_again": 3, "held": 4, "stopped": True, "wait_seconds": 900}
    found = written(one, other, parts=2)
    assert found == {
        **COLLECTED,
        "parts": [0, 1],
        "rejected": 1,
        "unknown": 2,
        "held": 4,
        "planned_again": 3,
        "stopped": True,
        "wait_seconds": 900,
    }


@pytest.mark.parametrize("results", [(FAILED,), (DONE, FAILED), (FAILED, FAILED)])
def test_a_part_that_failed_fails_the_run_once_the_others_have_ended(
    results: tuple[dict[str, Any], ...],
) -> None:
    found = written(*results, parts=len(results))
    assert found["error"] == "SapUnavailable"
    assert walk("HasMore", found) == ["HasMore", "RaiseException"]
    told = value(MACHINE["HasMore"]["Choices"][0]["Output"], states={"input": found})
    assert told["reason"] == "WORKFLOW_FAILED"


WAITS, FAILS = MACHINE["WriteParts"]["ItemProcessor"]["States"]["WriteRecords"]["Catch"]


def test_a_part_for_which_nothing_comes_free_takes_its_turn_in_the_next_round() -> None:
    """RE-13, RE-24: where SAP is slow one permit is left, and it may be another part's for long."""
    assert WAITS["ErrorEquals"] == ["SapThrottled", "Throttled", "Lambda.TooManyRequestsException"]
    assert WAITS["Output"].keys() == FAILS["Output"].keys() - {"error"}
    assert walk("HasMore", written(DONE, WAITS["Output"], parts=2))[-1] == "WriteParts"
    spent = walk("HasMore", written(DONE, WAITS["Output"], parts=1), writes=50)
    assert spent[-1] == "RaiseException"


def test_a_run_of_one_part_that_is_done_ends() -> None:
    assert walk("HasMore", written(DONE))[-1] == "WriteBackDone"


def test_the_responses_of_several_parts_are_put_together() -> None:
    assert walk("HasMore", written(DONE, DONE, parts=2))[-1] == "ReconcileIntents"
    settled = {**written(DONE, DONE, parts=2), **DONE}
    assert walk("IsSettled", settled, rounds=1)[-1] == "WriteBackDone"


@pytest.mark.parametrize("name", ["unknown", "held"])
def test_a_lost_answer_and_what_is_held_are_waited_for(name: str) -> None:
    given = written({**DONE, name: 1, "wait_seconds": 30})
    assert walk("HasMore", given)[-1] == "WaitForSap"
    assert value(MACHINE["WaitForSap"]["Seconds"], states={"input": given}) == 30
    assert walk("IsSettled", {**given, **DONE, name: 1}, rounds=1)[-1] == "WaitForSap"


def test_what_never_arrived_is_sent_again_after_it_was_read_back() -> None:
    given = {**written({**DONE, "unknown": 1}), **DONE, "planned_again": 1}
    assert walk("IsSettled", given, rounds=2)[-1] == "WriteParts"


def test_after_five_rounds_people_are_told() -> None:
    given = {**written({**DONE, "unknown": 1}), **DONE, "unknown": 1}
    assert walk("IsSettled", given, rounds=5)[-1] == "RaiseException"


def test_a_conflict_that_reading_back_finds_is_told_at_once() -> None:
    payload = {**DONE, "rejected": 1}
    states = {"input": written({**DONE, "unknown": 1}), "result": {"Payload": payload}}
    read_back = MACHINE["ReconcileIntents"]
    known = value(read_back["Assign"], states=states, rounds=1)
    assert known == {"rounds": 2, "rejected": 1}
    settled = value(read_back["Output"], states=states)
    assert walk("IsSettled", settled, rounds=2) == ["IsSettled", "HasRejected", "RaiseException"]


def test_what_sap_refused_is_told() -> None:
    assert walk("HasMore", written({**DONE, "rejected": 1}))[-1] == "RaiseException"


@pytest.mark.parametrize(
    ("counts", "state"),
    [
        ({"records": 1, "mistakes": 0}, "WriteParts"),
        ({"records": 0, "mistakes": 2}, "RaiseException"),
        ({"records": 0, "mistakes": 0}, "WriteBackDone"),
    ],
)
def test_a_run_begins_only_where_there_is_something_to_write(
    counts: dict[str, int], state: str
) -> None:
    assert walk("HasRecords", {**COLLECTED, **counts})[-1] == state
