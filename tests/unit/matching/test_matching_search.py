"""By which keys orders are found, and how far the search goes."""

from datetime import date
from typing import Any

import pytest
from msgspec.structs import replace

from sapmatch.matching.index import InMemoryOrders
from sapmatch.matching.keys import order_keys
from sapmatch.model.invoice import InvoiceLine, Party
from sapmatch.model.match import Decision, State
from sapmatch.model.order import GoodsReceipt, Order, OrderItem
from sapmatch.model.ports import OrderKey, OrderScope
from tests.unit.matching.desk import (
    SUPPLIER,
    D,
    Desk,
    decide,
    invoice,
    item,
    line,
    order,
    placed,
    policy,
)

IBAN = "DE89370400440532013000"


def unlike(number: int = 70) -> OrderItem:
    """An item that no line of these tests fits, and of which nothing has come."""
    text = "Filtereinsatz verzinkt"
    return item(number, "7", "31.00", text=text, partner_material=f"FE-{number}", received=[])


def kinds(decision: Decision) -> set[str]:
    return {key.split(" ")[0] for key in decision.keys}


def noted(note: str, *lines: OrderItem, **more: Any) -> Order:
    receipt = GoodsReceipt(
        material_document="1", year="2026", item="1", quantity=D(100), delivery_note=note
    )
    return order("4500000012", replace(item(), receipts=(receipt,)), *lines, **more)


def test_a_delivery_note_finds_the_order() -> None:
    decision = decide(invoice(order_references=(), delivery_note="LS 00815"), noted("LS-815"))
    assert decision.state is State.MATCHED
    assert "K2" in kinds(decision)
    assert "delivery note equal" in [e.name for e in decision.evidence]


def test_a_delivery_note_that_many_orders_share_says_less() -> None:
    others = [
        replace(noted("1", partner_name="Muster AG", partner_vat_id=None), id=str(4500000100 + n))
        for n in range(15)
    ]
    billed = invoice(order_references=(), delivery_note="1")
    alone, among = decide(billed, noted("1")), decide(billed, noted("1"), *others)
    assert "shared by many orders" in [e.name for e in among.evidence]
    assert alone.score - among.score == 40
    assert among.orders == ("4500000012",)


def test_any_reference_of_the_partner_finds_the_order() -> None:
    offer = order(external_reference="AB-1", other_references=("ANGEBOT 77/01",))
    decision = decide(invoice(order_references=("Angebot 77-01",)), offer)
    assert decision.state is State.MATCHED
    assert "K3" in kinds(decision)


@pytest.mark.parametrize("written", ["GM-0010", "GM OO1O", "gm0010"])
def test_an_article_finds_the_order_though_its_letters_are_misread(written: str) -> None:
    """MA-P04"""
    stranger = Party(name="Nordl1cht")
    billed = invoice(
        replace(line(), seller_item_id=written), order_references=(), seller=stranger, iban=IBAN
    )
    known = order(partner_ibans=(IBAN,), partner_vat_id=None)
    decision = decide(billed, known)
    assert {"K4", "S"} <= kinds(decision)
    assert decision.candidates == ("4500000012",)


def test_an_amount_of_about_what_is_open_finds_the_order() -> None:
    billed = invoice(line(price="9.97"), order_references=())
    decision = decide(billed, order())
    assert "K5 DE298765431|10E+2 EUR" in decision.keys


def test_an_order_of_a_busy_partner_is_found_by_the_month() -> None:
    """MA-P07: the partner's own key has too many orders, and its month leads on."""
    many = [
        order(str(4500001000 + n), unlike(), order_date=date(2025, 1, 1 + n)) for n in range(12)
    ]
    bare = replace(line(), seller_item_id=None, description="Montage vor Ort")
    wanted = order("4500000012", item(partner_material=None, text="Montage vor Ort", price="9.00"))
    decision = decide(
        invoice(bare, order_references=()),
        replace(wanted, order_date=date(2026, 9, 1)),
        *many,
        rules=policy(candidate_cap=10),
    )
    assert decision.dropped
    assert "K6" in kinds(decision)
    assert decision.candidates[0] == "4500000012"


def test_a_damaged_name_is_found_by_its_words() -> None:
    damaged = Party(name="Nordlicht Musterantr1ebe GmbH")
    bare = replace(line(), seller_item_id=None)
    decision = decide(invoice(bare, order_references=(), seller=damaged), order())
    assert "N" in kinds(decision)
    assert decision.candidates == ("4500000012",)


class Counting(InMemoryOrders):
    """Notes what was asked."""

    def __init__(self) -> None:
        super().__init__()
        self.asked: list[str] = []

    def find(self, scope: OrderScope, key: OrderKey, cap: int) -> tuple[str, ...]:
        """As the index does."""
        self.asked.append(key.type)
        return super().find(scope, key, cap)


