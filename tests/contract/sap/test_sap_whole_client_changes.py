"""Changes and operations against every server that has them; see test_sap_whole_client.py."""

from collections.abc import Iterator
from datetime import date
from decimal import Decimal
from typing import Any

import msgspec
import pytest

from local.sap.server import Server, serve
from sapmatch.model.changes import ChangePage, DeltaPosition, DeltaState
from sapmatch.model.connection import ServiceOptions
from sapmatch.model.errors import ResyncRequired, SapRejected
from sapmatch.model.query import ODataValue, Query
from sapmatch.sap.odata.batch import Changeset, Update
from sapmatch.sap.odata.client import ODataClient
from sapmatch.sap.odata.delta import lost
from sapmatch.sap.odata.service import Service
from tests.builders.sap_server import PASSWORD
from tests.contract.local_sap.local_sap_world import invoice, seed
from tests.contract.sap.sap_other_servers import USER
from tests.contract.sap.sap_peers import (
    ALL,
    LOCAL_V4,
    ORDERS,
    Peer,
    client_at,
    local_sap,
    opened,
)

ODP = "/sap/opu/odata/sap/ZSAPMATCH_ODP_SRV"
FACTS = "FactsOfPurchaseOrders"
PURCHASES = "/sap/opu/odata/sap/API_PURCHASEORDER_PROCESS_SRV"
SALES_V4 = "/sap/opu/odata4/sap/api_salesorder/srvd_a2x/sap/salesorder/0001"
INVOICES = "/sap/opu/odata/sap/API_SUPPLIERINVOICE_PROCESS_SRV"
ITEMS = "A_PurchaseOrderItem"
# The sales orders of local/sap V2 have no delta, as SAP's have none: its ODP service is below.
TRACK_ORDERS = [name for name in ALL if name != "local/sap V2"]


@pytest.fixture
def local() -> Iterator[tuple[Server, ODataClient]]:
    with local_sap() as found:
        yield found


@pytest.fixture(params=TRACK_ORDERS)
def peer(request: pytest.FixtureRequest) -> Iterator[Peer]:
    with opened(request.param) as found:
        yield found


def item(number: str, of: str = "4500000001") -> dict[str, str]:
    return {"PurchaseOrder": of, "PurchaseOrderItem": number}


def changes(
    service: Service, entity_set: str, since: DeltaPosition | None
) -> tuple[list[ChangePage], DeltaPosition]:
    pages = list(service.changes(entity_set, since=since))
    return pages, pages[-1].position


def plain(pages: list[ChangePage]) -> list[Any]:
    return [msgspec.json.decode(raw) for page in pages for raw in page.rows]


def gone(pages: list[ChangePage]) -> list[bytes]:
    return [bytes(raw) for page in pages for raw in page.deleted]


def test_changes_follow_the_first_load_and_tell_what_was_deleted(peer: Peer) -> None:
    """OD-P30, OD-P31, OD-P38."""
    service, names = peer.service, peer.names
    pages, start = changes(service, names.orders, None)
    assert len({row[names.number] for row in plain(pages)}) == ORDERS
    assert start.state is DeltaState.TRACKING
    one, two = (peer.key(row) for row in plain(pages)[:2])
    service.update(names.orders, one, {names.text: "CHANGED"})
    new = service.create(names.orders, peer.new("NEW", ("1",))).key
    service.delete(names.orders, two)
    pages, following = changes(service, names.orders, start)
    assert {row[names.number]: row[names.text] for row in plain(pages)} == {
        one[names.number]: "CHANGED",
        new[names.number]: "NEW",
    }
    (deleted,) = gone(pages)
    assert two[names.number].encode() in deleted
    assert following != start
    again, _ = changes(service, names.orders, start)
    assert plain(again) == plain(pages)


def test_the_changes_of_a_queue_come_with_what_was_deleted(
    local: tuple[Server, ODataClient],
) -> None:
    """OD-P30, OD-P38: ODP over V2; rows are typed by $metadata wherever they come from."""
    _, client = local
    odp, purchases = client.service(ODP), client.service(PURCHASES)
    pages, start = changes(odp, FACTS, None)
    assert [len(page.rows) for page in pages] == [3, 3, 3, 3, 2]
    purchases.update(ITEMS, item("10"), {"NetPriceAmount": Decimal("12.34")})
    purchases.delete(ITEMS, item("20"))
    pages, following = changes(odp, FACTS, start)
    (changed,) = plain(pages)
    assert (changed["PurchaseOrderItem"], changed["NetPriceAmount"]) == ("10", "12.34")
    (deleted,) = gone(pages)
    row = msgspec.json.decode(deleted)
    assert (row["PurchaseOrderItem"], row["ODQ_CHANGEMODE"]) == ("20", "D")
    pages, _ = changes(odp, FACTS, following)
    assert plain(pages) == gone(pages) == []


