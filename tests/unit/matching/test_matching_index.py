"""The index in memory, and what a match leaves in the records."""

from datetime import UTC, datetime

import pytest

from sapmatch.matching.index import InMemoryOrders
from sapmatch.matching.keys import order_keys, posted_keys
from sapmatch.matching.record import earlier_invoice, match_record
from sapmatch.model.document import DocumentRecord
from sapmatch.model.errors import InputRejected
from sapmatch.model.invoice import Invoice
from sapmatch.model.match import State
from sapmatch.model.order import PostedInvoice
from sapmatch.model.ports import OrderKey, OrderScope
from tests.unit.matching.desk import SCOPE, SUPPLIER, D, Desk, decide, invoice, item, line, order


def test_an_order_is_found_under_its_keys_in_its_own_company_only() -> None:
    """MA-P07"""
    orders = InMemoryOrders()
    for number in ("4500000014", "4500000012", "4500000013"):
        one = order(number, external_reference="AB-77/01")
        assert orders.put(one, order_keys(one))
    key = OrderKey("K3", "AB7701")
    assert orders.find(SCOPE, key, 500) == ("4500000012", "4500000013", "4500000014")
    assert orders.find(SCOPE, key, 1) == ("4500000012", "4500000013")
    assert orders.find(OrderScope("s4", "100", "2020"), key, 500) == ()


def test_an_order_that_comes_late_stands_at_its_place() -> None:
    orders = InMemoryOrders()
    key = OrderKey("K3", "AB7701")
    for count, number in enumerate(("4500000012", "4500000014", "4500000011"), start=1):
        one = order(number, external_reference="AB-77/01")
        orders.put(one, order_keys(one))
        assert len(orders.find(SCOPE, key, 500)) == count
    assert orders.find(SCOPE, key, 1) == ("4500000011", "4500000012")


def test_a_changed_order_leaves_no_stale_key() -> None:
    orders = InMemoryOrders()
    before, after = order(external_reference="OLD-1"), order(external_reference="NEW-1")
    orders.put(before, order_keys(before))
    orders.put(after, order_keys(after))
    assert orders.find(SCOPE, OrderKey("K3", "OLD1"), 500) == ()
    assert orders.find(SCOPE, OrderKey("K3", "NEW1"), 500) == (after.id,)


def test_a_purchase_and_a_sales_order_with_one_number_are_both_kept() -> None:
    bought = order("77")
    sold = order("77", side="sales_order", partner_name="Muster SE", partner_vat_id="ATU12345678")
    for both in ((bought, sold), (sold, bought)):
        orders = InMemoryOrders()
        for one in both:
            assert orders.put(one, order_keys(one))
            assert not orders.put(one, order_keys(one))
        refs = orders.find(SCOPE, OrderKey("K1", "77"), 500)
        kept = [orders.get(SCOPE, ref) for ref in refs]
        assert {one.order.side for one in kept if one} == {"purchase_order", "sales_order"}
        plain = orders.get(SCOPE, "77")
        assert plain is not None
        assert plain.order == bought


def test_an_invoice_finds_its_purchase_order_beside_a_sales_order_of_that_number() -> None:
    sold = order("4500000012", item(20, "7", "31.00"), side="sales_order")
    desk = Desk(order(), sold)
    assert desk.take(invoice()).side == "purchase_order"
    bought, other = (desk.orders.get(SCOPE, n) for n in ("4500000012", "sales_order/4500000012"))
    assert bought is not None
    assert other is not None
    assert (len(bought.reservations), len(other.reservations)) == (1, 0)


def test_a_sales_order_with_the_number_of_a_purchase_order_needs_a_person() -> None:
    sold = order("77", side="sales_order")
    bought = order("77", item(20, "7", "31.00"), partner_name="Muster SE", partner_vat_id=None)
    third_party = invoice(order_references=(), sales_order_reference="77")
    decision = decide(third_party, sold, bought)
    assert (decision.state, decision.cause) == (State.AMBIGUOUS, "SAME_NUMBER")
    assert decision.remedy
    assert decide(third_party, sold).state is State.MATCHED


def test_keys_are_never_empty() -> None:
    nameless = order(partner_name=None, partner_vat_id=None, external_reference=" - ")
    assert {key.type for key in order_keys(nameless)} == {"K1", "K4"}
    assert all(key.value for key in order_keys(order()))


def test_an_order_is_found_by_what_is_received_and_by_what_is_ordered() -> None:
    short = order("4500000012", item(received=["40"]))
    amounts = {key.value.split("|")[1] for key in order_keys(short) if key.type == "K5"}
    assert amounts == {"40E+1 EUR", "10E+2 EUR"}


def test_a_posted_invoice_is_replaced_when_sap_reverses_it() -> None:
    orders = InMemoryOrders()
    head = PostedInvoice(
        supplier_invoice="51",
        fiscal_year="2026",
        company_code="1010",
        invoicing_party="1",
        reference="A-1",
        document_date=datetime(2026, 1, 1, tzinfo=UTC).date(),
        currency="EUR",
        gross=D("119.00"),
    )
    keys = posted_keys(head)
    assert orders.put_posted(SCOPE, head, keys)
    assert not orders.put_posted(SCOPE, head, keys)
    assert orders.posted(SCOPE, keys[0]) == (head,)


def _record() -> DocumentRecord:
    return DocumentRecord(
        id="ab12",
        bucket="invoices",
        key="incoming/a.xml",
        version_id=None,
        size=1,
        received_at=datetime(2026, 10, 12, tzinfo=UTC),
    )


def test_a_match_reserves_each_item_once_under_saps_short_reference() -> None:
    lines = (line(10, "30", id="1"), line(10, "70", id="2"))
    billed = invoice(*lines, number="RECHNUNG-2026-10-A")
    decision = decide(billed, order())
    record = match_record(_record(), billed, decision, SCOPE, [])
    (held,) = record.reservations["4500000012"]
    assert (held.item, held.quantity, held.amount) == ("10", D(100), D("1000.00"))
    assert (held.document_id, held.reference) == ("ab12", "RECHNUNG-2026-10")
    assert record.earlier.seller_vat_id == SUPPLIER.vat_id
    assert {key.type for key in record.keys} == {"N#", "T#"}


def test_the_claim_belongs_to_one_system_client_and_company() -> None:
    decision = Desk(order()).decide(invoice())
    scopes = [SCOPE, OrderScope("s4", "200", "1010"), OrderScope("qa", "100", "1010")]
    claims = {match_record(_record(), invoice(), decision, s, []).claim for s in scopes}
    assert len(claims) == 3


def test_an_invoice_without_a_total_cannot_be_remembered() -> None:
    with pytest.raises(InputRejected, match="ab12"):
        earlier_invoice("ab12", Invoice(number="A-1"), None)
