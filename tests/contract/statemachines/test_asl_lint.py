"""The state machines keep to a small, checked dialect of the Amazon States Language."""

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from sapmatch.model import errors

FOLDER = Path(__file__).resolve().parents[3] / "statemachines"
MACHINES = sorted(FOLDER.glob("*.asl.json"))
COMMON = {"Type", "Comment", "Next"}
TASK = {"Resource", "TimeoutSeconds", "Retry", "Catch", "End"}
JSONATA = {
    "Task": COMMON | TASK | {"Arguments", "Output", "Assign"},
    "Map": COMMON
    | {"Items", "ItemSelector", "ItemProcessor", "MaxConcurrency", "Output", "Assign", "Catch"},
    "Choice": {"Type", "Comment", "Choices", "Default"},
    "Wait": COMMON | {"Seconds", "Output", "Assign"},
    "Pass": COMMON | {"Output", "Assign", "End"},
    "Succeed": {"Type", "Comment"},
    "Fail": {"Type", "Comment", "Error", "Cause"},
}
JSONPATH = {
    "Task": COMMON | TASK | {"Parameters", "ResultSelector", "ResultPath", "OutputPath"},
    "Map": COMMON
    | {"Label", "ItemReader", "ItemSelector", "ItemProcessor", "ResultPath", "Catch"}
    | {"MaxConcurrencyPath", "ToleratedFailurePercentage"},
    "Choice": {"Type", "Comment", "Choices", "Default"},
    "Pass": COMMON | {"InputPath", "Result", "ResultPath", "End"},
    "Succeed": {"Type", "Comment"},
    "Fail": {"Type", "Comment", "Error", "Cause", "ErrorPath", "CausePath"},
}
FIELDS = {"JSONata": JSONATA, "JSONPath": JSONPATH}
RESOURCES = {"arn:aws:states:::lambda:invoke"}
# With a task token, for so long; infra makes it the number of the settings.
WAITS = {"AwaitDecision": "${DecideWithinSeconds}", "AwaitApproval": "${ApproveWithinSeconds}"}
JSONATA_FUNCTIONS = {"count", "exists", "floor", "max", "merge", "power", "random", "sum"}
# A function that was cut off: it ran out of time, or of memory (Runtime.ExitError).
ABORTED = {"States.Timeout", "Lambda.Unknown", "Sandbox.Timedout", "Runtime.ExitError"}
# Names of Lambda's own failures.
SERVICE_ERRORS = {
    "Lambda.AWSLambdaException",
    "Lambda.SdkClientException",
    "Lambda.ServiceException",
    "Lambda.TooManyRequestsException",
    "Lambda.Unknown",
    "Runtime.ExitError",
    "Sandbox.Timedout",
    "States.ALL",
    "States.Timeout",
}
TRANSIENT_OF_SAP = {"SapUnavailable", "SapThrottled"}
CALLS_SAP = {
    "PlanExtraction",
    "ExtractChunk",
    "FinishExtraction",
    "WriteRecords",
    "ReconcileIntents",
    "PlanProvisioning",
    "ApplyProvisioning",
    "VerifyProvisioning",
}
State = dict[str, Any]


def load(path: Path) -> dict[str, Any]:
    """A definition as it is stored."""
    definition: dict[str, Any] = json.loads(path.read_text())
    return definition


