"""The states of an intent: which may follow which, and what a person may do."""

from datetime import timedelta
from itertools import product

import pytest

from sapmatch.model.errors import InputRejected
from sapmatch.model.intent import TERMINAL, UNDECIDED, Cause, IntentState
from sapmatch.writing.protocol.arrows import (
    ARROWS,
    held,
    looked_again,
    moved,
    released,
    void,
)
from tests.builders.memory import START
from tests.builders.writes import invoice_intent

S = IntentState
LATER = START + timedelta(minutes=10)


def test_only_a_claimed_intent_is_ever_sent() -> None:
    """Rule (a): the arrow to SENT starts at a claim."""
    assert [state for state in S if S.SENT in ARROWS[state]] == [S.CLAIMED]


@pytest.mark.parametrize("state", sorted(UNDECIDED))
def test_from_what_may_have_happened_only_sap_leads_back_to_a_claim(state: IntentState) -> None:
    """Rule (b): SENT by a certain answer; UNKNOWN and RECONCILING never."""
    back = {S.CLAIMED, S.PLANNED} & ARROWS[state]
    assert back == ({S.CLAIMED, S.PLANNED} if state is S.SENT else set())


@pytest.mark.parametrize("state", sorted(TERMINAL))
def test_an_end_is_an_end(state: IntentState) -> None:
    assert ARROWS[state] == frozenset()


@pytest.mark.parametrize(("before", "after"), list(product(S, S)))
def test_an_arrow_that_is_not_drawn_is_refused(before: IntentState, after: IntentState) -> None:
    intent = invoice_intent(state=before, version=7)
    fields = {"ended_at": START} if after in TERMINAL else {}
    if after in ARROWS[before]:
        assert moved(intent, after, **fields).version == 8
    else:
        with pytest.raises(InputRejected, match=f"is {before} and cannot become {after}"):
            moved(intent, after, **fields)


def test_what_belongs_to_a_state_goes_with_it() -> None:
    intent = invoice_intent(
        state=S.SENT, owner="worker", lease_until=LATER, quiet_until=LATER, next_probe_at=LATER
    )
    unknown = moved(intent, S.UNKNOWN)
    assert (unknown.owner, unknown.lease_until, unknown.quiet_until) == (None, None, LATER)
    planned = moved(intent, S.PLANNED)
    assert (planned.quiet_until, planned.next_probe_at) == (None, None)


def test_a_held_intent_knows_why_and_until_when() -> None:
    intent = held(invoice_intent(), Cause.SAP_DOWN, LATER)
    assert (intent.state, intent.cause, intent.next_probe_at) == (S.HELD, Cause.SAP_DOWN, LATER)
    back = released(intent)
    assert (back.state, back.cause, back.next_probe_at) == (S.PLANNED, None, None)


@pytest.mark.parametrize("state", [S.PLANNED, S.CLAIMED, S.HELD, S.ABSENT, S.CONFLICTING])
def test_a_person_may_take_out_what_sap_does_not_hold_because_of_us(state: IntentState) -> None:
    intent = void(invoice_intent(state=state), START, "posted by hand")
    assert (intent.state, intent.cause, intent.ended_at) == (S.VOID, Cause.OPERATOR, START)
    assert intent.sap_messages == ("posted by hand",)


@pytest.mark.parametrize("state", sorted(UNDECIDED | TERMINAL))
def test_nobody_takes_out_what_sap_may_hold(state: IntentState) -> None:
    with pytest.raises(InputRejected):
        void(invoice_intent(state=state), START, "no")


def test_a_conflict_is_looked_at_once_more_when_a_person_asks_for_it() -> None:
    conflict = invoice_intent(state=S.CONFLICTING, cause=Cause.DIFFERENT, probes=2)
    again = looked_again(conflict)
    assert (again.state, again.probes, again.cause, again.quiet_until) == (S.UNKNOWN, 0, None, None)


def test_a_hidden_record_stays_hidden_for_another_look() -> None:
    """SAP's word that it exists still holds: it must not be sent again where it is not found."""
    conflict = invoice_intent(state=S.CONFLICTING, cause=Cause.HIDDEN)
    assert looked_again(conflict).cause is Cause.HIDDEN
