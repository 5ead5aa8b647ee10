"""Orders in another currency than the invoice: only by a rate of its day, and shown."""

from datetime import date
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sapmatch.matching.rates import Exchange, convert, limit_in, told
from sapmatch.model.match import Rate, State
from sapmatch.model.order import Order
from sapmatch.model.policy import ExchangeRates, MatchingPolicy, Tolerance
from tests.unit.matching.desk import D, decide, invoice, item, line, order, policy

DAY = date(2026, 10, 12)  # of the invoice


def listed(*rows: tuple[str, str, str, str], **more: Any) -> ExchangeRates:
    """Rates as (base, day, quote, rate)."""
    rates: dict[str, dict[date, dict[str, Any]]] = {}
    for base, day, quote, rate in rows:
        rates.setdefault(base, {}).setdefault(date.fromisoformat(day), {})[quote] = D(rate)
    return ExchangeRates(source="European Central Bank", rates=rates, **more)


DIRECT = listed(("USD", "2026-10-12", "EUR", "0.92"))


def rules(rates: ExchangeRates | None, **tolerances: Tolerance) -> MatchingPolicy:
    return policy(tolerances, exchange_rates=rates)


def in_dollars(*prices: str) -> Order:
    """An order of one piece each."""
    items = (item(10 * n, "1", price) for n, price in enumerate(prices, start=1))
    return order("4500000012", *items, currency="USD")


def billed(*amounts: str, **more: Any) -> Any:
    lines = (line(10 * n, "1", amount) for n, amount in enumerate(amounts, start=1))
    return invoice(*lines, **more)


@pytest.mark.parametrize(
    "rates",
    [
        DIRECT,
        listed(("EUR", "2026-10-12", "USD", "1.25"), ("USD", "2026-10-12", "EUR", "0.92")),
        listed(("USD", "2026-10-05", "EUR", "0.92"), ("USD", "2026-10-04", "EUR", "0.50")),
        listed(("USD", "2026-10-12", "EUR", "0.92"), ("USD", "2026-10-13", "EUR", "0.50")),
    ],
)
def test_the_latest_rate_up_to_the_invoice_date_converts_the_order(rates: ExchangeRates) -> None:
    """MA-P33"""
    decision = decide(billed("92.00"), in_dollars("100.00"), rules=rules(rates))
    assert decision.state is State.MATCHED
    assert decision.rate is not None
    assert (decision.rate.base, decision.rate.quote, decision.rate.rate) == (
        "USD",
        "EUR",
        D("0.92"),
    )
    assert decision.rate.source == "European Central Bank"


def test_a_rate_of_the_other_direction_divides() -> None:
    """MA-P33"""
    rates = listed(("EUR", "2026-10-12", "USD", "1.25"))
    decision = decide(billed("80.00"), in_dollars("100.00"), rules=rules(rates))
    assert decision.state is State.MATCHED
    assert decision.rate is not None
    assert (decision.rate.base, decision.rate.rate) == ("EUR", D("1.25"))


@pytest.mark.parametrize(
    "rates",
    [
        None,
        listed(("USD", "2026-10-04", "EUR", "0.92")),
        listed(("USD", "2026-10-13", "EUR", "0.92")),
        listed(("USD", "2026-10-11", "EUR", "0.92"), max_age_days=0),
        listed(("USD", "2026-10-12", "CHF", "0.92")),
    ],
)
def test_without_a_rate_of_the_day_nothing_is_matched(rates: ExchangeRates | None) -> None:
    """MA-P33"""
    decision = decide(billed("92.00"), in_dollars("100.00"), rules=rules(rates))
    assert (decision.state, decision.cause) == (State.AMBIGUOUS, "CURRENCY")
    assert decision.rate is None


def test_an_invoice_without_a_date_has_no_rate() -> None:
    """MA-P33"""
    undated = billed("92.00", issue_date=None)
    assert decide(undated, in_dollars("100.00"), rules=rules(DIRECT)).state is State.AMBIGUOUS


def test_two_currencies_meet_over_that_of_the_company_code() -> None:
    """MA-P33: 1 USD is 0.80 EUR, and 1 EUR is 0.96 CHF, so 1 USD is 0.768 CHF."""
    rates = listed(("EUR", "2026-10-12", "USD", "1.25"), ("EUR", "2026-10-09", "CHF", "0.96"))
    decision = decide(billed("76.80", currency="CHF"), in_dollars("100"), rules=rules(rates))
    assert decision.state is State.MATCHED
    assert decision.rate == Rate(
        source="European Central Bank",
        day=date(2026, 10, 9),
        base="USD",
        quote="CHF",
        rate=D("0.768"),
    )


