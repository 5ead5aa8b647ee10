"""Two writes of one record by two files: the one that was planned first goes first (MA-P64)."""

from collections.abc import Iterator, Sequence
from datetime import timedelta
from typing import Any

import pytest
from msgspec.structs import replace

from sapmatch.model.errors import AuthorizationMissing, SapRejected, SapUnavailable
from sapmatch.model.intent import Cause, Intent, IntentState
from sapmatch.writing.earlier import Earlier, asked_again
from sapmatch.writing.protocol.arrows import held, moved, void
from sapmatch.writing.update_file import collect
from tests.builders.memory_sap import answer_lost, fails
from tests.builders.write_runs import Room
from tests.builders.writes import ORDERS, RULES, change_intent

S = IntentState
MINUTES = timedelta(minutes=1)


@pytest.fixture
def room() -> Room:
    """Two files that change order 1, the second also order 2."""
    room = Room()
    room.drop([{"SalesOrder": "1", "A": "older"}])
    room.collect("run-a")
    room.clock.sleep(60)
    room.drop([{"SalesOrder": "1", "A": "newer"}, {"SalesOrder": "2", "A": "newer"}])
    room.collect("run-b")
    return room


def older(room: Room) -> Intent:
    return next(i for i in room.intents.stored.values() if i.run_id == "run-a")


def value(room: Room, order: str = "1") -> str:
    (row,) = [r for r in room.sap.entities["A_SalesOrder"] if r["SalesOrder"] == order]
    return str(row["A"])


def waits(room: Room) -> dict[str, Any]:
    """The line of the newer change, once its run has written what it may."""
    result = room.write("run-b")
    first, second, _ = room.responses("run-b")
    assert (second["status"], value(room, "2")) == ("updated", "newer")
    assert (first["status"], first["cause"]) == ("not_executed", "EARLIER")
    assert older(room).id[:12] in first["sap_message"]
    assert result.again == 0
    return {**first, "wait_seconds": result.wait_seconds}


def goes(room: Room) -> None:
    """The newer one is sent, and stays."""
    assert room.write("run-b").counts["updated"] == 2
    assert value(room) == "newer"
    before = len(room.sap.sent)
    room.write("run-a")
    assert (value(room), len(room.sap.sent)) == ("newer", before)


def test_two_files_go_in_order_after_a_hold_was_released(room: Room) -> None:
    until = room.clock.now() + 8 * MINUTES
    room.intents.save(held(older(room), Cause.OPERATOR, until))
    line = waits(room)
    assert older(room).state.value in line["sap_message"]
    room.clock.sleep(line["wait_seconds"])
    assert room.write("run-a").counts["not_executed"] == 1
    assert value(room) == ""
    line = waits(room)
    room.clock.sleep(line["wait_seconds"])
    assert room.write("run-a").counts["updated"] == 1
    goes(room)


def test_an_earlier_one_that_sap_could_not_take_goes_first(room: Room) -> None:
    room.sap.behaviours = [fails(SapUnavailable("HTTP 503"))]
    with pytest.raises(SapUnavailable):
        room.write("run-a")
    line = waits(room)
    assert line["wait_seconds"] == RULES.spacing.total_seconds()
    room.clock.sleep(60)
    room.write("run-a")
    assert value(room) == "older"
    goes(room)


def test_an_earlier_one_that_may_not_be_written_goes_first(room: Room) -> None:
    room.sap.behaviours = [fails(AuthorizationMissing("HTTP 403"))]
    with pytest.raises(AuthorizationMissing):
        room.write("run-a")
    waits(room)


def test_what_a_dead_worker_claimed_goes_first(room: Room) -> None:
    lease = room.clock.now() + RULES.lease
    claim = {"owner": "dead", "lease_until": lease}
    room.intents.save(moved(older(room), S.CLAIMED, **claim))
    waits(room)
    room.clock.sleep(RULES.lease.total_seconds())
    assert room.write("run-a").counts["updated"] == 1
    goes(room)


def test_a_lost_answer_is_read_back_first(room: Room) -> None:
    room.sap.behaviours = [answer_lost]
    room.write("run-a")
    line = waits(room)
    room.clock.sleep(line["wait_seconds"])
    assert room.read_back("run-a").counts["already_there"] == 1
    goes(room)


@pytest.mark.parametrize("end", ["void", "rejected"])
def test_an_earlier_one_that_was_refused_or_taken_out_frees_it(room: Room, end: str) -> None:
    if end == "void":
        waits(room)
        room.intents.save(void(older(room), room.clock.now(), "not wanted"))
        room.clock.sleep(300)
    else:
        room.sap.behaviours = [fails(SapRejected("V1/42", "no", http_status=400))]
        room.write("run-a")
    goes(room)


def test_behind_a_conflict_it_waits_for_the_person_and_keeps_no_run_busy(room: Room) -> None:
    room.intents.stored[older(room).id] = replace(older(room), state=S.CONFLICTING)
    line = waits(room)
    assert "CONFLICTING" in line["sap_message"]
    assert line["wait_seconds"] is None
    room.clock.sleep(1200)
    waits(room)
    room.intents.save(void(older(room), room.clock.now(), "seen to"))
    room.clock.sleep(1200)
    goes(room)


