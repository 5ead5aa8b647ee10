"""Deltas of the embedded SAP's ODP service: tokens, packages, deleted rows, lost tokens."""

from typing import Any

import pytest
import requests

from local.sap.server import Server
from tests.contract.local_sap.local_sap_world import ORDERS, USERS, Api, code

ODP = "ZSAPMATCH_ODP_SRV"
FACTS = f"{ODP}/FactsOfPurchaseOrders"
LINKS = f"{ODP}/DeltaLinksOfFactsOfPurchaseOrders"
TRACK = "odata.track-changes"


def _d(answer: requests.Response) -> dict[str, Any]:
    assert answer.status_code == 200, answer.text
    shown: dict[str, Any] = answer.json()["d"]
    return shown


def _begin(api: Api, path: str = FACTS, prefer: str = TRACK) -> tuple[list[dict[str, Any]], str]:
    """All rows of the initial load, and the delta link at its end."""
    return _follow(api, api.get(path, Prefer=prefer))


def _follow(api: Api, answer: requests.Response) -> tuple[list[dict[str, Any]], str]:
    shown = _d(answer)
    rows = shown["results"]
    while "__next" in shown:
        assert "__delta" not in shown
        shown = _d(api.get(shown["__next"]))
        rows += shown["results"]
    return rows, shown.get("__delta", "")


def _changes(api: Api, link: str) -> tuple[list[tuple[str, str]], str]:
    """(change mode, item) of every row, and the next delta link."""
    rows, following = _follow(api, api.get(link))
    return [(row["ODQ_CHANGEMODE"], row["PurchaseOrderItem"]) for row in rows], following


def _item(number: str) -> str:
    return f"{ORDERS}/A_PurchaseOrderItem(PurchaseOrder='4500000001',PurchaseOrderItem='{number}')"


def _change(api: Api, number: str, price: str = "11.00") -> None:
    assert api.send("PATCH", _item(number), {"NetPriceAmount": price}).status_code == 204


def test_an_initial_load_says_that_it_is_tracked_and_ends_with_a_delta_link(api: Api) -> None:
    """OD-P31: the preference on the first page, the link on the last."""
    first = api.get(FACTS, Prefer=f"{TRACK}, odata.maxpagesize=4")
    assert first.headers["preference-applied"] == f"{TRACK}, odata.maxpagesize=4"
    shown = _d(first)
    assert (len(shown["results"]), "__delta" in shown) == (4, False)
    second = api.get(shown["__next"])
    assert "preference-applied" not in second.headers
    rest = _d(second)
    assert (len(rest["results"]), "__next" in rest) == (2, False)
    assert f"{FACTS}?!deltatoken='D" in rest["__delta"]
    row = shown["results"][0]
    assert (row["PurchaseOrder"], row["PurchaseOrderItem"]) == ("4500000001", "10")
    assert (row["Supplier"], row["ODQ_CHANGEMODE"], row["ODQ_ENTITYCNTR"]) == ("S1", "", "1")


def test_a_load_is_one_moment_however_long_its_pages_take(api: Api) -> None:
    """OD-P24: what changes between two pages comes with the delta, not twice and not never."""
    shown = _d(api.get(FACTS, Prefer=f"{TRACK},odata.maxpagesize=3"))
    _change(api, "10")
    assert api.send("DELETE", _item("40")).status_code == 204
    rest = _d(api.get(shown["__next"]))
    items = [row["PurchaseOrderItem"] for row in shown["results"] + rest["results"]]
    assert items == ["10", "20", "30", "40", "50", "10"]
    changes, _ = _changes(api, rest["__delta"])
    assert changes == [("U", "10"), ("D", "40")]


