"""`sapmatch write` on one machine: a file, its ledger and SAP, for several calls."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

from msgspec.structs import replace

from sapmatch.model.flow import WriteBack
from sapmatch.model.intent import Operation
from sapmatch.writing.desk import Desk
from sapmatch.writing.protocol.effects import Rules
from sapmatch.writing.runs.write_file import OWNER, Source, write_file
from tests.builders.memory import MemoryClock, MemoryObjects
from tests.builders.memory_intents import MemoryIntents
from tests.builders.memory_sap import MemorySap

FILE = b'[{"Thing":"1","A":"x"},{"Thing":"2","A":"y"}]'


class Laptop:
    """The same file, ledger and SAP for several calls."""

    def __init__(self, operation: Operation = "insert", **flow: Any) -> None:
        self.clock = MemoryClock()
        self.sap = MemorySap(self.clock)
        self.ledger = MemoryIntents()
        self.payloads = MemoryObjects()
        self.flow = WriteBack(
            connection="s4",
            service="/o",
            entity_set="Z_Thing",
            operation=operation,
            reference=("Thing",),
            **flow,
        )

    def lines(
        self,
        data: bytes = FILE,
        *,
        quiet: int = 3,
        progress: Callable[[int, int], None] | None = None,
        **flow: Any,
    ) -> list[dict[str, Any]]:
        source = Source(data=data, name="things", flow=replace(self.flow, **flow), client="100")
        second = timedelta(seconds=1)
        desk = Desk(
            sap=self.sap,
            intents=self.ledger,
            clock=self.clock,
            rules=Rules(settle=quiet * second, spacing=second, slack=0 * second),
            owner=OWNER,
        )
        self.said: list[dict[str, Any]] = []
        for line in write_file(source, desk, self.payloads, progress):
            self.said.append(line)
        return self.said

    def statuses(self, **more: Any) -> list[str]:
        return [line["status"] for line in self.lines(**more)[:-1]]
