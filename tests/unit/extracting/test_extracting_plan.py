"""What a run reads is said once, from metadata, counts and the positions of the last run."""

import json
from datetime import UTC, datetime
from typing import Any, Literal

import msgspec
import pytest
from msgspec.structs import replace

from sapmatch.extracting.plan import plan_extraction
from sapmatch.extracting.positions import Pointer, Position, store_position, store_published
from sapmatch.extracting.run import (
    Plan,
    Published,
    PublishedSet,
    Range,
    chunks_key,
    plan_key,
    success_key,
)
from sapmatch.model.changes import DeltaPosition, DeltaState
from sapmatch.model.errors import InputRejected, ResyncRequired, SapRejected, SapUnavailable
from sapmatch.model.flow import EntitySet, Extraction, Output
from sapmatch.model.query import EVERYTHING, Query
from sapmatch.model.shape import Field, Kind, Shape
from tests.builders.control import MemoryControl
from tests.builders.memory import START, MemoryObjects
from tests.builders.moving_sap import MovingSap

SET = "Orders"
SHAPE = Shape(
    entity_set=SET,
    version="V2",
    keys=("Order",),
    fields=(
        Field(name="Order", kind="text", nullable=False),
        Field(name="Amount", kind="decimal", precision=15, scale=2),
        Field(name="ChangedAt", kind="moment"),
        Field(name="Day", kind="date"),
        Field(name="Local", kind="datetime"),
        Field(name="Hidden", kind="moment", filterable=False),
    ),
)
ORDERS = EntitySet(service="/s", name=SET)
DELTA = DeltaPosition(
    subscriber="ANNA", entity_set=SET, state=DeltaState.TRACKING, link="Orders?!deltatoken='1'"
)


class CountingSap(MovingSap):
    """Keeps the queries of `count`; `refusal` is what SAP answers to it."""

    refusal: Exception | None = None

    def __init__(self, shape: Shape = SHAPE, rows: int = 3) -> None:
        super().__init__(shape)
        self.counted: list[Query] = []
        for number in range(rows):
            day = f"/Date({number * 86_400_000}+0000)/"
            self.put(SET, Order=f"{number:04d}", Amount="1.00", ChangedAt=day)

    def count(self, service: str, entity_set: str, query: Query = EVERYTHING) -> int:
        self.counted.append(query)
        if self.refusal:
            raise self.refusal
        return super().count(service, entity_set, replace(query, filter=None))


class House:
    """An extraction with what it leaves behind."""

    def __init__(self, sap: MovingSap | None = None) -> None:
        self.sap = sap or CountingSap()
        self.objects = MemoryObjects()
        self.control = MemoryControl()

    def plan(self, run_id: str = "r1", *, reload: bool = False, **more: Any) -> Plan:
        settings: dict[str, Any] = {"connection": "s4", "entity_sets": (ORDERS,)} | more
        return plan_extraction(
            "orders",
            Extraction(**settings),
            run_id,
            sap=self.sap,
            objects=self.objects,
            control=self.control,
            now=START,
            reload=reload,
        )

    def publish(self, shape: Shape = SHAPE, **position: Any) -> None:
        """A good run before, with what it stored."""
        found = PublishedSet(
            entity_set=SET,
            service="/s",
            mode="full",
            snapshot=True,
            rows=0,
            deleted=0,
            repeated=0,
            pages=0,
            bytes=0,
            files=(),
            shape=shape,
        )
        published = Published(
            extraction="orders",
            run_id="r0",
            planned_at="",
            published_at="",
            output=Output(),
            sets=(found,),
        )
        self.objects.write(success_key("orders", "r0"), msgspec.json.encode(published))
        store_published(self.control, "orders", Pointer(run_id="r0"))
        store_position(self.control, "orders", SET, Position(run_id="r0", **position))


def test_a_plan_says_what_is_read_and_is_stored_with_one_descriptor_a_chunk() -> None:
    """RE-9: what a state passes on stays small, whatever filters hold."""
    house = House(CountingSap(rows=100))
    output = Output(format="parquet", values="typed")
    plan = house.plan(page_size=1, parallel=2, index=True, keep=3, output=output)
    (source,) = plan.sources
    assert (source.shape, source.mode, source.counted) == (SHAPE, "full", 100)
    assert (plan.index, plan.keep, plan.output, plan.page_size) == (True, 3, output, 1)
    assert plan.planned_at == "2026-11-02T08:00:00+00:00"
    assert [chunk.number for chunk in plan.chunks] == [*range(8)]
    described = json.loads(house.objects.read(chunks_key("orders", "r1")))
    assert described == [
        {"extraction": "orders", "run_id": "r1", "number": number} for number in range(8)
    ]
    assert msgspec.json.decode(house.objects.read(plan_key("orders", "r1")), type=Plan) == plan


