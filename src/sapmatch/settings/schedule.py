"""Rules for a schedule, as EventBridge Scheduler takes it."""

import re
from collections.abc import Iterator, Sequence
from datetime import datetime

from sapmatch.model.errors import Problem
from sapmatch.settings.blocks import mistake

_RATE = re.compile(r"rate\([1-9]\d{0,5} (minute|hour|day)s?\)")
_AT = re.compile(r"at\((\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2})\)")
_CRON = re.compile(r"cron\(([^()]*)\)")
_MONTHS = ("JAN", "FEB", "MAR", "APR", "MAY", "JUN", "JUL", "AUG", "SEP", "OCT", "NOV", "DEC")
_DAYS = ("SUN", "MON", "TUE", "WED", "THU", "FRI", "SAT")
_FORMS = "must be rate(5 minutes), cron(0 6 ? * MON-FRI *) or at(2030-01-31T06:00:00)"


def check_schedule(path: str, schedule: str) -> Iterator[Problem]:
    """What the deployment would refuse, or what would never start anything."""
    cron = _CRON.fullmatch(schedule)
    if cron:
        yield from _check_cron(path, cron[1].split())
    elif not _RATE.fullmatch(schedule) and not _is_moment(_AT.fullmatch(schedule)):
        yield mistake(path, _FORMS)


def _is_moment(found: re.Match[str] | None) -> bool:
    try:
        return bool(found and datetime.fromisoformat(found[1]))
    except ValueError:
        return False


def _check_cron(path: str, fields: Sequence[str]) -> Iterator[Problem]:
    if len(fields) != 6:
        yield mistake(
            path,
            f"cron(...) has {len(fields)} fields and needs 6: "
            "minutes, hours, day of the month, month, day of the week, year",
        )
        return
    minutes, hours, day, month, weekday, year = fields
    wrong = [
        *_outside("minutes", minutes, 0, 59),
        *_outside("hours", hours, 0, 23),
        *_outside("day of the month", re.sub(r"^\?$|\d*W|LW?", "*", day), 1, 31),
        *_outside("month", _numbered(month, _MONTHS), 1, 12),
        *_outside("day of the week", _plain_weekday(weekday), 1, 7),
        *_outside("year", year, 1970, 2199),
    ]
    if wrong:
        yield mistake(path, f"cron(...): {', '.join(wrong)} out of range or unreadable")
    if (day == "?") == (weekday == "?"):
        yield mistake(path, 'cron(...): exactly one of day of the month and of the week is "?"')


def _numbered(text: str, names: Sequence[str]) -> str:
    """MON-FRI -> 2-6."""
    for number, name in enumerate(names, start=1):
        text = text.upper().replace(name, str(number))
    return text


def _plain_weekday(text: str) -> str:
    """Without what stands for the last or n-th such day of the month: 6L, FRI#2."""
    return re.sub(r"^[?L]$", "*", re.sub(r"(?<=\d)(L|#[1-5])", "", _numbered(text, _DAYS)))


def _outside(name: str, text: str, low: int, high: int) -> list[str]:
    """The name where the field is none: `*`, numbers, 1-5, 0/15, or a list of them."""
    parts = [re.fullmatch(r"(?:\*|(\d+)(?:-(\d+))?)(?:/[1-9]\d*)?", p) for p in text.split(",")]
    numbers = [int(n) for part in parts if part for n in part.groups() if n]
    fits = all(parts) and all(low <= number <= high for number in numbers)
    return [] if fits else [name]
