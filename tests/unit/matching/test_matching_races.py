"""Two at work on one document: no decision of a person is lost, none is carried out twice."""

from unittest.mock import MagicMock

import msgspec
import pytest
from msgspec.structs import replace

from sapmatch.matching import stored
from sapmatch.model.errors import InputRejected, PreconditionFailed
from sapmatch.model.match import State
from sapmatch.model.review import Verdict
from sapmatch.model.stored import decision_key
from tests.builders.memory import START
from tests.builders.read_desk import INVOICE, ORDER, ReadDesk
from tests.builders.verdicts import decide, review

EXPECTED = replace(ORDER, items=(replace(ORDER.items[0], receipt_expected=True),))


@pytest.fixture
def desk() -> ReadDesk:
    return ReadDesk().with_order(EXPECTED)


def test_a_verdict_that_comes_while_it_is_decided_anew_counts(desk: ReadDesk) -> None:
    """RE-17: the review is changed before the record, or the decision of the person were lost."""
    document = desk.arrive("a")
    desk.match(document)
    cheaper = replace(ORDER.items[0], net_price=ORDER.items[0].net_price / 2)
    desk.with_order(replace(ORDER, items=(cheaper,)))
    stale, get = review(desk, document), desk.reviews.get
    decide(desk, document, "reject")
    desk.reviews.get = lambda document_id: stale  # type: ignore[method-assign]
    with pytest.raises(PreconditionFailed):
        desk.match(document)
    assert desk.documents.get(document).decision == 1
    desk.reviews.get = get  # type: ignore[method-assign]
    assert desk.match(document)[1].state is State.MANUAL_REJECTED


def test_what_was_carried_out_is_settled_however_often_it_is_asked_for(desk: ReadDesk) -> None:
    """RE-12: nothing is left to be found and started again."""
    for name, action in (("a", "reject"), ("b", "accept")):
        document = desk.arrive(name, replace(INVOICE, number=f"R-{name}"))
        desk.match(document)
        decide(desk, document, action)
        if desk.match(document)[1].posts:
            assert list(desk.reviews.unfinished()) == [review(desk, document)]
            desk.record(document)
        assert review(desk, document).settled
        desk.reviews.stored[document] = replace(review(desk, document), settled=False)
        desk.match(document)
        assert list(desk.reviews.unfinished()) == []
        assert len(desk.reviews.history(document)) == 1


def test_a_decision_that_cannot_be_carried_out_any_more_goes_back_to_people(
    desk: ReadDesk,
) -> None:
    """With the reason in words; else nobody could end it: it would fail whenever it is tried."""
    document = desk.arrive("a")
    desk.match(document)
    decide(desk, document, "match", order="4500000099")
    number, decision = desk.match(document)
    assert (number, decision.state, decision.cause) == (2, State.NOT_INVOICEABLE, "NOT_POSTABLE")
    assert "order 4500000099: is no open order" in decision.explanation[0]
    found = review(desk, document)
    assert (found.status, found.verdict, found.decision) == ("open", None, 2)
    assert [one.verdict is not None for one in desk.reviews.history(document)] == [True]
    assert desk.match(document)[1].state is State.WAITING_RECEIPT


def test_a_decision_that_cannot_be_recorded_is_open_again(desk: ReadDesk) -> None:
    document = desk.arrive("a")
    desk.match(document)
    decide(desk, document, "accept")
    desk.match(document)
    desk.documents.record_match = MagicMock(side_effect=InputRejected("number"))  # type: ignore[method-assign]
    with pytest.raises(InputRejected):
        desk.record(document)
    assert review(desk, document).status == "open"


def test_what_another_execution_decided_is_never_posted_in_place_of_a_match() -> None:
    """Both write the next decision under one number; this one posts nothing."""
    desk = ReadDesk().with_order()
    document = desk.arrive("a")
    number, decision = desk.match(document)
    doubtful = replace(decision, state=State.AMBIGUOUS)
    desk.objects.write(decision_key(document, number), msgspec.json.encode(doubtful))
    with pytest.raises(PreconditionFailed, match="decided anew meanwhile"):
        desk.record(document)
    assert not desk.documents.get(document).is_matched


def test_a_match_is_recorded_under_its_own_number_only(desk: ReadDesk) -> None:
    """The other execution of the document recorded this one meanwhile, and it waits."""
    document = desk.arrive("a")
    number, _ = desk.match(document)
    with pytest.raises(PreconditionFailed, match="decided anew meanwhile"):
        stored.record_stored(document, desk.desk, MagicMock(), number)


def test_what_people_said_is_kept_when_another_decision_comes(desk: ReadDesk) -> None:
    document = desk.arrive("a")
    desk.match(document)
    asked = Verdict(action="wait", reason="Asked them.", by="arn:jo", at=START)
    desk.reviews.save(replace(review(desk, document), said=(asked,)))
    cheaper = replace(ORDER.items[0], net_price=ORDER.items[0].net_price / 2)
    desk.with_order(replace(ORDER, items=(cheaper,)))
    assert desk.match(document)[0] == 2
    assert [one.said for one in desk.reviews.history(document)] == [(asked,)]
    assert (review(desk, document).said, review(desk, document).decision) == ((), 2)
