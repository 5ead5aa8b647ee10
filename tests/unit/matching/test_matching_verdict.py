"""What becomes of an invoice when a person decided: as shown, with the order of now."""

from collections.abc import Sequence
from decimal import Decimal

import pytest
from msgspec.structs import replace

from sapmatch.matching.verdict import anew, decided_by_hand
from sapmatch.model.errors import InputRejected
from sapmatch.model.invoice import Invoice
from sapmatch.model.match import Decision, LedgerLine, Ranked, State
from sapmatch.model.order import Order, OrderItem
from sapmatch.model.review import Verdict
from tests.builders.memory import START
from tests.unit.matching import desk
from tests.unit.matching.desk import STRANGER, Desk, invoice, item, line, order, placed, posting

NUMBER = "4500000012"
ROLE = "arn:aws:sts::123456789012:assumed-role/clerks/carl@example.com"


def verdict(action: str = "accept", **more: str) -> Verdict:
    return Verdict(
        action=action,  # type: ignore[arg-type]
        reason="agreed on the phone",
        by=ROLE,
        at=START,
        **more,  # type: ignore[arg-type]
    )


def by_hand(one: Desk, billed: Invoice, said: Verdict, shown: Decision | None = None) -> Decision:
    """The decision of a person about what the desk decides on the invoice."""
    again = anew(
        billed,
        document_id="doc",
        orders=one.orders,
        policy=one.rules,
        connection="s4",
        client="100",
    )
    return decided_by_hand(said, shown or one.decide(billed), anew=again)


def refusal(one: Desk, billed: Invoice, said: Verdict, shown: Decision | None = None) -> str:
    with pytest.raises(InputRejected) as caught:
        by_hand(one, billed, said, shown)
    return str(caught.value)


def test_an_accepted_variance_is_posted_as_it_was_shown() -> None:
    one, billed = Desk(order()), invoice(line(price="12.00"))
    shown = one.decide(billed)
    assert shown.state is State.OUT_OF_TOLERANCE
    done = by_hand(one, billed, verdict(sap_user="ANNA"))
    assert (done.state, done.orders, done.cause) == (State.MANUAL_MATCHED, (NUMBER,), shown.cause)
    assert (done.lines, done.tolerances) == (shown.lines, shown.tolerances)
    assert done.posts
    assert (done.remedy, done.owner, done.payment_block) == (None, None, False)


def test_the_explanation_begins_with_who_decided_and_why_and_keeps_the_rest() -> None:
    one, billed = Desk(order()), invoice(line(price="12.00"))
    done = by_hand(one, billed, verdict(sap_user="ANNA"))
    assert done.explanation[0] == (
        "SAP user ANNA accepted order 4500000012, on 2026-11-02: agreed on the phone"
    )
    assert done.explanation[1:] == one.decide(billed).explanation


def test_no_name_of_aws_stands_in_a_decision() -> None:
    one, billed = Desk(order()), invoice(line(price="12.00"))
    done = by_hand(one, billed, verdict())
    assert done.explanation[0].startswith("A member of the role clerks accepted")
    assert "carl" not in str(done)


def test_the_second_person_is_named_too() -> None:
    said = replace(
        verdict(sap_user="ANNA"),
        confirmed_by=ROLE,
        confirmed_sap_user="BORIS",
        confirmed_at=START,
    )
    done = by_hand(Desk(order()), invoice(line(price="12.00")), said)
    assert done.explanation[1] == "SAP user BORIS confirmed it on 2026-11-02."


def test_a_missing_receipt_is_accepted_by_a_person() -> None:
    one = Desk(order(NUMBER, item(received=[])))
    billed = invoice()
    assert one.decide(billed).state is State.WAITING_RECEIPT
    done = by_hand(one, billed, verdict())
    assert placed(done) == [("10", NUMBER, "10", "100")]


def test_a_rejected_invoice_posts_nothing_and_stays_explained() -> None:
    one, billed = Desk(order()), invoice(line(price="12.00"))
    shown = one.decide(billed)
    done = by_hand(one, billed, verdict("reject"))
    assert (done.state, done.posts) == (State.MANUAL_REJECTED, False)
    assert done.company_code == "1010"
    assert "rejected it, and nothing is posted" in done.explanation[0]
    assert done.explanation[1:] == shown.explanation


