"""The order index against the emulator: what is older, what is large, and deaths in between."""

import random
from contextlib import suppress
from datetime import date
from decimal import Decimal
from typing import Any

import msgspec
import pytest

from sapmatch.aws.orders import DynamoOrders
from sapmatch.aws.table import Item, Table
from sapmatch.matching.keys import order_keys
from sapmatch.model.errors import Throttled
from sapmatch.model.facts import Gone
from sapmatch.model.ledger import Subject
from sapmatch.model.order import Order, PostedInvoice, Reservation
from sapmatch.model.ports import OrderKey
from tests.builders.aws_table import make_table
from tests.builders.index_runs import IndexDesk
from tests.builders.memory_ledger import (
    MemoryLedger,
    facts_of,
    keeper,
    put,
    put_posted,
    subject_of,
    version,
)
from tests.builders.sap_rows import head_row, invoice_row, item_row, posting_row, supplier_row
from tests.contract.aws.test_aws_records import SCOPE, order

KEY = OrderKey("N#", "R1")
FOUND, NEW = OrderKey("K3", "ABC"), OrderKey("K3", "NEW")


@pytest.fixture
def table(aws: str) -> Table:
    return make_table("orders")


@pytest.fixture
def orders(table: Table) -> DynamoOrders:
    return DynamoOrders(table)


class Killed(KeyboardInterrupt):
    """A worker that dies."""


def kill(table: Table, monkeypatch: pytest.MonkeyPatch, at: int) -> None:
    """Let the table's write of that number, put or delete, not happen."""
    writes = iter(range(1_000))
    for name in ("put", "delete"):
        real = getattr(table, name)

        def mortal(*args: Any, real: Any = real, **more: Any) -> Any:
            if next(writes) >= at:
                raise Killed
            return real(*args, **more)

        monkeypatch.setattr(table, name, mortal)


def price(orders: DynamoOrders) -> str:
    stored = orders.get(SCOPE, "4500000001")
    assert stored is not None
    return str(stored.order.items[0].net_price)


def items_of(table: Table) -> dict[tuple[str, str], Item]:
    """Everything in the table."""
    answer = table.client.scan(TableName=table.name)
    keys = [(raw["pk"]["S"], raw["sk"]["S"]) for raw in answer["Items"]]
    found = {key: table.get(*key) for key in keys}
    return {key: item for key, item in found.items() if item}


def large(seed: int, items: int = 1500) -> Order:
    """An order of more than a megabyte that no compression makes small."""
    dice = random.Random(seed)
    return msgspec.structs.replace(
        order(),
        items=tuple(
            msgspec.structs.replace(order().items[0], id=str(n), text=dice.randbytes(300).hex())
            for n in range(items)
        ),
    )


def test_a_fact_that_was_read_earlier_overwrites_nothing(orders: DynamoOrders) -> None:
    """RE-17"""
    assert put(orders, order("12.00"), [], at=9)
    assert not put(orders, order("11.00"), [], at=8)
    assert price(orders) == "12.00"
    assert put(orders, order("13.00"), [], at=10)
    assert price(orders) == "13.00"


@pytest.mark.parametrize("kind", ["dynamodb", "memory"])
def test_a_reversal_is_not_undone_by_an_older_run(orders: DynamoOrders, kind: str) -> None:
    """RE-17"""
    index = orders if kind == "dynamodb" else MemoryLedger()
    head = PostedInvoice(
        supplier_invoice="5105600001",
        fiscal_year="2026",
        company_code="1010",
        invoicing_party="17300001",
        reference="R-1",
        document_date=date(2026, 11, 1),
        currency="EUR",
        gross=Decimal("119.00"),
    )
    gone = msgspec.structs.replace(head, reversed=True)
    assert put_posted(index, gone, [KEY], at=9)
    assert not put_posted(index, head, [KEY], at=9 - 1)
    assert index.posted(SCOPE, KEY) == (gone,)


