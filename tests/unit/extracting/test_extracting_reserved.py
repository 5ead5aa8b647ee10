"""Who holds quantities of an order that a run changes (MA-P54)."""

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

import msgspec
import pytest

from sapmatch.extracting.reserved import noted
from sapmatch.model.ledger import Account, Subject
from sapmatch.model.order import Reservation
from tests.builders.index_runs import IndexDesk
from tests.builders.sap_rows import head_row, item_row, posting_row, receipt_row

ORDER = Subject("s4", "100", "purchase_order", "4500000012")
RECEIPT = {"MaterialDocumentItem": [receipt_row("50", "101", "20")]}


def held(document: str, reference: str = "R-51") -> Reservation:
    return Reservation(
        document_id=document,
        reference=reference,
        item="10",
        quantity=Decimal(5),
        amount=Decimal(440),
    )


@pytest.fixture
def desk() -> IndexDesk:
    """An order on which two matches hold quantities."""
    desk = IndexDesk()
    desk.run({"PurchaseOrder": [head_row()], "PurchaseOrderItem": [item_row()]})
    reserve(desk, held("a"), held("b", "R-52"))
    return desk


def reserve(desk: IndexDesk, *reservations: Reservation) -> None:
    account = desk.orders.load(ORDER)
    assert isinstance(account, Account)
    after = msgspec.structs.replace(account, reservations=reservations)
    desk.orders.save(ORDER, after, account)


def of_run(desk: IndexDesk, rows: Mapping[str, Any]) -> list[str]:
    """The documents that a run of these rows notes."""
    plan = desk.plan(rows)
    while not desk.index(plan).done:
        pass
    return list(noted("orders", plan.run_id, desk.objects))


def test_a_run_that_changes_an_order_notes_whose_matches_hold_quantities_of_it(
    desk: IndexDesk,
) -> None:
    assert of_run(desk, RECEIPT) == ["a", "b"]


def test_a_run_that_brings_nothing_new_notes_nobody(desk: IndexDesk) -> None:
    of_run(desk, RECEIPT)
    assert of_run(desk, RECEIPT) == []


def test_a_match_that_sap_shows_by_now_is_not_looked_at_any_more(desk: IndexDesk) -> None:
    assert of_run(desk, {"SuplrInvcItemPurOrdRef": [posting_row("51", "440", "5")]}) != []
    account = desk.orders.load(ORDER)
    assert account is not None
    documents = [reservation.document_id for reservation in account.reservations]
    assert of_run(desk, RECEIPT) == documents


def test_an_order_that_nobody_matched_costs_nothing() -> None:
    desk = IndexDesk()
    desk.run({"PurchaseOrder": [head_row()], "PurchaseOrderItem": [item_row()]})
    assert of_run(desk, RECEIPT) == []


def test_who_dies_while_the_order_is_written_has_noted_its_matches_before(desk: IndexDesk) -> None:
    """The order is no news to the next call, so nobody would note them then."""
    plan = desk.plan(RECEIPT)
    desk.orders.dies_at = desk.orders.writes
    with pytest.raises(KeyboardInterrupt):
        desk.index(plan)
    desk.orders.dies_at = None
    assert list(noted("orders", plan.run_id, desk.objects)) == ["a", "b"]
    assert desk.index(plan).done
    assert list(noted("orders", plan.run_id, desk.objects)) == ["a", "b"]
