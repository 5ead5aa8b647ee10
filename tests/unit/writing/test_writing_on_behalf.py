"""In whose name a match is written, and what becomes of it where SAP does not let them in."""

from datetime import timedelta
from typing import Any

import pytest
from msgspec.structs import replace

from sapmatch.model.errors import InputRejected, LogonReason, LogonRefused
from sapmatch.model.intent import DECIDER, Cause, Intent, IntentState
from sapmatch.model.match import ByHand
from sapmatch.writing.from_match import intents_for_match
from sapmatch.writing.plan import replayed
from sapmatch.writing.remedies import remedy
from tests.builders.matches import POLICY, decision, invoice, purchase_order
from tests.builders.memory import START
from tests.builders.memory_sap import MemorySap
from tests.builders.writes import INVOICE, INVOICES, Bulk, invoice_intent, invoices

DOCUMENT = "ab" * 32
ANNA = ByHand(sap_user="ANNA")
FLOW = replace(INVOICES, source="match", order_side="purchase_order", run_as="decider")


def planned(
    by_hand: ByHand | None = ANNA, *, asserts: bool = True, person: str = "", **flow: Any
) -> Intent:
    order, written = purchase_order(), replace(FLOW, **flow)
    ((intent, _),) = intents_for_match(
        invoice(),
        decision(by_hand=by_hand),
        document_id=DOCUMENT,
        orders={order.id: order},
        flows={"invoices": written},
        mappings={},
        policy=POLICY,
        connection="s4",
        client="100",
        now=START,
        asserts=asserts,
        person=person,
    )
    return intent


def refusal(*args: Any, **fields: Any) -> str:
    with pytest.raises(InputRejected) as caught:
        planned(*args, **fields)
    return str(caught.value)


def test_what_a_person_decided_is_written_in_their_name() -> None:
    assert planned().on_behalf_of == "ANNA"


def test_what_the_rules_matched_is_written_by_the_technical_user() -> None:
    assert planned(None).on_behalf_of is None


def test_without_run_as_everything_is_written_by_the_technical_user() -> None:
    assert planned(run_as="technical").on_behalf_of is None


def test_a_person_without_sap_user_is_refused_with_the_setting_to_add() -> None:
    told = refusal(ByHand(), person="arn:aws:iam::123456789012:role/clerks")
    assert '[reviewing.people."arn:aws:iam::123456789012:role/clerks"]' in told
    assert "adds sap_user" in told


def test_or_falls_back_where_the_settings_say_so_and_the_history_tells() -> None:
    intent = planned(ByHand(), without_sap_user="technical")
    assert intent.on_behalf_of is None
    assert "is written as the technical user" in intent.sap_messages[0]


def test_a_destination_needs_the_persons_own_token() -> None:
    """D6: without the user's JWT the destination service speaks for nobody."""
    assert "--now --user-token FILE" in refusal(asserts=False)


@pytest.mark.parametrize(("falls_back", "named"), [("refuse", DECIDER), ("technical", None)])
def test_what_is_written_at_once_is_left_to_the_person_for_a_while(
    falls_back: Any, named: str | None
) -> None:
    intent = planned(ByHand(now=True), asserts=False, without_sap_user=falls_back)
    assert (intent.state, intent.cause) == (IntentState.HELD, Cause.DECIDER)
    assert intent.next_probe_at == START + timedelta(minutes=10)
    assert intent.on_behalf_of == named


def test_a_token_that_would_not_be_used_is_refused() -> None:
    now = ByHand(sap_user="ANNA", now=True)
    assert "leave --now out" in refusal(now)
    assert "leave --now out" in refusal(now, asserts=False, run_as="technical")


class Doorkeeper(MemorySap):
    """A SAP that does not let one user in."""

    reason: LogonReason = "assertion"

    def prepare(self, service: str, on_behalf_of: str | None = None) -> None:
        if on_behalf_of == "LOCKED":
            raise LogonRefused(f"user {on_behalf_of} is locked in SU01", self.reason)


def bulk(reason: LogonReason) -> Bulk:
    users = ("ANNA", "LOCKED", None)
    work = [
        (replace(intent, on_behalf_of=user), payload)
        for (intent, payload), user in zip(invoices(3), users, strict=True)
    ]
    stage = Bulk(*work)
    stage.sap = Doorkeeper(stage.clock)
    stage.sap.reason = reason
    return stage


@pytest.mark.parametrize("reason", ["locked", "unmapped", "assertion", "user-token"])
@pytest.mark.parametrize("batch", [1, 10])
def test_a_person_whom_sap_does_not_let_in_stops_nobody_else(
    reason: LogonReason, batch: int
) -> None:
    stage = bulk(reason)
    after = stage.write(batch=batch)
    assert [intent.state for intent in after] == ["CONFIRMED", "REJECTED", "CONFIRMED"]
    assert after[1].cause is Cause.LOGON
    assert after[1].sap_messages == ("user LOCKED is locked in SU01",)
    assert "replay" in (remedy(after[1]) or "")
    assert {change.on_behalf_of for change in stage.sap.sent} == {"ANNA", None}


@pytest.mark.parametrize("reason", ["password", "token", "stopped", "certificate", "destination"])
def test_a_wrong_secret_stops_everybody_and_refuses_nothing(reason: LogonReason) -> None:
    """CO-T1: it holds for the connection, so nobody's write ends by it."""
    stage = bulk(reason)
    with pytest.raises(LogonRefused):
        stage.write()
    assert "REJECTED" not in stage.states


def test_a_technical_user_who_is_locked_refuses_nobodys_write(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """What is looked for is looked for by the technical user, whoever writes."""
    stage = Bulk((invoice_intent(on_behalf_of="ANNA"), INVOICE))

    def locked(_looks: object) -> None:
        raise LogonRefused("the technical user is locked", "locked")

    monkeypatch.setattr(stage.sap, "look", locked)
    with pytest.raises(LogonRefused):
        stage.write()
    assert stage.states == ["PLANNED"]


def test_a_refused_write_is_replayed_in_the_same_name() -> None:
    (refused,) = Bulk((invoice_intent(on_behalf_of="ANNA"), INVOICE)).work
    intent = replace(refused[0], state=IntentState.REJECTED)
    assert replayed(intent, b"{}")[0].on_behalf_of == "ANNA"
