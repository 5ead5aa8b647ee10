"""Schedules as EventBridge Scheduler takes them."""

import pytest

from sapmatch.settings.schedule import check_schedule


def said(schedule: str) -> list[str]:
    return [problem.message for problem in check_schedule("x.schedule", schedule)]


@pytest.mark.parametrize(
    "schedule",
    [
        "rate(1 minute)",
        "rate(5 minutes)",
        "rate(12 hours)",
        "at(2030-01-31T06:00:00)",
        "cron(0 6 ? * MON-FRI *)",
        "cron(0/15 6-22 * * ? *)",
        "cron(0 6 1,15 JAN,JUL ? 2027-2030)",
        "cron(0 6 L * ? *)",
        "cron(0 6 LW * ? *)",
        "cron(0 6 15W * ? *)",
        "cron(0 6 ? * 6#3 *)",
        "cron(0 6 ? * L *)",
        "cron(0 6 ? * FRIL *)",
    ],
)
def test_what_the_scheduler_takes_is_taken(schedule: str) -> None:
    assert said(schedule) == []


@pytest.mark.parametrize(
    ("schedule", "word"),
    [
        ("hourly", "rate(5 minutes)"),
        ("", "rate(5 minutes)"),
        ("rate(0 minutes)", "rate(5 minutes)"),
        ("rate(5 seconds)", "rate(5 minutes)"),
        ("rate(5 minutes) ", "rate(5 minutes)"),
        ("at(2030-02-31T06:00:00)", "at(2030-01-31T06:00:00)"),
        ("cron(0 6 * * *)", "has 5 fields and needs 6"),
        ("cron(60 6 ? * * *)", "minutes"),
        ("cron(0 24 ? * * *)", "hours"),
        ("cron(0 ? ? * * *)", "hours"),
        ("cron(0 6 32 * ? *)", "day of the month"),
        ("cron(0 6 ? 13 * *)", "month"),
        ("cron(0 6 ? * 8 *)", "day of the week"),
        ("cron(0 6 ? * * 1969)", "year"),
        ("cron(0 6 * * * *)", 'exactly one of day of the month and of the week is "?"'),
        ("cron(0 6 ? * ? *)", 'exactly one of day of the month and of the week is "?"'),
        ("cron(a b ? * * *)", "minutes, hours"),
    ],
)
def test_what_the_scheduler_refuses_is_a_mistake(schedule: str, word: str) -> None:
    (message,) = said(schedule)
    assert word in message
