"""From a stored invoice to a recorded decision: what is written, and what a repetition changes."""

from decimal import Decimal
from unittest.mock import MagicMock

import msgspec
import pytest

from sapmatch.matching.index import InMemoryOrders
from sapmatch.matching.keys import order_keys, partner_keys
from sapmatch.model.errors import InputRejected, PreconditionFailed
from sapmatch.model.intent import Intent
from sapmatch.model.invoice import Party, ReadResult, StoredInvoice
from sapmatch.model.match import State
from sapmatch.model.order import Posting
from tests.builders.read_desk import INVOICE, ORDER, ReadDesk


@pytest.fixture
def desk() -> ReadDesk:
    return ReadDesk().with_order()


def test_a_match_waits_to_be_recorded_with_its_intents(desk: ReadDesk) -> None:
    document = desk.arrive("a")
    number, decision = desk.match(document)
    assert (number, decision.state) == (1, State.MATCHED)
    assert desk.documents.get(document).state == "RECEIVED"
    assert desk.record(document).state == "MATCHED"
    assert desk.objects.read("intents/i.json") == b"{}"


def test_a_match_that_was_recorded_is_neither_decided_nor_planned_again(desk: ReadDesk) -> None:
    """RE-12: a function that is invoked again after its answer was lost."""
    document = desk.arrive("a")
    first = desk.match(document)
    recorded = desk.record(document)
    assert desk.match(document) == first
    assert desk.record(document) == recorded
    assert desk.planned == [document]


def test_a_decision_that_posts_nothing_is_recorded_at_once_and_only_once(desk: ReadDesk) -> None:
    unknown = msgspec.structs.replace(
        INVOICE, order_references=(), seller=Party(name="Stranger", vat_id="DE999999999")
    )
    document = desk.arrive("a", unknown)
    assert desk.match(document)[0] == 1
    assert desk.documents.get(document).state == "NO_CANDIDATE"
    assert desk.match(document)[0] == 1
    assert len(desk.documents.decisions) == 1


def test_a_waiting_invoice_is_decided_anew_when_its_order_arrives() -> None:
    late = ReadDesk()
    document = late.arrive("a")
    assert late.match(document)[1].state is State.NO_CANDIDATE
    late.orders.put(ORDER, order_keys(ORDER))
    assert late.match(document) == (2, late.match(document)[1])
    assert late.match(document)[1].state is State.MATCHED


def test_a_second_document_of_the_same_invoice_is_a_duplicate_of_the_first(
    desk: ReadDesk,
) -> None:
    """MA-P44; the first one, decided again, must not point at the second."""
    first, second = desk.arrive("a"), desk.arrive("b")
    desk.match(first)
    desk.record(first)
    decision = desk.match(second)[1]
    assert (decision.state, decision.duplicate_of) == (State.DUPLICATE, first)
    assert [e.document for seen in desk.documents.seen.values() for e in seen.values()] != []
    assert {d for seen in desk.documents.seen.values() for d in seen} == {first}


def test_the_correction_of_a_document_that_contradicted_itself_is_no_duplicate(
    desk: ReadDesk,
) -> None:
    """MA-P44"""
    broken = desk.arrive("a", msgspec.structs.replace(INVOICE, net=Decimal(1)))
    assert desk.match(broken)[1].state is State.INVALID
    assert desk.match(desk.arrive("b"))[1].state is State.MATCHED


def test_a_negative_invoice_is_recorded_and_planned_as_a_credit_note(desk: ReadDesk) -> None:
    posted = Posting(
        supplier_invoice="51",
        fiscal_year="2026",
        item="1",
        reference="R-0",
        quantity=Decimal(2),
        amount=Decimal(100),
    )
    item = msgspec.structs.replace(ORDER.items[0], postings=(posted,))
    billed = msgspec.structs.replace(ORDER, items=(item,))
    desk.orders.put(billed, order_keys(billed))
    back = msgspec.structs.replace(
        INVOICE.lines[0], quantity=Decimal(-1), net=Decimal(-50), order_item="10"
    )
    negative = msgspec.structs.replace(
        INVOICE, net=Decimal(-50), tax=Decimal("-9.50"), total=Decimal("-59.50"), lines=(back,)
    )
    document = desk.arrive("a", negative)
    assert desk.match(document)[1].state is State.MATCHED
    desk.record(document)
    (planned,) = desk.invoices
    assert (planned.type, planned.total) == ("credit-note", Decimal("59.50"))
    (seen,) = {e.total for found in desk.documents.seen.values() for e in found.values()}
    assert seen == Decimal("59.50")


