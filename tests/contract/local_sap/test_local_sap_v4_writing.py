"""Creating, changing and deleting over the V4 services of the embedded SAP; actions."""

import json
from typing import Any

import pytest
import requests

from local.sap.server import Server
from tests.contract.local_sap.local_sap_v4_world import (
    ORDER,
    ORDERS,
    ORDERS_NAMESPACE,
    SALES,
    SALES_ORDER,
    V4Api,
    error,
)
from tests.contract.local_sap.local_sap_world import Api

COMPATIBLE = "application/json;IEEE754Compatible=true"
RELEASE = f"{ORDERS}/PurchaseOrder('4500000002')/{ORDERS_NAMESPACE}.Release"


def _order(**more: object) -> dict[str, Any]:
    return {
        "PurchaseOrderType": "NB",
        "CompanyCode": "1010",
        "PurchasingOrganization": "1010",
        "PurchasingGroup": "001",
        "Supplier": "S1",
        "PurchaseOrderDate": "2026-10-02",
        "_PurchaseOrderItem": [
            {"PurchaseOrderItemText": "Öl", "OrderQuantity": 5, "NetPriceAmount": 10.25},
            {"Material": "EP/400", "OrderQuantity": 1, "PurchaseOrderItem": "50"},
        ],
        **more,
    }


def _sales_order(**more: object) -> dict[str, Any]:
    return {
        "SalesOrderType": "OR",
        "SalesOrganization": "1010",
        "DistributionChannel": "10",
        "OrganizationDivision": "00",
        "SoldToParty": "C/1",
        "_Item": [{"Product": "EP/400", "RequestedQuantity": 2}],
        **more,
    }


def test_an_order_is_created_with_its_items(stand_in: Server, v4: V4Api, api: Api) -> None:
    """OD-P80: what V4 creates, V2 shows."""
    answer = v4.send("POST", f"{ORDERS}/PurchaseOrder", _order())
    made = answer.json()
    assert (answer.status_code, made["PurchaseOrder"]) == (201, "4500000004")
    assert answer.headers["location"] == f"{v4.url}{ORDERS}/PurchaseOrder('4500000004')"
    assert answer.headers["etag"] == made["@odata.etag"]
    items = made["_PurchaseOrderItem"]
    assert [item["PurchaseOrderItem"] for item in items] == ["10", "50"]
    assert (items[0]["DocumentCurrency"], items[0]["NetPriceAmount"]) == ("EUR", 10.25)
    path = "API_PURCHASEORDER_PROCESS_SRV/A_PurchaseOrder('4500000004')"
    assert api.entity(path)["PurchaseOrderDate"] == "/Date(1790899200000)/"
    assert stand_in.log.created() == ["PurchaseOrder('4500000004')"]


def test_an_answer_without_a_body_names_the_entity(v4: V4Api) -> None:
    answer = v4.send("POST", f"{SALES}/SalesOrder", _sales_order(), Prefer="return=minimal")
    assert (answer.status_code, answer.content) == (204, b"")
    assert answer.headers["odata-entityid"] == f"{v4.url}{SALES}/SalesOrder('13')"
    assert answer.headers["preference-applied"] == "return=minimal"
    assert v4.etag(f"{SALES}/SalesOrder('13')") == answer.headers["etag"]


def test_messages_of_a_success_come_in_a_header(v4: V4Api) -> None:
    """OD-P86: a JSON array in plain ASCII, the warning before the success."""
    order = _sales_order(PurchaseOrderByCustomer="Ö-1")
    v4.send("POST", f"{SALES}/SalesOrder", order)
    answer = v4.send("POST", f"{SALES}/SalesOrder", order)
    assert answer.headers["sap-messages"].isascii()
    warning, success = json.loads(answer.headers["sap-messages"])
    assert (warning["numericSeverity"], success["numericSeverity"]) == (3, 1)
    assert warning["target"] == "PurchaseOrderByCustomer"
    assert "Ö-1" in warning["message"]