def test_a_delta_brings_new_changed_and_deleted_rows_page_by_page(api: Api) -> None:
    """OD-P30, OD-P38: a deleted row keeps its fields, and its counter is negative."""
    _, link = _begin(api)
    _change(api, "20")
    api.send("DELETE", _item("50"))
    new = {"PurchaseOrderItemText": "Neu", "OrderQuantity": "3"}
    made = api.send("POST", f"{ORDERS}/A_PurchaseOrder('4500000001')/to_PurchaseOrderItem", new)
    assert made.json()["d"]["PurchaseOrderItem"] == "50"
    api.send("DELETE", _item("40"))
    first = _d(api.get(link, Prefer="odata.maxpagesize=2"))
    rows, following = _follow(api, api.get(link, Prefer="odata.maxpagesize=2"))
    assert (len(first["results"]), len(rows)) == (2, 3)
    assert [(row["ODQ_CHANGEMODE"], row["PurchaseOrderItem"]) for row in rows] == [
        ("U", "20"),
        ("U", "50"),
        ("D", "40"),
    ]
    assert (rows[0]["NetPriceAmount"], rows[2]["ODQ_ENTITYCNTR"]) == ("11.00", "-1")
    assert rows[2]["NetPriceAmount"] == "10.00"
    assert _changes(api, following)[0] == []


def test_a_new_item_comes_as_created(api: Api) -> None:
    _, link = _begin(api)
    new = {"PurchaseOrderItemText": "Neu", "OrderQuantity": "3"}
    api.send("POST", f"{ORDERS}/A_PurchaseOrder('4500000003')/to_PurchaseOrderItem", new)
    rows, _ = _follow(api, api.get(link))
    assert [(row["ODQ_CHANGEMODE"], row["PurchaseOrder"]) for row in rows] == [("C", "4500000003")]


def test_the_same_token_gives_the_same_package(api: Api) -> None:
    """OD-P37: also after more has changed, and after the next package was read."""
    _, link = _begin(api)
    _change(api, "10")
    once = _d(api.get(link))
    _change(api, "20")
    assert _d(api.get(link)) == once
    assert _changes(api, once["__delta"])[0] == [("U", "20")]
    assert _d(api.get(link)) == once


def test_a_delta_without_changes_is_empty_and_goes_on(api: Api) -> None:
    """OD-P23."""
    _, link = _begin(api)
    for _ in range(3):
        changes, link = _changes(api, link)
        assert changes == []
        assert link
    _change(api, "40")
    assert _changes(api, link)[0] == [("U", "40")]


def test_a_subscription_keeps_its_filter_and_its_columns(api: Api) -> None:
    rows, link = _begin(
        api, f"{FACTS}?$filter=PurchaseOrderItem eq '10'&$select=PurchaseOrder,ODQ_CHANGEMODE"
    )
    assert [set(row) for row in rows] == [{"__metadata", "PurchaseOrder", "ODQ_CHANGEMODE"}] * 2
    _change(api, "10")
    _change(api, "20")
    shown = _d(api.get(link))
    assert [(row["PurchaseOrder"], row["ODQ_CHANGEMODE"]) for row in shown["results"]] == [
        ("4500000001", "U")
    ]


def test_a_read_without_the_preference_is_not_tracked(api: Api) -> None:
    shown = _d(api.get(FACTS))
    assert (len(shown["results"]), "__next" in shown, "__delta" in shown) == (5, True, False)
    assert api.rows(LINKS) == []
    assert api.get(f"{FACTS}/$count").text == "6"
    key = "(PurchaseOrder='4500000001',PurchaseOrderItem='20')"
    assert api.entity(f"{FACTS}{key}")["PurchaseOrderItem"] == "20"


def test_sets_without_delta_links_ignore_the_preference(api: Api) -> None:
    answer = api.get(f"{ORDERS}/A_PurchaseOrder", Prefer=TRACK)
    assert "preference-applied" not in answer.headers
    assert "__delta" not in _d(answer)


def test_the_delta_links_are_listed_and_lead_to_the_changes(api: Api) -> None:
    """OD-P32: the token of the initial load is marked."""
    _, link = _begin(api)
    _change(api, "10")
    changes, _ = _changes(api, link)
    first, second = api.rows(LINKS)
    assert (first["IsInitialLoad"], second["IsInitialLoad"]) == (True, False)
    assert first["CreatedAt"] < second["CreatedAt"]
    assert f"!deltatoken='{first['DeltaToken']}'" in link
    after = first["ChangesAfter"]["__deferred"]["uri"]
    assert _changes(api, after)[0] == changes == [("U", "10")]
    assert api.get(f"{LINKS}('NOPE')/ChangesAfter").status_code == 410


