import json
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import msgspec
import pytest

from sapmatch.cli import main
from sapmatch.model.document import DocumentRecord, ExceptionRecord
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


class Stage:
    """Three documents that wait: told, not told yet, and one that nobody decided on."""

    def __init__(self) -> None:
        self.clock = MemoryClock(START + timedelta(days=3))
        self.objects, self.documents = MemoryObjects(), MemoryDocuments()
        self.outbox, self.reviews = MemoryOutbox(), MemoryReviews()
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
    assert found["actions"] == ["accept", "match", "reject", "wait"]


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
    confirmed = msgspec.structs.replace(PROPOSED, confirmed_by="arn:aws:iam::1:user/boris")
    ended = msgspec.structs.replace(review, status="decided", verdict=confirmed)
    # Carried out: the same end is kept twice, and shown once.
    stage.reviews.save(msgspec.structs.replace(stage.reviews.save(ended), settled=True))
    (found,) = rows(capsys, "show", PRICE)
    assert [event["said"]["confirmed_by"] for event in found["history"][1:]] == [
        None,
        "arn:aws:iam::1:user/boris",
    ]
    assert main(["exceptions", "show", PRICE]) == 0
    shown = capsys.readouterr().out
    assert "confirmed by arn:aws:iam::1:user/boris" in shown
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


def test_a_document_that_was_never_an_exception_is_told_so(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    built = Stage()
    built.reviews.stored.clear()
    monkeypatch.setattr("sapmatch.cli.exceptions.deployment", lambda _: built)
    assert main(["exceptions", "show", PRICE]) == 2
    assert "has never been an exception" in capsys.readouterr().err
