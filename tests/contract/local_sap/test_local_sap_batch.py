"""$batch over the V2 services of the embedded SAP."""

import pytest
import requests

from local.sap.server import Server
from tests.contract.local_sap.local_sap_batch_world import (
    OUTER,
    change_set,
    operation,
    run,
    send,
    together,
)
from tests.contract.local_sap.local_sap_world import (
    INVOICES,
    ORDERS,
    ROOT,
    SALES,
    Api,
    code,
    invoice,
)

ORDER = "A_SalesOrder('1')"
NEW = {
    "SalesOrderType": "OR",
    "SalesOrganization": "1010",
    "DistributionChannel": "10",
    "OrganizationDivision": "00",
    "SoldToParty": "C1",
    "to_Item": [{"Material": "EP", "RequestedQuantity": "1"}],
}
BAD = NEW | {"SoldToParty": ""}


def _etag(api: Api) -> str:
    tag: str = api.entity(f"{SALES}/{ORDER}")["__metadata"]["etag"]
    return tag


def _count(api: Api) -> int:
    return int(api.get(f"{SALES}/A_SalesOrder/$count").text)


def test_reads_come_back_in_their_order_a_failed_one_among_them(api: Api) -> None:
    """OD-P96: relative and absolute addresses, percent-encoded once (OD-P59)."""
    umlaut = "A_SalesOrder?$filter=SoldToParty%20eq%20'%C3%9C'"
    found, missing, absolute, full, count = run(
        api,
        SALES,
        operation("GET", f"{ORDER}?$select=SalesOrder,SoldToParty"),
        operation("GET", "A_SalesOrder('99')"),
        operation("GET", f"{ROOT}/{SALES}/A_SalesOrder?$filter=SalesOrder%20eq%20'3'"),
        operation("GET", f"{api.url}{ROOT}/{SALES}/{umlaut}"),
        operation("GET", "A_SalesOrder/$count"),
    )
    assert (found.status, found.d["SoldToParty"]) == (200, "C/1")
    assert (missing.status, missing.error["code"]) == (404, "/IWBEP/CM_MGW_RT/020")
    assert [row["SalesOrder"] for row in absolute.d["results"]] == ["3"]
    assert full.d["results"] == []
    assert (count.status, count.body) == (200, b"12")


def test_a_batch_of_reads_needs_the_token_too(api: Api) -> None:
    """OD-P09."""
    body = together([operation("GET", ORDER)])
    answer = send(api, SALES, body, X_CSRF_Token="")
    assert (answer.status_code, answer.headers["x-csrf-token"]) == (403, "Required")


def test_a_change_set_is_answered_as_one_and_its_operations_know_each_other(
    stand_in: Server, api: Api
) -> None:
    """`$<Content-ID>` stands for what an operation before it made."""
    (answer,) = run(
        api,
        SALES,
        change_set(
            operation("POST", "A_SalesOrder", NEW | {"PurchaseOrderByCustomer": "Ü-1"}, "1"),
            operation("POST", "$1/to_Item", {"Material": "EP", "RequestedQuantity": "2"}, "2"),
            operation("PATCH", "$1", {"PaymentMethod": "T"}, "3", If_Match="*"),
        ),
    )
    assert [(each.status, each.content_id) for each in answer.inner] == [
        (201, "1"),
        (201, "2"),
        (204, "3"),
    ]
    number = answer.inner[0].d["SalesOrder"]
    assert answer.inner[0].headers["location"].endswith(f"/{SALES}/A_SalesOrder('{number}')")
    made = api.entity(f"{SALES}/A_SalesOrder('{number}')?$expand=to_Item")
    assert (made["PurchaseOrderByCustomer"], made["PaymentMethod"]) == ("Ü-1", "T")
    assert [item["SalesOrderItem"] for item in made["to_Item"]["results"]] == ["10", "20"]
    assert stand_in.log.created() == [
        f"A_SalesOrder('{number}')",
        f"A_SalesOrderItem(SalesOrder='{number}',SalesOrderItem='20')",
    ]


