"""One chunk: what is stored of it, whatever SAP does."""

from collections.abc import Iterator
from typing import Any

import pytest
from msgspec import Raw, json
from msgspec.structs import replace

from sapmatch.extracting.progress import SEGMENT, Position, load_position
from sapmatch.extracting.run import (
    ChunkResult,
    Range,
    deleted_of,
    keys_key,
    load_result,
    rows_of,
)
from sapmatch.model.changes import ChangePage, DeltaState
from sapmatch.model.errors import InputRejected, ResyncRequired, SapThrottled, SapUnavailable
from sapmatch.model.flow import Output
from tests.builders.chunks import (
    SET,
    SHAPE,
    called,
    extracted,
    orders_held,
    orders_in,
    permits_of,
    plan_of,
    sap_with,
)
from tests.builders.memory import MemoryObjects
from tests.builders.moving_sap import MovingSap

PREFIX = f"extracts/orders/run-1/{SET}/00000/"


@pytest.fixture
def objects() -> MemoryObjects:
    return MemoryObjects()


def keys_in(objects: MemoryObjects) -> list[str]:
    return [json.decode(line)[0] for line in objects.read(keys_key(PREFIX)).splitlines()]


def test_pages_keys_and_the_mark_lie_under_fixed_names(objects: MemoryObjects) -> None:
    sap, plan = sap_with(4), plan_of()
    result = extracted(plan, sap, objects)
    assert [key.removeprefix(PREFIX) for key in objects.keys(PREFIX)] == [
        "_done.json",
        "_keys.ndjson",
        "_position.json",
        "page-00000.ndjson",
        "page-00001.ndjson",
    ]
    assert orders_in(plan, result, objects) == orders_held(sap)
    assert keys_in(objects) == ["0000", "0001", "0002", "0003"]
    assert (result.rows, result.pages, result.repeated) == (4, 2, 0)
    assert (result.first_key, result.last_key) == ('["0000"]', '["0003"]')
    assert result.bytes == sum(objects.size(f"{PREFIX}page-0000{n}.ndjson") for n in (0, 1))
    assert load_result(plan, plan.chunks[0], objects) == result


def test_the_pages_are_the_files_where_rows_are_wanted_as_they_came(
    objects: MemoryObjects,
) -> None:
    result = extracted(plan_of(), sap_with(4), objects)
    assert [file.key.removeprefix(PREFIX) for file in result.files] == [
        "page-00000.ndjson",
        "page-00001.ndjson",
    ]
    assert [(f.rows, f.bytes) for f in result.files] == [
        (rows, objects.size(f.key)) for f, rows in zip(result.files, (3, 1), strict=True)
    ]


def test_a_finished_chunk_is_not_read_again(objects: MemoryObjects) -> None:
    """RE-11: even where SAP changed meanwhile."""
    sap = sap_with(4)
    first = extracted(plan_of(), sap, objects)
    stored = {key: list(versions) for key, versions in objects.versions.items()}
    sap.put(SET, PurchaseOrder="9", Amount="1")
    asked = sap.asked
    assert extracted(plan_of(), sap, objects) == first
    assert objects.versions == stored
    assert sap.asked == asked


def test_an_entity_set_without_rows_has_no_pages_and_no_files(objects: MemoryObjects) -> None:
    result = extracted(plan_of(), sap_with(0), objects)
    assert (result.rows, result.pages, result.bytes, result.files) == (0, 0, 0, ())
    assert (result.first_key, result.last_key) == (None, None)
    assert keys_in(objects) == []
    assert [key.removeprefix(PREFIX) for key in objects.keys(PREFIX)] == [
        "_done.json",
        "_keys.ndjson",
        "_position.json",
    ]


def test_a_page_that_fails_is_asked_for_again_and_no_other(objects: MemoryObjects) -> None:
    """RE-12, RE-19, OD-P34: the result is that of an undisturbed run."""
    sap, plan = sap_with(8), plan_of()
    whole = extracted(plan, sap_with(8), MemoryObjects())
    sap.fails(1, SapUnavailable("503"))
    with pytest.raises(SapUnavailable):
        called(plan, sap, objects)
    assert extracted(plan, sap, objects) == whole
    assert [link is None for link in sap.links] == [True, False, False, False]
    assert sap.links[1] == sap.links[2]


