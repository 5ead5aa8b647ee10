"""A person decides: once, in time, within his limit, and by two where it is much."""

from datetime import timedelta
from decimal import Decimal
from unittest.mock import MagicMock

import pytest
from msgspec.structs import replace

from sapmatch.model.errors import InputRejected, PreconditionFailed, Throttled
from sapmatch.model.review import Action, Review, Reviewing, Verdict
from sapmatch.reviewing.asked import Asked
from sapmatch.reviewing.decide import REMARKS
from tests.builders.deciding import (
    ANNA,
    BORIS,
    CLARA,
    CLERK,
    DOCUMENT,
    SHORT,
    STRANGER,
    TAKEN,
    Office,
)
from tests.builders.memory import START


def refusal(office: Office, who: str, action: Action = "accept", order: str | None = None) -> str:
    """Why it is refused; nothing has changed and nobody was told."""
    before, told = office.review, list(office.resumed)
    with pytest.raises(InputRejected) as caught:
        office.says(who, action, order)
    assert office.review == before
    assert list(office.resumed) == told
    return str(caught.value)


def test_a_decision_says_who_when_and_why_and_the_workflow_goes_on() -> None:
    office = Office()
    answer = office.says(ANNA)
    assert (answer.outcome, answer.goes_on) == ("decided", True)
    verdict = office.review.verdict
    assert verdict == Verdict(
        action="accept", reason="accept is right", by=ANNA, at=START, sap_user="ANNA"
    )
    assert office.review.status == "decided"
    assert office.resumed == [("token", {"action": "decided"})]


@pytest.mark.parametrize("action", ["accept", "reject", "match", "wait"])
def test_who_is_not_among_the_people_may_not_decide(action: Action) -> None:
    told = refusal(Office(), STRANGER, action, "4500000012" if action == "match" else None)
    assert "stranger: may not decide" in told
    assert "[reviewing.people]" in told


def test_without_people_anybody_may_whom_aws_lets_call() -> None:
    office = Office(worth="99999", rules=Reviewing())
    assert office.says(STRANGER).outcome == "decided"
    assert office.review.verdict is not None
    assert office.review.verdict.sap_user is None


def test_a_limit_is_that_of_the_person_and_includes_itself() -> None:
    assert Office(worth="500").says(CLERK).outcome == "decided"
    assert "more than the 500" in refusal(Office(worth="500.01"), CLERK)


def test_what_posts_nothing_needs_no_limit() -> None:
    office = Office(worth=None)
    assert office.says(CLERK, "wait").outcome == "waiting"
    assert office.says(CLERK, "reject").outcome == "decided"


def test_without_a_rate_no_limit_can_be_checked_and_the_remedy_is_named() -> None:
    """MA-P33"""
    assert "[matching.exchange_rates]" in refusal(Office(worth=None), CLERK)
    assert Office(worth=None, rules=Reviewing()).says(STRANGER).outcome == "decided"


def test_from_an_amount_on_the_first_decision_is_a_proposal() -> None:
    office = Office(worth="1000")
    answer = office.says(ANNA)
    assert (answer.outcome, answer.goes_on) == ("proposed", False)
    assert (office.review.status, office.review.verdict) == ("open", None)
    assert office.review.proposed is not None
    assert office.review.said == (office.review.proposed,)
    assert office.resumed == []
    assert Office(worth="999.99").says(ANNA).outcome == "decided"


def test_a_second_person_confirms_and_both_stand_in_the_record() -> None:
    office = Office(worth="1000")
    office.says(ANNA)
    office.clock.sleep(60)
    answer = office.says(BORIS)
    assert answer.outcome == "decided"
    assert "BORIS confirmed it on 2026-11-02 08:01 UTC (accept is right)" in answer.message
    verdict = office.review.verdict
    assert verdict is not None
    assert (verdict.by, verdict.sap_user, verdict.at) == (ANNA, "ANNA", START)
    assert (verdict.confirmed_by, verdict.confirmed_sap_user) == (BORIS, "BORIS")
    assert verdict.confirmed_at == START + timedelta(seconds=60)
    assert verdict.confirmed_reason == "accept is right"
    assert [said.by for said in office.review.said] == [ANNA]
    assert office.resumed == [("token", {"action": "decided"})]


def test_the_same_person_twice_is_told_so() -> None:
    office = Office(worth="1000")
    office.says(ANNA)
    assert "you said so already" in refusal(office, ANNA)


def test_two_sessions_of_one_role_are_one_pair_of_eyes() -> None:
    """Who assumes a role may choose the name of the session."""
    office = Office(worth="1000", rules=Reviewing(four_eyes_from=Decimal(1)))
    office.says(CLERK)
    assert "you said so already" in refusal(office, CLARA)
    assert office.says(BORIS).outcome == "decided"


