"""Rows that move while somebody reads, reads that are late or refused, and cuts by key and day."""

import time
from typing import Any

import pytest
import requests

from local.sap.server import Server
from tests.contract.local_sap import local_sap_v4_world as v4_world
from tests.contract.local_sap.local_sap_v4_world import V4Api
from tests.contract.local_sap.local_sap_world import MOMENT, ORDERS, SALES, Api

HEADS = f"{ORDERS}/A_PurchaseOrder"
ITEMS = f"{ORDERS}/A_PurchaseOrderItem"
ONE = {"PurchaseOrder": "4500000001"}
ITEM = {**ONE, "PurchaseOrderItem": "10"}
LATER = "/Date(1790812860000+0000)/"


def numbers(rows: list[dict[str, Any]], name: str = "PurchaseOrder") -> list[str]:
    return [row[name] for row in rows]


def changed_at(api: Api, order: str = "4500000001") -> str:
    found: str = api.entity(f"{HEADS}('{order}')")["LastChangeDateTime"]
    return found


def page(api: Api, path: str) -> tuple[list[str], str]:
    shown = api.get(path).json()["d"]
    return numbers(shown["results"], "SalesOrder"), shown.get("__next", "")


def test_a_row_changes_is_new_or_gone_in_v2_and_v4_alike(
    stand_in: Server, api: Api, v4: V4Api
) -> None:
    changed = {**ITEM, "NetPriceAmount": "12.34"}
    new = {**ONE, "PurchaseOrderItem": "60", "OrderQuantity": "1"}
    gone = {**ONE, "PurchaseOrderItem": "20"}
    stand_in.move(
        put={"A_PurchaseOrderItem": [changed, new]}, delete={"A_PurchaseOrderItem": [gone]}
    )
    rows = api.rows(f"{HEADS}('4500000001')/to_PurchaseOrderItem")
    assert numbers(rows, "PurchaseOrderItem") == ["10", "30", "40", "50", "60"]
    assert (rows[0]["NetPriceAmount"], rows[0]["OrderQuantity"]) == ("12.34", "10")
    assert v4.rows(f"{v4_world.ORDER}/_PurchaseOrderItem")[0]["NetPriceAmount"] == 12.34


def test_a_document_goes_with_its_items_and_one_that_is_gone_is_no_error(
    stand_in: Server, api: Api
) -> None:
    for _ in range(2):
        stand_in.move(delete={"A_PurchaseOrder": [ONE]})
    assert numbers(api.rows(HEADS)) == ["4500000002", "4500000003"]
    assert numbers(api.rows(ITEMS)) == ["4500000002"]


def test_a_document_may_come_with_its_items(stand_in: Server, api: Api) -> None:
    head = {"PurchaseOrder": "4500000009", "Supplier": "S1"}
    item = {"PurchaseOrder": "4500000009", "PurchaseOrderItem": "10"}
    stand_in.move(put={"A_PurchaseOrderItem": [item], "A_PurchaseOrder": [head]})
    assert changed_at(api, "4500000009").startswith("/Date(")
    assert numbers(api.rows(f"{HEADS}('4500000009')/to_PurchaseOrderItem")) == ["4500000009"]


@pytest.mark.parametrize(
    "wanted",
    [
        {"put": {"A_PurchaseOrderItem": [{**ITEM, "NetPriceAmount": "1"}]}},
        {"put": {"A_PurchaseOrderItem": [{**ONE, "PurchaseOrderItem": "70"}]}},
        {"delete": {"A_PurchaseOrderItem": [ITEM]}},
        {"put": {"A_PurchaseOrder": [{**ONE, "Supplier": "S2"}]}},
    ],
)
def test_whatever_moves_in_a_document_moves_its_time_of_change(
    stand_in: Server, api: Api, v4: V4Api, wanted: dict[str, Any]
) -> None:
    stand_in.move(put={"A_PurchaseOrder": [{**ONE, "LastChangeDateTime": MOMENT}]})
    assert changed_at(api) == MOMENT
    tag = v4.etag(v4_world.ORDER)
    stand_in.move(**wanted)
    assert changed_at(api) > MOMENT
    assert v4.etag(v4_world.ORDER) != tag


def test_writes_of_clients_move_it_too(stand_in: Server, api: Api) -> None:
    stand_in.move(put={"A_PurchaseOrder": [{**ONE, "LastChangeDateTime": MOMENT}]})
    path = f"{ITEMS}(PurchaseOrder='4500000001',PurchaseOrderItem='10')"
    assert api.send("PATCH", path, {"OrderQuantity": "11"}).status_code == 204
    after_change = changed_at(api)
    assert api.send("DELETE", path).status_code == 204
    assert MOMENT < after_change < changed_at(api)


