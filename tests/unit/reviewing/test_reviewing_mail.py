"""A mail about a document can be acted on, and does no harm."""

from collections.abc import Sequence
from datetime import date
from decimal import Decimal
from typing import Any

import msgspec
import pytest

from sapmatch.model.document import DocumentRecord, ExceptionRecord
from sapmatch.model.errors import Problem
from sapmatch.model.invoice import Invoice, Party, ReadResult, StoredInvoice
from sapmatch.model.match import Decision, Evidence, State, ToleranceCheck
from sapmatch.model.review import Reviewing
from sapmatch.model.stored import invoice_key
from sapmatch.reviewing.mail import text
from tests.builders.exceptions import Team
from tests.builders.memory import START

ID = "3f9a1c2b4d5e" + "0" * 52
RECORD = DocumentRecord(
    id=ID,
    bucket="b",
    key="incoming/a.pdf",
    version_id="v1",
    size=1,
    received_at=START,
    state="OUT_OF_TOLERANCE",
    number="R-7",
    company_code="1010",
    decision=2,
)
INVOICE = Invoice(
    number="R-7",
    issue_date=date(2026, 10, 28),
    currency="EUR",
    total=Decimal("1589.80"),
    seller=Party(name="Schrauben Nord GmbH"),
)
PRICE = ToleranceCheck(
    key="PP",
    bound="upper_absolute",
    value=Decimal("12.50"),
    limit=Decimal("10.00"),
    unit="EUR",
    verdict="fail",
    line="2",
)
DECISION = Decision(
    state=State.OUT_OF_TOLERANCE,
    policy_version="p",
    cause="PP",
    orders=("4500000012",),
    tolerances=(
        PRICE,
        msgspec.structs.replace(
            PRICE, bound="upper_percent", value=Decimal("12.0000"), limit=Decimal("3.0"), unit="%"
        ),
        msgspec.structs.replace(PRICE, line="1", verdict="pass"),
    ),
    candidates=("4500000012", "4500000099"),
    explanation=(
        "Invoice R-7 over 1589.80 EUR belongs to purchase order 4500000012.",
        f"First seen as document {ID}: the same number.",
    ),
    remedy="Purchasing agrees the price with the supplier.",
    owner="purchasing",
    difference=Decimal("12.50"),
)


def mailed(
    given: Decision | None = DECISION,
    invoice: Invoice | None = INVOICE,
    reason: str | None = None,
    *,
    refused: Sequence[str] = (),
    rules: Reviewing | None = None,
    **fields: Any,
) -> tuple[str, str, ExceptionRecord]:
    """Subject, body and record of the mail about a document."""
    team = Team(rules=rules)
    team.refused.update(refused)
    record = msgspec.structs.replace(RECORD, **fields)
    team.documents.records[ID] = record
    if given:
        key = f"documents/{ID}/decision-{record.decision}.json"
        team.objects.write(key, msgspec.json.encode(given))
    if invoice:
        result = ReadResult(outcome="read", invoice=invoice)
        stored = StoredInvoice(
            id=ID, content="c", bucket="b", key=record.key, version=None, result=result
        )
        team.objects.write(invoice_key(ID), msgspec.json.encode(stored))
    told = team.exceptions.about_document(ID, reason)
    subject, body, _ = team.mailer.sent[0]
    return subject, body, told


def section(body: str, title: str) -> list[str]:
    """Lines of one section."""
    (found,) = [block for block in body.split("\n\n") if block.startswith(f"{title}\n")]
    return [line.strip() for line in found.splitlines()[1:]]


def test_the_subject_says_state_amount_order_and_id() -> None:
    subject, _, _ = mailed()
    assert subject == ("[sapmatch] Price too high: 12.50 EUR over (order 4500000012) 3f9a1c2b4d5e")


