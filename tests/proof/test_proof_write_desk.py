"""The desk, which drives the protocol with real ports, killed before and after each of its calls.

RE-12, RE-22: the next one goes on where it stopped. The protocol alone is proven in simulation.
"""

from collections.abc import Callable
from contextlib import suppress
from itertools import product
from typing import Any

import msgspec
import pytest

from sapmatch.model.intent import TERMINAL, IntentState
from sapmatch.writing.desk import Desk, read_back, write
from tests.builders.memory import MemoryClock
from tests.builders.memory_intents import MemoryIntents
from tests.builders.memory_sap import Behaviour, MemorySap, answer_lost, request_lost
from tests.builders.writes import CHANGE, INVOICE, QUIET, RULES, change_intent, invoice_intent

ROUNDS = 12
BEHAVIOURS: dict[str, list[Behaviour]] = {
    "executed": [],
    "answer lost": [answer_lost, answer_lost],
    "request lost": [request_lost],
}
Death = tuple[int, str]


class Killed(BaseException):
    """The process is gone: nothing it still wants to do happens."""


class Trapped:
    """A port whose calls are counted with those of others; at one of them the process dies."""

    def __init__(self, port: Any, process: "Process") -> None:
        self._port, self._process = port, process

    def __getattr__(self, name: str) -> Callable[..., Any]:
        function = getattr(self._port, name)
        return lambda *args, **kwargs: self._process.call(function, *args, **kwargs)


class Process:
    """A worker that dies at its nth call of a port, before or after it had its effect."""

    def __init__(self, death: Death = (0, "")) -> None:
        self.calls, self._death, self._dead = 0, death, False

    def call(self, function: Callable[..., Any], *args: Any, **kwargs: Any) -> Any:
        self.calls += 1
        self._dies("before")
        answer = function(*args, **kwargs)
        self._dies("after")
        return answer

    def _dies(self, when: str) -> None:
        self._dead = self._dead or (self.calls, when) == self._death
        if self._dead:
            raise Killed


class Office:
    """Two invoices and a change of an order, their SAP, their store, and who works on them."""

    def __init__(self, behaviours: list[Behaviour], batch: int) -> None:
        self.clock, self.intents, self.batch = MemoryClock(), MemoryIntents(), batch
        self.sap = MemorySap(self.clock)
        self.sap.seed("A_SalesOrder", SalesOrder="1000045", AssignmentReference="")
        self.sap.behaviours = behaviours.copy()
        other = {**INVOICE, "SupplierInvoiceIDByInvcgParty": "RE-2026-18"}
        reference = {"SupplierInvoiceIDByInvcgParty": "RE-2026-18", "InvoicingParty": "10100001"}
        second = msgspec.structs.replace(invoice_intent(), id="second", reference=reference)
        self.payloads = dict(
            zip(
                [i.id for i in self.intents.plan([invoice_intent(), second, change_intent()])],
                [INVOICE, other, CHANGE],
                strict=True,
            )
        )

    def work(self, process: Process, owner: str) -> None:
        """Send what may be sent and read back what is due, until the process dies."""
        sap, intents = Trapped(self.sap, process), Trapped(self.intents, process)
        desk = Desk(sap=sap, intents=intents, clock=self.clock, rules=RULES, owner=owner)
        with suppress(Killed):
            list(write(self._open(), desk, batch=self.batch))
            list(read_back(self._open(), desk))

    def _open(self) -> list[Any]:
        stored = [self.intents.get(name) for name in self.payloads]
        return [(i, self.payloads[i.id]) for i in stored if i.state not in TERMINAL]

    def finish(self) -> None:
        """Others go on, day after day, until nothing is open."""
        for number in range(ROUNDS):
            self.clock.sleep(QUIET)
            self.work(Process(), f"other {number}")


@pytest.mark.parametrize(("name", "batch"), list(product(BEHAVIOURS, (1, 3))))
def test_a_process_may_be_killed_before_or_after_any_call(name: str, batch: int) -> None:
    undisturbed = Process()
    Office(BEHAVIOURS[name], batch).work(undisturbed, "first")
    for point in product(range(1, undisturbed.calls + 1), ("before", "after")):
        office = Office(BEHAVIOURS[name], batch)
        office.work(Process(point), "first")
        office.finish()
        references = [
            row["SupplierInvoiceIDByInvcgParty"] for row in office.sap.entities["A_SupplierInvoice"]
        ]
        assert sorted(references) == ["RE-2026-17", "RE-2026-18"], point
        assert office.sap.entities["A_SalesOrder"][0]["AssignmentReference"] == "RE-2026-17"
        ends = {intent.state for intent in office.intents.stored.values()}
        assert ends == {IntentState.CONFIRMED}, point
