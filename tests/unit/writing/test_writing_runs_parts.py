"""Runs that several functions share, and what runs that were killed leave behind."""

from datetime import timedelta
from typing import Any

import pytest
from msgspec.structs import replace

from sapmatch.model.errors import Throttled
from sapmatch.model.intent import Cause, Intent, IntentState
from sapmatch.writing.protocol.arrows import moved
from sapmatch.writing.response_file import response_key
from sapmatch.writing.runs.leftover import Ages, ages, reconcile_flow
from sapmatch.writing.runs.run import parts_of, respond
from sapmatch.writing.update_file import collect
from tests.builders.memory_sap import answer_lost, executed, request_lost
from tests.builders.write_runs import Room
from tests.builders.writes import ORDERS, RULES

S = IntentState


def killed(execute: object) -> Any:
    """The function ends in the middle, as Lambda ends it."""
    raise KeyboardInterrupt


def many(records: int) -> Room:
    room = Room()
    for number in range(4, records + 1):
        room.sap.seed("A_SalesOrder", SalesOrder=str(number), A="")
    room.drop([{"SalesOrder": str(n), "A": "x"} for n in range(1, records + 1)])
    assert room.collect() == records
    return room


@pytest.mark.parametrize(
    ("records", "parallel", "parts"),
    [(0, 4, 1), (1, 4, 1), (20, 4, 1), (21, 4, 2), (500, 4, 4), (500, 1, 1)],
)
def test_a_run_is_shared_where_that_is_worth_another_function(
    records: int, parallel: int, parts: int
) -> None:
    assert parts_of(records, replace(ORDERS, parallel=parallel)) == parts


def test_every_record_is_in_one_part_of_the_run() -> None:
    room = many(60)
    results = [room.write(part=part, parts=3) for part in range(3)]
    assert sum(result.counts["updated"] for result in results) == 60
    assert all(result.counts["updated"] > 0 for result in results)
    assert room.sap.calls.count("update") == 60


def test_a_run_beside_one_that_is_at_work_takes_nothing_until_that_one_is_over_or_dead() -> None:
    """RE-31: schedules go on during a run of hours, and each of theirs would wait for it."""
    room = many(3)
    room.sap.behaviours = [killed]
    with pytest.raises(KeyboardInterrupt):
        room.write()
    room.intents.save(
        moved(room.intent("2"), S.CLAIMED, owner="w", lease_until=room.clock.now() + RULES.lease)
    )
    given = ("orders", room.intents, room.objects)
    assert collect(*given, "run-2", room.clock.now()).records == ()
    room.clock.sleep(RULES.lease.total_seconds())
    assert len(collect(*given, "run-3", room.clock.now()).records) == 3


def test_the_responses_of_parts_are_put_together_by_reading_back() -> None:
    room = many(30)
    for part in range(2):
        room.write(part=part, parts=2)
    assert not room.objects.exists(response_key("orders", "run-1"))
    assert room.read_back().counts["updated"] == 30
    assert room.statuses() == ["updated"] * 30


def test_writes_of_one_record_are_in_the_same_part() -> None:
    """They go one after the other, as they were planned (MA-P64)."""
    room = many(9)
    room.drop([{"SalesOrder": "1", "A": "y"}])
    room.collect("run-2")
    collect("orders", room.intents, room.objects, "run-3", room.clock.now())
    together = []
    for part in range(8):
        room.write("run-3", part=part, parts=8)
        done = [i for i in room.intents.stored.values() if i.state is S.CONFIRMED]
        together.append(sum(intent.key == {"SalesOrder": "1"} for intent in done))
    assert sorted(set(together)) in ([0, 2], [2])
    assert room.sap.calls.count("update") == 10


def test_who_comes_after_a_killed_function_writes_its_responses() -> None:
    """RE-12"""
    room = many(3)
    room.sap.behaviours = [executed, killed]
    with pytest.raises(KeyboardInterrupt):
        room.write(part=0, parts=1)
    room.objects.delete(response_key("orders", "run-1"))
    assert len(respond("orders", "run-1", room.intents, room.objects)) == 3
    assert room.statuses()[:2] == ["updated", "unknown"]


def test_a_run_that_collected_nothing_has_no_responses() -> None:
    room = Room()
    assert respond("orders", "run-7", room.intents, room.objects) == []


def test_the_mistakes_of_a_file_that_was_refused_stay_in_its_responses() -> None:
    room = Room()
    room.drop([])
    assert room.collect() == 0
    before = room.responses()
    assert respond("orders", "run-1", room.intents, room.objects) == []
    assert room.responses() == before
    assert before[0]["status"] == "rejected"


def test_an_answer_that_was_lost_is_read_back_whichever_run_it_was_of() -> None:
    """RE-12: on a schedule, where the run itself is dead."""
    room = many(3)
    room.sap.behaviours = [executed, answer_lost, request_lost]
    room.write()
    assert reconcile_flow("orders", desk=room.desk(), objects=room.objects) == 0
    room.clock.sleep(600)
    assert reconcile_flow("orders", desk=room.desk(), objects=room.objects) == 2
    assert [room.intent(r).state for r in "123"] == [S.CONFIRMED, S.CONFIRMED, S.UNKNOWN]
    room.clock.sleep(60)
    assert reconcile_flow("orders", desk=room.desk(), objects=room.objects) == 1
    assert room.intent("3").state is S.PLANNED
    assert room.sap.calls.count("update") == 3


def test_reading_back_begins_nothing_once_time_is_up() -> None:
    room = many(3)
    room.sap.behaviours = [answer_lost]
    room.write()
    room.clock.sleep(600)
    now = room.clock.now()
    assert reconcile_flow("orders", desk=room.desk(), objects=room.objects, until=now) == 0


def test_the_run_of_a_leftover_gets_its_responses_anew() -> None:
    room = many(3)
    room.sap.behaviours = [answer_lost]
    room.write()
    room.clock.sleep(600)
    reconcile_flow("orders", desk=room.desk(), objects=room.objects)
    assert room.statuses() == ["already_there", "updated", "updated"]


def test_the_oldest_of_a_flow_are_measured() -> None:
    room = many(3)
    room.sap.behaviours = [answer_lost]
    room.write()
    held = {"state": S.HELD, "cause": Cause.SAP_DOWN, "created_at": room.clock.now()}
    room.intents.stored["held"] = replace(room.intent("2"), id="held", **held)
    room.clock.sleep(90)
    assert ages("orders", room.intents, room.clock) == Ages(unknown=90, held=90)
    assert ages("others", room.intents, room.clock) == Ages()


def test_what_waits_for_its_window_is_not_late_before_it_opens() -> None:
    room = many(3)
    opening = room.clock.now() + timedelta(hours=1)
    held = {"state": S.HELD, "cause": Cause.OUT_OF_HOURS, "next_probe_at": opening}
    room.intents.stored["held"] = replace(room.intent("2"), id="held", **held)
    room.clock.sleep(3000)
    assert ages("orders", room.intents, room.clock).held == 0
    room.clock.sleep(700)
    assert ages("orders", room.intents, room.clock).held == 100


def test_a_store_that_asks_for_fewer_calls_ends_the_run_with_what_it_knows(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    room = many(3)
    save = room.intents.save

    def throttled(after: Intent) -> None:
        if after.record == "3":
            raise Throttled("intents: DynamoDB asks for fewer calls")
        save(after)

    monkeypatch.setattr(room.intents, "save", throttled)
    with pytest.raises(Throttled):
        room.write()
    assert room.statuses()[2] == "not_executed"
