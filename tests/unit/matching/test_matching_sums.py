"""A sum that the reading found not to fit makes an invoice INVALID, and is named."""

from decimal import Decimal

import pytest

from sapmatch.matching.validity import first_flaw
from sapmatch.model.errors import Problem
from tests.builders.matches import invoice

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
