"""Which runs stay, and that no change loses the snapshot it follows."""

import pytest
from msgspec.structs import replace

from sapmatch.extracting import retention
from sapmatch.extracting.retention import retire
from sapmatch.extracting.run import run_prefix, success_key
from sapmatch.model.flow import EntitySet
from tests.builders.chunks import SET, SHAPE, orders_held, sap_with
from tests.builders.extractions import Desk
from tests.builders.moving_sap import MovingSap


def never() -> bool:
    return False


def kept(desk: Desk) -> list[str]:
    """Runs of which anything is left."""
    return sorted({key.split("/")[2] for key in desk.objects.keys("extracts/")})


def test_the_last_snapshots_stay() -> None:
    desk = Desk(sap_with(3), keep=2)
    for number in range(1, 5):
        desk.run(f"run-{number}")
    assert kept(desk) == ["run-3", "run-4"]
    assert desk.rows("run-4") == orders_held(desk.sap)


def test_everything_stays_where_nothing_is_said() -> None:
    desk = Desk(sap_with(3))
    for number in range(1, 4):
        desk.run(f"run-{number}")
    assert kept(desk) == ["run-1", "run-2", "run-3"]


def test_changes_count_for_no_snapshot_and_keep_the_one_they_follow() -> None:
    desk = Desk(sap_with(3), EntitySet(service="/po", name=SET, mode="delta"), keep=1)
    for number in range(1, 4):
        desk.sap.put(SET, PurchaseOrder="0001", Amount=f"{number}.00")
        desk.run(f"run-{number}")
    assert kept(desk) == ["run-1", "run-2", "run-3"]
    assert desk.rows("run-3") == orders_held(desk.sap)
    desk.run("run-4", reload=True)
    assert kept(desk) == ["run-4"]


def test_the_set_that_goes_back_farthest_decides() -> None:
    """One set is read in full each time, of the other one only changes are."""
    sap = MovingSap(SHAPE, replace(SHAPE, entity_set="B"))
    desk = Desk(sap, keep=1)
    full = EntitySet(service="/po", name="B")
    delta = EntitySet(service="/po", name=SET, mode="delta")
    desk.extraction = replace(desk.extraction, entity_sets=(full, delta))
    for number in range(1, 4):
        sap.put(SET, PurchaseOrder="0001", Amount=f"{number}.00")
        desk.run(f"run-{number}")
    assert kept(desk) == ["run-1", "run-2", "run-3"]
    assert desk.rows("run-3") == orders_held(sap)


def test_runs_that_free_nothing_do_not_look_at_all_earlier_ones(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """One set is read in full every quarter of an hour, the snapshot of the other is a year old."""
    desk = Desk(MovingSap(SHAPE, replace(SHAPE, entity_set="B")), keep=1)
    full = EntitySet(service="/po", name="B")
    delta = EntitySet(service="/po", name=SET, mode="delta")
    desk.extraction = replace(desk.extraction, entity_sets=(full, delta))
    read = desk.objects.read
    counts: list[int] = []

    def counted(key: str, version_id: str | None = None) -> bytes:
        counts[-1] += 1
        return read(key, version_id)

    monkeypatch.setattr(desk.objects, "read", counted)
    for number in range(9):
        counts.append(0)
        desk.run(f"run-{number}")
    assert counts[3] == counts[8]


def test_a_large_snapshot_makes_room_for_the_next_one() -> None:
    """A page is an object: what one run stores, one run may delete."""
    desk = Desk(sap_with(3))
    desk.run("run-1")
    last = desk.run("run-2")
    for number in range(6000):
        desk.objects.write(f"extracts/orders/run-1/{SET}/00000/page-{number:05d}.ndjson", b"{}")
    assert retire(desk.objects, last, 1, never) > 6000
    assert kept(desk) == ["run-2"]


def test_a_run_that_was_never_published_goes_with_its_neighbours() -> None:
    desk = Desk(sap_with(3), keep=1)
    desk.read(desk.plan("run-1"))
    desk.run("run-2")
    assert kept(desk) == ["run-2"]


def test_a_run_that_is_under_way_stays() -> None:
    desk = Desk(sap_with(3), keep=1)
    first = desk.plan("run-1")
    desk.read(first)
    desk.read(desk.plan("run-2"))
    assert desk.finish(first).done
    assert kept(desk) == ["run-1", "run-2"]


def test_what_is_no_run_of_ours_stays() -> None:
    desk = Desk(sap_with(3), keep=1)
    desk.objects.write("extracts/orders/notes/readme.txt", b"mine")
    desk.objects.write("extracts/orders/readme.txt", b"mine")
    desk.run("run-1")
    desk.run("run-2")
    assert kept(desk) == ["notes", "readme.txt", "run-2"]


def test_the_mark_goes_first_and_a_call_deletes_so_many_only(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    desk = Desk(sap_with(3))
    desk.run("run-1")
    last = desk.run("run-2")
    objects = len(list(desk.objects.keys(run_prefix(desk.name, "run-1"))))
    monkeypatch.setattr(retention, "MOST_DELETED", 1)
    assert retire(desk.objects, last, 1, never) == 1
    assert not desk.objects.exists(success_key(desk.name, "run-1"))
    for _ in range(objects - 1):
        assert kept(desk) == ["run-1", "run-2"]
        assert retire(desk.objects, last, 1, never) == 1
    assert kept(desk) == ["run-2"]
    assert retire(desk.objects, last, 1, never) == 0


def test_nothing_is_deleted_when_time_is_up() -> None:
    desk = Desk(sap_with(3))
    desk.run("run-1")
    last = desk.run("run-2")
    assert retire(desk.objects, last, 1, lambda: True) == 0
    assert kept(desk) == ["run-1", "run-2"]
