"""What the embedded SAP lets be changed in orders, and how it says no."""

import pytest

from local.sap.server import Server
from tests.contract.local_sap.local_sap_v4_world import ORDERS as V4_ORDERS
from tests.contract.local_sap.local_sap_v4_world import V4Api, error
from tests.contract.local_sap.local_sap_world import ORDERS, SALES, Api, code

PURCHASE_ITEM = f"{ORDERS}/A_PurchaseOrderItem(PurchaseOrder='4500000001',PurchaseOrderItem="
SALES_ITEM = f"{SALES}/A_SalesOrderItem(SalesOrder='1',SalesOrderItem='10')"


def test_header_and_item_of_a_purchase_order_are_changed_without_an_etag(
    stand_in: Server, api: Api
) -> None:
    """reference/matching.md 9: V2 has none for them."""
    order = f"{ORDERS}/A_PurchaseOrder('4500000001')"
    assert "etag" not in api.entity(order)["__metadata"]
    assert api.send("PATCH", order, {"CorrespncInternalReference": "EINK-7"}).status_code == 204
    assert api.send("PATCH", f"{PURCHASE_ITEM}'10')", {"OrderQuantity": "12"}).status_code == 204
    assert api.entity(f"{PURCHASE_ITEM}'10')")["OrderQuantity"] == "12"
    assert stand_in.log.changed() == [
        "A_PurchaseOrder('4500000001')",
        "A_PurchaseOrderItem(PurchaseOrder='4500000001',PurchaseOrderItem='10')",
    ]


@pytest.mark.parametrize(
    ("item", "body", "expected"),
    [
        ("30", {"OrderQuantity": "12"}, "ZLOCAL_SAP/082"),
        ("10", {"OrderQuantity": "7.999"}, "ZLOCAL_SAP/083"),
        ("10", {"Material": "EP-999"}, "M3/305"),
    ],
)
def test_a_change_of_a_purchase_order_item_that_breaks_a_rule_is_refused(
    stand_in: Server, api: Api, item: str, body: dict[str, str], expected: str
) -> None:
    stand_in.move(put={"A_Product": [{"Product": "EP-400"}]})
    path = f"{PURCHASE_ITEM}'{item}')"
    before = api.entity(path)
    answer = api.send("PATCH", path, body)
    assert (answer.status_code, code(answer)) == (400, expected)
    assert api.entity(path) == before
    assert stand_in.log.changed() == []


def test_a_rejected_sales_order_item_is_changed_after_the_rejection_is_gone(api: Api) -> None:
    assert api.send("PATCH", SALES_ITEM, {"SalesDocumentRjcnReason": "01"}).status_code == 204
    refused = api.send("PATCH", SALES_ITEM, {"RequestedQuantity": "2"})
    assert code(refused) == "ZLOCAL_SAP/084"
    assert api.send("PATCH", SALES_ITEM, {"SalesDocumentRjcnReason": ""}).status_code == 204
    assert api.send("PATCH", SALES_ITEM, {"RequestedQuantity": "2"}).status_code == 204
    assert api.send("PATCH", SALES_ITEM, {"RequestedQuantity": "0"}).status_code == 400


def test_the_rules_hold_for_v4_too(v4: V4Api) -> None:
    path = f"{V4_ORDERS}/PurchaseOrderItem(PurchaseOrder='4500000001',PurchaseOrderItem='10')"
    answer = v4.send("PATCH", path, {"OrderQuantity": 7}, If_Match="*")
    assert error(answer) == (400, "ZLOCAL_SAP/083")


def test_classic_gateway_says_412_to_a_change_without_an_etag(stand_in: Server, api: Api) -> None:
    """OD-P65."""
    change = {"AssignmentReference": "RE-1"}
    assert api.send("PATCH", f"{SALES}/A_SalesOrder('1')", change).status_code == 428
    stand_in.switch(missing_if_match_status=412)
    assert api.send("PATCH", f"{SALES}/A_SalesOrder('1')", change).status_code == 412


def test_a_sales_order_needs_items(stand_in: Server, api: Api) -> None:
    """reference/matching.md 9: create needs a deep insert."""
    header = {
        "SalesOrderType": "OR",
        "SalesOrganization": "1010",
        "DistributionChannel": "10",
        "OrganizationDivision": "00",
        "SoldToParty": "C1",
    }
    answer = api.send("POST", f"{SALES}/A_SalesOrder", header)
    assert answer.json()["error"]["innererror"]["errordetails"][0]["target"] == "to_Item"
    assert stand_in.log.created() == []
