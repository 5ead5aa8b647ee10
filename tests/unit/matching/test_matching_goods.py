"""Whose goods a line bills, and by which delivery they came."""

import pytest
from msgspec.structs import replace

from sapmatch.matching.units import convert
from sapmatch.model.match import Decision, State
from sapmatch.model.order import GoodsReceipt
from sapmatch.model.policy import Tolerance
from tests.unit.matching.desk import (
    STRANGER,
    SUPPLIER,
    US,
    D,
    Desk,
    decide,
    invoice,
    item,
    line,
    order,
    placed,
    policy,
    posting,
)

RECEIPTS = (
    GoodsReceipt(
        material_document="5000000001",
        year="2026",
        item="1",
        quantity=D(40),
        delivery_note="LS-1",
    ),
    GoodsReceipt(
        material_document="5000000002",
        year="2026",
        item="1",
        quantity=D(60),
        delivery_note="LS-2",
    ),
)


def test_goods_of_another_number_and_name_are_not_those_ordered_for_the_same_money() -> None:
    other = line(10, seller_item_id="XY-777001", description="Hydraulikschlauch DN50")
    decision = decide(invoice(other), order())
    assert (decision.state, decision.cause) == (State.OUT_OF_TOLERANCE, "AN")
    assert placed(decision) == []


def test_another_size_under_another_number_is_not_what_was_ordered() -> None:
    other = line(10, seller_item_id="XY-777001", description="Getriebemotor Baugröße 12")
    assert decide(invoice(other), order()).state is State.OUT_OF_TOLERANCE
    more = line(10, seller_item_id="XY-777001", description="Getriebemotor Baugröße 10, 230 V")
    assert decide(invoice(more), order()).state is State.MATCHED


def test_goods_of_another_number_are_those_ordered_where_the_name_says_so() -> None:
    other = line(10, seller_item_id="XY-777001")
    assert decide(invoice(other), order()).state is State.MATCHED


def test_our_own_number_does_not_contradict_that_of_the_supplier() -> None:
    foreign = line(10, seller_item_id="XY-777001", description="Gear motor size 10")
    ours = item(10, partner_material=None, material="M-4711")
    assert decide(invoice(foreign), order("4500000012", ours)).state is State.MATCHED


def test_order_numbers_in_the_notes_of_an_invoice_and_its_lines_find_their_orders() -> None:
    """MA-P01."""
    first, second = order("4500000012", item(10)), order("4500000013", item(20))
    billed = invoice(
        line(10),
        line(20, note="Ihre Bestellung 4500000013"),
        order_references=(),
        notes=("Wir berechnen Ihre Bestellungen 4500000012 und 45 0000 0013.",),
    )
    decision = decide(billed, first, second)
    assert decision.state is State.MATCHED
    assert decision.orders == ("4500000012", "4500000013")


def test_a_line_in_another_unit_makes_no_second_explanation_of_the_same_order() -> None:
    stranger = line(20, unit="KGM")
    decision = decide(
        invoice(line(10), stranger), order(), order("4500000099", item(20), order_date=None)
    )
    assert (decision.state, decision.cause) == (State.OUT_OF_TOLERANCE, "AN")
    assert decision.orders == ("4500000012",)


def test_what_an_earlier_match_took_of_a_delivery_leaves_the_others_open() -> None:
    """MA-P15."""
    desk = Desk(order("4500000012", item(10, receipt_based=True, receipts=RECEIPTS)))
    second = desk.take(invoice(line(10, "60"), delivery_note="LS-2", number="A-1"), "second")
    first = desk.take(invoice(line(10, "40"), delivery_note="LS-1", number="B-2"), "first")
    assert [documents(second), documents(first)] == [["5000000002"], ["5000000001"]]
    assert (second.state, first.state) == (State.MATCHED, State.MATCHED)


def documents(decision: Decision) -> list[str | None]:
    return [share.material_document for ln in decision.lines for share in ln.shares]


RETURNED = item(10, "5", returns=True, received=["-5"])


