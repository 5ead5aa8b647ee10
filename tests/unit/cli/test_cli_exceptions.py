import json
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import msgspec
import pytest

from sapmatch.cli import main
from sapmatch.model.document import DocumentRecord, ExceptionRecord
from sapmatch.model.intent import Intent
from sapmatch.model.invoice import Evidence, Invoice, Party, ReadResult, StoredInvoice
from sapmatch.model.match import (
    Decision,
    LedgerLine,
    Ranked,
    State,
    ToleranceCheck,
)
from sapmatch.model.match import Evidence as Weight
from sapmatch.model.review import Review, Verdict
from sapmatch.model.stored import decision_key, invoice_key
from tests.builders.memory import START, MemoryClock, MemoryDocuments, MemoryObjects
from tests.builders.memory_intents import MemoryIntents
from tests.builders.memory_outbox import MemoryOutbox
from tests.builders.memory_reviews import MemoryReviews

D = Decimal
PRICE, RECEIPT, DOUBT = ("a" * 64, "b" * 64, "c" * 64)
PROPOSED = Verdict(
    action="accept",
    reason="agreed",
    by="arn:aws:iam::1:user/anna",
    at=datetime(2026, 11, 2, 9, 30, tzinfo=UTC),
    sap_user="ANNA",
)
DECISION = Decision(
    state=State.OUT_OF_TOLERANCE,
    policy_version="p",
    cause="PP",
    orders=("4500000012",),
    explanation=("Invoice R-1 over 119.00 EUR differs beyond the tolerances (PP).",),
    remedy="Purchasing agrees the price.",
    owner="purchasing",
    difference=D("12.50"),
    ranked=(
        Ranked(
            orders=("4500000012",),
            score=142,
            evidence=(Weight(name="order number equal", weight=120, invoice="45", order="45"),),
        ),
    ),
    tolerances=(
        ToleranceCheck(
            key="PP",
            bound="upper_absolute",
            value=D("12.50"),
            limit=D(10),
            unit="EUR",
            verdict="fail",
            line="1",
        ),
    ),
    ledger=(
        LedgerLine(
            order="4500000012",
            item="10",
            unit="PC",
            ordered=D(10),
            delivered=D(10),
            invoiced=D(0),
            open=D(10),
            taken=D(10),
            amount=D(100),
        ),
    ),
)


INTENT = Intent(
    id="i1",
    flow="supplier_invoice",
    connection="s4",
    client="100",
    operation="insert",
    service="/sap",
    entity_set="A_SupplierInvoice",
    payload_key="intents/x.json",
    payload_sha256="0" * 64,
    key={"SupplierInvoice": "5105600200", "FiscalYear": "2026"},
)


class Stage:
    """Three documents that wait: told, not told yet, and one that nobody decided on."""

    def __init__(self) -> None:
        self.clock = MemoryClock(START + timedelta(days=3))
        self.objects, self.documents = MemoryObjects(), MemoryDocuments()
        self.outbox, self.reviews = MemoryOutbox(), MemoryReviews()
        self.intents = MemoryIntents()
        self.wait(PRICE, "OUT_OF_TOLERANCE", DECISION, hours=0, proposed=PROPOSED, said=(PROPOSED,))
        self.outbox.store(
            ExceptionRecord(
                document_id=PRICE,
                state="OUT_OF_TOLERANCE",
                cause="PP",
                subject="s",
                body="b",
                raised_at=START,
                number="R-1",
                seller="Nordlicht",
                total=D("119.00"),
                currency="EUR",
                difference=D("12.50"),
                owner="purchasing",
            )
        )
        waiting = msgspec.structs.replace(DECISION, state=State.WAITING_RECEIPT, owner="warehouse")
        self.wait(RECEIPT, "WAITING_RECEIPT", waiting, hours=71)
        self.wait(DOUBT, "NEEDS_REVIEW", None, hours=24, pages=(3, 4))

    def wait(
        self, name: str, state: str, decision: Decision | None, *, hours: int, **more: Any
    ) -> None:
        pages = more.pop("pages", ())
        result = ReadResult(
            outcome="read",
            invoice=Invoice(
                number="R-1", total=D("119.00"), currency="EUR", seller=Party(name="Nordlicht")
            ),
            evidence={"number": Evidence(page=1, box=(0.1, 0.2, 0.3, 0.4))},
            confidence={"number": 0.97},
        )
        kept = StoredInvoice(
            id=name, content=name, bucket="bucket", key="k", version="v1", result=result
        )
        self.objects.write(invoice_key(name), msgspec.json.encode(kept))
        if decision:
            self.objects.write(decision_key(name, 1), msgspec.json.encode(decision))
        number = 1 if decision else 0
        self.documents.records[name] = DocumentRecord(
            id=name,
            bucket="bucket",
            key=f"incoming/{name[0]}.pdf",
            version_id="v1",
            size=1,
            received_at=START,
            state=state,
            decision=number,
            company_code="1010",
            pages=pages,
        )
        self.reviews.save(
            Review(
                document_id=name,
                state=state,
                cause=decision.cause if decision else "NEEDS_REVIEW",
                decision=number,
                opened_at=START + timedelta(hours=hours),
                **more,
            )
        )