def test_a_loop_of_links_ends_with_the_clients_words(objects: MemoryObjects) -> None:
    """RE-19, OD-P23."""
    sap = sap_with(8)
    sap.fails(2, InputRejected("SAP's next link leads back to a page"))
    with pytest.raises(InputRejected, match="leads back"):
        called(plan_of(), sap, objects)
    assert load_result(plan_of(), plan_of().chunks[0], objects) is None


def test_an_empty_page_in_between_is_no_end(objects: MemoryObjects) -> None:
    """OD-P23."""
    sap = sap_with(5)
    sap.sends_nothing(0)
    sap.sends_nothing(2)
    result = extracted(plan_of(), sap, objects)
    assert (result.rows, result.pages) == (5, 2)
    assert keys_in(objects) == sorted(orders_held(sap))


def test_a_page_that_sap_sends_twice_is_stored_once(objects: MemoryObjects) -> None:
    """RE-19, OD-P24."""
    sap, plan = sap_with(7), plan_of()
    sap.repeats_page(1)
    result = extracted(plan, sap, objects)
    assert (result.rows, result.pages, result.repeated) == (7, 3, 3)
    assert orders_in(plan, result, objects) == orders_held(sap)


def test_a_row_at_the_border_of_two_pages_is_stored_once(objects: MemoryObjects) -> None:
    """RE-19, OD-P24."""
    sap, plan = sap_with(7), plan_of()
    sap.repeats_row(1)
    result = extracted(plan, sap, objects)
    assert (result.rows, result.repeated) == (7, 1)
    assert orders_in(plan, result, objects) == orders_held(sap)


def test_a_repeated_row_is_kept_with_its_newer_content(objects: MemoryObjects) -> None:
    """RE-19: in the place of the older one, counted and hashed as it is stored."""
    sap, plan = sap_with(7), plan_of()
    sap.repeats_row(1)
    sap.before(1, lambda: sap.put(SET, PurchaseOrder="0002", Amount="999.00"))
    result = extracted(plan, sap, objects)
    assert orders_in(plan, result, objects)["0002"] == "999.00"
    assert list(orders_in(plan, result, objects)) == sorted(orders_held(sap))
    assert (result.rows, result.repeated) == (7, 1)
    assert result.bytes == sum(file.bytes for file in result.files)
    assert [file.bytes for file in result.files] == [objects.size(f.key) for f in result.files]
    assert keys_in(objects) == sorted(orders_held(sap))


def test_rows_that_shift_under_counted_pages_are_stored_once(objects: MemoryObjects) -> None:
    """OD-P26: an insert before the border pushes a row onto the next page."""
    sap, plan = sap_with(7, paging="offset"), plan_of()
    sap.before(1, lambda: sap.put(SET, PurchaseOrder="0000a", Amount="5.00"))
    result = extracted(plan, sap, objects)
    assert (result.rows, result.repeated) == (7, 1)
    assert len(orders_in(plan, result, objects)) == 7


def test_a_repeated_row_is_known_by_a_worker_that_goes_on(objects: MemoryObjects) -> None:
    """RE-12, RE-19: the last stored page is known again."""
    sap, plan = sap_with(7), plan_of()
    sap.fails(1, SapUnavailable("503"))
    sap.repeats_row(2)
    sap.before(2, lambda: sap.put(SET, PurchaseOrder="0002", Amount="999.00"))
    with pytest.raises(SapUnavailable):
        called(plan, sap, objects)
    result = extracted(plan, sap, objects)
    assert orders_in(plan, result, objects) == orders_held(sap)
    assert (result.rows, result.repeated) == (7, 1)


def test_a_worker_whose_time_is_up_ends_after_a_page_and_is_called_again(
    objects: MemoryObjects,
) -> None:
    """RE-12: each call gets one page further, and the bytes are those of one call."""
    sap, plan = sap_with(8), plan_of()
    whole = MemoryObjects()
    expected = extracted(plan, sap_with(8), whole)
    for call in range(3):
        assert called(plan, sap, objects, out_of_time=lambda: True) is None
        assert sap.asked == call + 1
    assert called(plan, sap, objects, out_of_time=lambda: True) == expected
    assert sap.asked == 3
    for key in whole.keys(PREFIX):
        if not key.endswith("position.json"):
            assert objects.read(key) == whole.read(key)