def scopes(machine: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """The machine and the processors of its maps, each with StartAt and States."""
    yield machine
    for state in machine["States"].values():
        if state["Type"] == "Map":
            yield from scopes(state["ItemProcessor"])


def states(path: Path) -> Iterator[tuple[str, State]]:
    """All states of a file, those inside maps included."""
    for scope in scopes(load(path)):
        yield from scope["States"].items()


def tasks(path: Path) -> Iterator[tuple[str, State]]:
    """All tasks of a file."""
    return ((name, state) for name, state in states(path) if state["Type"] == "Task")


def targets(state: State) -> Iterator[str]:
    """Where a state may go."""
    for holder in (state, *state.get("Choices", ()), *state.get("Catch", ())):
        for field in ("Next", "Default"):
            if field in holder:
                yield holder[field]


every_machine = pytest.mark.parametrize("path", MACHINES, ids=lambda p: p.name)


def test_there_are_four_machines() -> None:
    names = [path.name.removesuffix(".asl.json") for path in MACHINES]
    assert names == ["extraction", "invoice_matching", "provisioning", "write_back"]


@every_machine
def test_a_machine_says_what_it_does_in_which_language_and_how_long(path: Path) -> None:
    machine = load(path)
    assert set(machine) == {"Comment", "QueryLanguage", "TimeoutSeconds", "StartAt", "States"}
    distributed = path.name == "extraction.asl.json"
    assert machine["QueryLanguage"] == ("JSONPath" if distributed else "JSONata")
    assert "Input: {" in machine["Comment"]


@every_machine
def test_states_use_a_closed_list_of_fields(path: Path) -> None:
    fields = FIELDS[load(path)["QueryLanguage"]]
    for name, state in states(path):
        assert state.keys() <= fields[state["Type"]], name
        assert state["Comment"], name


@every_machine
def test_names_are_words_in_pascal_case_without_the_word_state(path: Path) -> None:
    for name, state in states(path):
        assert re.fullmatch(r"([A-Z][a-z]+)+", name), name
        assert not name.endswith(("State", "Step")), name
        if state["Type"] == "Choice":
            assert re.match(r"(Is|Has|May)[A-Z]", name), f"{name}: a choice is a question"


@every_machine
def test_a_task_invokes_the_function_of_its_own_name(path: Path) -> None:
    for name, task in tasks(path):
        token = ".waitForTaskToken" if name in WAITS else ""
        assert task["Resource"] in {resource + token for resource in RESOURCES}, name
        arguments = task.get("Arguments") or task["Parameters"]
        assert arguments["FunctionName"] == f"${{{name}FunctionArn}}"
        assert {key.removesuffix(".$") for key in arguments} == {"FunctionName", "Payload"}, name


@every_machine
def test_every_task_is_bounded_retried_with_jitter_and_caught(path: Path) -> None:
    for name, task in tasks(path):
        if name in WAITS:
            assert task["TimeoutSeconds"] == WAITS[name], name
        else:
            assert 0 < task["TimeoutSeconds"] <= 930, name
        for retry in task["Retry"]:
            assert retry["JitterStrategy"] == "FULL", name
            patient = (name, retry["ErrorEquals"]) == ("ReadDocument", ["Throttled"])
            assert 0 < retry["MaxDelaySeconds"] <= (900 if patient else 300), name
            assert 0 < retry["MaxAttempts"] <= (400 if patient else 10), name
        assert task["Catch"][-1]["ErrorEquals"] == ["States.ALL"], name


@every_machine
def test_errors_are_service_names_or_leaves_of_our_tree(path: Path) -> None:
    """Step Functions compares text: a base class such as TransientError would match nothing."""
    for name, state in states(path):
        for rule in (*state.get("Retry", ()), *state.get("Catch", ())):
            for error in set(rule["ErrorEquals"]) - SERVICE_ERRORS:
                kind = getattr(errors, error, None)
                assert isinstance(kind, type), f"{name}: {error}"
                assert not kind.__subclasses__(), f"{name}: {error} is no leaf"


@every_machine
def test_nothing_is_retried_blindly(path: Path) -> None:
    for name, task in tasks(path):
        for retry in task["Retry"]:
            assert not {"States.ALL", "States.TaskFailed"} & set(retry["ErrorEquals"]), name


@every_machine
def test_however_a_function_was_cut_off_it_is_treated_alike(path: Path) -> None:
    for name, task in tasks(path):
        retried = {error for retry in task["Retry"] for error in retry["ErrorEquals"]}
        aborted = ABORTED - {"States.Timeout"} if name in WAITS else ABORTED
        assert retried & ABORTED in (set(), aborted), name


def test_the_end_of_a_wait_is_no_failure_to_be_tried_again() -> None:
    for machine, expired, raised in (
        ("invoice_matching", "ExpireException", "RaiseException"),
        ("provisioning", "ReportProvisioning", "ReportProvisioning"),
    ):
        (task,) = (t for n, t in tasks(FOLDER / f"{machine}.asl.json") if n in WAITS)
        timed_out, failed = task["Catch"]
        assert (timed_out["ErrorEquals"], timed_out["Next"]) == (["States.Timeout"], expired)
        assert failed["Next"] == raised


def test_a_write_to_sap_is_not_started_again_after_a_time_out() -> None:
    """Only errors that say nothing was sent, or that Lambda never ran, start it again (RE-22)."""
    (task,) = (t for n, t in tasks(FOLDER / "write_back.asl.json") if n == "WriteRecords")
    retried = {error for retry in task["Retry"] for error in retry["ErrorEquals"]}
    assert not retried & ABORTED
    assert not retried & {"OutcomeUnknown"}


def test_a_change_of_users_is_not_started_again_after_a_time_out() -> None:
    """A person resumes the run once it is told what stands where; it looks before it writes."""
    (task,) = (t for n, t in tasks(FOLDER / "provisioning.asl.json") if n == "ApplyProvisioning")
    retried = {error for retry in task["Retry"] for error in retry["ErrorEquals"]}
    assert not retried & ABORTED
    assert not retried & {"OutcomeUnknown"}


@every_machine
def test_every_caller_of_sap_waits_for_it(path: Path) -> None:
    for name, task in tasks(path):
        if name in CALLS_SAP:
            retried = {error for retry in task["Retry"] for error in retry["ErrorEquals"]}
            assert retried >= TRANSIENT_OF_SAP, name


@every_machine
def test_a_function_whose_copies_are_all_busy_is_called_again_later_and_later(path: Path) -> None:
    """RE-13: reserved concurrency is used up; nothing is lost, and no two come back together."""
    for name, task in tasks(path):
        (retry,) = (
            r for r in task["Retry"] if "Lambda.TooManyRequestsException" in r["ErrorEquals"]
        )
        assert retry["MaxAttempts"] >= 6, name
        assert retry["BackoffRate"] > 1, name
        assert retry["JitterStrategy"] == "FULL", name


@pytest.mark.parametrize(
    ("machine", "name"),
    [
        ("invoice_matching", "ReadDocument"),
        ("invoice_matching", "MatchInvoice"),
        ("invoice_matching", "AwaitDecision"),
        ("invoice_matching", "ExpireException"),
        ("extraction", "FinishExtraction"),
        ("provisioning", "PlanProvisioning"),
        ("provisioning", "AwaitApproval"),
        ("provisioning", "ApplyProvisioning"),
        ("provisioning", "VerifyProvisioning"),
        ("provisioning", "ReportProvisioning"),
    ],
)
def test_a_step_that_was_overtaken_is_done_again(machine: str, name: str) -> None:
    """It reads what the other one wrote and goes on from there."""
    (task,) = (t for n, t in tasks(FOLDER / f"{machine}.asl.json") if n == name)
    assert "PreconditionFailed" in {e for retry in task["Retry"] for e in retry["ErrorEquals"]}


@every_machine
def test_every_target_exists_and_every_state_is_reached(path: Path) -> None:
    for scope in scopes(load(path)):
        named = {target for state in scope["States"].values() for target in targets(state)}
        assert named | {scope["StartAt"]} == set(scope["States"])


@every_machine
def test_every_path_ends_in_a_named_outcome(path: Path) -> None:
    """From every state, so from every Catch as well, an end can be reached."""
    for scope in scopes(load(path)):
        known = scope["States"]
        ends = {n for n, s in known.items() if s["Type"] in ("Succeed", "Fail") or s.get("End")}
        while True:
            more = {n for n, s in known.items() if ends & set(targets(s))} - ends
            if not more:
                break
            ends |= more
        assert ends == set(known)


@every_machine
def test_a_failure_never_ends_as_a_success(path: Path) -> None:
    """A Catch of everything leads to a Fail, directly or after the exception was raised.

    A part of a write-back hands its error on: the parts beside it go on.
    """
    for scope in scopes(load(path)):
        for name, state in scope["States"].items():
            for catch in state.get("Catch", ()):
                if catch["ErrorEquals"] == ["States.ALL"]:
                    target = scope["States"][catch["Next"]]
                    failing = (
                        target["Type"] == "Fail"
                        or (
                            catch["Next"] == "RaiseException"
                            and catch["Output"]["reason"] == "WORKFLOW_FAILED"
                        )
                        or (target["Type"] == "Pass" and "error" in catch["Output"])
                        or (
                            catch["Next"] == "FailExtraction"
                            and scope["States"][target["Next"]]["Type"] == "Fail"
                        )
                        or (catch["Next"] == "ReportProvisioning" and "'error'" in catch["Output"])
                    )
                    assert failing, name


@every_machine
def test_a_failure_without_a_cause_still_fails_by_its_own_name(path: Path) -> None:
    """A time-out may come without a cause, and an undefined value is an error of its own."""
    for name, state in states(path):
        if state["Type"] != "Fail":
            continue
        if load(path)["QueryLanguage"] == "JSONata":
            assert state["Cause"].startswith("{% $exists($states.input.Cause) ? "), name
        else:  # our own function says it, or it is written here
            assert state.get("CausePath", "$.failure.cause") == "$.failure.cause", name
            assert "Cause" in state or "CausePath" in state, name


def test_a_write_back_has_the_time_for_all_its_rounds() -> None:
    machine = load(FOLDER / "write_back.asl.json")
    seconds = {name: task["TimeoutSeconds"] for name, task in tasks(FOLDER / "write_back.asl.json")}
    turns = {"CollectIntents": 1, "WriteRecords": 50, "ReconcileIntents": 5, "RaiseException": 1}
    assert sum(n * seconds[name] for name, n in turns.items()) < machine["TimeoutSeconds"]


@every_machine
def test_a_distributed_map_stands_in_a_machine_of_json_paths(path: Path) -> None:
    """In a JSONata machine the emulator runs a distributed map once, with the text as input."""
    for name, state in states(path):
        if state["Type"] != "Map":
            continue
        config = state["ItemProcessor"]["ProcessorConfig"]
        if load(path)["QueryLanguage"] == "JSONata":
            assert config == {"Mode": "INLINE"}, name
            assert 0 < state["MaxConcurrency"] <= 8, name
        else:
            assert config == {"Mode": "DISTRIBUTED", "ExecutionType": "STANDARD"}, name
            assert state["Label"] == name
            assert len(state["Label"]) <= 40


@every_machine
def test_expressions_only_pick_place_and_compare(path: Path) -> None:
    used = set(re.findall(r"\$(\w+)\(", path.read_text()))
    assert used <= JSONATA_FUNCTIONS
    assert "$eval" not in path.read_text()


@every_machine
def test_only_functions_are_placeholders(path: Path) -> None:
    text = path.read_text()
    names = set(
        re.findall(r"\$\{(\w+)\}", re.sub("|".join(map(re.escape, WAITS.values())), "", text))
    )
    assert names == {f"{name}FunctionArn" for name, _ in tasks(path)}
