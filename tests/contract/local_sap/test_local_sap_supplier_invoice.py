"""Supplier invoices in the embedded SAP: what is taken, what is refused, what becomes of it."""

from collections.abc import Iterator
from typing import Any

import pytest
import requests

from local.sap.server import Server, serve
from tests.contract.local_sap.local_sap_world import (
    DAY,
    INVOICES,
    ORDERS,
    USERS,
    Api,
    code,
    invoice,
    line,
    seed,
)

SET = f"{INVOICES}/A_SupplierInvoice"
RECEIPT = {
    "ReferenceDocument": "5000000001",
    "ReferenceDocumentFiscalYear": "2026",
    "ReferenceDocumentItem": "2",
}


def _create(api: Api, body: dict[str, Any]) -> requests.Response:
    return api.send("POST", SET, body)


def _made(api: Api, body: dict[str, Any]) -> dict[str, Any]:
    answer = _create(api, body)
    assert answer.status_code == 201, answer.text
    shown: dict[str, Any] = answer.json()["d"]
    return shown


def _call(api: Api, function: str, made: dict[str, Any], **more: str) -> requests.Response:
    parameters = {
        "SupplierInvoice": f"'{made['SupplierInvoice']}'",
        "FiscalYear": f"'{made['FiscalYear']}'",
        **more,
    }
    query = "&".join(f"{name}={value}" for name, value in parameters.items())
    return api.send("POST", f"{INVOICES}/{function}?{query}")


def _read(api: Api, made: dict[str, Any]) -> dict[str, Any]:
    return api.entity(made["__metadata"]["uri"])


def test_a_deep_create_posts_header_items_and_tax(stand_in: Server, api: Api) -> None:
    """reference/matching.md 9, OD-P80: SAP assigns number and year, and shows what it stored."""
    answer = _create(api, invoice())
    made = answer.json()["d"]
    assert (made["SupplierInvoice"], made["FiscalYear"]) == ("5105600101", "2026")
    assert (made["SupplierInvoiceStatus"], made["PaymentBlockingReason"]) == ("5", "")
    (item,) = made["to_SuplrInvcItemPurOrdRef"]["results"]
    assert (item["SupplierInvoiceItem"], item["QuantityInPurchaseOrderUnit"]) == ("1", "5")
    (tax,) = made["to_SupplierInvoiceTax"]["results"]
    assert (tax["SupplierInvoiceTaxCounter"], tax["TaxAmount"]) == ("1", "9.50")
    key = "A_SupplierInvoice(SupplierInvoice='5105600101',FiscalYear='2026')"
    assert answer.headers["location"] == f"{stand_in.url}/sap/opu/odata/sap/{INVOICES}/{key}"
    assert stand_in.log.created() == [key]
    assert api.rows(f"{INVOICES}/A_SuplrInvcItemPurOrdRef")[0]["PurchaseOrder"] == "4500000001"
    assert len(api.rows(f"{INVOICES}/A_SupplierInvoiceTax")) == 1


def test_the_next_invoice_gets_the_next_number(api: Api) -> None:
    assert _made(api, invoice("RE-1"))["SupplierInvoice"] == "5105600101"
    parked = _made(api, invoice("RE-2", SupplierInvoiceStatus="A"))
    assert (parked["SupplierInvoice"], parked["SupplierInvoiceStatus"]) == ("5105600102", "A")