def test_a_failed_change_set_is_one_part_that_names_the_culprit_and_leaves_nothing(
    stand_in: Server, api: Api
) -> None:
    """OD-P98: and Gateway goes on with what follows."""
    before = api.entity(f"{SALES}/{ORDER}")
    refused, after = run(
        api,
        SALES,
        change_set(
            operation("PATCH", ORDER, {"PaymentMethod": "T"}, "a", If_Match="*"),
            operation("POST", "A_SalesOrder", NEW, "b"),
            operation("POST", "A_SalesOrder", BAD, "c"),
            operation("POST", "A_SalesOrder", NEW, "d"),
        ),
        operation("GET", "A_SalesOrder/$count"),
    )
    assert (refused.status, refused.content_id, refused.inner) == (400, "c", ())
    assert refused.error["innererror"]["errordetails"][0]["ContentID"] == "c"
    assert "SoldToParty" in refused.error["message"]["value"]
    assert after.body == b"12"
    assert api.entity(f"{SALES}/{ORDER}") == before
    assert stand_in.log.created() == []
    inner = [each for each in stand_in.log.entries() if each.get("batch")]
    assert [(each["content_id"], each["status"], each["undone"]) for each in inner] == [
        ("a", 204, True),
        ("b", 201, True),
        ("c", 400, False),
        ("", 200, False),
    ]
    assert [each["changed"] for each in inner] == [[], [], [], []]


def test_the_log_counts_every_operation_before_its_batch(stand_in: Server, api: Api) -> None:
    run(api, SALES, operation("GET", ORDER), change_set(operation("POST", "A_SalesOrder", NEW)))
    entries = [(each["method"], each["path"].rpartition("/")[2]) for each in stand_in.log.entries()]
    assert entries[-3:] == [("GET", ORDER), ("POST", "A_SalesOrder"), ("POST", "$batch")]
    assert stand_in.log.entries()[-1]["created"] == []
    assert len(stand_in.log.created()) == 1


def test_gateway_may_stop_at_the_first_error(stand_in: Server, api: Api) -> None:
    """OD-P99: fewer parts than were asked, and nothing of the rest is executed."""
    stand_in.switch(batch_stops_at_first_error=True)
    answers = run(
        api,
        SALES,
        operation("GET", ORDER),
        change_set(operation("POST", "A_SalesOrder", BAD, "1")),
        change_set(operation("POST", "A_SalesOrder", NEW, "2")),
    )
    assert [each.status for each in answers] == [200, 400]
    assert _count(api) == 12


@pytest.mark.parametrize("name", [SALES, "A_SalesOrder"])
def test_a_change_set_may_be_kept_to_one_operation(stand_in: Server, api: Api, name: str) -> None:
    """OD-P100: per service or entity set."""
    requests.post(
        f"{api.url}/_control/v2", json={"one_operation_changesets": [name]}, timeout=20
    ).raise_for_status()
    refused, taken = run(
        api,
        SALES,
        change_set(
            operation("POST", "A_SalesOrder", NEW, "1"), operation("POST", "A_SalesOrder", NEW, "2")
        ),
        change_set(operation("POST", "A_SalesOrder", NEW, "3")),
    )
    assert refused.status == 400
    assert "only one operation" in refused.error["message"]["value"]
    assert [each.status for each in taken.inner] == [201]
    assert len(stand_in.log.created()) == 1


def test_other_sets_keep_bigger_change_sets(stand_in: Server, api: Api) -> None:
    """OD-P100."""
    stand_in.switch(one_operation_changesets=["A_SalesOrderItem", ORDERS])
    (taken,) = run(
        api,
        SALES,
        change_set(operation("POST", "A_SalesOrder", NEW), operation("POST", "A_SalesOrder", NEW)),
    )
    assert [each.status for each in taken.inner] == [201, 201]


def test_etags_count_inside_a_change_set(api: Api) -> None:
    """OD-P65, OD-P101: the second change no longer fits the first ETag."""
    tag = _etag(api)
    (refused,) = run(
        api,
        SALES,
        change_set(
            operation("PATCH", ORDER, {"PaymentMethod": "T"}, "1", If_Match=tag),
            operation("PATCH", ORDER, {"PaymentMethod": "U"}, "2", If_Match=tag),
        ),
    )
    assert (refused.status, refused.content_id) == (412, "2")
    assert _etag(api) == tag


def test_a_change_set_takes_one_deep_create_of_an_invoice(stand_in: Server, api: Api) -> None:
    """reference/matching.md 9, OD-P100: and others go on to be posted by their own."""
    posts = [operation("POST", "A_SupplierInvoice", invoice(f"RE-{n}"), n) for n in ("1", "2")]
    refused, taken = run(api, INVOICES, change_set(*posts), change_set(posts[0]))
    assert "only one operation" in refused.error["message"]["value"]
    assert taken.inner[0].d["SupplierInvoice"] == "5105600101"
    assert len(stand_in.log.created()) == 1


def test_invoices_of_one_change_set_are_posted_together_where_that_is_taken(
    stand_in: Server, api: Api
) -> None:
    stand_in.switch(one_operation_changesets=[])
    posts = [operation("POST", "A_SupplierInvoice", invoice("RE-1"), n) for n in ("1", "2")]
    (refused,) = run(api, INVOICES, change_set(*posts))
    assert (refused.error["code"], refused.content_id) == ("M8/108", "2")
    assert api.rows(f"{INVOICES}/A_SupplierInvoice") == []


