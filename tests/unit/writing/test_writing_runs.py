"""Runs: intents -> update file -> SAP -> response file."""

from typing import Any, Literal

import msgspec
import pytest

from sapmatch.model.errors import (
    AuthorizationMissing,
    InputRejected,
    LogonRefused,
    SapRejected,
    SapUnavailable,
)
from sapmatch.model.intent import Intent, IntentState
from sapmatch.writing.response_file import response
from sapmatch.writing.update_file import collect, collect_inbox, load, update_key
from tests.builders.memory import START, MemoryObjects
from tests.builders.memory_intents import MemoryIntents
from tests.builders.memory_sap import answer_lost, executed, fails, request_lost
from tests.builders.write_runs import INBOX, Room
from tests.builders.writes import ORDERS, change_intent, invoice_intent

S = IntentState
REFUSED = fails(SapRejected("V1/42", "Order is locked", http_status=400))
STOPPING = msgspec.structs.replace(ORDERS, on_error="stop")


@pytest.fixture
def room() -> Room:
    room = Room()
    room.collect()
    return room


def test_a_dropped_file_becomes_an_update_file_and_stays_as_it_is(room: Room) -> None:
    file = msgspec.json.decode(room.objects.read(update_key("orders", "run-1")))
    assert file["schema"] == 2
    assert file["source"]["key"] == INBOX
    assert file["source"]["version_id"] == "v1"
    assert len(file["source"]["sha256"]) == 64
    assert [record["key"] for record in file["records"]] == [
        {"SalesOrder": "1"},
        {"SalesOrder": "2"},
        {"SalesOrder": "3"},
    ]
    assert file["records"][0]["payload"] == {"A": "x"}
    assert len(room.objects.versions[INBOX]) == 1


def test_the_version_that_was_dropped_is_read_even_if_it_was_replaced(room: Room) -> None:
    """RE-3."""
    room.objects.write(INBOX, b"[]")
    assert room.collect("run-2") == 3


def test_a_bad_record_of_a_file_is_refused_beside_the_good_ones() -> None:
    room = Room()
    room.drop([{"SalesOrder": "1", "A": "x"}, {"A": "y"}])
    assert room.collect() == 1
    assert room.write().counts["rejected"] == 1
    good, bad, end = room.responses()
    assert (good["record"], good["status"]) == ("1", "updated")
    assert (bad["record"], bad["status"], bad["cause"]) == ("2", "rejected", "INVALID")
    assert end["summary"]["records"] == 2


def test_the_same_run_again_finds_its_update_file(room: Room) -> None:
    """RE-11."""
    before = room.objects.read(update_key("orders", "run-1"))
    assert room.collect() == 3
    assert room.objects.versions[update_key("orders", "run-1")] == [before]


def test_open_intents_of_a_flow_are_collected_oldest_first() -> None:
    objects, intents = MemoryObjects(), MemoryIntents()
    first, second = change_intent(created_at=START), invoice_intent(id="ff", flow="orders")
    for intent in (first, second):
        objects.write(intent.payload_key, b"{}")
    digest = "44136fa355b3678a1146ad16f7e8649e94fb4fc21fe77e8310c060f61caaff8a"  # of {}
    open_ones = [
        msgspec.structs.replace(first, payload_sha256=digest, state=S.UNKNOWN),
        msgspec.structs.replace(second, payload_sha256=digest),
        msgspec.structs.replace(first, id="ee", state=S.CONFIRMED),
    ]
    intents.plan(open_ones)
    file = collect("orders", intents, objects, "run-1", START)
    assert {record.intent for record in file.records} == {first.id, "ff"}
    assert load("orders", "run-1", objects) == file


def test_a_payload_that_is_not_what_was_planned_is_refused() -> None:
    objects, intents = MemoryObjects(), MemoryIntents()
    (intent,) = intents.plan([change_intent()])
    objects.write(intent.payload_key, b'{"AssignmentReference":"forged"}')
    with pytest.raises(InputRejected, match="not what was planned"):
        collect("orders", intents, objects, "run-1", START)


