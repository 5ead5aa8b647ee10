"""Documents that change a value and no quantity, and the ledger before and after a decision."""

from decimal import Decimal
from typing import Any

import pytest
from msgspec.structs import replace

from sapmatch.matching.case import build_case
from sapmatch.matching.items import invoice_items, ledger_lines, subsequent
from sapmatch.matching.ledger import Position, positions
from sapmatch.matching.lines import Assigned, Portion
from sapmatch.matching.variances import judge_lines
from sapmatch.model.invoice import Invoice, InvoiceReference
from sapmatch.model.match import State
from sapmatch.model.order import IndexedOrder, Order
from sapmatch.model.policy import Tolerance
from tests.unit.matching.desk import D, decide, invoice, item, line, order, policy, posting

CREDIT = {"type": "credit-note", "number": "G-1"}
USED = order("4500000012", item(postings=(posting("100", "1050.00"),)))
FREE = policy({"PP": Tolerance()})


def _of_all(amount: str, quantity: str = "100", **more: Any) -> Invoice:
    price = D(amount) / D(quantity)
    billed = line(quantity=quantity, net=D(amount), unit_price=price, order_item="10")
    return invoice(billed, **more)


def test_a_subsequent_credit_needs_a_person_whatever_pp_allows() -> None:
    """MA-P51: 100 pieces for 50.00 would give back the goods for a twentieth of their price."""
    decision = decide(_of_all("50.00", **CREDIT), USED, rules=FREE)
    assert (decision.state, decision.cause) == (State.AMBIGUOUS, "CORRECTION")
    assert decision.remedy


def test_a_credit_of_all_goods_is_one_of_quantity() -> None:
    """MA-P51"""
    assert decide(_of_all("1050.00", **CREDIT), USED, rules=FREE).state is State.MATCHED
    part = decide(_of_all("50.00", "5", **CREDIT), USED, rules=FREE)
    assert part.state is State.MATCHED


@pytest.mark.parametrize(
    ("billed", "expected"),
    [
        (_of_all("50.00", **CREDIT), True),
        (_of_all("526.00", **CREDIT), False),
        (_of_all("50.00", "99", **CREDIT), False),
        (_of_all("50.00", type="corrective-invoice"), True),
        (_of_all("50.00", preceding_invoices=(InvoiceReference(number="OLD-1"),)), True),
        (_of_all("50.00"), False),
    ],
)
def test_a_small_value_for_all_that_was_invoiced_is_a_subsequent_one(
    billed: Invoice, expected: bool
) -> None:
    """MA-P51"""
    place, net = _place(USED), billed.lines[0].net or D(0)
    quantity = billed.lines[0].quantity or D(0)
    assert subsequent(_case(billed), place, quantity, net) is expected


@pytest.mark.parametrize(
    ("kind", "before", "amount", "above"),
    [
        ("corrective-invoice", "950.00", "50.00", None),
        ("corrective-invoice", "950.00", "60.00", "10.00"),
        ("credit-note", "1050.00", "50.00", None),
        ("credit-note", "1050.00", "20.00", "30.00"),
    ],
)
def test_a_subsequent_value_is_measured_with_what_was_invoiced_before(
    kind: Any, before: str, amount: str, above: str | None
) -> None:
    """PP: new value and value so far against the order's price of the quantity so far."""
    used = order("4500000012", item(postings=(posting("100", before),)))
    billed = _of_all(amount, type=kind)
    part = Portion(position=_place(used), quantity=D(100), amount=D(amount))
    (judged,) = judge_lines(_case(billed), [Assigned(id="10", amount=D(amount), portions=(part,))])
    expected = [] if above is None else [("PP", D(above))]
    assert [(v.key, v.value) for v in judged.variances] == expected


def test_the_ledger_shows_what_was_open_and_what_is_taken() -> None:
    """MA-P61, and MA-P16 for two lines of one item."""
    held = order("4500000012", item(received=["40", "50"], postings=(posting("30", "300.00"),)))
    lines = (line(10, "25", id="1"), line(10, "35", id="2"))
    decision = decide(invoice(*lines), held)
    (row,) = decision.ledger
    assert (row.order, row.item, row.unit) == ("4500000012", "10", "PC")
    assert (row.ordered, row.delivered, row.invoiced) == (D(100), D(90), D(30))
    assert (row.open, row.taken, row.amount) == (D(60), D(60), D(600))


def test_a_credit_takes_less_than_nothing_from_the_ledger() -> None:
    """MA-P51"""
    part = Portion(position=_place(USED), quantity=D(40), amount=D("400.00"))
    case = _case(invoice(type="credit-note"))
    (row,) = ledger_lines(case, [Assigned(id="10", amount=D(400), portions=(part,))])
    assert (row.invoiced, row.taken, row.amount) == (D(100), D(-40), D(-400))


def test_each_item_sees_what_lines_before_it_took() -> None:
    """MA-P19"""
    place = _place(USED)
    lines = [
        Assigned(
            id=n, amount=D(10), portions=(Portion(position=place, quantity=D(1), amount=D(10)),)
        )
        for n in ("1", "2", "3")
    ]
    case = _case(invoice(*(line(id=one.id) for one in lines)))
    found = [items[0] for items in invoice_items(case, lines)]
    assert [(one.taken, one.taken_amount) for one in found] == [
        (D(0), D(0)),
        (D(1), D(10)),
        (D(2), D(20)),
    ]


@pytest.mark.parametrize(("price", "amount"), [("9.95", "59.70"), ("3.33", "19.98")])
def test_amounts_rounded_each_or_once_are_no_variance(price: str, amount: str) -> None:
    """MA-P34: who sums several items may have rounded each of them."""
    two = order("4500000012", item(10, "4", price), item(20, "2", price))
    places = positions((IndexedOrder(order=two, version=1),), "")
    shares = [(places[0], D(4)), (places[1], D(2))]
    portions = tuple(Portion(position=p, quantity=q, amount=p.value(q)) for p, q in shares)
    line_of_both = Assigned(id="*", amount=D(amount), portions=portions)
    (judged,) = judge_lines(_case(invoice()), [line_of_both])
    assert judged.variances == ()


def _place(used: Order) -> Position:
    return positions((IndexedOrder(order=used, version=1),), "")[0]


def _case(billed: Invoice) -> Any:
    return build_case(
        replace(billed, total=billed.total or Decimal(0)),
        document_id="doc",
        company_code="1010",
        policy=policy({}),
        connection="s4",
        client="100",
    )
