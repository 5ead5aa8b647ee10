"""Rows that no order can be made of: each mistake is named with record and field."""

import json
from decimal import Decimal
from typing import Any

import pytest

from sapmatch.model.errors import InputRejected
from tests.builders.sap_rows import (
    head_row,
    invoice_row,
    item_row,
    only_item,
    orders_of,
    posting_row,
    receipt_row,
    schedule_row,
)

D = Decimal


def mistakes(**rows: Any) -> list[str | None]:
    with pytest.raises(InputRejected) as caught:
        orders_of(**rows)
    return [problem.field for problem in caught.value.problems]


def without(row: dict[str, Any], *fields: str) -> dict[str, Any]:
    return {name: value for name, value in row.items() if name not in fields}


@pytest.mark.parametrize("field", ["OrderQuantity", "PurchaseOrderQuantityUnit", "NetPriceAmount"])
def test_an_item_without_what_was_ordered_is_refused(field: str) -> None:
    """MA-P60"""
    assert mistakes(PurchaseOrderItem=[without(item_row(), field)]) == [
        f"A_PurchaseOrderItem[1].{field}"
    ]


def test_a_limit_needs_no_quantity_and_what_is_free_no_price() -> None:
    """MA-P10, MA-P25"""
    limit = without(item_row(OverallLimitAmount="1000.00"), "OrderQuantity", "NetPriceAmount")
    assert only_item(PurchaseOrderItem=[limit]).overall_limit == D(1000)
    free = without(item_row(PurchasingItemIsFreeOfCharge=True), "NetPriceAmount")
    assert only_item(PurchaseOrderItem=[free]).net_price == 0


def test_documents_without_amounts_or_quantities_are_refused() -> None:
    """MA-P60"""
    bare = without(posting_row("51", "1", "1"), "QuantityInPurchaseOrderUnit")
    assert mistakes(
        MaterialDocumentItem=[without(receipt_row("50", "101", "1"), "QuantityInEntryUnit")],
        SupplierInvoice=[without(invoice_row("51"), "InvoiceGrossAmount")],
        SuplrInvcItemPurOrdRef=[bare],
        SalesOrderItem=[{"SalesOrder": "1", "SalesOrderItem": "10", "RequestedQuantity": "1"}],
    ) == [
        "A_MaterialDocumentItem[1].QuantityInEntryUnit",
        "A_SupplierInvoice[1].InvoiceGrossAmount",
        "A_SuplrInvcItemPurOrdRef[1].QuantityInPurchaseOrderUnit",
        "A_SalesOrderItem[1].RequestedQuantityUnit",
        "A_SalesOrderItem[1].NetAmount",
    ]


@pytest.mark.parametrize(
    "written",
    ['"NaN"', '"1E+400"', "1e400", "1E400", '"Infinity"', "true", "[]", '"1,5"', '"١٢"', "9" * 400],
)
def test_what_is_no_plain_number_is_refused(written: str) -> None:
    """MA-P60"""
    row = json.dumps(item_row(OrderQuantity=None)).replace("null", written).encode()
    assert mistakes(PurchaseOrderItem=[row])[0] in (
        "A_PurchaseOrderItem[1].OrderQuantity",
        "A_PurchaseOrderItem[1]",
    )


@pytest.mark.parametrize("written", [b"NaN", b'{"PurchaseOrder": NaN}', b"{", b"\xff", b"[" * 5000])
def test_what_is_no_json_is_refused(written: bytes) -> None:
    """MA-P60"""
    assert mistakes(PurchaseOrderItem=[written]) == ["A_PurchaseOrderItem[1]"]


@pytest.mark.parametrize("field", ["PurchaseOrder", "Supplier", "CompanyCode", "PaymentTerms"])
def test_control_characters_in_a_number_or_code_are_refused(field: str) -> None:
    """MA-P60"""
    found = mistakes(PurchaseOrder=[head_row(**{field: "45\x0012"})])
    assert f"A_PurchaseOrder[1].{field}" in found


def test_control_characters_in_what_people_wrote_are_blanks() -> None:
    item = only_item(PurchaseOrderItem=[item_row(PurchaseOrderItemText="Motor\t71\x00 kW\n")])
    assert item.text == "Motor 71  kW"


@pytest.mark.parametrize("written", ["€", "eur", "12", "EURODOLLAR", "", None])
def test_an_order_in_no_currency_is_refused(written: str | None) -> None:
    assert mistakes(PurchaseOrder=[head_row(DocumentCurrency=written)]) == [
        "A_PurchaseOrder[1].DocumentCurrency"
    ]


@pytest.mark.parametrize("days", ["1.5", "-3", "ten"])
def test_days_are_whole_numbers(days: str) -> None:
    assert mistakes(PurchaseOrder=[head_row(NetPaymentDays=days)]) == [
        "A_PurchaseOrder[1].NetPaymentDays"
    ]


def test_a_row_that_sap_repeats_is_one_order() -> None:
    """OD-P24"""
    orders, _ = orders_of(PurchaseOrder=[head_row(), head_row()])
    assert [one.currency for one in orders] == ["EUR"]


def test_two_records_of_one_key_that_differ_are_refused_by_their_numbers() -> None:
    """OD-P24: nothing tells which one is true."""
    heads = [head_row(), head_row(PurchaseOrder="77"), head_row(DocumentCurrency="USD")]
    with pytest.raises(InputRejected, match="A_PurchaseOrder, record 3: has the key of record 1"):
        orders_of(PurchaseOrder=heads)
    lines = [schedule_row("1", "2026-09-01", "4"), schedule_row("0001", "2026-09-01", "5")]
    assert mistakes(PurchaseOrderScheduleLine=lines) == ["A_PurchaseOrderScheduleLine[2]"]
    inside = {"results": [item_row(), item_row(OrderQuantity="1")]}
    assert mistakes(PurchaseOrder=[head_row(to_PurchaseOrderItem=inside)]) == ["A_PurchaseOrder[1]"]


def test_saps_time_of_change_tells_which_of_two_records_is_true() -> None:
    late, early = "/Date(1793610000000+0000)/", "/Date(1793600000000+0000)/"
    heads = [
        head_row(DocumentCurrency="USD", LastChangeDateTime=late),
        head_row(DocumentCurrency="EUR", LastChangeDateTime=early),
    ]
    (one,), _ = orders_of(PurchaseOrder=heads)
    assert one.currency == "USD"


def test_an_item_stands_in_its_order_and_in_a_file_of_its_own() -> None:
    inside = {"results": [item_row()]}
    item = only_item(PurchaseOrder=[head_row(to_PurchaseOrderItem=inside)])
    assert item.quantity == 60


def test_a_movement_of_an_order_without_its_type_is_refused() -> None:
    """MA-P60: left out, no goods would ever have come."""
    assert mistakes(
        MaterialDocumentItem=[without(receipt_row("50", "101", "1"), "GoodsMovementType")]
    ) == ["A_MaterialDocumentItem[1].GoodsMovementType"]


@pytest.mark.parametrize("field", ["PurchaseOrder", "CompanyCode"])
def test_a_mistake_is_told_once(field: str) -> None:
    """MA-P60"""
    assert mistakes(PurchaseOrder=[head_row(**{field: 1010})]) == [f"A_PurchaseOrder[1].{field}"]
