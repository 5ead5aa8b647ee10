"""What is tried again, for how long, and what is given up: only where nothing can be in SAP."""

from datetime import timedelta

import pytest

from sapmatch.model.errors import RecordLocked, SapRejected, SapUnavailable
from sapmatch.model.intent import IntentState
from sapmatch.writing.protocol.answers import LOCKED_SENDS
from tests.builders.memory_sap import fails
from tests.builders.writes import CHANGE, Stage, change_intent

S = IntentState
REFUSED_LOOK = SapRejected("SY/530", "no such field", http_status=400)
LOCKED = fails(RecordLocked("s4: somebody is editing the record in SAP"))
DOWN = fails(SapUnavailable("HTTP 503"))


@pytest.fixture
def stage() -> Stage:
    stage = Stage(change_intent(), CHANGE)
    stage.sap.seed("A_SalesOrder", SalesOrder="1000045", AssignmentReference="old")
    return stage


def again(stage: Stage) -> None:
    """The next try, at its time."""
    due = stage.intent.next_probe_at
    assert due is not None
    stage.clock.sleep((due - stage.clock.now()).total_seconds())
    stage.write()


def test_a_look_that_sap_refuses_ends_what_was_never_sent(stage: Stage) -> None:
    stage.sap.reads = [REFUSED_LOOK]
    after = stage.write()
    assert (after.state, after.http_status, after.first_sent) == (S.REJECTED, 400, None)


def test_a_look_that_sap_refuses_says_nothing_about_what_was_sent_before(stage: Stage) -> None:
    """REJECTED would say that it is not in SAP."""
    stage.sap.behaviours = [DOWN]
    stage.write()
    waits = []
    for _ in range(12):
        stage.sap.reads = [REFUSED_LOOK]
        again(stage)
        after = stage.intent
        assert (after.state, after.http_status) == (S.PLANNED, 400)
        assert "no such field" in after.sap_messages[0]
        assert after.next_probe_at
        waits.append(after.next_probe_at - stage.clock.now())
    assert max(waits) == timedelta(minutes=10)
    again(stage)
    assert stage.intent.state is S.CONFIRMED


def test_a_record_that_stays_locked_is_given_back_to_people(stage: Stage) -> None:
    """OD-P87: after some ten minutes, with what SAP said of it."""
    begun = stage.clock.now()
    stage.sap.behaviours = [LOCKED] * LOCKED_SENDS
    stage.write()
    while stage.intent.state is S.PLANNED:
        again(stage)
    after = stage.intent
    assert (after.state, after.attempts, after.http_status) == (S.REJECTED, LOCKED_SENDS, 423)
    assert "editing the record" in after.sap_messages[1]
    assert timedelta(minutes=5) < stage.clock.now() - begun < timedelta(minutes=15)


def test_a_lock_that_is_let_go_in_time_does_no_harm(stage: Stage) -> None:
    stage.sap.behaviours = [LOCKED] * (LOCKED_SENDS - 1)
    stage.write()
    while stage.intent.state is S.PLANNED:
        again(stage)
    assert stage.intent.state is S.CONFIRMED


def test_a_lock_is_no_end_where_an_earlier_send_was_found_absent(stage: Stage) -> None:
    """RE-22: a SAP slower than its quiet time may still execute that one."""
    stage = Stage(change_intent(attempts=LOCKED_SENDS, absences=1), CHANGE)
    stage.sap.seed("A_SalesOrder", SalesOrder="1000045", AssignmentReference="old")
    stage.sap.behaviours = [LOCKED]
    assert stage.write().state is S.PLANNED


def test_attempts_are_the_sends_and_claims_the_tries(stage: Stage) -> None:
    stage.sap.reads = [SapUnavailable("HTTP 503")]
    after = stage.write()
    assert (after.claims, after.attempts, after.first_sent) == (1, 0, None)
    stage.sap.behaviours = [DOWN]
    again(stage)
    again(stage)
    after = stage.intent
    assert (after.state, after.claims, after.attempts) == (S.CONFIRMED, 3, 2)


def test_the_first_send_is_dated_as_the_send_itself(stage: Stage) -> None:
    ticks = iter(range(1_000))
    now = stage.clock.now
    stage.clock.now = lambda: now() + timedelta(microseconds=next(ticks))  # type: ignore[method-assign]
    after = stage.write()
    assert after.sent_at is not None
    assert after.first_sent == after.sent_at
