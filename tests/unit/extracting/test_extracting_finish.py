"""What a run must have before it is published, and what moves only after it."""

from typing import Literal

import pytest
from msgspec import json
from msgspec.structs import replace

from sapmatch.extracting.positions import position_of
from sapmatch.extracting.run import (
    checked_key,
    load_published,
    page_key,
    run_prefix,
    stored_rows,
    success_key,
    vanished_key,
)
from sapmatch.model.changes import DeltaState
from sapmatch.model.errors import InputRejected
from sapmatch.model.flow import EntitySet, Output
from sapmatch.model.query import field
from tests.builders.chunks import SET, SHAPE, orders_held, sap_with
from tests.builders.extractions import Desk
from tests.builders.moving_sap import MovingSap


@pytest.fixture
def chunked(monkeypatch: pytest.MonkeyPatch) -> None:
    """Chunks of one page each are worth it."""
    monkeypatch.setattr("sapmatch.extracting.partition.LEAST_PAGES", 1)


def by_skip(rows: int, **more: object) -> Desk:
    wanted = EntitySet(service="/po", name=SET, partition="skip")
    return Desk(sap_with(rows), wanted, parallel=2, **more)


def stored(desk: Desk, run_id: str) -> list[str]:
    """Orders in the pages of a run as they lie there."""
    keys = desk.objects.keys(run_prefix(desk.name, run_id))
    pages = [key for key in keys if "page-0" in key]
    return [
        json.decode(r)["PurchaseOrder"] for key in pages for r in stored_rows(desk.objects, key)
    ]


def test_a_complete_run_is_published_with_its_counts_and_becomes_the_last_good_one() -> None:
    desk = Desk(sap_with(7))
    plan = desk.plan("run-1")
    desk.read(plan)
    result = desk.finish(plan)
    assert (result.done, result.rows, result.pages, result.files) == (True, {SET: 7}, 3, 3)
    published = desk.published("run-1")
    found = published.set(SET)
    assert found is not None
    assert (found.rows, found.counted, found.snapshot, found.note) == (7, 7, True, None)
    assert [file.rows for file in found.files] == [3, 3, 1]
    assert (published.base, published.previous, desk.last()) == (None, None, "run-1")
    assert desk.rows("run-1") == orders_held(desk.sap)


@pytest.mark.usefixtures("chunked")
def test_nothing_is_published_while_chunks_are_missing() -> None:
    """RE-10: the chunks that are done stay; only the missing ones are read again."""
    desk = by_skip(12)
    plan = desk.plan("run-1")
    assert len(plan.chunks) == 4
    desk.read(replace(plan, chunks=plan.chunks[:2]))
    result = desk.finish(plan)
    assert (result.done, result.missing, desk.last()) == (False, (2, 3), None)
    assert load_published(desk.name, "run-1", desk.objects) is None
    asked = desk.sap.asked
    desk.read(plan)
    assert desk.finish(plan).done
    assert desk.sap.asked - asked == 2


def test_rows_beside_sap_s_own_counts_are_refused() -> None:
    """RE-19: a page that SAP leaves out is not a change in SAP."""
    desk = Desk(sap_with(7))
    desk.sap.counts[SET] = [12, 12]
    plan = desk.plan("run-1")
    desk.read(plan)
    with pytest.raises(InputRejected, match="7 rows were read, but SAP counts 12 before and 12"):
        desk.finish(plan)
    assert desk.last() is None


def test_rows_that_came_while_sap_was_read_are_explained() -> None:
    desk = Desk(sap_with(7))
    desk.sap.before(1, lambda: desk.sap.put(SET, PurchaseOrder="0008", Amount="8.00"))
    plan = desk.plan("run-1")
    desk.read(plan)
    assert desk.finish(plan).notes == (
        f"{SET}: SAP held 7 rows before and 8 after the run, 8 were read",
    )


def test_a_set_that_sap_does_not_count_says_so() -> None:
    sap = sap_with(2)
    sap.sets[SET].shape = replace(sap.sets[SET].shape, countable=False)
    desk = Desk(sap)
    found = desk.run("run-1").set(SET)
    assert found is not None
    assert (found.counted, found.note) == (None, "SAP does not count this entity set")


@pytest.mark.usefixtures("chunked")
@pytest.mark.parametrize("output", [Output(), Output(compression="gzip")])
def test_a_row_that_moved_from_one_chunk_to_the_next_is_stored_once(output: Output) -> None:
    """RE-19: a new row shifts all that follow; the one at the border comes again."""
    desk = by_skip(12, output=output)
    desk.sap.before(1, lambda: desk.sap.put(SET, PurchaseOrder="0000A", Amount="1.00"))
    plan = desk.plan("run-1")
    desk.read(plan)
    assert sorted(stored(desk, "run-1")).count("0002") == 2
    result = desk.finish(plan)
    assert (result.done, result.repeated, result.rows) == (True, 1, {SET: 12})
    found = stored(desk, "run-1")
    assert len(found) == len(set(found)) == 12
    published = desk.published("run-1").set(SET)
    assert published is not None
    assert sum(file.rows for file in published.files) == 12
    assert all(desk.objects.size(file.key) == file.bytes for file in published.files)