@pytest.mark.parametrize(
    "change",
    [
        {"Nonsense": "1"},
        {"SupplierInvoice": "1"},
        {"IsReversed": False},
        {"InvoiceGrossAmount": 59.5},
        {"InvoiceGrossAmount": "59.5000"},
        {"InvoiceGrossAmount": "123456789012.00"},
        {"InvoiceGrossAmount": "59,50"},
        {"DocumentCurrency": 5},
        {"TaxIsCalculatedAutomatically": "X"},
        {"DocumentDate": "01.10.2026"},
        {"DocumentDate": "2026-10-01T08:00:00"},
        {"DocumentDate": "/Date(1790812800000+0000)/"},
        {"SupplierInvoiceIDByInvcgParty": "12345678901234567"},
        {"to_SuplrInvcItemPurOrdRef": {"SupplierInvoiceItem": "1"}},
        {"to_SuplrInvcItemPurOrdRef": [line(FiscalYear="2026")]},
        {"to_SuplrInvcItemPurOrdRef": [line(PurchaseOrderItem="A0")]},
        {"to_SupplierInvoiceTax": [{"TaxCode": "V1", "TaxAmount": 9.5}]},
    ],
)
def test_a_body_that_does_not_fit_the_metadata_is_refused(
    stand_in: Server, api: Api, change: dict[str, Any]
) -> None:
    """OD-P40 (a number for Edm.Decimal), MA-P49 (16 characters), unknown and read-only fields."""
    answer = _create(api, invoice() | change)
    assert (answer.status_code, code(answer)) == (400, "/IWCOR/CX_DS_EP_PROPERTY_ERROR")
    assert stand_in.log.created() == []


@pytest.mark.parametrize(
    "missing",
    [
        "CompanyCode",
        "InvoicingParty",
        "DocumentDate",
        "PostingDate",
        "DocumentCurrency",
        "InvoiceGrossAmount",
        "to_SuplrInvcItemPurOrdRef",
        "to_SupplierInvoiceTax",
    ],
)
def test_a_required_field_of_the_header_is_required(api: Api, missing: str) -> None:
    body = {name: value for name, value in invoice().items() if name != missing}
    answer = _create(api, body)
    assert answer.status_code == 400
    assert code(answer).startswith("ZLOCAL_SAP/")


@pytest.mark.parametrize(
    "missing",
    [
        "SupplierInvoiceItem",
        "PurchaseOrder",
        "PurchaseOrderItem",
        "TaxCode",
        "SupplierInvoiceItemAmount",
    ],
)
def test_a_required_field_of_the_item_is_required(api: Api, missing: str) -> None:
    item = {name: value for name, value in line().items() if name != missing}
    answer = _create(api, invoice(to_SuplrInvcItemPurOrdRef=[item]))
    assert answer.status_code == 400
    assert code(answer) == "ZLOCAL_SAP/001"


@pytest.mark.parametrize("status", ["5", "A"])
def test_an_item_without_quantity_is_out_of_balance(api: Api, status: str) -> None:
    """MA-P67."""
    item = {n: v for n, v in line().items() if n != "QuantityInPurchaseOrderUnit"}
    body = invoice(to_SuplrInvcItemPurOrdRef=[item], SupplierInvoiceStatus=status)
    answer = _create(api, body)
    assert (answer.status_code, code(answer)) == (400, "M8/186")
    assert answer.json()["error"]["message"]["value"] == "Balance is not equal to zero"


@pytest.mark.parametrize("status", ["", "A", "B"])
@pytest.mark.parametrize("gross", ["59.49", "59.51"])
def test_one_cent_off_is_out_of_balance(api: Api, gross: str, status: str) -> None:
    """MA-P68."""
    answer = _create(api, invoice(InvoiceGrossAmount=gross, SupplierInvoiceStatus=status))
    assert (answer.status_code, code(answer)) == (400, "M8/186")


def test_unplanned_delivery_cost_is_part_of_the_balance(api: Api) -> None:
    body = invoice(InvoiceGrossAmount="64.50", UnplannedDeliveryCost="5.00")
    assert _made(api, body)["UnplannedDeliveryCost"] == "5.00"


def test_unplanned_delivery_cost_is_taxed_with_its_code(api: Api) -> None:
    """MA-P38: 50.00 and 5.00 freight, 19 % on both."""
    freight = {"UnplannedDeliveryCost": "5.00", "UnplannedDeliveryCostTaxCode": "V1"}
    untaxed = invoice("RE-1", InvoiceGrossAmount="64.50", **freight)
    assert code(_create(api, untaxed)) == "ZLOCAL_SAP/045"
    tax = [{"TaxCode": "V1", "TaxAmount": "10.45"}]
    taxed = invoice("RE-1", InvoiceGrossAmount="65.45", to_SupplierInvoiceTax=tax, **freight)
    assert _made(api, taxed)["UnplannedDeliveryCostTaxCode"] == "V1"


