import json
from types import SimpleNamespace
from typing import Any

import pytest

from sapmatch.cli import main
from sapmatch.model.document import DocumentRecord
from sapmatch.model.review import Review
from tests.builders.memory import START, MemoryClock, MemoryDocuments, MemoryWorkflows
from tests.builders.memory_reviews import MemoryReviews, MemoryWaits

ID = "3f9a1c2b4d5e" + 52 * "0"


class Machines(MemoryWorkflows, MemoryWaits):
    """Starts workflows, and answers those that wait."""

    def __init__(self) -> None:
        MemoryWorkflows.__init__(self)
        MemoryWaits.__init__(self)


@pytest.fixture
def stage(monkeypatch: pytest.MonkeyPatch) -> SimpleNamespace:
    """A document whose review expired."""
    built = SimpleNamespace(
        documents=MemoryDocuments(),
        reviews=MemoryReviews(),
        workflows=Machines(),
        clock=MemoryClock(),
        invoice_matching="arn:machine",
    )
    document(built, "OUT_OF_TOLERANCE")
    review(built, status="expired")
    monkeypatch.setattr("sapmatch.cli.replay.deployment", lambda _: built)
    return built


def document(stage: SimpleNamespace, state: str, **more: Any) -> None:
    stage.documents.records[ID] = DocumentRecord(
        id=ID,
        bucket="b",
        key="k",
        version_id=None,
        size=1,
        received_at=START,
        state=state,
        **more,
    )


def review(stage: SimpleNamespace, **more: Any) -> None:
    stage.reviews.stored.clear()
    stage.reviews.save(Review(document_id=ID, state="OUT_OF_TOLERANCE", opened_at=START, **more))


def replayed(capsys: pytest.CaptureFixture[str], code: int = 0) -> dict[str, Any]:
    assert main(["replay", "3f9a1c2b4d5e", "--json"]) == code
    found: dict[str, Any] = json.loads(capsys.readouterr().out)
    return found


def test_a_document_that_expired_is_matched_anew_under_a_name_of_its_own(
    stage: SimpleNamespace, capsys: pytest.CaptureFixture[str]
) -> None:
    answer = replayed(capsys)
    name = "replay-3f9a1c2b4d5e-20261102T080000"
    assert (answer["outcome"], answer["execution"]) == ("started", name)
    assert stage.workflows.started == {name: {"document_id": ID}}


def test_a_workflow_that_waits_is_woken_and_no_second_one_is_started(
    stage: SimpleNamespace, capsys: pytest.CaptureFixture[str]
) -> None:
    review(stage, token="t")
    assert replayed(capsys)["outcome"] == "resumed"
    assert stage.workflows.resumed == [("t", {"action": "again"})]
    assert stage.workflows.started == {}


def test_a_decision_that_no_workflow_heard_of_is_carried_out(
    stage: SimpleNamespace, capsys: pytest.CaptureFixture[str]
) -> None:
    review(stage, status="decided", token="t")
    assert replayed(capsys)["outcome"] == "resumed"
    assert stage.workflows.resumed == [("t", {"action": "decided"})]
    assert replayed(capsys)["outcome"] == "started"


def test_a_token_that_is_dead_starts_a_new_workflow(
    stage: SimpleNamespace, capsys: pytest.CaptureFixture[str]
) -> None:
    review(stage, token="t")
    stage.workflows.dead.add("t")
    assert replayed(capsys)["outcome"] == "started"


@pytest.mark.parametrize(
    ("state", "more", "told"),
    [
        ("MATCHED", {}, "is MATCHED, and its writes are recorded"),
        ("OUT_OF_TOLERANCE", {"matched": True}, "its writes are recorded"),
        ("MANUAL_REJECTED", {}, "what a person decided stays"),
        ("SPLIT", {"parts": ("e" * 64,)}, "replay the one you mean"),
    ],
)
def test_what_is_settled_stays(
    stage: SimpleNamespace,
    state: str,
    more: dict[str, Any],
    told: str,
    capsys: pytest.CaptureFixture[str],
) -> None:
    document(stage, state, **more)
    answer = replayed(capsys, 3)
    assert answer["outcome"] == "refused"
    assert told in answer["message"]
    assert stage.workflows.started == {}
    assert main(["replay", ID]) == 3
    assert told in capsys.readouterr().err


@pytest.mark.parametrize("name", [ID, ID[:12]])
def test_a_document_whose_workflow_failed_before_any_review_is_found_too(
    stage: SimpleNamespace, name: str, capsys: pytest.CaptureFixture[str]
) -> None:
    stage.reviews.stored.clear()
    document(stage, "RECEIVED")
    assert main(["replay", name]) == 0
    assert "started replay-3f9a1c2b4d5e" in capsys.readouterr().out
