"""SAP's rows as orders with their ledger."""

import json
from collections.abc import Iterable
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from sapmatch.extracting.orders import orders_from_rows
from sapmatch.model.errors import InputRejected
from sapmatch.model.order import Order, OrderItem, PostedInvoice
from sapmatch.model.policy import CompanyCode

D = Decimal
COMPANIES = {
    "1010": CompanyCode(name="Example", currency="EUR", sales_organizations=("1010", "S-01"))
}


def _orders(**rows: Iterable[Any]) -> tuple[list[Order], list[PostedInvoice]]:
    sets = {f"A_{name}": given for name, given in rows.items()}
    return orders_from_rows(sets, connection="s4", client="100", company_codes=COMPANIES)


def _head(**more: Any) -> dict[str, Any]:
    return {
        "PurchaseOrder": "4500000012",
        "CompanyCode": "1010",
        "Supplier": "10100001",
        "DocumentCurrency": "EUR",
        "PurchaseOrderDate": "/Date(1473638400000)/",
        **more,
    }


def _item(**more: Any) -> dict[str, Any]:
    return {
        "PurchaseOrder": "4500000012",
        "PurchaseOrderItem": "30",
        "OrderQuantity": "60",
        "PurchaseOrderQuantityUnit": "PC",
        "NetPriceAmount": "22.00",
        "NetPriceQuantity": "1",
        **more,
    }


def _receipt(document: str, movement: str, quantity: str, **more: Any) -> dict[str, Any]:
    return {
        "MaterialDocumentYear": "2026",
        "MaterialDocument": document,
        "MaterialDocumentItem": "1",
        "GoodsMovementType": movement,
        "PurchaseOrder": "4500000012",
        "PurchaseOrderItem": "30",
        "EntryUnit": "PC",
        "QuantityInEntryUnit": quantity,
        **more,
    }


def _invoice(number: str, **more: Any) -> dict[str, Any]:
    return {
        "SupplierInvoice": number,
        "FiscalYear": "2016",
        "CompanyCode": "1010",
        "InvoicingParty": "10100001",
        "SupplierInvoiceIDByInvcgParty": f"R-{number}",
        "DocumentDate": "2016-07-02T09:00:00+09:00",
        "DocumentCurrency": "EUR",
        "InvoiceGrossAmount": "119.00",
        **more,
    }


def _posting(number: str, amount: str, quantity: str, **more: Any) -> dict[str, Any]:
    return {
        "SupplierInvoice": number,
        "FiscalYear": "2016",
        "SupplierInvoiceItem": "1",
        "PurchaseOrder": "4500000012",
        "PurchaseOrderItem": "30",
        "SupplierInvoiceItemAmount": amount,
        "QuantityInPurchaseOrderUnit": quantity,
        **more,
    }


def _only_item(**rows: Iterable[Any]) -> OrderItem:
    sets: dict[str, Iterable[Any]] = {
        "PurchaseOrder": [_head()],
        "PurchaseOrderItem": [_item()],
        **rows,
    }
    (one,), _ = _orders(**sets)
    return one.items[0]


def test_rows_become_an_order_whatever_form_their_values_have() -> None:
    as_bytes = json.dumps(_item(OrderQuantity=60.5, GoodsReceiptIsExpected=False)).encode()
    (one,), posted = _orders(PurchaseOrder=[_head()], PurchaseOrderItem=[as_bytes])
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
    (one,), _ = _orders(PurchaseOrder=[_head(PurchaseOrderDate=written)])
    assert one.order_date == date(2016, 9, 12)


def test_items_may_come_expanded_inside_their_order() -> None:
    inside = {"results": [_item(PurchaseOrderItem="00010"), _item(PurchaseOrderItem="00020")]}
    (one,), _ = _orders(PurchaseOrder=[_head(to_PurchaseOrderItem=inside)])
    assert [item.id for item in one.items] == ["00010", "00020"]
    deferred = {"__deferred": {"uri": "https://sap.example.com/x"}}
    (bare,), _ = _orders(PurchaseOrder=[_head(to_PurchaseOrderItem=deferred)])
    assert bare.items == ()


def test_leading_zeros_do_not_keep_receipt_and_item_apart() -> None:
    """MA-P02"""
    rows = [_receipt("50", "101", "20", PurchaseOrderItem="00030")]
    assert _only_item(MaterialDocumentItem=rows).delivered == 20