@pytest.mark.usefixtures("chunked")
def test_a_deletion_that_hides_a_row_from_skip_is_refused() -> None:
    """RE-19: the counts would agree, and an order would be missing."""
    desk = by_skip(12)
    desk.sap.before(1, lambda: desk.sap.remove(SET, "0000"))
    plan = desk.plan("run-1")
    desk.read(plan)
    assert "0003" not in stored(desk, "run-1")
    with pytest.raises(InputRejected, match=r'deleted 1 rows .* \$skip, .* partition = "key"'):
        desk.finish(plan)
    assert desk.last() is None


def test_rows_that_sap_deleted_after_they_were_read_are_explained() -> None:
    desk = Desk(sap_with(7))
    desk.sap.before(1, lambda: desk.sap.remove(SET, "0000"))
    desk.sap.before(2, lambda: desk.sap.put(SET, PurchaseOrder="0008", Amount="8.00"))
    plan = desk.plan("run-1")
    desk.read(plan)
    assert desk.finish(plan).notes == (
        f"{SET}: SAP held 7 rows before and 7 after the run, 8 were read",
    )


@pytest.mark.parametrize("mode", ["full", "delta"])
def test_rows_that_came_and_went_unseen_are_explained_where_sap_tells_of_changes(
    mode: Literal["full", "delta"],
) -> None:
    """The changes that follow bring what is missing; without them nobody knows."""
    desk = Desk(sap_with(7), EntitySet(service="/po", name=SET, mode=mode))
    desk.sap.before(1, lambda: desk.sap.remove(SET, "0006"))
    desk.sap.before(1, lambda: desk.sap.put(SET, PurchaseOrder="0000A", Amount="8.00"))
    plan = desk.plan("run-1")
    desk.read(plan)
    if mode == "full":
        with pytest.raises(InputRejected, match="6 rows were read"):
            desk.finish(plan)
        return
    (note,) = desk.finish(plan).notes
    assert note.endswith("6 were read, 1 or more changed meanwhile")
    desk.run("run-2")
    assert desk.rows("run-2") == orders_held(desk.sap)


@pytest.mark.usefixtures("chunked")
def test_a_page_that_holds_nothing_but_repeated_rows_is_gone() -> None:
    desk = by_skip(12)
    desk.sap.repeats_page(1)
    plan = desk.plan("run-1")
    desk.read(plan)
    result = desk.finish(plan)
    assert (result.repeated, result.rows, result.files) == (3, {SET: 12}, 4)
    assert not desk.objects.exists(page_key(plan, plan.chunks[0], 0))


def test_a_row_that_comes_again_much_later_in_one_chunk_is_stored_as_it_came_last() -> None:
    desk = Desk(MovingSap(SHAPE, paging="offset"))
    for number in range(12):
        desk.sap.put(SET, PurchaseOrder=f"{number:04d}", Amount="1.00")

    def change() -> None:
        desk.sap.put(SET, PurchaseOrder="0005", Amount="77.00")
        for number in range(6):  # shifts the order, which was on page 1, to page 3
            desk.sap.put(SET, PurchaseOrder=f"000{number}A", Amount="5.00")

    desk.sap.before(3, change)
    plan = desk.plan("run-1")
    desk.read(plan)
    assert stored(desk, "run-1").count("0005") == 2
    assert desk.finish(plan).repeated == 4
    assert stored(desk, "run-1").count("0005") == 1
    assert desk.rows("run-1")["0005"] == "77.00"


def test_keys_that_the_last_snapshot_had_and_this_one_has_not_are_listed() -> None:
    desk = Desk(sap_with(5))
    desk.run("run-1")
    desk.sap.remove(SET, "0001")
    desk.sap.remove(SET, "0004")
    desk.sap.put(SET, PurchaseOrder="0009", Amount="9.00")
    published = desk.run("run-2")
    found = published.set(SET)
    assert found is not None
    assert found.vanished == 2
    plan = desk.plan("run-2")
    lines = desk.objects.read(vanished_key(plan, SET)).splitlines()
    assert [json.decode(line) for line in lines] == [
        {"PurchaseOrder": "0001"},
        {"PurchaseOrder": "0004"},
    ]
    assert published.previous == "run-1"


