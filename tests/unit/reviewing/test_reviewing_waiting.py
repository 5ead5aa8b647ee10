"""Documents that wait: who waits is noted, what changed wakes them, and no wait is for ever."""

from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

import pytest
from msgspec.structs import replace

from sapmatch.model.document import DocumentRecord
from sapmatch.model.errors import PreconditionFailed
from sapmatch.model.ports import OrderScope
from sapmatch.model.review import Review, Verdict, Watched
from sapmatch.reviewing.waiting import MOST_TURNS, Wait, Waiting, Woken, expire
from tests.builders.memory import START, MemoryDocuments
from tests.builders.memory_reviews import MemoryReviews, MemoryWaits

ID = "a" * 64
SCOPE = OrderScope("s4", "100", "1010")
WATCHED = Watched(scope=SCOPE, orders={"4500000001": 3})
WITHIN = timedelta(days=14)
VERDICT = Verdict(action="accept", reason="Fits.", by="arn:aws:iam::1:user/jo", at=START)


def review(**fields: Any) -> Review:
    given = Review(
        document_id=ID,
        state="AMBIGUOUS",
        decision=1,
        opened_at=START,
        token="t0",
        execution="e0",
        watched=WATCHED,
        version=1,
    )
    return replace(given, **fields)


@dataclass
class Room:
    documents: MemoryDocuments = field(default_factory=MemoryDocuments)
    reviews: MemoryReviews = field(default_factory=MemoryReviews)
    waits: MemoryWaits = field(default_factory=MemoryWaits)
    restarted: list[str] = field(default_factory=list)
    moved: bool = False

    def arrive(self, **fields: Any) -> None:
        record = DocumentRecord(
            id=ID,
            bucket="b",
            key="incoming/a.xml",
            version_id="v1",
            size=1,
            received_at=START,
            state="AMBIGUOUS",
            decision=1,
        )
        self.documents.records[ID] = replace(record, **fields)

    @property
    def waiting(self) -> Waiting:
        return Waiting(
            reviews=self.reviews,
            waits=self.waits,
            changed=lambda _: self.moved,
            restart=lambda review: self.restarted.append(review.document_id),
            within=WITHIN,
        )

    def hold(self, after: timedelta = timedelta(0), **fields: Any) -> str | None:
        wait = replace(Wait(document_id=ID, token="t1", execution="e1"), **fields)
        return self.waiting.hold(wait, self.documents, START + after)

    def wake(
        self, after: str = "", days: int = 0, calls: int | None = None, lost: bool = False
    ) -> Woken:
        left = iter([False] * calls + [True] if calls is not None else [])
        return self.waiting.wake(
            after, START + timedelta(days=days), lambda: next(left, False), lost=lost
        )

    @property
    def stored(self) -> Review:
        found = self.reviews.get(ID)
        assert found is not None
        return found


@pytest.fixture
def room() -> Room:
    known = Room(reviews=MemoryReviews(review()))
    known.arrive()
    return known


def test_who_waits_is_noted_in_the_review_of_the_decision(room: Room) -> None:
    assert room.hold() is None
    assert (room.stored.token, room.stored.execution, room.stored.alerted) == ("t1", "e1", True)
    assert room.waits.resumed == []


def test_what_the_reading_left_to_a_person_gets_its_review_here(room: Room) -> None:
    room.arrive(state="NEEDS_REVIEW", decision=0, reason="NO_TOTAL")
    room.reviews.stored.clear()
    assert room.hold() is None
    found = room.stored
    assert (found.state, found.cause, found.decision) == ("NEEDS_REVIEW", "NO_TOTAL", 0)
    assert found.opened_at == START


def test_a_reading_that_did_not_end_waits_under_its_reason(room: Room) -> None:
    room.arrive(state="RECEIVED", decision=0)
    room.reviews.stored.clear()
    room.hold(reason="READ_TIMED_OUT")
    assert room.stored.state == "READ_TIMED_OUT"


def test_a_verdict_that_came_before_the_token_is_carried_out_at_once(room: Room) -> None:
    """RE-17: nobody else would tell this execution."""
    room.reviews = MemoryReviews(review(status="decided", verdict=VERDICT, token=None))
    assert room.hold() == "decided"
    assert room.waits.resumed == [("t1", {"action": "decided"})]
    assert room.stored.verdict == VERDICT


