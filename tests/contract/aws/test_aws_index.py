"""The order index against the emulator: what is older, and what is too large."""

import random
from datetime import date
from decimal import Decimal
from typing import Any

import msgspec
import pytest

from sapmatch.aws.orders import DynamoOrders
from sapmatch.matching.index import InMemoryOrders
from sapmatch.model.errors import InputRejected
from sapmatch.model.order import PostedInvoice
from sapmatch.model.ports import OrderKey, Orders
from tests.contract.aws.test_aws_records import SCOPE, make_table, order

KEY = OrderKey("N#", "R1")


@pytest.fixture
def orders(aws: str) -> DynamoOrders:
    return DynamoOrders(make_table("orders"))


def price(orders: DynamoOrders) -> str:
    stored = orders.get(SCOPE, "4500000001")
    assert stored is not None
    return str(stored.order.items[0].net_price)


def test_a_run_that_was_planned_earlier_overwrites_nothing(orders: DynamoOrders) -> None:
    """RE-17"""
    assert orders.put(order("12.00"), [], as_of="2026-11-02T09:00:00+00:00")
    assert not orders.put(order("11.00"), [], as_of="2026-11-02T08:00:00+00:00")
    assert price(orders) == "12.00"
    assert orders.put(order("13.00"), [], as_of="2026-11-02T09:00:00+00:00")
    assert price(orders) == "13.00"


def test_an_order_that_is_too_large_is_named_and_leaves_no_key(orders: DynamoOrders) -> None:
    dice = random.Random(1)
    items: tuple[Any, ...] = tuple(
        msgspec.structs.replace(order().items[0], id=str(n), text=dice.randbytes(300).hex())
        for n in range(1500)
    )
    with pytest.raises(InputRejected, match="order 4500000001: is too large"):
        orders.put(msgspec.structs.replace(order(), items=items), [KEY])
    assert orders.get(SCOPE, "4500000001") is None
    assert orders.find(SCOPE, KEY, 5) == ()


@pytest.mark.parametrize("kind", ["dynamodb", "memory"])
def test_both_indexes_keep_what_was_read_later(orders: DynamoOrders, kind: str) -> None:
    """RE-17: a reversal is not undone by an older run."""
    index: Orders = orders if kind == "dynamodb" else InMemoryOrders()
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
    assert index.put_posted(SCOPE, gone, [KEY], as_of="2026-11-02T09")
    assert not index.put_posted(SCOPE, head, [KEY], as_of="2026-11-02T08")
    assert index.posted(SCOPE, KEY) == (gone,)
    assert index.put(order("12.00"), [], as_of="2026-11-02T09")
    assert not index.put(order("11.00"), [], as_of="2026-11-02T08")
