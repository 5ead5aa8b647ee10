"""Business hours, with nights over midnight and clocks that jump."""

from datetime import UTC, datetime

import pytest

from sapmatch.model.flow import Window
from sapmatch.writing.runs.hours import next_opening, open_at

OFFICE = Window(begin="06:00", end="20:00", time_zone="Europe/Berlin")
NIGHT = Window(days=("fri",), begin="22:00", end="05:00", time_zone="Europe/Berlin")


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


@pytest.mark.parametrize(
    ("window", "now", "is_open"),
    [
        (OFFICE, "2026-11-20T04:59:59", False),
        (OFFICE, "2026-11-20T05:00", True),  # 06:00 in winter
        (OFFICE, "2026-07-20T04:00", True),  # 06:00 in summer
        (OFFICE, "2026-11-20T18:59:59", True),
        (OFFICE, "2026-11-20T19:00", False),  # the end is not included
        (OFFICE, "2026-11-21T12:00", False),  # a Saturday
        (NIGHT, "2026-11-20T21:00", True),
        (NIGHT, "2026-11-21T03:59", True),  # the night of Friday ends on Saturday
        (NIGHT, "2026-11-21T04:00", False),
        (NIGHT, "2026-11-20T03:00", False),  # that of Thursday is none
        (Window(days=("sun",)), "2026-11-22T23:59:59", True),
        (Window(days=("sun",)), "2026-11-23T00:00", False),
        (Window(days=("sun",), time_zone="Pacific/Auckland"), "2026-11-21T12:00", True),
    ],
)
def test_a_window_is_open_by_the_clock_on_the_wall(window: Window, now: str, is_open: bool) -> None:
    assert open_at(window, at(now)) is is_open


@pytest.mark.parametrize(
    ("window", "now", "opening"),
    [
        (OFFICE, "2026-11-20T12:00", "2026-11-20T12:00"),  # open: at once
        (OFFICE, "2026-11-20T03:00", "2026-11-20T05:00"),
        (OFFICE, "2026-11-20T19:00", "2026-11-23T05:00"),  # over the weekend
        (OFFICE, "2026-03-27T20:00", "2026-03-30T04:00"),  # over the change to summer time
        (OFFICE, "2026-10-23T20:00", "2026-10-26T05:00"),  # and back
        (NIGHT, "2026-11-21T04:00", "2026-11-27T21:00"),
        (Window(days=("sun",), begin="02:30", end="04:00", time_zone="Europe/Berlin"),
         "2026-03-28T12:00", "2026-03-29T01:30"),  # 02:30 is skipped
        (Window(days=("sun",), begin="02:30", end="04:00", time_zone="Europe/Berlin"),
         "2026-10-24T12:00", "2026-10-25T00:30"),  # 02:30 comes twice
    ],
)  # fmt: skip
def test_the_next_opening_is_where_waiting_ends(window: Window, now: str, opening: str) -> None:
    assert next_opening(window, at(now)) == at(opening)


def test_a_window_that_is_closed_for_any_hour_of_a_year_opens_within_a_week() -> None:
    hours = [at(f"2026-{month:02}-{day:02}T{hour:02}:30")
             for month in range(1, 13) for day in (1, 14, 28) for hour in range(24)]  # fmt: skip
    for window in (OFFICE, NIGHT):
        for now in hours:
            opening = next_opening(window, now)
            assert open_at(window, opening)
            assert 0 <= (opening - now).total_seconds() <= 7 * 24 * 3600 + 3600
