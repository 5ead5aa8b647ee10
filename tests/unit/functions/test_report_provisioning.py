from unittest.mock import MagicMock

import pytest

from tests.unit.functions.conftest import Call

RUN = "3b0c44298fc1"


@pytest.mark.parametrize(
    ("case", "error", "action"),
    [
        ("applied", None, None),
        ("failed", "SapUnavailable", None),
        ("expired", None, "expired"),
    ],
)
def test_what_ended_the_run_is_handed_on(
    call: Call, parts: MagicMock, case: str, error: str | None, action: str | None
) -> None:
    report = MagicMock(return_value=("failed", "provisioned/s4_central/r/response.json"))
    assert call("report_provisioning", case, report=report) == {
        "status": "failed",
        "response": "provisioned/s4_central/r/response.json",
    }
    assert report.call_args.args == (parts, RUN, "s4_central", error, action)
