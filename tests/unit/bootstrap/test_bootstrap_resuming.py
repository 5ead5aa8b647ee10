"""Runs whose execution never began, or was broken off, over the room and executions in memory."""

from types import SimpleNamespace
from typing import Any

import pytest

from sapmatch.bootstrap.approving import approve
from sapmatch.model.errors import InputRejected, Throttled
from sapmatch.settings import Environment
from tests.builders.memory_users import MemoryUsers, ProvisioningHome, user

MACHINE = "arn:machine"
CHANGE = {"USERNAME": "A", "ADDRESS.LASTNAME": "Anders"}
ANNA = "arn:aws:iam::123456789012:user/anna"


class Executions:
    """Port Workflows: executions by name with what they were started with, and whether they run."""

    def __init__(self) -> None:
        self.known: dict[str, tuple[Any, bool]] = {}
        self.fails = 0

    def start(self, machine: str, name: str, input: Any) -> bool:
        if self.fails:
            self.fails -= 1
            raise Throttled("Step Functions is busy")
        known = self.known.setdefault(name, (dict(input), True))
        return known == (dict(input), True)

    def is_running(self, machine: str, name: str) -> bool:
        return name in self.known and self.known[name][1]

    def end(self, name: str) -> None:
        """Aborted, timed out, or failed: nothing is told."""
        self.known[name] = (self.known[name][0], False)


class Stage:
    """A stage with a run that was planned under an execution."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.home = ProvisioningHome(MemoryUsers(user("A")))
        monkeypatch.setattr("sapmatch.bootstrap.approving.proved", lambda *_: ANNA)
        monkeypatch.setattr("sapmatch.bootstrap.approving.provisioner", lambda _: self.home.runs())
        self.executions = Executions()
        self.run = self.home.drop(CHANGE)
        self.home.plan(self.run)
        self.executions.start(MACHINE, self.run, vars_of(self.home.runs().find(self.run, "s4")))

    def say(self, action: str) -> dict[str, Any]:
        parts: Any = SimpleNamespace(
            stage="test",
            workflows=self.executions,
            environment={Environment.PROVISIONING_ARN: MACHINE},
        )
        event = {"wish": {"connection": "s4", "run_id": self.run, "action": action}}
        return approve(parts, event, "123456789012")

    def record(self) -> Any:
        return self.home.runs().find(self.run, "s4")


def vars_of(run: Any) -> dict[str, Any]:
    start = run.start
    names = ("run_id", "connection", "key", "version_id")
    return {name: getattr(start, name) for name in names}


@pytest.fixture
def stage(monkeypatch: pytest.MonkeyPatch) -> Stage:
    return Stage(monkeypatch)


def test_a_resume_whose_start_failed_is_made_good_by_the_next(stage: Stage) -> None:
    stage.home.report(stage.run, "SapUnavailable")
    stage.executions.end(stage.run)
    stage.executions.fails = 1
    with pytest.raises(Throttled):
        stage.say("resume")
    assert stage.say("resume")["outcome"] == "resumed"
    assert list(stage.executions.known) == [stage.run, f"{stage.run}-1"]
    assert stage.say("resume")["outcome"] == "resumed"  # it is the same one
    assert list(stage.executions.known) == [stage.run, f"{stage.run}-1"]
    assert stage.record().resumed_by == ANNA


@pytest.mark.parametrize("stopped", [False, True])
def test_a_run_whose_execution_was_broken_off_goes_on(stage: Stage, stopped: bool) -> None:
    """It was aborted, or took too long: nobody reported it, and it stays `planned`."""
    stage.executions.end(stage.run)
    if stopped:
        assert "broken off" in stage.say("stop")["message"]
        assert stage.record().stopped_by == ANNA
    assert stage.say("resume")["outcome"] == "resumed"
    assert list(stage.executions.known) == [stage.run, f"{stage.run}-1"]
    assert not stage.record().stop_asked
    assert stage.home.carry(stage.run)["status"] == "done"


def test_a_run_that_goes_on_is_not_begun_a_second_time(stage: Stage) -> None:
    assert stage.say("resume")["outcome"] == "resumed"
    assert list(stage.executions.known) == [stage.run]
    assert stage.record().resumed == 0


def test_a_run_that_is_being_stopped_is_resumed_when_it_has_ended(stage: Stage) -> None:
    assert "ends behind the user" in stage.say("stop")["message"]
    with pytest.raises(InputRejected, match="resume it when it has ended"):
        stage.say("resume")


def test_a_run_that_is_done_does_not_go_on(stage: Stage) -> None:
    assert stage.home.carry(stage.run)["status"] == "done"
    with pytest.raises(InputRejected, match="is done, and cannot go on"):
        stage.say("resume")