def test_sap_calculates_the_tax_where_it_is_asked_to(api: Api) -> None:
    body = invoice(TaxIsCalculatedAutomatically=True, to_SupplierInvoiceTax=[])
    _made(api, body)
    (tax,) = api.rows(f"{INVOICES}/A_SupplierInvoiceTax")
    assert (tax["TaxCode"], tax["TaxAmount"]) == ("V1", "9.50")
    both = invoice("RE-2", TaxIsCalculatedAutomatically=True)
    assert code(_create(api, both)) == "ZLOCAL_SAP/040"


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        ({"InvoicingParty": "S9"}, "ZLOCAL_SAP/005"),
        ({"InvoicingParty": "S2"}, "ZLOCAL_SAP/006"),
        ({"CompanyCode": "2020"}, "ZLOCAL_SAP/023"),
        ({"DocumentCurrency": "USD"}, "ZLOCAL_SAP/024"),
        ({"SupplierInvoiceStatus": "3"}, "ZLOCAL_SAP/002"),
        ({"SupplierInvoiceIsCreditMemo": "Y"}, "ZLOCAL_SAP/003"),
        ({"to_SuplrInvcItemPurOrdRef": [line("90")]}, "ZLOCAL_SAP/020"),
        ({"to_SuplrInvcItemPurOrdRef": [line("30")]}, "ZLOCAL_SAP/021"),
        ({"to_SuplrInvcItemPurOrdRef": [line("40")]}, "ZLOCAL_SAP/025"),
        ({"to_SuplrInvcItemPurOrdRef": [line(PurchaseOrder="4500000002")]}, "ZLOCAL_SAP/022"),
        ({"to_SuplrInvcItemPurOrdRef": [line(PurchaseOrderQuantityUnit="KG")]}, "ZLOCAL_SAP/030"),
        ({"to_SuplrInvcItemPurOrdRef": [line(TaxCode="V9")]}, "ZLOCAL_SAP/013"),
        ({"to_SuplrInvcItemPurOrdRef": [line(), line("50")]}, "ZLOCAL_SAP/011"),
        ({"to_SupplierInvoiceTax": [{"TaxCode": "V2", "TaxAmount": "9.50"}]}, "ZLOCAL_SAP/044"),
        ({"to_SupplierInvoiceTax": [{"TaxCode": "V1", "TaxAmount": "9.40"}]}, "ZLOCAL_SAP/045"),
    ],
)
def test_an_invoice_that_breaks_a_rule_is_refused(
    stand_in: Server, api: Api, change: dict[str, Any], expected: str
) -> None:
    """MA-P12: deleted, finally invoiced and unreleased orders; supplier, currency, unit, tax."""
    answer = _create(api, invoice() | change)
    assert (answer.status_code, code(answer)) == (400, expected)
    assert stand_in.log.created() == []


@pytest.mark.parametrize("status", ["5", "A"])
def test_the_same_invoice_is_refused_a_second_time(api: Api, status: str) -> None:
    """reference/reliability.md 3.3 (e): six fields equal, parked documents included."""
    _made(api, invoice(SupplierInvoiceStatus=status))
    answer = _create(api, invoice(InvoiceGrossAmount="59.500"))
    assert (answer.status_code, code(answer)) == (400, "M8/108")
    assert "5105600101" in answer.json()["error"]["message"]["value"]


@pytest.mark.parametrize(
    "change",
    [
        {"SupplierInvoiceIDByInvcgParty": "RE-1a"},
        {"DocumentDate": "2026-10-02T00:00:00"},
        {"SupplierInvoiceIsCreditMemo": "X"},
    ],
)
def test_another_reference_date_or_kind_is_no_duplicate(api: Api, change: dict[str, Any]) -> None:
    """MA-P47."""
    _made(api, invoice())
    assert _create(api, invoice() | change).status_code == 201


def test_a_reversed_invoice_may_be_entered_again(api: Api) -> None:
    """MA-P47."""
    made = _made(api, invoice())
    day = "datetime'2026-10-05T00:00:00'"
    assert _call(api, "Cancel", made, PostingDate=day, ReversalReason="'01'").status_code == 200
    assert _made(api, invoice())["SupplierInvoice"] == "5105600103"


