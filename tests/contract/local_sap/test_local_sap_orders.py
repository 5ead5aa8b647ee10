"""Purchase and sales orders over V2 in the embedded SAP: create, change, replace, delete, call."""

import base64
from typing import Any

import pytest
import requests

from local.sap.server import Server
from tests.contract.local_sap.local_sap_world import (
    INVOICES,
    MOMENT,
    ORDERS,
    SALES,
    Api,
    code,
    invoice,
)

ODP = "ZSAPMATCH_ODP_SRV"
SALES_ORDERS = f"{SALES}/A_SalesOrder"
PURCHASE_ORDERS = f"{ORDERS}/A_PurchaseOrder"


def _sales_order(**more: object) -> dict[str, Any]:
    return {
        "SalesOrderType": "OR",
        "SalesOrganization": "1010",
        "DistributionChannel": "10",
        "OrganizationDivision": "00",
        "SoldToParty": "C1",
        "PurchaseOrderByCustomer": "B-1",
        "to_Item": [
            {"Material": "EP", "RequestedQuantity": "2"},
            {"Material": "DS", "RequestedQuantity": "1.500", "RequestedQuantityUnit": "KG"},
        ],
        **more,
    }


def _purchase_order(**more: object) -> dict[str, Any]:
    return {
        "PurchaseOrderType": "NB",
        "CompanyCode": "1010",
        "PurchasingOrganization": "1010",
        "PurchasingGroup": "001",
        "Supplier": "S1",
        "to_PurchaseOrderItem": {
            "results": [{"Material": "M1", "OrderQuantity": "3", "NetPriceAmount": "4.50"}]
        },
        **more,
    }


def test_a_sales_order_is_created_with_its_items(stand_in: Server, api: Api) -> None:
    """OD-P80: SAP numbers order and items, and fills what was not given."""
    answer = api.send("POST", SALES_ORDERS, _sales_order())
    assert answer.status_code == 201, answer.text
    made = answer.json()["d"]
    assert (made["SalesOrder"], made["TransactionCurrency"]) == ("13", "EUR")
    assert made["CreationDate"].startswith("/Date(")
    assert answer.headers["location"].endswith("/A_SalesOrder('13')")
    items = made["to_Item"]["results"]
    assert [(each["SalesOrderItem"], each["RequestedQuantityUnit"]) for each in items] == [
        ("10", "PC"),
        ("20", "KG"),
    ]
    assert stand_in.log.created() == ["A_SalesOrder('13')"]
    assert len(api.rows(f"{SALES_ORDERS}('13')/to_Item")) == 2
    assert api.send("POST", SALES_ORDERS, _sales_order()).json()["d"]["SalesOrder"] == "14"


def test_a_reference_that_was_used_before_is_a_warning(api: Api) -> None:
    """OD-P86, OD-P75: SAP takes the second order, so a lost answer must be looked up."""
    api.send("POST", SALES_ORDERS, _sales_order())
    again = api.send("POST", SALES_ORDERS, _sales_order())
    assert again.status_code == 201
    assert '"severity": "warning"' in again.headers["sap-message"]


def test_a_purchase_order_is_created_with_its_items_and_can_be_invoiced(api: Api) -> None:
    made = api.send("POST", PURCHASE_ORDERS, _purchase_order()).json()["d"]
    assert (made["PurchaseOrder"], made["DocumentCurrency"]) == ("4500000004", "EUR")
    (item,) = made["to_PurchaseOrderItem"]["results"]
    assert (item["PurchaseOrderItem"], item["NetPriceQuantity"]) == ("10", "1")
    assert item["GoodsReceiptIsExpected"] is True
    line = {
        "SupplierInvoiceItem": "1",
        "PurchaseOrder": "4500000004",
        "PurchaseOrderItem": "10",
        "SupplierInvoiceItemAmount": "9.00",
        "QuantityInPurchaseOrderUnit": "2",
        "PurchaseOrderQuantityUnit": "PC",
        "TaxCode": "V0",
    }
    body = invoice(
        InvoiceGrossAmount="9.00", to_SuplrInvcItemPurOrdRef=[line], to_SupplierInvoiceTax=[]
    )
    posted = api.send("POST", f"{INVOICES}/A_SupplierInvoice", body)
    assert posted.status_code == 201, posted.text


