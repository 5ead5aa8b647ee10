"""Update files: from dropped files and from open intents, read by this version and the next."""

from datetime import timedelta
from typing import Any

import msgspec
import pytest

from sapmatch.model.errors import InputRejected
from sapmatch.model.flow import WriteBack
from sapmatch.model.intent import IntentState
from sapmatch.writing.files.rows import MOST_BYTES
from sapmatch.writing.mapping.apply import mapping_of
from sapmatch.writing.update_file import (
    Source,
    UpdateFile,
    collect,
    collect_inbox,
    load,
    update_key,
)
from tests.builders.memory import START, MemoryObjects
from tests.builders.memory_intents import MemoryIntents
from tests.builders.writes import ORDERS, change_intent

INBOX = "updates/orders/inbox/fields.json"
FLOW = msgspec.structs.replace(ORDERS, urgent_below=2)


class Room:
    """A bucket and the intents."""

    def __init__(self) -> None:
        self.objects = MemoryObjects()
        self.intents = MemoryIntents()

    def drop(self, data: str | bytes, run_id: str = "run-1", **flow: Any) -> UpdateFile:
        used: WriteBack = msgspec.structs.replace(FLOW, **flow)
        self.objects.write(INBOX, data.encode() if isinstance(data, str) else data)
        return collect_inbox(
            "orders",
            used,
            "100",
            inbox_key=INBOX,
            version_id=None,
            intents=self.intents,
            objects=self.objects,
            run_id=run_id,
            now=START,
            mapping=mapping_of("orders", used),
        )

    def responses(self) -> list[dict[str, Any]]:
        lines = self.objects.read("responses/orders/run-1.ndjson").splitlines()
        return [msgspec.json.decode(line) for line in lines]


def test_good_records_are_planned_and_bad_ones_stand_beside_them() -> None:
    room = Room()
    file = room.drop("SalesOrder,A\n1,x\n,y\n3,=z\n4,w\n")
    assert [record.record for record in file.records] == ["1", "4"]
    assert [refused.record for refused in file.refused] == ["2", "3"]
    assert len(room.intents.stored) == 2
    assert load("orders", "run-1", room.objects) == file


@pytest.mark.parametrize(
    "data",
    [
        '[{"SalesOrder":"1","A":"x"},{"A":"y"}]',
        '{"schema":9,"records":[{"key":{"SalesOrder":"1"},"payload":{"A":"x"}}]}',
        '[{"SalesOrder":"1","A":"x"},{"SalesOrder":"2","operation":"delete"}]',
    ],
    ids=["a bad record and stop", "wrong schema", "mixed operations"],
)
def test_a_file_that_is_wrong_as_a_whole_plans_nothing(data: str) -> None:
    room = Room()
    file = room.drop(data, on_error="stop" if "schema" not in data else "continue")
    assert (file.records, file.mistakes, room.intents.stored) == ((), 1, {})
    mistake, end = room.responses()
    assert (mistake["status"], end["summary"]["rejected"]) == ("rejected", 1)


def test_mixed_operations_name_every_row() -> None:
    room = Room()
    room.drop('[{"SalesOrder":"1","A":"x","operation":"update"},{"operation":"s3cret"}]')
    (mistake, _) = room.responses()
    assert mistake["record"] == "row 2: operation"
    assert "s3cret" not in mistake["sap_message"]


def test_a_file_without_a_good_record_is_a_mistake_as_a_whole() -> None:
    file = Room().drop('[{"A":"x"},{"A":"y"}]')
    assert (file.records, file.refused, file.mistakes) == ((), (), 2)


def test_a_file_too_large_is_refused_before_it_is_read() -> None:
    room = Room()

    class Huge(MemoryObjects):
        def size(self, key: str, version_id: str | None = None) -> int:
            return MOST_BYTES + 1

        def read(self, key: str, version_id: str | None = None) -> bytes:
            assert key != INBOX
            return super().read(key, version_id)

    room.objects = Huge()
    file = room.drop("[]")
    assert file.mistakes == 1
    assert file.source == Source(key=INBOX, version_id=None), "people are told which file it was"
    assert "split it" in room.responses()[0]["sap_message"]


