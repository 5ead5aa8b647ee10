"""The judge of histories: it passes what the protocol writes, and finds every kind of breach."""

from datetime import timedelta
from itertools import product
from typing import Any

import pytest
from msgspec.structs import replace

from sapmatch.model.intent import TERMINAL, Intent, IntentState
from sapmatch.writing.history import check_history
from sapmatch.writing.protocol.arrows import ARROWS
from tests.builders.memory import START
from tests.builders.memory_sap import answer_lost, request_lost
from tests.builders.writes import INVOICE, Stage, invoice_intent

S = IntentState


@pytest.fixture(scope="module")
def sent_again() -> list[Intent]:
    """An invoice whose first request never reached SAP: looked for twice, then sent once more."""
    first = invoice_intent()
    stage = Stage(first, INVOICE)
    stage.sap.behaviours = [request_lost, answer_lost]
    stage.write()
    while stage.intent.state is not S.PLANNED:
        stage.look_after(700)
    stage.write()
    stage.look_after(700)
    return [first, *stage.intents.history]


def with_one(versions: list[Intent], state: IntentState, **fields: Any) -> list[Intent]:
    """The last version in the state with other fields."""
    n = max(n for n, intent in enumerate(versions) if intent.state is state)
    return [*versions[:n], replace(versions[n], **fields), *versions[n + 1 :]]


def test_what_the_protocol_writes_is_lawful(sent_again: list[Intent]) -> None:
    states = [intent.state for intent in sent_again]
    assert (states.count(S.SENT), S.ABSENT in states, states[-1]) == (2, True, S.CONFIRMED)
    assert check_history(sent_again) == []
    assert check_history([*reversed(sent_again), sent_again[3]]) == []
    assert check_history([]) == []


@pytest.mark.parametrize(("before", "after"), list(product(S, S)))
def test_an_arrow_that_is_not_drawn_is_found(before: IntentState, after: IntentState) -> None:
    """RE-22: above all one that sends what may have been sent."""
    versions = [invoice_intent(state=state, version=n) for n, state in enumerate((before, after))]
    told = any("no arrow" in problem for problem in check_history(versions))
    assert told == (after not in ARROWS[before])


def test_a_version_that_is_missing_or_there_twice_is_named(sent_again: list[Intent]) -> None:
    """RE-33: a restored table counts the same versions again."""
    assert check_history(sent_again[1:]) == ["version 0 is missing"]
    assert "version 3 is missing" in check_history(sent_again[:3] + sent_again[4:])
    twice = [*sent_again, replace(sent_again[1], owner="another")]
    assert "version 1 is there twice (CLAIMED, CLAIMED)" in check_history(twice)


BREACHES = [
    (S.SENT, {"request_id": None}, "was not written ahead in full"),
    (S.SENT, {"quiet_until": None}, "was not written ahead in full"),
    (S.SENT, {"owner": "zombie"}, "zombie sent what worker had claimed"),
    (S.SENT, {"sent_at": START + timedelta(seconds=60)}, "sent again before"),
    (S.CLAIMED, {"lease_until": None}, "no end of the lease"),
    (S.ABSENT, {"probes": 1}, "was looked for 1 times only"),
    (S.CONFIRMED, {"ended_at": None}, "its end is dated where it has none"),
    (S.UNKNOWN, {"ended_at": START}, "its end is dated where it has none"),
    (S.UNKNOWN, {"payload_sha256": "other"}, "payload_sha256 changed"),
    (S.UNKNOWN, {"attempts": 0}, "attempts fell"),
    (S.UNKNOWN, {"request_id": "other"}, "the request id changed"),
]


@pytest.mark.parametrize(("state", "fields", "told"), BREACHES)
def test_every_breach_of_the_protocol_is_told(
    sent_again: list[Intent], state: IntentState, fields: dict[str, Any], told: str
) -> None:
    """RE-12, RE-22, RE-27"""
    problems = check_history(with_one(sent_again, state, **fields))
    assert any(told in problem for problem in problems), problems


def test_only_what_ended_says_when(sent_again: list[Intent]) -> None:
    assert {i.state for i in sent_again if i.ended_at} <= TERMINAL
