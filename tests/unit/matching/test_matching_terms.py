"""Payment terms beside those of the order, told and never judged."""

from datetime import date
from typing import Any

import pytest

from sapmatch.matching.terms import deviations, stated_discounts, stated_net_days
from sapmatch.model.invoice import Payment
from sapmatch.model.match import State
from sapmatch.model.order import PaymentTerms
from tests.unit.matching.desk import D, decide, invoice, order

AGREED = PaymentTerms(code="Z030", discounts=((14, D(2)),), net_days=30)


def told(terms: str | None, agreed: PaymentTerms | None = AGREED, **more: Any) -> tuple[str, ...]:
    return deviations(invoice(payment=Payment(terms=terms), **more), agreed)


@pytest.mark.parametrize(
    ("terms", "discounts", "net_days"),
    [
        ("#SKONTO#TAGE=14#PROZENT=2.25#\n", [(14, "2.25")], None),
        ("#SKONTO#TAGE=8#PROZENT=3.00#BASISBETRAG=100.00#\n", [(8, "3")], None),
        ("14 Tage 2 % Skonto, 30 Tage netto", [(14, "2")], 30),
        ("2 % Skonto binnen 10 Tagen, sonst 30 Tage netto.", [(10, "2")], 30),
        ("8 Tage 3 %, 14 Tage 2,5 %, 45 Tage rein netto", [(8, "3"), (14, "2.5")], 45),
        ("2% 10 days, net 30 days", [(10, "2")], 30),
        ("Payable within 14 days without deduction", None, 14),
        ("Zahlbar innerhalb von 30 Tagen netto", None, 30),
        ("Bei Verzug berechnen wir nach 30 Tagen 9 % Zinsen", None, None),
        ("Zahlbar sofort", None, None),
        ("3 % oder 2 % nach 10 oder 20 Tagen", None, None),
        ("9" * 5000, None, None),
        (None, None, None),
    ],
)
def test_only_what_is_clear_is_read(
    terms: str | None, discounts: list[tuple[int, str]] | None, net_days: int | None
) -> None:
    """MA-P37"""
    billed = invoice(payment=Payment(terms=terms))
    expected = tuple((days, D(p)) for days, p in discounts) if discounts else None
    assert stated_discounts(billed) == expected
    assert stated_net_days(billed) == net_days


@pytest.mark.parametrize(
    "terms", ["14 Tage 2 % Skonto, 30 Tage netto", "#SKONTO#TAGE=14#PROZENT=2.00#", "", None]
)
def test_terms_that_agree_or_say_nothing_are_not_told(terms: str | None) -> None:
    """MA-P37"""
    assert told(terms) == ()
    assert told(terms, due_date=date(2026, 11, 11)) == ()


def test_a_discount_and_a_day_that_differ_are_told() -> None:
    """MA-P37"""
    discount, net = told("10 Tage 3 % Skonto, 45 Tage netto")
    assert "grants 3 % within 10 days, the order 2 % within 14 days" in discount
    assert "due after 45 days" in net
    assert "after 30" in net
    assert told(None, due_date=date(2026, 10, 19))[0].startswith("The invoice is due after 7 days")


@pytest.mark.parametrize("agreed", [None, PaymentTerms(code="Z030")])
def test_terms_that_the_order_only_names_are_compared_with_nothing(
    agreed: PaymentTerms | None,
) -> None:
    """MA-P37"""
    assert told("10 Tage 3 % Skonto, 45 Tage netto", agreed) == ()


def test_a_discount_of_zero_percent_is_the_day_when_all_is_due() -> None:
    """MA-P37: SAP keeps `30 days net` so."""
    net = PaymentTerms(code="Z030", discounts=((30, D(0)),))
    assert told("30 Tage netto", net) == ()
    assert told("20 Tage netto", net) != ()


def test_other_terms_change_neither_state_nor_amount() -> None:
    """MA-P37"""
    terms = Payment(terms="10 Tage 3 % Skonto, 45 Tage netto")
    agreed = order(payment_terms=AGREED)
    decision = decide(invoice(payment=terms), agreed)
    assert (decision.state, decision.tolerances) == (State.MATCHED, ())
    assert any("Cash discount" in sentence for sentence in decision.explanation)
