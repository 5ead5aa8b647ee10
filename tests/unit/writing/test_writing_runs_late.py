"""A function that is about to end begins no write: Lambda would cut its answer off."""

from types import SimpleNamespace

import pytest

from functions._runs import deadline
from tests.builders.write_runs import Room


@pytest.mark.parametrize(("seconds", "sent"), [(3, 0), (179, 0), (300, 3)])
def test_with_three_seconds_left_a_function_refuses_to_start_a_write(
    seconds: int, sent: int
) -> None:
    """CO-T65, RE-24: one exchange and what is stored about it may take three minutes."""
    room = Room()
    room.collect()
    context = SimpleNamespace(get_remaining_time_in_millis=lambda: seconds * 1000)
    result = room.write(until=deadline(context, room.clock))
    assert len(room.sap.sent) == sent
    assert not sent or result.again == 0
    assert sent or (room.sap.looks, result.again) == ([], 3)  # all are left to the next call
