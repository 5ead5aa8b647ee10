"""What a decision tells where nothing is allowed, no limit is set, or another order is named."""

from sapmatch.model.match import State
from sapmatch.model.order import Order
from sapmatch.model.policy import Tolerance
from tests.unit.matching.desk import TOLERANCES, D, decide, invoice, item, line, order, policy

OFF = Tolerance(upper_absolute="off")


def _orders_of_one_supplier() -> tuple[Order, ...]:
    shaft = item(10, "7", "13.00", text="Welle", partner_material="W-1")
    return (
        order("4500020001", item(10, "10", "100.00"), item(20, "5", "37.00")),
        order("4500020002", shaft),
    )


def test_an_order_is_no_rival_of_itself() -> None:
    """MA-P59: two ways to the same order are one candidate."""
    orders = _orders_of_one_supplier()
    decision = decide(invoice(lines=(), net=D("1185.00"), order_references=()), *orders)
    assert [one.orders for one in decision.ranked] == [("4500020001",), ("4500020002",)]
    assert decision.cause != "SEVERAL_ORDERS"


def test_a_number_that_no_order_has_is_told_beside_the_order_that_fits() -> None:
    """MA-P08"""
    billed = invoice(line(), line(20), order_references=("4500099999",))
    decision = decide(billed, order("4500020001", item(), item(20)))
    assert (decision.state, decision.cause) == (State.AMBIGUOUS, "NO_ORDER")
    summary, named, *_ = decision.explanation
    assert summary.endswith("it names another order than the one that agrees with it.")
    assert named == (
        "The invoice names 4500099999, and no order of that number is known here; what agrees "
        "with it is 4500020001."
    )


def test_without_lines_nothing_is_allowed_and_that_is_told() -> None:
    """MA-P59: PP is measured line by line."""
    decision = decide(invoice(lines=(), net=D("1020.00")), order())
    assert decision.state is State.OUT_OF_TOLERANCE
    assert decision.explanation[0].endswith(
        "20.00 EUR more than is open, and nothing is allowed, as there are no lines to measure it "
        "by."
    )


def test_without_a_rate_nothing_is_allowed_and_that_is_told() -> None:
    """MA-P33"""
    limits = {"PP": Tolerance(upper_absolute=D("25.00"))}
    billed = invoice(line(price="10.02"), currency="USD")
    decision = decide(billed, order(currency="USD"), rules=policy(limits))
    assert decision.state is State.OUT_OF_TOLERANCE
    assert decision.explanation[0].endswith(
        "and nothing is allowed, as no exchange rate between USD and EUR is known."
    )


def test_a_deviation_without_a_limit_is_told_with_its_line() -> None:
    """MA-P41: what is switched off is no secret."""
    off = {**TOLERANCES, "PP": OFF, "DW": OFF}
    dearer = decide(invoice(line(price="20.00")), order(), rules=policy(off))
    assert dearer.state is State.WITHIN_TOLERANCE
    assert dearer.explanation[0].endswith(
        "line 10 is 1000.00 EUR dearer than ordered, and no limit is set for that."
    )
    early = decide(invoice(), order("4500000012", item(received=[])), rules=policy(off))
    assert early.explanation[0].endswith(
        "line 10 bills goods for 1000.00 EUR of which none have been received, and no limit is set "
        "for that."
    )


def test_a_limit_of_ours_is_no_mistake_of_the_supplier() -> None:
    """MA-P60"""
    lines = (line(10, "1", "1.00", id=str(n)) for n in range(1, 1002))
    decision = decide(invoice(*lines), order())
    assert (decision.state, decision.cause) == (State.INVALID, "BROKEN")
    assert decision.explanation[1] == "The invoice has 1001 lines, and at most 1000 are matched."
    assert decision.remedy == "Accounts payable enters it in SAP (MIRO) and rejects it here."
