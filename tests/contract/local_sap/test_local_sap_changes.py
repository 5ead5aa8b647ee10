"""Changing orders and posting goods receipts in the embedded SAP."""

from typing import Any

import pytest
import requests

from local.sap.server import Server
from tests.contract.local_sap.local_sap_world import (
    DAY,
    ORDERS,
    RECEIPTS,
    SALES,
    Api,
    code,
    invoice,
)

ORDER = f"{SALES}/A_SalesOrder('1')"
DOCUMENTS = f"{RECEIPTS}/A_MaterialDocumentHeader"


def _etag(api: Api) -> str:
    tag: str = api.entity(ORDER)["__metadata"]["etag"]
    return tag


def _patch(api: Api, body: object, etag: str | None = None) -> requests.Response:
    headers = {} if etag is None else {"If_Match": etag}
    return api.send("PATCH", ORDER, body, **headers)


def test_a_change_of_a_sales_order_needs_if_match(stand_in: Server, api: Api) -> None:
    """OD-P65, MA-P63: 428 without, 412 with a stale one, 204 with the right one."""
    change = {"AssignmentReference": "RE-1"}
    before = _etag(api)
    assert _patch(api, change).status_code == 428
    answer = _patch(api, change, before)
    assert (answer.status_code, answer.content) == (204, b"")
    assert api.entity(ORDER)["AssignmentReference"] == "RE-1"
    stale = _patch(api, change, before)
    assert stale.status_code == 412
    assert stale.json()["error"]["message"]["value"].startswith("Precondition failed")
    assert _patch(api, change, _etag(api)).status_code == 204
    changed = [entry["changed"] for entry in stand_in.log.entries() if entry["changed"]]
    assert changed == [["A_SalesOrder('1')"]] * 2


def test_an_etag_must_come_back_verbatim(api: Api) -> None:
    """OD-P66: percent signs included."""
    decoded = _etag(api).replace("%3A", ":")
    assert _patch(api, {"AssignmentReference": "x"}, decoded).status_code == 412


def test_a_star_matches_any_version(api: Api) -> None:
    """OD-P67."""
    assert _patch(api, {"AssignmentReference": "x"}, "*").status_code == 204


@pytest.mark.parametrize(
    "body",
    [
        {"SalesOrder": "1"},
        {"SoldToParty": "C9"},
        {"TotalNetAmount": "5.00"},
        {"LastChangeDateTime": "/Date(0+0000)/"},
        {"Nonsense": "1"},
        {"AssignmentReference": "1234567890123456789"},
        {"AssignmentReference": 5},
        {"to_Item": []},
        {},
        [],
    ],
)
def test_only_fields_that_may_change_change(api: Api, body: object) -> None:
    before = _etag(api)
    answer = _patch(api, body, before)
    assert (answer.status_code, code(answer)) == (400, "/IWCOR/CX_DS_EP_PROPERTY_ERROR")
    assert _etag(api) == before


def test_merge_and_a_tunnelled_merge_do_the_same(api: Api) -> None:
    """OD-P71."""
    answer = api.send("MERGE", ORDER, {"PaymentMethod": "T"}, If_Match=_etag(api))
    assert answer.status_code == 204
    answer = api.send(
        "POST", ORDER, {"PaymentMethod": "U"}, X_HTTP_Method="MERGE", If_Match=_etag(api)
    )
    assert answer.status_code == 204
    assert api.entity(ORDER)["PaymentMethod"] == "U"


def test_a_block_is_cleared_with_an_empty_text(api: Api) -> None:
    """reference/matching.md 9: blocks are fields."""
    _patch(api, {"DeliveryBlockReason": "01"}, _etag(api))
    _patch(api, {"DeliveryBlockReason": ""}, _etag(api))
    assert api.entity(ORDER)["DeliveryBlockReason"] == ""


def test_a_change_of_an_item_changes_the_etag_of_the_order(api: Api) -> None:
    """reference/matching.md 9, MA-P64."""
    before = _etag(api)
    path = f"{SALES}/A_SalesOrderItem(SalesOrder='1',SalesOrderItem='10')"
    assert api.send("PATCH", path, {"ItemBillingBlockReason": "09"}).status_code == 204
    assert _etag(api) != before