def test_rows_that_a_new_filter_leaves_out_have_not_vanished() -> None:
    """They are in SAP still: whoever keeps orders would take them for deleted."""
    desk = Desk(sap_with(5))
    desk.run("run-1")
    desk.sap.filters["Amount gt 3"] = field("PurchaseOrder").gt("0002")
    asked = EntitySet(service="/po", name=SET, filter="Amount gt 3", select=("Amount",))
    desk.extraction = replace(desk.extraction, entity_sets=(asked,))
    found = desk.run("run-2", reload=True).set(SET)
    assert found is not None
    assert (found.rows, found.vanished) == (2, 0)
    assert found.note is not None
    assert "filter: is not as it was in run run-1, so that nothing tells" in found.note
    assert not desk.objects.exists(vanished_key(desk.plan("run-2"), SET))
    desk.sap.remove(SET, "0004")
    again = desk.run("run-3").set(SET)
    assert again is not None
    assert (again.vanished, again.note) == (1, None)


def test_rows_vanish_whichever_of_their_fields_are_asked_for() -> None:
    desk = Desk(sap_with(3))
    desk.run("run-1")
    asked = EntitySet(service="/po", name=SET, select=("Amount",))
    desk.extraction = replace(desk.extraction, entity_sets=(asked,))
    desk.sap.remove(SET, "0001")
    found = desk.run("run-2", reload=True).set(SET)
    assert found is not None
    assert found.vanished == 1


def test_a_reload_lists_what_changes_after_the_snapshot_had_brought() -> None:
    wanted = EntitySet(service="/po", name=SET, mode="delta")
    desk = Desk(sap_with(3), wanted)
    desk.run("run-1")
    desk.sap.put(SET, PurchaseOrder="0007", Amount="7.00")
    desk.run("run-2")
    desk.sap.remove(SET, "0007")
    found = desk.run("run-3", reload=True).set(SET)
    assert found is not None
    assert (found.snapshot, found.vanished) == (True, 1)


def test_changes_follow_the_run_with_the_snapshot() -> None:
    desk = Desk(sap_with(3), EntitySet(service="/po", name=SET, mode="delta"))
    desk.run("run-1")
    assert desk.published("run-1").base is None
    for number in (2, 3):
        desk.sap.put(SET, PurchaseOrder="0001", Amount=f"{number}.00")
        published = desk.run(f"run-{number}")
        assert (published.base, published.previous) == ("run-1", f"run-{number - 1}")
    position = position_of(desk.control, desk.name, SET)
    assert position is not None
    assert position.delta is not None
    assert (position.run_id, position.delta.state) == ("run-3", DeltaState.TRACKING)
    assert desk.rows("run-3")["0001"] == "3.00"


def test_changes_whose_snapshot_somebody_deleted_are_refused() -> None:
    desk = Desk(sap_with(3), EntitySet(service="/po", name=SET, mode="delta"))
    desk.run("run-1")
    desk.objects.delete(success_key(desk.name, "run-1"))
    plan = desk.plan("run-2")
    desk.read(plan)
    with pytest.raises(InputRejected, match="reload"):
        desk.finish(plan)
    assert desk.run("run-3", reload=True).base is None


def test_a_run_that_was_planned_before_the_last_good_one_sets_nothing_back() -> None:
    """RE-31: a late run touches neither pointer nor positions."""
    desk = Desk(sap_with(3), EntitySet(service="/po", name=SET, mode="delta"))
    late = desk.plan("run-1")
    desk.read(late)
    desk.run("run-2")
    held = dict(desk.control.values)
    with pytest.raises(InputRejected, match="run-2 is published and was planned after"):
        desk.finish(late)
    assert desk.control.values == held


def test_a_published_run_that_is_finished_again_sets_nothing_back() -> None:
    desk = Desk(sap_with(3), EntitySet(service="/po", name=SET, mode="delta"))
    desk.run("run-1")
    desk.run("run-2")
    held = dict(desk.control.values)
    assert desk.finish(desk.plan("run-1")).done
    assert desk.control.values == held


def test_sets_that_were_checked_are_not_checked_again_when_time_was_up() -> None:
    sap = MovingSap(*(replace(sap_with(0).sets[SET].shape, entity_set=n) for n in ("A", "B")))
    for name in ("A", "B"):
        sap.put(name, PurchaseOrder="1", Amount="1.00")
    desk = Desk(sap)
    sets = tuple(EntitySet(service="/po", name=name) for name in ("A", "B"))
    desk.extraction = replace(desk.extraction, entity_sets=sets)
    plan = desk.plan("run-1")
    desk.read(plan)
    result = desk.finish(plan, out_of_time=lambda: True)
    assert (result.done, result.missing, desk.last()) == (False, (), None)
    assert desk.objects.exists(checked_key(plan, "A"))
    assert not desk.objects.exists(checked_key(plan, "B"))
    sap.counts["A"] = [99, 99]  # nobody asks any more
    assert desk.finish(plan, out_of_time=lambda: True).done