def test_a_verdict_about_an_earlier_decision_is_not_carried_out(room: Room) -> None:
    room.arrive(decision=2)
    room.reviews = MemoryReviews(review(status="decided", verdict=VERDICT))
    assert room.hold() is None
    assert (room.stored.status, room.stored.decision, room.stored.verdict) == ("open", 2, None)


def test_what_changed_since_the_decision_is_decided_again_at_once(room: Room) -> None:
    room.moved = True
    assert room.hold() == "again"
    assert room.waits.resumed == [("t1", {"action": "again"})]


def test_an_overtaken_note_is_made_again(room: Room) -> None:
    """A function that fails here would leave its execution to the time-out."""
    save, overtaken = room.reviews.save, [True, True]

    def contended(review: Review) -> Review:
        if overtaken:
            overtaken.pop()
            raise PreconditionFailed("review")
        return save(review)

    room.reviews.save = contended  # type: ignore[method-assign]
    assert room.hold() is None
    assert room.stored.token == "t1"


def test_only_what_changed_is_woken(room: Room) -> None:
    assert room.wake() == Woken(done=True, after=f"{START.isoformat()} {ID}")
    room.moved = True
    assert room.wake().count == 1
    assert room.waits.resumed == [("t0", {"action": "again"})]


def test_a_document_is_woken_once_however_many_try(room: Room) -> None:
    """The next decision leaves anew what it watches."""
    room.moved = True
    room.wake()
    assert room.wake().count == 0
    assert (room.restarted, len(room.waits.resumed)) == ([], 1)


def test_of_two_that_wake_at_the_same_moment_one_does(room: Room) -> None:
    room.moved = True
    stale = room.stored
    room.reviews.save(stale)
    room.reviews.get = lambda document_id: stale  # type: ignore[method-assign]
    assert room.wake().count == 0
    assert room.waits.resumed == []


def test_where_nobody_waits_any_more_the_workflow_is_started_anew(room: Room) -> None:
    room.moved = True
    room.waits.dead.add("t0")
    assert room.wake().count == 1
    assert room.restarted == [ID]


def test_what_is_on_its_way_to_wait_is_left_alone(room: Room) -> None:
    """It looks for changes itself, once it waits."""
    room.moved = True
    room.reviews = MemoryReviews(review(token=None))
    assert room.wake().count == 0


def test_what_was_claimed_and_never_woken_is_found_at_night(room: Room) -> None:
    """RE-28: a function died between its two steps."""
    room.reviews = MemoryReviews(review(watched=None))
    assert room.wake().count == 0
    assert room.wake(lost=True).count == 1


def test_what_lost_its_execution_before_it_waited_is_taken_up_at_night(room: Room) -> None:
    """RE-12: its mail could not be sent, say, and no token was ever noted."""
    room.reviews = MemoryReviews(review(token=None))
    assert room.wake(lost=True).count == 1
    assert room.restarted == [ID]


def test_a_decision_of_which_no_workflow_was_told_is_carried_out_later(room: Room) -> None:
    """RE-12: Step Functions did not answer, or the function ended between its two steps."""
    room.reviews = MemoryReviews(review(status="decided", verdict=VERDICT))
    assert room.wake().count == 0  # it may be on its way
    assert room.wake(days=1).count == 1
    assert room.waits.resumed == [("t0", {"action": "decided"})]


def test_a_decision_whose_execution_is_gone_is_carried_out_by_another_one(room: Room) -> None:
    room.reviews = MemoryReviews(review(status="decided", verdict=VERDICT, token=None))
    assert room.wake(days=1).count == 1
    assert room.restarted == [ID]


def test_a_decision_that_was_carried_out_wakes_nobody(room: Room) -> None:
    room.reviews = MemoryReviews(review(status="decided", verdict=VERDICT, settled=True))
    assert room.wake(days=1, lost=True).count == 0


def test_an_execution_that_waited_very_often_hands_over_to_a_new_one(room: Room) -> None:
    """A history takes 25,000 events, and the end of an execution would be nobody's decision."""
    room.reviews = MemoryReviews(review(turns=MOST_TURNS))
    room.moved = True
    assert room.wake().count == 1
    assert room.restarted == [ID]
    assert room.waits.resumed == [("t0", {"action": "over"})]


def test_an_execution_that_comes_late_opens_no_review_of_a_settled_document(room: Room) -> None:
    """RE-17: two executions of one document; what is posted waits for nobody."""
    ended = ({"state": "MATCHED", "matched": True}, {"state": "MANUAL_REJECTED"})
    for fields in (*ended, {"state": "SUPERSEDED"}):
        room.reviews = MemoryReviews(review(status="closed"))
        room.arrive(decision=2, **fields)
        assert room.hold() == "decided"
        assert room.stored.status == "closed"
        room.waits.dead.clear()
    assert room.waits.resumed == 3 * [("t1", {"action": "decided"})]


