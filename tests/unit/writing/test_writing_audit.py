"""The daily audit: our confirmed writes beside SAP, both ways."""

from datetime import timedelta
from typing import Any

import msgspec
import pytest
from msgspec.structs import replace

from sapmatch.model.errors import (
    AuthorizationMissing,
    SapmatchError,
    SapRejected,
    SapUnavailable,
)
from sapmatch.model.intent import IntentState, Record
from sapmatch.writing.marker import marker
from sapmatch.writing.runs.audit import Audit, audit_flow
from tests.builders.memory import START, MemoryClock, MemoryObjects
from tests.builders.memory_intents import MemoryIntents
from tests.builders.memory_sap import MemorySap
from tests.builders.writes import INVOICE, INVOICES, invoice_intent

FLOW = replace(INVOICES, source="match")
KEY = {"SupplierInvoice": "5105600000", "FiscalYear": "2026"}
MARK = marker("document 1")
POSTED: Record = {**INVOICE, **KEY, "PostingDate": START.date(), "DocumentHeaderText": MARK}


class Books:
    """One confirmed invoice, and what SAP holds."""

    def __init__(self) -> None:
        self.clock = MemoryClock()
        self.clock.sleep(24 * 3600)
        self.sap = MemorySap(self.clock)
        self.intents = MemoryIntents()
        self.objects = MemoryObjects()
        self.objects.write("payload", msgspec.json.encode(INVOICE))
        self.write()

    def write(self, **fields: Any) -> None:
        confirmed = invoice_intent(
            state=IntentState.CONFIRMED,
            key=KEY,
            ended_at=START,
            marker=MARK,
            payload_key="payload",
        )
        intent = replace(confirmed, **fields)
        self.intents.stored[intent.id] = intent

    def audit(self, **more: Any) -> Audit:
        return audit_flow(
            "invoices",
            FLOW,
            sap=self.sap,
            intents=self.intents,
            objects=self.objects,
            clock=self.clock,
            **more,
        )

    def kinds(self) -> list[str]:
        return [difference.kind for difference in self.audit().differences]


@pytest.fixture
def books(monkeypatch: pytest.MonkeyPatch) -> Books:
    return Books()


def test_what_sap_holds_as_it_was_written_is_no_difference(books: Books) -> None:
    books.sap.seed("A_SupplierInvoice", **POSTED)
    found = books.audit()
    assert (found.writes, found.documents, found.differences) == (1, 1, ())
    assert found.complete


def test_a_confirmed_write_that_sap_no_longer_shows_is_a_difference(books: Books) -> None:
    (missing,) = books.audit().differences
    assert (missing.kind, missing.key) == ("MISSING", KEY)
    assert str(missing) == ("invoices: 5105600000/2026: SAP no longer shows what was confirmed")


def test_two_documents_for_one_write_are_a_difference(books: Books) -> None:
    """I1"""
    books.sap.seed("A_SupplierInvoice", **POSTED)
    copy = {**POSTED, "SupplierInvoice": "5105600099", "DocumentHeaderText": ""}
    books.sap.seed("A_SupplierInvoice", **copy)
    assert books.kinds() == ["DOUBLE"]


def test_a_copy_with_the_mark_of_another_document_is_a_difference(books: Books) -> None:
    """I1: whoever copies an invoice under another reference takes its header text along."""
    books.sap.seed("A_SupplierInvoice", **POSTED)
    other = {"SupplierInvoice": "5105600099", "SupplierInvoiceIDByInvcgParty": "RE-9"}
    books.sap.seed("A_SupplierInvoice", **{**POSTED, **other})
    (double,) = books.audit().differences
    assert (double.kind, double.key["SupplierInvoice"]) == ("DOUBLE", "5105600099")


def test_one_that_was_cancelled_and_entered_anew_is_none(books: Books) -> None:
    """MA-P47"""
    books.sap.seed("A_SupplierInvoice", **POSTED, ReverseDocument="5105600001")
    assert books.kinds() == []
    books.sap.seed("A_SupplierInvoice", **{**POSTED, "SupplierInvoice": "5105600002"})
    assert books.kinds() == []


def test_another_amount_is_a_difference_that_names_the_field(books: Books) -> None:
    books.sap.seed("A_SupplierInvoice", **{**POSTED, "InvoiceGrossAmount": "1190.00"})
    (different,) = books.audit().differences
    assert (different.kind, different.fields) == ("DIFFERENT", ("InvoiceGrossAmount",))
    assert "1190" not in str(different)


def test_a_document_with_a_mark_of_ours_and_no_write_is_a_difference(books: Books) -> None:
    """RE-33: a restored table may have lost what it knew."""
    books.sap.seed("A_SupplierInvoice", **POSTED)
    other = {"SupplierInvoice": "5105600077", "SupplierInvoiceIDByInvcgParty": "RE-9"}
    books.sap.seed("A_SupplierInvoice", **{**POSTED, **other, "DocumentHeaderText": marker("x")})
    (unknown,) = books.audit().differences
    assert (unknown.kind, unknown.intent) == ("UNKNOWN", None)
    assert unknown.key == {"SupplierInvoice": "5105600077", "FiscalYear": "2026"}


@pytest.mark.parametrize(
    "fields",
    [
        {"ended_at": START - timedelta(days=30)},
        {"state": IntentState.UNKNOWN, "ended_at": None},
        {"state": IntentState.CONFLICTING, "ended_at": None},
    ],
)
def test_a_mark_of_an_older_or_an_open_write_is_known(books: Books, fields: Any) -> None:
    books.write(**fields)
    books.sap.seed("A_SupplierInvoice", **POSTED)
    assert books.kinds() == []


def test_a_document_of_a_write_that_sap_refused_is_a_difference(books: Books) -> None:
    """A refusal that was none, or a copy: people pay what they find in SAP."""
    books.write(state=IntentState.REJECTED)
    books.sap.seed("A_SupplierInvoice", **POSTED)
    assert books.kinds() == ["UNKNOWN"]


@pytest.mark.parametrize(
    "refusal", [AuthorizationMissing("s4: 403"), SapRejected("M8/1", "no", http_status=400)]
)
def test_one_document_that_sap_does_not_show_keeps_no_other_from_the_audit(
    books: Books, monkeypatch: pytest.MonkeyPatch, refusal: SapmatchError
) -> None:
    monkeypatch.setattr(books.sap, "look", lambda looks: [refusal] * len(looks))
    books.sap.seed("A_SupplierInvoice", **{**POSTED, "DocumentHeaderText": marker("x")})
    assert books.kinds() == ["UNREAD", "UNKNOWN"]


def test_a_header_text_of_somebody_else_is_not_ours(books: Books) -> None:
    books.sap.seed("A_SupplierInvoice", **POSTED)
    other = {"SupplierInvoice": "5105600077", "SupplierInvoiceIDByInvcgParty": "RE-9"}
    books.sap.seed("A_SupplierInvoice", **{**POSTED, **other, "DocumentHeaderText": "Rent"})
    assert books.kinds() == []


def test_sap_out_of_reach_says_nothing_of_any_document(books: Books) -> None:
    books.sap.reads = [SapUnavailable("s4: HTTP 503")]
    with pytest.raises(SapUnavailable):
        books.audit()


def test_an_audit_that_runs_out_of_time_says_so(books: Books) -> None:
    found = books.audit(until=books.clock.now())
    assert (found.complete, found.writes) == (False, 0)
