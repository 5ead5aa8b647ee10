"""What a decision says beside its state: how sure, by which keys, whose turn, what is blocked."""

import hashlib
from typing import Any

import pytest
from msgspec.structs import replace

from sapmatch.matching.match import match
from sapmatch.model.match import Decision, State
from sapmatch.model.policy import MatchingPolicy, Sampling, Tolerance
from tests.unit.matching.desk import (
    STRANGER,
    TOLERANCES,
    D,
    Desk,
    decide,
    invoice,
    item,
    line,
    order,
    placed,
    policy,
    posting,
)


def sampling(percent: str, threshold: str = "0") -> MatchingPolicy:
    rules = policy()
    company = replace(
        rules.company_codes["1010"],
        sampling=Sampling(percent=D(percent), threshold=D(threshold)),
    )
    return replace(rules, company_codes={"1010": company})


def chosen(desk: Desk, *only: str, **more: Any) -> Decision:
    return match(
        invoice(**more),
        document_id="doc",
        orders=desk.orders,
        earlier=desk.invoices.find,
        policy=desk.rules,
        connection="s4",
        client="100",
        only=only,
    )


def test_who_credits_more_than_was_invoiced_is_no_matter_of_the_warehouse() -> None:
    held = order("4500000012", item(postings=(posting("40", "400.00"),)))
    decision = decide(invoice(line(10, "60"), type="credit-note", number="G-1"), held)
    assert (decision.state, decision.cause) == (State.OUT_OF_TOLERANCE, "DQ")
    assert decision.owner == "accounts_payable"
    assert "MIGO" not in (decision.remedy or "")


def test_a_decision_tells_how_sure_it_is_and_what_led_to_it() -> None:
    decision = decide(invoice(), order())
    assert decision.confidence == 999
    assert decision.keys[0] == "K1 4500000012"
    assert decision.ranked[0].orders == ("4500000012",)
    assert (decision.owner, decision.difference, decision.dropped) == (None, None, ())


@pytest.mark.parametrize(
    ("billed", "owner", "difference"),
    [
        (invoice(line(price="12.00")), "purchasing", D("200.00")),
        (invoice(line(quantity="110")), "warehouse", D("100.00")),
        (invoice(seller=STRANGER), "accounts_payable", None),
    ],
)
def test_the_owner_and_the_money_at_stake_are_named(
    billed: Any, owner: str, difference: Any
) -> None:
    decision = decide(billed, order())
    assert (decision.owner, decision.difference) == (owner, difference)


def test_all_good_invoices_or_none_are_sampled() -> None:
    every, none = decide(invoice(), order(), rules=sampling("100")), decide(invoice(), order())
    assert (every.state, every.sampled, every.payment_block) == (State.MATCHED, True, True)
    assert every.owner == "accounts_payable"
    assert any("payment block" in sentence for sentence in every.explanation)
    assert (none.sampled, none.payment_block) == (False, False)


def test_samples_are_drawn_by_the_document_id_and_are_as_many_as_asked_for() -> None:
    desk = Desk(order(), rules=sampling("10"))
    names = [hashlib.sha256(str(n).encode()).hexdigest() for n in range(400)]
    drawn = [desk.decide(invoice(), name).sampled for name in names]
    assert drawn == [desk.decide(invoice(), name).sampled for name in names]
    assert 20 <= sum(drawn) <= 60


def test_below_the_threshold_samples_are_fewer_in_proportion() -> None:
    names = [hashlib.sha256(str(n).encode()).hexdigest() for n in range(200)]
    below = Desk(order(), rules=sampling("100", "11900"))  # the invoice is over a tenth of it
    drawn = sum(below.decide(invoice(), name).sampled for name in names)
    assert 8 <= drawn <= 35


def test_what_is_out_of_tolerance_is_never_a_sample() -> None:
    decision = decide(invoice(line(price="12.00")), order(), rules=sampling("100"))
    assert (decision.state, decision.sampled) == (State.OUT_OF_TOLERANCE, False)


@pytest.mark.parametrize(
    ("price", "quantity", "blocked"),
    [("12.00", "100", True), ("10.00", "110", False), ("12.00", "110", False)],
)
def test_only_where_every_failing_key_says_block_it_is_posted_with_one(
    price: str, quantity: str, blocked: bool
) -> None:
    limits = TOLERANCES | {"PP": Tolerance(upper_absolute=D(25), effect="block")}
    decision = decide(invoice(line(quantity=quantity, price=price)), order(), rules=policy(limits))
    assert decision.state is State.OUT_OF_TOLERANCE
    assert (decision.payment_block, decision.posts) == (blocked, blocked)


def test_a_sales_order_has_no_payment_to_block() -> None:
    sold = order("1000045", side="sales_order", partner_name=None, partner_vat_id=None)
    billed = invoice(order_references=(), sales_order_reference="1000045")
    decision = decide(billed, sold, rules=sampling("100"))
    assert (decision.state, decision.side) == (State.MATCHED, "sales_order")
    assert (decision.sampled, decision.payment_block) == (False, False)


def test_a_return_among_the_lines_goes_to_a_person_who_sees_where_it_belongs() -> None:
    """MA-P53"""
    held = order(
        "4500000012", item(10), item(20, received=["100"], postings=(posting("100", "1000"),))
    )
    decision = decide(invoice(line(10), line(20, "-5")), held)
    assert (decision.state, decision.cause) == (State.AMBIGUOUS, "RETURN")
    assert ("20", "4500000012", "20", "-5") in placed(decision)


def test_a_person_may_choose_an_order_that_nothing_leads_to() -> None:
    other = order("4500000099", partner_name=STRANGER.name, partner_vat_id=STRANGER.vat_id)
    desk = Desk(order(), other)
    decision = chosen(desk, "4500000099")
    assert (decision.state, decision.orders) == (State.MATCHED, ("4500000099",))
    assert decision.order_versions == {"4500000099": 1}
    assert "VAT id different" in [e.name for e in decision.evidence]
    assert desk.decide(invoice(order_references=("4500000099",))).state is State.AMBIGUOUS


def test_of_a_chosen_order_only_the_tolerances_decide() -> None:
    desk = Desk(order("4500000099", item(price="8.00")))
    assert chosen(desk, "4500000099").state is State.OUT_OF_TOLERANCE
    short = Desk(order("4500000099", item(received=["40"])))
    assert chosen(short, "4500000099").state is State.WAITING_RECEIPT


def test_a_chosen_order_that_does_not_exist_is_no_candidate() -> None:
    decision = chosen(Desk(order()), "4500000012", "4500000098")
    assert (decision.state, decision.orders) == (State.NO_CANDIDATE, ())
