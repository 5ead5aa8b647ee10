"""What mock-sap says of its own, beside what test_sap_whole_client.py asks of every server.

mock-sap 0.22.0 was asked for all of it. What it does not offer, V2 and V4 alike: pages of its own
(neither by itself nor by `odata.maxpagesize`: a shim cuts them), function imports, functions and
actions (none in any of its services), ETags of items, delta tokens that expire (it refuses only
what it never wrote), and in V4 `any` and `all`. Each of these is held by a test below, so that
this list cannot grow old.
"""

from collections.abc import Iterator
from decimal import Decimal
from typing import Literal

import pytest

from sapmatch.model.connection import ServiceOptions
from sapmatch.model.errors import (
    ResyncRequired,
    SapRejected,
)
from sapmatch.model.query import Query, field
from sapmatch.sap.odata.service import Service
from tests.builders.sap_server import PASSWORD, SapServer
from tests.contract.sap.sap_other_servers import MOCK_V2, MOCK_V4, ORDERS, mock_sap
from tests.contract.sap.sap_peers import client_at

SETS = {MOCK_V2: ("A_SalesOrder", "A_SalesOrderItem"), MOCK_V4: ("SalesOrder", "SalesOrderItem")}
TEXT = "PurchaseOrderByCustomer"
BOTH = pytest.mark.parametrize("path", [MOCK_V2, MOCK_V4], ids=["V2", "V4"])


@pytest.fixture
def server() -> Iterator[SapServer]:
    with mock_sap(page_size=ORDERS) as found:
        yield found


def some_order(service: Service, orders: str) -> dict[str, str]:
    row = service.find(orders, Query(top=1))[0].row
    return {"SalesOrder": row["SalesOrder"]}


@BOTH
def test_a_token_and_its_cookie_are_what_it_wants(server: SapServer, path: str) -> None:
    """OD-P01, OD-P07: it hands out the token on a refused HEAD."""
    orders, _ = SETS[path]
    for mode in ("never", "auto"):
        with client_at(server.url, csrf=mode) as client:
            service = client.service(path)
            key = some_order(service, orders)
            before = len(server.requests)
            service.delete(orders, key, etag="*")
            assert service.get(orders, key) is None
        sent = [request.headers.get("x-csrf-token") for request in server.requests[before:]]
        assert any(text not in (None, "Fetch") for text in sent)
    assert PASSWORD not in str([request.target for request in server.requests])


@pytest.mark.parametrize("method", ["PATCH", "MERGE", "PUT"])
def test_it_is_changed_by_every_method(
    server: SapServer, method: Literal["PATCH", "MERGE", "PUT"]
) -> None:
    """OD-P71."""
    services = {MOCK_V2: ServiceOptions(update_method=method)}
    with client_at(server.url, services=services) as client:
        service = client.service(MOCK_V2)
        service.metadata()  # a PUT leaves out what it says nobody changes: mock-sap refuses that
        key = some_order(service, "A_SalesOrder")
        service.update("A_SalesOrder", key, {TEXT: "INV O'Brien/1"})
        (found,) = service.find("A_SalesOrder", Query(equals={TEXT: "INV O'Brien/1"}))
        assert found.row["SalesOrder"] == key["SalesOrder"]
    assert server.written()[-1].method == method


def test_an_order_and_its_item_are_changed_together(server: SapServer) -> None:
    """OD-P80: one by one in V2."""
    with client_at(server.url) as client:
        service = client.service(MOCK_V2)
        key = some_order(service, "A_SalesOrder")
        item = next(service.rows("A_SalesOrderItem", Query(equals=key)))
        item_key = {**key, "SalesOrderItem": item["SalesOrderItem"]}
        nested = [{**item_key, "RequestedQuantity": Decimal("5.125")}]
        service.update("A_SalesOrder", key, {TEXT: "DEEP", "to_Item": nested})
        (changed,) = service.rows("A_SalesOrderItem", Query(equals=item_key))
        assert changed["RequestedQuantity"] == Decimal("5.125")
        (header,) = service.rows("A_SalesOrder", Query(equals=key))
        assert header[TEXT] == "DEEP"


@BOTH
def test_it_cuts_no_pages_and_calls_nothing(server: SapServer, path: str) -> None:
    """What it does not offer: `top` goes around the shim."""
    orders, items = SETS[path]
    with client_at(server.url) as client:
        service = client.service(path)
        (page,) = service.pages(orders, Query(top=ORDERS, page_size=2))
        assert len(page.rows) == ORDERS
        assert service.metadata().operations == ()
        key = some_order(service, orders)
        item = service.find(items, Query(equals=key))[0]
        assert item.etag is None


@BOTH
def test_only_what_is_no_token_is_an_unknown_position(server: SapServer, path: str) -> None:
    """OD-P35: an old token is answered as long as it can be read."""
    orders, _ = SETS[path]
    with client_at(server.url) as client:
        service = client.service(path)
        with pytest.raises(ResyncRequired):
            list(service.changes(orders, since=service.position_after(orders, "NOPE")))
        old = service.position_after(orders, "D20010101T000000000")
        (page,) = service.changes(orders, since=old)
        assert len(page.rows) == ORDERS


def test_it_knows_no_any(server: SapServer) -> None:
    """What it does not offer, as a refusal that names the place."""
    condition = field("to_Item").any(field("RequestedQuantity").gt(Decimal(1)))
    with client_at(server.url) as client, pytest.raises(SapRejected, match=r"\$filter"):
        client.service(MOCK_V4).find("SalesOrder", Query(where=condition))
