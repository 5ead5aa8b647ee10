"""Whose goods a line bills, and by which delivery they came."""

from sapmatch.model.match import Decision, State
from sapmatch.model.order import GoodsReceipt
from tests.unit.matching.desk import D, Desk, decide, invoice, item, line, order, placed

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
