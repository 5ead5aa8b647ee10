from unittest.mock import MagicMock

from sapmatch.writing.run import RunResult
from tests.unit.functions.conftest import Call


def test_nothing_left_means_nothing_to_wait_for(call: Call) -> None:
    result = RunResult(flow="f", run_id="r", response_key="k", counts={"created": 1})
    read_back = MagicMock(return_value=result)
    answer = call("reconcile_intents", "unknown", reconcile_update_file=read_back)
    assert (answer["confirmed"], answer["unknown"], answer["wait_seconds"]) == (1, 0, 0)