def test_the_last_page_may_hold_no_delta_link(stand_in: Server, api: Api) -> None:
    """OD-P32."""
    stand_in.switch(omit_delta_link=True)
    rows, link = _begin(api)
    assert (len(rows), link) == (6, "")
    (known,) = api.rows(LINKS)
    _change(api, "10")
    changes, link = _changes(api, f"{FACTS}?!deltatoken='{known['DeltaToken']}'")
    assert (changes, link) == ([("U", "10")], "")


@pytest.mark.parametrize("status", [400, 404, 410])
def test_an_expired_token_is_refused_and_a_new_load_is_taken(
    stand_in: Server, api: Api, status: int
) -> None:
    """OD-P35: SAP never falls back to a full load by itself."""
    stand_in.switch(unknown_token_status=status)
    _, link = _begin(api)
    answer = requests.post(f"{api.url}/_control/forget", json={"what": "delta-tokens"}, timeout=20)
    assert answer.status_code == 200
    refused = api.get(link)
    assert (refused.status_code, code(refused)) == (status, "ZLOCAL_SAP/095")
    assert "initialize the delta again" in refused.json()["error"]["message"]["value"]
    _, link = _begin(api)
    assert _changes(api, link)[0] == []


def test_a_page_of_an_expired_load_is_refused(stand_in: Server, api: Api) -> None:
    following = _d(api.get(FACTS, Prefer=TRACK))["__next"]
    stand_in.forget("delta-tokens")
    assert api.get(following).status_code == 410


def test_a_new_load_ends_the_subscription_before_it(stand_in: Server, api: Api) -> None:
    """OD-P36: one per user; another user has one of its own."""
    other = Api(stand_in.url, "OTHER")
    with other.session:
        _, foreign = _begin(other)
        _, old = _begin(api)
        _, new = _begin(api)
        assert api.get(old).status_code == 410
        assert api.get(new).status_code == 200
        assert other.get(foreign).status_code == 200
        assert api.get(foreign).status_code == 410
    assert len(USERS) == 2


def test_subscriptions_are_asked_for_and_ended_by_functions(api: Api) -> None:
    def call(name: str) -> dict[str, Any]:
        shown = api.entity(f"{ODP}/{name}FactsOfPurchaseOrders")
        result: dict[str, Any] = shown[f"{name}FactsOfPurchaseOrders"]
        return result

    assert call("SubscribedTo")["SubscribedFlag"] is False
    _, link = _begin(api)
    assert call("SubscribedTo")["SubscribedFlag"] is True
    assert call("TerminateDeltasFor")["ResultFlag"] is True
    assert call("SubscribedTo")["SubscribedFlag"] is False
    assert api.get(link).status_code == 410


@pytest.mark.parametrize(
    "query",
    ["$orderby=Supplier", "$top=2", "$expand=X", "!deltatoken=D1", "$filter=ODQ_CHANGEMODE eq 'D'"],
)
def test_a_tracked_read_takes_filter_and_columns_only(api: Api, query: str) -> None:
    answer = api.get(f"{FACTS}?{query}", Prefer=TRACK)
    assert (answer.status_code, code(answer)) == (400, "/IWCOR/CX_DS_URI_SYNTAX_ERROR")


def test_facts_are_read_only(api: Api) -> None:
    assert api.send("POST", FACTS, {"PurchaseOrder": "1"}).status_code == 405


def test_reset_forgets_tokens_and_switches(stand_in: Server, api: Api) -> None:
    stand_in.switch(omit_delta_link=True)
    _begin(api)
    requests.post(f"{api.url}/_control/reset", timeout=20).raise_for_status()
    assert api.rows(LINKS) == []
    assert _begin(api)[1]


@pytest.mark.parametrize(
    ("where", "wanted"),
    [
        ("v2", {"burn": True}),
        ("v2", {"omit_delta_link": 1}),
        ("v2", {"update_methods": ["POST"]}),
        ("v2", {"one_operation_changesets": "A_SalesOrder"}),
        ("v2", {"one_operation_changesets": [1]}),
        ("v2", {"unknown_token_status": 500}),
        ("v2", []),
        ("forget", {"what": "everything"}),
        ("forget", {}),
    ],
)
def test_a_switch_that_is_not_known_is_refused(api: Api, where: str, wanted: object) -> None:
    answer = requests.post(f"{api.url}/_control/{where}", json=wanted, timeout=20)
    assert answer.status_code == 400
    assert "must be" in answer.json()["error"] or "expected" in answer.json()["error"]