def test_a_reading_that_ended_otherwise_the_second_time_waits_for_what_it_is_now(
    room: Room,
) -> None:
    """Else nobody could accept what was read at last."""
    room.arrive(state="NEEDS_REVIEW", decision=0)
    room.reviews = MemoryReviews(review(state="READ_TIMED_OUT", decision=0, watched=None))
    room.hold()
    assert (room.stored.state, room.stored.token) == ("NEEDS_REVIEW", "t1")


def test_what_waits_for_a_person_alone_is_not_woken_at_night(room: Room) -> None:
    room.reviews = MemoryReviews(review(watched=None, decision=0, state="NEEDS_REVIEW"))
    assert room.wake(lost=True).count == 0


def test_however_often_a_document_is_woken_its_time_ends(room: Room) -> None:
    """Each waiting has its own time-out; the time since the review began counts."""
    assert room.wake(days=13).count == 0
    assert room.wake(days=14).count == 1
    assert room.waits.resumed == [("t0", {"action": "expired"})]


def test_a_wait_that_begins_too_late_ends_at_once(room: Room) -> None:
    assert room.hold(after=WITHIN) == "expired"


def test_a_call_that_runs_out_of_time_is_followed_by_one_that_goes_on(room: Room) -> None:
    later = review(document_id="b" * 64, opened_at=START + timedelta(days=1), token="t2")
    room.reviews = MemoryReviews(review(), later)
    room.moved = True
    first = room.wake(calls=1)
    assert (first.done, first.count) == (False, 1)
    assert room.wake(first.after) == Woken(
        done=True, after=f"{later.opened_at.isoformat()} {later.document_id}", count=1
    )
    assert [token for token, _ in room.waits.resumed] == ["t0", "t2"]


def test_a_wait_that_lasted_too_long_expires(room: Room) -> None:
    assert expire(ID, "e0", room.reviews, START) == "expired"
    assert (room.stored.status, room.stored.token) == ("expired", None)


def test_an_expiry_whose_answer_was_lost_is_answered_alike() -> None:
    """RE-12, RE-28: the last mail follows the answer."""
    room = Room(reviews=MemoryReviews(review()))
    assert [expire(ID, "e0", room.reviews, START) for _ in "12"] == ["expired", "expired"]
    assert room.stored.version == 2


def test_an_overdue_receipt_whose_answer_was_lost_is_told_and_not_expired() -> None:
    """RE-12"""
    room = Room(reviews=MemoryReviews(review(state="WAITING_RECEIPT")))
    assert [expire(ID, "e0", room.reviews, START) for _ in "12"] == ["alert", "alert"]
    assert room.stored.status == "open"


def test_a_decision_at_the_last_moment_wins(room: Room) -> None:
    """RE-17"""
    room.reviews = MemoryReviews(review(status="decided", verdict=VERDICT))
    assert expire(ID, "e0", room.reviews, START) == "decided"
    assert room.stored.verdict == VERDICT


def test_a_decision_at_the_very_moment_stops_the_expiry(room: Room) -> None:
    """RE-18: the state machine tries again, and finds it."""
    stale = room.stored
    room.reviews.save(replace(stale, status="decided", verdict=VERDICT))
    room.reviews.get = lambda document_id: stale  # type: ignore[method-assign]
    with pytest.raises(PreconditionFailed):
        expire(ID, "e0", room.reviews, START)


def test_an_execution_expires_no_wait_of_another_one(room: Room) -> None:
    assert expire(ID, "e9", room.reviews, START) == "over"
    assert room.stored.status == "open"
    assert expire("b" * 64, "e0", room.reviews, START) == "over"


def test_an_overdue_receipt_is_told_first_and_expires_the_next_time(room: Room) -> None:
    """MA-P23"""
    room.reviews = MemoryReviews(review(state="WAITING_RECEIPT"))
    later = START + WITHIN
    assert expire(ID, "e0", room.reviews, later) == "alert"
    assert (room.stored.alerted, room.stored.opened_at) == (True, later)
    room.arrive(state="WAITING_RECEIPT")
    assert room.hold(after=WITHIN) is None
    assert expire(ID, "e1", room.reviews, later + WITHIN) == "expired"