def test_a_quoted_decimal_needs_a_content_type_that_says_so(stand_in: Server, v4: V4Api) -> None:
    """OD-P40."""
    order = _order(_PurchaseOrderItem=[{"Material": "A", "OrderQuantity": "5.125"}])
    refused = v4.send("POST", f"{ORDERS}/PurchaseOrder", order)
    assert error(refused) == (400, "ZLOCAL_SAP/400")
    assert refused.json()["error"]["target"] == "OrderQuantity"
    assert stand_in.log.created() == []
    taken = v4.send("POST", f"{ORDERS}/PurchaseOrder", order, Content_Type=COMPATIBLE)
    assert taken.json()["_PurchaseOrderItem"][0]["OrderQuantity"] == 5.125


@pytest.mark.parametrize(
    ("wrong", "target"),
    [
        ({"Supplier": "S9"}, "Supplier"),
        ({"Supplier": ""}, "Supplier"),
        ({"PurchaseOrder": "4711"}, "PurchaseOrder"),
        ({"CreationDate": "2026-10-01"}, "CreationDate"),
        ({"PurchaseOrderDate": "/Date(0)/"}, "PurchaseOrderDate"),
        ({"PurchaseOrderDate": "2026-02-30"}, "PurchaseOrderDate"),
        ({"CompanyCode": "10100"}, "CompanyCode"),
        ({"CompanyCode": None}, "CompanyCode"),
        ({"Nonsense": 1}, "Nonsense"),
        ({"to_PurchaseOrderItem": []}, "to_PurchaseOrderItem"),
        ({"_PurchaseOrderItem": {"results": []}}, "_PurchaseOrderItem"),
        ({"_PurchaseOrderItem": [{"Material": "A"}]}, "OrderQuantity"),
        ({"_PurchaseOrderItem": [{"Material": "A", "OrderQuantity": 1.0005}]}, "OrderQuantity"),
        ({"_PurchaseOrderItem": [{"Material": "A", "OrderQuantity": 1e11}]}, "OrderQuantity"),
        ({"_PurchaseOrderItem": [{"Material": "A", "OrderQuantity": True}]}, "OrderQuantity"),
        ({"_PurchaseOrderItem": [{"OrderQuantity": 1}]}, "PurchaseOrderItemText"),
    ],
)
def test_an_order_that_does_not_fit_is_refused_whole(
    stand_in: Server, v4: V4Api, wrong: dict[str, Any], target: str
) -> None:
    answer = v4.send("POST", f"{ORDERS}/PurchaseOrder", _order(**wrong))
    assert error(answer) == (400, "ZLOCAL_SAP/400")
    assert answer.json()["error"]["target"] == target
    assert stand_in.log.created() == []
    assert v4.get(f"{ORDERS}/PurchaseOrder/$count").text == "3"


def test_an_item_is_created_through_its_order_only(v4: V4Api) -> None:
    item = {"Material": "A", "OrderQuantity": 1}
    assert v4.send("POST", f"{ORDERS}/PurchaseOrderItem", item).status_code == 405
    before = v4.etag(ORDER)
    answer = v4.send("POST", f"{ORDER}/_PurchaseOrderItem", item)
    assert (answer.status_code, answer.json()["PurchaseOrderItem"]) == (201, "60")
    assert answer.headers["location"].endswith(
        "/PurchaseOrderItem(PurchaseOrder='4500000001',PurchaseOrderItem='60')"
    )
    assert v4.etag(ORDER) != before
    again = v4.send("POST", f"{ORDER}/_PurchaseOrderItem", item | {"PurchaseOrderItem": "60"})
    assert again.json()["error"]["target"] == "PurchaseOrderItem"


def test_a_change_needs_the_etag_that_the_entity_has_now(v4: V4Api) -> None:
    """OD-P65, OD-P66: 428 without, 412 with a stale one; the tag is sent back verbatim."""
    change = {"AssignmentReference": "RE-1"}
    before = v4.etag(SALES_ORDER)
    assert "~" in before
    assert error(v4.send("PATCH", SALES_ORDER, change)) == (428, "/IWBEP/CM_V4_APPS/017")
    answer = v4.send("PATCH", SALES_ORDER, change, If_Match=before)
    assert (answer.status_code, answer.json()["AssignmentReference"]) == (200, "RE-1")
    assert answer.headers["etag"] == v4.etag(SALES_ORDER) != before
    assert error(v4.send("PATCH", SALES_ORDER, change, If_Match=before))[0] == 412
    assert v4.send("PATCH", SALES_ORDER, change, If_Match="*").status_code == 200


