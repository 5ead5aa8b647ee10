"""The state machine of one document: who waits for Textract, how long, and what ends where."""

import json
from pathlib import Path
from typing import Any

import jsonata  # type: ignore[import-untyped]
import pytest

from sapmatch.settings.reviewing import MOST_DAYS

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
    assert STATES["BeginReading"]["Assign"] == {"waits": 0, "attempts": 0, "turns": 0}


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


def test_a_match_that_may_be_recorded_already_is_recorded_again_and_told_to_nobody() -> None:
    """RE-12: one conditional transaction; a repetition finds it done."""
    retried = {error for r in STATES["RecordMatch"]["Retry"] for error in r["ErrorEquals"]}
    assert {"States.Timeout", "Lambda.Unknown", "Sandbox.Timedout", "Runtime.ExitError"} <= retried


def test_textract_still_knows_a_job_when_its_document_is_read_for_the_last_time() -> None:
    """documents.md 1: a job is kept for seven days."""
    waiting = sum(pauses()) + WAITS * STATES["ReadDocument"]["TimeoutSeconds"]
    assert _longest(STATES["ReadDocument"]) + waiting < 7 * 24 * HOUR


def after_matching(**answer: Any) -> str:
    return chosen("IsMatched", {"document_id": "d", "decision": 1, **answer})


def chosen(choice: str, given: dict[str, Any]) -> str:
    """The state that a choice leads to."""
    states = {"input": given}
    rules = STATES[choice]["Choices"]
    found = (r["Next"] for r in rules if evaluated(r["Condition"], states=states))
    return str(next(found, STATES[choice]["Default"]))


@pytest.mark.parametrize(
    ("state", "posts", "alert", "target"),
    [
        ("MATCHED", True, True, "RecordMatch"),
        ("WITHIN_TOLERANCE", True, True, "RecordMatch"),
        ("OUT_OF_TOLERANCE", True, True, "RecordMatch"),  # posted, and blocked for payment
        ("MANUAL_MATCHED", True, True, "RecordMatch"),
        ("MANUAL_REJECTED", False, True, "InvoiceRejected"),
        ("OUT_OF_TOLERANCE", False, True, "RaiseException"),
        ("AMBIGUOUS", False, True, "RaiseException"),
        ("WAITING_RECEIPT", False, False, "AwaitDecision"),
    ],
)
def test_what_posts_nothing_waits_and_a_missing_receipt_alerts_nobody_yet(
    state: str, posts: bool, alert: bool, target: str
) -> None:
    """RE-16, MA-P23"""
    assert after_matching(state=state, posts=posts, alert=alert) == target


@pytest.mark.parametrize(
    ("given", "target"),
    [
        ({"decision": 1, "state": "AMBIGUOUS"}, "AwaitDecision"),
        ({"outcome": "needs-review"}, "AwaitDecision"),
        ({"outcome": "reject"}, "AwaitDecision"),
        ({"reason": "READ_TIMED_OUT"}, "AwaitDecision"),
        ({"outcome": "copy", "copy": "incoming/again.xml"}, "InvoiceExcepted"),
        ({"reason": "REVIEW_EXPIRED"}, "InvoiceExcepted"),
        ({"reason": "WORKFLOW_FAILED", "error": "InputRejected"}, "WorkflowFailed"),
    ],
)
def test_who_was_told_is_waited_for_unless_nobody_has_to_decide(
    given: dict[str, Any], target: str
) -> None:
    assert chosen("HasFailed", {"document_id": "d", **given}) == target


@pytest.mark.parametrize(
    ("given", "target"),
    [
        ({"action": "decided", "decision": 1}, "MatchInvoice"),
        ({"action": "decided"}, "MatchInvoice"),
        ({"action": "again", "decision": 1}, "MatchInvoice"),
        ({"action": "again"}, "ReadDocument"),  # nobody said that the reading is right
        ({"action": "expired", "decision": 1}, "ExpireException"),
    ],
)
def test_what_is_waited_for_goes_on_by_what_happened(given: dict[str, Any], target: str) -> None:
    assert chosen("IsDecided", {"document_id": "d", **given}) == target


@pytest.mark.parametrize(
    ("action", "target"),
    [
        ("decided", "MatchInvoice"),
        ("alert", "RaiseException"),
        ("expired", "RaiseException"),
        ("over", "InvoiceExcepted"),
    ],
)
def test_a_wait_that_lasted_too_long_has_its_way(action: str, target: str) -> None:
    assert chosen("HasExpired", {"document_id": "d", "action": action}) == target
    outputs = {c["Next"]: c.get("Output") for c in STATES["HasExpired"]["Choices"] if "Output" in c}
    assert outputs["RaiseException"]["reason"] == "REVIEW_EXPIRED"


def test_the_function_learns_who_waits_and_whether_a_person_was_told() -> None:
    payload = STATES["AwaitDecision"]["Arguments"]["Payload"]
    context = {"Task": {"Token": "t"}, "Execution": {"Id": "e"}}
    given = {"document_id": "d", "decision": 1, "alert": False}
    assert evaluated(payload, states={"input": given, "context": context}) == {
        "document_id": "d",
        "token": "t",
        "execution": "e",
        "alert": False,
    }


def test_after_a_wait_everything_is_counted_anew() -> None:
    """A document that waits for weeks may contend and be read as often as a new one."""
    wait = STATES["AwaitDecision"]
    assert wait["Assign"] | {"turns": 0} == STATES["BeginReading"]["Assign"]


def test_an_execution_counts_its_turns_and_ends_where_another_one_takes_the_wait_over() -> None:
    """A history takes 25,000 events; a document may be woken for months."""
    wait = STATES["AwaitDecision"]
    assert evaluated(wait["Assign"]["turns"], turns=7) == 8
    states = {
        "input": {"document_id": "d"},
        "context": {"Task": {"Token": "t"}, "Execution": {"Id": "e"}},
    }
    payload = evaluated(wait["Arguments"]["Payload"], states=states, turns=7)
    assert payload["turn"] == 7
    assert chosen("IsDecided", {"document_id": "d", "action": "over"}) == "InvoiceExcepted"
    states = {"input": {"document_id": "d", "decision": 2}, "result": {"action": "again"}}
    assert evaluated(wait["Output"], states=states) == {
        "document_id": "d",
        "decision": 2,
        "action": "again",
    }


def test_every_success_has_its_name() -> None:
    ends = {name for name, state in STATES.items() if state["Type"] == "Succeed"}
    assert ends == {"InvoiceMatched", "InvoiceRejected", "InvoiceExcepted", "InvoicesSplit"}


def test_a_machine_outlives_the_longest_waits_that_settings_allow() -> None:
    """Twice: an overdue receipt is told, and waited for once more. A year is AWS's own limit."""
    longest = MOST_DAYS * 24 * HOUR
    assert 2 * longest + 14 * 24 * HOUR < MACHINE["TimeoutSeconds"] <= 365 * 24 * HOUR


def _longest(task: dict[str, Any]) -> int:
    """Seconds that a task may take with every retry that it is allowed."""
    seconds: int = task["TimeoutSeconds"]
    for retry in task["Retry"]:
        for attempt in range(retry["MaxAttempts"]):
            pause = min(retry["IntervalSeconds"] * 2 ** min(attempt, 20), retry["MaxDelaySeconds"])
            seconds += task["TimeoutSeconds"] + pause
    return seconds