def test_what_the_second_person_says_must_be_the_same() -> None:
    office = Office(worth="1000")
    office.says(ANNA, "match", "4500000012")
    assert "ANNA chose order 4500000012" in refusal(office, BORIS)
    assert "confirm exactly that" in refusal(office, BORIS, "match", "4500000013")
    assert office.says(BORIS, "match", "4500000012").outcome == "decided"


def test_a_proposal_of_ones_own_may_be_replaced() -> None:
    office = Office(worth="1000")
    office.says(ANNA, "match", "4500000012")
    assert office.says(ANNA, "match", "4500000013").outcome == "proposed"
    assert office.review.proposed is not None
    assert office.review.proposed.order == "4500000013"
    assert len(office.review.said) == 2


def test_one_person_alone_rejects_a_proposal() -> None:
    office = Office(worth="1000")
    office.says(ANNA)
    office.says(BORIS, "reject")
    assert office.review.verdict is not None
    assert (office.review.verdict.action, office.review.verdict.confirmed_by) == ("reject", None)


def test_a_second_decision_is_told_who_decided_what_and_when() -> None:
    """RE-30"""
    office = Office()
    office.says(ANNA, "reject")
    told = refusal(office, BORIS)
    assert told == (
        f"document {SHORT}: ANNA rejected it on 2026-11-02 08:00 UTC (reject is right). "
        "Nothing was changed"
    )


def test_a_late_decision_is_told_until_when_it_waited_and_what_starts_it_again() -> None:
    """RE-30"""
    told = refusal(Office(status="expired"), ANNA)
    assert "waited until 2026-11-16" in told
    assert f"sapmatch replay {SHORT}" in told


@pytest.mark.parametrize("action", ["accept", "reject", "match", "wait"])
def test_a_decision_that_was_overtaken_changes_nothing(action: Action) -> None:
    order = "4500000012" if action == "match" else None
    closed = Office("MATCHED", status="closed")
    assert "is MATCHED now" in refusal(closed, ANNA, action, order)
    moved = Office()
    record = moved.documents.records[DOCUMENT]
    moved.documents.records[DOCUMENT] = replace(record, decision=2, state="NO_CANDIDATE")
    assert "is NO_CANDIDATE now" in refusal(moved, ANNA, action, order)


def test_what_was_not_seen_is_not_decided_on() -> None:
    office = Office(decision=2)
    asked = Asked(document=SHORT, action="accept", reason="as shown", decision=1)
    with pytest.raises(InputRejected, match="you saw decision 1, and 2 is the last"):
        office.desk.decide(asked, ANNA)
    assert office.desk.decide(replace(asked, decision=2), ANNA).outcome == "decided"


class Racing:
    """Reviews that somebody else changes between reading and saving."""

    def __init__(self, office: Office, *rivals: Review) -> None:
        self._inner, self._rivals = office.reviews, list(rivals)

    def get(self, document_id: str) -> Review | None:
        return self._inner.get(document_id)

    def find(self, prefix: str) -> tuple[str, ...]:
        return self._inner.find(prefix)

    def save(self, review: Review) -> Review:
        if self._rivals:
            now = self._inner.get(review.document_id)
            assert now is not None
            self._inner.save(replace(self._rivals.pop(0), version=now.version))
        return self._inner.save(review)


def test_of_two_at_the_same_moment_exactly_one_wins() -> None:
    """RE-17: the second one meets the version of the first."""
    office = Office()
    verdict = Verdict(action="reject", reason="is no invoice", by=BORIS, at=START, sap_user="BORIS")
    rival = replace(office.review, status="decided", verdict=verdict)
    office.desk._reviews = Racing(office, rival)  # type: ignore[assignment]
    with pytest.raises(InputRejected, match="BORIS rejected it"):
        office.says(ANNA)
    assert office.review.verdict == verdict
    assert office.resumed == []


def test_a_workflow_that_was_woken_in_the_same_moment_does_not_refuse_a_person() -> None:
    office = Office()
    office.desk._reviews = Racing(office, replace(office.review, token="newer"))  # type: ignore[assignment]
    assert office.says(ANNA).outcome == "decided"
    assert office.resumed == [("newer", {"action": "decided"})]


