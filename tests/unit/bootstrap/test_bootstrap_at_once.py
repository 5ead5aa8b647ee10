"""What a person decided, written by themselves: once it is recorded, and by nobody else's token."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from types import SimpleNamespace
from typing import Any
from unittest.mock import MagicMock

import pytest
from msgspec.structs import replace

from sapmatch.bootstrap import at_once
from sapmatch.bootstrap.at_once import digest, write_decision, write_now
from sapmatch.model.document import DocumentRecord
from sapmatch.model.errors import InputRejected, LogonRefused, SapmatchError, SapUnavailable
from sapmatch.model.intent import DECIDER, Cause, IntentState
from sapmatch.model.review import Review, Verdict
from sapmatch.writing.desk import Desk
from sapmatch.writing.identity import encoded
from tests.builders.memory import START, MemoryClock, MemoryDocuments, MemoryObjects
from tests.builders.memory_intents import MemoryIntents
from tests.builders.memory_reviews import MemoryReviews
from tests.builders.memory_sap import MemorySap, answer_lost
from tests.builders.writes import INVOICE, INVOICES, RULES, invoice_intent

DOCUMENT = "3f" * 32
TOKEN = "head.claims.signature"
UNTIL = START + timedelta(minutes=2)


class Parts(SimpleNamespace):
    """A stage in memory, where one document was decided with a token."""

    def __init__(self) -> None:
        clock = MemoryClock()
        super().__init__(
            clock=clock,
            reviews=MemoryReviews(),
            documents=MemoryDocuments(),
            intents=MemoryIntents(),
            objects=MemoryObjects(),
            exceptions=MagicMock(),
            sap=MemorySap(clock),
            refusal=None,
            tokens=[],
        )
        verdict = Verdict(
            action="accept", reason="agreed", by="arn", at=START, token_sha256=digest(TOKEN)
        )
        self.reviews.save(
            Review(
                document_id=DOCUMENT,
                state="OUT_OF_TOLERANCE",
                opened_at=START,
                status="decided",
                verdict=verdict,
            )
        )
        self.documents.records[DOCUMENT] = DocumentRecord(
            id=DOCUMENT, bucket="b", key="k", version_id="v", size=1, received_at=START
        )

    def flow(self, _name: str) -> Any:
        return INVOICES

    def record(self) -> None:
        """What the workflow does once it goes on."""
        intent = invoice_intent(
            state=IntentState.HELD,
            cause=Cause.DECIDER,
            next_probe_at=START + timedelta(minutes=10),
            on_behalf_of=DECIDER,
            document_id=DOCUMENT,
            record=DOCUMENT,
        )
        self.objects.write(intent.payload_key, encoded(INVOICE))
        self.intents.plan([intent])
        record = self.documents.records[DOCUMENT]
        matched = replace(record, matched=True, intents=(intent.id,))
        self.documents.records[DOCUMENT] = matched

    @property
    def intent(self) -> Any:
        (found,) = self.intents.stored.values()
        return found


@pytest.fixture
def parts(monkeypatch: pytest.MonkeyPatch) -> Parts:
    stage = Parts()

    @contextmanager
    def desk(_parts: Any, _flow: Any, owner: str, *, token: str, **_: Any) -> Iterator[Desk]:
        stage.tokens.append(token)
        if stage.refusal:
            raise stage.refusal
        yield Desk(
            sap=stage.sap, intents=stage.intents, clock=stage.clock, rules=RULES, owner=owner
        )

    monkeypatch.setattr(at_once, "writing_desk", desk)
    return stage


def written(parts: Parts, token: str = TOKEN) -> dict[str, str]:
    event = {"document_id": DOCUMENT, "token": token}
    return write_decision(parts, event, "request-1", UNTIL)  # type: ignore[arg-type]


def test_it_is_written_with_the_token_and_the_document_is_named(parts: Parts) -> None:
    parts.record()
    answer = written(parts)
    assert answer == {
        "outcome": "written",
        "message": "A_SupplierInvoice 5105600000/5105600000 written to SAP",
    }
    assert parts.tokens == [TOKEN]
    assert parts.intent.state is IntentState.CONFIRMED
    assert TOKEN not in repr(parts.intents.history) + repr(parts.objects.versions)


def test_a_second_call_writes_nothing_twice(parts: Parts) -> None:
    parts.record()
    written(parts)
    assert written(parts)["outcome"] == "written"
    assert parts.sap.posts == 1


def test_it_is_a_run_with_an_update_file_and_responses(parts: Parts) -> None:
    parts.record()
    written(parts)
    keys = sorted(parts.objects.versions)
    assert any(key.startswith("updates/invoices/runs/now-3f3f3f3f3f3f") for key in keys)
    assert any(key.startswith("responses/invoices/now-3f3f3f3f3f3f") for key in keys)
    assert parts.exceptions.about_run.call_args.kwargs == {"at_once": False}


def test_another_token_than_the_one_that_was_signed_is_refused(parts: Parts) -> None:
    """Whoever may call the function writes nobody else's decision as himself."""
    parts.record()
    with pytest.raises(LogonRefused, match="was not decided with this token") as caught:
        written(parts, "another.persons.token")
    assert "another" not in str(caught.value)
    assert not parts.sap.calls


