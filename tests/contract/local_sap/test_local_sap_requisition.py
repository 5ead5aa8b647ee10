"""Purchase requisitions in the embedded SAP."""

from typing import Any

import pytest

from local.sap.server import Server
from tests.contract.local_sap.local_sap_world import DAY, Api, code

SET = "API_PURCHASEREQ_PROCESS_SRV/A_PurchaseRequisitionHeader"


def _requisition(**more: object) -> dict[str, Any]:
    item = {
        "Material": "EP-400",
        "RequestedQuantity": "5",
        "DeliveryDate": DAY,
        "Plant": "1010",
        "PurchasingGroup": "001",
    }
    return {
        "PurchaseRequisitionType": "NB",
        "PurReqnDescription": "WEB-4711",
        "to_PurchaseReqnItem": [item, item | {"Material": "", "PurchaseRequisitionItemText": "Öl"}],
        **more,
    }


def test_a_requisition_is_created_with_its_items(stand_in: Server, api: Api) -> None:
    """OD-P80."""
    answer = api.send("POST", SET, _requisition())
    assert answer.status_code == 201, answer.text
    made = answer.json()["d"]
    assert made["PurchaseRequisition"] == "10000000"
    items = made["to_PurchaseReqnItem"]["results"]
    assert [each["PurchaseRequisitionItem"] for each in items] == ["10", "20"]
    assert {each["BaseUnit"] for each in items} == {"PC"}
    assert stand_in.log.created() == ["A_PurchaseRequisitionHeader('10000000')"]
    assert api.send("POST", SET, _requisition()).json()["d"]["PurchaseRequisition"] == "10000001"


def test_a_requisition_is_found_again_by_its_description(api: Api) -> None:
    """OD-P75: the look-up before any second POST."""
    api.send("POST", SET, _requisition())
    (found,) = api.rows(f"{SET}?$filter=PurReqnDescription eq 'WEB-4711'")
    assert found["PurchaseRequisition"] == "10000000"


def test_header_and_item_are_changed_without_an_etag(api: Api) -> None:
    made = api.send("POST", SET, _requisition()).json()["d"]
    uri = made["__metadata"]["uri"]
    assert "etag" not in made["__metadata"]
    assert api.send("PATCH", uri, {"PurReqnDescription": "WEB-4712"}).status_code == 204
    item = uri.replace("Header('10000000')", "Item(PurchaseRequisition='10000000',")
    item = f"{item}PurchaseRequisitionItem='10')"
    assert api.send("PATCH", item, {"RequestedQuantity": "6"}).status_code == 204
    assert api.entity(item)["RequestedQuantity"] == "6"


@pytest.mark.parametrize(
    ("more", "target"),
    [
        ({"PurchaseRequisitionType": ""}, "PurchaseRequisitionType"),
        ({"PurchaseRequisition": "1"}, "PurchaseRequisition"),
        ({"to_PurchaseReqnItem": []}, "to_PurchaseReqnItem"),
        ({"to_PurchaseReqnItem": [{"Material": "EP-400"}]}, "RequestedQuantity"),
    ],
)
def test_a_requisition_that_lacks_something_is_refused_whole(
    stand_in: Server, api: Api, more: dict[str, Any], target: str
) -> None:
    answer = api.send("POST", SET, _requisition(**more))
    assert answer.status_code == 400
    assert answer.json()["error"]["innererror"]["errordetails"][0]["target"] == target
    assert stand_in.log.created() == []


def test_where_products_are_known_an_unknown_material_is_refused(
    stand_in: Server, api: Api
) -> None:
    stand_in.move(put={"A_Product": [{"Product": "EP-400", "BaseUnit": "PC"}]})
    wrong = _requisition()
    wrong["to_PurchaseReqnItem"][1]["Material"] = "EP-999"
    answer = api.send("POST", SET, wrong)
    assert (answer.status_code, code(answer)) == (400, "M3/305")
    assert "EP-999" in answer.json()["error"]["message"]["value"]
    assert api.send("POST", SET, _requisition()).status_code == 201
