"""The state machine of provisioning, walked with answers of its functions."""

import json
from pathlib import Path
from typing import Any

import jsonata  # type: ignore[import-untyped]
import pytest

FILE = Path(__file__).resolve().parents[3] / "statemachines" / "provisioning.asl.json"
MACHINE: dict[str, Any] = json.loads(FILE.read_text())
STATES: dict[str, dict[str, Any]] = MACHINE["States"]
RECEIVED = {"connection": "s4", "run_id": "r", "key": "provisioning/s4/u.json", "version_id": "v"}
APPLIED = {"left": 0, "failed": 0, "unknown": 0, "stopped": False, "to_verify": 0,
           "wait_seconds": 0}  # fmt: skip
BEGUN = {"plans": 0, "applies": 0, "holds": 0, "looks": 0, "busy": 0}
CALL_SAP = ("PlanProvisioning", "ApplyProvisioning", "VerifyProvisioning")
DAY = 24 * 3600


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


def chosen(choice: str, given: dict[str, Any], **counted: int | str) -> str:
    """Where a choice leads."""
    bound = {**BEGUN, **counted, "states": {"input": {**RECEIVED, **given}}}
    rules = STATES[choice]["Choices"]
    found = (rule["Next"] for rule in rules if value(rule["Condition"], **bound))
    return str(next(found, STATES[choice]["Default"]))


def after(task: str, answer: dict[str, Any]) -> dict[str, Any]:
    """What goes on from a task: nothing of the file is lost, the answer wins."""
    states = {"input": RECEIVED, "result": {"Payload": answer}}
    output: dict[str, Any] = value(STATES[task]["Output"], states=states)
    return output


def failing(task: str) -> dict[str, Any]:
    """What goes on from a task that failed for good."""
    (catch,) = (c for c in STATES[task]["Catch"] if c["ErrorEquals"] == ["States.ALL"])
    assert catch["Next"] == "ReportProvisioning"
    states = {"input": RECEIVED, "errorOutput": {"Error": "SapUnavailable"}}
    output: dict[str, Any] = value(catch["Output"], states=states)
    return output


@pytest.mark.parametrize(
    ("outcome", "plans", "target"),
    [
        ("refused", 1, "ReportProvisioning"),
        ("nothing", 1, "ReportProvisioning"),
        ("waits", 1, "AwaitApproval"),
        ("ready", 1, "ApplyProvisioning"),
        ("unfinished", 49, "PlanProvisioning"),
        ("unfinished", 50, "GiveUp"),
        ("anything else", 1, "ReportProvisioning"),
    ],
)
def test_every_outcome_of_the_planning_has_its_way(outcome: str, plans: int, target: str) -> None:
    """Nothing is applied but a plan that is ready, or that a person approved."""
    assert chosen("IsPlanned", {"outcome": outcome}, plans=plans) == target


@pytest.mark.parametrize(
    ("action", "target"),
    [
        ("approved", "ApplyProvisioning"),
        ("rejected", "ReportProvisioning"),
        ("expired", "ReportProvisioning"),
        (None, "ReportProvisioning"),
    ],
)
def test_only_the_word_of_a_person_lets_a_run_go_on(action: str | None, target: str) -> None:
    assert chosen("IsApproved", {"action": action}) == target


def test_who_waits_hands_on_its_token_and_nothing_of_the_file() -> None:
    context = {"Task": {"Token": "token"}, "Execution": {"Id": "arn:execution"}}
    payload = value(
        STATES["AwaitApproval"]["Arguments"]["Payload"],
        states={"input": RECEIVED, "context": context},
    )
    assert payload == {
        "connection": "s4",
        "run_id": "r",
        "token": "token",
        "execution": "arn:execution",
    }


def test_a_run_that_nobody_answers_is_told_and_fails_no_machine() -> None:
    (catch,) = (
        c for c in STATES["AwaitApproval"]["Catch"] if c["ErrorEquals"] == ["States.Timeout"]
    )
    given = value(catch["Output"], states={"input": RECEIVED})
    assert (given["action"], "error" in given) == ("expired", False)
    payload = value(STATES["ReportProvisioning"]["Arguments"]["Payload"], states={"input": given})
    assert payload == {"connection": "s4", "run_id": "r", "action": "expired"}
    assert chosen("HasFailed", {**given, "status": "failed"}) == "ProvisioningExcepted"


@pytest.mark.parametrize(
    ("answer", "counted", "target"),
    [
        ({}, {}, "ReportProvisioning"),
        ({"to_verify": 1}, {}, "VerifyProvisioning"),
        ({"left": 3}, {"applies": 199}, "ApplyProvisioning"),
        ({"left": 3}, {"applies": 200}, "GiveUp"),
        ({"left": 3, "unknown": 1, "wait_seconds": 600}, {}, "WaitForSap"),
        ({"left": 3, "stopped": True, "wait_seconds": 600}, {}, "ReportProvisioning"),
        ({"left": 1, "held": True, "wait_seconds": 900}, {"holds": 999}, "WaitForSap"),
        ({"left": 1, "held": True, "wait_seconds": 900}, {"holds": 1000}, "GiveUp"),
        ({"failed": 2, "left": 0, "to_verify": 1}, {}, "VerifyProvisioning"),
    ],
)
def test_users_are_changed_until_none_is_left_or_the_run_is_stopped(
    answer: dict[str, Any], counted: dict[str, int], target: str
) -> None:
    given = after("ApplyProvisioning", {**APPLIED, **answer})
    assert given["key"] == RECEIVED["key"]
    assert chosen("HasMore", given, **counted) == target


