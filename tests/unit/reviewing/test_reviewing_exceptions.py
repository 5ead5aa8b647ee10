"""Exceptions are raised once, and their mail can be acted on."""

from datetime import timedelta

import msgspec
import pytest

from sapmatch.model.document import DocumentRecord
from sapmatch.model.errors import Problem
from tests.builders.exceptions import Team
from tests.builders.memory import START

RECORD = DocumentRecord(
    id="d" * 64, bucket="b", key="incoming/a.xml", version_id="v1", size=1, received_at=START
)


class Intake(Team):
    def know(self, **fields: object) -> None:
        self.documents.records[RECORD.id] = msgspec.structs.replace(RECORD, **fields)


@pytest.fixture
def team() -> Intake:
    return Intake()


def test_an_unreadable_document_tells_its_problems(team: Intake) -> None:
    """RE-4"""
    problem = Problem(code="ENCRYPTED", message="The PDF asks for a password.")
    team.know(state="REJECTED", reason="ENCRYPTED", problems=(problem,))
    record = team.exceptions.about_document(RECORD.id)
    assert (record.state, record.cause) == ("REJECTED", "ENCRYPTED")
    assert "The PDF asks for a password." in team.mailer.sent[0][1]
    assert "What to do" in team.mailer.sent[0][1]


def test_the_same_exception_is_mailed_once(team: Intake) -> None:
    team.know(state="REJECTED", reason="EMPTY")
    team.exceptions.about_document(RECORD.id)
    team.exceptions.about_document(RECORD.id)
    assert len(team.mailer.sent) == 1


def test_a_mail_that_could_not_be_sent_fails_no_workflow_and_waits_for_the_digest(
    team: Intake,
) -> None:
    """RE-28"""
    team.know(state="REJECTED", reason="EMPTY")
    team.mailer.broken = True
    record = team.exceptions.about_document(RECORD.id)
    assert list(team.outbox.unsent()) == [record]
    team.mailer.broken = False
    team.exceptions.about_document(RECORD.id)
    assert len(team.mailer.sent) == 1


def test_what_the_audit_finds_waits_for_the_digest(team: Intake) -> None:
    """It stands in SAP's network, where SNS has no endpoint."""
    record = team.exceptions.about_audit("2026-11-02", ["an invoice is missing"])
    assert not team.mailer.sent
    assert list(team.outbox.unsent()) == [record]


@pytest.mark.parametrize("reason", ["REVIEW_EXPIRED", "WORKFLOW_FAILED"])
def test_what_ends_in_vain_again_after_a_replay_is_told_again(team: Intake, reason: str) -> None:
    """RE-28: else nobody would hear that nobody decided."""
    team.know(state="AMBIGUOUS")
    for days in (0, 0, 14):
        team.clock.time += timedelta(days=days)
        team.exceptions.about_document(RECORD.id, reason)
    assert len(team.mailer.sent) == 2


def test_a_failed_workflow_is_told_by_its_reason_whatever_the_record_says(team: Intake) -> None:
    team.know(state="READ")
    record = team.exceptions.about_document(RECORD.id, "WORKFLOW_FAILED")
    assert record.state == "WORKFLOW_FAILED"
    assert "Post nothing by hand" in team.mailer.sent[0][1]


def test_a_copy_of_a_file_that_was_not_posted_does_not_say_it_was(team: Intake) -> None:
    team.know(state="REJECTED")
    team.exceptions.about_copy(RECORD.id, "incoming/again.xml")
    assert "posted only once" not in team.mailer.sent[0][1]


def test_a_copy_of_a_file_with_several_invoices_says_that_each_goes_its_own_way(
    team: Intake,
) -> None:
    team.know(state="SPLIT", parts=("a" * 64, "b" * 64))
    team.exceptions.about_copy(RECORD.id, "incoming/again.pdf")
    assert "each invoice of the first file goes its own way" in team.mailer.sent[0][1]


def test_a_copy_names_both_files(team: Intake) -> None:
    """MA-P44"""
    team.know(state="MATCHED")
    team.exceptions.about_copy(RECORD.id, "incoming/again.xml")
    assert "incoming/again.xml" in team.mailer.sent[0][1]
    assert "incoming/a.xml" in team.mailer.sent[0][1]


def test_control_characters_of_a_document_never_reach_a_mail(team: Intake) -> None:
    problem = Problem(code="BROKEN", message="bad\r\nBcc: x@example.com\x00")
    team.know(state="REJECTED", reason="BROKEN", problems=(problem,), number="R\n7")
    team.exceptions.about_document(RECORD.id)
    body = team.mailer.sent[0][1]
    assert "\r" not in body
    assert "\x00" not in body
    assert "\nBcc" not in body
