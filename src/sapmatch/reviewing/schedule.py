"""How long a schedule of EventBridge may be silent: by its form, not by its next due time."""

import re
from datetime import timedelta

_DAYS = ("SUN", "MON", "TUE", "WED", "THU", "FRI", "SAT")
_UNITS = {"minute": timedelta(minutes=1), "hour": timedelta(hours=1), "day": timedelta(days=1)}
_EVERY = {"*", "?"}


def longest_period(schedule: str) -> timedelta | None:
    """The longest time between two starts, rounded up to days for cron; None for at(...).

    cron fields are minutes, hours, day of month, month, day of week, year.
    """
    if rate := re.fullmatch(r"rate\((\d+) (minute|hour|day)s?\)", schedule):
        return int(rate[1]) * _UNITS[rate[2]]
    cron = re.fullmatch(r"cron\((.+)\)", schedule)
    if cron is None:
        return None
    _, _, day_of_month, month, day_of_week, *_ = cron[1].split()
    if month not in _EVERY:
        return timedelta(days=366)
    if day_of_month not in _EVERY:
        return timedelta(days=31)
    if day_of_week.endswith("L") or "#" in day_of_week:  # once a month: its last or third Friday
        return timedelta(days=35)
    return timedelta(days=_widest_gap(_days(day_of_week)))


def _days(field: str) -> list[int]:
    """Days of the week from 0 (SUN) that a field names: `MON-FRI`, `1,3`, `2/2`, `*`."""
    found: set[int] = set()
    for part in field.split(","):
        days, _, step = part.partition("/")
        first, _, last = ("SUN-SAT" if days in _EVERY else days).partition("-")
        begin, end = _day(first), _day(last or ("SAT" if step else first))
        end += 7 if end < begin else 0
        found |= {day % 7 for day in range(begin, end + 1, int(step or 1))}
    return sorted(found)


def _day(word: str) -> int:
    """SUN is 0 here and 1 in a cron expression of AWS."""
    name = word.upper()
    return _DAYS.index(name) if name in _DAYS else int(name) - 1


def _widest_gap(days: list[int]) -> int:
    following = [*days[1:], days[0] + 7]
    return max(after - day for day, after in zip(days, following, strict=True))