def test_one_run_that_collects_both_writes_both_in_their_order(room: Room) -> None:
    """An urgent one stands first in the run, and goes second all the same."""
    for intent in list(room.intents.stored.values()):
        urgent = intent.run_id == "run-b"
        room.intents.stored[intent.id] = replace(intent, run_id="run-c", urgent=urgent)
    collect("orders", room.intents, room.objects, "run-c", room.clock.now())
    result = room.write("run-c")
    assert (result.counts["updated"], result.held) == (2, 1)
    room.clock.sleep(result.wait_seconds or 0)
    assert room.write("run-c").counts["updated"] == 3
    assert value(room) == "newer"


def test_the_flow_is_read_once_in_a_turn_and_not_where_nothing_is_to_send(
    room: Room, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[str] = []
    due = room.intents.due

    def counted(flow: str, states: Sequence[IntentState]) -> Iterator[Intent]:
        asked.append(flow)
        return due(flow, states)

    monkeypatch.setattr(room.intents, "due", counted)
    room.write("run-b")
    assert len(asked) == 1
    room.write("run-b")
    assert len(asked) == 1


def test_a_write_of_another_record_or_of_another_system_waits_for_nothing() -> None:
    mine = change_intent(created_at=RUN)
    first = replace(mine, id="0", created_at=RUN - MINUTES)
    another = replace(first, key={"SalesOrder": "77"})
    elsewhere = replace(first, client="200")
    ended = replace(first, state=S.REJECTED)
    later = replace(first, created_at=RUN + MINUTES)
    for other in (another, elsewhere, ended, later):
        assert Earlier([other], [mine]).of(mine) is None
    assert Earlier([first], [mine]).of(mine) == first


RUN = Room().clock.now()


def test_what_is_undecided_keeps_back_all_items_of_its_document_and_what_is_planned_its_own() -> (
    None
):
    """Items share the ETag of their document: another write would hide what became of the first."""
    item = {"entity_set": "A_SalesOrderItem"}
    keys = [{"SalesOrder": "1", "SalesOrderItem": n} for n in ("10", "20")]
    first, mine = (change_intent(id=str(n), key=key, **item) for n, key in enumerate(keys))
    assert Earlier([first], [mine]).of(mine) is None
    sent = replace(first, state=S.UNKNOWN)
    assert Earlier([sent], [mine]).of(mine) == sent
    assert Earlier([replace(first, key=keys[1])], [mine]).of(mine) is not None


def test_of_one_moment_the_order_of_the_records_counts() -> None:
    nine, ten = (
        change_intent(id=i, record=r, created_at=RUN) for i, r in (("b", "9"), ("a", "10"))
    )
    both = Earlier([ten, nine], [nine, ten])
    assert (both.of(nine), both.of(ten)) == (None, nine)


def test_an_earlier_one_that_is_held_for_long_is_asked_for_every_five_minutes() -> None:
    """It may be taken out, or let through, before its time."""
    far = change_intent(state=S.HELD, next_probe_at=RUN + 600 * MINUTES)
    assert asked_again(far, RUN, MINUTES) == RUN + 5 * MINUTES
    near = replace(far, next_probe_at=RUN)
    assert asked_again(near, RUN, MINUTES) == RUN + MINUTES
    assert asked_again(near, RUN, timedelta(0)) > RUN  # not in a loop


PARTNERS = replace(ORDERS, operation="upsert", reference=("Reference",))


def test_an_upsert_waits_for_an_earlier_one_of_another_run_that_may_still_create_it() -> None:
    """SAP gives the key, so it would take the second one for another new record."""
    room = Room()
    for run_id, value in (("run-a", "a"), ("run-b", "b")):
        room.drop([{"Reference": "R", "A": value}])
        room.collect(run_id, PARTNERS)
    room.sap.entities["A_SalesOrder"].clear()
    room.sap.behaviours = [room.sap.comes_late(300)]
    assert room.write("run-a", flow=PARTNERS).counts["unknown"] == 1
    later = room.write("run-b", flow=PARTNERS)
    assert (later.held, later.again) == (1, 0)
    (line, _) = room.responses("run-b")
    assert (line["cause"], line["status"]) == ("EARLIER", "not_executed")
    assert later.wait_seconds
    room.clock.sleep(later.wait_seconds)
    room.read_back("run-a")
    assert room.write("run-b", flow=PARTNERS).counts["updated"] == 1
    (order,) = room.sap.entities["A_SalesOrder"]
    assert order["A"] == "b"


def test_an_earlier_write_that_is_due_and_not_read_back_yet_is_waited_for_all_the_same() -> None:
    room = Room()
    room.collect("run-a")
    room.sap.behaviours = [answer_lost]
    room.write("run-a")
    room.drop([{"SalesOrder": "1", "A": "y"}, {"SalesOrder": "2", "A": "y"}])
    room.collect("run-b")
    room.clock.sleep(10_000)
    later = room.write("run-b")
    assert (later.held, later.counts["updated"]) == (1, 1)
    assert later.wait_seconds == RULES.spacing.total_seconds()
