"""Decisions that post nothing: what they wait for, and what a person decides in their place."""

from datetime import timedelta

import pytest
from msgspec.structs import replace

from sapmatch.matching.watch import changed
from sapmatch.model.errors import PreconditionFailed
from sapmatch.model.invoice import InvoiceReference, Party
from sapmatch.model.match import State
from sapmatch.model.order import GoodsReceipt
from sapmatch.model.ports import OrderScope
from sapmatch.model.review import Review, Verdict
from sapmatch.model.stored import invoice_key
from tests.builders.memory import START
from tests.builders.read_desk import INVOICE, ORDER, POLICY, ReadDesk
from tests.builders.verdicts import decide, review

SCOPE = OrderScope("s4", "100", "1010")
EXPECTED = replace(ORDER, items=(replace(ORDER.items[0], receipt_expected=True),))
STRANGER = replace(
    INVOICE, order_references=(), seller=Party(name="Stranger", vat_id="DE999999999")
)


@pytest.fixture
def desk() -> ReadDesk:
    return ReadDesk().with_order(EXPECTED)


def has_changed(desk: ReadDesk, document: str) -> bool:
    watched = review(desk, document).watched
    assert watched is not None
    return changed(watched, desk.orders, desk.documents.earlier, POLICY.candidate_cap)


def test_a_decision_that_posts_nothing_waits_with_what_it_watches(desk: ReadDesk) -> None:
    """MA-P23"""
    document = desk.arrive("a")
    assert desk.match(document)[1].state is State.WAITING_RECEIPT
    found = review(desk, document)
    assert (found.state, found.cause, found.decision) == ("WAITING_RECEIPT", "RECEIPT_MISSING", 1)
    assert (found.status, found.opened_at, found.alerted) == ("open", START, False)
    assert found.watched is not None
    assert found.watched.orders == {ORDER.id: 1}
    assert not has_changed(desk, document)


def test_a_receipt_that_arrives_later_makes_the_waiting_invoice_match(desk: ReadDesk) -> None:
    """MA-P23: without new input."""
    document = desk.arrive("a")
    desk.match(document)
    quantity = EXPECTED.items[0].quantity
    receipt = GoodsReceipt(material_document="50", year="2026", item="1", quantity=quantity)
    item = replace(EXPECTED.items[0], receipts=(receipt,))
    desk.with_order(replace(EXPECTED, items=(item,)))
    assert has_changed(desk, document)
    assert desk.match(document)[1].state is State.MATCHED
    desk.record(document)
    assert review(desk, document).status == "closed"


def test_an_order_that_arrives_later_is_noticed_by_its_key() -> None:
    """NO_CANDIDATE is tried again when orders arrive (reference 5)."""
    desk = ReadDesk()
    document = desk.arrive("a")
    assert desk.match(document)[1].state is State.NO_CANDIDATE
    assert not has_changed(desk, document)
    desk.with_order()
    assert has_changed(desk, document)


def test_an_order_that_does_not_concern_the_invoice_wakes_nobody(desk: ReadDesk) -> None:
    """MA-P57"""
    document = desk.arrive("a")
    desk.match(document)
    other = replace(ORDER, id="4500000077", partner_name="Other AG", partner_vat_id="DE111111111")
    desk.with_order(other)
    assert not has_changed(desk, document)


def test_deciding_again_on_the_same_facts_goes_on_waiting_since_the_first_time(
    desk: ReadDesk,
) -> None:
    document = desk.arrive("a")
    desk.match(document)
    desk.reviews.save(replace(review(desk, document), token="t", alerted=True, watched=None))
    desk.time += timedelta(days=1)
    assert desk.match(document)[0] == 1
    found = review(desk, document)
    assert (found.opened_at, found.alerted, found.token) == (START, True, None)
    assert found.watched is not None
    assert len(desk.documents.decisions) == 1


def test_a_change_that_makes_no_difference_begins_no_other_review(desk: ReadDesk) -> None:
    """Nor does it void what the first of two people proposed."""
    document = desk.arrive("a")
    desk.match(document)
    proposed = Verdict(action="reject", reason="Too late.", by="arn:jo", at=START)
    desk.reviews.save(replace(review(desk, document), proposed=proposed))
    desk.with_order(replace(EXPECTED, external_reference="A-77"))
    assert has_changed(desk, document)
    desk.time += timedelta(days=1)
    assert desk.match(document)[0] == 1
    found = review(desk, document)
    assert (found.decision, found.opened_at, found.proposed) == (1, START, proposed)
    assert not has_changed(desk, document)


def test_another_decision_begins_a_review_of_its_own(desk: ReadDesk) -> None:
    """A changed state appends to the history (reference 5); what was proposed is void."""
    document = desk.arrive("a")
    desk.match(document)
    proposed = Verdict(action="reject", reason="Too late.", by="arn:jo", at=START)
    desk.reviews.save(replace(review(desk, document), proposed=proposed, alerted=True))
    cheaper = replace(ORDER.items[0], net_price=ORDER.items[0].net_price / 2)
    desk.with_order(replace(ORDER, items=(cheaper,)))
    desk.time += timedelta(days=1)
    assert desk.match(document) == (2, desk.match(document)[1])
    found = review(desk, document)
    assert (found.state, found.decision, found.opened_at) == ("OUT_OF_TOLERANCE", 2, desk.time)
    assert (found.proposed, found.alerted) == (None, False)
    assert [d.state for _, d in desk.documents.decisions] == ["WAITING_RECEIPT", "OUT_OF_TOLERANCE"]


