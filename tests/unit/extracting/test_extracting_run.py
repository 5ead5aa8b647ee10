"""A run of an extraction: plan, chunks, finish."""

from collections.abc import Iterable, Mapping
from datetime import date
from decimal import Decimal
from typing import Any

import msgspec
import pytest

from sapmatch.extracting.chunk import ChunkResult, extract_chunk
from sapmatch.extracting.finish import FinishResult, finish_extraction
from sapmatch.extracting.plan import Chunk, Plan, load_plan, plan_extraction, store_plan
from sapmatch.model.errors import InputRejected, SapUnavailable
from sapmatch.model.flow import EntitySet, Extraction
from sapmatch.model.order import Order, PostedInvoice
from sapmatch.model.ports import OrderKey, OrderScope
from tests.builders.memory import START, MemoryObjects
from tests.builders.paged_sap import PagedSap

EXTRACTION = Extraction(
    connection="s4",
    index=True,
    page_size=2,
    entity_sets=(
        EntitySet(service="/po", name="A_PurchaseOrder", filter="CompanyCode eq '1010'"),
        EntitySet(service="/so", name="A_SalesOrder", select=("SalesOrder",)),
    ),
)
PREFIX = "extracts/orders/run-1/"


@pytest.fixture
def sap() -> PagedSap:
    return PagedSap(A_PurchaseOrder=[["1", "2"], ["3"]], A_SalesOrder=[["7"]])


@pytest.fixture
def objects() -> MemoryObjects:
    return MemoryObjects()


def planned(sap: PagedSap) -> Plan:
    return plan_extraction("orders", EXTRACTION, "run-1", sap=sap, now=START)


def extracted(sap: PagedSap, objects: MemoryObjects) -> Plan:
    plan = planned(sap)
    for chunk in plan.chunks:
        extract_chunk(chunk, sap=sap, objects=objects)
    return plan


class Index:
    """Port Orders that remembers what it was given."""

    def __init__(self, known: Iterable[str] = ()) -> None:
        self.known = set(known)
        self.scopes: list[OrderScope] = []
        self.too_large: set[str] = set()

    def put(self, order: Order, keys: object, *, as_of: str) -> bool:
        assert as_of == START.isoformat()
        if order.id in self.too_large:
            raise InputRejected(f"order {order.id}: is too large")
        new = order.id not in self.known
        self.known.add(order.id)
        return new

    def put_posted(
        self, scope: OrderScope, invoice: PostedInvoice, keys: object, *, as_of: str
    ) -> bool:
        assert as_of == START.isoformat()
        self.scopes.append(scope)
        return True


def to_orders(
    rows: Mapping[str, Iterable[Any]],
) -> tuple[list[Order], list[PostedInvoice]]:
    names = [msgspec.json.decode(row)["Name"] for row in rows["A_PurchaseOrder"]]
    orders = [
        Order(
            id=name,
            side="purchase_order",
            connection="s4",
            client="100",
            company_code="1010",
            partner="1",
            currency="EUR",
        )
        for name in names
    ]
    posted = PostedInvoice(
        supplier_invoice="51",
        fiscal_year="2026",
        company_code="1010",
        invoicing_party="1",
        reference="R",
        document_date=date(2026, 11, 2),
        currency="EUR",
        gross=Decimal(1),
    )
    return orders, [posted]


def finished(plan: Plan, sap: PagedSap, objects: MemoryObjects, index: Any = None) -> FinishResult:
    return finish_extraction(
        plan,
        client="100",
        sap=sap,
        objects=objects,
        orders=index,
        to_orders=to_orders,
        order_keys=lambda order: (OrderKey("K1", order.id),),
        posted_keys=lambda invoice: (OrderKey("D1", invoice.reference),),
    )


def test_a_plan_has_a_chunk_per_entity_set_with_saps_count(sap: PagedSap) -> None:
    first, second = planned(sap).chunks
    assert (first.entity_set, first.count, first.filter) == (
        "A_PurchaseOrder",
        3,
        "CompanyCode eq '1010'",
    )
    assert (second.prefix, second.query.page_size) == (f"{PREFIX}A_SalesOrder/00001/", 2)


def test_a_chunk_survives_the_way_through_a_state_machine(sap: PagedSap) -> None:
    chunk = planned(sap).chunks[0]
    assert msgspec.convert(msgspec.to_builtins(chunk), Chunk) == chunk


