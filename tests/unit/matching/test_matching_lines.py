"""Which order items the lines of an invoice belong to."""

from collections.abc import Sequence
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from sapmatch.matching.case import build_case
from sapmatch.matching.ledger import positions
from sapmatch.matching.lines import Assigned, assign
from sapmatch.matching.shares import Pool, shares
from sapmatch.model.invoice import Invoice, InvoiceLine
from sapmatch.model.match import ItemShare, State
from sapmatch.model.order import IndexedOrder, Order, OrderItem
from tests.unit.matching.desk import D, decide, invoice, item, line, order, placed, policy, posting

MOTOR = {"text": "Getriebemotor", "partner_material": "GM-1"}
BARE_MOTOR: dict[str, Any] = {"description": "Getriebemotor", "seller_item_id": "GM-1"}
LEFT_AND_RIGHT = (
    item(10, "10", "5.00", text="Getriebemotor links"),
    item(20, "10", "7.00", text="Getriebemotor rechts"),
)


def assigned(billed: Invoice, *orders: Order) -> tuple[Assigned, ...]:
    """The lines of an invoice on all items of some orders."""
    case = build_case(
        billed,
        document_id="doc",
        company_code="1010",
        policy=policy(),
        connection="s4",
        client="100",
    )
    return assign(case, positions([IndexedOrder(order=o, version=1) for o in orders], "doc"))


def places(lines: Sequence[Assigned]) -> list[tuple[str, str, str]]:
    """Line, item and quantity of every portion."""
    return [(ln.id, p.position.item.id, str(p.quantity)) for ln in lines for p in ln.portions]


def by_hand(**given: Any) -> InvoiceLine:
    """A line with what is given and nothing else."""
    return InvoiceLine(**{"id": "1", "description": "Getriebemotor Baugröße 10", **given})


def test_item_ids_are_one_with_and_without_zeros() -> None:
    """MA-P02"""
    two = order("4500000012", item(10, **MOTOR), item(1, **MOTOR))
    for written in ("00010", "010", "10"):
        billed = line(order_item=written, **BARE_MOTOR)
        assert places(assigned(invoice(billed), two)) == [("10", "10", "100")]
    assert places(assigned(invoice(line(order_item="1", **BARE_MOTOR)), two)) == [
        ("10", "1", "100")
    ]


def test_an_item_reference_of_zero_is_none() -> None:
    """MA-P03"""
    billed = line(order_item="0", order_reference="0")
    assert places(assigned(invoice(billed), order())) == [("10", "10", "100")]


def test_words_in_place_of_an_order_number_name_no_other_order() -> None:
    """MA-P03"""
    for words in ("siehe oben", "-", "wie besprochen"):
        billed = by_hand(order_reference=words, quantity=D(100), net=D("1000.00"))
        assert places(assigned(invoice(billed), order())) == [("1", "10", "100")]


def test_an_order_and_item_in_the_text_place_the_line() -> None:
    """MA-P01"""
    two = order("4500000012", item(20, "100"), item(30, "100"))
    billed = by_hand(description="Ihre Best. 45 0000 0012/30", quantity=D(100), net=D("1000.00"))
    assert places(assigned(invoice(billed), two)) == [("1", "30", "100")]


def test_misread_letters_still_place_the_line() -> None:
    """MA-P04"""
    misread = line(
        description="Getr1ebem0tor 8augröße 1O",
        seller_item_id="GM-OO1O",
        order_reference="45OOO0OO12",
    )
    both = order("4500000012", item(10), item(20))
    lines = assigned(invoice(misread), both)
    assert places(lines) == [("10", "10", "100")]
    assert lines[0].score < assigned(invoice(line(order_reference="4500000012")), both)[0].score


def test_broken_words_are_read_by_their_letters() -> None:
    broken = line(description="Getrie bemo tor Bau größe 1 0", seller_item_id=None)
    both = order("4500000012", item(10), item(20, "50", "10.00", text="Kugellager"))
    assert places(assigned(invoice(broken), both)) == [("10", "10", "100")]


def test_an_article_number_in_the_text_places_the_line() -> None:
    many = order("4500000012", *(item(10 * n, text="Motor") for n in range(1, 6)))
    billed = line(description="Motor, Art.-Nr. GM-0030", seller_item_id=None)
    assert places(assigned(invoice(billed), many)) == [("10", "30", "100")]


@pytest.mark.parametrize("free", [{"free_of_charge": True}, {}])
def test_a_free_item_does_not_take_the_freight(free: dict[str, Any]) -> None:
    """MA-P10"""
    sample = item(20, "1", "0", text="Muster", partner_material=None, **free)
    for words in ("Fracht", "Versandkosten", "Rundungsdifferenz", "19 % MwSt.", "Shipping"):
        row = by_hand(id="20", description=words, quantity=D(1), net=D("35.00"))
        lines = assigned(invoice(line(), row), order("4500000012", item(), sample))
        assert places(lines) == [("10", "10", "100")]


