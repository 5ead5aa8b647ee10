from types import SimpleNamespace
from typing import Any
from unittest.mock import MagicMock

import pytest

import functions.decide_exception
from sapmatch.model.errors import InputRejected, LogonRefused, Throttled
from sapmatch.reviewing.decide import Answer
from tests.unit.functions.conftest import Call


@pytest.fixture(autouse=True)
def _known_account(monkeypatch: pytest.MonkeyPatch) -> None:
    """The context of a function holds its ARN; the shared one of these tests does not."""
    plain = functions.decide_exception.handler
    arn = "arn:aws:lambda:eu-central-1:123456789012:function:sapmatch-prod-decide-exception"

    def handler(event: Any, context: Any) -> Any:
        return plain(event, SimpleNamespace(**vars(context), invoked_function_arn=arn))

    monkeypatch.setattr(functions.decide_exception, "handler", handler)


def test_the_answer_says_what_became_of_it(call: Call) -> None:
    answer = Answer(document="d" * 64, outcome="decided", message="ok", goes_on=True)
    decide = MagicMock(return_value=answer)
    assert call("decide_exception", "accept", decide=decide) == {
        "document": "d" * 64,
        "outcome": "decided",
        "message": "ok",
        "goes_on": True,
        "taken": (),
    }
    _parts, event, account = decide.call_args.args
    assert event["asked"]["action"] == "accept"
    assert account == "123456789012"


@pytest.mark.parametrize("error", [InputRejected("ANNA rejected it"), LogonRefused("not signed")])
def test_a_refusal_is_an_answer_and_no_failure(call: Call, error: Exception) -> None:
    """RE-30"""
    answer = call("decide_exception", "local", decide=MagicMock(side_effect=error))
    assert answer == {"outcome": "refused", "message": str(error)}


def test_what_may_be_tried_again_is_a_failure(call: Call) -> None:
    with pytest.raises(Throttled):
        call("decide_exception", "accept", decide=MagicMock(side_effect=Throttled("busy")))
