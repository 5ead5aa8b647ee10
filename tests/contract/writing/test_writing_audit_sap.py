"""The daily audit against the embedded SAP, whose filters and documents are those of a Gateway."""

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import msgspec
import pytest
from msgspec.structs import replace

from local.sap.server import Server, serve
from sapmatch.model.auth import Basic
from sapmatch.model.connection import Connection
from sapmatch.model.intent import Change, IntentState, Record
from sapmatch.sap.auth.credentials import Given
from sapmatch.sap.connection import connect
from sapmatch.sap.odata.client import ODataClient
from sapmatch.writing.marker import marker
from sapmatch.writing.plan import new_intent
from sapmatch.writing.runs.audit import Audit, audit_flow
from tests.builders.memory import MemoryClock, MemoryObjects
from tests.builders.memory_intents import MemoryIntents
from tests.builders.writes import INVOICES
from tests.contract.local_sap.local_sap_world import USERS, invoice, seed

NOW = datetime(2026, 10, 2, 3, 30, tzinfo=UTC)  # the day after the documents
FLOW = replace(INVOICES, source="match")


class Books:
    """A SAP system, and what is known of the writes to it."""

    def __init__(self, sap: ODataClient) -> None:
        self.sap = sap
        self.intents = MemoryIntents()
        self.objects = MemoryObjects()

    def post(self, reference: str, document: str, *, known: bool = True) -> dict[str, str]:
        """Create an invoice with our mark; returns its key."""
        payload: Record = invoice(reference, "50", DocumentHeaderText=marker(document))
        at: dict[str, Any] = {"service": FLOW.service, "entity_set": FLOW.entity_set}
        written = self.sap.write(Change(kind="create", record=payload, **at))
        key = {name: str(value) for name, value in written.key.items()}
        if known:
            self._confirm(payload, key, document)
        return key

    def _confirm(self, payload: Record, key: dict[str, str], document: str) -> None:
        names = ("SupplierInvoiceIDByInvcgParty", "InvoicingParty")
        reference = {name: payload[name] for name in names}
        intent, data = new_intent(
            "invoices",
            FLOW,
            "100",
            payload,
            business_key=reference,
            once=True,
            reference=reference,
            key=key,
            marker=marker(document),
            state=IntentState.CONFIRMED,
            ended_at=NOW,
        )
        self.objects.write(intent.payload_key, data)
        self.intents.plan([intent])

    def audit(self) -> Audit:
        return audit_flow(
            "invoices",
            FLOW,
            sap=self.sap,
            intents=self.intents,
            objects=self.objects,
            clock=MemoryClock(NOW),
        )


@pytest.fixture
def server() -> Iterator[Server]:
    with serve(seed(), users=USERS, duplicate_check=False) as server:
        yield server


@pytest.fixture
def books(server: Server) -> Iterator[Books]:
    connection = Connection(
        url=server.url.partition("/sap/")[0],
        client="100",
        auth=Basic(secret="env:S4"),
    )
    sap = connect("s4", connection, Given({"user": "ROBOT", "password": USERS["ROBOT"]}))
    yield Books(sap)
    sap.close()


def test_what_was_written_is_found_both_ways_and_agrees(books: Books) -> None:
    books.post("RE-1", "d1")
    books.post("RE-2", "d2")
    found = books.audit()
    assert (found.writes, found.documents, found.differences) == (2, 2, ())


def test_a_second_document_and_one_that_nobody_knows_are_differences(books: Books) -> None:
    """RE-33, I1"""
    books.post("RE-1", "d1")
    copied = books.post("RE-1", "copied", known=False)
    found = {(each.kind, each.key["SupplierInvoice"]) for each in books.audit().differences}
    assert ("UNKNOWN", copied["SupplierInvoice"]) in found
    assert {kind for kind, _ in found} == {"UNKNOWN", "DOUBLE"}
    assert msgspec.json.encode(books.audit())
