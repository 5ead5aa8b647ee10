"""Turns and waits."""

from datetime import UTC, datetime

import pytest

from sapmatch.sap.pace import Pace, back_off, retry_after
from tests.builders.memory import START, MemoryClock

NOW = datetime(2026, 11, 2, 8, 0, tzinfo=UTC)


def test_requests_start_evenly_spaced() -> None:
    clock = MemoryClock()
    pace = Pace(4, clock)
    for _ in range(9):
        pace.wait()
    assert (clock.now() - START).total_seconds() == 2.0


def test_a_pause_earns_no_burst() -> None:
    clock = MemoryClock()
    pace = Pace(4, clock)
    clock.sleep(60)
    for _ in range(5):
        pace.wait()
    assert (clock.now() - START).total_seconds() == 61.0


def test_a_bucket_of_three_lets_three_start_at_once_and_fills_again() -> None:
    clock = MemoryClock()
    pace = Pace(2, clock, burst=3)
    starts = []
    for _ in range(5):
        pace.wait()
        starts.append((clock.now() - START).total_seconds())
    assert starts == [0, 0, 0, 0.5, 1.0]
    clock.sleep(60)
    for _ in range(4):
        pace.wait()
    assert (clock.now() - START).total_seconds() == 61.5


@pytest.mark.parametrize(
    ("header", "seconds"),
    [
        (None, None),
        ("120", 120.0),
        (" 0 ", 0.0),
        ("Mon, 02 Nov 2026 08:01:30 GMT", 90.0),
        ("Mon, 02 Nov 2026 07:00:00 GMT", 0.0),
        ("soon", None),
        ("-5", None),
    ],
)
def test_retry_after_is_a_number_or_a_date(header: str | None, seconds: float | None) -> None:
    """OD-P88."""
    assert retry_after(header, NOW) == seconds


def test_waits_double_and_spread() -> None:
    for attempt in range(1, 5):
        longest = 0.5 * 2 ** (attempt - 1)
        waits = {back_off(attempt) for _ in range(20)}
        assert longest / 2 <= min(waits) <= max(waits) <= longest
        assert len(waits) > 1
