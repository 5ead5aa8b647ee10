"""Whatever an invoice holds, it gets a state and never an exception (MA-P60)."""

from decimal import Decimal
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from sapmatch.model.invoice import AllowanceCharge, Invoice, InvoiceLine, Party, TaxSubtotal
from sapmatch.model.match import POSTABLE, State
from tests.unit.matching.desk import D, Desk, invoice, item, line, order

TEXTS = st.one_of(
    st.none(),
    st.sampled_from(["", "0", "4500000012", "45OOO0OO12/10", "\x00", "DE298765431", "EUR", "’´`"]),
    st.text(max_size=40),
)
NUMBERS = st.one_of(
    st.none(),
    st.sampled_from([D(0), D(100), D("-1"), D("NaN"), D("sNaN"), D("Infinity"), D("1E+400")]),
    st.sampled_from([D("1E-400"), D("0.1"), D("1000.00"), D("190.00"), D("1190.00")]),
    st.decimals(allow_nan=True, allow_infinity=True),
)
LINES = st.builds(
    InvoiceLine,
    id=st.text(max_size=5),
    description=TEXTS,
    quantity=NUMBERS,
    unit=TEXTS,
    unit_price=NUMBERS,
    price_base_quantity=NUMBERS,
    net=NUMBERS,
    tax_rate=NUMBERS,
    order_reference=TEXTS,
    order_item=TEXTS,
    delivery_note=TEXTS,
    seller_item_id=TEXTS,
)
EXTRAS = st.builds(
    AllowanceCharge,
    is_charge=st.booleans(),
    amount=st.one_of(st.sampled_from([D(20), D(-20)]), NUMBERS.filter(lambda n: n is not None)),
    reason=TEXTS,
)
TAXES = ((19, 95), (7, 0))
INVOICES = st.builds(
    Invoice,
    number=TEXTS,
    type=st.sampled_from(["invoice", "credit-note", "self-billed-invoice", "receipt"]),
    currency=TEXTS,
    net=NUMBERS,
    tax=NUMBERS,
    total=NUMBERS,
    iban=TEXTS,
    seller=st.builds(Party, name=TEXTS, vat_id=TEXTS),
    buyer=st.builds(Party, name=TEXTS, vat_id=TEXTS),
    order_references=st.lists(st.text(max_size=30), max_size=3).map(tuple),
    sales_order_reference=TEXTS,
    buyer_reference=TEXTS,
    delivery_note=TEXTS,
    lines=st.lists(LINES, max_size=4).map(tuple),
    allowances_charges=st.lists(EXTRAS, max_size=2).map(tuple),
)
DESK = Desk(order(), order("4500000013", item(10), item(20)))
BOUNDED = settings(
    max_examples=150, deadline=None, derandomize=True, suppress_health_check=list(HealthCheck)
)


@given(INVOICES)
@BOUNDED
def test_garbage_gets_a_state(billed: Invoice) -> None:
    """MA-P60"""
    assert DESK.decide(billed).state in State


@given(
    st.fixed_dictionaries(
        {}, optional={"quantity": NUMBERS, "unit_price": NUMBERS, "net": NUMBERS}
    ),
    st.fixed_dictionaries({}, optional={"total": NUMBERS, "delivery_note": TEXTS, "iban": TEXTS}),
)
@BOUNDED
def test_a_good_invoice_with_garbage_in_it_is_never_posted_at_another_amount(
    row: dict[str, Any], head: dict[str, Any]
) -> None:
    """MA-P60"""
    billed = replace(invoice(), lines=(replace(line(), **row),), **head)
    decision = DESK.decide(billed)
    if decision.state in POSTABLE:
        taken = sum((s.amount for ln in decision.lines for s in ln.shares), Decimal(0))
        assert taken == D("1000.00")


@pytest.mark.parametrize("is_charge", [True, False])
def test_a_document_without_lines_may_have_a_charge_or_an_allowance(is_charge: bool) -> None:
    """MA-P39, MA-P60"""
    extra = AllowanceCharge(is_charge=is_charge, amount=D(20))
    decision = DESK.decide(invoice(lines=(), net=D(980), allowances_charges=(extra,)))
    assert (decision.state, decision.cause) == (State.OUT_OF_TOLERANCE, "PP")


def test_numbers_of_endless_digits_are_texts() -> None:
    """MA-P60: Python makes no number of more than 4,300 digits."""
    endless = "9" * 5000
    assert DESK.decide(invoice(line(id=endless))).state is State.MATCHED
    held = Desk(order(endless, item(10, id=endless)))
    assert held.decide(invoice(order_references=(endless,))).state is State.MATCHED


@pytest.mark.timeout(8)
def test_thousands_of_tax_rows_are_compared_with_the_lines_once() -> None:
    """MA-P35, MA-P60: each is right per line only, so that none ends the search for a flaw."""
    lines = [line(n, "1", "0.03") for n in range(1, 1001)]
    rows = (TaxSubtotal(rate=D(19), basis=D(30), amount=D(10)),) * 3000
    decision = DESK.decide(invoice(*lines, taxes=rows, tax=D(30_000)))
    assert decision.state is not State.INVALID


def test_a_tax_of_nothing_is_wrong_where_no_line_has_its_rate() -> None:
    """MA-P35"""
    rows = tuple(TaxSubtotal(rate=D(rate), basis=D(500), amount=D(tax)) for rate, tax in TAXES)
    decision = DESK.decide(invoice(taxes=rows, tax=D(95)))
    assert (decision.state, decision.cause) == (State.INVALID, "TAX")


def test_ten_thousand_lines_are_a_clean_refusal() -> None:
    """MA-P60"""
    decision = DESK.decide(invoice(*(line(id=str(n)) for n in range(10_000))))
    assert (decision.state, decision.cause) == (State.INVALID, "BROKEN")
