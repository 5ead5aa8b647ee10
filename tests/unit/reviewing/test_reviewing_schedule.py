"""How long a schedule may be silent."""

from datetime import timedelta

import pytest

from sapmatch.reviewing.schedule import longest_period


@pytest.mark.parametrize(
    ("schedule", "period"),
    [
        ("rate(1 minute)", timedelta(minutes=1)),
        ("rate(15 minutes)", timedelta(minutes=15)),
        ("rate(2 days)", timedelta(days=2)),
        ("cron(0 6 * * ? *)", timedelta(days=1)),
        ("cron(0/5 * ? * * *)", timedelta(days=1)),
        ("cron(0 6-20 ? * MON-FRI *)", timedelta(days=3)),
        ("cron(0 6 ? * 2-6 *)", timedelta(days=3)),
        ("cron(0 6 ? * FRI-MON *)", timedelta(days=4)),
        ("cron(0 6 ? * SUN *)", timedelta(days=7)),
        ("cron(0 6 ? * MON,WED,FRI *)", timedelta(days=3)),
        ("cron(0 6 ? * 2/2 *)", timedelta(days=3)),
        ("cron(0 6 ? * */3 *)", timedelta(days=3)),
        ("cron(0 6 ? * MON-FRI/4 *)", timedelta(days=4)),
        ("cron(0 6 ? * 6L *)", timedelta(days=35)),
        ("cron(0 6 ? * 6#3 *)", timedelta(days=35)),
        ("cron(0 6 1 * ? *)", timedelta(days=31)),
        ("cron(0 6 L * ? *)", timedelta(days=31)),
        ("cron(0 6 1 1 ? *)", timedelta(days=366)),
        ("at(2026-11-20T13:00:00)", None),
    ],
)
def test_the_longest_time_between_two_starts(schedule: str, period: timedelta | None) -> None:
    assert longest_period(schedule) == period