@pytest.mark.parametrize(
    ("path", "body", "field"),
    [
        (SALES_ORDERS, _sales_order(SoldToParty=""), "SoldToParty"),
        (SALES_ORDERS, _sales_order(SalesOrder="99"), "SalesOrder"),
        (SALES_ORDERS, _sales_order(TotalNetAmount="1.00"), "TotalNetAmount"),
        (SALES_ORDERS, _sales_order(to_Item=[{"Material": "EP"}]), "RequestedQuantity"),
        (SALES_ORDERS, _sales_order(to_Item=[{"RequestedQuantity": "1"}]), "Product"),
        (SALES_ORDERS, _sales_order(to_Item={"a": 1}), "to_Item"),
        (PURCHASE_ORDERS, _purchase_order(CompanyCode=""), "CompanyCode"),
        (PURCHASE_ORDERS, _purchase_order(Supplier="S9"), "Supplier"),
        (PURCHASE_ORDERS, _purchase_order(PurchaseOrderDate="2026-10-01Z"), "PurchaseOrderDate"),
    ],
)
def test_an_order_that_lacks_something_is_refused_whole(
    stand_in: Server, api: Api, path: str, body: dict[str, Any], field: str
) -> None:
    answer = api.send("POST", path, body)
    assert answer.status_code == 400
    assert answer.json()["error"]["innererror"]["errordetails"][0]["target"] == field
    assert stand_in.log.created() == []


def test_an_item_is_added_through_its_order(api: Api) -> None:
    before = api.entity(f"{SALES_ORDERS}('1')")["__metadata"]["etag"]
    body = {"Material": "NEU", "RequestedQuantity": "1"}
    made = api.send("POST", f"{SALES_ORDERS}('1')/to_Item", body)
    assert (made.status_code, made.json()["d"]["SalesOrderItem"]) == (201, "30")
    assert made.headers["location"].endswith("(SalesOrder='1',SalesOrderItem='30')")
    assert api.entity(f"{SALES_ORDERS}('1')")["__metadata"]["etag"] != before
    taken = api.send("POST", f"{SALES_ORDERS}('1')/to_Item", body | {"SalesOrderItem": "30"})
    assert taken.status_code == 400
    missing = api.send("POST", f"{SALES_ORDERS}('99')/to_Item", body)
    assert (missing.status_code, code(missing)) == (404, "/IWBEP/CM_MGW_RT/020")
    alone = api.send("POST", f"{SALES}/A_SalesOrderItem", body)
    assert alone.status_code == 400


def test_an_item_may_name_its_purchase_order_itself(api: Api) -> None:
    body = {"PurchaseOrder": "4500000003", "Material": "M2", "OrderQuantity": "1"}
    path = f"{ORDERS}/A_PurchaseOrderItem"
    assert api.send("POST", path, body).json()["d"]["PurchaseOrderItem"] == "10"
    assert api.send("POST", path, body | {"PurchaseOrder": "4500000099"}).status_code == 400


def test_items_of_documents_that_are_posted_whole_are_not_added(api: Api) -> None:
    made = api.send("POST", f"{INVOICES}/A_SupplierInvoice", invoice()).json()["d"]
    uri = made["__metadata"]["uri"] + "/to_SuplrInvcItemPurOrdRef"
    assert api.send("POST", uri, {}).status_code == 501


def test_an_order_is_deleted_with_its_items_under_its_etag(stand_in: Server, api: Api) -> None:
    """OD-P69."""
    order = f"{SALES_ORDERS}('1')"
    assert api.send("DELETE", order).status_code == 428
    tag = api.entity(order)["__metadata"]["etag"]
    assert api.send("DELETE", order, If_Match='W/"old"').status_code == 412
    assert api.send("DELETE", order, If_Match=tag).status_code == 204
    assert api.get(order).status_code == 404
    assert api.rows(f"{SALES}/A_SalesOrderItem") == []
    assert [each["changed"] for each in stand_in.log.entries() if each["changed"]] == [
        ["A_SalesOrder('1')"]
    ]


def test_an_item_is_deleted_and_the_order_is_changed(api: Api) -> None:
    before = api.entity(f"{SALES_ORDERS}('1')")["__metadata"]["etag"]
    item = f"{SALES}/A_SalesOrderItem(SalesOrder='1',SalesOrderItem='10')"
    assert api.send("DELETE", item).status_code == 204
    assert api.send("DELETE", item).status_code == 404
    assert api.entity(f"{SALES_ORDERS}('1')")["__metadata"]["etag"] != before


