"""A stage with documents that wait, as the commands about exceptions see it."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import msgspec

from sapmatch.model.document import DocumentRecord, ExceptionRecord
from sapmatch.model.intent import Intent
from sapmatch.model.invoice import Evidence, Invoice, Party, ReadResult, StoredInvoice
from sapmatch.model.match import (
    Decision,
    LedgerLine,
    Ranked,
    State,
    ToleranceCheck,
)
from sapmatch.model.match import Evidence as Weight
from sapmatch.model.review import Review, Verdict
from sapmatch.model.stored import decision_key, invoice_key
from tests.builders.memory import START, MemoryClock, MemoryDocuments, MemoryObjects
from tests.builders.memory_intents import MemoryIntents
from tests.builders.memory_outbox import MemoryOutbox
from tests.builders.memory_reviews import MemoryReviews

D = Decimal
PRICE, RECEIPT, DOUBT = ("a" * 64, "b" * 64, "c" * 64)
PROPOSED = Verdict(
    action="accept",
    reason="agreed",
    by="arn:aws:iam::1:user/anna",
    at=datetime(2026, 11, 2, 9, 30, tzinfo=UTC),
    sap_user="ANNA",
)
DECISION = Decision(
    state=State.OUT_OF_TOLERANCE,
    policy_version="p",
    cause="PP",
    orders=("4500000012",),
    explanation=("Invoice R-1 over 119.00 EUR differs beyond the tolerances (PP).",),
    remedy="Purchasing agrees the price.",
    owner="purchasing",
    difference=D("12.50"),
    ranked=(
        Ranked(
            orders=("4500000012",),
            score=142,
            evidence=(Weight(name="order number equal", weight=120, invoice="45", order="45"),),
        ),
    ),
    tolerances=(
        ToleranceCheck(
            key="PP",
            bound="upper_absolute",
            value=D("12.50"),
            limit=D(10),
            unit="EUR",
            verdict="fail",
            line="1",
        ),
    ),
    ledger=(
        LedgerLine(
            order="4500000012",
            item="10",
            unit="PC",
            ordered=D(10),
            delivered=D(10),
            invoiced=D(0),
            open=D(10),
            taken=D(10),
            amount=D(100),
        ),
    ),
)


INTENT = Intent(
    id="i1",
    flow="supplier_invoice",
    connection="s4",
    client="100",
    operation="insert",
    service="/sap",
    entity_set="A_SupplierInvoice",
    payload_key="intents/x.json",
    payload_sha256="0" * 64,
    key={"SupplierInvoice": "5105600200", "FiscalYear": "2026"},
)


class Stage:
    """Three documents that wait: told, not told yet, and one that nobody decided on."""

    def __init__(self) -> None:
        self.clock = MemoryClock(START + timedelta(days=3))
        self.objects, self.documents = MemoryObjects(), MemoryDocuments()
        self.outbox, self.reviews = MemoryOutbox(), MemoryReviews()
        self.intents = MemoryIntents()
        self.wait(PRICE, "OUT_OF_TOLERANCE", DECISION, hours=0, proposed=PROPOSED, said=(PROPOSED,))
        self.outbox.store(
            ExceptionRecord(
                document_id=PRICE,
                state="OUT_OF_TOLERANCE",
                cause="PP",
                subject="s",
                body="b",
                raised_at=START,
                number="R-1",
                seller="Nordlicht",
                total=D("119.00"),
                currency="EUR",
                difference=D("12.50"),
                owner="purchasing",
            )
        )
        waiting = msgspec.structs.replace(DECISION, state=State.WAITING_RECEIPT, owner="warehouse")
        self.wait(RECEIPT, "WAITING_RECEIPT", waiting, hours=71)
        self.wait(DOUBT, "NEEDS_REVIEW", None, hours=24, pages=(3, 4))

    def wait(
        self, name: str, state: str, decision: Decision | None, *, hours: int, **more: Any
    ) -> None:
        pages = more.pop("pages", ())
        result = ReadResult(
            outcome="read",
            invoice=Invoice(
                number="R-1", total=D("119.00"), currency="EUR", seller=Party(name="Nordlicht")
            ),
            evidence={"number": Evidence(page=1, box=(0.1, 0.2, 0.3, 0.4))},
            confidence={"number": 0.97},
        )
        kept = StoredInvoice(
            id=name, content=name, bucket="bucket", key="k", version="v1", result=result
        )
        self.objects.write(invoice_key(name), msgspec.json.encode(kept))
        if decision:
            self.objects.write(decision_key(name, 1), msgspec.json.encode(decision))
        number = 1 if decision else 0
        self.documents.records[name] = DocumentRecord(
            id=name,
            bucket="bucket",
            key=f"incoming/{name[0]}.pdf",
            version_id="v1",
            size=1,
            received_at=START,
            state=state,
            decision=number,
            company_code="1010",
            pages=pages,
        )
        self.reviews.save(
            Review(
                document_id=name,
                state=state,
                cause=decision.cause if decision else "NEEDS_REVIEW",
                decision=number,
                opened_at=START + timedelta(hours=hours),
                **more,
            )
        )
