"""Mails about a logon that is stopped and certificates that end, each sent once."""

from datetime import UTC, date, datetime

import pytest
from msgspec.structs import replace

from sapmatch.reviewing.mail.connection import Expiry, StoppedLogon
from tests.builders.exceptions import Team

STOP = StoppedLogon(
    connection="s4",
    secret="sapmatch/prod/s4",
    remedy="unlock the user (SU01)",
    since=datetime(2026, 11, 2, 8, 0, tzinfo=UTC),
    stored=datetime(2026, 8, 4, 8, 0, tzinfo=UTC),
    waiting=("extraction orders", "write-back supplier_invoice"),
)
EXPIRY = Expiry(
    connection="s4",
    place="`p12` of secret sapmatch/prod/s4",
    ends=date(2026, 12, 1),
    days=29,
    before=30,
)


@pytest.fixture
def team() -> Team:
    return Team()


def test_a_stopped_logon_is_told_with_what_stands_still_and_who_mends_it(team: Team) -> None:
    """RE-26"""
    team.exceptions.about_stopped_logon(STOP)
    subject, body, attributes = team.mailer.sent[0]
    assert subject == "[sapmatch] SAP refuses our logon (s4)"
    for expected in (
        "since 2026-11-02 08:00 UTC",
        "changed last on 2026-08-04, 90 days before",
        "extraction orders",
        "write-back supplier_invoice",
        "1. In SAP: unlock the user (SU01).",
        "the right one into sapmatch/prod/s4",
        "sapmatch release s4 --stage test",
        "sapmatch doctor s4 --stage test",
        "SAP basis (the user in SAP); the platform team",
        "docs/operations/logon-stopped.md",
    ):
        assert expected in body
    assert attributes["owner"] == "administrator"


def test_where_nothing_has_a_schedule_nothing_stands_still(team: Team) -> None:
    team.exceptions.about_stopped_logon(replace(STOP, waiting=()))
    assert "nothing that has a schedule" in team.mailer.sent[0][1]


def test_one_stop_is_one_mail_and_a_later_one_is_another(team: Team) -> None:
    team.exceptions.about_stopped_logon(STOP)
    team.exceptions.about_stopped_logon(STOP)
    assert len(team.mailer.sent) == 1
    later = datetime(2026, 11, 3, 8, 0, tzinfo=UTC)
    team.exceptions.about_stopped_logon(replace(STOP, since=later))
    assert len(team.mailer.sent) == 2


def test_a_certificate_that_ends_is_told_once_for_each_of_the_days(team: Team) -> None:
    for days, before in ((29, 30), (28, 30), (7, 7), (6, 7), (1, 1), (-1, 0), (-2, 0)):
        team.exceptions.about_expiry(replace(EXPIRY, days=days, before=before))
    bodies = [body for _, body, _ in team.mailer.sent]
    assert len(bodies) == 4
    assert (
        "Connection s4: `p12` of secret sapmatch/prod/s4 ends in 29 days, on 2026-12-01."
        in (bodies[0])
    )
    assert "ended on 2026-12-01" in bodies[3]
    assert "ends in 1 day, on 2026-12-01" in bodies[2]
    subjects = [subject for subject, _, _ in team.mailer.sent]
    assert subjects[0] == subjects[2] == "[sapmatch] A certificate ends soon (s4)"
    assert subjects[3] == "[sapmatch] A certificate has ended (s4)"


def test_an_expiry_is_told_with_what_will_stand_still_and_who_mends_it(team: Team) -> None:
    team.exceptions.about_expiry(replace(EXPIRY, days=0, before=1, waiting=("extraction orders",)))
    body = team.mailer.sent[0][1]
    for expected in (
        "ends today, 2026-12-01",
        "What may stand still then",
        "extraction orders",
        "SAP basis, or the owner of the tenant in BTP",
        "sapmatch doctor s4 --stage test",
    ):
        assert expected in body