def test_the_first_plan_of_a_run_stays(sap: PagedSap, objects: MemoryObjects) -> None:
    plan = store_plan(planned(sap), objects)
    sap.sets["A_PurchaseOrder"] = [["1"]]
    assert store_plan(planned(sap), objects) == plan
    assert load_plan("orders", "run-1", objects) == plan


def test_pages_lie_under_fixed_keys_and_done_counts_them(
    sap: PagedSap, objects: MemoryObjects
) -> None:
    result = extract_chunk(planned(sap).chunks[0], sap=sap, objects=objects)
    folder = f"{PREFIX}A_PurchaseOrder/00000/"
    assert list(objects.keys(folder)) == [
        f"{folder}done.json",
        f"{folder}page-00000.ndjson",
        f"{folder}page-00001.ndjson",
        f"{folder}position.json",
    ]
    assert len(objects.read(f"{folder}page-00000.ndjson").splitlines()) == 2
    assert (result.rows, result.pages, result.repeated) == (3, 2, 0)
    stored = sum(objects.size(f"{folder}page-0000{n}.ndjson") for n in (0, 1))
    assert result.bytes == stored
    assert result.last_key == "https://sap.example.com/A_PurchaseOrder('3')"
    assert msgspec.json.decode(objects.read(f"{folder}done.json"), type=ChunkResult) == result


def test_a_finished_chunk_run_again_stores_the_same_bytes(
    sap: PagedSap, objects: MemoryObjects
) -> None:
    """RE-11: even where SAP changed meanwhile."""
    chunk = planned(sap).chunks[0]
    first = extract_chunk(chunk, sap=sap, objects=objects)
    stored = {key: versions.copy() for key, versions in objects.versions.items()}
    sap.sets["A_PurchaseOrder"] = [["9"]]
    assert extract_chunk(chunk, sap=sap, objects=objects) == first
    assert objects.versions == stored


def test_a_chunk_goes_on_from_the_page_that_was_stored_last(
    sap: PagedSap, objects: MemoryObjects
) -> None:
    """RE-12, RE-19: resume from the stored position; the result is that of an undisturbed run."""
    chunk = planned(sap).chunks[0]
    whole = extract_chunk(chunk, sap=sap, objects=MemoryObjects())
    last = sap.sets["A_PurchaseOrder"][1]
    sap.sets["A_PurchaseOrder"][1] = SapUnavailable("503")
    with pytest.raises(SapUnavailable):
        extract_chunk(chunk, sap=sap, objects=objects)
    sap.sets["A_PurchaseOrder"][1] = last
    assert extract_chunk(chunk, sap=sap, objects=objects) == whole
    assert sap.links[-1] == "1"


class Mortal(MemoryObjects):
    """Dies at its nth write, before or after storing."""

    def __init__(self, dies_at: int, *, after: bool) -> None:
        super().__init__()
        self._left, self._after = dies_at, after

    def write(self, key: str, data: bytes) -> None:
        self._left -= 1
        if self._left == 0 and not self._after:
            raise KeyboardInterrupt
        super().write(key, data)
        if self._left == 0:
            raise KeyboardInterrupt


@pytest.mark.parametrize("after", [False, True])
@pytest.mark.parametrize("dies_at", range(1, 6))
def test_a_death_at_any_write_loses_and_doubles_nothing(
    sap: PagedSap, dies_at: int, after: bool
) -> None:
    """OD-P34: the page is stored before the position."""
    chunk = planned(sap).chunks[0]
    whole = MemoryObjects()
    expected = extract_chunk(chunk, sap=sap, objects=whole)
    objects = Mortal(dies_at, after=after)
    with pytest.raises(KeyboardInterrupt):
        extract_chunk(chunk, sap=sap, objects=objects)
    assert extract_chunk(chunk, sap=sap, objects=objects) == expected
    newest = {key: versions[-1] for key, versions in objects.versions.items()}
    assert newest == {key: versions[-1] for key, versions in whole.versions.items()}