@pytest.mark.parametrize("amounts", [("9.26", "9.26", "9.25"), ("9.25", "9.26", "9.26")])
def test_converted_lines_that_make_the_total_differ_by_rounding_only(
    amounts: tuple[str, ...],
) -> None:
    """MA-P34: three times 9.255 is 27.765, not three times 9.26."""
    rates = listed(("USD", "2026-10-12", "EUR", "0.9255"))
    decision = decide(billed(*amounts), in_dollars("10", "10", "10"), rules=rules(rates))
    assert (decision.state, decision.tolerances) == (State.MATCHED, ())


def test_what_rounding_leaves_goes_to_the_largest_line() -> None:
    """MA-P34"""
    rates = listed(("USD", "2026-10-12", "EUR", "0.9255"))
    dearer = billed("9.26", "9.26", "10.00")
    free = Tolerance(upper_absolute=D(5), lower_absolute=D(5))
    decision = decide(dearer, in_dollars("10", "10", "10"), rules=rules(rates, PP=free))
    assert [(c.line, c.value) for c in decision.tolerances] == [
        ("10", D("0.01")),
        ("30", D("0.74")),
    ]


@pytest.mark.parametrize(("more", "passes"), [("8.62", True), ("8.63", False)])
def test_an_absolute_limit_is_worth_what_the_rate_says(more: str, passes: bool) -> None:
    """MA-P33, MA-P42: 8.00 EUR are 8.624 USD."""
    rates = listed(("EUR", "2026-10-12", "USD", "1.078"))
    dearer = billed(str(D(100) + D(more)), currency="USD")
    eight = Tolerance(upper_absolute=D(8))
    decision = decide(dearer, in_dollars("100"), rules=rules(rates, PP=eight))
    assert (decision.state is State.WITHIN_TOLERANCE) == passes
    assert [(c.value, c.limit, c.unit) for c in decision.tolerances] == [
        (D(more), D("8.62"), "USD")
    ]


def test_without_a_rate_an_absolute_limit_allows_nothing() -> None:
    """MA-P33"""
    dearer = billed("100.01", currency="USD")
    eight = Tolerance(upper_absolute=D(8))
    decision = decide(dearer, in_dollars("100"), rules=rules(None, PP=eight))
    assert (decision.state, decision.cause) == (State.OUT_OF_TOLERANCE, "PP")


def test_a_small_difference_of_the_sums_is_measured_by_the_rate() -> None:
    """MA-P33: BD"""
    rates = listed(("EUR", "2026-10-12", "USD", "1.25"))
    five = Tolerance(upper_absolute=D("0.04"))
    for total, state in (("119.05", State.WITHIN_TOLERANCE), ("119.06", State.INVALID)):
        off = billed("100.00", currency="USD", total=D(total))
        assert decide(off, in_dollars("100"), rules=rules(rates, BD=five)).state is state


def test_a_limit_order_in_another_currency_needs_a_person() -> None:
    """MA-P25: what was spent before may be in either."""
    blanket = item(10, "1", "0", overall_limit=D(1000), receipt_expected=False, received=[])
    ordered = order("4500000012", blanket, currency="USD")
    decision = decide(billed("10.00"), ordered, rules=rules(DIRECT))
    assert decision.state not in (State.MATCHED, State.WITHIN_TOLERANCE)


def test_the_rate_is_told_in_a_sentence() -> None:
    """MA-P33"""
    rate = Rate(source="ECB", day=DAY, base="EUR", quote="USD", rate=D("1.0832"))
    assert told(rate) == "1 EUR is 1.0832 USD by the rate of 2026-10-12 (ECB)."


@settings(max_examples=100, deadline=None)
@given(st.decimals("0.01", 10_000, places=2), st.decimals("0.001", 1000, places=3))
def test_a_limit_never_allows_more_than_by_the_rate(limit: Any, rate: Any) -> None:
    """MA-P42"""
    rates = listed(("EUR", "2026-10-12", "JPY", str(rate)))
    exchange = Exchange(currency="JPY", day=DAY, home="EUR", rates=rates)
    found = exchange.rate("EUR")
    assert found is not None
    exact = convert(limit, "EUR", found)
    allowed = limit_in(limit, "EUR", exchange)
    assert allowed == allowed.to_integral_value()
    assert exact - 1 < allowed <= exact