def test_chunks_of_several_sets_are_numbered_on() -> None:
    sap = CountingSap(rows=100)
    sap.sets |= MovingSap(replace(SHAPE, entity_set="Items")).sets
    items = EntitySet(service="/s", name="Items", mode="delta")
    plan = House(sap).plan(page_size=1, parallel=2, entity_sets=(ORDERS, items))
    assert [(chunk.number, chunk.source) for chunk in plan.chunks] == [
        *((number, 0) for number in range(8)),
        (8, 1),
    ]


def test_a_repetition_goes_on_with_the_plan_that_stands() -> None:
    """RE-11: settings and SAP may have changed since."""
    house = House()
    first = house.plan()
    house.sap.put(SET, Order="9999", Amount="1.00", ChangedAt=None)
    house.objects.delete(chunks_key("orders", "r1"))
    again = house.plan(page_size=7, reload=True)
    assert again == first
    assert json.loads(house.objects.read(chunks_key("orders", "r1")))[0]["number"] == 0


def test_of_two_planners_the_first_wins_and_both_hold_its_plan_and_chunks() -> None:
    """RE-31."""
    house = House(CountingSap(rows=100))
    theirs: list[Plan] = []

    class Crowded(MemoryObjects):
        crowded = False

        def write_once(self, key: str, data: bytes) -> bool:
            if not self.crowded:
                self.crowded = True
                theirs.append(house.plan(page_size=10))
            return super().write_once(key, data)

    house.objects = Crowded()
    mine = house.plan(page_size=1)
    assert [mine] == theirs
    assert mine.page_size == 10
    assert len(json.loads(house.objects.read(chunks_key("orders", "r1")))) == len(mine.chunks) == 1


def test_what_is_selected_holds_the_key_and_the_fields_that_the_run_needs() -> None:
    asked = replace(ORDERS, select=("Amount",), mode="timestamp", field="ChangedAt")
    (source,) = House().plan(entity_sets=(asked,)).sources
    assert source.select == ("Amount", "Order", "ChangedAt")
    assert source.changed_field == "ChangedAt"
    assert [field.name for field in source.shape.fields] == ["Order", "Amount", "ChangedAt"]


@pytest.mark.parametrize("own", [("Order",), ("*",)])
def test_keys_come_along_where_fields_of_an_expansion_are_selected(own: tuple[str, ...]) -> None:
    """The shape has them too: typed rows would hold null where SAP was not asked for them."""
    text = replace(SHAPE, entity_set="Texts", keys=("Language",))
    items = replace(SHAPE, entity_set="Items", keys=("Order", "Item"), nested={"to_Text": text})
    sap = CountingSap(replace(SHAPE, nested={"to_Item": items, "to_Partner": text}))
    select = (*own, "to_Item/Amount", "to_Item/to_Text/Text", "to_Partner/*")
    asked = replace(ORDERS, select=select, expand=("to_Item", "to_Partner"))
    (source,) = House(sap).plan(entity_sets=(asked,)).sources
    keys = ("to_Item/Order", "to_Item/Item", "to_Item/to_Text/Language")
    assert source.select == (*select, *keys)


@pytest.mark.parametrize("format", ["csv", "parquet"])
def test_only_ndjson_is_said_to_hold_values_as_sap_sent_them(
    format: Literal["csv", "parquet"],
) -> None:
    assert House().plan(output=Output(format=format)).output.values == "typed"
    assert House().plan(output=Output()).output.values == "raw"


def test_nothing_selected_is_everything() -> None:
    (source,) = House().plan().sources
    assert source.select == ()


@pytest.mark.parametrize("refusal", [SapRejected("HTTP 501", "no $count"), None])
def test_a_set_that_sap_cannot_count_is_read_in_one_chunk(refusal: Exception | None) -> None:
    """OD-P27."""
    sap = CountingSap(replace(SHAPE, countable=refusal is not None), rows=100)
    sap.refusal = refusal
    plan = House(sap).plan(page_size=1)
    assert plan.sources[0].counted is None
    assert len(plan.chunks) == 1


def test_a_count_that_fails_for_now_is_no_answer() -> None:
    sap = CountingSap()
    sap.refusal = SapUnavailable("HTTP 503")
    house = House(sap)
    with pytest.raises(SapUnavailable):
        house.plan()
    assert not house.objects.exists(plan_key("orders", "r1"))


