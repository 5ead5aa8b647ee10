"""The whole client against every server we have: what holds for one must hold for all.

Ours (`local/sap`, V2 and V4) and, as second opinions, `mock-sap` and `odatapy`. What a server does
not offer is said in test_sap_second_opinion.py and test_sap_second_opinion_v4.py.
"""

from collections.abc import Iterator
from decimal import Decimal
from typing import Any

import pytest

from sapmatch.model.errors import InputRejected, PreconditionFailed, SapRejected
from sapmatch.model.intent import Record
from sapmatch.model.query import EVERYTHING, Expand, Query, field
from sapmatch.sap.odata.batch import Changeset, Create, Delete, Read, Update
from tests.contract.sap.sap_peers import ALL, ORDERS, PAGE, Peer, opened


def only(*names: str) -> pytest.MarkDecorator:
    return pytest.mark.parametrize("peer", names, indirect=True)


@pytest.fixture(params=ALL)
def peer(request: pytest.FixtureRequest) -> Iterator[Peer]:
    with opened(request.param) as found:
        yield found


def rows(peer: Peer, query: Query = EVERYTHING) -> list[Record]:
    return list(peer.service.rows(peer.names.orders, query))


def numbers(peer: Peer, found: list[Record]) -> list[str]:
    return sorted(row[peer.names.number] for row in found)


def with_text(peer: Peer, text: str) -> list[Record]:
    return rows(peer, Query(equals={peer.names.text: text}))


def row_of(peer: Peer, key: dict[str, str]) -> Record:
    found = peer.service.get(peer.names.orders, key)
    assert found is not None
    return found.row


def test_all_orders_are_read_page_by_page(peer: Peer) -> None:
    """OD-P20, OD-P24, OD-P27."""
    pages = list(peer.service.pages(peer.names.orders))
    assert [len(page.rows) for page in pages] == [PAGE, PAGE, 1]
    assert len(set(numbers(peer, rows(peer)))) == ORDERS
    assert peer.service.count(peer.names.orders) == ORDERS


def test_reading_goes_on_at_the_link_of_an_earlier_page(peer: Peer) -> None:
    first, *rest = peer.service.pages(peer.names.orders)
    resumed = list(peer.service.pages(peer.names.orders, link=first.next_link))
    assert [page.rows for page in resumed] == [page.rows for page in rest]
    assert len(rest) == 2


@only("local/sap V2", "local/sap V4", "odatapy V4")
def test_smaller_pages_may_be_asked_for(peer: Peer) -> None:
    pages = list(peer.service.pages(peer.names.orders, Query(page_size=2)))
    assert [len(page.rows) for page in pages] == [2, 2, 2, 1]
    assert len({bytes(row) for page in pages for row in page.rows}) == ORDERS


def test_a_read_may_page_by_itself(peer: Peer) -> None:
    """OD-P26."""
    query = Query(paging="skip", page_size=2, order_by=(peer.names.number,))
    pages = list(peer.service.pages(peer.names.orders, query))
    assert [len(page.rows) for page in pages][:3] == [2, 2, 2]
    assert numbers(peer, rows(peer, query)) == numbers(peer, rows(peer))


def test_rows_come_in_order_and_with_the_fields_asked_for(peer: Peer) -> None:
    number = peer.names.number
    found = rows(peer, Query(select=(number,), order_by=(f"{number} desc",), top=4))
    assert [row[number] for row in found] == numbers(peer, rows(peer))[:-5:-1]
    assert all(set(row) == {number} for row in found)


