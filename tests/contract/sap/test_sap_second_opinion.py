"""A stand-in that others wrote: sales orders of mock-sap, paged by a shim as SAP would.

Never proof of how SAP behaves; proof that we do not only understand ourselves.
"""

import json
import threading
from collections.abc import Iterator
from urllib.parse import urlencode

import pytest
import requests
from mocksap import Config, make_server

from sapmatch.model.errors import AuthorizationMissing, LogonRefused, PreconditionFailed
from sapmatch.model.query import Query
from sapmatch.sap.odata.client import ODataClient
from tests.builders.sap_server import PASSWORD, Received, Reply, SapServer, client_of

SERVICE = "/sap/opu/odata/sap/API_SALES_ORDER_SRV"
ORDERS = "A_SalesOrder"
HOP_BY_HOP = {"content-length", "connection", "transfer-encoding", "content-encoding", "date"}
PAGE = 4


class Shim:
    """Passes requests on to mock-sap, and gives collections page by page."""

    def __init__(self, url: str) -> None:
        self._url = url

    def __call__(self, request: Received) -> Reply:
        pages = request.method == "GET" and request.path == f"{SERVICE}/{ORDERS}"
        skip = int(request.query.partition("$skiptoken=")[2] or 0)
        extra = "&" + urlencode({"$top": PAGE + 1, "$skip": skip}) if pages else ""
        target = request.target.partition("&$skiptoken")[0] + extra
        headers = {n: t for n, t in request.headers.items() if n not in ("host", "test-peer")}
        answer = requests.request(
            request.method, self._url + target, headers=headers, data=request.body, timeout=10
        )
        kept = [(n, t) for n, t in answer.headers.items() if n.lower() not in HOP_BY_HOP]
        body = answer.content
        if pages and answer.ok:
            body = self._page(answer.json(), request, skip)
        return Reply(answer.status_code, body, kept)

    def _page(self, page: dict[str, dict[str, object]], request: Received, skip: int) -> bytes:
        rows = page["d"]["results"]
        assert isinstance(rows, list)
        if len(rows) > PAGE:
            start = request.target.partition("&$skiptoken")[0]
            page["d"] = {"results": rows[:PAGE], "__next": f"{start}&$skiptoken={skip + PAGE}"}
        return json.dumps(page, indent=2).encode()


@pytest.fixture
def server() -> Iterator[SapServer]:
    config = Config(
        port=0, db_path=":memory:", quiet=True, require_if_match=True,
        basic_auth=f"TESTER:{PASSWORD}",
    )  # fmt: skip
    mock = make_server(config)
    mock.RequestHandlerClass.disable_nagle_algorithm = True
    thread = threading.Thread(target=mock.serve_forever, args=(0.01,))
    thread.start()
    url = f"http://127.0.0.1:{mock.server_port}"
    try:
        requests.post(
            f"{url}/_mock/reset",
            json={"seed": 7, "orders": 10},
            auth=("TESTER", PASSWORD),
            timeout=10,
        )
        with SapServer(Shim(url)) as shim:
            yield shim
    finally:
        mock.shutdown()
        mock.server_close()
        thread.join(5)


@pytest.fixture
def client(server: SapServer) -> Iterator[ODataClient]:
    with client_of(server) as opened:
        yield opened


def test_all_orders_are_read_page_by_page(client: ODataClient) -> None:
    """OD-P20, OD-P24, OD-P27."""
    pages = list(client.pages(SERVICE, ORDERS))
    assert [len(page.rows) for page in pages] == [4, 4, 2]
    found = {entity.row["SalesOrder"] for entity in client.find(SERVICE, ORDERS, Query())}
    assert len(found) == client.count(SERVICE, ORDERS) == 10


def test_an_order_is_found_by_its_reference_and_by_its_key(client: ODataClient) -> None:
    any_order = client.find(SERVICE, ORDERS, Query())[3].row
    reference = {name: any_order[name] for name in ("PurchaseOrderByCustomer", "SoldToParty")}
    (found,) = client.find(SERVICE, ORDERS, Query(equals=reference))
    key = {"SalesOrder": any_order["SalesOrder"]}
    single = client.get(SERVICE, ORDERS, key, expand=("to_Item",))
    assert single is not None
    assert single.row["SalesOrder"] == found.row["SalesOrder"]
    assert single.etag == found.etag
    assert single.row["to_Item"]["results"]
    assert client.get(SERVICE, ORDERS, {"SalesOrder": "0"}) is None


def test_an_order_is_changed_with_its_etag_and_only_with_it(client: ODataClient) -> None:
    """OD-P65, OD-P66, OD-P67."""
    before = client.find(SERVICE, ORDERS, Query())[0]
    key = {"SalesOrder": before.row["SalesOrder"]}
    changes = {"PurchaseOrderByCustomer": "INV O'Brien/1"}
    client.update(SERVICE, ORDERS, key, changes, etag=before.etag)
    after = client.get(SERVICE, ORDERS, key)
    assert after is not None
    assert after.row["PurchaseOrderByCustomer"] == "INV O'Brien/1"
    (found,) = client.find(SERVICE, ORDERS, Query(equals=changes))
    assert found.row["SalesOrder"] == before.row["SalesOrder"]
    for etag in ("W/\"datetime'1999-01-01T00%3A00%3A00'\"", None):
        with pytest.raises(PreconditionFailed):
            client.update(SERVICE, ORDERS, key, {"PurchaseOrderByCustomer": "X"}, etag=etag)


def test_an_order_is_created_with_its_items(client: ODataClient) -> None:
    """OD-P80."""
    like = client.find(SERVICE, ORDERS, Query(expand=("to_Item",)))[0].row
    names = ("SalesOrderType", "SalesOrganization", "DistributionChannel", "OrganizationDivision",
             "SoldToParty")  # fmt: skip
    item = like["to_Item"]["results"][0]
    record = {
        **{name: like[name] for name in names},
        "PurchaseOrderByCustomer": "NEW-1",
        "to_Item": [{"Material": item["Material"], "RequestedQuantity": "3"}],
    }
    written = client.create(SERVICE, ORDERS, record)
    assert set(written.key) == {"SalesOrder"}
    entity = client.get(SERVICE, ORDERS, written.key, expand=("to_Item",))
    assert entity is not None
    assert entity.row["PurchaseOrderByCustomer"] == "NEW-1"
    assert len(entity.row["to_Item"]["results"]) == 1


def test_a_token_and_its_cookie_are_what_the_stand_in_wants(
    client: ODataClient, server: SapServer
) -> None:
    """OD-P01, OD-P07: it hands out the token on a refused HEAD."""
    key = {"SalesOrder": client.find(SERVICE, ORDERS, Query())[0].row["SalesOrder"]}
    refused = pytest.raises((LogonRefused, AuthorizationMissing))
    with client_of(server, csrf="never") as without, refused:
        without.delete(SERVICE, ORDERS, key, etag="*")
    assert client.get(SERVICE, ORDERS, key) is not None