@pytest.mark.parametrize(
    ("field", "latest", "overlap", "low"),
    [
        ("ChangedAt", "2026-11-01T08:00:00+00:00", 300, "2026-11-01T07:55:00+00:00"),
        ("ChangedAt", "2026-11-01T08:00:00+00:00", 0, "2026-11-01T08:00:00+00:00"),
        ("Local", "2026-11-01T08:00:00", 3600, "2026-11-01T07:00:00"),
        ("Day", "2026-11-01", 300, "2026-10-31"),
        ("Day", "2026-11-01", 0, "2026-11-01"),
    ],
)
def test_what_changed_is_read_from_a_little_before_the_last_run_on(
    field: str, latest: str, overlap: int, low: str
) -> None:
    sap = CountingSap()
    house = House(sap)
    house.publish(latest=latest)
    asked = replace(ORDERS, mode="timestamp", field=field, overlap_seconds=overlap, filter="F")
    for number in range(3):
        sap.put(SET, Order=f"{number:04d}", Day="/Date(0)/", Local="/Date(0)/")
    (source,) = house.plan(entity_sets=(asked,)).sources
    kinds: dict[str, Kind] = {"ChangedAt": "moment", "Day": "date", "Local": "datetime"}
    assert source.after == Range(field=field, kind=kinds[field], low=low)
    assert not source.is_snapshot
    assert sap.counted == [Query(filter="F", where=source.after.condition)]


def test_the_first_run_of_mode_timestamp_reads_everything() -> None:
    asked = replace(ORDERS, mode="timestamp", field="ChangedAt")
    (source,) = House().plan(entity_sets=(asked,)).sources
    assert (source.after, source.is_snapshot, source.counted) == (None, True, 3)


@pytest.mark.parametrize("field", ["Amount", "Hidden"])
def test_the_time_of_a_change_is_a_time_that_sap_can_filter_by(field: str) -> None:
    asked = replace(ORDERS, mode="timestamp", field=field)
    with pytest.raises(InputRejected, match=rf"Orders: field = '{field}'.*ChangedAt, Day, Local"):
        House().plan(entity_sets=(asked,))


def test_changes_go_on_where_the_last_run_ended_and_have_no_count() -> None:
    sap = CountingSap()
    house = House(sap)
    house.publish(delta=DELTA)
    (source,) = house.plan(mode="delta").sources
    assert (source.since, source.counted, source.is_snapshot) == (DELTA, None, False)
    assert sap.counted == []


def test_a_lost_position_asks_for_a_reload_and_reads_nothing_by_itself() -> None:
    """RE-21: never a silent full load."""
    house = House()
    house.publish(delta=DELTA.lost())
    with pytest.raises(ResyncRequired, match=r"orders: Orders.*reload"):
        house.plan(mode="delta")
    assert not house.objects.exists(plan_key("orders", "r1"))
    (source,) = house.plan(mode="delta", reload=True).sources
    assert (source.since, source.is_snapshot, source.counted) == (None, True, 3)


def test_a_reload_reads_everything_anew() -> None:
    house = House()
    house.publish(latest="2026-11-01T08:00:00+00:00")
    asked = replace(ORDERS, mode="timestamp", field="ChangedAt")
    plan = house.plan(entity_sets=(asked,), reload=True)
    assert plan.reload
    assert plan.sources[0].after is None


def test_drift_stops_before_anything_is_read_and_a_reload_accepts_it() -> None:
    """RE-20: the last good run is not touched."""
    house = House()
    gone = Field(name="Supplier", kind="text")
    retyped = replace(SHAPE.fields[1], kind="text")
    house.publish(replace(SHAPE, fields=(SHAPE.fields[0], retyped, gone)))
    with pytest.raises(InputRejected, match=r"SCHEMA_DRIFT.*last good run.*reload") as caught:
        house.plan()
    assert [each.message for each in caught.value.problems] == [
        "Orders/Amount: is decimal now, was text",
        "Orders/Supplier: is gone",
    ]
    assert not house.objects.exists(plan_key("orders", "r1"))
    assert house.plan(reload=True).sources[0].shape == SHAPE


def test_new_fields_and_sets_that_were_never_read_are_no_drift() -> None:
    house = House()
    house.publish(replace(SHAPE, fields=SHAPE.fields[:2]))
    assert house.plan().sources[0].shape == SHAPE


def test_a_plan_says_when_it_was_made_in_utc() -> None:
    assert datetime.fromisoformat(House().plan().planned_at) == datetime(2026, 11, 2, 8, tzinfo=UTC)
