import json

import pytest

from sapmatch.cli import main
from tests.builders.memory import MemoryWorkflows

MACHINE = "arn:aws:states:eu-central-1:123456789012:stateMachine:Extraction"


@pytest.fixture
def workflows(monkeypatch: pytest.MonkeyPatch) -> MemoryWorkflows:
    """What a stage named `test` with one extraction starts."""
    started = MemoryWorkflows()

    def machine(stage: str | None) -> tuple[MemoryWorkflows, str, list[str]]:
        assert stage == "test"
        return started, MACHINE, ["orders", "stock"]

    monkeypatch.setattr("sapmatch.cli.reload.extraction_machine", machine)
    return started


def test_a_reload_is_one_execution_that_says_so_in_its_input(
    workflows: MemoryWorkflows, capsys: pytest.CaptureFixture[str]
) -> None:
    """RE-21: the one explicit way to load everything anew."""
    assert main(["reload", "orders", "--stage", "test", "--json"]) == 0
    shown = json.loads(capsys.readouterr().out)
    ((name, job),) = workflows.started.items()
    assert (job["extraction"], job["reload"]) == ("orders", True)
    assert shown == {**job, "execution": name, "machine": MACHINE}
    assert name.startswith("reload-orders-")


def test_people_are_told_what_was_started(
    workflows: MemoryWorkflows, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["reload", "orders", "--stage", "test"]) == 0
    ((name, job),) = workflows.started.items()
    shown = capsys.readouterr().out
    assert name in shown
    assert f"run {job['run_id']}; watch it: sapmatch status --extractions --stage test\n" in shown


def test_an_extraction_that_is_not_deployed_is_refused_with_those_that_are(
    workflows: MemoryWorkflows, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["reload", "ordres", "--stage", "test"]) == 2
    assert "extraction ordres: is not deployed; known are orders, stock" in capsys.readouterr().err
    assert workflows.started == {}
