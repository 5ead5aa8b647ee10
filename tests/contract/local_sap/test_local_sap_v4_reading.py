"""Reading from the V4 services of the embedded SAP: documents, options, values, refusals."""

from decimal import Decimal
from typing import Any

import pytest
import requests

from local.sap.server import Server
from tests.contract.local_sap.local_sap_v4_world import (
    ORDER,
    ORDERS,
    ORDERS_NAMESPACE,
    ROOT,
    SALES,
    SALES_ORDER,
    V4Api,
    error,
)
from tests.contract.local_sap.local_sap_world import Api


def _numbers(v4: V4Api, query: str) -> list[str]:
    return [row["SalesOrder"] for row in v4.rows(f"{SALES}/SalesOrder?{query}")]


def test_the_service_document_names_the_entity_sets(v4: V4Api) -> None:
    shown = v4.json(f"{ORDERS}/")
    assert [each["name"] for each in shown["value"]] == ["PurchaseOrder", "PurchaseOrderItem"]
    assert shown["@odata.context"] == "$metadata"


def test_every_answer_says_that_it_is_version_4(v4: V4Api) -> None:
    """OD-P107."""
    for path in (f"{ORDERS}/", f"{ORDERS}/$metadata", SALES_ORDER, f"{SALES}/Nothing"):
        assert v4.get(path).headers["odata-version"] == "4.0"


def test_metadata_has_an_etag_and_is_sent_once(v4: V4Api) -> None:
    """OD-P106."""
    first = v4.get(f"{SALES}/$metadata")
    assert first.headers["content-type"] == "application/xml"
    assert first.headers["etag"] == v4.json(SALES_ORDER)["@odata.metadataEtag"]
    again = v4.get(f"{SALES}/$metadata", If_None_Match=first.headers["etag"])
    assert (again.status_code, again.content) == (304, b"")


def test_head_and_get_of_the_root_give_a_token_to_who_asks(v4: V4Api) -> None:
    """OD-P01, OD-P02."""
    for method in ("HEAD", "GET"):
        answer = v4.session.request(
            method, f"{v4.url}{SALES}/", headers={"X-CSRF-Token": "Fetch"}, timeout=20
        )
        assert answer.headers["x-csrf-token"] == v4.token()


def test_v4_shows_the_rows_of_v2(v4: V4Api, api: Api) -> None:
    api.send("PATCH", "API_SALES_ORDER_SRV/A_SalesOrder('1')", {"PaymentMethod": "T"}, If_Match="*")
    shown = v4.json(SALES_ORDER)
    assert (shown["PaymentMethod"], shown["SoldToParty"]) == ("T", "C/1")
    items = v4.rows(f"{SALES_ORDER}/_Item")
    assert [item["Product"] for item in items] == ["EP/400", "DS-400"]
    assert "Material" not in items[0]


def test_values_have_the_forms_of_v4(v4: V4Api) -> None:
    """OD-P45: seven digits of a second; Edm.Date; no `/Date()/`."""
    shown = v4.json(SALES_ORDER)
    assert shown["SalesOrderDate"] == "2026-10-02"
    assert shown["LastChangeDateTime"] == "2026-10-01T00:00:00.0000000Z"
    assert shown["CompleteDeliveryIsDefined"] is False
    assert shown["CustomerPurchaseOrderDate"] is None
    assert shown["SAP__Messages"] == []


def test_decimals_are_numbers_unless_strings_are_asked_for(v4: V4Api) -> None:
    """OD-P40, OD-P41: the digits stay as they are."""
    path = f"{SALES_ORDER}?$select=TotalNetAmount"
    plain = v4.get(path)
    assert '"TotalNetAmount":1.50' in plain.text
    assert plain.json(parse_float=Decimal)["TotalNetAmount"] == Decimal("1.50")
    asked = v4.get(path, Accept="application/json;IEEE754Compatible=true")
    assert asked.json()["TotalNetAmount"] == "1.50"
    assert "IEEE754Compatible=true" in asked.headers["content-type"]


