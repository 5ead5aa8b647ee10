"""From where the next run goes on: never ahead of the data, and not at all where SAP lost it."""

from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any, Literal

import pytest
from msgspec.structs import replace

from sapmatch.extracting.positions import (
    Position,
    mark_lost,
    position_key,
    position_of,
    published_of,
    store_position,
)
from sapmatch.model.changes import DeltaPosition, DeltaState
from sapmatch.model.errors import InputRejected, PreconditionFailed, ResyncRequired
from sapmatch.model.flow import EntitySet
from sapmatch.model.query import field
from sapmatch.model.shape import Field, Kind
from tests.builders.chunks import SET, SHAPE, orders_held, sap_with
from tests.builders.control import MemoryControl
from tests.builders.extractions import Desk
from tests.builders.moving_sap import MovingSap

DELTA = DeltaPosition(
    subscriber="s", entity_set=SET, state=DeltaState.TRACKING, link="?!deltatoken='1'"
)


def latest_of(desk: Desk) -> str | None:
    position = position_of(desk.control, desk.name, SET)
    return position.latest if position else None


def timed(rows: int, kind: Kind = "moment", overlap_seconds: int = 300) -> Desk:
    """An extraction by time of change."""
    desk = Desk(
        MovingSap(replace(SHAPE, fields=(*SHAPE.fields, Field(name="At", kind=kind)))),
        EntitySet(
            service="/po", name=SET, mode="timestamp", field="At", overlap_seconds=overlap_seconds
        ),
    )
    for number in range(rows):
        put(desk, f"{number:04d}", "2026-11-01T10:00:00Z" if kind == "moment" else "2026-11-01")
    return desk


def put(desk: Desk, order: str, at: str) -> None:
    desk.sap.put(SET, PurchaseOrder=order, Amount="1.00", ChangedAt=None, At=at)


def test_nothing_is_known_before_the_first_run() -> None:
    control = MemoryControl()
    assert position_of(control, "orders", SET) is None
    assert published_of(control, "orders") is None


def test_the_same_position_is_not_written_twice() -> None:
    control = MemoryControl()
    for _ in range(2):
        store_position(control, "orders", SET, Position(run_id="run-1", delta=DELTA))
    assert control.writes == 1
    assert position_of(control, "orders", SET) == Position(run_id="run-1", delta=DELTA)


def test_two_runs_do_not_overwrite_each_other_unseen() -> None:
    """RE-31."""
    control = MemoryControl()
    store_position(control, "orders", SET, Position(run_id="run-1"))

    def other() -> None:
        control.meddle = lambda: None
        store_position(control, "orders", SET, Position(run_id="run-2"))

    control.meddle = other
    with pytest.raises(PreconditionFailed):
        store_position(control, "orders", SET, Position(run_id="run-3"))
    assert position_of(control, "orders", SET) == Position(run_id="run-2")


def test_a_lost_position_ends_in_resync_required_until_a_reload_is_asked_for() -> None:
    """RE-21, OD-P35: never a full load that nobody asked for."""
    desk = Desk(sap_with(3), EntitySet(service="/po", name=SET, mode="delta"))
    desk.run("run-1")
    desk.sap.forget(SET)
    plan = desk.plan("run-2")
    with pytest.raises(ResyncRequired):
        desk.read(plan)
    mark_lost(desk.control, desk.name, SET, plan.sources[0].since)
    position = position_of(desk.control, desk.name, SET)
    assert position is not None
    assert position.delta is not None
    assert (position.delta.state, position.delta.link) == (DeltaState.RESYNC_REQUIRED, None)
    with pytest.raises(ResyncRequired, match="reload"):
        desk.plan("run-3")
    assert desk.last() == "run-1"
    desk.run("run-4", reload=True)
    assert desk.rows("run-4") == orders_held(desk.sap)
    desk.sap.put(SET, PurchaseOrder="0009", Amount="9.00")
    assert desk.run("run-5").base == "run-4"


def test_nothing_is_lost_where_nothing_was_known() -> None:
    control = MemoryControl()
    mark_lost(control, "orders", SET, DELTA)
    assert control.read(position_key("orders", SET)) is None


def test_an_old_run_that_is_started_again_loses_no_later_position() -> None:
    """SAP forgot where the old one would go on, and knows where the last one ended."""
    desk = Desk(sap_with(3), EntitySet(service="/po", name=SET, mode="delta"))
    desk.run("run-1")
    old = desk.plan("run-2")
    desk.sap.put(SET, PurchaseOrder="0009", Amount="9.00")
    desk.run("run-3")
    mark_lost(desk.control, desk.name, SET, old.sources[0].since)
    desk.run("run-4")
    assert desk.rows("run-4") == orders_held(desk.sap)