def test_a_function_import_is_called_inside_a_batch(api: Api) -> None:
    made = api.send("POST", f"{INVOICES}/A_SupplierInvoice", invoice(SupplierInvoiceStatus="A"))
    number = made.json()["d"]["SupplierInvoice"]
    query = f"SupplierInvoice='{number}'&FiscalYear='2026'"
    posted, pdf = (
        run(api, INVOICES, change_set(operation("POST", f"Post?{query}", None, "1")))[0],
        run(api, ORDERS, operation("GET", "GetPDF?PurchaseOrder='4500000001'"))[0],
    )
    assert posted.inner[0].d["Post"]["Success"] is True
    assert pdf.d["GetPDF"]["PurchaseOrderBinary"]


def test_reads_in_a_change_set_and_writes_outside_are_refused(api: Api) -> None:
    alone, mixed = run(
        api,
        SALES,
        operation("POST", "A_SalesOrder", NEW),
        change_set(operation("POST", "A_SalesOrder", NEW, "1"), operation("GET", ORDER, None, "2")),
    )
    assert (alone.status, mixed.status, mixed.content_id) == (400, 400, "2")
    assert _count(api) == 12


@pytest.mark.parametrize(
    "url",
    [
        f"{ROOT}/{INVOICES}/A_SupplierInvoice",
        "http://elsewhere.example/sap/opu/odata/sap/A_SalesOrder",
        "$9/to_Item",
        "$batch",
        "../A_SalesOrder",
    ],
)
def test_an_operation_stays_within_its_service(api: Api, url: str) -> None:
    (answer,) = run(api, SALES, operation("GET", url))
    assert answer.status in (400, 404)


def test_an_error_is_xml_where_the_operation_does_not_ask_for_json(api: Api) -> None:
    """OD-P85: every operation has headers of its own."""
    (answer,) = run(api, SALES, operation("GET", "A_SalesOrder('99')", Accept="*/*"))
    assert (answer.status, answer.body[:5]) == (404, b"<?xml")


GOOD = together([change_set(operation("POST", "A_SalesOrder", NEW, "1"))])
TWICE = [operation("POST", "A_SalesOrder", NEW, "1")] * 2
SPACE = "A_SalesOrder?$filter=SalesOrder eq '1'"


@pytest.mark.parametrize(
    "body",
    [
        GOOD.replace(b"\r\n", b"\n"),
        b"\r\n" + GOOD,
        GOOD.replace(b"--%s--" % OUTER, b""),
        GOOD.replace(b"Content-Length: ", b"Content-Length: 9"),
        GOOD.replace(b"HTTP/1.1", b""),
        GOOD.replace(b"application/http", b"text/plain"),
        GOOD.replace(b"\r\n\r\nPOST", b"\r\nPOST"),
        together([operation("GET", ORDER).removesuffix(b"\r\n")]),
        together([operation("GET", SPACE)]),
        together([operation("GET", "A_SalesOrder('Ä')")]),
        together([operation("GET", "A_SalesOrder('%4')")]),
        together([change_set()]),
        together([change_set(*TWICE)]),
        together([operation("GET", ORDER)] * 1001),
        b"",
    ],
    ids=[
        "line ends LF",
        "line before the boundary",
        "no end",
        "wrong length",
        "no version",
        "wrong part type",
        "no blank line",
        "no blank line after the headers",
        "space",
        "umlaut",
        "half an escape",
        "empty change set",
        "Content-ID twice",
        "too many",
        "empty",
    ],
)
def test_a_malformed_batch_is_refused_whole(api: Api, body: bytes) -> None:
    """OD-P95, OD-P97: 400, and nothing of it happens."""
    answer = send(api, SALES, body)
    assert (answer.status_code, code(answer)) == (400, "/IWCOR/CX_DS_URI_SYNTAX_ERROR")
    assert _count(api) == 12


def test_a_lost_answer_of_a_batch_leaves_what_it_did(stand_in: Server, api: Api) -> None:
    """RE-22."""
    stand_in.fault("drop-answer")
    body = together([change_set(operation("POST", "A_SalesOrder", NEW, "1"))])
    with pytest.raises(requests.ConnectionError):
        send(api, SALES, body)
    assert stand_in.log.created() == ["A_SalesOrder('13')"]
    stand_in.fault("error-500-after-commit")
    assert send(api, SALES, body).status_code == 500
    assert stand_in.log.created() == ["A_SalesOrder('13')", "A_SalesOrder('14')"]