def test_every_record_has_its_line_and_the_counts_come_last(room: Room) -> None:
    room.sap.behaviours = [executed, REFUSED, answer_lost]
    result = room.write()
    *lines, end = room.responses()
    assert [line["status"] for line in lines] == ["updated", "rejected", "unknown"]
    assert lines[1]["record"] == "2"
    assert lines[1]["sap_message"] == "V1/42: Order is locked"
    assert lines[1]["http_status"] == 400
    assert lines[0]["attempts"] == 1
    assert lines[0]["sent_at"] == "2026-11-02T08:00:00Z"
    assert end["summary"] == result.counts
    assert (result.counts["records"], result.counts["updated"]) == (3, 1)
    assert (result.wait_seconds, result.again) == (600, 0)


def test_a_run_again_sends_nothing_that_is_done_or_unknown(room: Room) -> None:
    room.sap.behaviours = [executed, executed, answer_lost]
    room.write()
    room.write()
    assert room.sap.calls.count("update") == 3
    assert room.statuses() == ["updated", "updated", "unknown"]


def test_reading_back_rewrites_the_response_file(room: Room) -> None:
    room.sap.behaviours = [executed, executed, answer_lost]
    room.write()
    room.clock.sleep(600)
    result = room.read_back()
    assert room.statuses() == ["updated", "updated", "already_there"]
    assert (result.wait_seconds, result.again) == (None, 0)


def test_a_write_that_never_arrived_is_sent_by_another_write(room: Room) -> None:
    room.sap.behaviours = [executed, executed, request_lost]
    room.write()
    room.clock.sleep(600)
    assert room.read_back().wait_seconds == 60
    room.clock.sleep(60)
    assert room.read_back().again == 1
    room.write()
    assert room.statuses() == ["updated", "updated", "updated"]


def test_stop_leaves_everything_after_the_first_refusal(room: Room) -> None:
    room.sap.behaviours = [executed, REFUSED]
    result = room.write(flow=STOPPING)
    assert room.statuses() == ["updated", "rejected", "not_executed"]
    assert result.stopped is not None
    assert room.sap.calls.count("update") == 2


def test_sap_out_of_reach_ends_the_run_as_worth_another_try(room: Room) -> None:
    room.sap.behaviours = [fails(SapUnavailable("s4: HTTP 503"))] * 3
    with pytest.raises(SapUnavailable, match="503"):
        room.write()
    assert room.statuses() == ["not_executed"] * 3
    room.clock.sleep(10)
    assert room.write().counts["updated"] == 3


def test_a_refused_logon_ends_the_run_at_once_with_its_responses(room: Room) -> None:
    """One failed logon, not one per record."""
    room.sap.behaviours = [fails(LogonRefused("401"))] * 3
    with pytest.raises(LogonRefused):
        room.write()
    assert room.sap.calls.count("update") == 1
    assert room.statuses() == ["not_executed"] * 3


DENIED = fails(AuthorizationMissing("403, see SU53"))


def test_a_record_that_may_not_be_written_does_not_block_the_others(room: Room) -> None:
    room.sap.behaviours = [DENIED]
    with pytest.raises(AuthorizationMissing, match=r"1 record.*SU53"):
        room.write()
    first, *others, _ = room.responses()
    assert (first["status"], first["sap_message"]) == ("not_executed", "403, see SU53")
    assert [line["status"] for line in others] == ["updated", "updated"]
    room.clock.sleep(600)
    assert room.write().counts["updated"] == 3


def test_a_lost_answer_beside_a_denied_record_is_read_back_first(room: Room) -> None:
    room.sap.behaviours = [DENIED, answer_lost]
    result = room.write()
    assert (result.wait_seconds, result.again) == (600, 0)
    room.clock.sleep(600)
    room.sap.behaviours = [DENIED]
    assert room.read_back().counts["already_there"] == 1
    with pytest.raises(AuthorizationMissing):
        room.write()