@pytest.mark.parametrize(
    ("decision", "expected"),
    [
        (
            msgspec.structs.replace(
                DECISION,
                tolerances=(msgspec.structs.replace(PRICE, bound="lower_absolute"),),
                orders=("1", "2"),
            ),
            "Price too low: 12.50 EUR under (2 orders)",
        ),
        (
            msgspec.structs.replace(
                DECISION, state=State.NO_CANDIDATE, cause="NO_ORDER", orders=(), difference=None
            ),
            "No order found: 1589.80 EUR",
        ),
        (
            msgspec.structs.replace(
                DECISION, state=State.DUPLICATE, cause="DUPLICATE", difference=None
            ),
            "Arrived before: 1589.80 EUR (order 4500000012)",
        ),
        (
            msgspec.structs.replace(DECISION, state=State.WAITING_RECEIPT, cause="DW"),
            "Goods receipt overdue: 1589.80 EUR (order 4500000012)",
        ),
    ],
)
def test_a_subject_tells_the_state_in_words(decision: Decision, expected: str) -> None:
    subject, _, _ = mailed(decision, state=decision.state.value)
    assert subject == f"[sapmatch] {expected} 3f9a1c2b4d5e"


def test_the_body_says_what_how_much_why_who_how_and_where() -> None:
    _, body, _ = mailed()
    assert section(body, "What") == [
        "Invoice R-7 of Schrauben Nord GmbH dated 2026-10-28 over 1589.80 EUR: price too high."
    ]
    assert section(body, "How much") == [
        "12.50 EUR in all, of 1589.80 EUR.",
        "Line 2, price: 12.50 EUR more, and 10.00 EUR is allowed (tolerance PP).",
        "Line 2, price: 12 % more, and 3 % is allowed (tolerance PP).",
    ]
    assert section(body, "What to do") == ["Purchasing agrees the price with the supplier."]
    assert section(body, "Who") == ["Purchasing."]
    assert section(body, "Where") == [
        "File incoming/a.pdf",
        f"Document {ID}",
        "A decision is awaited until 2026-11-16 08:01 UTC.",
    ]


def test_ids_of_documents_are_short() -> None:
    _, body, _ = mailed()
    assert section(body, "Why") == [
        "Invoice R-7 over 1589.80 EUR belongs to purchase order 4500000012.",
        "First seen as document 3f9a1c2b4d5e: the same number.",
    ]
    assert body.count(ID) == 1


def test_the_commands_can_be_copied_and_name_the_decision_that_was_read() -> None:
    """RE-30: no link decides anything, only somebody who is logged on does."""
    _, body, _ = mailed()
    commands = section(body, "How")
    end = '--decision 2 --reason "..." --stage test'
    assert commands == [
        "sapmatch exceptions show 3f9a1c2b4d5e --stage test",
        f"sapmatch decide 3f9a1c2b4d5e accept {end}",
        f"sapmatch decide 3f9a1c2b4d5e match 4500000099 {end}",
        f"sapmatch decide 3f9a1c2b4d5e match ORDER {end}",
        f"sapmatch decide 3f9a1c2b4d5e reject {end}",
        f"sapmatch decide 3f9a1c2b4d5e wait {end}",
    ]
    assert "://" not in body


def test_a_difference_is_told_only_where_the_document_waits_for_it() -> None:
    closed = msgspec.structs.replace(DECISION, state=State.NOT_INVOICEABLE, cause="NOT_RELEASED")
    subject, body, told = mailed(closed, state="NOT_INVOICEABLE")
    assert "Order not released: 1589.80 EUR (order" in subject
    assert "over (" not in subject
    assert "How much" not in body
    assert told.difference is None


def test_both_parties_are_named_where_the_order_may_be_anothers() -> None:
    """MA-P05"""
    weights = (
        Evidence(name="order number equal", weight=120, invoice="4500000012", order="4500000012"),
        Evidence(name="VAT id different", weight=-400, invoice="DE298765431", order="DE265432108"),
    )
    decision = msgspec.structs.replace(
        DECISION, state=State.AMBIGUOUS, cause="OTHER_SUPPLIER", evidence=weights, orders=()
    )
    _, body, _ = mailed(decision, state="AMBIGUOUS")
    told = "VAT id different: DE298765431 on the invoice, DE265432108 on the order."
    assert section(body, "Why")[-1] == told


