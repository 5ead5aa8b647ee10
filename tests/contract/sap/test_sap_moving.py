"""Everything is read, tracked, while SAP changes; the changes after it lead to SAP's own state.

The whole of what a reader of changes is for (OD-P30, OD-P34, OD-P37, OD-P38).
"""

import random
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pytest
from msgspec import json

from local.sap.server import Server
from sapmatch.model.changes import ChangePage, DeltaPosition
from sapmatch.model.intent import Record
from sapmatch.model.query import EVERYTHING, Query
from sapmatch.model.shape import Shape
from sapmatch.sap.odata.client import ODataClient
from tests.contract.sap.sap_peers import LOCAL_V4, local_sap

ODP = "/sap/opu/odata/sap/ZSAPMATCH_ODP_SRV"
ITEMS_V2 = "/sap/opu/odata/sap/API_PURCHASEORDER_PROCESS_SRV"
FACTS = "FactsOfPurchaseOrders"
SETS = [(ODP, FACTS), (LOCAL_V4, "PurchaseOrderItem"), (LOCAL_V4, "PurchaseOrder")]
SEEDS = range(4)
State = dict[str, Record]


@dataclass
class Copy:
    """What a consumer holds: rows by their key, as pages of changes made them."""

    shape: Shape
    rows: State

    def take(self, page: ChangePage) -> None:
        for raw in page.rows:
            row = json.decode(raw)
            self.rows[self.key(row)] = row
        for key in page.removed:
            self.rows.pop(self.key(key), None)

    def key(self, row: Record) -> str:
        return json.encode([row[name] for name in self.shape.keys]).decode()


class Restless:
    """Changes, deletes and inserts items and orders of the embedded SAP, the same for a seed."""

    def __init__(self, server: Server, seed: int) -> None:
        self._server = server
        self._random = random.Random(seed)
        self.made: set[str] = set()

    def move(self) -> None:
        kind = self._random.choice(["change", "delete", "insert", "order", "order gone"])
        self.made.add(kind)
        order = f"450000000{self._random.randint(1, 9)}"
        item = {
            "PurchaseOrder": order,
            "PurchaseOrderItem": self._random.choice(["10", "20", "30"]),
        }
        head = {"PurchaseOrder": order, "Supplier": self._random.choice(["S1", "S2"])}
        price = f"{self._random.randint(1, 99)}.00"
        match kind:
            case "change" | "insert":
                changed = {**item, "NetPriceAmount": price}
                self._server.move(put={"A_PurchaseOrder": [head], "A_PurchaseOrderItem": [changed]})
            case "delete":
                self._server.move(delete={"A_PurchaseOrderItem": [item]})
            case "order":
                self._server.move(put={"A_PurchaseOrder": [head]})
            case "order gone":
                self._server.move(delete={"A_PurchaseOrder": [{"PurchaseOrder": order}]})


@pytest.fixture
def sap() -> Iterator[tuple[Server, ODataClient]]:
    with local_sap() as opened:
        yield opened


def state(client: ODataClient, copy: Copy, service: str) -> State:
    """What SAP holds now, read in full."""
    pages = client.pages(service, copy.shape.entity_set)
    rows = [json.decode(raw) for page in pages for raw in page.rows]
    return {copy.key(row): row for row in rows}


def plain(rows: State) -> State:
    """Without what SAP says of a row beside its fields: addresses, tags, marks of changes."""
    marks = ("__metadata", "ODQ_CHANGEMODE", "ODQ_ENTITYCNTR")

    def is_field(name: str, value: Any) -> bool:
        return name not in marks and "@" not in name and not isinstance(value, dict)

    return {
        key: {name: value for name, value in row.items() if is_field(name, value)}
        for key, row in rows.items()
    }


def stored(position: DeltaPosition) -> DeltaPosition:
    """As another process finds it."""
    return json.decode(json.encode(position), type=DeltaPosition)


def read(
    client: ODataClient,
    service: str,
    copy: Copy,
    since: DeltaPosition | None,
    between: Restless | None = None,
    query: Query = EVERYTHING,
) -> DeltaPosition:
    """The position after all pages; something moves after each one."""
    position = since
    for page in client.changes(service, copy.shape.entity_set, query, since=since):
        copy.take(page)
        position = page.position
        if between:
            between.move()
    assert position is not None
    return stored(position)


