"""Invoices that their sender takes back before anybody posted them."""

from datetime import date
from typing import Any

import pytest

from sapmatch.model.invoice import Invoice, InvoiceReference
from sapmatch.model.match import State
from tests.unit.matching.desk import STRANGER, Desk, invoice, line, order


def replacing(number: str = "NM-2026-0431", **more: Any) -> Invoice:
    """A corrected invoice that names the one of the desk."""
    plain: dict[str, Any] = {
        "number": "NM-2026-0440",
        "issue_date": date(2026, 10, 20),
        "type": "corrective-invoice",
        "preceding_invoices": (InvoiceReference(number=number),),
    }
    return invoice(**{**plain, **more})


def decided_after(other: Invoice, **more: Any) -> State:
    desk = Desk(order())
    desk.remember(other, "later", **more)
    return desk.decide(invoice()).state


def test_a_corrected_invoice_takes_back_the_one_that_it_names() -> None:
    desk = Desk(order())
    desk.remember(replacing("NM 2026 0431"), "later")
    decision = desk.decide(invoice())
    assert (decision.state, decision.cause) == (State.SUPERSEDED, "REPLACED")
    assert not decision.posts
    assert not decision.lines
    assert decision.explanation[0].endswith(
        "is not posted: its sender takes it back by NM-2026-0440."
    )
    assert decision.remedy


def test_a_credit_note_over_the_whole_amount_takes_the_invoice_back() -> None:
    assert decided_after(replacing(type="credit-note")) is State.SUPERSEDED


@pytest.mark.parametrize(
    "other",
    [
        pytest.param(
            replacing(lines=(line(quantity="4"),), type="credit-note"), id="a part is credited"
        ),
        pytest.param(replacing("NM-2026-0432"), id="another invoice"),
        pytest.param(replacing(seller=STRANGER), id="another sender"),
        pytest.param(replacing(issue_date=date(2026, 10, 1)), id="issued before it"),
        pytest.param(replacing(type="final-invoice"), id="a final invoice"),
    ],
)
def test_nothing_else_takes_an_invoice_back(other: Invoice) -> None:
    assert decided_after(other) is State.MATCHED


def test_a_correction_that_a_person_rejected_takes_nothing_back() -> None:
    assert decided_after(replacing(), reversed=True) is State.MATCHED


def test_an_invoice_that_was_here_before_stays_a_duplicate_though_it_was_replaced() -> None:
    desk = Desk(order())
    desk.take(invoice(), "first")
    desk.remember(replacing(), "later")
    assert desk.decide(invoice(), "second").state is State.DUPLICATE
