"""What SAP held after a run: a snapshot, and the changes that follow it."""

import tracemalloc
from pathlib import Path

import pytest

from sapmatch.extracting.run import success_key
from sapmatch.extracting.snapshot import current_rows, runs, since_snapshot
from sapmatch.model.errors import InputRejected
from sapmatch.model.flow import EntitySet
from tests.builders.chunks import SET, orders_held, sap_with
from tests.builders.extractions import Desk

DELTA = EntitySet(service="/po", name=SET, mode="delta")


def changed(desk: Desk) -> None:
    """Three runs: a snapshot, then changes, deletions and orders that come back."""
    desk.run("run-1")
    desk.sap.remove(SET, "0001")
    desk.sap.remove(SET, "0002")
    desk.sap.put(SET, PurchaseOrder="0003", Amount="33.00")
    desk.run("run-2")
    desk.sap.put(SET, PurchaseOrder="0002", Amount="2.22")
    desk.sap.remove(SET, "0003")
    desk.sap.put(SET, PurchaseOrder="0009", Amount="9.00")
    desk.run("run-3")


def test_rows_are_those_of_the_snapshot_with_all_changes_since() -> None:
    desk = Desk(sap_with(5), DELTA)
    changed(desk)
    assert desk.rows("run-3") == orders_held(desk.sap)
    assert desk.rows("run-3") == {
        "0000": "0.10",
        "0002": "2.22",
        "0004": "4.10",
        "0009": "9.00",
    }


def test_every_earlier_run_still_tells_what_sap_held_then() -> None:
    desk = Desk(sap_with(5), DELTA)
    changed(desk)
    assert sorted(desk.rows("run-1")) == ["0000", "0001", "0002", "0003", "0004"]
    assert desk.rows("run-2") == {"0000": "0.10", "0003": "33.00", "0004": "4.10"}


def test_a_row_stays_byte_by_byte_as_sap_sent_it(tmp_path: Path) -> None:
    desk = Desk(sap_with(2), DELTA)
    published = desk.run("run-1")
    rows = list(current_rows(desk.objects, published, SET, tmp_path))
    held = desk.sap.sets[SET]
    assert rows == [bytes(held.line(("0000",))), bytes(held.line(("0001",)))]
    assert not list(tmp_path.iterdir())


def test_runs_come_in_the_order_of_their_planning_and_unfinished_ones_do_not() -> None:
    desk = Desk(sap_with(2), DELTA)
    desk.run("run-b")
    desk.run("run-a")
    desk.read(desk.plan("run-c"))
    assert [run.run_id for run in runs(desk.objects, desk.name)] == ["run-b", "run-a"]
    assert runs(desk.objects, "other") == []


def test_a_run_follows_the_last_snapshot_not_an_older_one() -> None:
    desk = Desk(sap_with(2), DELTA)
    desk.run("run-1")
    desk.run("run-2")
    desk.run("run-3", reload=True)
    last = desk.run("run-4")
    found = since_snapshot(desk.objects, last, SET)
    assert [run.run_id for run in found] == ["run-3", "run-4"]


def test_changes_without_their_snapshot_are_refused(tmp_path: Path) -> None:
    desk = Desk(sap_with(2), DELTA)
    desk.run("run-1")
    last = desk.run("run-2")
    desk.objects.delete(success_key(desk.name, "run-1"))
    with pytest.raises(InputRejected, match="snapshot that run run-2 follows is not there"):
        list(current_rows(desk.objects, last, SET, tmp_path))


def test_a_set_that_the_run_did_not_read_is_refused(tmp_path: Path) -> None:
    desk = Desk(sap_with(2))
    last = desk.run("run-1")
    with pytest.raises(InputRejected, match="did not read A_Nothing"):
        list(current_rows(desk.objects, last, "A_Nothing", tmp_path))


@pytest.mark.parametrize("number", [1_000, 4_000])
def test_memory_does_not_grow_with_the_rows_that_changed(number: int, tmp_path: Path) -> None:
    desk = Desk(sap_with(number), DELTA, page_size=100)
    desk.run("run-1")
    for order in range(number):
        desk.sap.put(SET, PurchaseOrder=f"{order:04d}", Amount="1.00")
    last = desk.run("run-2")
    tracemalloc.start()
    count = sum(1 for _ in current_rows(desk.objects, last, SET, tmp_path))
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert count == number
    assert peak < 300_000  # a page of 100 rows, twice, and some
