"""Server-driven paging and change tracking of the embedded SAP's V4 services."""

from typing import Any
from urllib.parse import urljoin

import pytest

from local.sap.server import Server
from tests.contract.local_sap.local_sap_v4_world import ORDER, ORDERS, SALES, V4Api, error
from tests.contract.local_sap.local_sap_world import MOMENT, Api

SET = f"{SALES}/SalesOrder"
TRACK = "odata.track-changes"


def _pages(v4: V4Api, path: str, **headers: str) -> list[dict[str, Any]]:
    """Every page, links followed byte for byte from the page that held them."""
    pages = [v4.json(path, **headers)]
    while "@odata.nextLink" in pages[-1]:
        assert len(pages) < 50
        path = urljoin(path, pages[-1]["@odata.nextLink"])
        pages.append(v4.json(path))
    return pages


def _numbers(pages: list[dict[str, Any]]) -> list[str]:
    return [row["SalesOrder"] for page in pages for row in page["value"]]


def _delta(v4: V4Api, link: str, **headers: str) -> list[dict[str, Any]]:
    return _pages(v4, urljoin(SET, link), **headers)


def _tracked(v4: V4Api, query: str = "") -> str:
    """The delta link of a tracked read."""
    link: str = _pages(v4, SET + query, Prefer=TRACK)[-1]["@odata.deltaLink"]
    return link


def test_pages_hold_every_row_once_and_links_are_relative(v4: V4Api) -> None:
    """OD-P20, OD-P21, OD-P24."""
    pages = _pages(v4, SET)
    assert [len(page["value"]) for page in pages] == [5, 5, 2]
    assert sorted(_numbers(pages), key=int) == [str(n) for n in range(1, 13)]
    assert pages[0]["@odata.nextLink"] == "SalesOrder?$skiptoken=5-5"


def test_the_page_size_is_what_the_first_request_preferred(v4: V4Api) -> None:
    """OD-P25: the link carries it on."""
    answer = v4.get(SET, Prefer="odata.maxpagesize=7")
    assert answer.headers["preference-applied"] == "odata.maxpagesize=7"
    assert [len(page["value"]) for page in _pages(v4, SET, Prefer="odata.maxpagesize=7")] == [7, 5]
    assert "preference-applied" not in v4.get(SET).headers


def test_a_link_repeats_the_query_byte_for_byte(v4: V4Api) -> None:
    """OD-P22."""
    query = "$filter=SoldToParty%20ne%20%27C/1%27&$select=SalesOrder&$orderby=TotalNetAmount%20desc"
    pages = _pages(v4, f"{SET}?{query}&$skip=1&$top=8")
    assert pages[0]["@odata.nextLink"] == f"SalesOrder?{query}&$skip=1&$top=8&$skiptoken=5-5"
    assert _numbers(pages) == [str(n) for n in range(11, 3, -1)]
    assert set(pages[1]["value"][0]) == {"@odata.etag", "SalesOrder"}


def test_a_link_below_an_entity_is_found_from_the_page_and_from_the_root(v4: V4Api) -> None:
    path = f"{ORDER}/_PurchaseOrderItem"
    pages = _pages(v4, path, Prefer="odata.maxpagesize=2")
    assert [len(page["value"]) for page in pages] == [2, 2, 1]
    assert pages[0]["@odata.nextLink"].startswith(path)


def test_nested_collections_have_links_of_their_own_where_that_is_wanted(v4: V4Api) -> None:
    """OD-P28."""
    inner = "$select=PurchaseOrderItem;$filter=IsFinallyInvoiced eq false;$count=true"
    query = f"{ORDERS}/PurchaseOrder?$select=PurchaseOrder&$expand=_PurchaseOrderItem({inner})"
    whole = v4.rows(query)[0]
    assert "_PurchaseOrderItem@odata.nextLink" not in whole
    assert v4.switch(nested_page_size=3).status_code == 200
    cut = v4.rows(query)[0]
    assert (len(cut["_PurchaseOrderItem"]), cut["_PurchaseOrderItem@odata.count"]) == (3, 4)
    link = urljoin(query, cut["_PurchaseOrderItem@odata.nextLink"])
    rest = [row for page in _pages(v4, link) for row in page["value"]]
    assert cut["_PurchaseOrderItem"] + rest == whole["_PurchaseOrderItem"]


def test_switches_are_checked_and_put_back(stand_in: Server, v4: V4Api) -> None:
    assert v4.switch(nested_page_size="3").status_code == 400
    assert v4.switch(nonsense=True).status_code == 400
    assert v4.switch(nested_page_size=3, repeatability=True).status_code == 200
    stand_in.gateway.reset()
    assert (stand_in.gateway.v4.switches.nested_page_size, v4.switch().status_code) == (0, 200)


def test_a_tracked_read_says_so_first_and_gives_the_link_last(v4: V4Api) -> None:
    """OD-P31."""
    first = v4.get(SET, Prefer=f"{TRACK}, odata.maxpagesize=7")
    assert first.headers["preference-applied"] == f"odata.maxpagesize=7, {TRACK}"
    pages = _pages(v4, SET, Prefer=TRACK)
    assert ["@odata.deltaLink" in page for page in pages] == [False, False, True]
    assert "@odata.deltaLink" not in _pages(v4, SET)[-1]


