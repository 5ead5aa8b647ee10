from unittest.mock import MagicMock

import pytest

from sapmatch.model.errors import PreconditionFailed
from tests.builders.memory import START
from tests.unit.functions.conftest import Call


@pytest.mark.parametrize("action", ["decided", "alert", "expired", "over"])
def test_what_became_of_the_wait_is_the_answer(call: Call, parts: MagicMock, action: str) -> None:
    expire = MagicMock(return_value=action)
    answer = call("expire_exception", "timed_out", expire=expire)
    document_id, execution, reviews, now = expire.call_args.args
    assert answer == {"document_id": document_id, "action": action}
    assert execution.startswith("arn:aws:states:")
    assert (reviews, now) == (parts.reviews, START)


def test_a_decision_at_this_moment_is_told_by_the_name_of_the_error(call: Call) -> None:
    """The state machine tries again and finds it (RE-17)."""
    with pytest.raises(PreconditionFailed):
        call("expire_exception", "timed_out", expire=MagicMock(side_effect=PreconditionFailed))
