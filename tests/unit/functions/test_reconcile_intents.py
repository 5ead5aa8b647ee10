import json
from unittest.mock import MagicMock

import pytest

from sapmatch.model.errors import LogonRefused
from sapmatch.writing.runs.leftover import Ages
from sapmatch.writing.runs.run import RunResult
from tests.builders.writes import INVOICES, ORDERS
from tests.unit.functions.conftest import Call


def test_nothing_left_means_nothing_to_wait_for(call: Call) -> None:
    result = RunResult(flow="f", run_id="r", counts={"created": 1})
    read_back = MagicMock(return_value=result)
    answer = call("reconcile_intents", "unknown", reconcile_update_file=read_back)
    assert (answer["confirmed"], answer["unknown"], answer["wait_seconds"]) == (1, 0, 0)
    assert read_back.call_args.kwargs["desk"].gate is None  # reading back is never held up


def test_on_its_schedule_it_looks_at_what_runs_of_all_flows_left(
    call: Call,
    parts: MagicMock,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """RE-12: the flow that cannot be read keeps nobody back."""
    parts.settings.write_backs = {"invoices": INVOICES, "orders": ORDERS}
    reconcile = MagicMock(side_effect=[LogonRefused("s4: 401"), 3])
    monkeypatch.setattr("functions._runs.reconcile_flow", reconcile)
    monkeypatch.setattr("functions._runs.ages", lambda *_: Ages(unknown=7, held=8))
    assert call("reconcile_intents", "scheduled") == {"looked": 3, "failed": 1}
    assert [each.args[0] for each in reconcile.call_args_list] == ["invoices", "orders"]
    printed = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    metrics = {name: v for line in printed if "_aws" in line for name, v in line.items()}
    assert metrics["OldestUnknownIntentSeconds"] == [7.0]
    assert metrics["OldestHeldIntentSeconds"] == [8.0]
    assert metrics["FlowsNotReconciled"] == [1.0]