def test_a_move_waits_for_the_reads_that_it_is_ordered_behind(stand_in: Server, api: Api) -> None:
    answer = requests.post(
        f"{api.url}/_control/rows",
        json={"delete": {"A_SalesOrder": [{"SalesOrder": "12"}]}, "after_reads": 2},
        timeout=20,
    )
    assert (answer.status_code, answer.json()) == (200, {"ordered": True})
    first, link = page(api, f"{SALES}/A_SalesOrder")
    api.get(f"{SALES}/$metadata")
    assert api.get(f"{SALES}/A_SalesOrder/$count").text == "12"  # none of these are reads of rows
    second, link = page(api, link)
    third, link = page(api, link)
    assert first == ["1", "10", "11", "12", "2"]
    assert second == ["3", "4", "5", "6", "7"]
    assert third == ["9"]  # "8" has moved over the border: pages that SAP does not track lose rows
    assert link == ""
    assert stand_in.log.entries()[-1]["method"] == "GET"


def test_a_move_that_was_ordered_is_forgotten_by_a_reset(stand_in: Server, api: Api) -> None:
    stand_in.move(delete={"A_PurchaseOrder": [ONE]}, after_reads=1)
    stand_in.gateway.reset()
    assert len(api.rows(HEADS)) == len(api.rows(HEADS)) == 3


@pytest.mark.parametrize(
    ("wanted", "text"),
    [
        ({"put": {"A_Order": [{}]}}, "A_Order: no such entity set"),
        ({"put": {"A_PurchaseOrder": [{}]}}, "PurchaseOrder: is required"),
        ({"put": {"A_PurchaseOrder": [{**ONE, "Color": "red"}]}}, "Color: no such property"),
        ({"put": {"A_PurchaseOrder": ["4500000001"]}}, "must be a JSON object"),
        ({"put": {"A_PurchaseOrder": ONE}}, "put must hold a list"),
        ({"put": {"A_PurchaseOrderItem": [{"PurchaseOrder": "7", "PurchaseOrderItem": "1"}]}},
         "there is no A_PurchaseOrder"),
        ({"delete": {"A_PurchaseOrderItem": [ONE]}}, "give exactly PurchaseOrder, PurchaseOrderI"),
        ({"after_reads": -1}, "after_reads must be"),
        ({"now": True}, "expected some of"),
    ],
)  # fmt: skip
def test_a_move_that_makes_no_sense_moves_nothing(
    api: Api, wanted: dict[str, Any], text: str
) -> None:
    answer = requests.post(f"{api.url}/_control/rows", json=wanted, timeout=20)
    assert answer.status_code == 400
    assert text in answer.json()["error"]
    assert len(api.rows(HEADS)) == 3


def test_reads_are_throttled_refused_dropped_and_late(stand_in: Server, api: Api) -> None:
    stand_in.fault("throttle", of="reads")
    stand_in.fault("unavailable", 2, of="reads")
    assert api.get(f"{SALES}/$metadata").status_code == 200
    throttled = api.get(HEADS)
    assert (throttled.status_code, throttled.headers["retry-after"]) == (429, "1")
    assert [api.get(HEADS).status_code for _ in range(3)] == [503, 503, 200]
    stand_in.fault("drop-answer", of="reads")
    with pytest.raises(requests.ConnectionError):
        api.get(HEADS)
    stand_in.fault("delay:0.2", of="reads")
    began = time.monotonic()
    assert len(api.rows(HEADS)) == 3
    assert time.monotonic() - began >= 0.2
    noted = [each["fault"] for each in stand_in.log.entries() if "fault" in each]
    assert noted == ["throttle", "unavailable", "unavailable", "drop-answer", "delay:0.2"]


@pytest.mark.parametrize("wanted", [{"next": "expire-session", "of": "reads"}, {"of": "all"}])
def test_a_fault_that_no_read_can_have_is_refused(api: Api, wanted: dict[str, Any]) -> None:
    answer = requests.post(f"{api.url}/_control/faults", json=wanted, timeout=20)
    assert answer.status_code == 400
    assert "must be" in answer.json()["error"]


