"""Rows that are no order of ours, and values that are none."""

import pytest

from sapmatch.extracting.orders import orders_from_rows
from sapmatch.model.errors import InputRejected
from sapmatch.model.policy import CompanyCode
from tests.builders.sap_rows import head_row, invoice_row, item_row, orders_of


def test_a_stock_transport_order_is_left_out_and_stops_nothing() -> None:
    transport = head_row(PurchaseOrder="4500000099", Supplier="")
    orders, _ = orders_of(PurchaseOrder=[transport, head_row()])
    assert [order.id for order in orders] == ["4500000012"]


@pytest.mark.parametrize("field", ["DocumentDate", "DocumentCurrency"])
@pytest.mark.parametrize("status", ["C", "D"])
def test_a_held_invoice_without_date_or_currency_is_left_out(status: str, field: str) -> None:
    held = invoice_row("51", SupplierInvoiceStatus=status) | {field: ""}
    _, posted = orders_of(SupplierInvoice=[held, invoice_row("52")])
    assert [invoice.supplier_invoice for invoice in posted] == ["52"]
    with pytest.raises(InputRejected, match=field):
        orders_of(SupplierInvoice=[invoice_row("51", SupplierInvoiceStatus="5") | {field: ""}])


@pytest.mark.parametrize("field", ["NetPriceAmount", "NetPriceQuantity", "OrderQuantity"])
@pytest.mark.parametrize("value", ["1E+30", "1e999999999", "1E-400", "1_0", "\uff11", "9" * 16])
def test_a_number_that_is_not_plain_is_named(field: str, value: str) -> None:
    with pytest.raises(InputRejected, match=rf"record 1: {field} "):
        orders_of(PurchaseOrder=[head_row()], PurchaseOrderItem=[item_row(**{field: value})])


@pytest.mark.parametrize("field", ["NetPriceQuantity", "OrderQuantity"])
def test_a_negative_quantity_of_an_order_is_named(field: str) -> None:
    with pytest.raises(InputRejected, match=field):
        orders_of(PurchaseOrder=[head_row()], PurchaseOrderItem=[item_row(**{field: "-1"})])


@pytest.mark.parametrize("line", [b'{"a": "\xff"}', b"\xff", b"[" * 5000, b'{"a":' + b"[" * 5000])
def test_a_broken_line_is_named(line: bytes) -> None:
    with pytest.raises(InputRejected, match="A_PurchaseOrder, record 1: is no JSON object"):
        orders_of(PurchaseOrder=[line])


def test_a_sales_organization_unknown_to_the_settings_belongs_to_nobody() -> None:
    row = {
        "SalesOrder": "1",
        "SoldToParty": "17",
        "SalesOrganization": "2000",
        "TransactionCurrency": "EUR",
    }
    own = CompanyCode(name="A", currency="EUR")
    other = CompanyCode(name="A", currency="EUR", sales_organizations=("7",))

    def codes(companies: dict[str, CompanyCode]) -> list[str]:
        rows = {"A_SalesOrder": [row]}
        orders, _ = orders_from_rows(rows, connection="s4", client="100", company_codes=companies)
        return [order.company_code for order in orders]

    assert codes({"2000": own}) == ["2000"]
    assert codes({"2000": other}) == []
    assert codes({"1010": own}) == []