def test_put_and_batch_are_not_played(api: Api) -> None:
    assert api.send("PUT", ORDER, {"PaymentMethod": "T"}).status_code == 501
    assert api.send("POST", f"{SALES}/$batch").status_code == 501


def test_sets_that_sap_closes_are_closed(api: Api) -> None:
    assert api.send("DELETE", f"{ORDERS}/A_PurchaseOrder('4500000001')").status_code == 405
    suppliers = "API_BUSINESS_PARTNER/A_Supplier"
    assert api.send("POST", suppliers, {"Supplier": "S3"}).status_code == 405
    changed = api.send("PATCH", f"{suppliers}('S1')", {"VATRegistration": "DE1"})
    assert changed.status_code == 405


def test_a_body_must_be_json_by_its_content_type(api: Api) -> None:
    headers = {"X-CSRF-Token": api.token(), "If-Match": "*", "Content-Type": "text/plain"}
    url = f"{api.url}/sap/opu/odata/sap/{ORDER}"
    assert api.session.patch(url, data="{}", headers=headers, timeout=20).status_code == 415
    headers["Content-Type"] = "application/json"
    assert api.session.patch(url, data="{", headers=headers, timeout=20).status_code == 400


def _receipt(quantity: str = "2.000", **more: object) -> dict[str, Any]:
    item = {
        "GoodsMovementType": "101",
        "GoodsMovementRefDocType": "B",
        "PurchaseOrder": "4500000001",
        "PurchaseOrderItem": "10",
        "QuantityInEntryUnit": quantity,
        "EntryUnit": "PC",
        **more,
    }
    return {
        "GoodsMovementCode": "01",
        "DocumentDate": DAY,
        "PostingDate": DAY,
        "ReferenceDocument": "LS-2",
        "to_MaterialDocumentItem": [item],
    }


def test_a_goods_receipt_is_posted_and_counts_for_the_invoice(api: Api) -> None:
    """MA-P23: 8 received, 10 after it, so that 10 may be invoiced without a block."""
    made = api.send("POST", DOCUMENTS, _receipt()).json()["d"]
    assert (made["MaterialDocument"], made["MaterialDocumentYear"]) == ("5000000002", "2026")
    (item,) = made["to_MaterialDocumentItem"]["results"]
    assert (item["MaterialDocumentItem"], item["QuantityInBaseUnit"]) == ("1", "2")
    for reference in ("RE-1", "RE-2"):
        posted = api.send(
            "POST", "API_SUPPLIERINVOICE_PROCESS_SRV/A_SupplierInvoice", invoice(reference)
        )
        assert posted.json()["d"]["PaymentBlockingReason"] == ""


def test_a_reversal_of_a_receipt_takes_the_quantity_back(api: Api) -> None:
    """MA-P20."""
    assert api.send("POST", DOCUMENTS, _receipt("8", GoodsMovementType="102")).status_code == 201
    again = api.send("POST", DOCUMENTS, _receipt("1", GoodsMovementType="102"))
    assert code(again) == "ZLOCAL_SAP/077"


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        (_receipt("2.001"), "ZLOCAL_SAP/078"),
        (_receipt(EntryUnit="KG"), "ZLOCAL_SAP/075"),
        (_receipt(PurchaseOrderItem="30"), "ZLOCAL_SAP/073"),
        (_receipt(PurchaseOrder="4500000002"), "ZLOCAL_SAP/074"),
        (_receipt(GoodsMovementType="561"), "ZLOCAL_SAP/072"),
        (_receipt() | {"GoodsMovementCode": ""}, "ZLOCAL_SAP/001"),
        (_receipt() | {"to_MaterialDocumentItem": []}, "ZLOCAL_SAP/071"),
    ],
)
def test_a_goods_receipt_that_breaks_a_rule_is_refused(
    stand_in: Server, api: Api, body: dict[str, Any], expected: str
) -> None:
    answer = api.send("POST", DOCUMENTS, body)
    assert (answer.status_code, code(answer)) == (400, expected)
    assert stand_in.log.created() == []