def test_an_order_of_any_size_is_stored_whole(table: Table, orders: DynamoOrders) -> None:
    assert put(orders, large(1), [FOUND])
    stored = orders.get(SCOPE, "4500000001")
    assert stored is not None
    assert [item.text for item in stored.order.items] == [item.text for item in large(1).items]
    parts = [sk for _, sk in items_of(table) if sk.startswith("ledger#")]
    assert len(parts) > 2
    assert not put(orders, large(1), [FOUND])
    assert put(orders, large(2), [FOUND], at=2)
    after = [sk for _, sk in items_of(table) if sk.startswith("ledger#")]
    assert len(after) == len(parts)
    assert not set(after) & set(parts)


def test_a_large_order_takes_a_reservation(orders: DynamoOrders) -> None:
    put(orders, large(1), [])
    request = orders.reserve(SCOPE, "4500000001", 1, ())
    assert request is not None
    orders._table.client.put_item(**request)
    stored = orders.get(SCOPE, "4500000001")
    assert stored is not None
    assert (stored.version, len(stored.order.items)) == (2, 1500)
    assert orders.reserve(SCOPE, "4500000001", 1, ()) is None


def test_a_reader_that_meets_a_missing_part_reads_the_head_again(
    table: Table, orders: DynamoOrders, monkeypatch: pytest.MonkeyPatch
) -> None:
    put(orders, large(1), [])
    read = table.get
    heads: list[Item | None] = []

    def late(pk: str, sk: str) -> Item | None:
        item = read(pk, sk)
        heads.append(item)
        if len(heads) == 1:  # the order is replaced between the reader's head and its parts
            put(DynamoOrders(Table(table.client, table.name)), large(2), [], at=2)
        return item

    monkeypatch.setattr(table, "get", late)
    stored = orders.get(SCOPE, "4500000001")
    assert stored is not None
    assert (stored.version, stored.order.items[0].text) == (2, large(2).items[0].text)
    assert len(heads) == 2


def test_a_part_that_is_missing_for_good_is_said(table: Table, orders: DynamoOrders) -> None:
    put(orders, large(1), [])
    part = next(key for key in items_of(table) if key[1].startswith("ledger#"))
    table.delete(*part)
    with pytest.raises(Throttled, match="purchase_order/4500000001"):
        orders.get(SCOPE, "4500000001")


