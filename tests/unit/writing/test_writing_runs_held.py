"""What a run does not send: outside of its window, before a shut gate, or against the metadata."""

from collections.abc import Sequence
from datetime import timedelta

import pytest
from msgspec.structs import replace

from sapmatch.model.errors import Problem, SapRejected
from sapmatch.model.flow import Window
from sapmatch.model.intent import Cause, Change, IntentState
from sapmatch.model.limits import Admission
from sapmatch.writing.update_file import collect
from tests.builders.memory_sap import answer_lost, executed, fails
from tests.builders.write_runs import Room
from tests.builders.writes import ORDERS

S = IntentState
NIGHTS = replace(ORDERS, window=Window(begin="20:00", end="24:00"))  # now it is Monday, 08:00
MORNINGS = replace(ORDERS, window=Window(begin="06:00", end="09:00"))
STOPPING = replace(ORDERS, on_error="stop")
REFUSED = fails(SapRejected("V1/42", "Order is locked", http_status=400))


class Gate:
    """Lets `open` writes through, then none for ten minutes."""

    def __init__(self, room: Room, open: int) -> None:
        self.room = room
        self.open = open

    def admit(self, wanted: int) -> Admission:
        if not self.open:
            until = self.room.clock.now() + timedelta(minutes=10)
            return Admission(writes=0, cause=Cause.SAP_DOWN, until=until)
        writes = min(wanted, self.open)
        self.open -= writes
        return Admission(writes=writes)

    def note(self, failures: Sequence[bool]) -> None:
        pass


@pytest.fixture
def room() -> Room:
    room = Room()
    room.collect()
    return room


def states(room: Room) -> list[IntentState]:
    return [room.intent(record).state for record in "123"]


def test_out_of_hours_everything_is_held_until_the_window_opens(room: Room) -> None:
    result = room.write(flow=NIGHTS)
    assert room.sap.calls == []
    assert states(room) == [S.HELD] * 3
    held = room.intent("1")
    assert held.cause is Cause.OUT_OF_HOURS
    assert held.next_probe_at == room.clock.now() + timedelta(hours=12)
    assert (result.again, result.held, result.wait_seconds) == (0, 0, None)
    assert {line["cause"] for line in room.responses()[:-1]} == {"OUT_OF_HOURS"}


def test_what_is_held_is_collected_by_the_first_run_after_the_opening(room: Room) -> None:
    room.write(flow=NIGHTS)
    early = collect("orders", room.intents, room.objects, "run-2", room.clock.now())
    assert early.records == ()
    room.clock.sleep(12 * 3600)
    assert (
        len(collect("orders", room.intents, room.objects, "run-3", room.clock.now()).records) == 3
    )
    assert room.write("run-3", flow=NIGHTS).counts["updated"] == 3


def test_who_dropped_a_file_finds_in_its_response_what_a_later_run_did_with_it(room: Room) -> None:
    room.write(flow=NIGHTS)
    assert room.statuses() == ["not_executed"] * 3
    room.clock.sleep(12 * 3600)
    collect("orders", room.intents, room.objects, "run-2", room.clock.now())
    room.write("run-2", flow=NIGHTS)
    assert room.statuses() == ["updated"] * 3


def test_within_its_window_a_flow_writes(room: Room) -> None:
    assert room.write(flow=MORNINGS).counts["updated"] == 3


def test_an_opening_that_is_near_is_waited_for_in_the_run(room: Room) -> None:
    room.clock.sleep(12 * 3600 - 600)
    result = room.write(flow=NIGHTS)
    assert (result.held, result.again, result.wait_seconds) == (3, 0, 600)
    room.clock.sleep(600)
    assert room.read_back().again == 3
    assert room.write(flow=NIGHTS).counts["updated"] == 3


def test_out_of_hours_lost_answers_are_still_read_back(room: Room) -> None:
    room.sap.behaviours = [answer_lost]
    room.write(flow=MORNINGS)
    room.clock.sleep(3600)
    assert room.read_back().counts["already_there"] == 1