def test_what_was_never_decided_can_be_rejected() -> None:
    def never(_orders: Sequence[str]) -> Decision:
        raise AssertionError("nothing is matched for a rejection")

    done = decided_by_hand(verdict("reject"), None, anew=never)
    assert (done.state, len(done.explanation)) == (State.MANUAL_REJECTED, 1)


def test_a_suspected_duplicate_that_is_none_is_matched_with_its_best_candidate() -> None:
    """MA-P45: the person saw both documents; the question is not asked again."""
    one, billed = Desk(order()), invoice(number="INV 12.24")
    one.remember(invoice(number="INV-0012/24"), "earlier")
    shown = one.decide(billed)
    assert shown.state is State.SUSPECTED_DUPLICATE
    done = by_hand(one, billed, verdict())
    assert placed(done) == [("10", NUMBER, "10", "100")]


def test_of_twins_a_person_names_one() -> None:
    """MA-P09"""
    one = Desk(order("4500000012"), order("4500000013"))
    billed = invoice(order_references=())
    assert one.decide(billed).state is State.AMBIGUOUS
    done = by_hand(one, billed, verdict("match", order="4500000013"))
    assert (done.orders, placed(done)[0][1]) == (("4500000013",), "4500000013")
    assert done.explanation[0].endswith(
        "chose order 4500000013, on 2026-11-02: agreed on the phone"
    )


def test_accepting_twins_takes_the_first_of_those_shown() -> None:
    one = Desk(order("4500000012"), order("4500000013"))
    billed = invoice(order_references=())
    shown = one.decide(billed)
    done = by_hand(one, billed, verdict())
    assert done.orders == (shown.ranked[0].orders if shown.ranked else (shown.candidates[0],))


def strangers() -> Order:
    party = {"partner": "10100009", "partner_name": STRANGER.name}
    return order("4500000099", partner_vat_id=STRANGER.vat_id, **party)


def test_one_wrong_digit_does_not_pay_another_supplier() -> None:
    """MA-P05: the order is another party's, and nobody said that it is meant."""
    one = Desk(order(), strangers())
    told = refusal(one, invoice(), verdict("match", order="4500000099"))
    assert "with another party than the one on the invoice (VAT id different" in told
    assert "add --other-supplier" in told


def test_any_order_of_the_company_code_may_be_named_by_who_says_that_it_is_meant() -> None:
    one = Desk(order(), strangers())
    said = replace(verdict("match", order="4500000099"), other_supplier=True)
    assert by_hand(one, invoice(), said).orders == ("4500000099",)


def test_accepting_an_order_that_was_asked_about_as_another_suppliers_is_the_answer() -> None:
    billed = invoice(order_references=("4500000099",))
    one = Desk(strangers())
    assert one.decide(billed).cause == "OTHER_SUPPLIER"
    assert by_hand(one, billed, verdict()).orders == ("4500000099",)


@pytest.mark.parametrize(
    "spent",
    [
        item(postings=(posting("100", "1000.00"),)),
        item(received=["60"], postings=(posting("100", "1000.00"),)),
    ],
)
def test_an_order_of_which_nothing_is_left_is_not_invoiced_again_unawares(spent: OrderItem) -> None:
    """MA-P18"""
    one, billed = Desk(order("4500000013", spent)), invoice(order_references=())
    said = verdict("match", order="4500000013")
    told = refusal(one, billed, said)
    assert "nothing is left to invoice of item 4500000013/10" in told
    assert "add --nothing-open" in told
    assert by_hand(one, billed, replace(said, nothing_open=True)).orders == ("4500000013",)


@pytest.mark.parametrize(
    "rest", [item(received=[]), item(quantity="1", unit="EA", overall_limit=Decimal(5000))]
)
def test_what_is_still_to_come_or_bound_by_a_limit_alone_is_not_used_up(rest: OrderItem) -> None:
    one, billed = Desk(order(NUMBER, rest)), invoice()
    assert by_hand(one, billed, verdict("match", order=NUMBER)).orders == (NUMBER,)


