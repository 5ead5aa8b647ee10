"""A match that was recorded, and an order that changes afterwards (MA-P54)."""

from decimal import Decimal

import pytest
from msgspec.structs import replace

from sapmatch.matching.revision import revise_stored
from sapmatch.model.match import Decision, State
from sapmatch.model.order import Order
from sapmatch.model.policy import MatchingPolicy
from sapmatch.model.review import Verdict
from sapmatch.model.stored import decision_of
from tests.builders.memory import START
from tests.builders.read_desk import INVOICE, ORDER, POLICY, ReadDesk


@pytest.fixture
def matched() -> tuple[ReadDesk, str]:
    """An invoice that was matched and recorded."""
    desk = ReadDesk().with_order()
    document = desk.arrive("a")
    assert desk.match(document)[1].state is State.MATCHED
    desk.record(document)
    return desk, document


def changed(**fields: object) -> Order:
    """The order with its item changed."""
    return replace(ORDER, items=(replace(ORDER.items[0], **fields),))


def version(desk: ReadDesk, document: str, number: int) -> Decision:
    return decision_of(desk.objects.read(f"documents/{document}/revision-{number}.json"))


def revisions(desk: ReadDesk, document: str) -> list[str]:
    return list(desk.objects.keys(f"documents/{document}/revision-"))


def test_the_old_decision_stays_and_a_new_version_is_computed(
    matched: tuple[ReadDesk, str],
) -> None:
    desk, document = matched
    before = desk.objects.read(f"documents/{document}/decision-1.json")
    record = desk.documents.get(document)
    desk.with_order(changed(net_price=Decimal(40)))
    assert revise_stored(document, desk.desk) == 1
    now = version(desk, document, 1)
    assert (now.state, now.cause) == (State.OUT_OF_TOLERANCE, "PP")
    assert now.difference == Decimal("20.00")
    assert desk.objects.read(f"documents/{document}/decision-1.json") == before
    assert desk.documents.get(document) == record
    assert desk.reviews.get(document) is None


def test_the_same_change_writes_nothing_more_and_is_named_again(
    matched: tuple[ReadDesk, str],
) -> None:
    """Whoever died before people were told tells them then."""
    desk, document = matched
    desk.with_order(changed(net_price=Decimal(40)))
    assert [revise_stored(document, desk.desk) for _ in range(2)] == [1, 1]
    assert len(revisions(desk, document)) == 1


@pytest.mark.parametrize("fields", [{"text": "Motor, painted"}, {"tax_code": "V2"}, {}])
def test_a_change_that_makes_no_difference_tells_nothing(
    matched: tuple[ReadDesk, str], fields: dict[str, object]
) -> None:
    desk, document = matched
    desk.with_order(changed(**fields))
    assert revise_stored(document, desk.desk) is None
    assert not revisions(desk, document)


def test_what_the_match_itself_took_and_its_own_invoice_in_the_records_are_no_change(
    matched: tuple[ReadDesk, str],
) -> None:
    desk, document = matched
    assert revise_stored(document, desk.desk) is None


def test_an_order_that_changes_back_ends_it_and_each_other_change_is_a_version_of_its_own(
    matched: tuple[ReadDesk, str],
) -> None:
    desk, document = matched
    told = []
    for price in (40, 50, 40, 45):
        desk.with_order(changed(net_price=Decimal(price)))
        told.append(revise_stored(document, desk.desk))
    assert told == [1, None, 3, 4]
    assert version(desk, document, 2).state is State.MATCHED


@pytest.mark.parametrize(
    ("fields", "cause"),
    [({"deleted": True}, "ITEM_DELETED"), ({"finally_invoiced": True}, "FINALLY_INVOICED")],
)
def test_an_item_that_takes_no_invoice_any_more_is_told(
    matched: tuple[ReadDesk, str], fields: dict[str, object], cause: str
) -> None:
    desk, document = matched
    desk.with_order(changed(**fields))
    assert revise_stored(document, desk.desk) == 1
    assert version(desk, document, 1).cause == cause


@pytest.fixture
def accepted() -> tuple[ReadDesk, str]:
    """An invoice that is too dear, which a person accepted."""
    desk = ReadDesk().with_order(changed(net_price=Decimal(45)))
    document = desk.arrive("a")
    assert desk.match(document)[1].state is State.OUT_OF_TOLERANCE
    review = desk.reviews.get(document)
    assert review is not None
    said = Verdict(action="accept", reason="agreed", by="os:carl", at=START)
    desk.reviews.save(replace(review, status="decided", verdict=said))
    assert desk.match(document)[1].state is State.MANUAL_MATCHED
    desk.record(document)
    return desk, document


def test_what_a_person_accepted_is_no_difference_and_what_came_after_is_one(
    accepted: tuple[ReadDesk, str],
) -> None:
    desk, document = accepted
    assert revise_stored(document, desk.desk) is None
    desk.with_order(changed(net_price=Decimal(40)))
    assert revise_stored(document, desk.desk) == 1
    assert version(desk, document, 1).difference == Decimal("20.00")


def test_a_deleted_item_is_told_though_a_person_took_it(accepted: tuple[ReadDesk, str]) -> None:
    desk, document = accepted
    desk.with_order(changed(net_price=Decimal(45), deleted=True))
    assert revise_stored(document, desk.desk) == 1
    assert desk.documents.get(document).state == "MANUAL_MATCHED"


def test_other_settings_are_no_change_of_the_order(accepted: tuple[ReadDesk, str]) -> None:
    """A limit that was raised since says nothing about the order."""
    company = replace(POLICY.company_codes["1010"], tolerances={})
    rules = MatchingPolicy(version="q", company_codes={"1010": company})
    desk, document = accepted
    assert revise_stored(document, replace(desk.desk, policy=rules)) is None


def test_a_document_that_is_not_matched_has_no_versions() -> None:
    desk = ReadDesk()
    document = desk.arrive("a", replace(INVOICE, order_references=()))
    desk.match(document)
    assert revise_stored(document, desk.desk) is None


def test_an_order_that_is_gone_from_the_index_is_told(matched: tuple[ReadDesk, str]) -> None:
    desk, document = matched
    elsewhere = replace(desk.desk, orders=ReadDesk().orders)
    assert revise_stored(document, elsewhere) == 1
    assert version(desk, document, 1).state is State.NO_CANDIDATE
