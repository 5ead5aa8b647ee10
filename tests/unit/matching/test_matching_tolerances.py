"""Whose limits hold, what is beyond them, and what they can never do."""

from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from sapmatch.matching.ledger import Position, positions
from sapmatch.matching.tolerances import limits_of, named
from sapmatch.model.match import Decision, State
from sapmatch.model.order import IndexedOrder
from sapmatch.model.policy import CompanyCode, MatchingPolicy, Tolerance, ToleranceOverride
from tests.unit.matching.desk import D, decide, invoice, item, line, order, policy, posting

BEST_FIRST = (
    State.MATCHED,
    State.WITHIN_TOLERANCE,
    State.WAITING_RECEIPT,
    State.OUT_OF_TOLERANCE,
)


def limited(*overrides: ToleranceOverride, **more: Tolerance) -> MatchingPolicy:
    rules = policy(more or {"PP": Tolerance(upper_absolute=D(0))})
    (company,) = rules.company_codes.values()
    return replace(rules, company_codes={"1010": replace(company, overrides=overrides)})


def upper(limit: int) -> dict[str, Tolerance]:
    return {"PP": Tolerance(upper_absolute=D(limit))}


def place(**more: Any) -> Position:
    one = order("4500000012", item(material="M-7"), **more)
    return positions((IndexedOrder(order=one, version=1),), "")[0]


SUPPLIER = ToleranceOverride(supplier="10100001", tolerances=upper(1))
MATERIAL = ToleranceOverride(material="M-7", tolerances=upper(2))
BOTH = ToleranceOverride(supplier="10100001", material="M-7", tolerances=upper(3))
OTHERS = (
    ToleranceOverride(supplier="10100002", tolerances=upper(8)),
    ToleranceOverride(supplier="10100001", material="M-8", tolerances=upper(9)),
)


@pytest.mark.parametrize(
    ("overrides", "limit"),
    [
        ((), 0),
        (OTHERS, 0),
        ((SUPPLIER, *OTHERS), 1),
        ((MATERIAL, SUPPLIER), 2),
        ((SUPPLIER, BOTH, MATERIAL), 3),
        ((ToleranceOverride(supplier="0010100001", tolerances=upper(4)),), 4),
        ((ToleranceOverride(supplier="10100001", tolerances={"DQ": Tolerance()}),), 0),
    ],
)
def test_the_most_specific_limits_stand(
    overrides: tuple[ToleranceOverride, ...], limit: int
) -> None:
    company = limited(*overrides).company_codes["1010"]
    for shuffled in (overrides, overrides[::-1]):
        found = limits_of(replace(company, overrides=shuffled), "PP", place())
        assert found.upper_absolute == limit


@pytest.mark.parametrize("material", ["0", "-", "M7", "M 7"])
def test_an_override_holds_for_no_other_material(material: str) -> None:
    """MA-P43: materials differ in separators, and no material is no zero."""
    company = limited(ToleranceOverride(material=material, tolerances=upper(9)))
    for own in ("M-7", None):
        held = order("4500000012", item(material=own))
        (position,) = positions((IndexedOrder(order=held, version=1),), "")
        assert limits_of(company.company_codes["1010"], "PP", position).upper_absolute == 0


def test_limits_of_a_supplier_hold_where_he_only_bills() -> None:
    """MA-P06"""
    company = limited(SUPPLIER).company_codes["1010"]
    billed = place(partner="999", invoicing_party="10100001")
    assert limits_of(company, "PP", billed).upper_absolute == 1
    assert limits_of(company, "PP", place(partner="999")).upper_absolute == 0


def test_an_override_decides_on_the_invoices_of_its_supplier_only() -> None:
    """MA-P43"""
    dearer = invoice(line(price="10.01"))
    assert decide(dearer, order(), rules=limited()).cause == "PP"
    assert decide(dearer, order(), rules=limited(SUPPLIER)).state is State.WITHIN_TOLERANCE
    assert decide(dearer, order(), rules=limited(*OTHERS)).state is State.OUT_OF_TOLERANCE


@pytest.mark.parametrize("key", ["AP", "BR", "BW", "KW", "LD", "PC", "PS", "ST", "VP"])
def test_an_optional_key_that_the_settings_do_not_name_is_not_checked(key: str) -> None:
    """MA-P41"""
    company = CompanyCode(name="X", currency="EUR")
    assert limits_of(company, key) == Tolerance()
    assert named(company, key) is None


@pytest.mark.parametrize("key", ["AN", "BD", "DQ", "DW", "LA", "PP"])
def test_any_other_key_allows_nothing_until_the_settings_name_it(key: str) -> None:
    """MA-P41"""
    company = CompanyCode(name="X", currency="EUR")
    assert limits_of(company, key).upper_absolute == 0
    off = replace(company, tolerances={key: Tolerance()})
    assert limits_of(off, key) == Tolerance()


def test_given_both_limits_either_failing_fails_and_one_alone_ignores_the_other() -> None:
    """MA-P41"""
    dearer = invoice(line(price="10.40"))
    cases: tuple[tuple[dict[str, Any], State], ...] = (
        ({"upper_absolute": D(40), "upper_percent": D(4)}, State.WITHIN_TOLERANCE),
        ({"upper_absolute": D(39), "upper_percent": D(4)}, State.OUT_OF_TOLERANCE),
        ({"upper_absolute": D(40), "upper_percent": D("3.99")}, State.OUT_OF_TOLERANCE),
        ({"upper_absolute": D(40)}, State.WITHIN_TOLERANCE),
        ({"upper_percent": D(4)}, State.WITHIN_TOLERANCE),
        ({}, State.WITHIN_TOLERANCE),
    )
    for limits, state in cases:
        rules = policy({"PP": Tolerance(**limits)})
        assert decide(dearer, order(), rules=rules).state is state


