"""SAP's rows as orders with their ledger."""

import json
from collections.abc import Iterable
from datetime import date
from decimal import Decimal
from pathlib import Path
from time import process_time
from typing import Any

import pytest

from sapmatch.extracting.orders import orders_from_rows
from sapmatch.matching.keys import order_keys
from sapmatch.model.errors import InputRejected
from sapmatch.model.policy import CompanyCode
from tests.builders.sap_rows import (
    COMPANIES,
    head_row,
    invoice_row,
    item_row,
    only_item,
    orders_of,
    posting_row,
    receipt_row,
)

D = Decimal


def test_rows_become_an_order_whatever_form_their_values_have() -> None:
    as_bytes = json.dumps(item_row(OrderQuantity=60.5, GoodsReceiptIsExpected=False)).encode()
    (one,), posted = orders_of(PurchaseOrder=[head_row()], PurchaseOrderItem=[as_bytes])
    assert posted == []
    assert (one.id, one.side, one.connection, one.client) == (
        "4500000012",
        "purchase_order",
        "s4",
        "100",
    )
    assert one.order_date == date(2016, 9, 12)
    (only,) = one.items
    assert (only.id, only.quantity, only.net_price) == ("30", D("60.5"), D("22.00"))
    assert (only.receipt_expected, only.overall_limit) == (False, None)


@pytest.mark.parametrize(
    "written", ["2016-09-12", "2016-09-12T23:30:00+09:00", "/Date(1473638400000+0540)/"]
)
def test_a_day_is_not_shifted_by_time_zones(written: str) -> None:
    (one,), _ = orders_of(PurchaseOrder=[head_row(PurchaseOrderDate=written)])
    assert one.order_date == date(2016, 9, 12)


def test_items_may_come_expanded_inside_their_order() -> None:
    inside = {"results": [item_row(PurchaseOrderItem="00010"), item_row(PurchaseOrderItem="00020")]}
    (one,), _ = orders_of(PurchaseOrder=[head_row(to_PurchaseOrderItem=inside)])
    assert [item.id for item in one.items] == ["00010", "00020"]
    deferred = {"__deferred": {"uri": "https://sap.example.com/x"}}
    (bare,), _ = orders_of(PurchaseOrder=[head_row(to_PurchaseOrderItem=deferred)])
    assert bare.items == ()


def test_leading_zeros_do_not_keep_receipt_and_item_apart() -> None:
    """MA-P02"""
    rows = [receipt_row("50", "101", "20", PurchaseOrderItem="00030")]
    assert only_item(MaterialDocumentItem=rows).delivered == 20


def test_a_reversal_and_a_return_lower_what_was_received() -> None:
    """MA-P20"""
    rows = [receipt_row("50", "101", "20"), receipt_row("51", "102", "20")]
    assert only_item(MaterialDocumentItem=rows).delivered == 0
    rows = [receipt_row("50", "101", "20"), receipt_row("51", "122", "5")]
    assert only_item(MaterialDocumentItem=rows).delivered == 15


def test_a_cancelled_receipt_and_its_reversal_count_nothing() -> None:
    """MA-P20"""
    rows = [
        receipt_row("50", "101", "20", GoodsMovementIsCancelled=True),
        receipt_row(
            "51",
            "102",
            "20",
            ReversedMaterialDocumentYear="2026",
            ReversedMaterialDocument="50",
            ReversedMaterialDocumentItem="1",
        ),
        receipt_row("52", "101", "7"),
    ]
    item = only_item(MaterialDocumentItem=rows)
    assert [(r.material_document, r.quantity) for r in item.receipts] == [("52", D(7))]


def test_a_receipt_that_is_taken_back_as_a_whole_is_none_though_sap_did_not_mark_it() -> None:
    """MA-P20"""
    back = {
        "ReversedMaterialDocumentYear": "2026",
        "ReversedMaterialDocument": "51",
        "ReversedMaterialDocumentItem": "1",
    }
    rows = [
        receipt_row("50", "101", "20"),
        receipt_row("51", "101", "7"),
        receipt_row("52", "102", "7", **back),
    ]
    item = only_item(MaterialDocumentItem=rows)
    assert [(r.material_document, r.quantity) for r in item.receipts] == [("50", D(20))]
    rows[2] = receipt_row("52", "102", "3", **back)
    assert only_item(MaterialDocumentItem=rows).delivered == 24


