"""The state machine of one document: who waits for Textract, how long, and what ends where."""

import json
from pathlib import Path
from typing import Any

import jsonata  # type: ignore[import-untyped]
import pytest

FILE = Path(__file__).resolve().parents[3] / "statemachines" / "invoice_matching.asl.json"
MACHINE: dict[str, Any] = json.loads(FILE.read_text())
STATES: dict[str, dict[str, Any]] = MACHINE["States"]
WAITS = 125
HOUR = 3600


def evaluated(expression: str, **variables: Any) -> Any:
    """A JSONata expression as the service evaluates it, from its variables."""
    parsed = jsonata.Jsonata(expression.removeprefix("{%").removesuffix("%}"))
    frame = parsed.create_frame()
    for name, value in variables.items():
        frame.bind(name, value)
    return parsed.evaluate(None, frame)


def after_reading(outcome: str, waits: int = 0) -> str:
    """The state that follows an outcome of ReadDocument."""
    choice = STATES["IsReadable"]
    given = {"states": {"input": {"outcome": outcome}}, "waits": waits}
    chosen = (c["Next"] for c in choice["Choices"] if evaluated(c["Condition"], **given))
    return str(next(chosen, choice["Default"]))


def pauses() -> list[int]:
    """Seconds of every wait for one job."""
    return [evaluated(STATES["WaitForTextract"]["Seconds"], waits=n) for n in range(WAITS)]


@pytest.mark.parametrize(
    ("outcome", "target"),
    [
        ("read", "MatchInvoice"),
        ("split", "InvoicesSplit"),
        ("waiting", "WaitForTextract"),
        ("needs-review", "RaiseException"),
        ("reject", "RaiseException"),
        ("not-invoice", "RaiseException"),
        ("copy", "RaiseException"),
        ("anything else", "RaiseException"),
    ],
)
def test_every_outcome_of_the_reading_has_its_way(outcome: str, target: str) -> None:
    """RE-16: what is not plainly read is never posted."""
    assert after_reading(outcome) == target


def test_a_file_of_several_invoices_ends_well_as_its_parts_run_by_themselves() -> None:
    assert STATES["InvoicesSplit"]["Type"] == "Succeed"
    payload = STATES["ReadDocument"]["Arguments"]["Payload"]
    states = {"input": {"document_id": "d"}, "context": {"StateMachine": {"Id": "arn:machine"}}}
    assert evaluated(payload, states=states) == {"document_id": "d", "machine": "arn:machine"}


def test_no_function_runs_while_a_job_does() -> None:
    """RE-15: the state waits, and asks again with the same job."""
    wait = STATES["WaitForTextract"]
    assert (wait["Type"], wait["Next"]) == ("Wait", "ReadDocument")
    assert "Output" not in wait  # the job goes on to the next question
    assert pauses()[:6] == [5, 10, 20, 40, 60, 60]
    assert evaluated(wait["Assign"]["waits"], waits=3) == 4


def test_a_job_that_does_not_end_within_two_hours_is_told_to_a_person() -> None:
    """RE-15"""
    assert 2 * HOUR <= sum(pauses()) < 2.1 * HOUR
    assert after_reading("waiting", WAITS - 1) == "WaitForTextract"
    assert after_reading("waiting", WAITS) == "GiveUpWaiting"
    given_up = STATES["GiveUpWaiting"]
    assert given_up["Next"] == "RaiseException"
    assert given_up["Output"]["reason"] == "READ_TIMED_OUT"
    assert STATES["BeginReading"]["Assign"] == {"waits": 0, "attempts": 0}


def test_throttling_alone_fails_no_document() -> None:
    """RE-14: with pauses of half their greatest length it is tried for two days."""
    (retry,) = (r for r in STATES["ReadDocument"]["Retry"] if "Throttled" in r["ErrorEquals"])
    assert retry["ErrorEquals"] == ["Throttled"]  # its attempts are spent on nothing else
    assert retry["MaxAttempts"] * retry["MaxDelaySeconds"] / 2 >= 48 * HOUR
    assert retry["MaxDelaySeconds"] <= 900  # and it goes on soon after the rush


def test_a_document_is_told_to_a_person_before_its_machine_runs_out_of_time() -> None:
    """Every attempt of every task, every wait, five decisions: RaiseException has its turn."""
    assert "$attempts < 5" in STATES["MayMatchAgain"]["Choices"][0]["Condition"]
    turns = {"ReadDocument": 1, "MatchInvoice": 5, "RecordMatch": 5, "RaiseException": 1}
    longest = sum(count * _longest(STATES[name]) for name, count in turns.items())
    waiting = sum(pauses()) + WAITS * STATES["ReadDocument"]["TimeoutSeconds"]
    contending = sum(1 + 4 * attempt for attempt in range(1, 5))
    assert longest + waiting + contending < MACHINE["TimeoutSeconds"]


def test_textract_still_knows_a_job_when_its_document_is_read_for_the_last_time() -> None:
    """documents.md 1: a job is kept for seven days."""
    assert MACHINE["TimeoutSeconds"] <= 7 * 24 * HOUR


def _longest(task: dict[str, Any]) -> int:
    """Seconds that a task may take with every retry that it is allowed."""
    seconds: int = task["TimeoutSeconds"]
    for retry in task["Retry"]:
        for attempt in range(retry["MaxAttempts"]):
            pause = min(retry["IntervalSeconds"] * 2 ** min(attempt, 20), retry["MaxDelaySeconds"])
            seconds += task["TimeoutSeconds"] + pause
    return seconds