def test_a_line_without_a_price_takes_neither_freight_nor_goods() -> None:
    """MA-P10"""
    gift = by_hand(id="20", description="Frachtmuster", quantity=D(1), unit_price=D(0), net=D(0))
    freight = item(20, "1", "35.00", text="Fracht", partner_material=None)
    goods = item(30, "1", "7.00", text="Muster", partner_material=None)
    lines = assigned(invoice(line(), gift), order("4500000012", item(), freight, goods))
    assert places(lines) == [("10", "10", "100")]


def test_a_free_line_takes_the_free_item() -> None:
    """MA-P10"""
    gift = line(20, "1", "0.00")
    lines = assigned(invoice(line(), gift), order("4500000012", item(), item(20, "1", "0")))
    assert places(lines) == [("10", "10", "100"), ("20", "20", "1")]


def test_freight_that_was_ordered_takes_its_item() -> None:
    """MA-P38"""
    freight = by_hand(id="20", description="Fracht", quantity=D(1), net=D("35.00"))
    ordered = item(20, "1", "35.00", text="Frachtkosten", partner_material=None)
    lines = assigned(invoice(line(), freight), order("4500000012", item(), ordered))
    assert places(lines) == [("10", "10", "100"), ("20", "20", "1")]


def test_a_line_goes_on_where_another_left_something() -> None:
    """MA-P17: 150 + 50 on two items of 100, one of which the second line needs."""
    two = order("4500000012", item(10, **MOTOR), item(20, **MOTOR))
    lines = (line(1, "150", **BARE_MOTOR), line(2, "50", **BARE_MOTOR))
    decision = decide(invoice(*lines), two)
    assert decision.state is State.MATCHED
    assert sorted(share[2:] for share in placed(decision)) == [
        ("10", "100"),
        ("20", "50"),
        ("20", "50"),
    ]


def test_four_lines_share_two_items() -> None:
    """MA-P16, MA-P19"""
    two = order("4500000012", item(10, **MOTOR), item(20, **MOTOR))
    decision = decide(invoice(*(line(n, "50", **BARE_MOTOR) for n in range(1, 5))), two)
    assert decision.state is State.MATCHED
    assert len({share[0] for share in placed(decision)}) == 4


def test_a_line_is_not_spread_over_items_of_another_price() -> None:
    dear = order("4500000012", item(10, "60", **MOTOR), item(20, "40", "11.00", **MOTOR))
    lines = assigned(invoice(line(1, "100", **BARE_MOTOR)), dear)
    assert places(lines) == [("1", "10", "100")]


@pytest.mark.parametrize(("quantity", "words"), [("1", "links und rechts"), ("20", "")])
def test_one_line_sums_up_items_of_different_prices(quantity: str, words: str) -> None:
    summed = by_hand(
        description=f"Getriebemotor {words}", quantity=D(quantity), unit="C62", net=D("120.00")
    )
    both = order("4500000012", *LEFT_AND_RIGHT, item(30, "3", "9.99"))
    decision = decide(invoice(summed), both)
    assert decision.state is State.MATCHED
    assert [(s.item, s.quantity, s.amount) for s in decision.lines[0].shares] == [
        ("10", D(10), D("50.00")),
        ("20", D(10), D("70.00")),
    ]


@pytest.mark.parametrize(
    "summed",
    [
        {"description": "Montagepauschale", "quantity": D(1), "net": D("120.00")},
        {"description": "Getriebemotor", "quantity": D(19), "net": D("120.00")},
        {"description": "Getriebemotor", "quantity": D(1), "net": D("120.01")},
        {"description": "Frachtkosten Getriebemotor", "quantity": D(1), "net": D("120.00")},
    ],
)
def test_a_sum_that_text_or_quantity_speak_against_is_no_merged_line(
    summed: dict[str, Any],
) -> None:
    billed = invoice(line(30, "3", "9.99"), by_hand(**summed))
    both = order("4500000012", *LEFT_AND_RIGHT, item(30, "3", "9.99"))
    merged = [ln for ln in assigned(billed, both) if len(ln.portions) > 1]
    assert merged == []


def test_a_return_line_is_a_credit_of_its_item() -> None:
    """MA-P53: the line that bills more of the item does not keep it from it."""
    used = order("4500000012", item(postings=(posting("40", "400"),)))
    billed = invoice(line(10, "60", id="1"), line(10, "-5", id="2", net=D("-50.00")))
    lines = assigned(billed, used)
    assert places(lines) == [("1", "10", "60"), ("2", "10", "-5")]
    assert [p.amount for ln in lines for p in ln.portions] == [D("600.00"), D("-50.00")]