def test_movements_that_are_no_receipt_count_nothing() -> None:
    rows = [receipt_row("50", "561", "20"), receipt_row("51", "101", "20", PurchaseOrder="")]
    assert only_item(MaterialDocumentItem=rows).receipts == ()


def test_the_debit_credit_code_decides_on_the_sign_where_it_is_given() -> None:
    rows = [receipt_row("50", "101", "20", DebitCreditCode="H")]
    assert only_item(MaterialDocumentItem=rows).delivered == -20


def test_a_receipt_counts_in_the_orders_unit_only() -> None:
    boxes = receipt_row("50", "101", "4", EntryUnit="BOX")
    in_base = {**boxes, "MaterialBaseUnit": "PC", "QuantityInBaseUnit": "48"}
    assert only_item(MaterialDocumentItem=[in_base]).delivered == 48
    assert only_item(MaterialDocumentItem=[boxes]).delivered == 0


def test_goods_that_went_back_in_an_unknown_unit_leave_nothing_to_pay() -> None:
    """MA-P20, MA-P29"""
    rows = [receipt_row("50", "101", "20"), receipt_row("51", "122", "12", EntryUnit="KG")]
    assert only_item(MaterialDocumentItem=rows).delivered == 0
    none = receipt_row("51", "122", "0", EntryUnit="KG")
    assert only_item(MaterialDocumentItem=[rows[0], none]).delivered == 20


def test_a_receipt_takes_day_and_delivery_note_from_its_head() -> None:
    head = {
        "MaterialDocumentYear": "2026",
        "MaterialDocument": "50",
        "PostingDate": "/Date(1473638400000)/",
        "ReferenceDocument": "LS-1001",
    }
    item = only_item(
        MaterialDocumentHeader=[head], MaterialDocumentItem=[receipt_row("50", "101", "20")]
    )
    assert (item.receipts[0].posting_date, item.receipts[0].delivery_note) == (
        date(2016, 9, 12),
        "LS-1001",
    )


def test_an_invoice_and_its_reversal_count_nothing(real_data: Path) -> None:
    """MA-P21, with the rows of SAP's sandbox"""
    folder = real_data / "sap-responses" / "sandbox-records"
    postings = json.loads((folder / "supplier_invoice_item_po_ref.json").read_bytes())
    heads = json.loads((folder / "supplier_invoice_header.json").read_bytes())
    item = only_item(SupplierInvoice=heads, SuplrInvcItemPurOrdRef=postings)
    assert (item.invoiced, item.invoiced_amount) == (D(20), D("460.00"))


def test_a_reversed_pair_counts_nothing_and_is_marked() -> None:
    """MA-P21, MA-P47"""
    reverse = {"ReverseDocumentFiscalYear": "2016"}
    heads = [
        invoice_row("51", ReverseDocument="52", **reverse),
        invoice_row("52", ReverseDocument="51", **reverse),
        invoice_row("53"),
    ]
    postings = [posting_row(n, a, "20") for n, a in (("51", "440"), ("52", "440"), ("53", "460"))]
    rows = {
        "PurchaseOrder": [head_row()],
        "PurchaseOrderItem": [item_row()],
        "SupplierInvoice": heads,
        "SuplrInvcItemPurOrdRef": postings,
    }
    (one,), posted = orders_of(**rows)
    assert (one.items[0].invoiced, one.items[0].invoiced_amount) == (D(20), D(460))
    assert [(p.supplier_invoice, p.reversed) for p in posted] == [
        ("51", True),
        ("52", True),
        ("53", False),
    ]


def test_a_credit_memo_gives_back_and_a_subsequent_credit_changes_the_value_only() -> None:
    """MA-P51"""
    heads = [
        invoice_row("51"),
        invoice_row("52", SupplierInvoiceIsCreditMemo="X"),
        invoice_row("53", SupplierInvoiceIsCreditMemo="X"),
    ]
    postings = [
        posting_row("51", "440.00", "20"),
        posting_row("52", "110.00", "5"),
        posting_row("53", "30.00", "15", IsSubsequentDebitCredit="X"),
    ]
    item = only_item(SupplierInvoice=heads, SuplrInvcItemPurOrdRef=postings)
    assert (item.invoiced, item.invoiced_amount) == (D(15), D("300.00"))


