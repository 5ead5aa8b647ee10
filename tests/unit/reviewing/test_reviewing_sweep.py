"""What the nightly sweep finds, and what it does about it."""

from collections.abc import Iterator
from datetime import datetime, timedelta

import pytest

from sapmatch.model.errors import InputRejected
from sapmatch.model.outbox import Subscription
from sapmatch.model.uploads import Upload
from sapmatch.reviewing.sweep import (
    DAYS,
    SETTLING,
    lost_uploads,
    overdue_extractions,
    unread_mails,
)
from tests.builders.control import MemoryControl
from tests.builders.memory import START


def upload(name: str, version: str = "v1") -> Upload:
    return Upload(bucket="b", key=f"incoming/{name}", version_id=version)


class Intake:
    """Ports Uploads and Arrivals, and the verb that receives."""

    def __init__(self, *uploads: Upload) -> None:
        self.stored = uploads
        self.known: set[Upload] = set()
        self.received: list[Upload] = []
        self.refused: set[str] = set()
        self.asked: tuple[str, datetime, datetime] | None = None

    def uploads(self, prefix: str, since: datetime, until: datetime) -> Iterator[Upload]:
        self.asked = (prefix, since, until)
        return iter(self.stored)

    def arrived(self, upload: Upload) -> bool:
        return upload in self.known

    def receive(self, upload: Upload) -> None:
        if upload.key in self.refused:
            raise InputRejected(f"s3 object {upload.key}: does not exist")
        self.received.append(upload)

    def swept(self, *, time_is_up: bool = False) -> list[str]:
        gaps = lost_uploads(
            uploads=self,
            arrivals=self,
            receive=self.receive,
            now=START,
            out_of_time=lambda: time_is_up,
        )
        return [str(gap) for gap in gaps]


def test_an_upload_whose_event_was_lost_is_received() -> None:
    """RE-2"""
    intake = Intake(upload("known.xml"), upload("lost.xml"))
    intake.known.add(upload("known.xml"))
    assert intake.swept() == ["upload incoming/lost.xml: received now"]
    assert intake.received == [upload("lost.xml")]


def test_an_overwrite_whose_event_was_lost_is_an_upload_of_its_own() -> None:
    """RE-3"""
    intake = Intake(upload("a.xml", "v1"), upload("a.xml", "v2"))
    intake.known.add(upload("a.xml", "v1"))
    intake.swept()
    assert intake.received == [upload("a.xml", "v2")]


def test_only_uploads_of_the_last_days_that_had_time_to_arrive_are_looked_at() -> None:
    intake = Intake()
    intake.swept()
    assert intake.asked == ("incoming/", START - DAYS, START - SETTLING)


def test_a_folder_of_the_console_is_no_upload() -> None:
    assert Intake(upload("march/")).swept() == []


def test_what_cannot_be_received_is_named_and_stops_nothing() -> None:
    intake = Intake(upload("bad.xml"), upload("good.xml"))
    intake.refused.add("incoming/bad.xml")
    first, second = intake.swept()
    assert "could not be received" in first
    assert "the next sweep tries again" in first
    assert second == "upload incoming/good.xml: received now"


def test_a_sweep_ends_before_its_time_does_and_says_so() -> None:
    """Looking for the records of uploads that did arrive takes time as well."""
    intake = Intake(upload("a.xml"), upload("b.xml"))
    intake.known = set(intake.stored)
    assert intake.swept(time_is_up=True) == [
        "uploads from incoming/a.xml on: not looked at, time is up"
    ]
    assert intake.received == []


def overdue(age: timedelta | None, schedule: str, control: MemoryControl | None = None) -> int:
    gaps = overdue_extractions(
        {"orders": schedule},
        published=lambda _: None if age is None else START - age,
        control=control or MemoryControl(),
        now=START,
    )
    return len(gaps)


@pytest.mark.parametrize(
    ("schedule", "good", "late"),
    [
        ("rate(1 hour)", timedelta(hours=2), timedelta(hours=2, minutes=1)),
        ("cron(0 6 * * ? *)", timedelta(days=2), timedelta(days=2, minutes=1)),
        ("cron(0 6 ? * MON-FRI *)", timedelta(days=6), timedelta(days=6, minutes=1)),
    ],
)
def test_an_extraction_may_be_silent_for_two_periods(
    schedule: str, good: timedelta, late: timedelta
) -> None:
    assert overdue(good, schedule) == 0
    assert overdue(late, schedule) == 1


def test_an_extraction_that_is_due_once_is_never_overdue() -> None:
    assert overdue(timedelta(days=400), "at(2026-11-20T13:00:00)") == 0


def test_one_that_never_ran_is_measured_from_the_first_sweep_that_saw_it() -> None:
    control = MemoryControl()
    assert overdue(None, "rate(1 hour)", control) == 0
    gaps = overdue_extractions(
        {"orders": "rate(1 hour)"},
        published=lambda _: None,
        control=control,
        now=START + timedelta(days=1),
    )
    assert [gap.what for gap in gaps] == [
        "extraction orders (rate(1 hour)): no run was published at all"
    ]


def subscribed(address: str, *, confirmed: bool = True, protocol: str = "email") -> Subscription:
    return Subscription(address=address, protocol=protocol, confirmed=confirmed)


def test_addresses_that_get_no_mails_are_found() -> None:
    """RE-28: what waits for its confirmation, and what was deleted, of the settings or by hand."""
    found = unread_mails(
        ["a@x.org", "gone@x.org", "waits@x.org"],
        [
            subscribed("a@x.org"),
            subscribed("waits@x.org", confirmed=False),
            subscribed("by-hand@x.org", confirmed=False),
            subscribed("arn:aws:sqs:::queue", protocol="sqs", confirmed=False),
        ],
    )
    assert [gap.what for gap in found] == [
        "mails to by-hand@x.org: was not confirmed",
        "mails to gone@x.org: is not subscribed any more",
        "mails to waits@x.org: was not confirmed",
    ]


def test_who_confirmed_is_not_named() -> None:
    assert unread_mails(["a@x.org"], [subscribed("a@x.org")]) == []