def test_a_return_goes_to_the_item_that_was_invoiced() -> None:
    """MA-P53"""
    used = replace(item(20, **MOTOR), postings=(posting("40", "400"),))
    billed = invoice(line(1, "100", **BARE_MOTOR), line(2, "-40", net=D("-400.00"), **BARE_MOTOR))
    lines = assigned(billed, order("4500000012", item(10, **MOTOR), used))
    assert places(lines) == [("1", "10", "100"), ("2", "20", "-40")]


def test_an_amount_without_a_quantity_is_a_part_or_all_that_is_open() -> None:
    """MA-P31"""
    for net, quantity in (("400.00", "40"), ("1000.00", "100"), ("1020.00", "100")):
        lines = assigned(invoice(by_hand(net=D(net))), order())
        assert places(lines) == [("1", "10", quantity)]
    odd = assigned(invoice(by_hand(net=D("333.33"))), order("4500000012", item(price="10.01")))
    assert [ln.unit_differs for ln in odd] == [True]


def test_a_limit_order_asks_for_no_quantity() -> None:
    """MA-P25"""
    blanket = item(quantity="1", price="0", received=[], overall_limit=D(1000))
    billed = by_hand(net=D("400.00"), order_reference="4500000012")
    decision = decide(invoice(billed), order("4500000012", blanket))
    assert decision.state is State.MATCHED


def test_an_item_of_other_goods_that_fits_as_well_makes_a_line_doubtful() -> None:
    """MA-P09"""
    bare = by_hand(description=None, quantity=D(5), net=D("50.00"), order_reference="4500000012")
    pump = item(20, "5", text="Pumpe", partner_material="P-1")
    motor = item(10, "5", **MOTOR)
    assert [ln.doubtful for ln in assigned(invoice(bare), order("4500000012", motor, pump))] == [
        True
    ]
    twin = replace(motor, id="20")
    assert [ln.doubtful for ln in assigned(invoice(bare), order("4500000012", motor, twin))] == [
        False
    ]
    named = replace(bare, order_item="20")
    assert [ln.doubtful for ln in assigned(invoice(named), order("4500000012", motor, pump))] == [
        False
    ]


def _received(*notes: str) -> OrderItem:
    """One receipt-based item that came in parts of 40 and 60, each with its note."""
    one = item(received=["40", "60"], receipt_based=True)
    receipts = [replace(r, delivery_note=n) for r, n in zip(one.receipts, notes, strict=True)]
    return replace(one, receipts=tuple(receipts))


def _receipts(lines: Sequence[Assigned], billed: Invoice) -> list[tuple[str | None, str]]:
    pool: Pool = {}
    found: list[ItemShare] = []
    case = build_case(
        billed,
        document_id="doc",
        company_code="1010",
        policy=policy(),
        connection="s4",
        client="100",
    )
    for one in lines:
        found += shares(case, one.portions, pool)
    return [(share.material_document_item, str(share.quantity)) for share in found]


def test_each_line_takes_the_delivery_that_it_names() -> None:
    """MA-P15: one item billed by several lines of different receipts."""
    one = order("4500000012", _received("LS-1", "LS-2"))
    billed = invoice(
        line(10, "60", id="1", delivery_note="LS 2"), line(10, "40", id="2", delivery_note="LS 1")
    )
    assert _receipts(assigned(billed, one), billed) == [("2", "60"), ("1", "40")]


def test_without_a_note_the_oldest_receipt_comes_first() -> None:
    """MA-P15"""
    one = order("4500000012", _received("LS-1", "LS-2"))
    billed = invoice(line(10, "60", id="1"), line(10, "40", id="2"))
    assert _receipts(assigned(billed, one), billed) == [("1", "40"), ("2", "20"), ("2", "40")]


@given(
    quantities=st.lists(st.integers(1, 60), min_size=1, max_size=5),
    ordered=st.lists(st.integers(1, 80), min_size=1, max_size=4),
    cents=st.integers(1, 5000),
)
@settings(max_examples=60, deadline=None)
def test_portions_are_the_line_and_never_more_than_the_items_hold(
    quantities: list[int], ordered: list[int], cents: int
) -> None:
    """MA-P16, MA-P17, MA-P34"""
    price = str(D(cents).scaleb(-2))
    items = [item(10 * n, str(q), price, **MOTOR) for n, q in enumerate(ordered, start=1)]
    billed = [line(n, str(q), price, **BARE_MOTOR) for n, q in enumerate(quantities, start=1)]
    lines = assigned(invoice(*billed), order("4500000012", *items))
    taken: dict[str, Decimal] = {}
    for one, quantity in zip(lines, quantities, strict=True):
        assert sum(p.amount for p in one.portions) == one.amount
        assert sum(p.quantity for p in one.portions) == quantity
        assert all(p.quantity > 0 for p in one.portions)
        for portion in one.portions:
            key = portion.position.item.id
            taken[key] = taken.get(key, D(0)) + portion.quantity
    if sum(quantities) <= sum(ordered):
        assert all(taken[key] <= ordered[int(key) // 10 - 1] for key in taken)