def test_a_worker_without_a_permit_asks_sap_for_nothing(objects: MemoryObjects) -> None:
    """RE-24."""
    permits, sap = permits_of(most=1), sap_with(4)
    permits.wait("another", lambda: False)
    assert called(plan_of(), sap, objects, permits=permits, out_of_time=lambda: True) is None
    with pytest.raises(SapThrottled, match="s4"):
        called(plan_of(), sap, objects, permits=permits)
    assert sap.asked == 0
    assert list(objects.keys(PREFIX)) == []


def test_slow_pages_and_busy_answers_reach_the_permits(objects: MemoryObjects) -> None:
    """RE-24."""
    permits, sap = permits_of(most=4), sap_with(4)
    sap.seconds = 25.0
    called(plan_of(), sap, objects, permits=permits)
    for name in ("a", "b"):
        assert permits.wait(name, lambda: False)
    assert permits.wait("c", lambda: True) is False


def test_a_chunk_holds_its_range_and_no_other_row(objects: MemoryObjects) -> None:
    span = Range(field="PurchaseOrder", kind="text", low="0002", high="0006")
    plan = plan_of(chunk={"range": span})
    result = extracted(plan, sap_with(9), objects)
    assert list(orders_in(plan, result, objects)) == ["0002", "0003", "0004", "0005"]


def test_a_stretch_by_skip_goes_on_where_it_ended(objects: MemoryObjects) -> None:
    """OD-P26."""
    plan = plan_of(chunk={"skip": 2, "top": 5})
    sap = sap_with(9)
    assert called(plan, sap, objects, out_of_time=lambda: True) is None
    result = extracted(plan, sap, objects)
    assert list(orders_in(plan, result, objects)) == [f"000{n}" for n in range(2, 7)]


def test_the_initial_load_ends_with_the_position_of_its_beginning(
    objects: MemoryObjects,
) -> None:
    """OD-P31: changes made while it was read come with the first delta."""
    sap, plan = sap_with(7), plan_of(mode="delta")
    sap.before(2, lambda: sap.put(SET, PurchaseOrder="0000", Amount="999.00"))
    result = extracted(plan, sap, objects)
    assert result.position is not None
    assert result.position.state is DeltaState.TRACKING
    delta = plan_of(mode="delta", since=result.position)
    after = MemoryObjects()
    assert orders_in(delta, extracted(delta, sap, after), after) == {"0000": "999.00"}


def test_changes_hold_rows_and_the_keys_of_what_is_gone(objects: MemoryObjects) -> None:
    """OD-P30, OD-P38."""
    sap = sap_with(7)
    since = extracted(plan_of(mode="delta"), sap, MemoryObjects()).position
    for number in range(4):
        sap.remove(SET, f"000{number}")
    sap.put(SET, PurchaseOrder="0005", Amount="55.00")
    sap.put(SET, PurchaseOrder="0009", Amount="9.00")
    plan = plan_of(mode="delta", since=since)
    assert called(plan, sap, objects, out_of_time=lambda: True) is None
    result = extracted(plan, sap, objects)
    assert orders_in(plan, result, objects) == {"0005": "55.00", "0009": "9.00"}
    gone = [json.decode(row) for row in deleted_of(plan, plan.chunks[0], result, objects)]
    assert gone == [{"PurchaseOrder": f"000{number}"} for number in range(4)]
    assert (result.rows, result.deleted, result.pages) == (2, 4, 2)
    assert [file.key.removeprefix(PREFIX) for file in result.files] == ["page-00001.ndjson"]
    assert result.position != since


class Queue(MovingSap):
    """Hands out every image of a row in the order of the changes, as an ODP queue does."""

    def changes(self, *args: Any, **more: Any) -> Iterator[ChangePage]:
        for page in super().changes(*args, **more):
            row = page.rows[0]
            yield replace(page, rows=(row, Raw(bytes(row).replace(b"1.00", b"2.00"))))


def test_a_key_that_comes_again_among_changes_stays_in_its_order(objects: MemoryObjects) -> None:
    """OD-P37: replays and later images are for the reader to apply one after the other."""
    since = extracted(plan_of(mode="delta"), sap_with(0), MemoryObjects()).position
    sap = Queue(SHAPE)
    sap.put(SET, PurchaseOrder="1", Amount="1.00")
    plan = plan_of(mode="delta", since=since)
    result = extracted(plan, sap, objects)
    rows = [json.decode(row) for row in rows_of(plan, plan.chunks[0], result, objects)]
    assert [row["Amount"] for row in rows] == ["1.00", "2.00"]
    assert (result.rows, result.repeated) == (2, 0)


