from datetime import timedelta
from unittest.mock import MagicMock

import pytest

from sapmatch.model.errors import InputRejected, LogonRefused, Throttled
from tests.builders.memory import START
from tests.unit.functions.conftest import Call

TOKEN = "eyJhbGciOiJSUzI1NiJ9"


def test_the_outcome_is_the_answer_and_the_token_is_not_logged(
    call: Call, capsys: pytest.CaptureFixture[str]
) -> None:
    """CO-T16"""
    written = {"outcome": "written", "message": "A_SupplierInvoice 51/2026 written to SAP"}
    write = MagicMock(return_value=written)
    assert call("write_decision", "decided", write_decision=write) == written
    _parts, event, owner, until = write.call_args.args
    assert event["token"].startswith(TOKEN)
    assert owner == "request-1"
    assert until == START - timedelta(seconds=90)  # nothing is begun with 90 s left
    shown = capsys.readouterr()
    assert TOKEN not in shown.out + shown.err


@pytest.mark.parametrize("error", [InputRejected("nobody decided"), LogonRefused("other token")])
def test_a_refusal_is_an_answer_and_no_failure(call: Call, error: Exception) -> None:
    answer = call("write_decision", "decided", write_decision=MagicMock(side_effect=error))
    assert answer == {"outcome": "refused", "message": str(error)}


def test_what_may_be_tried_again_is_a_failure(call: Call) -> None:
    with pytest.raises(Throttled):
        call("write_decision", "decided", write_decision=MagicMock(side_effect=Throttled("busy")))
