"""Reading from the embedded SAP: filters, selection, paging, keys, refusals."""

from xml.etree import ElementTree

import pytest

from tests.contract.local_sap.local_sap_world import INVOICES, ORDERS, SALES, Api, code

SALES_ORDERS = f"{SALES}/A_SalesOrder"


def _found(api: Api, query: str) -> list[str]:
    api.session.headers["Prefer"] = "odata.maxpagesize=100"
    return [row["SalesOrder"] for row in api.rows(f"{SALES_ORDERS}?$select=SalesOrder&{query}")]


@pytest.mark.parametrize(
    ("text", "orders"),
    [
        ("SalesOrder eq '3'", {"3"}),
        ("SalesOrder eq '3' or SalesOrder eq '4' and TotalNetAmount gt 100M", {"3"}),
        ("(SalesOrder eq '3' or SalesOrder eq '4') and TotalNetAmount gt 4", {"4"}),
        ("TotalNetAmount ge 11.50M and TotalNetAmount lt 12.5m", {"11"}),
        ("TotalNetAmount le 1.500", {"1"}),
        ("not (TotalNetAmount gt 2.50)", {"1", "2"}),
        ("SoldToParty eq 'C''2' and TotalNetAmount lt 3", {"2"}),
        ("SoldToParty ne 'C''2'", {"1"}),
        ("substringof('/1',SoldToParty) eq true", {"1"}),
        ("startswith(SalesOrder,'12')", {"12"}),
        ("SalesOrderDate lt datetime'2026-10-03T00:00:00'", {"1"}),
        ("LastChangeDateTime gt datetimeoffset'2026-10-01T00:00:00Z'", set()),
        ("PricingDate ne null", set()),
        ("CompleteDeliveryIsDefined eq true", set()),
    ],
)
def test_a_filter_finds_exactly_what_it_says(api: Api, text: str, orders: set[str]) -> None:
    """OD-P55, OD-P58, OD-P60."""
    assert set(_found(api, f"$filter={text}")) == orders


@pytest.mark.parametrize(
    "text",
    [
        "Nonsense eq '1'",
        "SalesOrder eq 3",
        "TotalNetAmount eq '3'",
        "SalesOrderDate gt '2026-10-01'",
        "SalesOrderDate gt datetimeoffset'2026-10-01T00:00:00Z'",
        "SalesOrder eq 'a' and",
        "SalesOrder eq 'a' extra",
        "SalesOrder in ('1','2')",
        "(SalesOrder eq '1'",
        "SalesOrder eq 'a",
        "CompleteDeliveryIsDefined gt true",
    ],
)
def test_a_filter_that_is_not_odata_is_refused(api: Api, text: str) -> None:
    answer = api.get(f"{SALES_ORDERS}?$filter={text}")
    assert answer.status_code == 400
    assert code(answer) == "/IWCOR/CX_DS_URI_SYNTAX_ERROR"


def test_a_property_that_is_not_filterable_is_refused(api: Api) -> None:
    """OD-P62, reference/matching.md 9: IsReversal and IsReversed."""
    answer = api.get(f"{INVOICES}/A_SupplierInvoice?$filter=IsReversed eq false")
    assert answer.status_code == 400
    assert "not filterable" in answer.json()["error"]["message"]["value"]


@pytest.mark.parametrize(
    "query",
    [
        "$select=Nope",
        "$expand=to_Nope",
        "$expand=to_Item/to_X",
        "$orderby=Nope",
        "$orderby=SalesOrder up",
        "$top=-1",
        "$skip=x",
        "$search=a",
        "$top=1&$top=2",
        "$inlinecount=all",
    ],
)
def test_an_option_that_the_service_does_not_know_is_refused(api: Api, query: str) -> None:
    assert api.get(f"{SALES_ORDERS}?{query}").status_code == 400


def test_a_plus_is_a_plus_and_only_percent_twenty_is_a_space(api: Api) -> None:
    """OD-P59."""
    assert api.get(f"{SALES_ORDERS}?$filter=SalesOrder+eq+'3'").status_code == 400