def test_changes_begin_where_the_run_was_planned_by_sap_s_own_clock() -> None:
    """A row that changed behind the reader's back is older than the latest that was read."""
    desk = timed(4, overlap_seconds=0)

    def change() -> None:
        put(desk, "0000", "2026-11-01T10:05:00Z")  # read already
        put(desk, "0003", "2026-11-01T10:50:00Z")  # not yet
        desk.clock.time += timedelta(hours=1)

    desk.sap.before(1, change)
    desk.run("run-1")
    latest = latest_of(desk)
    assert latest is not None
    assert datetime.fromisoformat(latest) <= datetime.fromisoformat("2026-11-01T10:05:00Z")
    desk.run("run-2")
    assert desk.rows("run-2") == orders_held(desk.sap)
    rows = desk.objects.read(f"extracts/orders/run-2/{SET}/00000/page-00000.ndjson")
    assert b"10:05:00" in rows


def test_the_latest_time_never_goes_back() -> None:
    desk = timed(2)
    desk.run("run-1")
    before = latest_of(desk)
    desk.clock.time += timedelta(hours=1)
    plan = desk.plan("run-2")
    desk.read(plan)
    desk.clock.time += timedelta(days=3)  # nobody finished it
    assert desk.finish(plan).done
    assert latest_of(desk) == before


def test_a_set_without_rows_has_no_latest_time() -> None:
    desk = timed(0)
    desk.run("run-1")
    assert latest_of(desk) is None
    put(desk, "0001", "2026-11-01T10:00:00Z")
    desk.run("run-2")
    assert desk.rows("run-2") == orders_held(desk.sap)


def test_where_only_days_are_known_the_day_is_read_again() -> None:
    desk = timed(2, kind="date")
    desk.run("run-1")
    assert latest_of(desk) == "2026-10-31"
    put(desk, "0001", "2026-11-01")
    desk.run("run-2")
    assert desk.rows("run-2") == orders_held(desk.sap)


@pytest.mark.parametrize("mode", ["delta", "timestamp"])
@pytest.mark.parametrize(
    ("setting", "changes"),
    [
        ("select", {"select": ("PurchaseOrder", "Amount", "At", "ChangedAt")}),
        ("filter", {"filter": "Amount gt 1"}),
        ("service", {"service": "/other"}),
    ],
)
def test_changes_never_follow_what_was_asked_for_otherwise(
    mode: Literal["delta", "timestamp"], setting: str, changes: dict[str, Any]
) -> None:
    """A delta link goes on as it was first asked; the old filter left rows out for good."""
    desk = timed(2)
    desk.sap.filters["Amount gt 1"] = field("Amount").ge(Decimal(1))
    (first,) = desk.extraction.entity_sets
    first = replace(first, mode=mode, select=("PurchaseOrder", "Amount", "At"))
    desk.extraction = replace(desk.extraction, entity_sets=(first,))
    desk.run("run-1")
    desk.extraction = replace(desk.extraction, entity_sets=(replace(first, **changes),))
    with pytest.raises(InputRejected, match=rf": {setting}: is not as it was .*reload"):
        desk.plan("run-2")
    assert desk.plan("run-3", reload=True).sources[0].is_snapshot
    desk.extraction = replace(desk.extraction, entity_sets=(first,))
    assert not desk.plan("run-4").sources[0].is_snapshot


def test_changes_of_one_system_never_follow_rows_of_another() -> None:
    desk = timed(2)
    desk.run("run-1")
    desk.extraction = replace(desk.extraction, connection="other")
    with pytest.raises(InputRejected, match="connection: is not as it was"):
        desk.plan("run-2")


@pytest.mark.parametrize("kind", ["date", "datetime"])
def test_another_field_is_refused_and_a_reload_begins_with_it(kind: Kind) -> None:
    desk = timed(2)
    desk.run("run-1")
    held = desk.sap.sets[SET]
    held.shape = replace(held.shape, fields=(*held.shape.fields, Field(name="On", kind=kind)))
    (first,) = desk.extraction.entity_sets
    desk.extraction = replace(desk.extraction, entity_sets=(replace(first, field="On"),))
    for order in ("0000", "0001"):
        desk.sap.put(SET, PurchaseOrder=order, Amount="1.00", At=None, On="2026-10-30")
    with pytest.raises(InputRejected, match="field: is not as it was"):
        desk.plan("run-2")
    desk.run("run-3", reload=True)
    latest = latest_of(desk)
    assert latest is not None
    assert latest.startswith("2026-10-29")


def test_a_reload_forgets_a_time_that_never_was() -> None:
    desk = timed(1)
    store_position(desk.control, desk.name, SET, Position(run_id="run-0", latest="2999-01-01"))
    desk.run("run-1", reload=True)
    latest = latest_of(desk)
    assert latest is not None
    assert latest < "2027"


@pytest.mark.parametrize("kind", ["moment", "datetime", "date"])
def test_a_time_that_says_never_is_no_latest_time(kind: Kind) -> None:
    """SAP writes 0001-01-01 where a row was never changed; nothing lies before that."""
    desk = timed(0, kind=kind)
    put(desk, "0001", "0001-01-01")
    desk.run("run-1")
    assert latest_of(desk) is None
    desk.run("run-2")
    assert desk.rows("run-2") == orders_held(desk.sap)
