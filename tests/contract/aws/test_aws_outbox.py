"""The outbox in DynamoDB: each exception once, and found until it is told."""

from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest

from sapmatch.aws.control import DynamoControl
from sapmatch.aws.exceptions import DynamoOutbox
from sapmatch.model.document import ExceptionRecord
from sapmatch.reviewing.budget import MailBudget
from tests.builders.aws_table import make_table
from tests.builders.memory import MemoryClock

NOW = datetime(2026, 11, 2, 8, 0, tzinfo=UTC)


@pytest.fixture
def outbox(aws: str) -> DynamoOutbox:
    return DynamoOutbox(make_table("documents", "by_unsent"))


def exception(document: str, minute: int = 0, difference: str | None = None) -> ExceptionRecord:
    return ExceptionRecord(
        document_id=document,
        state="OUT_OF_TOLERANCE",
        cause="PP",
        subject="s",
        body="b",
        raised_at=NOW + timedelta(minutes=minute),
        difference=Decimal(difference) if difference else None,
    )


def test_an_exception_is_stored_once_and_remembers_its_mail(outbox: DynamoOutbox) -> None:
    record = exception("a")
    assert outbox.store(record).notified_at is None
    outbox.told(record, NOW, "digest-1")
    again = outbox.store(exception("a", minute=5))
    assert (again.notified_at, again.digest, again.raised_at) == (NOW, "digest-1", NOW)
    assert len(outbox.of("a")) == 1


def test_another_amount_is_another_exception(outbox: DynamoOutbox) -> None:
    """MA-P54: what changed after the mail is told again."""
    outbox.told(outbox.store(exception("a", 0, "12.50")), NOW)
    assert outbox.store(exception("a", 1, "30.00")).notified_at is None
    assert [each.difference for each in outbox.of("a")] == [Decimal("12.50"), Decimal("30.00")]


def test_what_nobody_was_told_is_found_oldest_first(outbox: DynamoOutbox) -> None:
    """RE-28"""
    for n in range(40):
        outbox.store(exception(f"document-{n}", minute=40 - n))
    outbox.told(exception("document-3", minute=37), NOW)
    found = [each.document_id for each in outbox.unsent()]
    assert found == [f"document-{n}" for n in reversed(range(40)) if n != 3]


def test_functions_that_mail_at_the_same_moment_keep_to_the_limit(aws: str) -> None:
    """RE-29: the count is conditional on the one that was read."""
    control = DynamoControl(make_table("control"))
    with ThreadPoolExecutor(8) as pool:
        taken = list(
            pool.map(lambda n: MailBudget(control, MemoryClock(), 6).take(f"{n}"), range(40))
        )
    assert 1 <= sum(taken) <= 6