def test_a_writer_that_dies_at_any_write_leaves_what_readers_can_use(
    aws: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """RE-17: too many keys, never too few; the next writer tidies up."""
    alive = 0
    for death in range(0, 19, 2):
        table = make_table("orders")
        orders = DynamoOrders(table)
        put(orders, large(1), [FOUND, KEY])
        with monkeypatch.context() as patch, suppress(Killed):
            kill(table, patch, death)
            put(orders, large(2), [FOUND, NEW], at=2)
            alive += 1
        stored = orders.get(SCOPE, "4500000001")
        assert stored is not None
        texts = {large(seed).items[0].text for seed in (1, 2)}
        assert stored.order.items[0].text in texts
        assert orders.find(SCOPE, FOUND, 5) == ("4500000001",)
        put(orders, large(2), [FOUND, NEW], at=2)
        assert orders.find(SCOPE, KEY, 5) == ()
        assert orders.find(SCOPE, NEW, 5) == ("4500000001",)
        again = orders.get(SCOPE, "4500000001")
        assert again is not None
        assert again.order.items[0].text == large(2).items[0].text
        assert len({sk.split("#")[1] for _, sk in items_of(table) if "ledger#" in sk}) == 1
    assert 0 < alive < 5  # the last deaths come too late


def test_a_deleted_order_leaves_no_key(table: Table, orders: DynamoOrders) -> None:
    one = msgspec.structs.replace(order(), partner_name="Nordlicht")
    put(orders, one, order_keys(one))
    keeper(orders).order(subject_of(one), [Gone(of="head", version=version(2))])
    assert orders.get(SCOPE, one.id) is None
    left = [pk for pk, _ in items_of(table) if "#key#" in pk or pk.endswith("#orders")]
    assert left == []


def test_a_purchase_and_a_sales_order_of_one_number_share_nothing(orders: DynamoOrders) -> None:
    sold = msgspec.structs.replace(order(), side="sales_order", partner="17100001")
    key = OrderKey("K1", "4500000001")
    put(orders, sold, [key])
    assert orders.find(SCOPE, key, 5) == (sold.id,)
    put(orders, order(), [key])
    assert orders.find(SCOPE, key, 5) == (sold.id, f"sales_order/{sold.id}")
    found = {ref: orders.get(SCOPE, ref) for ref in orders.find(SCOPE, key, 5)}
    sides = {ref: one.order.side for ref, one in found.items() if one}
    assert sides == {sold.id: "purchase_order", f"sales_order/{sold.id}": "sales_order"}


def test_a_reservation_is_on_the_order_of_its_company_code(orders: DynamoOrders) -> None:
    """A purchase order of another company code may have the number and the version."""
    sold = msgspec.structs.replace(order(), side="sales_order", partner="17100001")
    elsewhere = msgspec.structs.replace(order(), company_code="2000")
    for one in (sold, elsewhere):
        put(orders, one, [KEY])
    found = orders.get(SCOPE, sold.id)
    assert found is not None
    taken = Reservation(
        document_id="d1", reference="R-1", item="30", quantity=Decimal(1), amount=Decimal(1)
    )
    request = orders.reserve(SCOPE, sold.id, found.version, [taken])
    assert request is not None
    assert request["Item"]["pk"]["S"] == f"s4#100#sales_order#{sold.id}"


def test_a_find_is_one_query_whatever_the_size_of_the_index(
    table: Table, orders: DynamoOrders
) -> None:
    for n in range(40):
        one = msgspec.structs.replace(order(), id=f"45{n:08d}")
        put(orders, one, [OrderKey("K1", one.id), OrderKey("K5", "same")])
    calls: list[str] = []
    table.client.meta.events.register(
        "before-call.dynamodb", lambda model, **_: calls.append(model.name)
    )
    assert orders.find(SCOPE, OrderKey("K1", "4500000007"), 500) == ("4500000007",)
    assert len(orders.find(SCOPE, OrderKey("K5", "same"), 20)) == 21
    assert calls == ["Query", "Query"]


def test_units_are_counted_as_dynamodb_says(orders: DynamoOrders) -> None:
    before = orders.usage
    put(orders, order(), [FOUND])
    after = orders.usage
    assert after.writes - before.writes >= 3  # the key, the party, the order
    assert after.reads > before.reads
    assert not put(orders, order(), [FOUND])
    assert orders.usage.writes == after.writes


def test_runs_end_in_the_same_index_as_in_memory(orders: DynamoOrders, table: Table) -> None:
    other = {"PurchaseOrder": "4500000099"}
    runs: list[dict[str, Any]] = [
        {"rows": {"PurchaseOrderItem": [item_row(), item_row(**other)]}},
        {"rows": {"PurchaseOrder": [head_row(), head_row(**other)]}},
        {"rows": {"SupplierInvoice": [invoice_row("51")]}},
        {"rows": {"SuplrInvcItemPurOrdRef": [posting_row("51", "440", "20")]}},
        {"rows": {"Supplier": [supplier_row()]}},
        {"rows": {"Supplier": [supplier_row(SupplierName="Sudlicht")]}},
        {"rows": {}, "deleted": {"PurchaseOrder": [other]}},
    ]
    stored, memory = IndexDesk(orders), IndexDesk()
    for run in runs:
        found, expected = stored.run(**run), memory.run(**run)
        assert (found.orders_changed, found.posted_changed) == (
            expected.orders_changed,
            expected.posted_changed,
        )
    state = memory.orders.state
    entries = {f"{c}#{k}#{place}": names for (c, k, place), names in state["entries"].items()}
    kept = {pk: sk for pk, sk in items_of(table) if not sk.startswith("ledger")}
    assert set(kept) == set(entries)
    subject = Subject("s4", "100", "purchase_order", "4500000012")
    one = orders.get(SCOPE, "4500000012")
    assert one is not None
    assert one.order == state["orders"][subject.ref]


def test_the_facts_of_an_order_make_the_order_again() -> None:
    one = msgspec.structs.replace(order(posted="R-1"), partner_name="Nordlicht")
    ledger = MemoryLedger()
    keeper(ledger).order(subject_of(one), facts_of(one))
    found = ledger.get(SCOPE, one.id)
    assert found is not None
    assert found.order == one