def test_a_change_during_the_first_load_is_not_lost(local: tuple[Server, ODataClient]) -> None:
    """OD-P34: the position of a page goes on from there, also in another process."""
    _, client = local
    odp = client.service(ODP)
    first = next(iter(odp.changes(FACTS)))
    stored = msgspec.json.encode(first.position)
    client.service(PURCHASES).update(ITEMS, item("20"), {"NetPriceAmount": Decimal(7)})
    rest, start = changes(odp, FACTS, msgspec.json.decode(stored, type=DeltaPosition))
    assert len(plain([first, *rest])) == 2 * ORDERS
    pages, _ = changes(odp, FACTS, start)
    assert [row["PurchaseOrderItem"] for row in plain(pages)] == ["20"]


def test_a_forgotten_position_is_said_and_never_loaded_in_full(
    local: tuple[Server, ODataClient],
) -> None:
    """OD-P35: V2 and V4; a new load is asked for on purpose."""
    server, client = local
    for path, name in ((ODP, FACTS), (LOCAL_V4, "PurchaseOrder")):
        service = client.service(path)
        _, start = changes(service, name, None)
        server.forget("delta-tokens")
        before = len(server.log.entries())
        with pytest.raises(ResyncRequired):
            changes(service, name, start)
        assert len(server.log.entries()) == before + 1
        with pytest.raises(ResyncRequired):
            changes(service, name, lost(start))
        assert len(server.log.entries()) == before + 1
        pages, _ = changes(service, name, None)
        assert len(plain(pages)) in (ORDERS, 2 * ORDERS)


def test_sales_orders_of_v4_take_one_change_in_a_changeset(
    local: tuple[Server, ODataClient],
) -> None:
    """OD-P100: refused as a whole, or, as the settings say, sent one by one."""
    server, client = local
    changeset = Changeset(
        tuple(
            Update("SalesOrder", {"SalesOrder": number}, {"PurchaseOrderByCustomer": "X"})
            for number in ("1", "2")
        )
    )
    by_text = Query(equals={"PurchaseOrderByCustomer": "X"})
    refused = client.service(SALES_V4).batch([changeset])
    assert [each.status for each in refused] == ["failed", "failed"]
    assert client.count(SALES_V4, "SalesOrder", by_text) == 0
    options = {SALES_V4: ServiceOptions(one_operation_changesets=True)}
    with client_at(server.url, services=options) as other:
        done = other.service(SALES_V4).batch([changeset])
        assert [each.status for each in done] == ["succeeded", "succeeded"]
        assert other.count(SALES_V4, "SalesOrder", by_text) == 2


def test_function_imports_read_and_write(local: tuple[Server, ODataClient]) -> None:
    """V2, by GET: a complex result, and records over several pages."""
    _, client = local
    found = client.service(PURCHASES).call("GetPDF", {"PurchaseOrder": "4500000001"})
    assert isinstance(found, dict)
    assert found["PurchaseOrderBinary"].startswith("JVBERi")
    parameters: dict[str, ODataValue | None] = {
        "Supplier": "S1",
        "Since": date(2026, 10, 1),
        "MinimumQuantity": Decimal("1.5"),
        "OpenOnly": True,
    }
    items = client.service(ODP).call("GetItemsOfSupplier", parameters)
    assert isinstance(items, list)
    assert {row["Supplier"] for row in items} == {"S1"}
    assert len(items) == 6


def test_a_parked_invoice_is_posted_and_cancelled_by_function_imports() -> None:
    """V2, by POST: each is sent once, with a key and a date among its parameters."""
    users = {USER: PASSWORD}
    with serve(seed(), users=users) as server, client_at(server.url) as client:
        service = client.service(INVOICES)
        key = service.create("A_SupplierInvoice", invoice(SupplierInvoiceStatus="A")).key
        posted = service.call("Post", key)
        assert isinstance(posted, dict)
        assert posted["Success"] is True
        found = service.get("A_SupplierInvoice", key)
        assert found is not None
        assert found.row["SupplierInvoiceStatus"] == "5"
        with pytest.raises(SapRejected):
            service.call("Post", key)
        day = date(2026, 10, 2)
        cancelled = service.call("Cancel", {**key, "PostingDate": day, "ReversalReason": "01"})
        assert isinstance(cancelled, dict)
        assert cancelled["Success"] is True
        calls = [each["path"] for each in server.log.entries() if each["method"] == "POST"]
        assert [path.rpartition("/")[2] for path in calls[1:]] == ["Post", "Post", "Cancel"]


def test_a_bound_function_and_a_bound_action_are_called(
    local: tuple[Server, ODataClient],
) -> None:
    """V4: the action changes the order once, and needs the ETag of its order."""
    _, client = local
    service = client.service(LOCAL_V4)
    name = "PurchaseOrder"
    received = service.call("GetReceivedQuantity", entity_set="PurchaseOrderItem", key=item("10"))
    assert received == 0
    key = {"PurchaseOrder": "4500000001"}
    released = service.call("Release", entity_set=name, key=key)
    assert isinstance(released, dict)
    assert released["ReleaseIsNotCompleted"] is False
    found = service.get(name, key)
    assert found is not None
    assert found.row["ReleaseIsNotCompleted"] is False
    with pytest.raises(SapRejected, match="released already"):
        service.call("Release", entity_set=name, key=key)
