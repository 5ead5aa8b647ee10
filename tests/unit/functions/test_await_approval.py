from unittest.mock import MagicMock

import pytest

from tests.unit.functions.conftest import Call


@pytest.mark.parametrize("action", [None, "approved", "rejected"])
def test_who_waits_is_noted_and_what_was_said_already_is_the_answer(
    call: Call, parts: MagicMock, action: str | None
) -> None:
    hold = MagicMock(return_value=action)
    assert call("await_approval", "removals", hold=hold) == {"action": action}
    given, run_id, connection, token, execution = hold.call_args.args
    assert given is parts
    assert (run_id[:4], connection, token[:3]) == ("3b0c", "s4_central", "AQC")
    assert execution.startswith("arn:aws:states:")