def test_a_dropped_file_that_is_gone_is_an_error_and_no_empty_run() -> None:
    room = Room()
    room.objects.delete(INBOX)
    with pytest.raises(InputRejected, match="does not exist"):
        collect_inbox(
            "orders",
            FLOW,
            "100",
            inbox_key=INBOX,
            version_id=None,
            intents=room.intents,
            objects=room.objects,
            run_id="run-1",
            now=START,
        )


def test_a_few_dropped_records_go_before_what_is_planned_in_bulk() -> None:
    row = '{"SalesOrder":"%d","A":"x"}'
    room = Room()
    room.drop("\n".join(row % n for n in (1, 2)), "run-1")
    room.drop("\n".join(row % n for n in (3, 4, 5)), "run-2")
    urgent = {i.key["SalesOrder"]: i.urgent for i in room.intents.stored.values()}
    assert urgent == {"1": True, "2": True, "3": False, "4": False, "5": False}


def test_an_update_file_of_ours_may_be_dropped_again() -> None:
    room = Room()
    before = room.drop('[{"SalesOrder":"1","A":"x"},{"SalesOrder":"2","A":"y"}]')
    again = room.drop(room.objects.read(update_key("orders", "run-1")), "run-2")
    shown = [[(record.key, record.payload) for record in f.records] for f in (before, again)]
    assert shown[0] == shown[1]
    assert {r.intent for r in before.records}.isdisjoint(r.intent for r in again.records)


def test_an_update_file_of_another_flow_is_refused() -> None:
    record = {"key": {"SalesOrder": "1"}, "payload": {"A": "x"}, "entity_set": "A_PurchaseOrder"}
    room = Room()
    file = room.drop(msgspec.json.encode({"schema": 1, "records": [record]}))
    assert (file.records, file.mistakes) == ((), 1)
    assert room.responses()[0]["record"] == "row 1: entity_set"


def test_the_mapping_of_the_flow_makes_the_records() -> None:
    file = Room().drop("No;Text\n7;x\n", mapping={"SalesOrder": "pad(record.No,4)", "A": '"Text"'})
    assert [(r.key, r.payload) for r in file.records] == [({"SalesOrder": "0007"}, {"A": "x"})]


def stored_file(schema: int) -> dict[str, Any]:
    record = {
        "record": "1",
        "intent": "ab",
        "operation": "update",
        "service": "/o",
        "entity_set": "A_SalesOrder",
        "key": {"SalesOrder": "1"},
        "reference": {},
        "payload": {"A": "x"},
    }
    return {
        "flow": "orders",
        "run_id": "r",
        "records": [record],
        "source": None,
        "mistakes": 0,
        "schema": schema,
    }


@pytest.mark.parametrize("schema", [1, 2])
def test_files_of_this_version_and_of_the_one_before_are_read(schema: int) -> None:
    """RE-32: a run that was collected by the version before is written by this one."""
    objects = MemoryObjects()
    objects.write(update_key("orders", "r"), msgspec.json.encode(stored_file(schema)))
    file = load("orders", "r", objects)
    assert file.records[0].payload == {"A": "x"}
    assert (file.records[0].function, file.refused) == (None, ())


def test_a_file_of_an_unknown_version_is_refused() -> None:
    """RE-32."""
    objects = MemoryObjects()
    objects.write(update_key("orders", "r"), msgspec.json.encode(stored_file(3)))
    with pytest.raises(InputRejected, match="schema 3"):
        load("orders", "r", objects)


def test_what_is_held_is_collected_once_its_time_has_come() -> None:
    room = Room()
    until = START + timedelta(hours=1)
    held = change_intent(flow="orders", state=IntentState.HELD, next_probe_at=until)
    room.intents.plan([held])
    room.objects.write(held.payload_key, b'{"AssignmentReference":"RE-2026-17"}')
    early = collect("orders", room.intents, room.objects, "run-1", START)
    late = collect("orders", room.intents, room.objects, "run-2", until)
    assert (len(early.records), len(late.records)) == (0, 1)