def test_a_change_over_v2_makes_the_tag_of_v4_stale(v4: V4Api, api: Api) -> None:
    before = v4.etag(SALES_ORDER)
    api.send("PATCH", "API_SALES_ORDER_SRV/A_SalesOrder('1')", {"PaymentMethod": "T"}, If_Match="*")
    assert v4.send("PATCH", SALES_ORDER, {"PaymentMethod": "U"}, If_Match=before).status_code == 412


def test_an_item_has_the_tag_of_its_document(v4: V4Api) -> None:
    item = f"{SALES_ORDER}/_Item(SalesOrder='1',SalesOrderItem='10')"
    before = v4.etag(SALES_ORDER)
    assert v4.etag(item) == before
    assert v4.send("PATCH", item, {"Product": "X"}, If_Match=before).status_code == 200
    assert v4.etag(item) == v4.etag(SALES_ORDER) != before


def test_a_minimal_change_answers_nothing_but_the_tag(v4: V4Api) -> None:
    """OD-P68, OD-P71."""
    answer = v4.send(
        "PATCH", SALES_ORDER, {"PaymentMethod": "T"}, If_Match="*", Prefer="return=minimal"
    )
    assert (answer.status_code, answer.content) == (204, b"")
    assert answer.headers["etag"] == v4.etag(SALES_ORDER)


@pytest.mark.parametrize(
    "body",
    [
        {"SalesOrder": "1"},
        {"SoldToParty": "C9"},
        {"TotalNetAmount": 5},
        {"Nonsense": "1"},
        {"PaymentMethod": 5},
        {"PaymentMethod": None},
        {"_Item": []},
        {},
        [],
    ],
)
def test_only_fields_that_may_change_change(v4: V4Api, body: object) -> None:
    before = v4.etag(SALES_ORDER)
    answer = v4.send("PATCH", SALES_ORDER, body, If_Match=before)
    assert error(answer) == (400, "ZLOCAL_SAP/400")
    assert v4.etag(SALES_ORDER) == before


def test_a_date_is_cleared_with_null_and_control_information_is_left_aside(v4: V4Api) -> None:
    body = {"@odata.etag": "x", "SalesOrderDate": None}
    assert v4.send("PATCH", SALES_ORDER, body, If_Match="*").json()["SalesOrderDate"] is None


def test_a_document_goes_with_its_items(stand_in: Server, v4: V4Api) -> None:
    """OD-P69: a deletion needs the tag too."""
    assert v4.send("DELETE", SALES_ORDER).status_code == 428
    assert v4.send("DELETE", SALES_ORDER, If_Match=v4.etag(SALES_ORDER)).status_code == 204
    assert v4.get(SALES_ORDER).status_code == 404
    assert v4.get(f"{SALES}/SalesOrderItem/$count").text == "0"
    assert [each["changed"] for each in stand_in.log.entries() if each["changed"]] == [
        ["SalesOrder('1')"]
    ]


def test_an_action_needs_the_tag_and_is_called_by_post(v4: V4Api) -> None:
    """OD-P69."""
    order = RELEASE.rpartition("/")[0]
    assert error(v4.send("POST", RELEASE)) == (428, "/IWBEP/CM_V4_APPS/017")
    assert v4.get(RELEASE).status_code == 405
    before = v4.etag(order)
    answer = v4.send("POST", RELEASE, If_Match=before)
    assert (answer.status_code, answer.json()["ReleaseIsNotCompleted"]) == (200, False)
    (message,) = json.loads(answer.headers["sap-messages"])
    assert (message["code"], message["numericSeverity"]) == ("ZLOCAL_SAP/101", 1)
    assert v4.send("POST", RELEASE, If_Match=before).status_code == 412
    assert v4.send("POST", RELEASE, If_Match="*").status_code == 400


def test_an_action_takes_its_parameters_from_the_body(v4: V4Api) -> None:
    path = f"{SALES_ORDER}/SAP__self.RejectItems"
    answer = v4.send("POST", path, {"SalesDocumentRjcnReason": "17"}, If_Match="*")
    assert answer.status_code == 200
    reasons = [item["SalesDocumentRjcnReason"] for item in v4.rows(f"{SALES_ORDER}/_Item")]
    assert reasons == ["17", "17"]
    for wrong in ({}, {"SalesDocumentRjcnReason": 17}, {"Reason": "17"}):
        assert v4.send("POST", path, wrong, If_Match="*").status_code == 400
    function = f"{SALES}/GetItemsOfProduct(Product='A')"
    assert v4.send("POST", function, {}).status_code == 405


