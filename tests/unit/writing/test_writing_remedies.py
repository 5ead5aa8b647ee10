"""Every record that is not in SAP says what a person can do about it, in one sentence."""

from datetime import timedelta
from typing import Any

import pytest

from sapmatch.model.intent import TERMINAL, Cause, IntentState
from sapmatch.writing.remedies import remedy
from sapmatch.writing.response_file import full_response
from tests.builders.memory import START
from tests.builders.writes import change_intent

LATER = START + timedelta(minutes=10)


def told(state: IntentState, **fields: Any) -> str:
    ended = START if state in TERMINAL else None
    return remedy(change_intent(state=state, ended_at=ended, **fields)) or ""


@pytest.mark.parametrize("cause", Cause)
def test_every_cause_has_one_sentence(cause: Cause) -> None:
    held = change_intent(state=IntentState.HELD, cause=cause)
    sentence = remedy(held)
    assert sentence
    assert sentence.endswith(".")
    assert "{" not in sentence
    assert full_response("1", held)["remedy"] == sentence


@pytest.mark.parametrize("state", [s for s in IntentState if s is not IntentState.HELD])
def test_every_state_has_one_where_there_is_something_left(state: IntentState) -> None:
    sentence = told(state, cause=None)
    assert bool(sentence) == (state is not IntentState.CONFIRMED)
    assert "{" not in sentence


@pytest.mark.parametrize(
    ("http_status", "said"),
    [
        (400, "Correct the record as SAP says"),
        (403, "authorisation granted"),
        (404, "correct the key"),
        (405, "another service"),
        (412, "look at it"),
        (None, "look at it"),  # by If-Match, without SAP's own words
        (422, "Correct the record as SAP says"),
        (423, "editing the record"),
        (501, "another service"),
    ],
)
def test_where_sap_refused_it_follows_from_how(http_status: int | None, said: str) -> None:
    assert said in told(IntentState.REJECTED, http_status=http_status)


def test_a_refused_record_is_written_again_by_its_file_or_by_a_replay() -> None:
    assert "sapmatch replay" in told(IntentState.REJECTED, http_status=400)


@pytest.mark.parametrize("cause", [Cause.SAP_DOWN, Cause.OUT_OF_HOURS, Cause.EARLIER])
def test_what_is_held_says_from_when_on_it_goes(cause: Cause) -> None:
    assert "2026-11-02 08:10 UTC" in told(IntentState.HELD, cause=cause, next_probe_at=LATER)


def test_what_a_person_holds_is_asked_for_again_released_or_not() -> None:
    """A replay is refused there, so it is not named."""
    sentence = told(IntentState.HELD, cause=Cause.OPERATOR, next_probe_at=LATER)
    assert "the first run after 2026-11-02 08:10 UTC asks again" in sentence
    assert "sapmatch hold s4 --release" in sentence
    assert "replay" not in sentence


def test_what_a_person_took_out_is_not_said_to_be_held() -> None:
    assert "took it out" in told(IntentState.VOID, cause=Cause.OPERATOR)


def test_what_waits_for_an_authorisation_is_not_said_to_need_nothing() -> None:
    sentence = told(IntentState.PLANNED, next_probe_at=LATER, http_status=403)
    assert "authorisation" in sentence
    assert "from 2026-11-02 08:10 UTC on" in sentence
    assert "Nothing to do" in told(IntentState.PLANNED, next_probe_at=LATER)
