"""A run of three order changes from a dropped file, with everything that it needs."""

from typing import Any

import msgspec

from sapmatch.model.flow import WriteBack
from sapmatch.model.intent import Intent
from sapmatch.writing.desk import Desk
from sapmatch.writing.response_file import response_key
from sapmatch.writing.runs.run import RunResult, reconcile_update_file, write_update_file
from sapmatch.writing.update_file import collect_inbox
from tests.builders.memory import MemoryClock, MemoryObjects
from tests.builders.memory_intents import MemoryIntents
from tests.builders.memory_sap import MemorySap
from tests.builders.writes import ORDERS, RULES

INBOX = "updates/orders/inbox/fields.json"


class Room:
    """Everything a run needs; three orders in SAP and a dropped file that changes them."""

    def __init__(self) -> None:
        self.clock = MemoryClock()
        self.sap = MemorySap(self.clock)
        self.intents = MemoryIntents()
        self.objects = MemoryObjects()
        for number in ("1", "2", "3"):
            self.sap.seed("A_SalesOrder", SalesOrder=number, A="")
        self.drop([{"SalesOrder": number, "A": "x"} for number in ("1", "2", "3")])

    def drop(self, rows: list[dict[str, Any]]) -> None:
        """Put the only version of the file into the inbox."""
        self.objects.versions[INBOX] = [msgspec.json.encode(rows)]

    def collect(self, run_id: str = "run-1", flow: WriteBack = ORDERS) -> int:
        file = collect_inbox(
            "orders",
            flow,
            "100",
            inbox_key=INBOX,
            version_id="v1",
            intents=self.intents,
            objects=self.objects,
            run_id=run_id,
            now=self.clock.now(),
        )
        return len(file.records)

    def desk(self, owner: str = "worker", **fields: Any) -> Desk:
        given: dict[str, Any] = {"sap": self.sap, "intents": self.intents, "clock": self.clock}
        return Desk(owner=owner, **{**given, "rules": RULES, **fields})

    def write(
        self,
        run_id: str = "run-1",
        *,
        flow: WriteBack = ORDERS,
        desk: Desk | None = None,
        **more: Any,
    ) -> RunResult:
        given: dict[str, Any] = {"flow": flow, "desk": desk or self.desk(), "objects": self.objects}
        return write_update_file("orders", run_id, **given, **more)

    def read_back(self, run_id: str = "run-1") -> RunResult:
        return reconcile_update_file("orders", run_id, desk=self.desk(), objects=self.objects)

    def responses(self, run_id: str = "run-1") -> list[dict[str, Any]]:
        lines = self.objects.read(response_key("orders", run_id)).splitlines()
        return [msgspec.json.decode(line) for line in lines]

    def statuses(self) -> list[str]:
        return [line["status"] for line in self.responses()[:-1]]

    def intent(self, record: str) -> Intent:
        """The newest version of a record of the file."""
        (found,) = [i for i in self.intents.stored.values() if i.record == record]
        return found