def test_what_sap_does_not_offer_is_refused(v4: V4Api) -> None:
    assert v4.send("PUT", SALES_ORDER, {"PaymentMethod": "T"}, If_Match="*").status_code == 405
    assert v4.send("MERGE", SALES_ORDER, {"PaymentMethod": "T"}, If_Match="*").status_code == 405
    assert v4.send("PATCH", f"{SALES}/SalesOrder", {}, If_Match="*").status_code == 405
    assert v4.send("POST", SALES_ORDER, {}).status_code == 405
    assert v4.send("DELETE", f"{SALES_ORDER}/PaymentMethod", If_Match="*").status_code == 405


def test_a_body_must_be_json_by_its_content_type(v4: V4Api) -> None:
    headers = {"X-CSRF-Token": v4.token(), "If-Match": "*", "Content-Type": "text/plain"}

    def patch(data: str) -> requests.Response:
        return v4.session.patch(v4.url + SALES_ORDER, data=data, headers=headers, timeout=20)

    assert patch("{}").status_code == 415
    headers["Content-Type"] = "application/json"
    assert patch("{").status_code == 400
    assert patch('{"TotalNetAmount": NaN}').status_code == 400
    assert patch("[" * 100_000).status_code == 400


def test_a_write_needs_the_token_of_its_session(v4: V4Api) -> None:
    """OD-P04."""
    answer = v4.session.patch(v4.url + SALES_ORDER, json={"PaymentMethod": "T"}, timeout=20)
    assert (answer.status_code, answer.headers["x-csrf-token"]) == (403, "Required")


def test_a_lost_answer_leaves_the_document(stand_in: Server, v4: V4Api) -> None:
    """OD-P75."""
    token = v4.token()
    stand_in.fault("drop-answer")
    with pytest.raises(requests.ConnectionError):
        v4.session.post(
            f"{v4.url}{SALES}/SalesOrder",
            json=_sales_order(),
            headers={"X-CSRF-Token": token},
            timeout=20,
        )
    assert stand_in.log.created() == ["SalesOrder('13')"]


def _repeated(v4: V4Api, identity: str = "a-1", **more: str) -> requests.Response:
    sent = "Thu, 01 Oct 2026 10:00:00 GMT"
    headers = {"Repeatability_Request_ID": identity, "Repeatability_First_Sent": sent} | more
    return v4.send("POST", f"{SALES}/SalesOrder", _sales_order(), **headers)


def test_a_repeated_request_is_carried_out_once(stand_in: Server, v4: V4Api) -> None:
    """OD-P75, OD-P76: OData 4.01 repeatability, where the system has it."""
    v4.switch(repeatability=True)
    first, again, other = _repeated(v4), _repeated(v4), _repeated(v4, "a-2")
    assert first.headers["repeatability-result"] == "accepted"
    assert (again.status_code, again.content) == (first.status_code, first.content)
    assert again.headers["repeatability-result"] == "accepted"
    assert other.json()["SalesOrder"] == "14"
    assert stand_in.log.created() == ["SalesOrder('13')", "SalesOrder('14')"]
    assert _repeated(v4, Repeatability_First_Sent="yesterday").status_code == 400
    stand_in.gateway.v4.repeats.forget()
    assert _repeated(v4).json()["SalesOrder"] == "15"


def test_a_repeated_request_finds_the_answer_that_was_lost(stand_in: Server, v4: V4Api) -> None:
    """OD-P75."""
    v4.switch(repeatability=True)
    stand_in.fault("error-500-after-commit")
    assert _repeated(v4).status_code == 500
    again = _repeated(v4)
    assert (again.status_code, again.json()["SalesOrder"]) == (201, "13")
    assert stand_in.log.created() == ["SalesOrder('13')"]


def test_a_system_without_repeatability_creates_twice(stand_in: Server, v4: V4Api) -> None:
    first, again = _repeated(v4), _repeated(v4)
    assert "repeatability-result" not in first.headers
    assert again.json()["SalesOrder"] == "14"
    assert len(stand_in.log.created()) == 2