def test_conditions_choose_what_python_would_choose(peer: Peer) -> None:
    """OD-P58: and, or, not, in brackets, on texts and dates."""
    every, names = rows(peer), peer.names
    day = sorted(row[names.day] for row in every)[ORDERS // 2]
    one, partner = every[0][names.text], every[1][names.partner]
    condition = (field(names.partner).eq(partner) | field(names.text).eq(one)) & ~(
        field(names.day).gt(day) | field(names.text).eq(every[-1][names.text])
    )
    wanted = [
        row
        for row in every[:-1]
        if (row[names.partner] == partner or row[names.text] == one) and row[names.day] <= day
    ]
    query = Query(where=condition)
    assert 0 < len(wanted) < ORDERS
    assert numbers(peer, rows(peer, query)) == numbers(peer, wanted)
    assert peer.service.count(names.orders, query) == len(wanted)


def test_not_takes_away_what_its_condition_chooses(peer: Peer) -> None:
    condition = field(peer.names.partner).eq(rows(peer)[0][peer.names.partner])
    chosen = numbers(peer, rows(peer, Query(where=condition)))
    others = numbers(peer, rows(peer, Query(where=~condition)))
    assert chosen
    assert others
    assert sorted(chosen + others) == numbers(peer, rows(peer))


def test_texts_are_searched(peer: Peer) -> None:
    every, name = rows(peer), peer.names.text
    one, two = every[0][name], every[-1][name]
    text = field(name)
    for condition, fits in (
        (text.starts_with(one[:-1]), lambda value: value.startswith(one[:-1])),
        (text.ends_with(one[-1]), lambda value: value.endswith(one[-1])),
        (text.contains(one[1:]), lambda value: one[1:] in value),
        (text.one_of([one, two, "O'Brien"]), lambda value: value in (one, two)),
    ):
        wanted = [row for row in every if fits(row[name])]
        assert wanted
        assert numbers(peer, rows(peer, Query(where=condition))) == numbers(peer, wanted)


def test_a_page_says_how_many_rows_there_are(peer: Peer) -> None:
    first = next(peer.service.pages(peer.names.orders, Query(inline_count=True)))
    assert (len(first.rows), first.count) == (PAGE, ORDERS)


def test_rows_are_typed_with_what_is_nested_in_them(peer: Peer) -> None:
    """OD-P40: exact amounts, never a float."""
    names = peer.names
    found = rows(peer, Query(expand=(names.below,)))
    assert len(found) == ORDERS
    for row in found:
        assert type(row[names.day]) is names.day_type
        assert row[names.below]
        for item in row[names.below]:
            assert isinstance(item[names.quantity], Decimal)
            assert item[names.number] == row[names.number]
            assert not any(name.startswith(("__", "@")) for name in item)


@only("local/sap V4", "mock-sap V4", "odatapy V4")
def test_what_is_expanded_is_chosen_in_v4(peer: Peer) -> None:
    names = peer.names
    peer.service.create(names.orders, peer.new("NESTED", ("5", "7", "9")))
    quantity = field(names.quantity)
    below = Expand(
        path=names.below,
        select=(names.quantity,),
        where=quantity.gt(Decimal("5.5")),
        order_by=(f"{names.quantity} desc",),
        top=1,
    )
    (found,) = rows(peer, Query(equals={names.text: "NESTED"}, expand=(below,)))
    (item,) = found[names.below]
    assert item[names.quantity] == Decimal(9)


@only("local/sap V4", "odatapy V4")
def test_orders_are_chosen_by_their_items_in_v4(peer: Peer) -> None:
    names = peer.names
    for text, quantities in (("MIXED", ("5", "777.5")), ("BIG", ("777.5", "800"))):
        peer.service.create(names.orders, peer.new(text, quantities))
    big = field(names.quantity).gt(Decimal(777))
    found = rows(peer, Query(where=field(names.below).any(big)))
    assert sorted(row[names.text] for row in found) == ["BIG", "MIXED"]
    mine = field(names.text).one_of(["BIG", "MIXED"])
    found = rows(peer, Query(where=field(names.below).all(big) & mine))
    assert [row[names.text] for row in found] == ["BIG"]


def test_an_order_is_read_by_its_key(peer: Peer) -> None:
    names, key = peer.names, peer.first()
    found = peer.service.get(names.orders, key, expand=(names.below,))
    assert found is not None
    assert peer.key(found.row) == key
    assert found.row[names.below]
    listed = peer.service.find(names.orders, Query(equals=key))
    assert [entity.etag for entity in listed] == [found.etag]
    assert peer.service.get(names.orders, {names.number: "4711"}) is None


def test_an_order_is_created_with_its_items(peer: Peer) -> None:
    """OD-P80: and read back as it was given, umlauts and quotes included."""
    names, text = peer.names, "Ö'1 & #/+%"
    written = peer.service.create(names.orders, peer.new(text, ("1.125", "3")))
    assert set(written.key) == {names.number}
    (found,) = rows(peer, Query(equals={names.text: text}, expand=(names.below,)))
    assert found[names.number] == written.key[names.number]
    quantities = sorted(item[names.quantity] for item in found[names.below])
    assert quantities == [Decimal("1.125"), Decimal(3)]
    assert peer.service.count(names.orders) == ORDERS + 1


def test_an_order_is_changed_with_its_etag(peer: Peer) -> None:
    """OD-P65, OD-P66."""
    names, key = peer.names, peer.first()
    before = peer.service.get(names.orders, key)
    assert before is not None
    assert before.etag
    peer.service.update(names.orders, key, {names.text: "CHANGED"}, etag=before.etag)
    after = peer.service.get(names.orders, key)
    assert after is not None
    assert after.etag != before.etag
    assert after.row[names.text] == "CHANGED"
    assert after.row[names.partner] == before.row[names.partner]
    assert len(with_text(peer, "CHANGED")) == 1


def test_a_stale_etag_changes_and_deletes_nothing(peer: Peer) -> None:
    """OD-P67."""
    names, key = peer.names, peer.first()
    seen = peer.service.get(names.orders, key)
    assert seen is not None
    peer.service.update(names.orders, key, {names.text: "THEIRS"}, etag=seen.etag)
    with pytest.raises(PreconditionFailed):
        peer.service.update(names.orders, key, {names.text: "OURS"}, etag=seen.etag)
    with pytest.raises(PreconditionFailed):
        peer.service.delete(names.orders, key, etag=seen.etag)
    assert row_of(peer, key)[names.text] == "THEIRS"


def test_a_change_without_etag_is_refused_where_sap_wants_one(peer: Peer) -> None:
    key = peer.first()
    before = row_of(peer, key)[peer.names.text]
    with pytest.raises(PreconditionFailed):
        peer.service.update(peer.names.orders, key, {peer.names.text: "BLIND"}, etag=None)
    assert row_of(peer, key)[peer.names.text] == before


def test_a_change_of_weight_is_read_back(peer: Peer) -> None:
    """OD-P70."""
    names, key = peer.names, peer.first()
    peer.service.update(names.orders, key, {names.text: "VERIFIED"}, verify=(names.text,))
    assert row_of(peer, key)[names.text] == "VERIFIED"


def test_the_etag_last_seen_is_sent_by_itself(peer: Peer) -> None:
    names, key = peer.names, peer.first()
    for text in ("ONE", "TWO"):
        peer.service.update(names.orders, key, {names.text: text})
        assert row_of(peer, key)[names.text] == text


def test_an_upsert_creates_what_is_not_there_and_changes_what_is(peer: Peer) -> None:
    names = peer.names
    created = peer.service.upsert(names.orders, peer.new("UPSERT", ("1",)), by=(names.text,))
    assert peer.service.count(names.orders) == ORDERS + 1
    number = created.key[names.number]
    changes = {names.number: number, names.text: "UPSERTED"}
    changed = peer.service.upsert(names.orders, changes)
    assert changed.key == created.key
    day = rows(peer)[0][names.day]
    found = peer.service.upsert(
        names.orders, {names.text: "UPSERTED", names.day: day}, by=(names.text,)
    )
    assert found.key == created.key
    (row,) = with_text(peer, "UPSERTED")
    assert (row[names.number], row[names.day]) == (number, day)
    assert with_text(peer, "UPSERT") == []
    assert peer.service.count(names.orders) == ORDERS + 1


def test_an_order_is_deleted(peer: Peer) -> None:
    key = peer.service.create(peer.names.orders, peer.new("GONE", ("1",))).key
    seen = peer.service.get(peer.names.orders, key)
    assert seen is not None
    peer.service.delete(peer.names.orders, key, etag=seen.etag)
    assert peer.service.get(peer.names.orders, key) is None
    assert peer.service.count(peer.names.orders) == ORDERS


def test_an_item_is_changed_and_taken_away_by_its_two_keys(peer: Peer) -> None:
    names, order = peer.names, peer.first()
    of_order = Query(equals=order)
    first, *rest = peer.service.rows(names.items, of_order)
    keys = peer.service.metadata().type_of(names.items).keys
    key = {name: first[name] for name in keys}
    assert len(key) == 2
    peer.service.update(names.items, key, {names.quantity: Decimal("4.25")})
    changed = next(peer.service.rows(names.items, Query(equals=key)))
    assert changed[names.quantity] == Decimal("4.25")
    peer.service.delete(names.items, key)
    assert list(peer.service.rows(names.items, of_order)) == rest


def test_what_sap_refuses_names_the_reason_and_changes_nothing(peer: Peer) -> None:
    record: dict[str, Any] = peer.new("REFUSED", ("1",))
    record["Nonsense"] = "1"
    peer.service.metadata()
    with pytest.raises(InputRejected, match="Nonsense"):
        peer.service.create(peer.names.orders, record)
    with pytest.raises((SapRejected, InputRejected)):
        peer.service.find(peer.names.orders, Query(filter="Nonsense eq '1'"))
    assert with_text(peer, "REFUSED") == []


def test_a_batch_does_reads_and_a_changeset_in_their_order(peer: Peer) -> None:
    """OD-P95, OD-P98."""
    names, key = peer.names, peer.first()
    last = peer.key(peer.service.find(names.orders, EVERYTHING)[-1].row)
    results = peer.service.batch(
        [
            Read(entity_set=names.orders, key=key),
            Changeset(
                (
                    Create(names.orders, peer.new("BATCH-1", ("2.5",))),
                    Update(names.orders, key, {names.text: "BATCH-2"}),
                    Delete(names.orders, last),
                )
            ),
            Read(entity_set=names.orders, key=key),
            Read(entity_set=names.orders, query=Query(equals={names.text: "BATCH-1"})),
        ]
    )
    before, created, changed, deleted, after, found = results
    assert [each.status for each in results] == ["succeeded"] * 6
    assert before.row[names.text] != "BATCH-2"
    assert after.row[names.text] == "BATCH-2"
    assert found.page is not None
    assert len(found.page.rows) == 1
    assert numbers(peer, with_text(peer, "BATCH-1")) == [created.key[names.number]]
    assert changed.error is deleted.error is None
    assert peer.service.get(names.orders, last) is None


def test_a_changeset_that_fails_leaves_nothing_behind(peer: Peer) -> None:
    """OD-P98."""
    names, service = peer.names, peer.service
    one, two = (peer.key(entity.row) for entity in service.find(names.orders, EVERYTHING)[:2])
    stale = service.get(names.orders, two)
    assert stale is not None
    service.update(names.orders, two, {names.text: "THEIRS"}, etag=stale.etag)
    kept = row_of(peer, one)[names.text]
    results = service.batch(
        [
            Changeset(
                (
                    Update(names.orders, one, {names.text: "HALF"}),
                    Create(names.orders, peer.new("HALF", ("1",))),
                    Update(names.orders, two, {names.text: "HALF"}, etag=stale.etag),
                )
            )
        ]
    )
    assert [each.status for each in results] == ["failed"] * 3
    assert all(isinstance(each.error, PreconditionFailed) for each in results)
    assert with_text(peer, "HALF") == []
    assert (row_of(peer, one)[names.text], row_of(peer, two)[names.text]) == (kept, "THEIRS")
    assert service.count(names.orders) == ORDERS


def test_each_changeset_stands_for_itself(peer: Peer) -> None:
    names, service = peer.names, peer.service
    one, two = (peer.key(entity.row) for entity in service.find(names.orders, EVERYTHING)[:2])
    done, failed, after = service.batch(
        [
            Changeset((Update(names.orders, one, {names.text: "KEPT"}),)),
            Changeset((Update(names.orders, two, {names.text: "LOST"}, etag='W/"old"'),)),
            Read(entity_set=names.orders, key=one),
        ],
        continue_on_error=True,
    )
    assert (done.status, failed.status, after.status) == ("succeeded", "failed", "succeeded")
    assert after.row[names.text] == "KEPT"
    assert with_text(peer, "LOST") == []