def test_somebody_who_is_overtaken_for_ever_is_asked_to_try_again(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    office = Office()
    monkeypatch.setattr(office.reviews, "save", MagicMock(side_effect=PreconditionFailed("moved")))
    assert "try it again" in refusal(office, ANNA)


def test_a_workflow_that_waits_no_more_is_named_with_what_starts_it() -> None:
    office = Office()
    office.waits.dead.add("token")
    answer = office.says(ANNA)
    assert (answer.outcome, answer.goes_on) == ("decided", False)
    assert f"sapmatch replay {SHORT}" in answer.message
    assert office.review.status == "decided"


def test_a_decision_stands_although_the_workflow_cannot_be_told(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    office = Office()
    monkeypatch.setattr(office.waits, "resume", MagicMock(side_effect=Throttled("fewer calls")))
    assert office.says(ANNA).goes_on is False
    assert office.review.status == "decided"


def test_a_workflow_that_does_not_wait_yet_finds_the_decision_by_itself() -> None:
    office = Office(token=None)
    assert office.says(ANNA).goes_on is True
    assert office.resumed == []


def test_to_wait_leaves_everything_open_and_keeps_the_reason() -> None:
    office = Office(worth="1000")
    office.says(ANNA)
    assert office.says(BORIS, "wait").outcome == "waiting"
    assert (office.review.status, office.review.verdict) == ("open", None)
    assert office.review.proposed is not None
    assert [said.action for said in office.review.said] == ["accept", "wait"]
    assert office.resumed == []


def test_remarks_are_bounded() -> None:
    remark = Verdict(action="wait", reason="not yet", by=ANNA, at=START)
    office = Office(said=(remark,) * REMARKS)
    assert "100 remarks" in refusal(office, ANNA, "wait")
    assert office.says(ANNA).outcome == "decided"


def test_what_could_not_be_posted_is_refused_before_it_is_decided() -> None:
    office = Office()
    office.impossible = "line 3 has no order item"
    assert refusal(office, ANNA) == "line 3 has no order item"
    assert [verdict.action for verdict in office.rehearsed] == ["accept"]
    assert office.says(ANNA, "reject").outcome == "decided"
    assert len(office.rehearsed) == 1


@pytest.mark.parametrize(
    ("state", "accept", "match"),
    [
        ("AMBIGUOUS", None, None),
        ("OUT_OF_TOLERANCE", None, None),
        ("WAITING_RECEIPT", None, None),
        ("SUSPECTED_DUPLICATE", None, None),
        ("NEEDS_REVIEW", None, "accept them, or reject"),
        ("NO_CANDIDATE", "name one with match ORDER", None),
        ("NOT_INVOICEABLE", "Once purchasing has mended it", None),
        ("INVALID", "ask the sender for a corrected one", "ask the sender for a corrected one"),
        ("DUPLICATE", "posted only once", "posted only once"),
        ("REJECTED", "readable file", "readable file"),
        ("READ_TIMED_OUT", "sapmatch replay", "sapmatch replay"),
        ("SUPERSEDED", "reject it, or leave it open", "reject it, or leave it open"),
    ],
)
def test_each_state_has_its_ends(state: str, accept: str | None, match: str | None) -> None:
    for action, order, told in (("accept", None, accept), ("match", "4500000012", match)):
        office = Office(state)
        if told is None:
            assert office.says(ANNA, action, order).outcome == "decided"  # type: ignore[arg-type]
        else:
            message = refusal(office, ANNA, action, order)  # type: ignore[arg-type]
            assert told in message
            assert state in message
    for action in ("reject", "wait"):
        assert Office(state).says(ANNA, action).document == DOCUMENT  # type: ignore[arg-type]


def test_short_ids_must_be_known_and_mean_one_document() -> None:
    office = Office()
    other = replace(office.review, document_id=SHORT + 52 * "1", version=0)
    office.reviews.save(other)
    for document, told in ((SHORT, "2 exceptions begin so"), ("ffffffff", "no exception has")):
        with pytest.raises(InputRejected, match=told):
            office.desk.decide(Asked(document=document, action="wait", reason="not yet"), ANNA)
    asked = Asked(document=DOCUMENT, action="wait", reason="not yet")
    assert office.desk.decide(asked, ANNA).document == DOCUMENT


def test_the_answer_tells_what_is_taken() -> None:
    assert Office().says(ANNA).taken == TAKEN
    two = Office(worth="5000")
    assert (two.says(ANNA).taken, two.says(BORIS).taken) == (TAKEN, TAKEN)


def test_the_second_person_means_the_same_order_in_spite_of_the_same() -> None:
    office = Office(worth="5000")
    office.says(ANNA, "match", "4500000099", other_supplier=True)
    assert "confirm exactly that" in refusal(office, BORIS, "match", "4500000099")
    assert office.says(BORIS, "match", "4500000099", other_supplier=True).outcome == "decided"
