"""What is kept about a document: its arrival, its state, its decisions, its exception."""

from datetime import date, datetime
from decimal import Decimal
from typing import Literal

from msgspec import Struct

from sapmatch.model.errors import Problem

ReasonCode = Literal[
    "EMPTY",
    "TOO_LARGE",
    "TOO_MANY_PAGES",
    "UNKNOWN_TYPE",
    "TYPE_MISMATCH",
    "ENCRYPTED",
    "BROKEN",
    "XML_ENTITIES",
    "NOT_AN_INVOICE",
    "UNSUPPORTED",
    "NO_NUMBER",
    "NO_TOTAL",
    "TOTALS",
    "NEEDS_REVIEW",
    "READ_FAILED",
    "SAP_REJECTED",
    "OUTCOME_UNKNOWN",
    "WORKFLOW_FAILED",
]


class DocumentRecord(Struct, frozen=True, kw_only=True):
    """One record per content: `id` is the SHA-256 of the bytes in hexadecimal.

    `state` is RECEIVED, READ, REJECTED (never became an invoice: `reason` says why), or the name of
    the last decision's state. `version_id` is the S3 version that was claimed; all later work reads
    exactly that one.
    """

    id: str
    bucket: str
    key: str
    version_id: str | None
    size: int
    received_at: datetime
    state: str = "RECEIVED"
    reason: str | None = None
    problems: tuple[Problem, ...] = ()
    kind: str | None = None
    method: str | None = None
    company_code: str | None = None
    number: str | None = None
    decision: int = 0  # how many decisions were recorded
    orders: tuple[str, ...] = ()
    cause: str | None = None
    summary: str | None = None
    intents: tuple[str, ...] = ()
    duplicate_of: str | None = None
    updated_at: datetime | None = None
    version: int = 0
    schema: int = 1


class Arrival(Struct, frozen=True, kw_only=True):
    """One upload of a content; the same content may arrive many times."""

    document_id: str
    bucket: str
    key: str
    version_id: str | None
    arrived_at: datetime


class EarlierInvoice(Struct, frozen=True, kw_only=True):
    """An invoice that was here before, from our records or from SAP, for the duplicate check."""

    document: str  # our document id, or SAP's `<SupplierInvoice>/<FiscalYear>`
    source: Literal["document", "sap"]
    number: str
    total: Decimal
    currency: str
    issue_date: date | None = None
    partner: str | None = None  # SAP's supplier number, where known
    seller_vat_id: str | None = None
    seller_name: str | None = None
    seller_iban: str | None = None
    credit: bool = False
    reversed: bool = False


class ExceptionRecord(Struct, frozen=True, kw_only=True):
    """Something that a person has to look at, and the mail about it."""

    document_id: str
    state: str
    cause: str | None
    subject: str
    body: str
    raised_at: datetime
    notified_at: datetime | None = None
    schema: int = 1