def test_numbers_are_found_with_and_without_leading_zeros(api: Api) -> None:
    """OD-P61, MA-P02: numeric texts."""
    path = f"{ORDERS}/A_PurchaseOrderItem"
    row = api.entity(f"{path}(PurchaseOrder='4500000001',PurchaseOrderItem='00010')")
    assert row["PurchaseOrderItem"] == "10"
    assert len(api.rows(f"{path}?$filter=PurchaseOrderItem eq '010'")) == 2


def test_values_have_the_form_of_v2_json(api: Api) -> None:
    """OD-P40, OD-P43, OD-P66."""
    answer = api.get(f"{SALES_ORDERS}('1')")
    row = answer.json()["d"]
    assert row["TotalNetAmount"] == "1.50"
    assert row["SalesOrderDate"] == "/Date(1790899200000)/"
    assert row["LastChangeDateTime"] == "/Date(1790812800000+0000)/"
    assert row["PricingDate"] is None
    assert row["CompleteDeliveryIsDefined"] is False
    assert answer.headers["etag"] == row["__metadata"]["etag"]
    assert row["__metadata"]["etag"] == "W/\"datetimeoffset'2026-10-01T00%3A00%3A00.0000000Z'\""
    assert row["__metadata"]["type"] == "API_SALES_ORDER_SRV.A_SalesOrderType"
    assert row["__metadata"]["uri"].endswith("/API_SALES_ORDER_SRV/A_SalesOrder('1')")
    assert answer.headers["dataserviceversion"] == "2.0"


def test_a_deferred_link_leads_to_the_items(api: Api) -> None:
    """OD-P29."""
    link = api.entity(f"{SALES_ORDERS}('1')")["to_Item"]["__deferred"]["uri"]
    items = api.rows(link)
    assert [item["SalesOrderItem"] for item in items] == ["10", "20"]
    header = api.entity(items[0]["to_SalesOrder"]["__deferred"]["uri"])
    assert header["SalesOrder"] == "1"
    assert api.get(f"{link}/$count").text == "2"


def test_expanded_items_stand_in_results_and_select_reaches_into_them(api: Api) -> None:
    query = "$expand=to_Item&$select=SalesOrder,to_Item/Material"
    row = api.entity(f"{SALES_ORDERS}('1')?{query}")
    assert [set(item) for item in row["to_Item"]["results"]] == [{"__metadata", "Material"}] * 2
    assert set(row) == {"__metadata", "SalesOrder", "to_Item"}


def test_an_expand_that_select_does_not_name_is_not_shown(api: Api) -> None:
    row = api.entity(f"{SALES_ORDERS}('1')?$expand=to_Item&$select=SalesOrder")
    assert set(row) == {"__metadata", "SalesOrder"}


def test_orderby_sorts_by_value_not_by_text(api: Api) -> None:
    orders = _found(api, "$orderby=SoldToParty desc,TotalNetAmount desc&$top=3")
    assert orders == ["1", "12", "11"]


def test_pages_together_are_every_row_once(api: Api) -> None:
    """OD-P20, OD-P22, OD-P24: absolute next links that keep the query byte for byte."""
    url, seen, sizes = f"{SALES_ORDERS}?$filter=TotalNetAmount%20gt%201", [], []
    while url:
        shown = api.get(url).json()["d"]
        seen += [row["SalesOrder"] for row in shown["results"]]
        sizes.append(len(shown["results"]))
        url = shown.get("__next", "")
        assert not url or url.startswith(api.url)
        assert not url or "$filter=TotalNetAmount%20gt%201" in url
        assert not url or "sap-client=100" in url
        api.session.params.clear()  # type: ignore[union-attr]
    assert sizes == [5, 5, 2]
    assert sorted(seen, key=int) == [str(n) for n in range(1, 13)]


