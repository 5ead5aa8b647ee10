"""The DynamoDB adapters against the emulator: conditions, transactions, indexes."""

from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import msgspec
import pytest

from sapmatch.aws.documents import DynamoDocuments
from sapmatch.aws.intents import DynamoIntents
from sapmatch.aws.orders import DynamoOrders
from sapmatch.clock import SystemClock
from sapmatch.matching.decision import MAX_ORDERS
from sapmatch.model.document import Arrival, DocumentRecord, EarlierInvoice
from sapmatch.model.errors import InputRejected, PreconditionFailed
from sapmatch.model.intent import Intent, IntentState
from sapmatch.model.match import Decision, State
from sapmatch.model.order import Order, OrderItem, OrderSide, PostedInvoice, Posting, Reservation
from sapmatch.model.ports import MatchRecord, OrderKey, OrderScope
from tests.builders.aws_table import make_table
from tests.builders.memory_ledger import put, put_posted
from tests.builders.writes import invoice_intent

SCOPE = OrderScope("s4", "100", "1010")
NOW = datetime(2026, 11, 2, 8, 0, tzinfo=UTC)


class Stores(msgspec.Struct):
    orders: DynamoOrders
    documents: DynamoDocuments
    intents: DynamoIntents


@pytest.fixture
def stores(aws: str) -> Stores:
    orders, intents = make_table("orders"), make_table("intents", "by_due")
    documents = DynamoDocuments(make_table("documents", "by_state"), orders, intents, SystemClock())
    return Stores(DynamoOrders(orders), documents, DynamoIntents(intents))


def order(price: str = "10.00", posted: str | None = None) -> Order:
    postings: tuple[Posting, ...] = ()
    if posted:
        postings = (
            Posting(
                supplier_invoice="5105600001",
                fiscal_year="2026",
                item="1",
                reference=posted,
                quantity=Decimal(1),
                amount=Decimal("10.00"),
            ),
        )
    item = OrderItem(
        id="10", quantity=Decimal(5), unit="EA", net_price=Decimal(price), postings=postings
    )
    return Order(
        id="4500000001",
        side="purchase_order",
        connection="s4",
        client="100",
        company_code="1010",
        partner="17300001",
        currency="EUR",
        items=(item,),
    )


def document(content: str) -> DocumentRecord:
    return DocumentRecord(
        id=content * 64,
        bucket="b",
        key=f"incoming/{content}.xml",
        version_id="v1",
        size=1,
        received_at=NOW,
    )


def intent(document_id: str, name: str = "0") -> Intent:
    return invoice_intent(
        id=name + document_id[1:],
        flow="supplier_invoice",
        document_id=document_id,
        created_at=NOW,
    )


def match_of(record: DocumentRecord, version: int, number: str = "R-1") -> MatchRecord:
    reservation = Reservation(
        document_id=record.id,
        reference=number,
        item="10",
        quantity=Decimal(1),
        amount=Decimal("10.00"),
    )
    return MatchRecord(
        document=record,
        decision=Decision(
            state=State.MATCHED,
            policy_version="p",
            company_code="1010",
            orders=("4500000001",),
            order_versions={"4500000001": version},
            explanation=("It fits.",),
        ),
        scope=SCOPE,
        reservations={"4500000001": (reservation,)},
        intents=(intent(record.id),),
        earlier=earlier(record, number),
        keys=(OrderKey("N", number),),
        claim=f"1010|DE1|{number}",
    )


def earlier(record: DocumentRecord, number: str) -> EarlierInvoice:
    return EarlierInvoice(
        document=record.id, source="document", number=number, total=Decimal(1), currency="EUR"
    )


def received(stores: Stores, content: str) -> DocumentRecord:
    record = document(content)
    arrival = Arrival(
        document_id=record.id, bucket="b", key=record.key, version_id="v1", arrived_at=NOW
    )
    return stores.documents.receive(record, arrival)


def test_an_order_is_found_by_its_keys_and_written_only_when_it_changed(stores: Stores) -> None:
    keys = [OrderKey("K1", "4500000001"), OrderKey("K3", "ABC")]
    assert put(stores.orders, order(), keys)
    assert not put(stores.orders, order(), keys)
    assert stores.orders.find(SCOPE, OrderKey("K1", "4500000001"), 5) == ("4500000001",)
    assert put(stores.orders, order("11.00"), keys[:1], at=2)
    assert stores.orders.find(SCOPE, OrderKey("K3", "ABC"), 5) == ()
    stored = stores.orders.get(SCOPE, "4500000001")
    assert stored is not None
    assert (stored.version, stored.order.items[0].net_price) == (2, Decimal("11.00"))


