"""One invoice and one order change on their way to SAP, and a worker that takes them there."""

from datetime import timedelta
from typing import Any

import msgspec

from sapmatch.model.flow import WriteBack
from sapmatch.model.intent import Intent, Record
from sapmatch.writing.desk import Desk, read_back, write
from sapmatch.writing.plan import new_intent
from sapmatch.writing.protocol.effects import Rules
from tests.builders.memory import START, MemoryClock
from tests.builders.memory_intents import MemoryIntents
from tests.builders.memory_sap import MemorySap

SLACK, QUIET, SPACING = 30, 600, 60  # seconds; what leaves late still has its quiet time
RULES = Rules(
    settle=timedelta(seconds=QUIET - SLACK),
    spacing=timedelta(seconds=SPACING),
    slack=timedelta(seconds=SLACK),
)
INVOICES = WriteBack(
    connection="s4",
    service="/sap/opu/odata/sap/API_SUPPLIERINVOICE_PROCESS_SRV",
    entity_set="A_SupplierInvoice",
    operation="insert",
)
ORDERS = WriteBack(
    connection="s4",
    service="/sap/opu/odata/sap/API_SALES_ORDER_SRV",
    entity_set="A_SalesOrder",
    operation="update",
)
INVOICE: Record = {
    "CompanyCode": "1010",
    "DocumentDate": "/Date(1793577600000)/",
    "SupplierInvoiceIDByInvcgParty": "RE-2026-17",
    "InvoicingParty": "10100001",
    "DocumentCurrency": "EUR",
    "InvoiceGrossAmount": "119.00",
    "SupplierInvoiceIsCreditMemo": "",
}
REFERENCE = {"SupplierInvoiceIDByInvcgParty": "RE-2026-17", "InvoicingParty": "10100001"}
CHANGE: Record = {"AssignmentReference": "RE-2026-17"}


def invoice_intent(**fields: Any) -> Intent:
    """An insert that is planned."""
    intent, _ = new_intent(
        "invoices",
        INVOICES,
        "100",
        INVOICE,
        business_key=REFERENCE,
        once=True,
        reference=REFERENCE,
        created_at=START,
    )
    return msgspec.structs.replace(intent, **fields)


def change_intent(**fields: Any) -> Intent:
    """An update that is planned."""
    key = {"SalesOrder": "1000045"}
    intent, _ = new_intent("orders", ORDERS, "100", CHANGE, business_key=key, key=key)
    return msgspec.structs.replace(intent, **fields)


class Stage:
    """One intent, its SAP, its store and its clock."""

    def __init__(self, intent: Intent, payload: Record, *, etags: bool = True) -> None:
        self.clock = MemoryClock()
        self.sap = MemorySap(self.clock, etags=etags)
        self.intents = MemoryIntents()
        self.payload = payload
        self.id = self.intents.plan([intent])[0].id

    @property
    def intent(self) -> Intent:
        return self.intents.get(self.id)

    def desk(self, owner: str = "worker", **fields: Any) -> Desk:
        known = {"sap": self.sap, "intents": self.intents, "clock": self.clock, "rules": RULES}
        return Desk(owner=owner, **{**known, **fields})

    def write(self, owner: str = "worker", **fields: Any) -> Intent:
        (after,) = write([(self.intent, self.payload)], self.desk(owner, **fields))
        return after

    def look(self, owner: str = "worker", **fields: Any) -> Intent:
        (after,) = read_back([(self.intent, self.payload)], self.desk(owner, **fields))
        return after

    def look_after(self, seconds: float) -> Intent:
        self.clock.sleep(seconds)
        return self.look()


class Bulk:
    """Many invoices, or many changes of orders, of one worker."""

    def __init__(self, *work: tuple[Intent, Record]) -> None:
        self.clock = MemoryClock()
        self.sap = MemorySap(self.clock)
        self.intents = MemoryIntents()
        self._payloads = [payload for _, payload in work]
        self._ids = [intent.id for intent in self.intents.plan([intent for intent, _ in work])]

    @property
    def work(self) -> list[tuple[Intent, Record]]:
        intents = [self.intents.get(intent_id) for intent_id in self._ids]
        return list(zip(intents, self._payloads, strict=True))

    @property
    def states(self) -> list[str]:
        return [intent.state.value for intent, _ in self.work]

    def desk(self, **fields: Any) -> Desk:
        known = {"sap": self.sap, "intents": self.intents, "clock": self.clock, "rules": RULES}
        return Desk(owner="worker", **{**known, **fields})

    def write(self, *, batch: int = 1, **fields: Any) -> list[Intent]:
        return list(write(self.work, self.desk(**fields), batch=batch))

    def look(self, **fields: Any) -> list[Intent]:
        return list(read_back(self.work, self.desk(**fields)))


def invoices(many: int) -> list[tuple[Intent, Record]]:
    """So many different invoices."""
    made = []
    for n in range(many):
        reference = {**REFERENCE, "SupplierInvoiceIDByInvcgParty": f"RE-{n}"}
        made.append((invoice_intent(id=f"i{n}", reference=reference), {**INVOICE, **reference}))
    return made


def changes(*orders: str) -> list[tuple[Intent, Record]]:
    """One change of each order; of the same order the later ones have another value."""
    return [
        (
            change_intent(id=f"c{n}", key={"SalesOrder": order}),
            {"AssignmentReference": f"RE-2026-{n}"},
        )
        for n, order in enumerate(orders)
    ]