@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.parametrize(("service", "entity_set"), SETS)
def test_what_is_read_while_sap_changes_is_what_sap_holds_after_the_changes(
    sap: tuple[Server, ODataClient], service: str, entity_set: str, seed: int
) -> None:
    server, client = sap
    copy = Copy(client.shape(service, entity_set), {})
    assert copy.shape.tracks_changes
    restless = Restless(server, seed)
    query = Query(page_size=2)
    position = read(client, service, copy, None, restless, query)
    for _ in range(4):
        restless.move()
        position = read(client, service, copy, position, restless, query)
    read(client, service, copy, position)
    assert restless.made >= {"change", "delete"}
    assert plain(copy.rows) == plain(state(client, copy, service))


@pytest.mark.parametrize(("service", "entity_set"), SETS)
def test_a_reader_that_dies_between_two_pages_goes_on_and_loses_nothing(
    sap: tuple[Server, ODataClient], service: str, entity_set: str
) -> None:
    """OD-P34: the page is stored, then its position; each process reads a single page."""
    server, client = sap
    copy = Copy(client.shape(service, entity_set), {})
    restless = Restless(server, 7)
    position: DeltaPosition | None = None
    quiet = 0
    for number in range(100):
        page = next(client.changes(service, entity_set, Query(page_size=3), since=position))
        copy.take(page)
        position = stored(page.position)
        if number < 12:
            restless.move()
        quiet = quiet + 1 if number >= 12 and page.last and not (page.rows or page.deleted) else 0
        if quiet == 2:
            break
    assert quiet == 2
    assert plain(copy.rows) == plain(state(client, copy, service))


def test_moves_that_wait_for_reads_come_between_two_pages_of_a_client(
    sap: tuple[Server, ODataClient],
) -> None:
    server, client = sap
    copy = Copy(client.shape(LOCAL_V4, "PurchaseOrderItem"), {})
    item = {"PurchaseOrder": "4500000001", "PurchaseOrderItem": "10"}
    server.move(delete={"A_PurchaseOrderItem": [item]}, after_reads=1)
    position = read(client, LOCAL_V4, copy, None, query=Query(page_size=5))
    assert len(copy.rows) == 14
    read(client, LOCAL_V4, copy, position)
    assert len(copy.rows) == 13
    assert plain(copy.rows) == plain(state(client, copy, LOCAL_V4))


def test_keys_with_quotes_slashes_and_umlauts_are_removed_like_any_other(
    sap: tuple[Server, ODataClient],
) -> None:
    server, client = sap
    odd = ["O'Brien", "45/1", "Mü ß,=(", "50%"]
    heads = [{"PurchaseOrder": key, "Supplier": "S1"} for key in odd]
    items = [{"PurchaseOrder": key, "PurchaseOrderItem": "10"} for key in odd]
    server.move(put={"A_PurchaseOrder": heads, "A_PurchaseOrderItem": items})
    for service, entity_set in SETS:
        copy = Copy(client.shape(service, entity_set), {})
        position = read(client, service, copy, None)
        server.move(delete={"A_PurchaseOrder": [{"PurchaseOrder": key} for key in odd]})
        (page,) = client.changes(service, entity_set, Query(page_size=50), since=position)
        assert sorted(key["PurchaseOrder"] for key in page.removed) == sorted(odd)
        assert all(key.keys() == set(copy.shape.keys) for key in page.removed)
        server.move(put={"A_PurchaseOrder": heads, "A_PurchaseOrderItem": items})


def test_slow_and_busy_answers_are_told_with_their_pages(sap: tuple[Server, ODataClient]) -> None:
    server, client = sap
    server.fault("throttle", of="reads")
    server.fault("unavailable", of="reads")
    server.fault("delay:0.1", of="reads")
    pages = list(client.pages(ITEMS_V2, "A_PurchaseOrderItem"))
    assert [page.busy for page in pages] == [2, *[0] * (len(pages) - 1)]
    assert pages[0].seconds >= 0.1 > pages[-1].seconds