@pytest.fixture
def stage(monkeypatch: pytest.MonkeyPatch) -> Stage:
    built = Stage()
    monkeypatch.setattr("sapmatch.cli.exceptions.deployment", lambda _: built)
    return built


def rows(capsys: pytest.CaptureFixture[str], *words: str) -> list[dict[str, Any]]:
    assert main(["exceptions", *words, "--json"]) == 0
    return [json.loads(line) for line in capsys.readouterr().out.splitlines()]


def test_what_waits_is_listed_oldest_first_with_all_that_people_sort_by(
    stage: Stage, capsys: pytest.CaptureFixture[str]
) -> None:
    first, second, third = rows(capsys)
    assert [row["id"] for row in (first, second, third)] == [PRICE, DOUBT, RECEIPT]
    assert first == {
        "id": PRICE,
        "document": "a.pdf",
        "pages": [],
        "state": "OUT_OF_TOLERANCE",
        "cause": "PP",
        "decision": 1,
        "opened_at": "2026-11-02T08:00:00Z",
        "age_hours": 72,
        "company_code": "1010",
        "number": "R-1",
        "seller": "Nordlicht",
        "total": "119.00",
        "currency": "EUR",
        "difference": "12.50",
        "owner": "purchasing",
        "proposed_by": "ANNA",
    }


def test_what_nobody_was_told_is_listed_too(
    stage: Stage, capsys: pytest.CaptureFixture[str]
) -> None:
    *_, receipt = rows(capsys, "list")
    assert (receipt["number"], receipt["total"], receipt["owner"]) == ("R-1", "119.00", "warehouse")
    assert receipt["difference"] is None  # goods are missing, no amount is too much


