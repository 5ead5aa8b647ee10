"""Invoices over several orders of which they name none."""

import pytest

from sapmatch.model.invoice import Invoice
from sapmatch.model.match import State
from sapmatch.model.order import Order
from tests.unit.matching.desk import STRANGER, decide, invoice, item, line, order, placed

FIRST = order("4500000012", item(10, "40"), item(20, "7"))
SECOND = order("4500000013", item(30, "25"), item(40, "13"))


def unnamed(*numbers: tuple[int, str]) -> Invoice:
    lines = (line(number, quantity) for number, quantity in numbers)
    return invoice(*lines, order_references=())


ALL = unnamed((10, "40"), (20, "7"), (30, "25"), (40, "13"))


def test_lines_that_are_all_that_is_open_of_items_of_two_orders_are_matched() -> None:
    """MA-P17."""
    others = (order("4500000010", item(10, "99"), item(30, "98")), order("4500000011", item(20)))
    decision = decide(ALL, *others, FIRST, SECOND)
    assert (decision.state, decision.orders) == (State.MATCHED, ("4500000012", "4500000013"))
    assert placed(decision) == [
        ("10", "4500000012", "10", "40"),
        ("20", "4500000012", "20", "7"),
        ("30", "4500000013", "30", "25"),
        ("40", "4500000013", "40", "13"),
    ]


def test_no_orders_are_put_together_where_a_line_fits_two_of_them() -> None:
    """MA-P09."""
    decision = decide(ALL, order("4500000010", item(30, "25")), FIRST, SECOND)
    assert decision.state in (State.AMBIGUOUS, State.NO_CANDIDATE)


@pytest.mark.parametrize(
    "other",
    [
        order("4500000013", item(30, "25"), item(40, "14")),
        order("4500000013", item(30, "25"), item(40, "13", "10.50")),
        order("4500000013", item(30, "25"), item(40, "13", received=["5"])),
        order("4500000013", item(30, "25"), item(40, "13"), partner_name=STRANGER.name,
              partner="10100002", partner_vat_id=STRANGER.vat_id),
    ],
    ids=["quantity", "price", "receipt", "party"],
)  # fmt: skip
def test_no_orders_are_put_together_that_do_not_fit_wholly(other: Order) -> None:
    """MA-P08."""
    assert decide(ALL, FIRST, other).state not in (State.MATCHED, State.WITHIN_TOLERANCE)