@pytest.mark.parametrize(("held", "applies", "holds"), [(True, 4, 8), (False, 5, 7)])
def test_a_look_at_a_system_that_is_held_back_is_no_round_of_the_run(
    held: bool, applies: int, holds: int
) -> None:
    answer = APPLIED | ({"held": True} if held else {})
    states = {"input": RECEIVED, "result": {"Payload": answer}}
    counted = {"applies": 4, "holds": 7}
    found = value(STATES["ApplyProvisioning"]["Assign"], states=states, **counted)
    assert found == {"applies": applies, "holds": holds}


@pytest.mark.parametrize(
    ("answer", "looks", "target"),
    [
        ({"open": 0, "over": False}, 1, "ReportProvisioning"),
        ({"open": 2, "over": False}, 1, "WaitForChildren"),
        ({"open": 2, "over": True}, 1, "ReportProvisioning"),
        ({"open": 2, "over": False}, 500, "ReportProvisioning"),
    ],
)
def test_child_systems_are_looked_at_until_they_agree_or_time_is_over(
    answer: dict[str, Any], looks: int, target: str
) -> None:
    """CO-T51"""
    assert chosen("IsVerified", answer, looks=looks) == target


@pytest.mark.parametrize("wait", ["WaitForSap", "WaitForChildren"])
def test_a_wait_is_never_shorter_than_a_second(wait: str) -> None:
    for seconds, expected in ((0, 1), (30, 30)):
        states = {"input": {"wait_seconds": seconds}}
        assert value(STATES[wait]["Seconds"], states=states) == expected


@pytest.mark.parametrize("task", CALL_SAP)
@pytest.mark.parametrize(
    "error",
    ["Lambda.TooManyRequestsException", "SapUnavailable", "SapThrottled", "PoolExhausted",
     "Throttled"],
)  # fmt: skip
def test_a_step_that_finds_everybody_busy_waits_and_is_begun_again(task: str, error: str) -> None:
    """Large files, an extraction, or a system that is maintained at night, end no run."""
    catch = next(c for c in STATES[task]["Catch"] if error in c["ErrorEquals"])
    states = {"input": RECEIVED, "errorOutput": {"Error": error}}
    assigned = value(catch["Assign"], states=states, busy=3)
    given = value(catch["Output"], states=states)
    assert catch["Next"] == "HasTime"
    assert assigned == {"busy": 4, "at": task}
    assert chosen("HasTime", given, busy=60) == "WaitForTurn"
    assert STATES["WaitForTurn"]["Next"] == "IsPlanning"
    assert chosen("IsPlanning", given, at=task) == task
    assert chosen("HasTime", given, busy=61) == "ReportProvisioning"
    (rule,) = STATES["HasTime"]["Choices"]
    assert value(rule["Output"], states={"input": given})["error"] == error


@pytest.mark.parametrize("task", CALL_SAP)
def test_a_step_that_fails_for_good_is_reported_and_fails_the_machine(task: str) -> None:
    given = failing(task)
    payload = value(STATES["ReportProvisioning"]["Arguments"]["Payload"], states={"input": given})
    assert payload == {"connection": "s4", "run_id": "r", "error": "SapUnavailable"}
    assert chosen("HasFailed", {**given, "status": "failed"}) == "ProvisioningFailed"


@pytest.mark.parametrize(
    ("status", "target"),
    [
        ("done", "ProvisioningDone"),
        ("refused", "ProvisioningExcepted"),
        ("rejected", "ProvisioningExcepted"),
        ("stopped", "ProvisioningExcepted"),
        ("failed", "ProvisioningExcepted"),
    ],
)
def test_an_end_says_whether_a_person_has_to_look(status: str, target: str) -> None:
    """A refusal of SAP is no failure of ours: the mail tells it."""
    assert chosen("HasFailed", {"status": status}) == target
    assert STATES[target]["Type"] == "Succeed"


def test_no_state_is_given_more_than_names_and_counts() -> None:
    """What a file says of people stays in the bucket."""
    known = {"connection", "run_id", "key", "version_id", "token", "execution", "error", "action"}
    for name, state in STATES.items():
        if state["Type"] != "Task":
            continue
        context = {"Task": {"Token": "t"}, "Execution": {"Id": "e"}}
        payload = value(
            state["Arguments"]["Payload"], states={"input": RECEIVED, "context": context}
        )
        assert set(payload) <= known, name


def test_the_machine_outlives_all_its_rounds() -> None:
    """A year is AWS's own limit; a hold may last for a thousand looks."""
    seconds = {name: s["TimeoutSeconds"] for name, s in STATES.items() if s["Type"] == "Task"}
    rounds = {"PlanProvisioning": 50, "ApplyProvisioning": 200, "VerifyProvisioning": 500}
    working = sum(count * seconds[name] for name, count in rounds.items())
    assert (
        working + 1000 * (900 + seconds["ApplyProvisioning"]) + 60 * 300 + 60 * DAY
        < (MACHINE["TimeoutSeconds"])
    )
