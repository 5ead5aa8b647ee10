"""An order that changed after its match is told once, with what it makes of the match (MA-P54)."""

from decimal import Decimal

import msgspec
import pytest

from sapmatch.model.document import DocumentRecord
from sapmatch.model.invoice import Invoice, Party, ReadResult
from sapmatch.model.match import Decision, State, ToleranceCheck
from sapmatch.model.stored import decision_key, invoice_key, revision_key
from tests.builders.exceptions import Team
from tests.builders.memory import START

RECORD = DocumentRecord(
    id="d" * 64,
    bucket="b",
    key="incoming/a.xml",
    version_id="v1",
    size=1,
    received_at=START,
    state="MATCHED",
    decision=1,
    matched=True,
    orders=("4500000012",),
)
MATCHED = Decision(
    state=State.MATCHED,
    policy_version="p",
    orders=("4500000012",),
    explanation=("Invoice R-1 belongs to purchase order 4500000012; nothing deviates.",),
)
NOW = msgspec.structs.replace(
    MATCHED,
    state=State.OUT_OF_TOLERANCE,
    cause="PP",
    difference=Decimal("20.00"),
    owner="purchasing",
    remedy="Purchasing corrects it: the invoice is matched again by itself.",
    explanation=("Line 1 is 20.00 EUR dearer than ordered.",),
    tolerances=(
        ToleranceCheck(
            key="PP",
            bound="upper_absolute",
            value=Decimal("20.00"),
            limit=Decimal("0.00"),
            unit="EUR",
            verdict="fail",
            line="1",
        ),
    ),
)
READ = ReadResult(
    outcome="read",
    invoice=Invoice(
        number="R-1", currency="EUR", total=Decimal("119.00"), seller=Party(name="Nordlicht GmbH")
    ),
)


@pytest.fixture
def team() -> Team:
    team = Team()
    team.documents.records[RECORD.id] = RECORD
    kept = (
        (invoice_key(RECORD.id), READ),
        (decision_key(RECORD.id, 1), MATCHED),
        (revision_key(RECORD.id, 1), NOW),
    )
    for key, value in kept:
        team.objects.write(key, msgspec.json.encode(value))
    return team


def test_the_mail_says_what_was_matched_what_it_would_be_and_what_to_do(team: Team) -> None:
    record = team.exceptions.about_order_change(RECORD.id, 1)
    assert (record.state, record.cause, record.owner) == ("ORDER_CHANGED", "PP", "purchasing")
    assert record.evidence[-2:] == (decision_key(RECORD.id, 1), revision_key(RECORD.id, 1))
    ((subject, body, attributes),) = team.mailer.sent
    assert subject.startswith("[sapmatch] Order changed after the match: 20.00 EUR over")
    assert attributes["state"] == "ORDER_CHANGED"
    for told in (
        "Matched as\n  Invoice R-1 belongs to purchase order 4500000012; nothing deviates.",
        "Now\n  Line 1 is 20.00 EUR dearer than ordered.",
        "20.00 EUR in all, of 119.00 EUR.",
        "corrected or released there (MIR4, MRBR)",
        "Purchasing.",
        "sapmatch exceptions show dddddddddddd --stage test",
    ):
        assert told in body


def test_it_asks_for_no_decision_and_promises_no_match(team: Team) -> None:
    team.exceptions.about_order_change(RECORD.id, 1)
    body = team.mailer.sent[0][1]
    for never in ("sapmatch decide", "sapmatch replay", "by itself.\n", "A decision is awaited"):
        assert never not in body.replace("in SAP by itself", "")


def test_each_version_is_told_once(team: Team) -> None:
    team.objects.write(revision_key(RECORD.id, 2), msgspec.json.encode(NOW))
    for number in (1, 1, 2):
        team.exceptions.about_order_change(RECORD.id, number)
    assert len(team.mailer.sent) == 2