def test_top_and_skip_bound_the_rows_of_all_pages(api: Api) -> None:
    shown = api.get(f"{SALES_ORDERS}?$orderby=TotalNetAmount&$skip=2&$top=7").json()["d"]
    rest = api.get(shown["__next"]).json()["d"]
    orders = [row["SalesOrder"] for row in shown["results"] + rest["results"]]
    assert orders == ["3", "4", "5", "6", "7", "8", "9"]
    assert "__next" not in rest


def test_the_client_may_ask_for_a_page_size(api: Api) -> None:
    """OD-P25."""
    answer = api.get(SALES_ORDERS, Prefer="odata.maxpagesize=7")
    assert len(answer.json()["d"]["results"]) == 7
    assert answer.headers["preference-applied"] == "odata.maxpagesize=7"


def test_counts_are_texts(api: Api) -> None:
    """OD-P27."""
    shown = api.get(f"{SALES_ORDERS}?$inlinecount=allpages&$top=1").json()["d"]
    assert (shown["__count"], len(shown["results"])) == ("12", 1)
    counted = api.get(f"{SALES_ORDERS}/$count?$filter=TotalNetAmount gt 10")
    assert (counted.text, counted.headers["content-type"][:10]) == ("3", "text/plain")


@pytest.mark.parametrize(
    ("path", "status", "expected"),
    [
        ("NO_SUCH_SRV/A_X", 403, "/IWFND/MED/170"),
        (f"{SALES}/A_Nope", 404, "/IWBEP/CM_MGW_RT/020"),
        (f"{SALES_ORDERS}('99')", 404, "/IWBEP/CM_MGW_RT/020"),
        (f"{SALES_ORDERS}('1')/to_Nope", 404, "/IWBEP/CM_MGW_RT/020"),
        (f"{SALES_ORDERS}(1)", 400, "/IWCOR/CX_DS_URI_SYNTAX_ERROR"),
        (f"{SALES_ORDERS}(Nope='1')", 400, "/IWCOR/CX_DS_URI_SYNTAX_ERROR"),
        (f"{SALES}/A_SalesOrderItem('1')", 400, "/IWCOR/CX_DS_URI_SYNTAX_ERROR"),
        (f"{SALES}/A_SalesOrderItem(SalesOrder='1')", 400, "/IWCOR/CX_DS_URI_SYNTAX_ERROR"),
    ],
)
def test_a_wrong_path_gets_saps_error_body(api: Api, path: str, status: int, expected: str) -> None:
    """OD-P57, OD-P85."""
    answer = api.get(path)
    error = answer.json()["error"]
    assert (answer.status_code, error["code"]) == (status, expected)
    assert error["message"]["lang"] == "en"
    assert len(error["innererror"]["transactionid"]) == 32
    assert error["innererror"]["errordetails"][0]["code"] == expected


def test_a_slash_in_a_key_is_not_a_path(api: Api) -> None:
    """OD-P56."""
    assert code(api.get(f"{SALES_ORDERS}('A%2FB')")) == "/IWBEP/CM_MGW_RT/020"
    assert "A_SalesOrderType" in api.get(f"{SALES_ORDERS}('A%2FB')").text


def test_without_asking_for_json_errors_are_xml_and_rows_are_refused(api: Api) -> None:
    """OD-P85: the stand-in does not play Atom, and does not send JSON unasked."""
    answer = api.get(SALES_ORDERS, Accept="*/*")
    assert answer.status_code == 406
    root = ElementTree.fromstring(answer.text)
    assert root.tag.endswith("}error")
    assert api.get(f"{SALES_ORDERS}?$format=json", Accept="*/*").status_code == 200


def test_the_service_document_names_the_entity_sets(api: Api) -> None:
    assert api.entity(f"{SALES}/")["EntitySets"] == ["A_SalesOrder", "A_SalesOrderItem"]
    xml = ElementTree.fromstring(api.get(f"{SALES}/", Accept="*/*").text)
    assert [each.get("href") for each in xml.iter() if each.get("href")] == [
        "A_SalesOrder",
        "A_SalesOrderItem",
    ]