def test_without_the_suppliers_switch_sap_takes_an_invoice_twice() -> None:
    """reference/reliability.md 3.3 (e): the check is a fence, not the mechanism."""
    with serve(seed(), users=USERS, duplicate_check=False) as server:
        client = Api(server.url)
        with client.session:
            _made(client, invoice())
            _made(client, invoice())
        assert len(server.log.created()) == 2


def test_cancel_makes_a_reversal_with_positive_amounts(stand_in: Server, api: Api) -> None:
    """MA-P21."""
    made = _made(api, invoice())
    day = "datetime'2026-10-05T00:00:00'"
    answer = _call(api, "Cancel", made, PostingDate=day, ReversalReason="'01'")
    result = answer.json()["d"]["Cancel"]
    assert (result["ReverseDocument"], result["Success"]) == ("5105600102", True)
    old = _read(api, made)
    assert (old["ReverseDocument"], old["IsReversed"], old["IsReversal"]) == (
        "5105600102",
        True,
        False,
    )
    new = api.rows(f"{SET}?$filter=SupplierInvoice eq '5105600102'")[0]
    assert (new["IsReversal"], new["SupplierInvoiceIsCreditMemo"]) == (True, "X")
    amounts = [
        row["SupplierInvoiceItemAmount"] for row in api.rows(f"{INVOICES}/A_SuplrInvcItemPurOrdRef")
    ]
    assert amounts == ["50.00", "50.00"]
    assert len(stand_in.log.created()) == 2
    again = _call(api, "Cancel", made, PostingDate=day, ReversalReason="'01'")
    assert code(again) == "ZLOCAL_SAP/052"


def test_post_turns_a_parked_invoice_into_a_posted_one_once(api: Api) -> None:
    made = _made(api, invoice(SupplierInvoiceStatus="A"))
    assert _call(api, "Post", made).json()["d"]["Post"]["Success"] is True
    assert _read(api, made)["SupplierInvoiceStatus"] == "5"
    assert code(_call(api, "Post", made)) == "ZLOCAL_SAP/050"


def test_release_takes_the_payment_block_off(api: Api) -> None:
    made = _made(api, invoice(PaymentBlockingReason="R"))
    answer = _call(api, "Release", made, DiscountDaysHaveToBeShifted="false")
    assert answer.json()["d"]["Release"]["Success"] is True
    assert _read(api, made)["PaymentBlockingReason"] == ""
    again = _call(api, "Release", made, DiscountDaysHaveToBeShifted="false")
    assert code(again) == "ZLOCAL_SAP/051"


def test_a_function_needs_post_and_exactly_its_parameters(api: Api) -> None:
    made = _made(api, invoice())
    assert _call(api, "Release", made).status_code == 400
    assert _call(api, "Post", made, Nonsense="1").status_code == 400
    query = f"SupplierInvoice='{made['SupplierInvoice']}'&FiscalYear='2026'"
    assert api.get(f"{INVOICES}/Post?{query}").status_code == 405


@pytest.mark.parametrize("method", ["PATCH", "MERGE"])
def test_a_supplier_invoice_cannot_be_changed(api: Api, method: str) -> None:
    """reference/matching.md 9: the set is not updatable."""
    made = _made(api, invoice())
    answer = api.send(method, made["__metadata"]["uri"], {"PaymentBlockingReason": "R"})
    assert answer.status_code == 405
    assert _read(api, made)["PaymentBlockingReason"] == ""
    assert "etag" not in made["__metadata"]


def test_items_are_created_with_their_invoice_only(api: Api) -> None:
    answer = api.send("POST", f"{INVOICES}/A_SuplrInvcItemPurOrdRef", line())
    assert answer.status_code == 405