def test_where_the_number_settles_it_no_weaker_key_is_asked() -> None:
    desk = Desk()
    desk.orders = Counting()
    for one in (order(), order("4500000013")):
        desk.orders.put(one, order_keys(one))
    assert desk.decide(invoice()).state is State.MATCHED
    assert set(desk.orders.asked) <= {"K1", "K2", "K3"}


def test_where_the_named_order_fits_badly_its_rivals_are_looked_at() -> None:
    """MA-P09: a misread number may be that of another order."""
    named, meant = order("4500000012", unlike()), order("4500000018")
    decision = decide(invoice(order_references=("4500000012",)), named, meant)
    assert decision.state is State.AMBIGUOUS
    assert set(decision.candidates) == {"4500000012", "4500000018"}


def test_an_exact_twin_is_seen_though_the_first_one_found_is_accepted() -> None:
    """MA-P09"""
    note = {"delivery_note": "LS-1"}
    one = noted("LS-1")
    decision = decide(invoice(order_references=(), **note), one, replace(one, id="4500000013"))
    assert decision.state is State.MATCHED or decision.cause == "SEVERAL_ORDERS"
    bare = decide(invoice(order_references=()), one, replace(one, id="4500000013"))
    assert (bare.state, bare.cause) == (State.AMBIGUOUS, "SEVERAL_ORDERS")
    assert bare.confidence == 499


def test_unrelated_orders_change_no_byte_of_a_decision() -> None:
    """MA-P57"""
    strangers = [
        order(
            str(4600000000 + n),
            unlike(80 + n),
            partner=f"2010{n}",
            partner_name=f"Fremd {n} Handel AG",
            partner_vat_id=f"DE1111{n:05}",
        )
        for n in range(50)
    ]
    for billed in (invoice(), invoice(order_references=()), invoice(line(price="11.00"))):
        assert decide(billed, order(), *strangers) == decide(billed, order())


@pytest.mark.parametrize(
    ("written", "state"),
    [
        ("4500000072", State.AMBIGUOUS),  # 1 for 7 only: the lines alone are not enough evidence
        ("4599999999", State.AMBIGUOUS),
    ],
)
def test_a_number_that_is_not_the_orders_needs_more_than_one_line(
    written: str, state: State
) -> None:
    two = order("4500000012", item(10), item(20, "30", "7.00"), item(30, "11", "3.50"))
    lines = (line(10), line(20, "30", "7.00"), line(30, "11", "3.50"))
    decision = decide(invoice(*lines, order_references=(written,)), two)
    expected = State.MATCHED if written == "4500000072" else state
    assert decision.state is expected


def test_several_orders_that_nothing_names_explain_an_invoice_together() -> None:
    """MA-P17"""
    one, two = order("4500000012", item(10)), order("4500000013", item(20, "30", "7.00"))
    billed = invoice(line(10), line(20, "30", "7.00"), order_references=())
    decision = decide(billed, one, two)
    assert decision.candidates[0] == "4500000012+4500000013"
    assert decision.state is State.MATCHED
    assert placed(decision) == [
        ("10", "4500000012", "10", "100"),
        ("20", "4500000013", "20", "30"),
    ]


def test_a_vat_id_of_many_orders_says_less() -> None:
    """MA-P57: only orders of the same partner count."""
    many = [order(str(4500001000 + n), unlike()) for n in range(40)]
    billed: list[InvoiceLine] = [line()]
    few = decide(invoice(*billed, order_references=()), order())
    among = decide(invoice(*billed, order_references=()), order(), *many)
    assert "shared by many orders" in [e.name for e in among.evidence]
    assert among.score < few.score
    assert among.orders == few.orders == ("4500000012",)


def test_an_order_has_a_bounded_number_of_keys() -> None:
    items = [item(n, gtin=f"40{n:011}", material=f"M-{n:05}") for n in range(1, 400)]
    whole = order(
        "4500000012",
        *items,
        partner_ibans=tuple(f"DE{n:020}" for n in range(50)),
        invoicing_party_name="Muster Abrechnung GmbH",
        invoicing_party_vat_id="DE333333333",
        external_reference="AB-1",
    )
    assert len(order_keys(whole)) <= 90
    assert len(order_keys(order(partner_name=SUPPLIER.name))) <= 20


def test_twins_of_which_none_is_sure_are_several_all_the_same() -> None:
    """MA-P09: a bare document of a busy partner proves too little, and two orders fit it."""
    bare = invoice(order_references=(), lines=(), net=D("1000.00"))
    decision = decide(bare, *(order(str(4500001000 + n)) for n in range(20)))
    assert (decision.state, decision.cause) == (State.AMBIGUOUS, "SEVERAL_ORDERS")
    assert len(decision.candidates) == 3
