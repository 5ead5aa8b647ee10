"""One name, five places: function = state = placeholder = folder of events = test."""

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[3]
# No state: a queue, a schedule or a stream starts them.
EVENT_STARTED = {
    "receive_document",
    "receive_update_file",
    "receive_provisioning_file",
    "sweep_gaps",
    "send_digest",
    "audit_writes",
    "keep_history",
    "announce_stop",
    "watch_expiry",
    "rotate_secret",
}
# No state either: people call them, and functions in SAP's network.
CALLED = {"decide_exception", "write_decision", "broker_token", "approve_provisioning"}
FUNCTIONS = {p.stem for p in (ROOT / "functions").glob("*.py") if not p.stem.startswith("_")}
MACHINES = sorted((ROOT / "statemachines").glob("*.asl.json"))


def snake(name: str) -> str:
    """MatchInvoice -> match_invoice."""
    return re.sub(r"(?<!^)(?=[A-Z])", "_", name).lower()


def placeholders() -> set[str]:
    """Functions that the state machines name."""
    text = "".join(path.read_text() for path in MACHINES)
    return {snake(name) for name in re.findall(r"\$\{(\w+)FunctionArn\}", text)}


def task_states() -> set[str]:
    """Functions that states are named after."""
    text = "".join(path.read_text() for path in MACHINES)
    return {snake(name) for name in re.findall(r'"(\w+)": \{\s+"Type": "Task"', text)}


def test_functions_are_the_tasks_the_event_started_and_those_that_people_call() -> None:
    assert task_states() | EVENT_STARTED | CALLED == FUNCTIONS
    assert len(task_states()) + len(EVENT_STARTED) + len(CALLED) == len(FUNCTIONS)


def test_placeholders_are_the_tasks() -> None:
    assert placeholders() == task_states()


def test_every_function_has_its_folder_of_events_and_no_other_has() -> None:
    folders = {path.name for path in (ROOT / "events").iterdir() if path.is_dir()}
    assert folders == FUNCTIONS


@pytest.mark.parametrize("name", sorted(FUNCTIONS))
def test_every_function_has_a_sample_event(name: str) -> None:
    assert list((ROOT / "events" / name).glob("*.json"))


def test_every_function_has_its_test_and_no_other_has() -> None:
    tests = {path.stem for path in (ROOT / "tests" / "unit" / "functions").glob("test_*.py")}
    assert tests == {f"test_{name}" for name in FUNCTIONS}
