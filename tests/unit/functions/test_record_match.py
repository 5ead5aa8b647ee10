from unittest.mock import MagicMock

import pytest

from sapmatch.model.errors import PreconditionFailed
from tests.unit.functions.conftest import Call


def test_the_number_of_intents_is_the_answer(call: Call, parts: MagicMock) -> None:
    record = MagicMock(id="d", intents=("i",))
    store = MagicMock(return_value=record)
    assert call("record_match", "matched", record_stored=store) == {
        "document_id": "d",
        "intents": 1,
    }
    assert store.call_args.args[1:] == (parts.desk, parts.planner, 1)


def test_an_order_that_moved_is_told_by_the_name_of_the_error(call: Call) -> None:
    """The state machine catches PreconditionFailed by its name and decides anew."""
    with pytest.raises(PreconditionFailed):
        call("record_match", "matched", record_stored=MagicMock(side_effect=PreconditionFailed))