def test_a_credit_note_pays_for_what_was_sent_back_on_a_returns_item() -> None:
    credit = invoice(line(10, "5"), type="credit-note")
    assert decide(credit, order("4500000012", RETURNED)).state is State.MATCHED
    credited = item(10, "5", returns=True, received=["-5"], postings=(posting("-5", "-50.00"),))
    again = decide(credit, order("4500000012", credited))
    assert (again.state, again.cause) == (State.OUT_OF_TOLERANCE, "DQ")


def test_no_invoice_waits_for_goods_that_an_order_sends_back() -> None:
    decision = decide(invoice(line(10, "5")), order("4500000012", RETURNED))
    assert (decision.state, decision.cause) == (State.OUT_OF_TOLERANCE, "DQ")


@pytest.mark.parametrize(
    ("ordered", "billed"),
    [
        ("LE", "C62"),
        ("AU", "E48"),
        ("ST", "Stck."),
        ("STD", "Stunden"),
        ("TS", "MIL"),
        ("M", "lfm"),
    ],
)
def test_units_go_by_many_names(ordered: str, billed: str) -> None:
    """MA-P29."""
    assert convert(D(7), billed, ordered) == D(7)


@pytest.mark.parametrize("read", ["DE29876S43I", "DEZ98765431", "DE 298 765 431"])
def test_letters_in_a_vat_id_are_the_digits_they_look_like(read: str) -> None:
    """MA-P04."""
    assert decide(invoice(seller=replace(SUPPLIER, vat_id=read)), order()).state is State.MATCHED


def test_another_digit_in_a_vat_id_is_another_party() -> None:
    """MA-P05."""
    decision = decide(invoice(seller=replace(SUPPLIER, vat_id="DE298765437")), order())
    assert (decision.state, decision.cause) == (State.AMBIGUOUS, "OTHER_SUPPLIER")


def test_a_misread_letter_in_our_own_vat_id_leaves_the_invoice_ours() -> None:
    assert decide(invoice(buyer=replace(US, vat_id="DE8II23A567")), order()).company_code is None
    assert decide(invoice(buyer=replace(US, vat_id="DE8II234S67")), order()).state is State.MATCHED


def test_a_number_is_not_misread_that_is_another_order_of_the_sender() -> None:
    """MA-P04."""
    meant, named = order("4500000013", item(20), item(30)), order("4500000018", item(10))
    billed = invoice(line(20), line(30), order_references=("4500000018",))
    assert decide(billed, meant).state is State.MATCHED
    decision = decide(billed, meant, named)
    assert (decision.state, decision.cause) == (State.AMBIGUOUS, "NO_ORDER")
    stranger = replace(
        named, partner="10100002", partner_name=STRANGER.name, partner_vat_id=STRANGER.vat_id
    )
    assert decide(billed, meant, stranger).state is State.MATCHED


def test_a_limit_is_told_with_all_digits_of_its_currency() -> None:
    rules = policy({"PP": Tolerance(upper_absolute=D(5)), "AN": Tolerance(upper_absolute=D("2.5"))})
    decision = decide(invoice(line(10, price="10.10")), order(), rules=rules)
    assert "and 5.00 EUR is allowed" in decision.explanation[0]


def test_the_value_of_a_limit_order_has_the_digits_of_its_currency() -> None:
    """MA-P25, MA-P32."""
    ceiling = item(10, "0", "0", overall_limit=D("1000.000"), receipt_expected=False, received=[])
    billed = invoice(line(10, "1", "1010.00"))
    decision = decide(billed, order("4500000012", ceiling))
    assert [str(check.value) for check in decision.tolerances] == ["10.00"]


def test_quantities_are_told_as_sap_shows_them() -> None:
    """MA-P32."""
    received = item(10, "100.000", postings=(posting("40.000", "400.00"),))
    decision = decide(invoice(line(10, "60")), order("4500000012", received))
    assert "received 100, invoiced before 40; 600.00 EUR" in decision.explanation[1]


def test_it_is_told_that_the_invoice_names_another_order() -> None:
    meant, named = order("4500000013", item(20), item(30)), order("4500000018", item(10))
    billed = invoice(line(20), line(30), order_references=("4500000018",))
    said = decide(billed, meant, named).explanation
    assert "The invoice names 4500000018; what agrees with it is 4500000013." in said