def test_the_earlier_document_is_named_by_file_and_day_and_can_be_looked_up() -> None:
    """MA-P44"""
    team = Team()
    earlier = msgspec.structs.replace(RECORD, id="8" * 64, key="incoming/old.pdf", state="MATCHED")
    twin = msgspec.structs.replace(RECORD, state="DUPLICATE", decision=0, duplicate_of="8" * 64)
    team.documents.records |= {ID: twin, "8" * 64: earlier}
    team.exceptions.about_document(ID)
    body = team.mailer.sent[0][1]
    assert "sapmatch exceptions show 888888888888 --stage test" in section(body, "How")
    (told,) = [one for one in section(body, "Where") if one.startswith("The earlier document")]
    assert "incoming/old.pdf, which came on 2026-11-02 and is MATCHED" in told


def test_nothing_is_offered_that_would_be_refused() -> None:
    _, body, told = mailed(refused=["accept", "4500000099"])
    verbs = [line.split(" ")[3:5] for line in section(body, "How")[1:]]
    assert [verb[0] for verb in verbs] == ["match", "reject", "wait"]
    assert verbs[0] == ["match", "ORDER"]
    assert told.offers == ()
    assert mailed()[2].offers == ("accept", "match 4500000099")


def test_orders_that_stand_together_are_no_order_to_match_with() -> None:
    decision = msgspec.structs.replace(DECISION, orders=(), candidates=("45+46", "47"))
    assert mailed(decision)[2].offers == ("accept", "match 47")


@pytest.mark.parametrize(("least", "two"), [("100", True), ("100.01", False), ("off", False)])
def test_that_two_have_to_decide_stands_below_the_commands(least: str, two: bool) -> None:
    rules = Reviewing(four_eyes_from="off" if least == "off" else Decimal(least))
    _, body, _ = mailed(rules=rules)
    assert section(body, "How")[-1].startswith("Two people have to") is two


def test_candidates_are_shown_with_the_command_that_picks_one() -> None:
    decision = msgspec.structs.replace(
        DECISION,
        state=State.AMBIGUOUS,
        cause="SEVERAL_ORDERS",
        orders=(),
        candidates=("4500000012", "4500000013"),
    )
    _, body, told = mailed(decision, state="AMBIGUOUS")
    assert section(body, "Orders") == ["candidate 4500000012", "candidate 4500000013"]
    for order in ("4500000012", "4500000013"):
        assert f"decide 3f9a1c2b4d5e match {order} --decision 2" in body
    assert told.candidates == ("4500000012", "4500000013")


def test_what_was_not_decided_in_time_can_be_decided_anew() -> None:
    subject, body, told = mailed(reason="REVIEW_EXPIRED")
    assert subject.startswith("[sapmatch] Nobody decided in time: 12.50 EUR over")
    assert "sapmatch replay 3f9a1c2b4d5e --stage test" in section(body, "How")
    assert "awaited until" not in body
    assert told.state == "REVIEW_EXPIRED"


def test_what_textract_did_not_finish_is_read_again_or_rejected() -> None:
    """RE-15: the workflow waits for either."""
    _, body, _ = mailed(reason="READ_TIMED_OUT")
    how = section(body, "How")
    assert "sapmatch replay 3f9a1c2b4d5e --stage test" in how
    assert any("decide 3f9a1c2b4d5e reject" in line for line in how)
    assert not any(" accept" in line or " match" in line for line in how)
    assert "awaited until" in body


def test_a_failed_workflow_says_nothing_of_an_earlier_decision() -> None:
    _, body, told = mailed(reason="WORKFLOW_FAILED")
    assert "Price too high" not in body
    assert section(body, "Who") == ["The platform team."]
    assert (told.owner, told.difference) == ("administrator", None)


