"""Lines that no order item covers: how SAP would book them, and whether it could (MA-P38)."""

from decimal import Decimal

import pytest
from msgspec.structs import replace

from sapmatch.model.match import Decision, State, Unplanned
from sapmatch.model.policy import MatchingPolicy, Tolerance
from tests.unit.matching.desk import decide, invoice, item, line, order, policy

D = Decimal
AN = {"AN": Tolerance(upper_absolute=D(50))}


def rules(account: str | None = None, tolerance: Tolerance = AN["AN"]) -> MatchingPolicy:
    """AN of 50.00, where matches are written to SAP."""
    made = policy({"AN": tolerance})
    codes = {n: replace(c, unplanned_account=account) for n, c in made.company_codes.items()}
    return replace(made, company_codes=codes, writes_invoices=True)


def with_line(text: str, by: MatchingPolicy) -> Decision:
    """An invoice over the order's goods and 35.00 of something else."""
    stray = line(20, "1", "35.00", description=text, seller_item_id="X-1")
    return decide(invoice(line(), stray), order("4500000012", item(10)), rules=by)


@pytest.mark.parametrize("text", ["Fracht", "Verpackungspauschale", "Shipping", "Dieselzuschlag"])
def test_freight_and_the_like_is_delivery_cost_and_needs_no_account(text: str) -> None:
    decision = with_line(text, rules())
    assert (decision.state, decision.cause) == (State.WITHIN_TOLERANCE, "AN")
    assert decision.lines[1].unplanned == Unplanned(kind="delivery_cost", amount=D("35.00"))
    assert decision.lines[0].unplanned is None


@pytest.mark.parametrize("text", ["Kleinmaterial", "Rundung", "Kaffee"])
def test_all_else_is_posted_on_the_account_that_the_settings_name(text: str) -> None:
    decision = with_line(text, rules(account="65008100"))
    assert (decision.state, decision.cause) == (State.WITHIN_TOLERANCE, "AN")
    assert decision.lines[1].unplanned == Unplanned(kind="account", amount=D("35.00"))


@pytest.mark.parametrize("effect", ["review", "block"])
def test_without_an_account_a_person_decides_whatever_an_allows(effect: str) -> None:
    limit = Tolerance(upper_absolute=D(50), effect=effect)  # type: ignore[arg-type]
    decision = with_line("Kleinmaterial", rules(tolerance=limit))
    assert (decision.state, decision.cause) == (State.OUT_OF_TOLERANCE, "AN")
    assert not decision.posts
    (check,) = [c for c in decision.tolerances if c.key == "AN"]
    assert (check.line, check.value, check.limit) == (decision.lines[1].line, D(35), D(0))
    assert "unplanned_account" in (decision.remedy or "")


def test_where_nothing_is_written_the_limit_alone_decides() -> None:
    decision = with_line("Kleinmaterial", replace(rules(), writes_invoices=False))
    assert decision.state is State.WITHIN_TOLERANCE


def test_a_line_without_an_amount_needs_no_account() -> None:
    free = line(20, "1", "0.00", description="Kleinmaterial", seller_item_id="X-1")
    decision = decide(invoice(line(), free), order("4500000012", item(10)), rules=rules())
    assert decision.state is State.MATCHED
    assert decision.lines[1].unplanned is None
