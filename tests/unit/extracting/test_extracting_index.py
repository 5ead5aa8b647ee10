"""Runs of every kind, in any order, feed one index."""

import json
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from sapmatch.model.order import Order
from sapmatch.model.ports import OrderKey, OrderScope
from tests.builders.index_runs import IndexDesk
from tests.builders.sap_rows import (
    head_row,
    invoice_row,
    item_row,
    orders_of,
    posting_row,
    receipt_row,
    supplier_row,
)

D = Decimal
SCOPE = OrderScope("s4", "100", "1010")
NUMBER = OrderKey("K1", "4500000012")
ORDER = "4500000012"
HEADS = {"PurchaseOrder": [head_row()]}
ITEMS = {"PurchaseOrderItem": [item_row()]}


def stored(desk: IndexDesk, order_id: str = ORDER) -> Order:
    found = desk.orders.get(SCOPE, order_id)
    assert found is not None
    order: Order = found.order
    return order


def test_a_full_run_is_found_under_its_keys() -> None:
    desk = IndexDesk()
    result = desk.run(
        {
            **HEADS,
            **ITEMS,
            "MaterialDocumentItem": [receipt_row("50", "101", "20")],
            "SupplierInvoice": [invoice_row("51")],
            "SuplrInvcItemPurOrdRef": [posting_row("51", "440", "5")],
        }
    )
    assert (result.done, result.orders, result.orders_changed) == (True, 1, 1)
    assert (result.posted, result.posted_changed, result.orders_skipped) == (1, 1, 0)
    assert desk.orders.find(SCOPE, NUMBER, 5) == (ORDER,)
    (item,) = stored(desk).items
    assert (item.delivered, item.invoiced, item.invoiced_amount) == (D(20), D(5), D(440))
    assert item.postings[0].reference == "R-51"
    (head,) = desk.orders.posted(SCOPE, OrderKey("N#", "R51"))
    assert head.supplier_invoice == "51"


def test_a_run_that_changes_nothing_writes_nothing() -> None:
    desk = IndexDesk()
    rows = {**HEADS, **ITEMS, "SupplierInvoice": [invoice_row("51")], "Supplier": [supplier_row()]}
    desk.run(rows)
    before, writes = desk.orders.state, desk.orders.writes
    again = desk.run(rows)
    assert (again.orders, again.orders_changed, again.posted_changed) == (1, 0, 0)
    assert (desk.orders.state, desk.orders.writes) == (before, writes)
    assert (again.writes, again.reads > 0) == (0, True)


def test_a_run_that_is_indexed_again_changes_nothing() -> None:
    """RE-17"""
    desk = IndexDesk()
    first = desk.plan({**HEADS, **ITEMS})
    once = desk.index(first)
    desk.run({"PurchaseOrderItem": [item_row(NetPriceAmount="23.00")]})
    assert desk.index(first) == once
    assert stored(desk).items[0].net_price == D(23)


def test_a_run_that_is_older_changes_nothing() -> None:
    """RE-17"""
    desk = IndexDesk()
    old = desk.plan({**HEADS, **ITEMS})
    desk.run({**HEADS, "PurchaseOrderItem": [item_row(NetPriceAmount="23.00")]})
    desk.index(old)
    assert stored(desk).items[0].net_price == D(23)


def test_saps_own_time_of_change_goes_before_that_of_the_run() -> None:
    desk = IndexDesk()
    late, early = "/Date(1793610000000+0000)/", "/Date(1793600000000+0000)/"
    desk.run({"PurchaseOrder": [head_row(DocumentCurrency="USD", LastChangeDateTime=late)]})
    desk.run({"PurchaseOrder": [head_row(DocumentCurrency="EUR", LastChangeDateTime=early)]})
    assert stored(desk).currency == "USD"


def test_what_is_deleted_in_sap_is_found_no_more() -> None:
    desk = IndexDesk()
    desk.run({**HEADS, **ITEMS, "Supplier": [supplier_row()]})
    desk.run({}, deleted={"PurchaseOrder": [{"PurchaseOrder": ORDER}]})
    assert desk.orders.get(SCOPE, ORDER) is None
    assert desk.orders.state["entries"] == {}
    late = desk.run({"PurchaseOrderItem": [item_row(OrderQuantity="7")]})
    assert (late.orders_changed, desk.orders.state["entries"]) == (1, {})