@pytest.mark.parametrize(
    ("words", "found"),
    [
        (["--state", "waiting_receipt"], [RECEIPT]),
        (["list", "--owner", "purchasing"], [PRICE]),
        (["--owner", "warehouse", "list"], [RECEIPT]),
        (["--state", "INVALID"], []),
    ],
)
def test_the_list_is_cut_down_by_state_and_owner(
    stage: Stage, words: list[str], found: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    assert [row["id"] for row in rows(capsys, *words)] == found


def test_people_see_ages_amounts_and_short_ids(
    stage: Stage, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["exceptions"]) == 0
    shown = capsys.readouterr().out
    for word in ("a" * 12, "3 days", "1 h", "119.00 EUR", "12.50 EUR", "purchasing", "ANNA"):
        assert word in shown
    assert "a" * 13 not in shown
    assert "c.pdf, pages 3-4" in shown


def test_one_exception_is_shown_with_its_evidence_and_its_history(
    stage: Stage, capsys: pytest.CaptureFixture[str]
) -> None:
    (found,) = rows(capsys, "show", "aaaaaaaa")
    assert (found["key"], found["status"], found["owner"]) == (
        "incoming/a.pdf",
        "open",
        "purchasing",
    )
    assert found["explanation"] == list(DECISION.explanation)
    assert found["candidates"][0]["evidence"][0]["weight"] == 120
    assert found["tolerances"][0]["limit"] == "10"
    assert found["ledger"][0]["open"] == "10"
    assert found["evidence"] == [
        {
            "field": "number",
            "page": 1,
            "box": [0.1, 0.2, 0.3, 0.4],
            "xpath": None,
            "confidence": 0.97,
        }
    ]
    decided, said = found["history"]
    assert (decided["state"], said["said"]["by"]) == ("OUT_OF_TOLERANCE", PROPOSED.by)
    assert found["proposed"]["sap_user"] == "ANNA"
    assert found["actions"] == ["accept", "match ORDER", "reject", "wait"]


def test_people_see_everything_and_the_commands_to_decide_with(
    stage: Stage, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["exceptions", "show", "--stage", "test", PRICE]) == 0
    shown = capsys.readouterr().out
    for word in (
        "s3://bucket/incoming/a.pdf",
        "Purchasing agrees the price.",
        "Candidate 1: 4500000012, score 142",
        "order number equal",
        "upper_absolute",
        "Invoice number: page 1 at 0.100, 0.200, 0.300, 0.400",
        "Decision 1: OUT_OF_TOLERANCE (PP).",
        "2026-11-02 09:30 UTC, ANNA: accept: agreed",
        'sapmatch decide aaaaaaaaaaaa accept --decision 1 --stage test --reason "..."',
    ):
        assert word in shown


def test_a_doubt_of_the_reading_can_be_accepted_and_not_matched(
    stage: Stage, capsys: pytest.CaptureFixture[str]
) -> None:
    (found,) = rows(capsys, "show", "cccccccc")
    assert (found["decision"], found["history"]) == (0, [])
    assert found["actions"] == ["accept", "reject", "wait"]


def test_what_ended_is_shown_with_who_ended_it(
    stage: Stage, capsys: pytest.CaptureFixture[str]
) -> None:
    """RE-30"""
    review = stage.reviews.get(PRICE)
    assert review is not None
    confirmed = msgspec.structs.replace(
        PROPOSED, confirmed_by="arn:aws:iam::1:user/boris", confirmed_at=PROPOSED.at
    )
    ended = msgspec.structs.replace(review, status="decided", verdict=confirmed)
    # Carried out: the same end is kept twice, and shown once.
    stage.reviews.save(msgspec.structs.replace(stage.reviews.save(ended), settled=True))
    (found,) = rows(capsys, "show", PRICE)
    (said,) = found["history"][1:]
    assert said["said"]["confirmed_by"] == "arn:aws:iam::1:user/boris"
    assert main(["exceptions", "show", PRICE]) == 0
    shown = capsys.readouterr().out
    assert "arn:aws:iam::1:user/boris confirmed it" in shown
    assert "sapmatch decide" not in shown


@pytest.mark.parametrize(
    ("prefix", "told"),
    [("aaaa", "first 8 digits"), ("ffffffff", "is not known"), ("d" * 64, "is not known")],
)
def test_an_id_must_be_known(
    stage: Stage, prefix: str, told: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["exceptions", "show", prefix]) == 2
    assert told in capsys.readouterr().err


def test_a_short_id_of_two_documents_wants_more_digits(
    stage: Stage, capsys: pytest.CaptureFixture[str]
) -> None:
    stage.wait("a" * 63 + "0", "NO_CANDIDATE", None, hours=1)
    assert main(["exceptions", "show", "a" * 12]) == 2
    assert "2 documents begin so" in capsys.readouterr().err


def test_a_document_that_never_waited_is_shown_by_its_short_id_too(
    stage: Stage, capsys: pytest.CaptureFixture[str]
) -> None:
    """MA-P41: a mail about a duplicate names the earlier document so."""
    stage.reviews.stored.clear()
    matched = msgspec.structs.replace(
        stage.documents.records[PRICE], state="MATCHED", cause=None, intents=("i1",)
    )
    stage.documents.records[PRICE] = matched
    stage.intents.plan([INTENT])
    (found,) = rows(capsys, "show", "a" * 12)
    assert (found["state"], found["status"], found["actions"]) == ("MATCHED", None, [])
    assert main(["exceptions", "show", "a" * 12]) == 0
    shown = capsys.readouterr().out
    for word in ("MATCHED", "A_SupplierInvoice 5105600200/2026", "incoming/a.pdf", "2026-11-02"):
        assert word in shown
    assert "sapmatch decide" not in shown


def test_only_what_would_be_taken_is_offered_where_it_was_tried(
    stage: Stage, capsys: pytest.CaptureFixture[str]
) -> None:
    (told,) = stage.outbox.of(PRICE)
    key = decision_key(PRICE, 1)
    tried = msgspec.structs.replace(told, offers=("match 4500000099",), evidence=(key,))
    stage.outbox.records.clear()
    stage.outbox.store(tried)
    (found,) = rows(capsys, "show", PRICE)
    assert found["actions"] == ["match 4500000099", "match ORDER", "reject", "wait"]


def test_what_was_decided_shows_its_state_of_now_and_two_acts_in_one_line(
    stage: Stage, capsys: pytest.CaptureFixture[str]
) -> None:
    """RE-30"""
    review = stage.reviews.get(PRICE)
    assert review is not None
    confirmed = msgspec.structs.replace(
        PROPOSED,
        confirmed_by="nobody",
        confirmed_sap_user="BORIS",
        confirmed_at=PROPOSED.at + timedelta(hours=1),
        confirmed_reason="so do I",
    )
    stage.reviews.save(msgspec.structs.replace(review, status="decided", verdict=confirmed))
    record = stage.documents.records[PRICE]
    stage.documents.records[PRICE] = msgspec.structs.replace(record, state="MANUAL_MATCHED")
    assert main(["exceptions", "show", PRICE]) == 0
    shown = capsys.readouterr().out
    assert shown.startswith("aaaaaaaaaaaa: MANUAL_MATCHED")
    told = "ANNA: accept: agreed; 2026-11-02 10:30 UTC, BORIS confirmed it: so do I"
    assert told in " ".join(shown.split())
    assert shown.count("ANNA") == 1


def test_owner_and_remedy_of_what_could_not_be_read_are_those_that_were_mailed(
    stage: Stage, capsys: pytest.CaptureFixture[str]
) -> None:
    stage.wait("d" * 64, "REJECTED", None, hours=1)
    (sent,) = stage.outbox.of(PRICE)
    stage.outbox.store(
        msgspec.structs.replace(
            sent, document_id="d" * 64, state="REJECTED", remedy="Ask for a readable file."
        )
    )
    (found,) = rows(capsys, "show", "d" * 12)
    assert (found["owner"], found["remedy"]) == ("purchasing", "Ask for a readable file.")


def test_a_state_that_there_is_not_is_wrong_usage(
    stage: Stage, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["exceptions", "--state", "FOO"]) == 2
    assert "OUT_OF_TOLERANCE" in capsys.readouterr().err