def test_an_unknown_token_passes_by_its_name_and_nothing_is_loaded(
    objects: MemoryObjects,
) -> None:
    """RE-21, OD-P35."""
    sap = sap_with(3)
    since = extracted(plan_of(mode="delta"), sap, MemoryObjects()).position
    sap.forget(SET)
    with pytest.raises(ResyncRequired):
        called(plan_of(mode="delta", since=since), sap, objects)
    assert list(objects.keys(PREFIX)) == []


def test_what_a_dead_worker_stored_ahead_of_its_position_is_undone(
    objects: MemoryObjects,
) -> None:
    """RE-12: SAP may cut its pages anew, and then nothing would replace it."""
    objects.write(f"{PREFIX}page-00000.ndjson", b"{}\n")
    objects.write(f"{PREFIX}_page-00000.deleted.ndjson", b"{}\n")
    plan = plan_of()
    result = extracted(plan, sap_with(2), objects)
    assert list(deleted_of(plan, plan.chunks[0], result, objects)) == []
    assert len(orders_in(plan, result, objects)) == 2


def test_a_row_without_its_key_is_refused_before_anything_is_stored(
    objects: MemoryObjects,
) -> None:
    """RE-20."""
    with pytest.raises(InputRejected, match="PurchaseOrder"):
        called(plan_of(select=("Amount",)), sap_with(2), objects)
    assert list(objects.keys(PREFIX)) == []


def test_the_position_stays_small_and_readable(objects: MemoryObjects) -> None:
    called(plan_of(), sap_with(60), objects)
    data = objects.read(f"{PREFIX}_position.json")
    position = json.decode(data, type=Position)
    assert position.ended
    assert len(position.pages) == 20
    assert len(data) < 20 * 90 + 300


def test_the_position_grows_no_more_where_there_are_very_many_pages(
    objects: MemoryObjects,
) -> None:
    plan = plan_of()
    called(plan, sap_with(3 * (2 * SEGMENT + 10)), objects)
    position = json.decode(objects.read(f"{PREFIX}_position.json"), type=Position)
    assert (len(position.pages), len(position.segments)) == (10, 2)
    whole = load_position(plan, plan.chunks[0], objects)
    assert len(whole.pages) == 2 * SEGMENT + 10
    assert sum(page.rows for page in whole.pages) == 3 * len(whole.pages)


@pytest.mark.parametrize("target", [None, 1])
def test_parts_hold_whole_pages_in_the_outputs_form(
    objects: MemoryObjects, target: int | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sapmatch.extracting.parts.MB", 500)  # rows are some 120 bytes
    sap = sap_with(13)
    plan = plan_of(output=Output(format="ndjson", values="typed", target_mb=target))
    result = extracted(plan, sap, objects)
    rows = [json.decode(row) for f in result.files for row in objects.read(f.key).splitlines()]
    assert [row["PurchaseOrder"] for row in rows] == sorted(orders_held(sap))
    assert [f.rows for f in result.files] == ([13] if target is None else [6, 6, 1])
    assert [f.bytes for f in result.files] == [objects.size(f.key) for f in result.files]
    assert [f.key for f in result.files] == [
        f"{PREFIX}part-{number:05d}.ndjson" for number in range(len(result.files))
    ]


def test_time_may_end_between_two_parts(
    objects: MemoryObjects, monkeypatch: pytest.MonkeyPatch
) -> None:
    """RE-12: what is made is not made again."""
    monkeypatch.setattr("sapmatch.extracting.parts.MB", 500)
    plan = plan_of(output=Output(values="typed", target_mb=1))
    sap = sap_with(13)
    whole = extracted(plan, sap_with(13), MemoryObjects())
    calls: list[ChunkResult | None] = []
    while not calls or calls[-1] is None:
        assert len(calls) < 20
        calls.append(called(plan, sap, objects, out_of_time=lambda: True))
    assert calls[-1] == whole
    parts = [key for key in objects.keys(PREFIX) if "part-" in key]
    assert [len(objects.versions[key]) for key in parts] == [1, 1, 1]


def test_a_chunk_without_rows_has_no_part(objects: MemoryObjects) -> None:
    result = extracted(plan_of(output=Output(format="parquet")), sap_with(0), objects)
    assert result.files == ()