def test_a_reversal_and_a_return_lower_what_was_received() -> None:
    """MA-P20"""
    rows = [_receipt("50", "101", "20"), _receipt("51", "102", "20")]
    assert _only_item(MaterialDocumentItem=rows).delivered == 0
    rows = [_receipt("50", "101", "20"), _receipt("51", "122", "5")]
    assert _only_item(MaterialDocumentItem=rows).delivered == 15


def test_a_cancelled_receipt_and_its_reversal_count_nothing() -> None:
    """MA-P20"""
    rows = [
        _receipt("50", "101", "20", GoodsMovementIsCancelled=True),
        _receipt(
            "51",
            "102",
            "20",
            ReversedMaterialDocumentYear="2026",
            ReversedMaterialDocument="50",
            ReversedMaterialDocumentItem="1",
        ),
        _receipt("52", "101", "7"),
    ]
    item = _only_item(MaterialDocumentItem=rows)
    assert [(r.material_document, r.quantity) for r in item.receipts] == [("52", D(7))]


def test_movements_that_are_no_receipt_count_nothing() -> None:
    rows = [_receipt("50", "561", "20"), _receipt("51", "101", "20", PurchaseOrder="")]
    assert _only_item(MaterialDocumentItem=rows).receipts == ()


def test_the_debit_credit_code_decides_on_the_sign_where_it_is_given() -> None:
    rows = [_receipt("50", "101", "20", DebitCreditCode="H")]
    assert _only_item(MaterialDocumentItem=rows).delivered == -20


def test_a_receipt_counts_in_the_orders_unit_only() -> None:
    boxes = _receipt("50", "101", "4", EntryUnit="BOX")
    in_base = {**boxes, "MaterialBaseUnit": "PC", "QuantityInBaseUnit": "48"}
    assert _only_item(MaterialDocumentItem=[in_base]).delivered == 48
    assert _only_item(MaterialDocumentItem=[boxes]).delivered == 0