def test_deleted_invoices_and_delivery_costs_are_no_invoiced_goods() -> None:
    heads = [invoice_row("51", SupplierInvoiceStatus="2"), invoice_row("52")]
    nowhere = {"SupplierInvoiceItem": "2", "PurchaseOrder": "", "PurchaseOrderItem": "0"}
    postings = [
        posting_row("51", "440.00", "20"),
        posting_row("52", "35.00", "20", SuplrInvcDeliveryCostCndnType="FRB1"),
        posting_row("52", "99.00", "1", **nowhere),
    ]
    item = only_item(SupplierInvoice=heads, SuplrInvcItemPurOrdRef=postings)
    assert (item.invoiced, item.invoiced_amount) == (D(0), D(0))
    assert [(p.condition, p.amount) for p in item.postings] == [("FRB1", D("35.00"))]


def test_a_posting_names_its_invoice_and_its_receipt() -> None:
    """MA-P03, MA-P15"""
    receipt = {"ReferenceDocument": "5000000001", "ReferenceDocumentFiscalYear": "2026"}
    postings = [
        posting_row("51", "1", "1", **receipt, ReferenceDocumentItem="1"),
        posting_row("52", "1", "1", ReferenceDocument="", ReferenceDocumentItem="0"),
    ]
    item = only_item(SupplierInvoice=[invoice_row("51")], SuplrInvcItemPurOrdRef=postings)
    first, second = item.postings
    assert (first.reference, first.material_document, first.material_document_item) == (
        "R-51",
        "5000000001",
        "1",
    )
    assert (second.reference, second.material_document) == ("", None)


def test_names_and_vat_ids_come_from_the_partners_else_from_the_order() -> None:
    """MA-P06"""
    suppliers = [
        {"Supplier": "10100001", "SupplierName": "Nordlicht", "VATRegistration": "DE298765431"},
        {"Supplier": "10100002", "SupplierName": "Factoring", "VATRegistration": "DE287654320"},
    ]
    head = head_row(InvoicingParty="10100002", AddressName="Elsewhere")
    (one,), _ = orders_of(PurchaseOrder=[head], Supplier=suppliers)
    assert (one.partner_name, one.partner_vat_id) == ("Nordlicht", "DE298765431")
    assert (one.invoicing_party, one.invoicing_party_name) == ("10100002", "Factoring")
    (other,), _ = orders_of(PurchaseOrder=[head_row(Supplier="9", AddressName="Elsewhere")])
    assert (other.partner_name, other.partner_vat_id) == ("Elsewhere", None)


def test_what_closes_an_item_or_order_is_kept() -> None:
    """MA-P12, MA-P26"""
    closed = only_item(
        PurchaseOrder=[head_row(ReleaseIsNotCompleted=True, PurchasingDocumentDeletionCode="L")],
        PurchaseOrderItem=[item_row(IsFinallyInvoiced=True, EvaldRcptSettlmtIsAllowed=True)],
    )
    assert closed.deleted
    assert closed.finally_invoiced
    assert closed.evaluated_receipt_settlement


def test_a_sales_order_belongs_to_the_company_code_of_its_sales_organization() -> None:
    item = {
        "SalesOrder": "1",
        "SalesOrderItem": "10",
        "RequestedQuantity": "3",
        "RequestedQuantityUnit": "PC",
        "NetAmount": "52.65",
        "SalesDocumentRjcnReason": "",
    }
    head = {
        "SalesOrder": "1",
        "SoldToParty": "17100001",
        "TransactionCurrency": "USD",
        "PurchaseOrderByCustomer": "gfh",
    }
    heads = [
        {**head, "SalesOrganization": "S-01"},
        {**head, "SalesOrder": "2", "SalesOrganization": "1710"},
    ]
    customers = [{"Customer": "17100001", "CustomerName": "Muster SE", "VATRegistration": "ATU1"}]
    orders, _ = orders_of(SalesOrder=heads, SalesOrderItem=[item], Customer=customers)
    assert [one.company_code for one in orders] == ["1010"]  # nobody lists 1710
    one = orders[0]
    assert (one.side, one.external_reference, one.partner_name) == (
        "sales_order",
        "gfh",
        "Muster SE",
    )
    assert (one.items[0].net_price, one.items[0].price_quantity) == (D("52.65"), D(3))
    assert not one.items[0].receipt_expected


