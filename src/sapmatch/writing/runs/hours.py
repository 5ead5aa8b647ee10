"""Business hours of a flow: when it may write, and when it may again."""

from collections.abc import Iterator
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from sapmatch.model.flow import Window

_DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
_MIDNIGHT = "24:00"
_DAY = timedelta(days=1)


def open_at(window: Window, now: datetime) -> bool:
    """Whether the flow may write at this moment (aware)."""
    return any(begin <= now < end for begin, end in _hours(window, now))


def next_opening(window: Window, now: datetime) -> datetime:
    """When the flow may write: `now` where it may, else the next begin, in UTC.

    A begin that the clocks skip in spring is as long after midnight as on any other day.
    """
    if open_at(window, now):
        return now
    return next(begin for begin, _ in _hours(window, now) if begin > now)


def _hours(window: Window, now: datetime) -> Iterator[tuple[datetime, datetime]]:
    """Begins and ends in UTC, from those of yesterday to those of the same day a week later."""
    zone = ZoneInfo(window.time_zone)
    today = now.astimezone(zone).date()
    for day in (today + n * _DAY for n in range(-1, 8)):
        if _DAYS[day.weekday()] in window.days:
            yield (
                _moment(day, window.begin, zone),
                _moment(_last_day(day, window), window.end, zone),
            )


def _last_day(day: date, window: Window) -> date:
    """An end before the begin is on the next day."""
    return day + _DAY if window.end <= window.begin else day


def _moment(day: date, clock: str, zone: ZoneInfo) -> datetime:
    """The wall-clock time of a day in UTC; where the clocks show it twice, the first of the two."""
    if clock == _MIDNIGHT:
        day, clock = day + _DAY, "00:00"
    return datetime.combine(day, time.fromisoformat(clock), zone).astimezone(UTC)
