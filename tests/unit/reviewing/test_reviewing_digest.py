"""A storm of exceptions is a few mails, and nothing is lost."""

from datetime import timedelta
from decimal import Decimal

import msgspec
import pytest

from sapmatch.model.document import DocumentRecord, ExceptionRecord
from sapmatch.model.invoice import Invoice, ReadResult, StoredInvoice
from sapmatch.model.stored import invoice_key
from sapmatch.reviewing import digest
from sapmatch.reviewing.budget import MailBudget
from sapmatch.reviewing.digest import GRACE, oldest_unsent, send_digest
from sapmatch.reviewing.mail.digest import LARGEST
from sapmatch.reviewing.mail.text import BODY_BYTES
from tests.builders.control import MemoryControl
from tests.builders.exceptions import Team
from tests.builders.memory import START, MemoryClock

HOURLY = 30
QUARTER = timedelta(minutes=15)


class Storm(Team):
    def rise(self, number: int, total: str = "100.00", currency: str = "EUR") -> None:
        """One more document that no order is found for."""
        name = f"{number:064x}"
        self.documents.records[name] = DocumentRecord(
            id=name,
            bucket="b",
            key=f"incoming/{number}.xml",
            version_id="v1",
            size=1,
            received_at=START,
            state="REJECTED",
            reason="EMPTY",
        )
        invoice = Invoice(total=Decimal(total), currency=currency)
        stored = StoredInvoice(
            id=name,
            content="c",
            bucket="b",
            key="k",
            version=None,
            result=ReadResult(outcome="reject", invoice=invoice),
        )
        self.objects.write(invoice_key(name), msgspec.json.encode(stored))
        self.exceptions.about_document(name)

    def digest(self, *, calls: int | None = None) -> int:
        """One call of the schedule; time is up after so many marks."""
        left = iter(range(calls)) if calls is not None else None
        return send_digest(
            outbox=self.outbox,
            mailer=self.mailer,
            clock=self.clock,
            stage="test",
            out_of_time=lambda: left is not None and next(left, None) is None,
        )

    def pass_time(self, time: timedelta) -> None:
        self.clock.sleep(time.total_seconds())

    @property
    def unsent(self) -> list[ExceptionRecord]:
        return list(self.outbox.unsent())

    @property
    def subjects(self) -> list[str]:
        return [subject for subject, _, _ in self.mailer.sent]


@pytest.fixture
def storm() -> Storm:
    return Storm(HOURLY)


def test_ten_thousand_exceptions_in_an_hour_are_a_bounded_number_of_mails(storm: Storm) -> None:
    """RE-29: all of them are told, each in exactly one mail."""
    for number in range(10_000):
        storm.rise(number)
        storm.clock.sleep(0.35)  # just under an hour in all
        if number % 2_500 == 2_499:
            storm.digest()
    storm.pass_time(QUARTER)
    storm.digest()
    assert len(storm.mailer.sent) <= HOURLY + 5
    assert storm.unsent == []
    digests = [r for r in storm.outbox.records.values() if r.digest]
    assert len(digests) == 10_000 - HOURLY
    told = [s for s in storm.subjects if "exceptions" in s]
    assert sum(int(s.split()[1]) for s in told) == len(digests)
    assert max(len(body.encode()) for _, body, _ in storm.mailer.sent) <= BODY_BYTES


def test_a_digest_counts_by_state_and_owner_sums_per_currency_and_shows_the_largest(
    storm: Storm,
) -> None:
    for number in range(HOURLY):
        storm.rise(number)
    for number in range(100, 160):
        storm.rise(number, f"{number}.50")
    storm.rise(200, "7", "JPY")
    storm.pass_time(GRACE)
    assert storm.digest() == 61
    subject, body, attributes = storm.mailer.sent[-1]
    assert subject == "[sapmatch] 61 exceptions (2026-11-02 08:06 UTC)"
    assert "61: could not be read, for accounts payable" in body
    assert "7800.00 EUR" in body
    assert "7 JPY" in body
    assert body.count("| Could not be read") == LARGEST
    assert body.index("159.50 EUR |") < body.index("158.50 EUR |")
    assert "11 more are listed by:" in body
    assert "sapmatch exceptions --stage test" in body
    assert attributes == {
        "state": "DIGEST",
        "owner": "accounts_payable",
        "document": "digest/20261102T080600Z",
    }


