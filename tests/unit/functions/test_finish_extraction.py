import json
from typing import Any
from unittest.mock import MagicMock

import pytest

from sapmatch.extracting.finish import FinishResult
from sapmatch.extracting.lease import take
from tests.builders.runs import EXECUTION, RUN, running_parts
from tests.unit.functions.conftest import Call

DONE = FinishResult(
    extraction=RUN[0],
    run_id=RUN[1],
    done=True,
    rows={"A_PurchaseOrder": 3, "A_SalesOrder": 2},
    pages=2,
    files=2,
    orders=5,
    orders_changed=1,
    orders_skipped=1,
    reads=7,
    writes=4,
    notes=("order 1: is too large",),
)
AGAIN = FinishResult(extraction=RUN[0], run_id=RUN[1], done=False, missing=(3, 7))


@pytest.fixture(autouse=True)
def run(parts: MagicMock) -> None:
    """A planned run whose lease the event's execution holds."""
    running_parts(parts)


def holder(parts: MagicMock) -> str:
    """Who gets the lease if another execution asks for it now."""
    return take(parts.control, RUN[0], "next", parts.clock.now(), seconds=60).run_id


def metrics(printed: str) -> list[dict[str, Any]]:
    return [json.loads(line) for line in printed.splitlines() if "RowsExtracted" in line]


def test_the_counts_of_the_run_are_the_answer_and_the_metrics(
    call: Call, capsys: pytest.CaptureFixture[str]
) -> None:
    answer = call("finish_extraction", "extracted", finish_extraction=MagicMock(return_value=DONE))
    assert answer == {
        "extraction": RUN[0],
        "run_id": RUN[1],
        "done": True,
        "missing": 0,
        "rows": 5,
        "pages": 2,
        "files": 2,
        "orders": 5,
        "orders_changed": 1,
        "orders_skipped": 1,
        "order_reads": 7,
        "order_writes": 4,
    }
    (line,) = metrics(capsys.readouterr().out)
    assert (line["RowsExtracted"], line["OrderWrites"]) == ([5.0], [4.0])
    assert line["service"] == "sapmatch-test"


def test_a_run_that_is_published_gives_its_lease_back(call: Call, parts: MagicMock) -> None:
    """RE-31"""
    call("finish_extraction", "extracted", finish_extraction=MagicMock(return_value=DONE))
    assert holder(parts) == "next"


def test_missing_chunks_are_counted_and_the_lease_is_kept(
    call: Call, parts: MagicMock, capsys: pytest.CaptureFixture[str]
) -> None:
    """RE-10: the state carries how many, not which."""
    finish = MagicMock(return_value=AGAIN)
    answer = call("finish_extraction", "extracted", finish_extraction=finish)
    assert (answer["done"], answer["missing"]) == (False, 2)
    assert holder(parts) == EXECUTION
    assert metrics(capsys.readouterr().out) == []


def test_the_index_gets_its_files_a_place_in_the_folder_of_the_call(
    call: Call, parts: MagicMock
) -> None:
    finish = MagicMock(return_value=DONE)
    call("finish_extraction", "extracted", finish_extraction=finish)
    finish.call_args.kwargs["index"]("plan", "published", "out_of_time")
    parts.index.assert_called_once_with(
        "plan", "published", "out_of_time", workspace=finish.call_args.kwargs["workspace"]
    )