def test_an_order_that_left_the_index_is_named(desk: ReadDesk) -> None:
    document = desk.arrive("a")
    desk.match(document)
    desk.orders = InMemoryOrders()
    with pytest.raises(PreconditionFailed, match="order 4500000001: is no longer in the order"):
        desk.record(document)


def test_an_invoice_that_was_stored_in_the_form_before_is_matched_alike(desk: ReadDesk) -> None:
    """Readers accept N and N-1: schema 1 was the result on its own."""
    document = desk.arrive("a")
    key = f"documents/{document}/invoice.json"
    result = msgspec.json.decode(desk.objects.read(key), type=StoredInvoice).result
    old = msgspec.to_builtins(result, str_keys=True) | {"evidence": {"total": "/Invoice/Total"}}
    desk.objects.write(key, msgspec.json.encode(old))
    assert desk.match(document)[1].state == State.MATCHED


def test_a_document_without_an_invoice_is_refused(desk: ReadDesk) -> None:
    document = desk.arrive("a")
    result = ReadResult(outcome="reject")
    desk.objects.write(f"documents/{document}/invoice.json", msgspec.json.encode(result))
    with pytest.raises(InputRejected, match="holds no invoice"):
        desk.match(document)


def test_a_scan_of_what_a_person_was_asked_to_key_is_not_posted_as_well(desk: ReadDesk) -> None:
    """MA-P44: the first is no duplicate of itself where it is read again."""
    first, second = desk.arrive("a"), desk.arrive("b")
    desk.remember(first)
    assert desk.match(first)[1].state is State.MATCHED
    _, decision = desk.match(second)
    assert (decision.state, decision.duplicate_of) == (State.SUSPECTED_DUPLICATE, first)


@pytest.mark.parametrize("changes", [{"number": None}, {"total": None}])
def test_what_cannot_be_told_from_others_is_not_remembered(
    desk: ReadDesk, changes: dict[str, object]
) -> None:
    desk.remember(desk.arrive("a", msgspec.structs.replace(INVOICE, **changes)))
    assert desk.documents.seen == {}


def test_keys_of_values_without_an_end_fit_into_the_table(desk: ReadDesk) -> None:
    """A number or name of a hostile document fails no function."""
    desk.remember(desk.arrive("a", msgspec.structs.replace(INVOICE, number="9" * 5000)))
    named = partner_keys(Party(name="Ä" * 2000, vat_id="DE" + "1" * 3000))
    keys = [*named, *(key for _, key in desk.documents.seen)]
    assert max(len(key.value) for key in keys) == 200


def _unwritable(*_: object) -> list[tuple[Intent, bytes]]:
    raise InputRejected('item 4500000001/10: 19 % tax has no tax code; add "19" to tax_codes')


def test_a_match_that_cannot_be_written_goes_to_a_person_with_the_reason(desk: ReadDesk) -> None:
    document = desk.arrive("a")
    desk.rehearsal = _unwritable
    number, decision = desk.match(document)
    assert (number, decision.state, decision.cause) == (1, State.NOT_INVOICEABLE, "NOT_POSTABLE")
    assert not decision.posts
    assert decision.owner == "accounts_payable"
    assert 'add "19" to tax_codes' in decision.explanation[0]
    assert decision.lines
    record, review = desk.documents.get(document), desk.reviews.get(document)
    assert (record.state, record.is_matched) == ("NOT_INVOICEABLE", False)
    assert review is not None
    assert (review.status, review.decision) == ("open", 1)
    assert review.watched is not None
    assert review.watched.orders == {"4500000001": 1}


def test_what_cannot_be_written_is_decided_once_and_posted_when_the_settings_are_mended(
    desk: ReadDesk,
) -> None:
    document = desk.arrive("a")
    desk.rehearsal = _unwritable
    assert [desk.match(document)[0] for _ in range(2)] == [1, 1]
    desk.rehearsal = lambda *_: ()
    number, decision = desk.match(document)
    assert (number, decision.state) == (2, State.MATCHED)
    assert desk.record(document).is_matched


def test_a_match_is_rehearsed_with_the_invoice_and_orders_that_it_is_written_with(
    desk: ReadDesk,
) -> None:
    document = desk.arrive("a")
    desk.rehearsal = MagicMock(return_value=())
    _, decision = desk.match(document)
    ((name, invoice, rehearsed, orders),) = [c.args for c in desk.rehearsal.call_args_list]
    assert (name, invoice.number, rehearsed) == (document, "R-1", decision)
    assert list(orders) == ["4500000001"]