def test_the_record_holds_what_the_mail_says() -> None:
    _, _, told = mailed()
    assert (told.number, told.company_code, told.total, told.currency) == (
        "R-7",
        "1010",
        Decimal("1589.80"),
        "EUR",
    )
    assert (told.difference, told.owner) == (Decimal("12.50"), "purchasing")
    assert told.evidence == (
        "incoming/a.pdf",
        f"documents/{ID}/invoice.json",
        f"documents/{ID}/decision-2.json",
    )


def test_attributes_let_a_subscription_filter() -> None:
    team = Team()
    team.documents.records[ID] = msgspec.structs.replace(RECORD, state="REJECTED", decision=0)
    team.exceptions.about_document(ID)
    team.exceptions.about_copy(ID, "incoming/again (2).pdf")
    assert team.mailer.sent[0][2] == {
        "state": "REJECTED",
        "owner": "accounts_payable",
        "company_code": "1010",
        "document": ID,
    }
    assert "cause" not in team.mailer.sent[1][2]


HOSTILE = "\u202egro.live\x00\r\nBcc: x@evil.com http://evil.com/pay WWW.EVIL.COM"


def test_text_of_a_document_does_no_harm() -> None:
    """No text of a document in the subject; no control, no direction, no link in the body."""
    invoice = msgspec.structs.replace(INVOICE, number=HOSTILE, seller=Party(name=HOSTILE))
    problem = Problem(code="X", message="It is odd.", field="number", values={"page": HOSTILE})
    decision = msgspec.structs.replace(DECISION, explanation=(HOSTILE,))
    unread: dict[str, Any] = {"state": "REJECTED", "decision": 0, "problems": (problem,)}
    for given, fields in ((decision, {}), (None, unread)):
        subject, body, _ = mailed(given, invoice, number=HOSTILE, key=HOSTILE, **fields)
        assert "evil" not in subject.lower()
        for bad in ("\u202e", "\x00", "\r", "\nBcc", "http://", "WWW."):
            assert bad not in body
        assert "evil.com" not in body.partition("\nWhere")[0]
        assert len(subject) < 100


def test_sums_that_nobody_bills_and_unknown_currencies_are_left_out() -> None:
    """MA-P60"""
    for total, currency in ((Decimal("1E+400"), "EUR"), (Decimal(5), "EVIL")):
        invoice = msgspec.structs.replace(INVOICE, total=total, currency=currency)
        decision = msgspec.structs.replace(DECISION, state=State.INVALID, difference=None)
        subject, body, _ = mailed(decision, invoice, state="INVALID")
        assert subject == "[sapmatch] Contradicts itself: (order 4500000012) 3f9a1c2b4d5e"
        assert "0000000000000" not in section(body, "What")[0]


def test_a_body_is_bounded_and_keeps_its_commands() -> None:
    """SNS takes 256 KB; nobody reads a hundredth of it."""
    decision = msgspec.structs.replace(
        DECISION,
        orders=tuple("ü" * 5_000 for _ in range(90)),
        explanation=tuple("€" * 5_000 for _ in range(200)),
        tolerances=tuple(msgspec.structs.replace(PRICE, line="l" * 900) for _ in range(200)),
    )
    subject, body, _ = mailed(decision)
    assert len(body.encode()) <= text.BODY_BYTES
    assert "and more" in body
    assert len(subject) < 100
    assert section(body, "How")[0].startswith("sapmatch exceptions show")
    assert f"Document {ID}" in body


def test_a_subject_keeps_its_id_however_long_it_gets() -> None:
    assert text.subject("x" * 500, "3f9a1c2b4d5e").endswith("x 3f9a1c2b4d5e")
    assert len(text.subject("x" * 500, "y" * 500)) == text.SUBJECT_LENGTH


def test_a_subject_is_one_that_sns_takes() -> None:
    """Else the mail is refused, however often it is sent: only ASCII, and no longer than it was."""
    assert text.subject("Über \u202e €", "(wärme)") == "[sapmatch] ?ber   ? (w?rme)"
    assert len(text.subject("www." * 40, "3f9a")) <= text.SUBJECT_LENGTH