def test_a_shut_gate_ends_the_run_and_is_waited_for(room: Room) -> None:
    """RE-23: nothing is lost, and nothing is sent in a loop."""
    gate = Gate(room, open=1)
    result = room.write(desk=room.desk(gate=gate))
    assert room.sap.calls.count("update") == 1
    assert result.counts["updated"] == 1
    assert (result.again, result.wait_seconds) == (0, 600)
    assert result.held >= 1
    room.clock.sleep(600)
    gate.open = 9
    assert room.read_back().again == 2
    assert room.write(desk=room.desk(gate=gate)).counts["updated"] == 3


def test_a_gate_that_stays_shut_is_not_asked_in_a_loop(room: Room) -> None:
    """RE-23: SAP is down for hours, and the time of what was held comes again and again."""
    shut = room.desk(gate=Gate(room, open=0))
    room.write(desk=shut)
    room.clock.sleep(600)
    assert room.read_back().again == 3
    later = room.write(desk=shut)
    assert (later.again, later.wait_seconds) == (0, 60)
    assert later.held >= 1
    assert room.sap.calls.count("update") == 0


def test_what_the_metadata_rules_out_is_refused_before_anything_is_sent(
    room: Room, monkeypatch: pytest.MonkeyPatch
) -> None:
    checked: list[str] = []

    def check(change: Change) -> Sequence[Problem]:
        assert room.sap.calls == []
        checked.append(str(change.key["SalesOrder"]))
        wrong = change.key["SalesOrder"] == "2"
        return [Problem(code="FIELD", field="A", message="A: is too long")] if wrong else []

    monkeypatch.setattr(room.sap, "check", check)
    result = room.write()
    assert checked == ["1", "2", "3"]
    assert room.statuses() == ["updated", "rejected", "updated"]
    refused = room.intent("2")
    assert (refused.cause, refused.sap_messages) == (Cause.INVALID, ("A: is too long",))
    assert refused.ended_at == room.clock.now()
    assert result.counts["rejected"] == 1


def test_with_stop_a_mistake_keeps_the_whole_file_from_being_sent(
    room: Room, monkeypatch: pytest.MonkeyPatch
) -> None:
    def check(change: Change) -> Sequence[Problem]:
        wrong = change.key["SalesOrder"] == "3"
        return [Problem(code="FIELD", field="A", message="A: is read-only")] if wrong else []

    monkeypatch.setattr(room.sap, "check", check)
    result = room.write(flow=STOPPING)
    assert room.sap.calls == []
    assert states(room) == [S.VOID, S.VOID, S.REJECTED]
    assert result.stopped == "1 record(s) of the file have mistakes"
    assert result.again == 0


def test_what_follows_a_refused_record_is_not_sent_by_a_later_run_either(room: Room) -> None:
    room.sap.behaviours = [executed, REFUSED]
    room.write(flow=STOPPING)
    assert states(room) == [S.CONFIRMED, S.REJECTED, S.VOID]
    assert room.intent("3").cause is Cause.STOPPED
    assert "record 2 is rejected" in room.intent("3").sap_messages[0]
    assert collect("orders", room.intents, room.objects, "run-2", room.clock.now()).records == ()


def test_a_lost_answer_stops_the_file_until_it_is_read_back(room: Room) -> None:
    room.sap.behaviours = [answer_lost]
    result = room.write(flow=STOPPING)
    assert result.stopped is not None
    assert states(room) == [S.UNKNOWN, S.PLANNED, S.PLANNED]
    room.clock.sleep(600)
    assert room.read_back().again == 2
    assert room.write(flow=STOPPING).counts["updated"] == 2


def test_matches_of_other_documents_are_not_stopped_by_a_refused_one(room: Room) -> None:
    room.sap.behaviours = [REFUSED]
    room.write(flow=replace(STOPPING, source="match"))
    assert states(room) == [S.REJECTED, S.PLANNED, S.PLANNED]
