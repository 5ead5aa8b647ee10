"""Intended writes: one suite for the table and for its fake, then what only the table can do."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, date, datetime, timedelta
from typing import Any

import msgspec
import pytest

from sapmatch.aws.intents import DynamoIntents
from sapmatch.aws.table import Item, Table
from sapmatch.model.errors import InputRejected, PreconditionFailed
from sapmatch.model.intent import Intent, IntentState
from sapmatch.model.ports import Intents
from tests.builders.aws_table import make_table, repeating
from tests.builders.memory_intents import MemoryIntents
from tests.builders.writes import invoice_intent

NOW = datetime(2026, 11, 2, 8, 0, tzinfo=UTC)
FLOW = "supplier_invoice"
OPEN = [IntentState.PLANNED, IntentState.HELD]
# As a table holds it that was written before `urgent`, `cause`, `ended_at` and `generation`.
OLD = (
    b'{"attempts":1,"client":"100","confirmed_by":null,"connection":"s4",'
    b'"created_at":"2026-11-01T08:00:00Z","document_id":"d","entity_set":"A_SupplierInvoice",'
    b'"etag":null,"first_sent":null,"flow":"supplier_invoice","http_status":null,"id":"0old",'
    b'"key":{},"lease_until":null,"next_probe_at":null,"operation":"insert","owner":"w",'
    b'"payload_key":"intents/x.json","payload_sha256":"x","probes":0,"quiet_until":null,'
    b'"record":"1","reference":{},"request_id":null,"run_id":null,"sap_messages":[],"schema":1,'
    b'"sent_at":null,"service":"/s","state":"PLANNED","version":2}'
)


def intent(name: str = "0a", **fields: Any) -> Intent:
    return invoice_intent(**{"id": name, "flow": FLOW, "created_at": NOW, **fields})


def after(before: Intent, **fields: Any) -> Intent:
    return msgspec.structs.replace(before, **fields, version=before.version + 1)


@pytest.fixture
def table(aws: str) -> Table:
    return make_table("intents", "by_due")


@pytest.fixture(params=["memory", "table"])
def intents(request: pytest.FixtureRequest) -> Iterator[Intents]:
    if request.param == "memory":
        yield MemoryIntents()
    else:
        yield DynamoIntents(request.getfixturevalue("table"))


def names(found: Iterator[Intent]) -> list[str]:
    return [one.id for one in found]


def test_planning_twice_keeps_what_is_known_and_the_order_asked_for(intents: Intents) -> None:
    intents.plan([intent("0a")])
    intents.save(sent := after(intent("0a"), state=IntentState.SENT))
    wanted = [intent(f"{n:x}") for n in range(40)]
    assert intents.plan([*wanted, intent("0a")]) == [*wanted, sent]
    assert intents.plan(wanted) == wanted


def test_an_intent_changes_only_from_the_version_that_was_read(intents: Intents) -> None:
    """RE-17: of two workers one wins the condition."""
    (planned,) = intents.plan([intent()])
    intents.save(mine := after(planned, state=IntentState.CLAIMED, owner="a"))
    with pytest.raises(PreconditionFailed):
        intents.save(after(planned, state=IntentState.CLAIMED, owner="b"))
    with pytest.raises(PreconditionFailed):
        intents.save(msgspec.structs.replace(mine, version=4))
    assert intents.get(planned.id) == mine


def test_what_is_not_known_can_neither_be_read_nor_changed(intents: Intents) -> None:
    with pytest.raises(InputRejected, match="intent none"):
        intents.get("none")
    with pytest.raises((InputRejected, PreconditionFailed)):
        intents.save(after(intent("0none")))


def test_due_work_comes_urgent_first_then_oldest_first(intents: Intents) -> None:
    def at(hour: int, name: str, **fields: Any) -> Intent:
        return intent(name, created_at=NOW.replace(hour=hour), **fields)

    planned = [at(9, "0"), at(8, "f"), at(11, "7", urgent=True), at(10, "b", urgent=True)]
    held = at(7, "3", state=IntentState.HELD)
    other = intent("5", flow="orders")
    intents.plan([*planned, held, other])
    assert names(intents.due(FLOW, OPEN)) == ["b", "7", "3", "f", "0"]
    assert names(intents.due(FLOW, [IntentState.HELD])) == ["3"]


def test_records_of_one_file_come_in_its_order_whatever_their_states(intents: Intents) -> None:
    """A later run goes on with a file whose flow stops at the first mistake."""
    rows = {"2": "f", "10": "0", "1": "9", "3": "1"}
    intents.plan([intent(name, record=row) for row, name in rows.items()])
    intents.save(after(intent("f", record="2"), state=IntentState.HELD))
    assert [one.record for one in intents.due(FLOW, OPEN)] == ["1", "2", "3", "10"]


@pytest.mark.parametrize("state", ["CONFIRMED", "REJECTED", "VOID"])
def test_what_ended_is_found_by_its_day_and_no_longer_due(intents: Intents, state: str) -> None:
    """RE-33: what was confirmed before a restore is looked for by the days it may be of."""
    first, second = intents.plan([intent("0a"), intent("9b")])
    late = NOW.replace(hour=23, minute=59, second=59)
    intents.save(after(first, state=IntentState(state), ended_at=late))
    intents.save(after(second, state=IntentState(state), ended_at=late + timedelta(seconds=1)))
    assert names(intents.due(FLOW, OPEN)) == []
    assert names(intents.ended(FLOW, date(2026, 11, 2))) == ["0a"]
    assert names(intents.ended(FLOW, date(2026, 11, 3))) == ["9b"]
    assert names(intents.ended("orders", date(2026, 11, 2))) == []


def test_two_workers_that_write_the_very_same_are_still_two(intents: Intents) -> None:
    """RE-17: with one name and one clock only one of them may go on."""
    (planned,) = intents.plan([intent()])
    claimed = after(planned, state=IntentState.CLAIMED, owner="twin")
    intents.save(claimed)
    with pytest.raises(PreconditionFailed):
        intents.save(claimed)


def test_all_who_claim_at_once_leave_one_winner(table: Table) -> None:
    """RE-12, RE-17: the condition is DynamoDB's own, whoever comes first."""
    store = DynamoIntents(table)
    (planned,) = store.plan([intent()])

    def claim(owner: str) -> bool:
        try:
            store.save(after(planned, state=IntentState.CLAIMED, owner=owner))
        except PreconditionFailed:
            return False
        return True

    with ThreadPoolExecutor(8) as workers:
        assert sum(workers.map(claim, "abcdefgh")) == 1