def test_header_and_items_of_a_purchase_order_change(api: Api) -> None:
    """A V2 service without an ETag asks for none."""
    order = f"{PURCHASE_ORDERS}('4500000001')"
    assert api.send("PATCH", order, {"PaymentTerms": "0001"}).status_code == 204
    item = f"{ORDERS}/A_PurchaseOrderItem(PurchaseOrder='4500000001',PurchaseOrderItem='10')"
    assert api.send("MERGE", item, {"OrderQuantity": "12"}).status_code == 204
    shown = api.entity(f"{order}?$expand=to_PurchaseOrderItem")
    assert shown["PaymentTerms"] == "0001"
    assert shown["to_PurchaseOrderItem"]["results"][0]["OrderQuantity"] == "12"


def _put(api: Api, body: dict[str, Any], etag: str = "*") -> requests.Response:
    return api.send("PUT", f"{SALES_ORDERS}('1')", body, If_Match=etag)


def test_put_replaces_the_whole_entity(stand_in: Server, api: Api) -> None:
    """OD-P71: what it leaves out is gone; what nobody may change may come along unchanged."""
    stand_in.switch(update_methods=["PUT"])
    old = api.entity(f"{SALES_ORDERS}('1')")
    plain = {name: old[name] for name in old if not isinstance(old[name], dict)}
    tag = old["__metadata"]["etag"]
    assert _put(api, plain | {"PaymentMethod": "T", "SalesGroup": "G"}, tag).status_code == 204
    assert _put(api, {"PaymentMethod": "U"}, tag).status_code == 412
    full = api.entity(f"{SALES_ORDERS}('1')")
    assert (full["PaymentMethod"], full["SalesGroup"]) == ("T", "G")
    assert _put(api, {"PaymentMethod": "U"}).status_code == 204
    bare = api.entity(f"{SALES_ORDERS}('1')")
    assert (bare["PaymentMethod"], bare["SalesGroup"]) == ("U", "")
    assert (bare["SalesOrderDate"], old["SalesOrderDate"] is None) == (None, False)
    assert (bare["SoldToParty"], bare["TotalNetAmount"]) == ("C/1", "1.50")
    assert bare["LastChangeDateTime"] != MOMENT


@pytest.mark.parametrize(
    "body",
    [
        {"SoldToParty": "C9"},
        {"TotalNetAmount": "9"},
        {"SalesOrder": "2"},
        {"X": 1},
        {"to_Item": []},
    ],
)
def test_put_changes_nothing_that_is_read_only(
    stand_in: Server, api: Api, body: dict[str, Any]
) -> None:
    stand_in.switch(update_methods=["PATCH", "PUT"])
    before = api.entity(f"{SALES_ORDERS}('1')")
    answer = _put(api, body)
    assert (answer.status_code, code(answer)) == (400, "/IWCOR/CX_DS_EP_PROPERTY_ERROR")
    assert api.entity(f"{SALES_ORDERS}('1')") == before


@pytest.mark.parametrize("method", ["PATCH", "MERGE", "PUT"])
def test_a_service_may_know_one_way_to_update_only(stand_in: Server, api: Api, method: str) -> None:
    """OD-P71."""
    stand_in.switch(update_methods=[method])
    for sent in ("PATCH", "MERGE", "PUT"):
        answer = api.send(sent, f"{SALES_ORDERS}('1')", {"PaymentMethod": "T"}, If_Match="*")
        assert answer.status_code == (204 if sent == method else 501)


def test_an_upsert_finds_changes_and_creates(api: Api) -> None:
    key = "A_SalesOrder?$filter=PurchaseOrderByCustomer eq 'B-1'&$select=SalesOrder"
    assert api.rows(f"{SALES}/{key}") == []
    api.send("POST", SALES_ORDERS, _sales_order())
    (found,) = api.rows(f"{SALES}/{key}")
    uri, tag = found["__metadata"]["uri"], found["__metadata"]["etag"]
    assert api.send("PATCH", uri, {"PaymentMethod": "T"}, If_Match=tag).status_code == 204