def test_a_receipt_takes_day_and_delivery_note_from_its_head() -> None:
    head = {
        "MaterialDocumentYear": "2026",
        "MaterialDocument": "50",
        "PostingDate": "/Date(1473638400000)/",
        "ReferenceDocument": "LS-1001",
    }
    item = _only_item(
        MaterialDocumentHeader=[head], MaterialDocumentItem=[_receipt("50", "101", "20")]
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
    item = _only_item(SupplierInvoice=heads, SuplrInvcItemPurOrdRef=postings)
    assert (item.invoiced, item.invoiced_amount) == (D(20), D("460.00"))


def test_a_reversed_pair_counts_nothing_and_is_marked() -> None:
    """MA-P21, MA-P47"""
    reverse = {"ReverseDocumentFiscalYear": "2016"}
    heads = [
        _invoice("51", ReverseDocument="52", **reverse),
        _invoice("52", ReverseDocument="51", **reverse),
        _invoice("53"),
    ]
    postings = [_posting(n, a, "20") for n, a in (("51", "440"), ("52", "440"), ("53", "460"))]
    rows = {
        "PurchaseOrder": [_head()],
        "PurchaseOrderItem": [_item()],
        "SupplierInvoice": heads,
        "SuplrInvcItemPurOrdRef": postings,
    }
    (one,), posted = _orders(**rows)
    assert (one.items[0].invoiced, one.items[0].invoiced_amount) == (D(20), D(460))
    assert [(p.supplier_invoice, p.reversed) for p in posted] == [
        ("51", True),
        ("52", True),
        ("53", False),
    ]


def test_a_credit_memo_gives_back_and_a_subsequent_credit_changes_the_value_only() -> None:
    """MA-P51"""
    heads = [
        _invoice("51"),
        _invoice("52", SupplierInvoiceIsCreditMemo="X"),
        _invoice("53", SupplierInvoiceIsCreditMemo="X"),
    ]
    postings = [
        _posting("51", "440.00", "20"),
        _posting("52", "110.00", "5"),
        _posting("53", "30.00", "15", IsSubsequentDebitCredit="X"),
    ]
    item = _only_item(SupplierInvoice=heads, SuplrInvcItemPurOrdRef=postings)
    assert (item.invoiced, item.invoiced_amount) == (D(15), D("300.00"))


def test_deleted_invoices_and_delivery_costs_are_no_invoiced_goods() -> None:
    heads = [_invoice("51", SupplierInvoiceStatus="2"), _invoice("52")]
    postings = [
        _posting("51", "440.00", "20"),
        _posting("52", "35.00", "20", SuplrInvcDeliveryCostCndnType="FRB1"),
        _posting("52", "99.00", "1", PurchaseOrder="", PurchaseOrderItem="0"),
    ]
    item = _only_item(SupplierInvoice=heads, SuplrInvcItemPurOrdRef=postings)
    assert item.postings == ()


def test_a_posting_names_its_invoice_and_its_receipt() -> None:
    """MA-P03, MA-P15"""
    receipt = {"ReferenceDocument": "5000000001", "ReferenceDocumentFiscalYear": "2026"}
    postings = [
        _posting("51", "1", "1", **receipt, ReferenceDocumentItem="1"),
        _posting("52", "1", "1", ReferenceDocument="", ReferenceDocumentItem="0"),
    ]
    item = _only_item(SupplierInvoice=[_invoice("51")], SuplrInvcItemPurOrdRef=postings)
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
    head = _head(InvoicingParty="10100002", AddressName="Elsewhere")
    (one,), _ = _orders(PurchaseOrder=[head], Supplier=suppliers)
    assert (one.partner_name, one.partner_vat_id) == ("Nordlicht", "DE298765431")
    assert (one.invoicing_party, one.invoicing_party_name) == ("10100002", "Factoring")
    (other,), _ = _orders(PurchaseOrder=[_head(Supplier="9", AddressName="Elsewhere")])
    assert (other.partner_name, other.partner_vat_id) == ("Elsewhere", None)


def test_what_closes_an_item_or_order_is_kept() -> None:
    """MA-P12, MA-P26"""
    closed = _only_item(
        PurchaseOrder=[_head(ReleaseIsNotCompleted=True, PurchasingDocumentDeletionCode="L")],
        PurchaseOrderItem=[_item(IsFinallyInvoiced=True, EvaldRcptSettlmtIsAllowed=True)],
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
    orders, _ = _orders(SalesOrder=heads, SalesOrderItem=[item], Customer=customers)
    assert [one.company_code for one in orders] == ["1010", "1710"]
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
    orders, posted = orders_from_rows(rows, connection="s4", client="100", company_codes=COMPANIES)
    assert [one.id for one in orders] == ["4500000028", "1"]
    bought = orders[0]
    assert (bought.partner_name, bought.currency) == ("Domestic US Supplier 10", "USD")
    assert bought.items[0].net_price == D("40.00")
    assert [(p.reference, p.reversed) for p in posted] == [("POLARIS/2016/1", True)]


def test_every_mistake_is_named_at_once_without_its_value() -> None:
    rows: dict[str, Iterable[Any]] = {
        "PurchaseOrder": [
            _head(PurchaseOrderDate="soon"),
            b"[1]",
            _head(PurchaseOrder="77", CompanyCode=""),
        ],
        "PurchaseOrderItem": [
            _item(OrderQuantity="secret"),
            _item(PurchaseOrderItem="40", GoodsReceiptIsExpected="maybe"),
        ],
        "SupplierInvoice": [_invoice("51", DocumentDate=None, InvoiceGrossAmount="NaN")],
    }
    with pytest.raises(InputRejected) as caught:
        _orders(**rows)
    assert {problem.field for problem in caught.value.problems} >= {
        "A_PurchaseOrder[1].PurchaseOrderDate",
        "A_PurchaseOrder[2]",
        "A_PurchaseOrder[3].CompanyCode",
        "A_PurchaseOrderItem[1].OrderQuantity",
        "A_PurchaseOrderItem[2].GoodsReceiptIsExpected",
        "A_SupplierInvoice[1].DocumentDate",
        "A_SupplierInvoice[1].InvoiceGrossAmount",
    }
    assert "secret" not in str(caught.value)
    assert "A_PurchaseOrder, record 1: PurchaseOrderDate" in str(caught.value)


def test_the_list_of_mistakes_is_bounded() -> None:
    with pytest.raises(InputRejected) as caught:
        _orders(PurchaseOrder=[b"broken"] * 5000)
    assert len(caught.value.problems) == 100


def test_parts_of_an_unknown_order_wait_for_the_run_that_brings_it() -> None:
    orders, _ = _orders(
        PurchaseOrderItem=[_item()],
        MaterialDocumentItem=[_receipt("50", "101", "20")],
        SuplrInvcItemPurOrdRef=[_posting("51", "1", "1")],
    )
    assert orders == []


def test_a_row_that_sap_repeats_is_one_order() -> None:
    """OD-P24"""
    orders, _ = _orders(PurchaseOrder=[_head(), _head(DocumentCurrency="USD")])
    assert [one.currency for one in orders] == ["USD"]
