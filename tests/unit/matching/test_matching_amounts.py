"""Prices, units, currencies, taxes and the limits that they are measured by."""

from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from sapmatch.matching.amounts import share_out
from sapmatch.matching.units import convert, in_order_unit
from sapmatch.model.invoice import AllowanceCharge, Invoice, Party, TaxSubtotal
from sapmatch.model.match import State
from sapmatch.model.money import rounded
from sapmatch.model.policy import CompanyCode, MatchingPolicy, Tolerance
from tests.unit.matching.desk import D, decide, invoice, item, line, order, placed, policy


def test_a_price_per_hundred_is_no_variance() -> None:
    """MA-P27"""
    per_hundred = order("4500000012", item(quantity="4000", price="25.00", price_quantity=D(100)))
    billed = line(quantity="4000", price="0.25")
    assert decide(invoice(billed), per_hundred).state is State.MATCHED


def test_a_box_is_priced_by_the_kilogram() -> None:
    """MA-P28: quantity x 12/5 x price / price unit"""
    boxes = order(
        "4500000012",
        item(
            quantity="10",
            price="30.00",
            unit="BOX",
            price_unit="KG",
            price_unit_numerator=D(12),
            price_unit_denominator=D(5),
            price_quantity=D(2),
        ),
    )
    by_box = line(quantity="10", unit="BX", price="36.00")
    by_weight = line(quantity="24", unit="KGM", price="15.00")
    for billed in (by_box, by_weight):
        decision = decide(invoice(billed), boxes)
        assert decision.state is State.MATCHED
        assert placed(decision) == [("10", "4500000012", "10", "10")]


@pytest.mark.parametrize("unit", ["PCE", "ST", "EA", "C62", "H87", "Stk.", None])
def test_pieces_are_pieces_under_every_name(unit: str | None) -> None:
    """MA-P29"""
    assert decide(invoice(line(unit=unit)), order()).state is State.MATCHED


def test_kilograms_are_no_pieces() -> None:
    """MA-P29"""
    decision = decide(invoice(line(unit="KGM")), order())
    assert (decision.state, decision.cause) == (State.OUT_OF_TOLERANCE, "UNIT")
    assert placed(decision) == []
    told = "Line 10, billed in KGM, belongs to an item of the order in PC."
    assert told in decision.explanation


def test_units_of_one_kind_are_converted() -> None:
    """MA-P29"""
    metres = order("4500000012", item(quantity="25", price="11.40", unit="M"))
    centimetres = line(quantity="2500", unit="CMT", price="0.114")
    decision = decide(invoice(centimetres), metres)
    assert decision.state is State.MATCHED
    assert placed(decision) == [("10", "4500000012", "10", "25")]


def test_amounts_are_compared_and_never_rounded_prices() -> None:
    """MA-P30"""
    fine = order("4500000012", item(quantity="10368", price="3.021"))
    billed = line(quantity="10368", price="3.02", net=D("31321.73"))
    assert decide(invoice(billed), fine).state is State.MATCHED


def test_a_printed_price_of_zero_is_derived_from_the_amount() -> None:
    """MA-P31"""
    decision = decide(invoice(line(unit_price=D("0.00"))), order())
    assert decision.state is State.MATCHED
    assert "The price of line 10 is derived from its amount." in decision.explanation


@pytest.mark.parametrize(
    ("currency", "price", "total"),
    [("JPY", "547162", "547162"), ("KWD", "12.345", "12.345"), ("EUR", "956.000", "956.00")],
)
def test_each_currency_keeps_its_own_decimals(currency: str, price: str, total: str) -> None:
    """MA-P32"""
    one = order("4500000012", item(quantity="1", price=price), currency=currency)
    billed = line(quantity="1", price=price, net=D(total), tax_rate=None)
    decision = decide(invoice(billed, currency=currency, tax=D(0), net=D(total)), one)
    assert decision.state is State.MATCHED
    assert [str(share.amount) for share in decision.lines[0].shares] == [total]


