"""The commands that a mail prints are commands that the command line takes."""

import shlex

import msgspec
import pytest

from sapmatch.cli import _parsed
from sapmatch.model.document import DocumentRecord, ExceptionRecord
from sapmatch.model.match import Decision, State
from sapmatch.model.stored import decision_key
from sapmatch.reviewing.mail.connection import (
    Expiry,
    StoppedLogon,
    expiry_mail,
    logon_stopped_mail,
)
from sapmatch.reviewing.mail.digest import digest_mail
from tests.builders.exceptions import Team
from tests.builders.memory import START

ID = "3f9a1c2b4d5e" + "0" * 52
DECISION = Decision(
    state=State.AMBIGUOUS, policy_version="p", candidates=("4500000012", "4500000013")
)


def commands(body: str) -> list[str]:
    lines = (line.strip() for line in body.splitlines())
    return [line for line in lines if line.startswith("sapmatch ")]


@pytest.mark.parametrize("reason", [None, "REVIEW_EXPIRED", "WORKFLOW_FAILED"])
def test_every_command_of_a_mail_about_a_document_is_understood(reason: str | None) -> None:
    team = Team()
    team.documents.records[ID] = DocumentRecord(
        id=ID,
        bucket="b",
        key="incoming/a.pdf",
        version_id="v1",
        size=1,
        received_at=START,
        state="AMBIGUOUS",
        decision=1,
    )
    team.objects.write(decision_key(ID, 1), msgspec.json.encode(DECISION))
    team.exceptions.about_document(ID, reason)
    printed = commands(team.mailer.sent[0][1])
    assert len(printed) == (7 if reason is None else 2)
    for line in printed:
        arguments = _parsed(shlex.split(line)[1:])
        assert arguments.stage == "test", line


def test_every_command_of_a_digest_is_understood() -> None:
    record = ExceptionRecord(
        document_id=ID, state="INVALID", cause=None, subject="s", body="b", raised_at=START
    )
    printed = commands(digest_mail([record, record], START, "test").body)
    assert len(printed) == 2
    for line in printed:
        assert _parsed(shlex.split(line)[1:]).stage == "test", line


def test_every_command_of_a_mail_about_a_connection_is_understood() -> None:
    at, day = START, START.date()
    stop = StoppedLogon(connection="s4", secret="sapmatch/prod/s4", remedy="SU01", since=at)
    expiry = Expiry(connection="s4", place="`p12`", ends=day, days=1, before=1)
    mails = (logon_stopped_mail(stop, "test"), expiry_mail(expiry, "test"))
    printed = [line for mail in mails for line in commands(mail.body)]
    assert len(printed) == 3
    for line in printed:
        assert _parsed(shlex.split(line)[1:]).stage == "test", line
