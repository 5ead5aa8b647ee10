"""Runs that end before their last record, and what they say of those that were under way."""

from datetime import timedelta

import msgspec
import pytest
from msgspec.structs import replace

from sapmatch.model.errors import InputRejected, Problem, SapUnavailable
from sapmatch.model.flow import WriteBack
from sapmatch.model.intent import Intent, IntentState, Written
from sapmatch.writing.plan import Planned, new_intent, stored
from sapmatch.writing.protocol.arrows import moved
from sapmatch.writing.runs.run import reconcile_update_file
from tests.builders.memory_intents import MemoryIntents
from tests.builders.memory_sap import Execute, fails, request_lost
from tests.builders.write_runs import Room
from tests.builders.writes import ORDERS, QUIET, RULES, SPACING

S = IntentState


def five_orders() -> Room:
    room = Room()
    room.drop([{"SalesOrder": str(n), "A": "x"} for n in range(1, 6)])
    room.collect()
    return room


def test_three_records_in_a_row_that_sap_cannot_take_end_the_run() -> None:
    room = five_orders()
    for number in ("4", "5"):
        room.sap.seed("A_SalesOrder", SalesOrder=number, A="")
    room.sap.behaviours = [fails(SapUnavailable("503"))] * 5
    with pytest.raises(SapUnavailable):
        room.write()
    assert len(room.sap.sent) == 3
    assert [room.intent(record).state for record in "45"] == [S.PLANNED, S.PLANNED]


def test_a_run_that_is_killed_while_sap_works_calls_that_record_unknown() -> None:
    """The response file is written even then, and does not say that nothing happened."""
    room = five_orders()

    def killed(execute: Execute) -> Written:
        execute()
        raise KeyboardInterrupt

    room.sap.behaviours = [lambda execute: execute(), killed]
    with pytest.raises(KeyboardInterrupt):
        room.write()
    assert room.statuses()[:3] == ["updated", "unknown", "not_executed"]


def test_a_record_that_another_worker_took_is_not_refused_by_this_one() -> None:
    """Its twin was a moment faster with the same mistake: one REJECTED, and no error."""
    room = five_orders()

    class Faster(MemoryIntents):
        """Another worker claims what this one is about to claim."""

        def save(self, after: Intent) -> None:
            before = self.get(after.id)
            if after.state is S.CLAIMED and before.version == after.version - 1:
                self.stored[after.id] = msgspec.structs.replace(after, owner="faster")
            super().save(after)

    faster = Faster()
    faster.stored = room.intents.stored
    room.intents = faster
    room.sap.check = lambda change: [Problem(code="UNKNOWN", message="A: is unknown", field="A")]  # type: ignore[method-assign]
    room.write()
    assert {intent.owner for intent in faster.stored.values()} == {"faster"}
    assert {intent.state for intent in faster.stored.values()} == {S.CLAIMED}


def test_an_insert_that_another_worker_planned_with_another_content_is_refused() -> None:
    """Planning looks first; who was faster in between has the place."""
    flow = msgspec.structs.replace(ORDERS, operation="insert", reference=("R",))
    first, second = (planned(flow, value) for value in ("a", "b"))
    intents = MemoryIntents()
    stored([first], intents)
    with pytest.raises(InputRejected, match="another content"):
        stored([second], intents)


def planned(flow: WriteBack, value: str) -> Planned:
    key = {"R": "1"}
    return new_intent("orders", flow, "100", {**key, "A": value}, business_key=key, once=True)


@pytest.mark.parametrize("skew", [0, 60])
def test_a_run_waits_for_the_lease_of_a_worker_that_died(skew: int) -> None:
    """RE-22, RE-27: what it claimed it never sent, and nobody else may before."""
    room = five_orders()
    claim = {"owner": "dead", "lease_until": room.clock.now() + RULES.lease}
    room.intents.save(moved(room.intent("1"), S.CLAIMED, **claim))
    desk = room.desk(rules=replace(RULES, skew=timedelta(seconds=skew)))
    result = room.write(desk=desk)
    wait = int(RULES.lease.total_seconds()) + skew
    assert (result.held, result.again, result.wait_seconds) == (1, 0, wait)
    room.clock.sleep(wait)
    result = reconcile_update_file("orders", "run-1", desk=desk, objects=room.objects)
    assert (result.held, result.again) == (0, 1)
    assert room.write(desk=desk).again == 0
    assert room.intent("1").state is S.CONFIRMED


def test_a_conflict_is_for_people_and_nothing_that_time_resolves() -> None:
    room = five_orders()
    room.sap.behaviours = [request_lost]
    assert room.write().unknown == 1
    room.sap.entities["A_SalesOrder"][0].update(A="another", _etag="moved")
    room.clock.sleep(QUIET + SPACING)
    result = room.read_back()
    assert room.intent("1").state is S.CONFLICTING
    assert (result.conflicts, result.unknown, result.wait_seconds) == (1, 0, None)
    assert result.counts["unknown"] == 1