def test_only_a_parked_invoice_can_be_deleted_and_keeps_its_number(api: Api) -> None:
    """reference/matching.md 9: status 2; its reference may be used again."""
    posted = _made(api, invoice())
    assert code(api.send("DELETE", posted["__metadata"]["uri"])) == "ZLOCAL_SAP/054"
    parked = _made(api, invoice("RE-2", SupplierInvoiceStatus="A"))
    assert api.send("DELETE", parked["__metadata"]["uri"]).status_code == 204
    assert _read(api, parked)["SupplierInvoiceStatus"] == "2"
    assert code(api.send("DELETE", parked["__metadata"]["uri"])) == "ZLOCAL_SAP/056"
    assert code(_call(api, "Post", parked)) == "ZLOCAL_SAP/056"
    again = _made(api, invoice("RE-2", SupplierInvoiceStatus="A"))
    assert again["SupplierInvoice"] != parked["SupplierInvoice"]


def test_invoicing_more_than_was_received_blocks_the_payment_with_a_warning(api: Api) -> None:
    """MA-P14, MA-P69: 8 received, 5 and 5 invoiced."""
    assert _made(api, invoice("RE-1"))["PaymentBlockingReason"] == ""
    answer = _create(api, invoice("RE-2"))
    assert answer.json()["d"]["PaymentBlockingReason"] == "R"
    assert '"severity": "warning"' in answer.headers["sap-message"]


def test_a_credit_memo_gives_quantity_back_and_no_more_than_was_invoiced(api: Api) -> None:
    """MA-P51."""
    credit = invoice("GS-1", SupplierInvoiceIsCreditMemo="X")
    assert code(_create(api, credit)) == "ZLOCAL_SAP/031"
    _made(api, invoice("RE-1"))
    _made(api, credit)
    assert _made(api, invoice("RE-2"))["PaymentBlockingReason"] == ""


def test_an_item_without_receipts_is_measured_by_the_order(api: Api) -> None:
    """MA-P24."""
    assert _made(api, invoice("RE-1", "50"))["PaymentBlockingReason"] == ""
    assert _made(api, invoice("RE-2", "50"))["PaymentBlockingReason"] == ""
    assert _made(api, invoice("RE-3", "50"))["PaymentBlockingReason"] == "R"


def test_an_item_based_on_receipts_must_name_one_and_stay_below_it(api: Api) -> None:
    """MA-P15: 6 were received."""
    assert code(_create(api, invoice(item="20"))) == "ZLOCAL_SAP/001"
    wrong = line("20", **RECEIPT | {"ReferenceDocumentItem": "1"})
    answer = _create(api, invoice(to_SuplrInvcItemPurOrdRef=[wrong]))
    assert code(answer) == "ZLOCAL_SAP/032"
    right = line("20", **RECEIPT)
    _made(api, invoice("RE-1", to_SuplrInvcItemPurOrdRef=[right]))
    answer = _create(api, invoice("RE-2", to_SuplrInvcItemPurOrdRef=[right]))
    assert code(answer) == "ZLOCAL_SAP/031"


def test_a_final_invoice_closes_the_order_item(api: Api) -> None:
    """MA-P12."""
    item = line(IsFinallyInvoiced=True)
    _made(api, invoice("RE-1", to_SuplrInvcItemPurOrdRef=[item]))
    path = f"{ORDERS}/A_PurchaseOrderItem(PurchaseOrder='4500000001',PurchaseOrderItem='10')"
    assert api.entity(path)["IsFinallyInvoiced"] is True
    assert code(_create(api, invoice("RE-2"))) == "ZLOCAL_SAP/025"


def test_an_invoice_is_found_again_by_its_reference(api: Api) -> None:
    """MA-P62: the look-up before any second POST."""
    _made(api, invoice("RE-1", SupplierInvoiceStatus="A"))
    text = (
        "InvoicingParty eq 'S1' and SupplierInvoiceIDByInvcgParty eq 'RE-1'"
        " and InvoiceGrossAmount eq 59.50M and DocumentDate eq datetime'2026-10-01T00:00:00'"
    )
    found = api.rows(f"{SET}?$filter={text}")
    assert [row["DocumentDate"] for row in found] == [DAY]


@pytest.fixture(autouse=True)
def _counted(stand_in: Server) -> Iterator[None]:
    """Whatever a test did: every 201 in the log names what it made, and nothing else does."""
    yield
    for entry in stand_in.log.entries():
        made = entry["status"] == 201 or ("/Cancel" in entry["path"] and entry["status"] == 200)
        assert bool(entry["created"]) is made, entry
