"""What is kept about a document: its arrival, its state, its decisions, its exception."""

import hashlib
from collections.abc import Sequence
from datetime import date, datetime
from decimal import Decimal
from typing import Literal

from msgspec import Struct

from sapmatch.model.errors import Problem
from sapmatch.model.match import Owner

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
    "NOT_READABLE",
    "OCR_NEEDED",
    "OCR_UNAVAILABLE",
    "BUG",
    "PAGES_UNREAD",
    "READ_TIMED_OUT",
    "SAP_REJECTED",
    "OUTCOME_UNKNOWN",
    "WORKFLOW_FAILED",
]


_MATCHED = ("MATCHED", "WITHIN_TOLERANCE")


class DocumentRecord(Struct, frozen=True, kw_only=True):
    """One record per content: `id` is the SHA-256 of the bytes in hexadecimal.

    Where a file holds several invoices, each has a record of its own too: `part_id` is its id,
    `parent` the file's record, `part` counts from 1, `pages` are its pages of the file; and the
    file's `parts` are their ids.

    `state` is RECEIVED, READ, SPLIT (each of `parts` goes its own way), NEEDS_REVIEW (an invoice
    that a person must compare with the document), REJECTED (no invoice: `reason` says why), or the
    name of the last decision's state. `version_id` is the S3 version that was claimed; all later
    work reads exactly that one.
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
    content: str | None = None  # SHA-256 of the bytes that were read
    ocr_pages: int = 0  # that an OCR service looked at
    confidence: dict[str, float] = {}  # of number, total, currency and seller
    parent: str | None = None
    part: int | None = None
    pages: tuple[int, ...] = ()
    parts: tuple[str, ...] = ()
    decision: int = 0  # how many decisions were recorded
    orders: tuple[str, ...] = ()
    cause: str | None = None
    summary: str | None = None
    matched: bool = False  # a match was recorded: reservations, and intents if there is a flow
    intents: tuple[str, ...] = ()
    duplicate_of: str | None = None
    updated_at: datetime | None = None
    version: int = 0
    schema: int = 2

    @property
    def is_matched(self) -> bool:
        """Whether a match was recorded; older records say it by their state alone."""
        return self.matched or self.state in _MATCHED

    @property
    def place(self) -> str:
        """Where people find it: the file, and its pages there where it is a part of one."""
        return f"{pages_of(self.pages)} of {self.key}" if self.pages else self.key


def part_id(document_id: str, part: int) -> str:
    """The id of one of several invoices in a file; `part` counts from 1."""
    return hashlib.sha256(f"{document_id}\npart {part}".encode()).hexdigest()


def pages_of(pages: Sequence[int]) -> str:
    """Page numbers in words: `page 3`, `pages 3-4`, `pages 1, 3-5`."""
    runs: list[list[int]] = []
    for page in sorted(set(pages)):
        if runs and page == runs[-1][1] + 1:
            runs[-1][1] = page
        else:
            runs.append([page, page])
    told = ", ".join(str(a) if a == b else f"{a}-{b}" for a, b in runs)
    return f"page {told}" if len(set(pages)) == 1 else f"pages {told}"


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
    replaces: tuple[str, ...] = ()  # numbers of invoices that it corrects or credits
    undecided: bool = False  # a person was asked to compare it, and may have keyed it since


class ExceptionRecord(Struct, frozen=True, kw_only=True):
    """Something that a person has to look at, and the mail about it.

    `evidence` are keys of objects that show it. Where too many came in an hour, `digest` names the
    one mail that told them all. `offers` are decisions that would have been taken when it was
    raised: `accept`, `match NUMBER`. `occasion` tells apart what may happen to a document again:
    the day of it.
    """

    document_id: str
    state: str
    cause: str | None
    subject: str
    body: str
    raised_at: datetime
    notified_at: datetime | None = None
    digest: str | None = None
    number: str | None = None
    seller: str | None = None
    company_code: str | None = None
    total: Decimal | None = None
    currency: str | None = None
    difference: Decimal | None = None  # in `currency`
    owner: Owner | None = None
    remedy: str | None = None
    candidates: tuple[str, ...] = ()
    evidence: tuple[str, ...] = ()
    offers: tuple[str, ...] = ()
    occasion: str | None = None
    schema: int = 2

    @property
    def identity(self) -> tuple[str, ...]:
        """What tells exceptions of one document apart: another amount is another one."""
        amount = [f"{self.difference:f}"] if self.difference else []
        occasion = [self.occasion] if self.occasion else []
        return (self.state, self.cause or "", *amount, *occasion)