def test_a_mail_that_could_not_be_sent_is_sent_as_it_is(storm: Storm) -> None:
    """RE-28"""
    storm.mailer.broken = True
    storm.rise(1)
    storm.mailer.broken = False
    storm.pass_time(GRACE)
    assert storm.digest() == 1
    assert storm.subjects == ["[sapmatch] Could not be read: 100.00 EUR 000000000000"]
    assert storm.mailer.sent[0][2]["state"] == "REJECTED"
    assert storm.digest() == 0


def test_several_owners_share_a_digest(storm: Storm) -> None:
    storm.mailer.broken = True
    for number in (1, 2):
        storm.rise(number)
    storm.exceptions.about_document(f"{2:064x}", "WORKFLOW_FAILED")
    storm.mailer.broken = False
    storm.pass_time(GRACE)
    storm.digest()
    assert storm.mailer.sent[0][2]["owner"] == "several"
    assert "1: processing stopped, for the platform team" in storm.mailer.sent[0][1]


def test_an_exception_that_may_be_about_to_be_mailed_is_left_alone(storm: Storm) -> None:
    storm.mailer.broken = True
    storm.rise(1)
    storm.mailer.broken = False
    storm.pass_time(GRACE - timedelta(seconds=1))
    assert storm.digest() == 0
    assert oldest_unsent(storm.outbox, storm.clock.now()) == 299


def test_a_digest_that_dies_before_it_is_noted_repeats_one_mail_and_loses_nothing() -> None:
    storm = Storm(mails_per_hour=0)
    for number in range(10):
        storm.rise(number)
    storm.pass_time(GRACE)
    storm.outbox.dies_after = 4
    with pytest.raises(InterruptedError):
        storm.digest()
    storm.outbox.dies_after = None
    assert storm.digest() == 6
    assert [int(s.split()[1]) for s in storm.subjects] == [10, 6]
    assert storm.unsent == []


def test_a_digest_whose_time_is_up_is_gone_on_with(storm: Storm) -> None:
    for number in range(HOURLY + 9):
        storm.rise(number)
    storm.pass_time(GRACE)
    assert storm.digest(calls=5) == 5
    assert len(storm.unsent) == 4
    assert storm.digest() == 4


def test_one_call_takes_a_bounded_number(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(digest, "MOST", 6)
    storm = Storm(mails_per_hour=0)
    for number in range(10):
        storm.rise(number)
    storm.pass_time(GRACE)
    assert (storm.digest(), storm.digest(), storm.digest()) == (6, 4, 0)


def test_nobody_waits_where_everything_is_told(storm: Storm) -> None:
    storm.rise(1)
    assert oldest_unsent(storm.outbox, storm.clock.now()) == 0
    assert storm.digest() == 0


def test_a_run_that_failed_is_told_whatever_the_documents_took(storm: Storm) -> None:
    for number in range(HOURLY + 1):
        storm.rise(number)
    storm.exceptions.about_run("supplier_invoice", "r1", "WORKFLOW_FAILED")
    assert len(storm.mailer.sent) == HOURLY + 1
    assert "processing stopped (supplier_invoice)" in storm.subjects[-1]


def test_the_next_hour_has_mails_again() -> None:
    clock, control = MemoryClock(), MemoryControl()
    budget = MailBudget(control, clock, 2)
    assert [budget.take("a") for _ in range(3)] == [True, True, False]
    clock.sleep(3600)
    assert budget.take("a")
    assert len(control.values) == 1


def test_a_clock_that_is_behind_begins_no_hour_anew() -> None:
    """RE-27: two clocks at the end of an hour would give each other mails without end."""
    control = MemoryControl()
    fast, slow = MemoryClock(START + timedelta(hours=1)), MemoryClock(START)
    budgets = [MailBudget(control, clock, 2) for clock in (fast, slow)]
    taken = [budget.take("a") for _ in range(3) for budget in budgets]
    assert taken.count(True) == 2


def test_who_always_loses_the_race_for_a_mail_waits_for_the_digest() -> None:
    """Never one mail more than the limit, however many functions count."""
    control, clock = MemoryControl(), MemoryClock()
    fast = MailBudget(control, clock, 30)

    def meddle() -> None:
        control.meddle = lambda: None
        fast.take("fast")
        control.meddle = meddle

    control.meddle = meddle
    assert not MailBudget(control, clock, 30).take("slow")
    assert b'"mails":5' in control.values["alerts/mails"].value
