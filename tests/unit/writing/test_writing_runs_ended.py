"""Runs that end before their last record, and what they say of those that were under way."""

import msgspec
import pytest

from sapmatch.model.errors import InputRejected, Problem, SapUnavailable
from sapmatch.model.flow import WriteBack
from sapmatch.model.intent import Intent, IntentState, Written
from sapmatch.writing.plan import Planned, new_intent, stored
from tests.builders.memory_intents import MemoryIntents
from tests.builders.memory_sap import Execute, fails
from tests.builders.write_runs import Room
from tests.builders.writes import ORDERS

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
