"""A desk with one order, on which invoices that were read are decided and recorded."""

from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal
from typing import Self

import msgspec

from sapmatch.matching import stored
from sapmatch.matching.index import InMemoryOrders
from sapmatch.matching.keys import order_keys
from sapmatch.model.document import DocumentRecord
from sapmatch.model.intent import Intent
from sapmatch.model.invoice import Invoice, InvoiceLine, Party, ReadResult, StoredInvoice
from sapmatch.model.match import Decision
from sapmatch.model.order import Order, OrderItem
from sapmatch.model.policy import CompanyCode, MatchingPolicy
from tests.builders.memory import START, MemoryDocuments, MemoryObjects
from tests.builders.memory_reviews import MemoryReviews

COMPANY = CompanyCode(name="Example Maschinenbau GmbH", currency="EUR", vat_ids=("DE811234567",))
POLICY = MatchingPolicy(version="p", company_codes={"1010": COMPANY})
ORDER = Order(
    id="4500000001",
    side="purchase_order",
    connection="s4",
    client="100",
    company_code="1010",
    partner="17300001",
    partner_name="Nordlicht GmbH",
    partner_vat_id="DE123456789",
    currency="EUR",
    items=(
        OrderItem(
            id="10",
            text="Motor",
            quantity=Decimal(2),
            unit="PC",
            net_price=Decimal(50),
            receipt_expected=False,
        ),
    ),
)
INVOICE = Invoice(
    number="R-1",
    issue_date=date(2026, 10, 30),
    currency="EUR",
    net=Decimal(100),
    tax=Decimal(19),
    total=Decimal(119),
    seller=Party(name="Nordlicht GmbH", vat_id="DE123456789"),
    buyer=Party(name="Example Maschinenbau GmbH", vat_id="DE811234567"),
    order_references=("4500000001",),
    lines=(
        InvoiceLine(
            id="1",
            description="Motor",
            quantity=Decimal(2),
            unit="C62",
            unit_price=Decimal(50),
            net=Decimal(100),
        ),
    ),
)


@dataclass
class ReadDesk:
    """Invoices that were read, to be decided by `match_stored`; `time` is the clock."""

    objects: MemoryObjects = field(default_factory=MemoryObjects)
    documents: MemoryDocuments = field(default_factory=MemoryDocuments)
    orders: InMemoryOrders = field(default_factory=InMemoryOrders)
    reviews: MemoryReviews = field(default_factory=MemoryReviews)
    planned: list[str] = field(default_factory=list)
    invoices: list[Invoice] = field(default_factory=list)
    time: datetime = START
    rehearsal: stored.Planner = lambda *_: ()  # what match_stored plans with

    def with_order(self, order: Order = ORDER) -> Self:
        """Put the order into the index, in place of what was known of it."""
        self.orders.put(order, order_keys(order))
        return self

    def arrive(self, name: str, invoice: Invoice = INVOICE) -> str:
        document = name * 64
        self.documents.records[document] = DocumentRecord(
            id=document,
            bucket="b",
            key=f"incoming/{name}.xml",
            version_id="v1",
            size=1,
            received_at=START,
        )
        kept = StoredInvoice(
            id=document,
            content=document,
            bucket="b",
            key=f"incoming/{name}.xml",
            version="v1",
            result=ReadResult(outcome="read", invoice=invoice),
        )
        self.objects.write(f"documents/{document}/invoice.json", msgspec.json.encode(kept))
        return document

    @property
    def desk(self) -> stored.Desk:
        return stored.Desk(
            objects=self.objects,
            documents=self.documents,
            reviews=self.reviews,
            orders=self.orders,
            policy=POLICY,
            connection="s4",
            client="100",
        )

    def match(self, document: str) -> tuple[int, Decision]:
        return stored.match_stored(document, self.desk, self.time, self.rehearsal)

    def remember(self, document: str) -> None:
        stored.remember_stored(document, self.desk)

    def record(self, document: str) -> DocumentRecord:
        return stored.record_stored(document, self.desk, self._plan)

    def _plan(
        self, document: str, invoice: Invoice, decision: Decision, orders: dict[str, Order]
    ) -> list[tuple[Intent, bytes]]:
        self.planned.append(document)
        self.invoices.append(invoice)
        assert list(orders) == list(decision.orders)
        intent = Intent(
            id="i",
            flow="f",
            connection="s4",
            client="100",
            operation="insert",
            service="/s",
            entity_set="A_SupplierInvoice",
            payload_key="intents/i.json",
            payload_sha256="x",
        )
        return [(intent, b"{}")]