@pytest.mark.parametrize(
    ("where", "expected"),
    [
        ("SalesOrder eq '3'", ["3"]),
        ("SalesOrder ne '3' and SalesOrder lt '4' and not startswith(SalesOrder,'1')", ["2"]),
        ("TotalNetAmount gt 11.4 or TotalNetAmount le 1.5", ["1", "11", "12"]),
        ("(SalesOrder eq '1' or SalesOrder eq '2') and contains(SoldToParty,'''')", ["2"]),
        ("endswith(SoldToParty,'/1')", ["1"]),
        ("SalesOrderDate ge 2026-10-12 and SalesOrderDate lt 2026-10-13", ["11"]),
        ("LastChangeDateTime lt 2026-10-01T00:00:00Z", []),
        ("CustomerPurchaseOrderDate ne null", []),
        ("CompleteDeliveryIsDefined eq true", []),
        ("not (SalesOrder gt '1')", ["1"]),
    ],
)
def test_filters_take_literals_without_prefix_or_suffix(
    v4: V4Api, where: str, expected: list[str]
) -> None:
    """OD-P60."""
    assert _numbers(v4, f"$filter={where}") == expected


@pytest.mark.parametrize(
    "where",
    [
        "TotalNetAmount gt 5M",
        "SalesOrderDate ge datetime'2026-10-12T00:00:00'",
        "SalesOrder eq 3",
        "SalesOrder in ('1','2')",
        "substringof('1',SalesOrder)",
        "Nothing eq '1'",
        "Material eq '1'",
        "not SalesOrder eq '1'",
        "SalesOrder eq '1' and",
        "contains(TotalNetAmount,'1')",
        "CompleteDeliveryIsDefined gt true",
        "SalesOrderDate eq 2026-13-01",
        "(" * 60 + "SalesOrder eq '1'" + ")" * 60,
    ],
)
def test_a_filter_that_sap_does_not_know_is_refused(v4: V4Api, where: str) -> None:
    assert error(v4.get(f"{SALES}/SalesOrder?$filter={where}")) == (400, "ZLOCAL_SAP/400")


def test_a_filter_may_follow_a_navigation_to_one(v4: V4Api) -> None:
    path = f"{ORDERS}/PurchaseOrderItem?$filter=_PurchaseOrder/ReleaseIsNotCompleted eq true"
    assert [row["PurchaseOrder"] for row in v4.rows(path)] == ["4500000002"]


@pytest.mark.parametrize(
    ("where", "expected"),
    [
        ("_PurchaseOrderItem/any(i:i/IsFinallyInvoiced eq true)", ["4500000001"]),
        (
            "_PurchaseOrderItem/all(i:i/OrderQuantity gt 5)",
            ["4500000001", "4500000002", "4500000003"],
        ),
        ("not _PurchaseOrderItem/any(i:i/OrderQuantity gt 5)", ["4500000003"]),
        (
            "_PurchaseOrderItem/any(i:i/_PurchaseOrder/ReleaseIsNotCompleted eq true)",
            ["4500000002"],
        ),
    ],
)
def test_a_filter_may_ask_for_any_or_all_items(v4: V4Api, where: str, expected: list[str]) -> None:
    rows = v4.rows(f"{ORDERS}/PurchaseOrder?$filter={where}")
    assert [row["PurchaseOrder"] for row in rows] == expected


@pytest.mark.parametrize(
    "where",
    [
        "_PurchaseOrderItem/any(i:IsFinallyInvoiced eq true)",
        "_PurchaseOrderItem/any(i:j/IsFinallyInvoiced eq true)",
        "_PurchaseOrderItem/any(i/IsFinallyInvoiced eq true)",
        "_PurchaseOrderItem/any()",
        "Supplier/any(i:i eq 'S1')",
        "_PurchaseOrderItem/IsFinallyInvoiced eq true",
    ],
)
def test_a_lambda_that_is_not_well_formed_is_refused(v4: V4Api, where: str) -> None:
    assert v4.get(f"{ORDERS}/PurchaseOrder?$filter={where}").status_code == 400