def test_a_key_gives_at_most_one_more_than_its_cap(stores: Stores) -> None:
    """MA-P07"""
    for n in range(6):
        one = msgspec.structs.replace(order(), id=f"450000000{n}")
        put(stores.orders, one, [OrderKey("K5", "same")])
    assert len(stores.orders.find(SCOPE, OrderKey("K5", "same"), 3)) == 4


def test_a_match_is_recorded_with_reservation_intent_and_claim(stores: Stores) -> None:
    put(stores.orders, order(), [])
    after = stores.documents.record_match(match_of(received(stores, "a"), 1))
    assert (after.state, after.decision, after.orders) == ("MATCHED", 1, ("4500000001",))
    stored = stores.orders.get(SCOPE, "4500000001")
    assert stored is not None
    assert [r.document_id for r in stored.reservations] == ["a" * 64]
    assert [i.id for i in stores.intents.due("supplier_invoice", [IntentState.PLANNED])] == list(
        after.intents
    )
    assert stores.documents.earlier(SCOPE, OrderKey("N", "R-1"))[0].document == "a" * 64


def test_two_matches_at_the_same_moment_for_one_order_leave_one_winner(stores: Stores) -> None:
    """MA-P18, RE-17"""
    put(stores.orders, order(), [])
    records = [received(stores, content) for content in "abcdef"]

    def attempt(record: DocumentRecord) -> bool:
        try:
            stores.documents.record_match(match_of(record, 1, number=record.id[:4]))
        except PreconditionFailed:
            return False
        return True

    with ThreadPoolExecutor(6) as pool:
        assert sum(pool.map(attempt, records)) == 1
    stored = stores.orders.get(SCOPE, "4500000001")
    assert stored is not None
    assert len(stored.reservations) == 1


def test_a_second_document_with_the_same_identity_is_refused(stores: Stores) -> None:
    """MA-P44"""
    put(stores.orders, order(), [])
    stores.documents.record_match(match_of(received(stores, "a"), 1))
    with pytest.raises(PreconditionFailed, match="duplicate"):
        stores.documents.record_match(match_of(received(stores, "b"), 2))
    assert stores.documents.get("b" * 64).state == "RECEIVED"


def test_two_numbers_that_are_one_for_sap_are_told_and_nothing_is_lost(stores: Stores) -> None:
    """MA-P49: the intent of another document never stands for this one."""
    put(stores.orders, order(), [])
    stores.documents.record_match(match_of(received(stores, "a"), 1))
    second = match_of(received(stores, "b"), 2, number="R-2")
    (own,) = second.intents
    same = msgspec.structs.replace(own, id=intent("a" * 64).id)
    with pytest.raises(InputRejected, match="SAP cannot tell"):
        stores.documents.record_match(msgspec.structs.replace(second, intents=(same,)))
    assert stores.documents.get("b" * 64).state == "RECEIVED"


def test_an_order_is_stored_although_a_match_came_in_between(
    stores: Stores, monkeypatch: pytest.MonkeyPatch
) -> None:
    """RE-17: the reservation stays, and the run goes on."""
    put(stores.orders, order(), [])
    record = received(stores, "a")
    table = stores.orders._table
    read = table.get
    done: list[bool] = []

    def interrupted(pk: str, sk: str) -> Any:
        item = read(pk, sk)
        if not done:
            done.append(True)
            stores.documents.record_match(match_of(record, 1))
        return item

    monkeypatch.setattr(table, "get", interrupted)
    assert put(stores.orders, order("12.00"), [], at=2)
    stored = stores.orders.get(SCOPE, "4500000001")
    assert stored is not None
    assert stored.order.items[0].net_price == Decimal("12.00")
    assert len(stored.reservations) == 1


def test_a_reservation_ends_when_sap_shows_the_invoice(stores: Stores) -> None:
    put(stores.orders, order(), [])
    stores.documents.record_match(match_of(received(stores, "a"), 1))
    assert put(stores.orders, order("10.00", posted="OTHER"), [], at=2)
    stored = stores.orders.get(SCOPE, "4500000001")
    assert stored is not None
    assert len(stored.reservations) == 1
    assert put(stores.orders, order("10.00", posted="R-1"), [], at=3)
    stored = stores.orders.get(SCOPE, "4500000001")
    assert stored is not None
    assert stored.reservations == ()


def test_a_repeated_event_changes_nothing_and_the_first_upload_counts(stores: Stores) -> None:
    """RE-1"""
    first = received(stores, "a")
    assert received(stores, "a") == first
    copy = msgspec.structs.replace(document("a"), key="incoming/copy.xml")
    arrival = Arrival(
        document_id=copy.id, bucket="b", key=copy.key, version_id="v2", arrived_at=NOW
    )
    assert stores.documents.receive(copy, arrival).key == "incoming/a.xml"
    assert [d.id for d in stores.documents.all()] == ["a" * 64]


