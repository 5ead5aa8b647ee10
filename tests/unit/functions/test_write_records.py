import json
from datetime import timedelta
from unittest.mock import MagicMock

import pytest

from sapmatch.writing.run import RunResult
from tests.builders.memory import START
from tests.unit.functions.conftest import Call

RESULT = RunResult(
    flow="supplier_invoice",
    run_id="r",
    response_key="k",
    counts={"created": 1, "updated": 1, "already_there": 1, "rejected": 2, "unknown": 3},
    wait_seconds=7,
    oldest_unknown_seconds=1900,
    again=1,
)


def test_the_counts_tell_the_machine_what_is_next(call: Call) -> None:
    write = MagicMock(return_value=RESULT)
    answer = call("write_records", "collected", write_update_file=write)
    assert answer == {
        "flow": "supplier_invoice",
        "run_id": "r",
        "confirmed": 3,
        "rejected": 2,
        "unknown": 3,
        "planned_again": 1,
        "stopped": False,
        "wait_seconds": 7,
    }
    assert write.call_args.kwargs["owner"] == "request-1"
    assert write.call_args.kwargs["until"] == START + timedelta(seconds=60)


def test_the_age_of_the_oldest_unknown_write_is_measured(
    call: Call, capsys: pytest.CaptureFixture[str]
) -> None:
    """An alarm watches the metric: the line is CloudWatch's embedded metric format."""
    call("write_records", "collected", write_update_file=MagicMock(return_value=RESULT))
    lines = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    (measured,) = [line for line in lines if "_aws" in line]
    assert measured["OldestUnknownIntentSeconds"] == [1900.0]
    assert measured["service"] == "sapmatch-test"