def test_what_a_person_rejected_is_never_decided_again(desk: ReadDesk) -> None:
    """MANUAL_* is never overwritten by a re-run (reference 5)."""
    document = desk.arrive("a")
    desk.match(document)
    decide(desk, document, "reject")
    number, decision = desk.match(document)
    assert (number, decision.state, decision.posts) == (2, State.MANUAL_REJECTED, False)
    desk.with_order()
    assert desk.match(document) == (number, decision)
    assert review(desk, document).status == "decided"


def test_an_invoice_that_was_rejected_may_come_again(desk: ReadDesk) -> None:
    """MA-P47: as after a reversal."""
    first = desk.arrive("a")
    desk.match(first)
    decide(desk, first, "reject")
    desk.match(first)
    desk.with_order()
    assert desk.match(desk.arrive("b"))[1].state is State.MATCHED


def test_what_a_person_accepted_is_recorded_as_it_was_shown(desk: ReadDesk) -> None:
    document = desk.arrive("a")
    desk.match(document)
    decide(desk, document, "accept")
    number, decision = desk.match(document)
    assert (number, decision.state, decision.posts) == (2, State.MANUAL_MATCHED, True)
    recorded = desk.record(document)
    assert (recorded.state, recorded.is_matched) == ("MANUAL_MATCHED", True)
    assert desk.match(document) == (number, decision)
    assert desk.planned == [document]


def test_a_verdict_about_an_earlier_decision_is_not_carried_out(desk: ReadDesk) -> None:
    document = desk.arrive("a")
    desk.match(document)
    decide(desk, document, "reject")
    stale = replace(review(desk, document), decision=0)
    desk.reviews.stored[document] = stale
    assert desk.match(document)[1].state is State.WAITING_RECEIPT


def test_of_a_match_and_a_person_at_the_same_moment_the_person_wins(desk: ReadDesk) -> None:
    """RE-17: the match was decided, not yet recorded; the state machine decides anew."""
    document = desk.arrive("a")
    desk.match(document)
    desk.with_order()
    assert desk.match(document)[1].state is State.MATCHED
    decide(desk, document, "reject")
    with pytest.raises(PreconditionFailed, match="a person decided meanwhile"):
        desk.record(document)
    assert desk.match(document)[1].state is State.MANUAL_REJECTED


def test_a_match_that_was_not_recorded_in_the_end_waits_as_before(desk: ReadDesk) -> None:
    """Another invoice took the rest between the two steps."""
    document = desk.arrive("a")
    desk.match(document)
    desk.reviews.save(replace(review(desk, document), status="closed", alerted=True))
    desk.time += timedelta(hours=1)
    desk.match(document)
    found = review(desk, document)
    assert (found.status, found.opened_at, found.alerted) == ("open", START, True)


def test_who_accepts_a_reading_leaves_the_decision_to_the_rules(desk: ReadDesk) -> None:
    """Decision 0: the person compared the values with the document."""
    document = desk.arrive("a")
    waiting = Review(document_id=document, state="NEEDS_REVIEW", opened_at=START)
    desk.reviews.save(waiting)
    decide(desk, document, "accept")
    desk.with_order()
    number, decision = desk.match(document)
    assert (number, decision.state) == (1, State.MATCHED)
    assert desk.record(document).state == "MATCHED"


def test_what_holds_no_invoice_can_be_rejected(desk: ReadDesk) -> None:
    document = desk.arrive("a")
    desk.objects.delete(invoice_key(document))
    desk.reviews.save(Review(document_id=document, state="REJECTED", opened_at=START))
    decide(desk, document, "reject")
    assert desk.match(document)[1].state is State.MANUAL_REJECTED
    assert desk.documents.get(document).state == "MANUAL_REJECTED"


def test_a_contradiction_watches_nothing_and_still_waits() -> None:
    desk = ReadDesk().with_order()
    document = desk.arrive("a", replace(INVOICE, net=INVOICE.total))
    assert desk.match(document)[1].state is State.INVALID
    assert not has_changed(desk, document)


def test_an_invoice_of_a_stranger_watches_its_name(desk: ReadDesk) -> None:
    document = desk.arrive("a", STRANGER)
    desk.match(document)
    desk.with_order(replace(ORDER, id="4500000088", partner_vat_id="DE999999999"))
    assert has_changed(desk, document)


def test_a_matched_invoice_stays_matched_when_its_order_changes() -> None:
    """MA-P54: the old decision stays."""
    desk = ReadDesk().with_order()
    document = desk.arrive("a")
    first = desk.match(document)
    desk.record(document)
    desk.with_order(EXPECTED)
    assert desk.match(document) == first
    assert desk.documents.get(document).state == "MATCHED"


def test_a_correction_that_arrives_later_ends_the_wait_of_the_invoice_that_it_names(
    desk: ReadDesk,
) -> None:
    document = desk.arrive("a")
    desk.match(document)
    correction = replace(
        INVOICE,
        number="C-1",
        type="corrective-invoice",
        preceding_invoices=(InvoiceReference(number=INVOICE.number or ""),),
    )
    desk.match(desk.arrive("b", correction))
    assert has_changed(desk, document)
    assert desk.match(document)[1].state is State.SUPERSEDED
    assert review(desk, document).status == "closed"
