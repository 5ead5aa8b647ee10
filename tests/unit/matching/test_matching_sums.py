"""Sums that do not fit make an invoice INVALID, and what a sign in a sum means."""

from decimal import Decimal

import pytest

from sapmatch.matching.validity import first_flaw
from sapmatch.model.errors import Problem
from sapmatch.model.invoice import AllowanceCharge
from sapmatch.model.match import State
from sapmatch.model.policy import Tolerance
from tests.builders.matches import invoice
from tests.unit.matching import desk
from tests.unit.matching.desk import D, decide, order, policy

DUE = Problem(
    code="TOTALS",
    message="BR-CO-16: total, prepaid and rounding amount do not make the amount due: "
    "ask the sender which is right.",
    field="payable",
    values={"total less prepaid with rounding": "116.60 EUR", "stated": "120.60 EUR"},
)


def within_two(difference: Decimal) -> bool:
    """What BD accepts here."""
    return abs(difference) <= 2


def test_the_sum_that_fails_reaches_the_explanation_with_both_amounts() -> None:
    flaw = first_flaw(invoice(), within_two, (DUE,))
    assert flaw is not None
    assert flaw.cause == "TOTALS"
    assert flaw.sentence == (
        "BR-CO-16: total, prepaid and rounding amount do not make the amount due: "
        "total less prepaid with rounding 116.60 EUR, stated 120.60 EUR."
    )


@pytest.mark.parametrize(
    "problem",
    [
        Problem(code="TOTALS", message="x", values={"sum": "116.60 EUR", "stated": "118.60 EUR"}),
        Problem(code="NEEDS_REVIEW", message="x", values={"XML": "1 EUR", "page": "9 EUR"}),
        Problem(code="TOTALS", message="x"),
    ],
)
def test_what_bd_accepts_and_what_is_no_sum_is_no_flaw(problem: Problem) -> None:
    assert first_flaw(invoice(), within_two, (problem,)) is None


def test_a_negative_allowance_is_a_charge_and_no_price_of_the_goods() -> None:
    """MA-P38: AN measures it, however wide the limits of prices are."""
    freight = AllowanceCharge(is_charge=False, amount=D(-20), reason="Fracht")
    billed = desk.invoice(desk.line(), net=D(1020), allowances_charges=(freight,))
    decision = decide(billed, order())
    assert (decision.state, decision.cause) == (State.OUT_OF_TOLERANCE, "AN")
    assert [(c.key, c.value) for c in decision.tolerances] == [("AN", D(20))]
    assert [s.amount for ln in decision.lines for s in ln.shares] == [D("1000.00")]


def test_a_negative_charge_is_an_allowance_of_the_goods() -> None:
    """MA-P39: what it takes off is measured as a lower price."""
    discount = AllowanceCharge(is_charge=True, amount=D(-20))
    billed = desk.invoice(desk.line(), net=D(980), allowances_charges=(discount,))
    strict = decide(billed, order(), rules=policy({"PP": Tolerance(lower_absolute=D(19))}))
    assert (strict.state, strict.cause) == (State.OUT_OF_TOLERANCE, "PP")
    assert [(c.bound, c.value) for c in strict.tolerances] == [("lower_absolute", D("20.00"))]