def test_a_function_import_by_get_returns_a_complex_type(api: Api) -> None:
    shown = api.entity(f"{ORDERS}/GetPDF?PurchaseOrder='4500000001'")["GetPDF"]
    assert base64.b64decode(shown["PurchaseOrderBinary"]).startswith(b"%PDF-")
    assert shown["__metadata"]["type"] == "API_PURCHASEORDER_PROCESS_SRV.GetPDFResult"
    assert api.get(f"{ORDERS}/GetPDF?PurchaseOrder='1'").status_code == 400
    of_logon = "sap-language=EN&saml2=disabled&$format=json"
    assert api.get(f"{ORDERS}/GetPDF?{of_logon}&PurchaseOrder='4500000001'").status_code == 200


def test_a_function_import_by_get_returns_entities_by_typed_literals(api: Api) -> None:
    """OD-P60."""

    def items(**more: str) -> list[str]:
        given = {
            "Supplier": "'S1'",
            "Since": "datetime'2026-10-01T00:00:00'",
            "MinimumQuantity": "10.000M",
            "OpenOnly": "false",
            **more,
        }
        query = "&".join(f"{name}={value}" for name, value in given.items())
        return [row["PurchaseOrderItem"] for row in api.rows(f"{ODP}/GetItemsOfSupplier?{query}")]

    assert items() == ["10", "20", "30", "40", "50", "10"]
    assert items(OpenOnly="true") == ["10", "20", "30", "50", "10"]
    assert items(MinimumQuantity="10.001M") == []
    assert items(Since="datetime'2026-10-02T00:00:00'") == []
    assert items(Supplier="'O''Brien'") == []


@pytest.mark.parametrize(
    "query",
    [
        "",
        "?PurchaseOrder=4500000001",
        "?PurchaseOrder='1'&More='2'",
        "?PurchaseOrder=datetime'2026-10-01T00:00:00'",
    ],
)
def test_a_function_import_needs_exactly_its_literals(api: Api, query: str) -> None:
    answer = api.get(f"{ORDERS}/GetPDF{query}")
    assert (answer.status_code, code(answer)) == (400, "/IWCOR/CX_DS_URI_SYNTAX_ERROR")


def test_a_function_import_is_called_by_its_own_method(api: Api) -> None:
    by_post = api.send("POST", f"{ORDERS}/GetPDF?PurchaseOrder='4500000001'")
    assert by_post.status_code == 405
    assert "by GET" in by_post.json()["error"]["message"]["value"]
    by_get = api.get(f"{INVOICES}/Post?SupplierInvoice='1'&FiscalYear='2026'")
    assert by_get.status_code == 405
    assert "by POST" in by_get.json()["error"]["message"]["value"]


def test_a_new_item_is_scheduled_and_priced_by_sap(api: Api) -> None:
    made = api.send("POST", PURCHASE_ORDERS, _purchase_order()).json()["d"]
    number = made["PurchaseOrder"]
    item = f"{ORDERS}/A_PurchaseOrderItem(PurchaseOrder='{number}',PurchaseOrderItem='10')"
    (line,) = api.rows(f"{item}/to_ScheduleLine")
    assert (line["PurchasingDocument"], line["ScheduleLine"]) == (number, "1")
    assert (line["ScheduleLineOrderQuantity"], line["DelivDateCategory"]) == ("3", "1")
    (price,) = api.rows(f"{item}/to_PurchaseOrderPricingElement")
    assert (price["ConditionCategory"], price["ConditionAmount"]) == ("H", "13.50")
    shown = api.entity(f"{item}?$expand=to_ScheduleLine,to_PurchaseOrderPricingElement")
    assert len(shown["to_ScheduleLine"]["results"]) == 1
    assert api.send("DELETE", item).status_code == 204
    lines = f"{ORDERS}/A_PurchaseOrderScheduleLine"
    assert api.rows(f"{lines}?$filter=PurchasingDocument eq '{number}'") == []


def test_conditions_are_filtered_by_category_and_not_created_alone(api: Api) -> None:
    api.send("POST", PURCHASE_ORDERS, _purchase_order())
    elements = f"{ORDERS}/A_PurOrdPricingElement"
    wanted = "ConditionCategory eq 'B' or ConditionCategory eq 'F'"
    assert api.rows(f"{elements}?$filter={wanted}") == []
    assert len(api.rows(f"{elements}?$filter=ConditionCategory eq 'H'")) == 1
    assert api.send("POST", elements, {"PurchaseOrder": "4500000001"}).status_code == 405