def test_a_row_that_vanished_from_a_snapshot_is_deleted() -> None:
    desk = IndexDesk()
    desk.run({**HEADS, "PurchaseOrderItem": [item_row(), item_row(PurchaseOrderItem="40")]})
    gone = {"PurchaseOrder": ORDER, "PurchaseOrderItem": "40"}
    desk.run({**HEADS, **ITEMS}, vanished={"PurchaseOrderItem": [gone]})
    assert [item.id for item in stored(desk).items] == ["30"]


def test_a_document_that_left_the_snapshot_was_archived_and_counts_as_before() -> None:
    """MA-P21: SAP reverses an invoice, it never undoes one; a copy of it stays a duplicate."""
    desk = IndexDesk()
    documents = {
        "SupplierInvoice": [invoice_row("51")],
        "SuplrInvcItemPurOrdRef": [posting_row("51", "440", "20")],
    }
    desk.run({**HEADS, **ITEMS, **documents})
    before = set(desk.orders.state["entries"])
    key = {"SupplierInvoice": "51", "FiscalYear": "2016"}
    gone = {
        "SupplierInvoice": [key],
        "SuplrInvcItemPurOrdRef": [{**key, "SupplierInvoiceItem": "1"}],
    }
    desk.run({**HEADS, **ITEMS}, vanished=gone)
    assert stored(desk).items[0].invoiced == 20
    assert set(desk.orders.state["entries"]) == before


def test_a_row_that_was_deleted_and_came_again_is_there() -> None:
    desk = IndexDesk()
    desk.run({**HEADS, **ITEMS})
    desk.run({}, deleted={"PurchaseOrder": [{"PurchaseOrder": ORDER}]})
    desk.run(HEADS)
    assert desk.orders.find(SCOPE, NUMBER, 5) == (ORDER,)
    assert len(stored(desk).items) == 1


def test_a_row_that_vanished_and_came_again_is_there_although_sap_did_not_change_it() -> None:
    desk = IndexDesk()
    old = head_row(LastChangeDateTime="/Date(1700000000000+0000)/")
    desk.run({"PurchaseOrder": [old], **ITEMS})
    desk.run({}, vanished={"PurchaseOrder": [{"PurchaseOrder": ORDER}]})
    assert desk.orders.get(SCOPE, ORDER) is None
    desk.run({"PurchaseOrder": [old]})
    assert desk.orders.find(SCOPE, NUMBER, 5) == (ORDER,)


def test_a_row_that_changed_and_was_deleted_while_it_was_read_is_gone() -> None:
    desk = IndexDesk()
    later_than_the_plan = head_row(LastChangeDateTime="/Date(1793610000000+0000)/")
    gone = {"PurchaseOrder": [{"PurchaseOrder": ORDER}]}
    desk.run({"PurchaseOrder": [later_than_the_plan], **ITEMS}, deleted=gone)
    assert desk.orders.state["orders"] == {}


@pytest.mark.parametrize("first", [0, 1])
def test_an_invoice_that_is_deleted_counts_nothing_although_its_items_stay(first: int) -> None:
    desk = IndexDesk()
    desk.run({**HEADS, **ITEMS})
    runs: list[dict[str, Any]] = [
        {"rows": {"SuplrInvcItemPurOrdRef": [posting_row("51", "440", "20")]}},
        {
            "rows": {},
            "deleted": {"SupplierInvoice": [{"SupplierInvoice": "51", "FiscalYear": "2016"}]},
        },
    ]
    for number in (first, 1 - first):
        desk.run(**runs[number])
    assert stored(desk).items[0].invoiced == 0


def test_an_invoice_item_that_is_deleted_names_no_order_and_still_leaves_it() -> None:
    desk = IndexDesk()
    desk.run({**HEADS, **ITEMS, "SuplrInvcItemPurOrdRef": [posting_row("51", "440", "20")]})
    key = {"SupplierInvoice": "51", "FiscalYear": "2016", "SupplierInvoiceItem": "1"}
    desk.run({}, deleted={"SuplrInvcItemPurOrdRef": [key]})
    assert stored(desk).items[0].postings == ()


