"""What a function logs and raises: ids and classes, never data."""

from typing import Any

import pytest

from functions._runtime import Event, task
from sapmatch.model.errors import Throttled

CANARY = "DE89370400440532013000"


def raising(error: Exception) -> Any:
    def handler(_event: Event, _context: Any) -> dict[str, Any]:
        raise error

    return task(handler)


def test_an_error_of_ours_goes_on_under_its_own_name(caplog: pytest.LogCaptureFixture) -> None:
    """Step Functions matches the name of the class."""
    with pytest.raises(Throttled):
        raising(Throttled("slow down"))({"document_id": "d", "payload": CANARY}, None)
    logged = str([record.__dict__ for record in caplog.records])
    assert "'document_id': 'd'" in logged
    assert "slow down" in logged
    assert CANARY not in logged


def test_a_foreign_error_shows_its_place_and_never_its_message(
    caplog: pytest.LogCaptureFixture,
) -> None:
    with pytest.raises(RuntimeError) as raised:
        raising(ValueError(f"cannot parse {CANARY}"))({"run_id": "r"}, None)
    logged = str([record.__dict__ for record in caplog.records])
    assert "ValueError" in logged
    assert "test_functions_runtime.py:" in logged
    assert CANARY not in logged + str(raised.value)
    assert raised.value.__suppress_context__