def test_a_save_whose_answer_was_lost_is_recognised_when_it_is_repeated(table: Table) -> None:
    """The condition then finds our own."""
    store = DynamoIntents(repeating(table))
    (planned,) = store.plan([intent()])
    store.save(claimed := after(planned, state=IntentState.CLAIMED, owner="me"))
    assert store.get(planned.id) == claimed
    with pytest.raises(PreconditionFailed):
        store.save(after(planned, state=IntentState.CLAIMED, owner="another"))


def test_records_of_the_version_before_are_read_due_and_moved_on(table: Table) -> None:
    """RE-32: old and new functions work on one table while a deployment goes on."""
    place = {"due_shard": f"{FLOW}#PLANNED#0", "due_at": "2026-11-01T08:00:00+00:00"}
    table.put(Item(pk="0old", sk="intent", version=2, body=OLD, attributes=place))
    store = DynamoIntents(table)
    store.plan([intent("0new"), intent("0urgent", urgent=True)])
    assert names(store.due(FLOW, OPEN)) == ["0urgent", "0old", "0new"]
    old = store.get("0old")
    assert (old.version, old.generation, old.urgent, old.cause) == (2, 0, False, None)
    store.save(after(old, state=IntentState.HELD))
    assert names(store.due(FLOW, [IntentState.HELD])) == ["0old"]


def test_what_ended_before_ends_were_dated_is_in_no_index(table: Table) -> None:
    """RE-32"""
    store = DynamoIntents(table)
    store.plan([intent(state=IntentState.CONFIRMED)])
    assert (
        "due_shard"
        not in table.client.get_item(
            TableName=table.name, Key={"pk": {"S": "0a"}, "sk": {"S": "intent"}}
        )["Item"]
    )


def test_a_version_that_the_table_lost_is_put_back_and_is_due_again(intents: Intents) -> None:
    """RE-33: but never over a later one."""
    assert isinstance(intents, DynamoIntents | MemoryIntents)
    sent = intent(state=IntentState.SENT, version=3)
    assert intents.restore(sent)
    assert names(intents.due(FLOW, [IntentState.SENT])) == ["0a"]
    assert not intents.restore(intent(version=2))
    unknown = after(sent, state=IntentState.UNKNOWN)
    assert intents.restore(unknown)
    assert not intents.restore(unknown)
    assert intents.get("0a") == unknown