def test_rows_come_in_the_order_asked_for(v4: V4Api) -> None:
    assert _numbers(v4, "$orderby=SoldToParty desc,TotalNetAmount desc&$top=2") == ["1", "12"]
    assert _numbers(v4, "$orderby=TotalNetAmount&$skip=10&$top=5") == ["11", "12"]


def test_counts_are_numbers_in_json_and_text_at_the_path(v4: V4Api) -> None:
    """OD-P27."""
    shown = v4.json(f"{SALES}/SalesOrder?$count=true&$top=1&$filter=TotalNetAmount gt 3")
    assert (shown["@odata.count"], len(shown["value"])) == (10, 1)
    answer = v4.get(f"{SALES}/SalesOrder/$count?$filter=TotalNetAmount gt 3")
    assert (answer.text, answer.headers["content-type"]) == ("10", "text/plain")
    assert v4.get(f"{SALES_ORDER}/_Item/$count", Accept="text/plain").text == "2"


def test_select_shows_what_is_named_and_the_context_says_so(v4: V4Api) -> None:
    shown = v4.json(f"{SALES}/SalesOrder?$select=SalesOrder,SoldToParty&$top=1")
    assert shown["@odata.context"] == "$metadata#SalesOrder(SalesOrder,SoldToParty)"
    (row,) = shown["value"]
    assert set(row) == {"@odata.etag", "SalesOrder", "SoldToParty"}


def test_expand_takes_options_of_its_own(v4: V4Api) -> None:
    """Nested $select, $filter, $orderby, $top, $count and $expand."""
    inner = (
        "$select=PurchaseOrderItem,OrderQuantity;$filter=IsFinallyInvoiced eq false;"
        "$orderby=PurchaseOrderItem desc;$top=2;$count=true;"
        "$expand=_PurchaseOrder($select=Supplier)"
    )
    shown = v4.json(f"{ORDER}?$select=PurchaseOrder&$expand=_PurchaseOrderItem({inner})")
    assert shown["_PurchaseOrderItem@odata.count"] == 4
    items = shown["_PurchaseOrderItem"]
    assert [item["PurchaseOrderItem"] for item in items] == ["50", "30"]
    assert items[0]["_PurchaseOrder"]["Supplier"] == "S1"
    assert set(items[0]) == {
        "@odata.etag",
        "PurchaseOrderItem",
        "OrderQuantity",
        "_PurchaseOrder",
    }
    assert shown["@odata.context"].startswith("$metadata#PurchaseOrder(PurchaseOrder,_Purchase")


@pytest.mark.parametrize(
    "query",
    [
        "$select=Nothing",
        "$select=_Item",
        "$expand=to_Item",
        "$expand=_Item($top=-1)",
        "$expand=_Item($inlinecount=allpages)",
        "$expand=_Item($select=Material)",
        "$expand=_Item($select=Product",
        "$expand=_Item,_Item",
        "$orderby=TotalNetAmount up",
        "$top=x",
        "$count=maybe",
        "$inlinecount=allpages",
        "$search=pump",
        "$apply=aggregate($count as n)",
        "$top=1&$top=2",
        "$skiptoken=abc",
        "$expand=" + "_Item($expand=_SalesOrder($expand=" * 4 + "_Item" + "))" * 4,
    ],
)
def test_an_option_that_sap_does_not_know_is_refused(v4: V4Api, query: str) -> None:
    assert error(v4.get(f"{SALES}/SalesOrder?{query}")) == (400, "ZLOCAL_SAP/400")