def test_what_nobody_decided_is_refused(parts: Parts) -> None:
    review = parts.reviews.get(DOCUMENT)
    parts.reviews.save(replace(review, status="open", verdict=None))
    with pytest.raises(InputRejected, match="nobody decided"):
        written(parts)


def test_the_workflow_is_waited_for_and_then_asked_again(parts: Parts) -> None:
    began = parts.clock.now()
    assert written(parts)["outcome"] == "waiting"
    assert timedelta(seconds=20) <= parts.clock.now() - began < timedelta(seconds=25)
    parts.record()
    assert written(parts)["outcome"] == "written"


def test_saps_refusal_is_told_in_its_words(parts: Parts) -> None:
    parts.record()
    parts.refusal = LogonRefused("the issuer of the token is not trusted", "user-token")
    answer = written(parts)
    assert answer["outcome"] == "later"
    assert answer["message"].endswith("the issuer of the token is not trusted")


def test_a_person_whom_sap_does_not_let_in_is_told_so(
    parts: Parts, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(_service: str, _on_behalf_of: str | None = None) -> None:
        raise LogonRefused("no user of SAP belongs to it", "unmapped")

    parts.record()
    monkeypatch.setattr(parts.sap, "prepare", refuse)
    answer = written(parts)
    assert answer["outcome"] == "refused"
    assert "no user of SAP belongs to it" in answer["message"]
    assert parts.intent.cause is Cause.LOGON


@pytest.mark.parametrize(
    ("behaviour", "told"),
    [(answer_lost, "enter nothing"), (SapUnavailable("SAP is down"), "nobody but you can write")],
)
def test_what_is_not_at_its_end_is_left_to_the_schedule(
    parts: Parts, monkeypatch: pytest.MonkeyPatch, behaviour: Any, told: str
) -> None:
    parts.record()
    if isinstance(behaviour, SapmatchError):
        monkeypatch.setattr(parts.sap, "look", MagicMock(side_effect=behaviour))
    else:
        parts.sap.behaviours = [behaviour]
    answer = written(parts)
    assert answer["outcome"] == "later"
    assert told in answer["message"]


@pytest.mark.parametrize(("waits", "outcome"), [(2, "written"), (1_000, "later")])
def test_the_command_asks_again_for_three_minutes(
    monkeypatch: pytest.MonkeyPatch, waits: int, outcome: str
) -> None:
    clock, calls = MemoryClock(), []

    def call(_client: Any, name: str, event: Any) -> dict[str, str]:
        clock.sleep(20)
        calls.append((name, event))
        return {"outcome": "waiting" if len(calls) <= waits else "written", "message": "m"}

    monkeypatch.setattr("sapmatch.aws.clients.client", MagicMock())
    monkeypatch.setattr("sapmatch.aws.functions.call", call)
    assert write_now("test", DOCUMENT, TOKEN, clock)["outcome"] == outcome
    assert calls[0] == (
        "sapmatch-test-write-decision",
        {"document_id": DOCUMENT, "token": TOKEN},
    )
    assert len(calls) == min(waits + 1, 9)