def test_rows_of_saps_sandbox_are_read(real_data: Path) -> None:
    folder = real_data / "sap-responses" / "sandbox-records"
    names = {
        "A_PurchaseOrder": "purchase_order_header",
        "A_PurchaseOrderItem": "purchase_order_item",
        "A_SalesOrder": "sales_order_header",
        "A_SalesOrderItem": "sales_order_item",
        "A_MaterialDocumentItem": "material_document_item",
        "A_SupplierInvoice": "supplier_invoice_header",
        "A_SuplrInvcItemPurOrdRef": "supplier_invoice_item_po_ref",
    }
    rows = {
        name: json.loads((folder / f"{file}.json").read_bytes()) for name, file in names.items()
    }
    companies = {**COMPANIES, "1710": CompanyCode(name="Example US", currency="USD")}
    orders, posted = orders_from_rows(rows, connection="s4", client="100", company_codes=companies)
    assert [one.id for one in orders] == ["4500000028", "1"]
    bought = orders[0]
    assert (bought.partner_name, bought.currency) == ("Domestic US Supplier 10", "USD")
    assert bought.items[0].net_price == D("40.00")
    assert [(p.reference, p.reversed) for p in posted] == [("POLARIS/2016/1", True)]


def test_every_mistake_is_named_at_once_without_its_value() -> None:
    rows: dict[str, Iterable[Any]] = {
        "PurchaseOrder": [
            head_row(PurchaseOrderDate="soon"),
            b"[1]",
            head_row(PurchaseOrder="77", CompanyCode=""),
        ],
        "PurchaseOrderItem": [
            item_row(OrderQuantity="secret"),
            item_row(PurchaseOrderItem="40", GoodsReceiptIsExpected="maybe"),
            item_row(PurchaseOrder=""),
        ],
        "SupplierInvoice": [invoice_row("51", DocumentDate=None, InvoiceGrossAmount="NaN")],
    }
    with pytest.raises(InputRejected) as caught:
        orders_of(**rows)
    assert {problem.field for problem in caught.value.problems} >= {
        "A_PurchaseOrder[1].PurchaseOrderDate",
        "A_PurchaseOrder[2]",
        "A_PurchaseOrder[3].CompanyCode",
        "A_PurchaseOrderItem[1].OrderQuantity",
        "A_PurchaseOrderItem[2].GoodsReceiptIsExpected",
        "A_PurchaseOrderItem[3].PurchaseOrder",
        "A_SupplierInvoice[1].DocumentDate",
        "A_SupplierInvoice[1].InvoiceGrossAmount",
    }
    assert "secret" not in str(caught.value)
    assert "A_PurchaseOrder, record 1: PurchaseOrderDate" in str(caught.value)


def test_the_list_of_mistakes_is_bounded() -> None:
    with pytest.raises(InputRejected) as caught:
        orders_of(PurchaseOrder=[b"broken"] * 5000)
    assert len(caught.value.problems) == 100


def test_parts_of_an_unknown_order_wait_for_the_run_that_brings_it() -> None:
    orders, _ = orders_of(
        PurchaseOrderItem=[item_row()],
        MaterialDocumentItem=[receipt_row("50", "101", "20")],
        SuplrInvcItemPurOrdRef=[posting_row("51", "1", "1")],
    )
    assert orders == []


def test_an_order_of_many_items_takes_time_as_they_are_many_and_no_more() -> None:
    rows = [item_row(PurchaseOrderItem=str(number)) for number in range(1, 16_001)]
    head = head_row(to_PurchaseOrderItem={"results": rows})
    (order,), _ = orders_of(PurchaseOrder=[head])
    began = process_time()
    assert len(order_keys(order)) > 0
    assert process_time() - began < 4  # 12 seconds where each item looks at all others