def test_ps_stands_in_for_pp_where_the_price_is_an_estimate() -> None:
    estimated = order("4500000012", item(price_estimated=True))
    dearer = invoice(line(price="10.40"))
    strict = {"PP": Tolerance(upper_absolute=D(0))}
    wide = {**strict, "PS": Tolerance(upper_absolute=D(40))}
    assert decide(dearer, estimated, rules=policy(strict)).cause == "PP"
    decision = decide(dearer, estimated, rules=policy(wide))
    assert (decision.state, decision.cause) == (State.WITHIN_TOLERANCE, "PS")
    assert decide(dearer, order(), rules=policy(wide)).cause == "PP"


def test_the_contract_is_checked_beside_the_order() -> None:
    """PC: the order's price may be another than the contract's."""
    agreed = order("4500000012", item(contract_price=D("9.90")))
    rules = policy({"PC": Tolerance(upper_absolute=D("9.99"))})
    decision = decide(invoice(), agreed, rules=rules)
    assert (decision.state, decision.cause) == (State.OUT_OF_TOLERANCE, "PC")
    assert [(c.key, c.value) for c in decision.tolerances] == [("PC", D("10.00"))]


def _scene(price: int, quantity: int, received: int, charge: int) -> tuple[Decision, ...]:
    """The decision by narrow and by wide limits."""
    steps = (
        ("upper_absolute", "0", "20"),
        ("upper_percent", "0", "3"),
        ("lower_percent", "0", "9"),
    )
    rules = []
    for n in (1, 2):
        limits: dict[str, Any] = {step[0]: D(step[n]) for step in steps}
        keys = ("PP", "DQ", "DW", "AN", "BD", "AP", "ST", "PC", "VP")
        rules.append(policy({key: Tolerance(**limits) for key in keys}))
    cents = D(price) / 100
    billed = line(quantity=str(quantity), unit_price=cents, net=cents * quantity)
    added = D(charge) / 100
    one = invoice(billed, net=(billed.net or D(0)), total=cents * quantity + added, tax=D(0))
    held = item(received=[str(received)] if received else [])
    return tuple(decide(one, order("4500000012", held), rules=rule) for rule in rules)


@settings(max_examples=60, deadline=None)
@given(st.integers(950, 1050), st.integers(90, 110), st.integers(0, 110), st.integers(0, 25))
def test_wider_limits_never_yield_a_worse_state(
    price: int, quantity: int, received: int, charge: int
) -> None:
    """MA-P43"""
    narrow, wide = _scene(price, quantity, received, charge)
    if State.INVALID in (narrow.state, wide.state):
        assert narrow.state is State.INVALID
        return
    assert BEST_FIRST.index(wide.state) <= BEST_FIRST.index(narrow.state)


@settings(max_examples=25, deadline=None)
@given(st.integers(990, 1010), st.sampled_from(["100", "60", "101"]), st.integers(1, 3))
def test_unrelated_orders_change_no_decision(price: int, quantity: str, others: int) -> None:
    """MA-P57"""
    billed = invoice(line(quantity=quantity, price=str(D(price) / 100)))
    strangers = [
        order(
            f"47000000{n:02}",
            item(10 * n, "7", "3.21", text="Kugelschreiber", partner_material="KS"),
            partner="20200001",
            partner_name="Schreibwaren Muster KG",
            partner_vat_id="DE265432108",
        )
        for n in range(1, others + 1)
    ]
    assert decide(billed, order(), *strangers) == decide(billed, order())


def test_a_credit_of_what_was_paid_is_no_variance() -> None:
    """MA-P51: it was invoiced within the tolerance of 2 %, and comes back as it was invoiced."""
    used = order("4500000012", item(postings=(posting("100", "1020.00"),)))
    for price, state in (("10.20", State.MATCHED), ("10.00", State.MATCHED)):
        credit = invoice(line(quantity="40", price=price), type="credit-note", number="G-1")
        assert decide(credit, used, rules=policy({})).state is state
    less = invoice(line(quantity="40", price="9.99"), type="credit-note", number="G-1")
    decision = decide(less, used, rules=policy({}))
    assert (decision.state, decision.cause) == (State.OUT_OF_TOLERANCE, "PP")
    assert [(c.bound, c.value) for c in decision.tolerances] == [("upper_absolute", D("0.40"))]


def test_a_limit_may_be_wide_for_one_material_alone() -> None:
    """MA-P43"""
    rules = limited(ToleranceOverride(material="M-7", tolerances=upper(1)))
    two = order("4500000012", item(10, material="M-7"), item(20, material="M-8"))
    lines = [line(n, price="10.01") for n in (10, 20)]
    decision = decide(invoice(*lines), two, rules=rules)
    verdicts = [(c.line, c.limit, c.verdict) for c in decision.tolerances]
    assert verdicts == [("10", Decimal(1), "pass"), ("20", Decimal(0), "fail")]