def test_limits_in_another_currency_allow_nothing() -> None:
    """MA-P33"""
    dollars = order("4500000012", item(), currency="USD")
    decision = decide(invoice(line(net=D("1000.01")), currency="USD"), dollars)
    assert (decision.state, decision.cause) == (State.OUT_OF_TOLERANCE, "PP")
    assert [(c.limit, c.unit) for c in decision.tolerances if c.verdict == "fail"] == [
        (D(0), "USD")
    ]
    assert decide(invoice(currency="USD"), dollars).state is State.MATCHED


@given(
    total=st.decimals(min_value=-10_000, max_value=10_000, places=2),
    weights=st.lists(st.decimals(min_value=1, max_value=1000, places=2), min_size=1, max_size=20),
)
@settings(max_examples=100, deadline=None)
def test_parts_always_sum_to_the_whole(total: Decimal, weights: list[Decimal]) -> None:
    """MA-P34"""
    parts = share_out(total, weights, "EUR")
    assert sum(parts) == total
    assert len(parts) == len(weights)


def _taxed(tax: str) -> Invoice:
    """Three lines of 0.33 at 19 %: 0.06 each by line (0.18), 0.19 by document."""
    lines = tuple(line(10, "1", "0.33", id=str(n)) for n in (1, 2, 3))
    rows = (TaxSubtotal(rate=D(19), basis=D("0.99"), amount=D(tax)),)
    return invoice(*lines, net=D("0.99"), tax=D(tax), taxes=rows)


@pytest.mark.parametrize(("tax", "valid"), [("0.18", True), ("0.19", True), ("0.20", False)])
def test_tax_may_be_rounded_by_line_or_by_document(tax: str, valid: bool) -> None:
    """MA-P35"""
    cheap = order("4500000012", item(quantity="3", price="0.33"))
    exact = policy({})
    for billed in (_taxed(tax), replace(_taxed(tax), taxes=())):
        decision = decide(billed, cheap, rules=exact)
        assert (decision.state is State.MATCHED) == valid
        assert valid or (decision.state, decision.cause) == (State.INVALID, "TAX")


def test_lines_printed_with_tax_are_compared_without() -> None:
    """MA-P36"""
    gross = line(quantity="100", price="11.90")
    billed = invoice(gross, net=D("1000.00"), tax=D("190.00"))
    decision = decide(billed, order())
    assert decision.state is State.MATCHED
    assert decision.lines[0].shares[0].amount == D("1000.00")


def test_freight_that_no_order_knows_is_measured_by_an() -> None:
    """MA-P38"""
    freight = AllowanceCharge(is_charge=True, amount=D("20.00"), reason="Freight")
    billed = invoice(net=D("1020.00"), allowances_charges=(freight,))
    refused = decide(billed, order())
    assert (refused.state, refused.cause) == (State.OUT_OF_TOLERANCE, "AN")
    allowed = decide(billed, order(), rules=policy({"AN": Tolerance(upper_absolute=D(20))}))
    assert (allowed.state, allowed.cause) == (State.WITHIN_TOLERANCE, "AN")
    assert allowed.lines[0].shares[0].amount == D("1000.00")


def test_a_line_that_no_order_knows_stays_alone_and_is_measured_by_an() -> None:
    """MA-P38, MA-P58"""
    freight = line(20, "1", "35.00", description="Fracht", seller_item_id="FR-1")
    decision = decide(invoice(line(), freight), order("4500000012", item(10), item(20)))
    assert (decision.state, decision.cause) == (State.OUT_OF_TOLERANCE, "AN")
    assert placed(decision) == [("10", "4500000012", "10", "100")]


def test_a_header_discount_is_shared_out_exactly() -> None:
    """MA-P39"""
    discount = AllowanceCharge(is_charge=False, amount=D("30.01"))
    two = order("4500000012", item(10, "100", "9.80"), item(20, "50", "9.80"))
    lines = (line(10, "100", "10.00"), line(20, "50", "10.00"))
    billed = invoice(*lines, net=D("1469.99"), allowances_charges=(discount,))
    decision = decide(billed, two)
    assert decision.state is State.WITHIN_TOLERANCE
    amounts = [share.amount for ln in decision.lines for share in ln.shares]
    assert amounts == [D("979.99"), D("490.00")]