def test_rows_that_sap_repeats_are_stored_once_also_after_a_crash(objects: MemoryObjects) -> None:
    """RE-19, OD-P24."""
    sap = PagedSap(A_PurchaseOrder=[["1", "2"], SapUnavailable("503")], A_SalesOrder=[[]])
    chunk = planned(sap).chunks[0]
    with pytest.raises(SapUnavailable):
        extract_chunk(chunk, sap=sap, objects=objects)
    sap.sets["A_PurchaseOrder"][1] = ["2", "3"]
    result = extract_chunk(chunk, sap=sap, objects=objects)
    assert (result.rows, result.repeated) == (3, 1)


def test_an_empty_page_in_between_is_no_end(objects: MemoryObjects) -> None:
    """OD-P23."""
    sap = PagedSap(A_PurchaseOrder=[["1"], [], ["2"]], A_SalesOrder=[[]])
    result = extract_chunk(planned(sap).chunks[0], sap=sap, objects=objects)
    assert (result.rows, result.pages) == (2, 2)


def test_a_run_is_published_with_counts_and_hashes(sap: PagedSap, objects: MemoryObjects) -> None:
    result = finished(extracted(sap, objects), sap, objects)
    assert result.rows == {"A_PurchaseOrder": 3, "A_SalesOrder": 1}
    assert result.notes == ()
    success = msgspec.json.decode(objects.read(f"{PREFIX}_SUCCESS"))
    assert [chunk["result"]["rows"] for chunk in success["chunks"]] == [3, 1]
    assert all(len(chunk["result"]["sha256"]) == 64 for chunk in success["chunks"])


def test_a_run_with_a_chunk_that_is_not_done_is_not_published(
    sap: PagedSap, objects: MemoryObjects
) -> None:
    plan = planned(sap)
    extract_chunk(plan.chunks[0], sap=sap, objects=objects)
    with pytest.raises(InputRejected, match="A_SalesOrder"):
        finished(plan, sap, objects)
    assert not objects.exists(f"{PREFIX}_SUCCESS")


def test_missing_rows_stop_a_run_before_it_is_published(
    sap: PagedSap, objects: MemoryObjects
) -> None:
    """RE-19, RE-20: SAP still counts more than it sent."""
    sap.counts["A_PurchaseOrder"] = [5]
    index = Index()
    with pytest.raises(InputRejected, match="3 rows were read, but SAP counts 5"):
        finished(extracted(sap, objects), sap, objects, index)
    assert not objects.exists(f"{PREFIX}_SUCCESS")
    assert index.known == set()


def test_rows_that_came_while_reading_are_explained(sap: PagedSap, objects: MemoryObjects) -> None:
    sap.counts["A_PurchaseOrder"] = [2, 4]
    result = finished(extracted(sap, objects), sap, objects)
    assert result.notes == (
        "A_PurchaseOrder: SAP held 2 rows before and 4 after the run, 3 were read",
    )


def test_the_index_is_fed_after_publishing_and_counts_what_changed(
    sap: PagedSap, objects: MemoryObjects
) -> None:
    index = Index(known=["2"])
    result = finished(extracted(sap, objects), sap, objects, index)
    assert (result.orders, result.orders_changed) == (3, 2)
    assert (result.posted, result.posted_changed) == (1, 1)
    assert index.scopes == [OrderScope("s4", "100", "1010")]


def test_finishing_again_publishes_the_same_and_feeds_the_index_once_more(
    sap: PagedSap, objects: MemoryObjects
) -> None:
    """RE-12: a death between publishing and the index is repaired."""
    plan = extracted(sap, objects)
    finished(plan, sap, objects)
    sap.counts["A_PurchaseOrder"] = [99]
    index = Index()
    assert finished(plan, sap, objects, index).orders_changed == 3
    assert len(objects.versions[f"{PREFIX}_SUCCESS"]) == 1


def test_a_run_that_feeds_no_index_leaves_it_alone(sap: PagedSap, objects: MemoryObjects) -> None:
    plan = msgspec.structs.replace(extracted(sap, objects), index=False)
    index = Index()
    assert finished(plan, sap, objects, index).orders == 0
    assert index.known == set()


def test_an_order_that_the_index_refuses_stops_no_other(
    sap: PagedSap, objects: MemoryObjects
) -> None:
    index = Index()
    index.too_large = {"1"}
    result = finished(extracted(sap, objects), sap, objects, index)
    assert (result.orders_changed, result.orders_skipped) == (2, 1)
    assert result.notes == ("order 1: is too large",)