def test_keys_are_named_and_encoded_as_in_v2(v4: V4Api) -> None:
    """OD-P55, OD-P57; an item's number is found with leading zeros too."""
    path = f"{ORDERS}/PurchaseOrderItem(PurchaseOrder='4500000001',PurchaseOrderItem='00010')"
    assert v4.json(path)["PurchaseOrderItem"] == "10"
    inside = f"{ORDER}/_PurchaseOrderItem(PurchaseOrder='4500000001',PurchaseOrderItem='10')"
    assert v4.json(f"{inside}/_PurchaseOrder")["Supplier"] == "S1"
    other = f"{ORDER}/_PurchaseOrderItem(PurchaseOrder='4500000002',PurchaseOrderItem='10')"
    assert v4.get(other).status_code == 404
    assert v4.get(f"{ORDERS}/PurchaseOrderItem('10')").status_code == 400
    assert v4.get(f"{ORDERS}/PurchaseOrder(4500000001)").status_code == 400


def test_one_field_can_be_read_alone(v4: V4Api) -> None:
    shown = v4.json(f"{SALES_ORDER}/SoldToParty")
    assert shown["value"] == "C/1"
    assert shown["@odata.context"] == "../$metadata#SalesOrder('1')/SoldToParty"


def test_functions_answer_values_and_entities(v4: V4Api) -> None:
    """By qualified name, by alias, and unbound with a parameter that is encoded (OD-P56)."""
    item = f"{ORDERS}/PurchaseOrderItem(PurchaseOrder='4500000001',PurchaseOrderItem='20')"
    for name in (ORDERS_NAMESPACE, "SAP__self"):
        shown = v4.json(f"{item}/{name}.GetReceivedQuantity()")
        assert (shown["value"], shown["@odata.context"]) == (6, "../$metadata#Edm.Decimal")
    found = v4.rows(f"{SALES}/GetItemsOfProduct(Product='EP%2F400')")
    assert [row["SalesOrderItem"] for row in found] == ["10"]
    assert v4.get(f"{SALES}/GetItemsOfProduct()").status_code == 400
    assert v4.get(f"{item}/GetReceivedQuantity()").status_code == 404


@pytest.mark.parametrize(
    "path",
    [
        f"{SALES}/Nothing",
        f"{SALES}/A_SalesOrder",
        f"{SALES}/SalesOrder('999')",
        f"{SALES_ORDER}/to_Item",
        f"{SALES_ORDER}/_Item/_SalesOrder",
        f"{SALES_ORDER}/$count",
        f"{SALES}/SalesOrder/SoldToParty",
        f"{SALES_ORDER}/SoldToParty/more",
        f"{SALES_ORDER}" + "/_Item" * 20,
    ],
)
def test_what_is_not_there_is_not_found(v4: V4Api, path: str) -> None:
    assert error(v4.get(path)) == (404, "ZLOCAL_SAP/404")


def test_an_unknown_service_is_named(v4: V4Api) -> None:
    answer = v4.get(f"{ROOT}/api_nothing/srvd_a2x/sap/nothing/0001/Set")
    assert error(answer) == (403, "/IWFND/MED/170")


def test_a_refusal_has_the_form_of_v4(v4: V4Api) -> None:
    """OD-P85."""
    shown: dict[str, Any] = v4.get(f"{SALES}/SalesOrder?$top=x").json()["error"]
    assert isinstance(shown["message"], str)
    inner = shown["innererror"]["ErrorDetails"]
    assert len(inner["@SAP__common.TransactionId"]) == 32
    assert inner["@SAP__common.Application"]["ServiceId"] == "SALESORDER"


def test_only_json_is_offered(v4: V4Api) -> None:
    assert v4.get(SALES_ORDER, Accept="application/atom+xml").status_code == 406
    assert v4.get(SALES_ORDER, Accept="*/*").status_code == 200


def test_who_has_no_password_gets_in_nowhere(stand_in: Server) -> None:
    answer = requests.get(f"{stand_in.url}{SALES_ORDER}?sap-client=100", timeout=20)
    assert answer.status_code == 401