def test_an_allowance_that_is_written_negative_is_still_an_allowance() -> None:
    """MA-P39"""
    discount = AllowanceCharge(is_charge=False, amount=D("-20.00"))
    billed = invoice(net=D("980.00"), allowances_charges=(discount,))
    decision = decide(billed, order("4500000012", item(price="9.80")))
    assert decision.state is State.MATCHED


def test_amounts_with_more_decimals_than_the_currency_are_rounded_once() -> None:
    """MA-P30, MA-P34"""
    three = order("4500000012", *(item(10 * n, "1", "0.335") for n in (1, 2, 3)))
    lines = tuple(line(10 * n, "1", "0.335", net=D("0.335")) for n in (1, 2, 3))
    decision = decide(invoice(*lines, net=D("1.01"), tax=D("0.19")), three)
    amounts = [share.amount for ln in decision.lines for share in ln.shares]
    assert sum(amounts) == D("1.01")
    assert all(amount == rounded(amount, "EUR") for amount in amounts)


def test_tenths_add_up() -> None:
    """MA-P40"""
    two = order("4500000012", item(10, "1", "0.10"), item(20, "1", "0.20"))
    billed = invoice(line(10, "1", "0.10"), line(20, "1", "0.20"), net=D("0.30"), tax=D("0.00"))
    untaxed = replace(billed, lines=tuple(replace(ln, tax_rate=D(0)) for ln in billed.lines))
    assert decide(untaxed, two, rules=policy({})).state is State.MATCHED


def _priced(net: str, **limits: Any) -> State:
    rules = policy({"PP": Tolerance(**limits)})
    return decide(invoice(line(net=D(net))), order(), rules=rules).state


def test_each_limit_is_off_or_checked_by_itself() -> None:
    """MA-P41"""
    assert _priced("1000.01", upper_absolute=D(0)) is State.OUT_OF_TOLERANCE
    assert _priced("1999.00") is State.WITHIN_TOLERANCE
    assert _priced("1030.00", upper_percent=D(3)) is State.WITHIN_TOLERANCE
    assert _priced("1030.01", upper_percent=D(3)) is State.OUT_OF_TOLERANCE
    both = {"upper_absolute": D(25), "upper_percent": D(3)}
    assert _priced("1026.00", **both) is State.OUT_OF_TOLERANCE
    assert _priced("1025.00", **both) is State.WITHIN_TOLERANCE


def test_a_key_that_the_settings_do_not_name_allows_nothing() -> None:
    """MA-P41"""
    for net in ("1000.01", "999.99"):
        decision = decide(invoice(line(net=D(net))), order(), rules=policy({}))
        assert (decision.state, decision.cause) == (State.OUT_OF_TOLERANCE, "PP")


def test_a_variance_at_the_limit_passes_and_a_cent_more_does_not() -> None:
    """MA-P42"""
    assert _priced("1025.00", upper_absolute=D(25)) is State.WITHIN_TOLERANCE
    assert _priced("1025.01", upper_absolute=D(25)) is State.OUT_OF_TOLERANCE
    assert _priced("975.00", lower_absolute=D(25)) is State.WITHIN_TOLERANCE
    assert _priced("974.99", lower_absolute=D(25)) is State.OUT_OF_TOLERANCE
    assert _priced("900.00", lower_percent=D(10)) is State.WITHIN_TOLERANCE
    assert _priced("899.99", lower_percent=D(10)) is State.OUT_OF_TOLERANCE


@given(
    cents=st.integers(min_value=-5000, max_value=5000),
    limit=st.integers(min_value=0, max_value=5000),
)
@settings(max_examples=60, deadline=None)
def test_the_state_follows_from_the_limit_alone(cents: int, limit: int) -> None:
    """MA-P41, MA-P42, MA-P61"""
    allowed = D(limit).scaleb(-2)
    state = _priced(
        str(D(100000 + cents).scaleb(-2)), upper_absolute=allowed, lower_absolute=allowed
    )
    if cents == 0:
        assert state is State.MATCHED
    else:
        inside = abs(cents) <= limit
        assert state is (State.WITHIN_TOLERANCE if inside else State.OUT_OF_TOLERANCE)


