from types import SimpleNamespace
from typing import Any
from unittest.mock import MagicMock

import pytest

import functions.approve_provisioning
from sapmatch.model.errors import InputRejected, LogonRefused, Throttled
from tests.unit.functions.conftest import Call


@pytest.fixture(autouse=True)
def _known_account(monkeypatch: pytest.MonkeyPatch) -> None:
    """The context of a function holds its ARN; the shared one of these tests does not."""
    plain = functions.approve_provisioning.handler
    arn = "arn:aws:lambda:eu-central-1:123456789012:function:sapmatch-prod-approve-provisioning"

    def handler(event: Any, context: Any) -> Any:
        return plain(event, SimpleNamespace(**vars(context), invoked_function_arn=arn))

    monkeypatch.setattr(functions.approve_provisioning, "handler", handler)


def test_the_answer_says_what_became_of_it(call: Call) -> None:
    answer = {"outcome": "approved", "message": "run 3b0c: goes on", "goes_on": True}
    approve = MagicMock(return_value=answer)
    assert call("approve_provisioning", "approve", approve=approve) == answer
    _, event, account = approve.call_args.args
    assert event["wish"]["plan"] == "9f86d081884c7d65"
    assert account == "123456789012"


@pytest.mark.parametrize("error", [InputRejected("anna rejected it"), LogonRefused("not signed")])
def test_a_refusal_is_an_answer_and_no_failure(call: Call, error: Exception) -> None:
    """RE-30"""
    answer = call("approve_provisioning", "stop", approve=MagicMock(side_effect=error))
    assert answer == {"outcome": "refused", "message": str(error)}


def test_what_may_be_tried_again_is_a_failure(call: Call) -> None:
    with pytest.raises(Throttled):
        call("approve_provisioning", "approve", approve=MagicMock(side_effect=Throttled("busy")))