def test_an_invoice_item_that_moved_to_another_order_leaves_the_first() -> None:
    desk = IndexDesk()
    other = {"PurchaseOrder": "4500000099"}
    desk.run(
        {
            "PurchaseOrder": [head_row(), head_row(**other)],
            "PurchaseOrderItem": [item_row(), item_row(**other)],
            "SuplrInvcItemPurOrdRef": [posting_row("51", "440", "20")],
        }
    )
    desk.run({"SuplrInvcItemPurOrdRef": [posting_row("51", "440", "20", **other)]})
    assert stored(desk).items[0].invoiced == 0
    assert stored(desk, "4500000099").items[0].invoiced == 20


@pytest.mark.parametrize("reverse", [{"ReverseDocument": "51"}, {"ReverseDocument": "0000000051"}])
def test_a_reversal_in_a_later_run_undoes_an_invoice_that_is_not_read_again(
    reverse: dict[str, str],
) -> None:
    """MA-P21"""
    desk = IndexDesk()
    invoices = {
        "SupplierInvoice": [invoice_row("51")],
        "SuplrInvcItemPurOrdRef": [posting_row("51", "440", "20")],
    }
    desk.run({**HEADS, **ITEMS, **invoices})
    assert stored(desk).items[0].invoiced == 20
    undoing = invoice_row("52", ReverseDocumentFiscalYear="2016", IsReversal=True, **reverse)
    items = [posting_row("52", "440", "20")]
    desk.run({"SupplierInvoice": [undoing], "SuplrInvcItemPurOrdRef": items})
    assert stored(desk).items[0].postings == ()
    assert [p.reversed for p in desk.orders.posted(SCOPE, OrderKey("N#", "R51"))] == [True]


def test_a_reversal_of_goods_in_a_later_run_lowers_what_is_received() -> None:
    """MA-P20"""
    desk = IndexDesk()
    desk.run({**HEADS, **ITEMS, "MaterialDocumentItem": [receipt_row("50", "101", "20")]})
    desk.run({"MaterialDocumentItem": [receipt_row("51", "102", "20")]})
    assert stored(desk).items[0].delivered == 0


def test_a_party_that_is_renamed_takes_its_orders_along() -> None:
    desk = IndexDesk()
    desk.run({**HEADS, **ITEMS})
    name, vat_id = OrderKey("S", "nordlicht"), OrderKey("S", "DE298765431")
    assert desk.orders.find(SCOPE, name, 5) == ()
    desk.run({"Supplier": [supplier_row(VATRegistration="DE298765431")]})
    assert desk.orders.find(SCOPE, name, 5) == desk.orders.find(SCOPE, vat_id, 5) == (ORDER,)
    changed = desk.run({"Supplier": [supplier_row(SupplierName="Sudlicht")]})
    assert changed.orders_changed == 1
    assert desk.orders.find(SCOPE, name, 5) == desk.orders.find(SCOPE, vat_id, 5) == ()
    assert desk.orders.find(SCOPE, OrderKey("S", "sudlicht"), 5) == (ORDER,)


def test_an_order_that_changes_its_supplier_hears_of_the_new_one_only() -> None:
    desk = IndexDesk()
    other = supplier_row(Supplier="10100002", SupplierName="Factoring")
    desk.run({"Supplier": [supplier_row(), other], **HEADS})
    assert stored(desk).partner_name == "Nordlicht"
    desk.run({"PurchaseOrder": [head_row(Supplier="10100002")]})
    assert stored(desk).partner_name == "Factoring"
    unheard = desk.run({"Supplier": [supplier_row(SupplierName="Elsewhere")]})
    assert unheard.orders_changed == 0


def test_a_business_partner_gives_its_supplier_a_vat_id_and_its_bank_accounts() -> None:
    """MA-P48"""
    desk = IndexDesk()
    partner = {"BusinessPartner": "77", "Supplier": "10100001", "BusinessPartnerFullName": "Muster"}
    tax = {"BusinessPartner": "77", "BPTaxType": "DE0", "BPTaxNumber": "DE298765431"}
    other = {"BusinessPartner": "77", "BPTaxType": "DE1", "BPTaxNumber": "12/345/67890"}
    bank = {"BusinessPartner": "77", "BankIdentification": "1", "IBAN": "DE02120300000000202051"}
    desk.run({"BusinessPartnerTaxNumber": [tax, other]})
    desk.run(HEADS)
    desk.run({"BusinessPartner": [partner], "BusinessPartnerBank": [bank]})
    found = stored(desk)
    assert (found.partner_name, found.partner_vat_id) == ("Muster", "DE298765431")
    assert found.partner_ibans == ("DE02120300000000202051",)
    desk.run({"BusinessPartnerBank": [{**bank, "BankIdentification": "2", "IBAN": "AT61"}]})
    assert stored(desk).partner_ibans == ("AT61", "DE02120300000000202051")