def test_two_company_codes_judge_the_same_invoice_differently() -> None:
    """MA-P43"""
    strict = CompanyCode(name="Strict GmbH", currency="EUR", vat_ids=("DE100000001",))
    easy = CompanyCode(
        name="Easy GmbH",
        currency="EUR",
        vat_ids=("DE100000002",),
        tolerances={"PP": Tolerance(upper_absolute=D(50))},
    )
    rules = MatchingPolicy(version="two", company_codes={"1010": strict, "2020": easy})
    states = []
    for code, vat_id in (("1010", "DE100000001"), ("2020", "DE100000002")):
        billed = invoice(line(net=D("1040.00")), buyer=Party(vat_id=vat_id))
        decision = decide(billed, order(company_code=code), rules=rules)
        assert decision.company_code == code
        states.append(decision.state)
    assert states == [State.OUT_OF_TOLERANCE, State.WITHIN_TOLERANCE]


def test_a_small_difference_of_the_sums_is_accepted_by_bd_only() -> None:
    """MA-P68"""
    off = replace(invoice(), total=D("1189.98"))
    allowed = decide(off, order())
    assert (allowed.state, allowed.cause) == (State.WITHIN_TOLERANCE, "BD")
    refused = decide(off, order(), rules=policy({}))
    assert (refused.state, refused.cause) == (State.INVALID, "TOTALS")
    too_much = decide(replace(invoice(), total=D("1189.94")), order())
    assert (too_much.state, too_much.cause) == (State.INVALID, "TOTALS")


@pytest.mark.parametrize(
    ("changes", "cause"),
    [
        ({"net": D("900.00"), "total": D("1090.00")}, "TOTALS"),
        ({"currency": None}, "CURRENCY"),
        ({"currency": "Euro"}, "CURRENCY"),
        ({"total": None}, "NO_TOTAL"),
        ({"number": "  "}, "NO_NUMBER"),
        ({"taxes": (TaxSubtotal(rate=D(19), basis=D(1000), amount=D(180)),)}, "TAX"),
    ],
)
def test_a_document_that_contradicts_itself_is_invalid(changes: dict[str, Any], cause: str) -> None:
    decision = decide(replace(invoice(), **changes), order())
    assert (decision.state, decision.cause) == (State.INVALID, cause)
    assert decision.remedy


@pytest.mark.parametrize(
    "bad",
    [
        {"total": D("NaN")},
        {"net": D("Infinity")},
        {"tax": D("1E+400")},
        {"prepaid": D("1E-400")},
        {"total": D("sNaN")},
        {"number": "NM\x00-1"},
        {"lines": tuple(line(n) for n in range(10_000))},
        {"lines": (replace(line(), quantity=D("NaN")),)},
        {"lines": (line(price_base_quantity=D("1E-20"), net=None),)},
        {"lines": (line(price_base_quantity=D(0)),)},
    ],
)
def test_hostile_values_end_as_invalid(bad: dict[str, Any]) -> None:
    """MA-P60"""
    decision = decide(replace(invoice(), **bad), order())
    assert decision.state is State.INVALID
    assert decision.cause in ("TOTALS", "BROKEN")


def test_an_absurd_quantity_is_no_quantity() -> None:
    """MA-P60"""
    grams = order("4500000012", item(unit="G"))
    decision = decide(invoice(line(quantity="99999999999", unit="TNE", net=D("1000.00"))), grams)
    assert (decision.state, decision.cause) == (State.OUT_OF_TOLERANCE, "UNIT")


def test_a_dozen_is_twelve_pieces() -> None:
    assert convert(D(2), "DZN", "PC") == 24
    assert convert(D(30), "PC", "DZN") == D("2.5")
    assert convert(D(1), "KGM", "LTR") is None
    assert in_order_unit(D(7), None, item()) == 7
