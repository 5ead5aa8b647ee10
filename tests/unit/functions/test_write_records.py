import json
from contextlib import AbstractContextManager
from datetime import timedelta
from typing import Any
from unittest.mock import MagicMock

import pytest
from msgspec.structs import replace

from sapmatch.bootstrap.writing import writing_desk
from sapmatch.model.errors import SapThrottled
from sapmatch.writing.desk import Desk
from sapmatch.writing.runs.run import RunResult
from tests.builders.memory import START
from tests.builders.writes import INVOICES
from tests.unit.functions.conftest import Call

RESULT = RunResult(
    flow="supplier_invoice",
    run_id="r",
    counts={"created": 1, "updated": 1, "already_there": 1, "rejected": 2, "unknown": 3},
    wait_seconds=7,
    oldest_unknown_seconds=1900,
    unknown=2,
    conflicts=1,
    again=1,
    held=4,
)


def test_the_counts_tell_the_machine_what_is_next(call: Call) -> None:
    write = MagicMock(return_value=RESULT)
    answer = call("write_records", "collected", write_update_file=write)
    assert answer == {
        "flow": "supplier_invoice",
        "run_id": "r",
        "confirmed": 3,
        "rejected": 3,
        "unknown": 2,
        "planned_again": 1,
        "held": 4,
        "stopped": False,
        "wait_seconds": 7,
    }
    given = write.call_args.kwargs
    # 90 s are left: less than one exchange with SAP may take (RE-24)
    assert given["until"] == START - timedelta(seconds=90)
    assert (given["part"], given["parts"]) == (1, 3)


def test_the_desk_has_the_times_of_the_connection_and_the_gate_of_all_functions(
    call: Call, parts: MagicMock
) -> None:
    """RE-24, RE-27"""
    write = MagicMock(return_value=RESULT)
    call("write_records", "collected", write_update_file=write)
    desk = write.call_args.kwargs["desk"]
    assert desk.owner == "request-1"
    assert desk.rules.settle == timedelta(seconds=600 + 4 * 130)
    assert desk.rules.skew == timedelta(minutes=5)
    assert desk.gate is not None
    permit = parts.permits.return_value.held
    assert permit.call_args.args[0] == "request-1"
    assert permit.call_args.args[1]()  # 90 s are left: less than the margin


@pytest.mark.parametrize(("changes", "spare"), [({}, 1), ({"urgent": True}, 0)])
def test_work_in_bulk_leaves_a_permit_to_what_somebody_waits_for(
    call: Call, parts: MagicMock, changes: dict[str, bool], spare: int
) -> None:
    write = MagicMock(return_value=RESULT)
    call("write_records", "collected", changes, write_update_file=write)
    parts.permits.assert_called_once_with("s4", spare=spare)


def test_upserts_by_a_reference_are_written_by_one_function_at_a_time(parts: MagicMock) -> None:
    """Of two that look before either has written both would create the record."""

    def desk(owner: str, **fields: Any) -> AbstractContextManager[Desk]:
        given = {"entity_set": "A_BusinessPartner", "reference": ("SearchTerm1",), **fields}
        partners = replace(INVOICES, operation="upsert", **given)
        return writing_desk(parts, partners, owner, urgent=False, until=START)

    with desk("a"):
        with pytest.raises(SapThrottled, match="another run writes"), desk("b"):
            pass
        with desk("c", entity_set="A_Product", reference=("Product",)):
            pass
    with desk("b"):
        pass


def test_an_execution_of_the_version_before_is_one_whole_run(call: Call) -> None:
    """RE-32: its event names the flow and the run only."""
    write = MagicMock(return_value=RESULT)
    older = {"part": None, "parts": None, "urgent": None}
    call("write_records", "collected", older, write_update_file=write)
    given = write.call_args.kwargs
    assert (given["part"], given["parts"]) == (0, 1)


def test_the_age_of_the_oldest_unknown_write_is_measured(
    call: Call, capsys: pytest.CaptureFixture[str]
) -> None:
    """An alarm watches the metric: the line is CloudWatch's embedded metric format."""
    call("write_records", "collected", write_update_file=MagicMock(return_value=RESULT))
    lines = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    (measured,) = [line for line in lines if "_aws" in line]
    assert measured["OldestUnknownIntentSeconds"] == [1900.0]
    assert measured["service"] == "sapmatch-test"