def test_a_delta_holds_what_changed_and_what_is_gone(v4: V4Api, api: Api) -> None:
    """OD-P38: changes over V2 and V4, deletions in the form of V4."""
    link = _tracked(v4, "?$select=SalesOrder,PaymentMethod")
    api.send("PATCH", "API_SALES_ORDER_SRV/A_SalesOrder('3')", {"PaymentMethod": "T"}, If_Match="*")
    v4.send("DELETE", f"{SET}('4')", If_Match="*")
    (page,) = _delta(v4, link)
    assert page["@odata.context"] == "$metadata#SalesOrder/$delta"
    changed, removed = page["value"]
    assert (changed["SalesOrder"], changed["PaymentMethod"]) == ("3", "T")
    assert set(changed) == {"@odata.etag", "SalesOrder", "PaymentMethod"}
    assert removed == {
        "@removed": {"reason": "deleted"},
        "@id": "SalesOrder('4')",
        "SalesOrder": "4",
    }
    assert _numbers(_delta(v4, page["@odata.deltaLink"])) == []


def test_the_same_link_gives_the_same_changes_again(v4: V4Api) -> None:
    """OD-P37."""
    link = _tracked(v4)
    v4.send("DELETE", f"{SET}('4')", If_Match="*")
    assert [_numbers(_delta(v4, link)) for _ in range(2)] == [["4"], ["4"]]


def test_a_delta_is_paged_too_and_only_its_end_has_the_next_link(v4: V4Api) -> None:
    """OD-P30."""
    link = _tracked(v4)
    for n in range(1, 8):
        v4.send("PATCH", f"{SET}('{n}')", {"PaymentMethod": "T"}, If_Match="*")
    pages = _delta(v4, link, Prefer="odata.maxpagesize=3")
    assert [len(page["value"]) for page in pages] == [3, 3, 1]
    assert ["@odata.deltaLink" in page for page in pages] == [False, False, True]
    assert sorted(_numbers(pages)) == [str(n) for n in range(1, 8)]


def test_a_change_while_the_pages_are_read_is_in_the_delta(v4: V4Api) -> None:
    first = v4.json(SET, Prefer=TRACK)
    v4.send("PATCH", f"{SET}('1')", {"PaymentMethod": "T"}, If_Match="*")
    last = _pages(v4, urljoin(SET, first["@odata.nextLink"]))[-1]
    assert _numbers(_delta(v4, last["@odata.deltaLink"])) == ["1"]


def test_a_row_that_leaves_the_filter_is_removed_but_not_deleted(v4: V4Api) -> None:
    link = _tracked(v4, "?$filter=PaymentMethod eq ''")
    v4.send("PATCH", f"{SET}('5')", {"PaymentMethod": "T"}, If_Match="*")
    ((entry,),) = [page["value"] for page in _delta(v4, link)]
    assert entry["@removed"] == {"reason": "changed"}


def test_a_change_of_an_item_is_a_change_of_its_order(v4: V4Api) -> None:
    link = _tracked(v4)
    item = f"{SALES}/SalesOrderItem(SalesOrder='1',SalesOrderItem='10')"
    v4.send("PATCH", item, {"SalesOrderItemText": "Pumpe"}, If_Match="*")
    assert _numbers(_delta(v4, link)) == ["1"]


def test_an_unknown_or_expired_token_is_gone(stand_in: Server, v4: V4Api) -> None:
    """OD-P35."""
    assert error(v4.get(f"{SET}?$deltatoken=XYZ")) == (410, "ZLOCAL_SAP/410")
    link = _tracked(v4)
    stand_in.forget("delta-tokens")
    assert v4.get(urljoin(SET, link)).status_code == 410


@pytest.mark.parametrize("spoiled", ["&$filter=SalesOrder eq '1'", "&$top=1"])
def test_a_delta_link_is_taken_only_as_it_came(v4: V4Api, spoiled: str) -> None:
    link = urljoin(SET, _tracked(v4))
    assert error(v4.get(link + spoiled)) == (400, "ZLOCAL_SAP/400")
    other = link.replace("/SalesOrder?", "/SalesOrderItem?")
    assert error(v4.get(other)) == (400, "ZLOCAL_SAP/400")


def test_a_system_that_tracks_nothing_ignores_the_wish(v4: V4Api) -> None:
    v4.switch(track_changes=False)
    pages = _pages(v4, SET, Prefer=TRACK)
    assert "@odata.deltaLink" not in pages[-1]
    assert "preference-applied" not in v4.get(SET, Prefer=TRACK).headers


def test_the_world_is_as_the_seed_says(v4: V4Api) -> None:
    """The moment of the seed is the same in V2 and V4, so that ETags of both begin alike."""
    assert MOMENT == "/Date(1790812800000+0000)/"
    assert v4.etag(f"{SET}('1')") == 'W/"SADL-202610010000000000000~20261001000000"'
