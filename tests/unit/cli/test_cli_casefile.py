import json
from datetime import timedelta
from typing import Any

import msgspec
import pytest

from sapmatch.cli import main
from sapmatch.model.stored import decision_key
from tests.builders.waiting_stage import DECISION, INTENT, PRICE, PROPOSED, Stage


@pytest.fixture
def stage(monkeypatch: pytest.MonkeyPatch) -> Stage:
    built = Stage()
    monkeypatch.setattr("sapmatch.cli.exceptions.deployment", lambda _: built)
    return built


def rows(capsys: pytest.CaptureFixture[str], *words: str) -> list[dict[str, Any]]:
    assert main(["exceptions", *words, "--json"]) == 0
    return [json.loads(line) for line in capsys.readouterr().out.splitlines()]


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