def test_the_key_at_a_place_cuts_a_set_in_v2_and_v4(api: Api, v4: V4Api) -> None:
    """OD-P26: as whoever reads in parallel asks for borders."""
    options = "$orderby=PurchaseOrder&$skip=1&$top=1&$select=PurchaseOrder"
    (row,) = api.rows(f"{HEADS}?{options}")
    assert row["PurchaseOrder"] == "4500000002"
    assert v4.rows(f"{v4_world.ORDERS}/PurchaseOrder?{options}")[0]["PurchaseOrder"] == "4500000002"


DAY_V2 = "PurchaseOrderDate {} datetime'2026-10-01T00:00:00'"
DAY_V4 = "PurchaseOrderDate {} 2026-10-01"
TIME_V2 = "LastChangeDateTime {} datetimeoffset'2026-10-01T00:{}:00Z'"
TIME_V4 = "LastChangeDateTime {} 2026-10-01T00:{}:00Z"
KEY = "PurchaseOrder {} '450000000{}'"


@pytest.mark.parametrize(
    ("v2", "v4_text", "found"),
    [
        (KEY.format("ge", 2), KEY.format("ge", 2), 2),
        (f"{KEY.format('ge', 1)} and {KEY.format('lt', 3)}",
         f"{KEY.format('ge', 1)} and {KEY.format('lt', 3)}", 2),
        (DAY_V2.format("ge"), DAY_V4.format("ge"), 3),
        (DAY_V2.format("lt"), DAY_V4.format("lt"), 0),
        (TIME_V2.format("ge", "01"), TIME_V4.format("ge", "01"), 1),
        (f"{TIME_V2.format('ge', '00')} and {TIME_V2.format('lt', '01')}",
         f"{TIME_V4.format('ge', '00')} and {TIME_V4.format('lt', '01')}", 2),
    ],
)  # fmt: skip
def test_ranges_of_keys_days_and_times_are_counted_and_read(
    stand_in: Server, api: Api, v4: V4Api, v2: str, v4_text: str, found: int
) -> None:
    rows = [
        {"PurchaseOrder": f"450000000{n}", "LastChangeDateTime": LATER if n == 3 else MOMENT}
        for n in (1, 2, 3)
    ]
    stand_in.move(put={"A_PurchaseOrder": rows})
    assert len(api.rows(f"{HEADS}?$filter={v2}&$orderby=PurchaseOrder")) == found
    assert api.get(f"{HEADS}/$count?$filter={v2}").text == str(found)
    base = f"{v4_world.ORDERS}/PurchaseOrder"
    assert len(v4.rows(f"{base}?$filter={v4_text}&$orderby=PurchaseOrder")) == found
    assert v4.get(f"{base}/$count?$filter={v4_text}").text == str(found)


def test_a_search_that_was_made_before_sees_what_was_written_since(
    stand_in: Server, api: Api, v4: V4Api
) -> None:
    asked = f"{ITEMS}?$filter=OrderQuantity gt 10M&$top=4"
    v4_asked = f"{v4_world.ORDERS}/PurchaseOrderItem?$filter=OrderQuantity gt 10&$top=4"
    assert (len(api.rows(asked)), len(v4.rows(v4_asked))) == (0, 0)
    stand_in.move(put={"A_PurchaseOrderItem": [{**ITEM, "OrderQuantity": "11"}]})
    assert (len(api.rows(asked)), len(v4.rows(v4_asked))) == (1, 1)
    other = f"{ITEMS}(PurchaseOrder='4500000002',PurchaseOrderItem='10')"
    assert api.send("PATCH", other, {"OrderQuantity": "12"}).status_code == 204
    assert (len(api.rows(asked)), len(v4.rows(v4_asked))) == (2, 2)


def test_a_tracked_load_leaves_no_row_out_whatever_moves(stand_in: Server, v4: V4Api) -> None:
    """OD-P31: a row that goes from an earlier page pulls no other one over the border."""
    base = f"{v4_world.ORDERS}/PurchaseOrderItem"
    first = v4.json(base, Prefer="odata.track-changes, odata.maxpagesize=2")
    stand_in.move(delete={"A_PurchaseOrderItem": [ITEM]})
    rest = v4.json(f"{v4_world.ORDERS}/{first['@odata.nextLink']}")
    last = v4.json(f"{v4_world.ORDERS}/{rest['@odata.nextLink']}")
    seen = [row["PurchaseOrderItem"] for each in (first, rest, last) for row in each["value"]]
    assert seen == ["10", "20", "30", "40", "50", "10"]
    changes = v4.json(f"{v4_world.ORDERS}/{last['@odata.deltaLink']}")
    assert [row["@removed"]["reason"] for row in changes["value"]] == ["deleted"]
