from unittest.mock import MagicMock

from sapmatch.writing.run import RunResult
from tests.unit.functions.conftest import Call

RESULT = RunResult(
    flow="supplier_invoice",
    run_id="r",
    response_key="k",
    counts={"created": 1, "updated": 1, "already_there": 1, "rejected": 2, "unknown": 3},
    wait_seconds=7,
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
        "wait_seconds": 7,
    }
    assert write.call_args.kwargs["owner"] == "request-1"
