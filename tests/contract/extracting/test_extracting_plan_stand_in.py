"""Plans against the embedded SAP: its own answers cut the work, and the chunks hold every row."""

from collections import Counter
from collections.abc import Iterator

import pytest

from local.sap.server import serve
from sapmatch.extracting.partition import CHUNKS_PER_READER
from sapmatch.extracting.plan import plan_extraction
from sapmatch.extracting.positions import Position, store_position
from sapmatch.extracting.run import Plan
from sapmatch.model.auth import Basic
from sapmatch.model.connection import Connection, Limits
from sapmatch.model.errors import InputRejected
from sapmatch.model.flow import EntitySet, Extraction, Mode
from sapmatch.sap.auth.credentials import Given
from sapmatch.sap.connection import connect
from sapmatch.sap.odata.client import ODataClient
from tests.builders.control import MemoryControl
from tests.builders.memory import START, MemoryObjects

ORDERS = 130
V2 = "/sap/opu/odata/sap/API_SALES_ORDER_SRV"
V4 = "/sap/opu/odata4/sap/api_salesorder/srvd_a2x/sap/salesorder/0001"


def seed() -> dict[str, list[dict[str, object]]]:
    return {
        "A_SalesOrder": [
            {
                "SalesOrder": str(number),
                "SoldToParty": f"C{number % 3}",
                "TransactionCurrency": "EUR",
                "LastChangeDateTime": f"/Date({1790812800000 + number * 60_000}+0000)/",
            }
            for number in range(1, ORDERS + 1)
        ],
        "A_SalesOrderItem": [
            {"SalesOrder": str(number), "SalesOrderItem": str(item)}
            for number in range(1, 41)
            for item in (10, 20, 30)
        ],
    }


@pytest.fixture(scope="module")
def sap() -> Iterator[ODataClient]:
    with serve(seed(), users={"ROBOT": "Geheim-1"}, page_size=7) as server:
        auth = Basic(secret="env:S4")
        limits = Limits(requests_per_second=2000, burst=100)
        connection = Connection(url=server.url, client="100", auth=auth, limits=limits)
        with connect("s4", connection, Given({"user": "ROBOT", "password": "Geheim-1"})) as client:
            yield client


def planned(
    sap: ODataClient, entity_set: EntitySet, mode: Mode = "full", latest: str | None = None
) -> Plan:
    control = MemoryControl()
    if latest:
        store_position(control, "x", entity_set.name, Position(run_id="r0", latest=latest))
    extraction = Extraction(
        connection="s4", entity_sets=(entity_set,), mode=mode, parallel=2, page_size=1
    )
    return plan_extraction(
        "x", extraction, "r1", sap=sap, objects=MemoryObjects(), control=control, now=START
    )


def read(sap: ODataClient, plan: Plan) -> Counter[bytes]:
    """The rows of all chunks, and how often each came."""
    source = plan.sources[0]
    found: Counter[bytes] = Counter()
    for chunk in plan.chunks:
        for page in sap.pages(source.service, source.entity_set, plan.query(chunk)):
            found.update(bytes(row) for row in page.rows)
    return found


@pytest.mark.parametrize(
    "entity_set",
    [
        EntitySet(service=V2, name="A_SalesOrder"),
        EntitySet(service=V2, name="A_SalesOrder", partition="skip"),
        EntitySet(service=V2, name="A_SalesOrder", select=("SoldToParty",)),
        EntitySet(service=V2, name="A_SalesOrderItem", partition="key"),
        EntitySet(service=V4, name="SalesOrder"),
        EntitySet(service=V4, name="SalesOrder", partition="skip"),
    ],
    ids=lambda each: f"{each.name} {each.partition} {' '.join(each.select)}",
)
def test_chunks_hold_every_row_once(sap: ODataClient, entity_set: EntitySet) -> None:
    plan = planned(sap, entity_set)
    assert CHUNKS_PER_READER < len(plan.chunks) <= 2 * CHUNKS_PER_READER
    found = read(sap, plan)
    assert set(found.values()) == {1}
    assert len(found) == plan.sources[0].counted


def test_what_changed_is_counted_and_cut_too(sap: ODataClient) -> None:
    asked = EntitySet(service=V2, name="A_SalesOrder", field="LastChangeDateTime")
    plan = planned(sap, asked, "timestamp", "2026-10-01T01:00:00+00:00")
    assert plan.sources[0].counted == ORDERS - 54  # those of the last five minutes before it too
    assert len(read(sap, plan)) == ORDERS - 54
    assert len(plan.chunks) > 1


def test_what_sap_cannot_do_is_told_before_anything_is_read(sap: ODataClient) -> None:
    with pytest.raises(InputRejected, match="LastChangeDateTime"):
        planned(
            sap,
            EntitySet(
                service=V2,
                name="A_SalesOrder",
                partition="date",
                partition_field="LastChangeDateTime",
            ),
        )
    with pytest.raises(InputRejected, match="Colour"):
        planned(sap, EntitySet(service=V2, name="A_SalesOrder", select=("Colour",)))