def test_three_denied_records_in_a_row_end_the_run(room: Room) -> None:
    room.write()
    room.sap.seed("A_SalesOrder", SalesOrder="4", A="")
    room.drop([{"SalesOrder": number, "A": "y"} for number in "1234"])
    room.collect("run-2")
    room.sap.behaviours = [DENIED] * 3
    with pytest.raises(AuthorizationMissing, match="3 record"):
        room.write("run-2")
    assert room.sap.calls.count("update") == 3 + 3


def test_responses_are_written_even_where_the_run_dies(room: Room) -> None:
    def killed(execute: object) -> Any:
        raise KeyboardInterrupt

    room.sap.behaviours = [executed, killed]
    with pytest.raises(KeyboardInterrupt):
        room.write()
    assert len(room.responses()) == 4
    room.clock.sleep(600)
    room.read_back()
    room.clock.sleep(60)
    room.read_back()
    room.write()
    assert room.statuses() == ["updated"] * 3


@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        ({"state": S.CONFIRMED, "confirmed_by": "answer", "operation": "insert"}, "created"),
        ({"state": S.CONFIRMED, "confirmed_by": "answer", "operation": "update"}, "updated"),
        ({"state": S.CONFIRMED, "confirmed_by": "answer", "operation": "delete"}, "updated"),
        (
            {
                "state": S.CONFIRMED,
                "confirmed_by": "answer",
                "operation": "upsert",
                "http_status": 201,
            },
            "created",
        ),
        ({"state": S.CONFIRMED, "confirmed_by": "read"}, "already_there"),
        ({"state": S.REJECTED}, "rejected"),
        *[
            ({"state": state}, "unknown")
            for state in (S.SENT, S.UNKNOWN, S.RECONCILING, S.CONFLICTING)
        ],
        *[
            ({"state": state}, "not_executed")
            for state in (S.PLANNED, S.CLAIMED, S.HELD, S.ABSENT, S.VOID)
        ],
    ],
)
def test_each_state_has_the_status_that_users_know(fields: dict[str, Any], expected: str) -> None:
    intent: Intent = change_intent(**fields)
    assert response("7", intent)["status"] == expected
    assert set(response("7", intent)) == {
        "record",
        "status",
        "key",
        "sap_message",
        "http_status",
    }


def test_a_run_out_of_time_leaves_the_rest_to_the_next_call() -> None:
    room = Room()
    room.collect()
    result = room.write(until=room.clock.now())
    assert (result.again, result.stopped, result.counts["not_executed"]) == (3, None, 3)
    assert room.write().counts["updated"] == 3


def test_a_record_in_back_off_is_waited_for_and_not_tried_in_a_loop(room: Room) -> None:
    """The machine writes again at once while records are left; an error makes it wait."""
    room.sap.behaviours = [fails(SapUnavailable("s4: HTTP 503"))]
    for _ in range(2):
        with pytest.raises(SapUnavailable, match="1 wait"):
            room.write()
    assert room.statuses() == ["not_executed", "updated", "updated"]
    room.clock.sleep(60)
    assert (room.write().again, room.statuses()) == (0, ["updated"] * 3)


@pytest.mark.parametrize(
    ("data", "source"),
    [
        (b"[]", "inbox"),
        (b" ", "inbox"),
        (msgspec.json.encode([{"SalesOrder": str(n), "A": "x"} for n in range(5001)]), "inbox"),
        (b'[{"SalesOrder": "1", "A": "x"}]', "match"),
    ],
)
def test_a_file_that_is_empty_too_long_or_in_a_wrong_inbox_is_a_mistake(
    data: bytes, source: Literal["inbox", "match"]
) -> None:
    room = Room()
    room.objects.write(INBOX, data)
    file = collect_inbox(
        "orders",
        msgspec.structs.replace(ORDERS, source=source),
        "100",
        inbox_key=INBOX,
        version_id="v2",
        intents=room.intents,
        objects=room.objects,
        run_id="run-1",
        now=START,
    )
    assert (file.mistakes, file.records, room.intents.stored) == (1, (), {})