def test_an_order_that_was_read_with_its_items_has_those_only() -> None:
    desk = IndexDesk()
    both = [item_row(), item_row(PurchaseOrderItem="40")]
    desk.run({"PurchaseOrder": [head_row(to_PurchaseOrderItem={"results": both})]})
    assert [item.id for item in stored(desk).items] == ["30", "40"]
    desk.run({"PurchaseOrder": [head_row(to_PurchaseOrderItem={"results": both[:1]})]})
    assert [item.id for item in stored(desk).items] == ["30"]


def test_an_invoice_that_was_read_with_its_items_has_those_only() -> None:
    desk = IndexDesk()
    items = [posting_row("51", "440", "20"), posting_row("51", "22", "1", SupplierInvoiceItem="2")]
    nested = "to_SuplrInvcItemPurOrdRef"
    desk.run({**HEADS, **ITEMS, "SupplierInvoice": [invoice_row("51", **{nested: items})]})
    assert stored(desk).items[0].invoiced == 21
    desk.run({"SupplierInvoice": [invoice_row("51", **{nested: items[:1]})]})
    assert stored(desk).items[0].invoiced == 20


def test_a_row_with_a_mistake_is_left_out_and_named_without_its_value() -> None:
    desk = IndexDesk()
    broken = item_row(PurchaseOrderItem="40", OrderQuantity="secret")
    result = desk.run({**HEADS, "PurchaseOrderItem": [item_row(), broken, b"[1]"]})
    assert (result.done, result.orders_skipped, len(result.notes)) == (True, 2, 2)
    assert "A_PurchaseOrderItem, record 2: OrderQuantity" in result.notes[0]
    assert "secret" not in str(result.notes)
    assert [item.id for item in stored(desk).items] == ["30"]


def test_a_number_that_is_no_plain_text_is_left_out() -> None:
    desk = IndexDesk()
    result = desk.run({"PurchaseOrder": [head_row(PurchaseOrder="45\t00"), head_row()]})
    assert (result.orders, result.orders_skipped) == (1, 1)


def test_entity_sets_that_say_nothing_of_orders_are_passed_over() -> None:
    desk = IndexDesk()
    result = desk.run({"Product": [{"Product": "1"}], **HEADS})
    assert (result.done, result.orders, result.notes) == (True, 1, ())


def test_an_extraction_that_can_feed_no_index_says_so() -> None:
    result = IndexDesk().run({"Product": [{"Product": "1"}]})
    assert result.done
    assert "index = true does nothing here" in result.notes[0]


def test_a_sales_order_gets_a_longer_name_when_a_purchase_order_takes_its_number() -> None:
    sold = {
        "SalesOrder": ORDER,
        "SoldToParty": "17100001",
        "TransactionCurrency": "EUR",
        "SalesOrganization": "S-01",
    }
    for runs in ([{"SalesOrder": [sold]}, HEADS], [HEADS, {"SalesOrder": [sold]}]):
        desk = IndexDesk()
        for rows in runs:
            desk.run(rows)
        assert desk.orders.find(SCOPE, NUMBER, 5) == (ORDER, f"sales_order/{ORDER}")
        assert stored(desk).side == "purchase_order"
        assert stored(desk, f"sales_order/{ORDER}").side == "sales_order"


def test_rows_of_saps_sandbox_make_the_same_orders_as_all_at_once(real_data: Path) -> None:
    folder = real_data / "sap-responses" / "sandbox-records"
    names = {
        "PurchaseOrder": "purchase_order_header",
        "PurchaseOrderItem": "purchase_order_item",
        "MaterialDocumentHeader": "material_document_header",
        "MaterialDocumentItem": "material_document_item",
        "SupplierInvoice": "supplier_invoice_header",
        "SuplrInvcItemPurOrdRef": "supplier_invoice_item_po_ref",
    }
    rows = {
        name: json.loads((folder / f"{file}.json").read_bytes()) for name, file in names.items()
    }
    orders, _ = orders_of(**rows)
    assert orders
    desk = IndexDesk()
    for name in reversed(names):  # each set in a run of its own
        desk.run({name: rows[name]})
    found = desk.orders.state["orders"]
    assert {order.id: order for order in found.values()} == {order.id: order for order in orders}
