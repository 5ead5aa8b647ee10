"""Documents without lines: which open items they bill."""

from collections.abc import Sequence
from typing import Any

from msgspec.structs import replace

from sapmatch.matching.case import build_case
from sapmatch.matching.clearing import Cleared, cleared
from sapmatch.matching.ledger import positions
from sapmatch.model.order import IndexedOrder, Order
from tests.unit.matching.desk import D, invoice, item, order, policy


def clear(net: str, *orders: Order, budget: int = 100_000, **more: Any) -> Cleared:
    """What an invoice without lines over a net amount clears of some orders."""
    case = build_case(
        invoice(lines=(), net=D(net), **more),
        document_id="doc",
        company_code="1010",
        policy=policy(),
        connection="s4",
        client="100",
    )
    return cleared(
        case, positions([IndexedOrder(order=o, version=1) for o in orders], "doc"), budget
    )


def taken(result: Cleared) -> list[tuple[str, str, str]]:
    """Order, item and quantity of every portion."""
    return [(*p.position.key, str(p.quantity)) for line in result.lines for p in line.portions]


def _three() -> Order:
    return order("4500000012", item(10, "4"), item(20, "6", "2.50"), item(30, "5", "7.77"))


def test_all_that_is_open_comes_first() -> None:
    result = clear("93.85", _three())
    assert result.kind == "found"
    assert taken(result) == [
        ("4500000012", "10", "4"),
        ("4500000012", "20", "6"),
        ("4500000012", "30", "5"),
    ]


def test_one_set_of_items_is_found() -> None:
    result = clear("78.85", _three())
    assert (result.kind, taken(result)) == (
        "found",
        [("4500000012", "10", "4"), ("4500000012", "30", "5")],
    )


def test_one_of_several_orders_is_found() -> None:
    other = order("4500000013", item(10, "3", "111.10"), item(20, "1", "9.99"))
    result = clear("343.29", _three(), other)
    assert (result.kind, {key[0] for key in taken(result)}) == ("found", {"4500000013"})


def test_two_whole_orders_of_three_are_found() -> None:
    orders = [
        order(str(4500000012 + n), item(10, "1", p)) for n, p in enumerate(("12.34", "56.7", "89"))
    ]
    result = clear("101.34", *orders)
    assert (result.kind, [key[0] for key in taken(result)]) == (
        "found",
        ["4500000012", "4500000014"],
    )


def test_twin_orders_are_several() -> None:
    """MA-P09"""
    twins = [order("4500000012"), order("4500000013")]
    result = clear("1000.00", *twins)
    assert (result.kind, result.lines) == ("several", ())


def test_twin_items_are_several() -> None:
    result = clear("40.00", order("4500000012", item(10, "4"), item(20, "4"), item(30, "9")))
    assert (result.kind, result.lines) == ("several", ())


def test_an_amount_that_no_items_make_clears_nothing() -> None:
    assert clear("40.01", _three()).kind == "none"
    assert clear("-40.00", _three(), type="corrective-invoice").kind == "none"


def test_too_many_open_items_are_given_up() -> None:
    """MA-P59"""
    prices = [str(D(10_007 * n % 99_991 + 1) / 100) for n in range(1, 61)]
    many = order("4500000012", *(item(10 * n, "1", p) for n, p in enumerate(prices, start=1)))
    half = sum(D(p) for p in prices[:30])
    result = clear(str(half), many)
    assert (result.kind, result.lines) == ("gave up", ())


def test_receipts_are_billed_apart_where_invoicing_is_based_on_them() -> None:
    """MA-P15"""
    based = item(10, "100", received=["40", "35", "25"], receipt_based=True)
    result = clear("350.00", order("4500000012", based))
    assert (result.kind, taken(result)) == ("found", [("4500000012", "10", "35")])
    receipt = result.lines[0].portions[0].receipt
    assert receipt is not None
    assert receipt.item == "2"


def _noted(numbers: Sequence[str]) -> Order:
    """One item of which each delivery came with its own note."""
    one = item(10, "100", received=["40", "40", "20"])
    receipts = tuple(
        replace(receipt, delivery_note=note)
        for receipt, note in zip(one.receipts, numbers, strict=True)
    )
    return order("4500000012", replace(one, receipts=receipts))


def test_the_named_delivery_is_billed() -> None:
    """MA-P15"""
    result = clear("400.00", _noted(["LS-1", "LS-2", "LS-3"]), delivery_note="ls 2")
    assert taken(result) == [("4500000012", "10", "40")]
    receipt = result.lines[0].portions[0].receipt
    assert receipt is not None
    assert receipt.delivery_note == "LS-2"
    assert clear("400.00", _noted(["LS-1", "LS-2", "LS-3"]), delivery_note="LS-9").kind == "none"


def test_closed_items_and_limits_are_no_open_items() -> None:
    closed = order(
        "4500000012",
        item(10, "4", finally_invoiced=True),
        item(20, "6", "2.50", deleted=True),
        item(30, "1", "40.00", overall_limit=D(40)),
        item(40, "5", "7.77"),
    )
    assert clear("40.00", closed).kind == "none"
    assert clear("38.85", closed).kind == "found"