def test_the_record_of_a_part_is_created_once(stores: Stores) -> None:
    part = msgspec.structs.replace(document("b"), parent="a" * 64, part=1, pages=(3, 4))
    moved = stores.documents.save(stores.documents.create(part))
    assert stores.documents.create(part) == stores.documents.get(part.id) == moved


def test_a_record_that_moved_on_is_not_overwritten(stores: Stores) -> None:
    """RE-17, RE-18"""
    record = received(stores, "a")
    stores.documents.save(msgspec.structs.replace(record, state="READ"))
    with pytest.raises(PreconditionFailed):
        stores.documents.save(msgspec.structs.replace(record, state="REJECTED"))
    assert stores.documents.get(record.id).state == "READ"


def test_a_decision_that_posts_nothing_is_appended(stores: Stores) -> None:
    record = received(stores, "a")
    decision = Decision(state=State.NO_CANDIDATE, policy_version="p", cause="NO_ORDER")
    keys = [OrderKey("N", "R-9")]
    after = stores.documents.decided(record, decision, earlier(record, "R-9"), SCOPE, keys)
    assert (after.state, after.cause, after.decision) == ("NO_CANDIDATE", "NO_ORDER", 1)
    assert stores.documents.earlier(SCOPE, OrderKey("N", "R-9"))[0].number == "R-9"
    stores.documents.remember(SCOPE, [OrderKey("N", "R-8")], earlier(record, "R-8"))  # MA-P44
    assert stores.documents.earlier(SCOPE, OrderKey("N", "R-8"))


def test_an_invoice_in_sap_is_found_by_its_duplicate_key(stores: Stores) -> None:
    posted = PostedInvoice(
        supplier_invoice="5105600001",
        fiscal_year="2026",
        company_code="1010",
        invoicing_party="17300001",
        reference="R-1",
        document_date=date(2026, 11, 1),
        currency="EUR",
        gross=Decimal("119.00"),
    )
    key = OrderKey("N", "R1")
    assert put_posted(stores.orders, posted, [key])
    assert not put_posted(stores.orders, posted, [key])
    assert stores.orders.posted(SCOPE, key) == (posted,)


def test_what_is_not_there_is_named(stores: Stores) -> None:
    with pytest.raises(InputRejected, match="document none"):
        stores.documents.get("none")
    with pytest.raises(InputRejected, match="intent none"):
        stores.intents.get("none")
    assert stores.orders.get(SCOPE, "none") is None


def test_sap_showing_one_invoice_settles_no_other_of_the_same_reference(stores: Stores) -> None:
    """MA-P49: references are cut, so two documents may have one."""
    put(stores.orders, order(), [])
    stores.documents.record_match(match_of(received(stores, "a"), 1))
    second = match_of(received(stores, "b"), 2)
    stores.documents.record_match(msgspec.structs.replace(second, claim="another"))
    assert put(stores.orders, order(posted="R-1"), [], at=2)
    stored = stores.orders.get(SCOPE, "4500000001")
    assert stored is not None
    assert [r.document_id for r in stored.reservations] == ["b" * 64]


def test_a_person_who_accepts_what_was_posted_meanwhile_is_told_of_the_other(
    stores: Stores,
) -> None:
    """MA-P44: an automatic match is decided anew; by hand that would come to the same for ever."""
    put(stores.orders, order(), [])
    stores.documents.record_match(match_of(received(stores, "a"), 1))
    twin = match_of(received(stores, "b"), 2)
    with pytest.raises(PreconditionFailed, match="is a duplicate by now"):
        stores.documents.record_match(twin)
    by_hand = msgspec.structs.replace(twin.decision, state=State.MANUAL_MATCHED)
    with pytest.raises(InputRejected, match=f"posted with document {'a' * 64}"):
        stores.documents.record_match(msgspec.structs.replace(twin, decision=by_hand))


@pytest.mark.parametrize("side", ["purchase_order", "sales_order"])
def test_the_most_orders_of_a_decision_fit_into_one_transaction(
    stores: Stores, side: OrderSide
) -> None:
    """TOO_MANY_ORDERS: DynamoDB takes 100 writes at once."""
    ids = [f"45{n:08}" for n in range(MAX_ORDERS[side])]
    for one in ids:
        put(stores.orders, msgspec.structs.replace(order(), id=one, side=side), [])
    match = match_of(received(stores, "a"), 1)
    writes = ids if side == "sales_order" else ids[:1]
    full = msgspec.structs.replace(
        match,
        decision=msgspec.structs.replace(match.decision, order_versions=dict.fromkeys(ids, 1)),
        reservations=dict.fromkeys(ids, match.reservations["4500000001"]),
        intents=tuple(intent("a" * 64, f"{n:02}") for n in range(len(writes))),
        keys=tuple(OrderKey("N#", str(n)) for n in range(3)),
    )
    assert len(stores.documents.record_match(full).intents) == len(writes)