@pytest.mark.parametrize(("posted", "refused"), [("40", False), ("0", True)])
def test_of_what_was_never_invoiced_nothing_is_credited_unawares(
    posted: str, refused: bool
) -> None:
    one = Desk(order(NUMBER, item(postings=(posting(posted, "400.00"),))))
    billed = invoice(line(10, "40"), type="credit-note", number="G-1")
    said = verdict("match", order=NUMBER)
    if refused:
        assert "nothing is left to invoice" in refusal(one, billed, said)
    else:
        assert by_hand(one, billed, said).orders == (NUMBER,)


def test_an_order_that_is_not_there_is_refused() -> None:
    told = refusal(Desk(order()), invoice(), verdict("match", order="4500000077"))
    assert "order 4500000077: is no open order of this company code" in told


def test_an_order_that_fits_no_line_is_refused() -> None:
    other = order("4500000099", item(20, "1", "77777.00", unit="KG", partner_material="ZZ-1"))
    billed = invoice(line(), order_references=("4500000099",), lines=())
    assert "SAP could post nothing" in refusal(
        Desk(order(), other), billed, verdict("match", order="4500000099")
    )


def test_an_order_that_sap_closed_is_refused() -> None:
    one = Desk(order(NUMBER, item(finally_invoiced=True)))
    told = refusal(one, invoice(), verdict("match", order=NUMBER))
    assert "SAP takes no invoice for it (FINALLY_INVOICED)" in told


def test_more_orders_than_can_be_booked_at_once_are_refused() -> None:
    orders = [order(str(4500000000 + n), item(10, "1", "1.00")) for n in range(91)]
    one, billed = Desk(*orders), invoice(line(10, "91", "1.00"))
    shown = Decision(
        state=State.AMBIGUOUS,
        policy_version="test",
        cause="TOO_MANY_ORDERS",
        ranked=(Ranked(orders=tuple(o.id for o in orders), score=100),),
    )
    assert "91 orders are more than can be booked" in refusal(one, billed, verdict(), shown)


def test_a_number_of_two_orders_is_not_guessed() -> None:
    shown = Decision(
        state=State.AMBIGUOUS, policy_version="test", cause="SAME_NUMBER", candidates=(NUMBER,)
    )
    told = refusal(Desk(order()), invoice(), verdict(), shown)
    assert "take the purchase order with match ORDER" in told


def test_nothing_can_be_accepted_where_nothing_was_found() -> None:
    shown = Decision(state=State.NO_CANDIDATE, policy_version="test")
    assert "no candidate to accept" in refusal(Desk(), invoice(), verdict(), shown)


def test_the_order_is_reserved_in_its_version_of_now() -> None:
    """MA-P54: else a decision on an order that changed could never be recorded."""
    one, billed = Desk(order()), invoice(line(price="12.00"))
    shown = one.decide(billed)
    one.take(invoice(line(10, "1"), number="OTHER-1"), "other")
    done = by_hand(one, billed, verdict(), shown)
    assert done.lines == shown.lines
    assert done.order_versions != shown.order_versions
    found = one.orders.get(desk.SCOPE, NUMBER)
    assert found is not None
    assert done.order_versions == {NUMBER: found.version}


def ledger(left: str) -> LedgerLine:
    return LedgerLine(
        order=NUMBER,
        item="10",
        unit="PC",
        ordered=Decimal(100),
        delivered=Decimal(100),
        invoiced=100 - Decimal(left),
        open=Decimal(left),
        taken=Decimal(60),
        amount=Decimal(600),
    )


@pytest.mark.parametrize(("before", "now", "told"), [("100", "40", True), ("100", "60", False)])
def test_quantities_that_somebody_took_meanwhile_are_told(
    before: str, now: str, told: bool
) -> None:
    one, billed = Desk(order()), invoice(line(price="12.00"))
    shown = replace(one.decide(billed), ledger=(ledger(before),))
    fresh = replace(shown, ledger=(ledger(now),))
    done = decided_by_hand(verdict(), shown, anew=lambda _: fresh)
    remark = (
        "Of order 4500000012 item 10, 40 PC can be invoiced by now, and 60 PC are taken all the "
        "same, as decided."
    )
    assert (remark in done.explanation) is told


def test_what_was_never_there_is_no_news() -> None:
    one, billed = Desk(order()), invoice(line(price="12.00"))
    shown = replace(one.decide(billed), ledger=(ledger("40"),))
    done = decided_by_hand(verdict(), shown, anew=lambda _: shown)
    assert len(done.explanation) == len(shown.explanation) + 1
