"""Cancelling goods receipts in the embedded SAP, and posting periods that are closed."""

from typing import Any

import requests

from local.sap.server import Server
from tests.contract.local_sap.local_sap_world import DAY, INVOICES, RECEIPTS, Api, code, invoice

SET = f"{RECEIPTS}/A_MaterialDocumentHeader"
INVOICE_SET = f"{INVOICES}/A_SupplierInvoice"
KEY = "MaterialDocumentYear='2026'&MaterialDocument="
REVERSAL = "A_MaterialDocumentHeader(MaterialDocumentYear='2026',MaterialDocument='5000000002')"


def _cancel(api: Api, number: str = "5000000001", more: str = "") -> requests.Response:
    return api.send("POST", f"{RECEIPTS}/Cancel?{KEY}'{number}'{more}")


def _receipt() -> dict[str, Any]:
    item = {
        "GoodsMovementType": "101",
        "GoodsMovementRefDocType": "B",
        "PurchaseOrder": "4500000001",
        "PurchaseOrderItem": "10",
        "QuantityInEntryUnit": "1",
        "EntryUnit": "PC",
    }
    return {
        "GoodsMovementCode": "01",
        "DocumentDate": DAY,
        "PostingDate": DAY,
        "to_MaterialDocumentItem": [item],
    }


def test_a_cancelled_receipt_gets_a_reversal_and_takes_its_quantity_back(
    stand_in: Server, api: Api
) -> None:
    """reference/matching.md 9, MA-P20: the answer is the header of the reversal."""
    answer = _cancel(api)
    assert answer.status_code == 200, answer.text
    made = answer.json()["d"]
    assert (made["MaterialDocument"], made["MaterialDocumentYear"]) == ("5000000002", "2026")
    items = api.rows(f"{RECEIPTS}/{REVERSAL}/to_MaterialDocumentItem")
    assert [(each["GoodsMovementType"], each["QuantityInEntryUnit"]) for each in items] == [
        ("102", "8"),
        ("102", "6"),
    ]
    assert {each["ReversedMaterialDocument"] for each in items} == {"5000000001"}
    first = REVERSAL.replace("5000000002", "5000000001")
    cancelled = api.rows(f"{RECEIPTS}/{first}/to_MaterialDocumentItem")
    assert all(each["GoodsMovementIsCancelled"] for each in cancelled)
    posted = api.send("POST", INVOICE_SET, invoice()).json()["d"]
    assert posted["PaymentBlockingReason"] == "R"
    assert stand_in.log.called() == [
        "Cancel(MaterialDocumentYear='2026',MaterialDocument='5000000001')"
    ]
    assert stand_in.log.created()[0] == REVERSAL


def test_a_receipt_is_cancelled_once_and_a_reversal_never(stand_in: Server, api: Api) -> None:
    _cancel(api)
    assert code(_cancel(api)) == "ZLOCAL_SAP/081"
    assert code(_cancel(api, "5000000002")) == "ZLOCAL_SAP/081"
    assert code(_cancel(api, "5000000099")) == "ZLOCAL_SAP/079"
    assert len(stand_in.log.created()) == len(stand_in.log.called()) == 1


def test_the_posting_date_of_a_reversal_may_be_given(api: Api) -> None:
    made = _cancel(api, more="&PostingDate=datetime'2026-12-31T00:00:00'").json()["d"]
    assert made["PostingDate"] == "/Date(1798675200000)/"
    assert _cancel(api, more="&Reason='01'").status_code == 400


def test_nothing_is_posted_into_a_closed_period(stand_in: Server, api: Api) -> None:
    """A parked invoice waits for it, a posted one and a goods receipt are refused."""
    stand_in.switch(closed_until="2026-10-31")
    stock, posted = api.send("POST", SET, _receipt()), api.send("POST", INVOICE_SET, invoice())
    assert (code(stock), code(posted)) == ("M7/053", "F5/201")
    assert code(_cancel(api)) == "M7/053"
    parked = api.send("POST", INVOICE_SET, invoice(SupplierInvoiceStatus="A"))
    assert parked.status_code == 201
    number = parked.json()["d"]["SupplierInvoice"]
    post = f"{INVOICES}/Post?SupplierInvoice='{number}'&FiscalYear='2026'"
    assert code(api.send("POST", post)) == "F5/201"
    stand_in.switch(closed_until="2026-09-30")
    assert api.send("POST", post).status_code == 200
    assert api.send("POST", SET, _receipt()).status_code == 201
