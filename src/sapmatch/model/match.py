"""A decision on one invoice: what was found, what it was measured against, and why."""

from decimal import Decimal
from enum import StrEnum
from typing import Literal

from msgspec import Struct


class State(StrEnum):
    """Decision states; one invoice has one."""

    MATCHED = "MATCHED"
    WITHIN_TOLERANCE = "WITHIN_TOLERANCE"
    OUT_OF_TOLERANCE = "OUT_OF_TOLERANCE"
    WAITING_RECEIPT = "WAITING_RECEIPT"
    NOT_INVOICEABLE = "NOT_INVOICEABLE"
    AMBIGUOUS = "AMBIGUOUS"
    NO_CANDIDATE = "NO_CANDIDATE"
    SUSPECTED_DUPLICATE = "SUSPECTED_DUPLICATE"
    DUPLICATE = "DUPLICATE"
    INVALID = "INVALID"
    MANUAL_MATCHED = "MANUAL_MATCHED"
    MANUAL_REJECTED = "MANUAL_REJECTED"
    SUPERSEDED = "SUPERSEDED"


# States that end in a posting without a person.
POSTABLE = frozenset({State.MATCHED, State.WITHIN_TOLERANCE})


class ItemShare(Struct, frozen=True, kw_only=True):
    """The part of one invoice line that belongs to one order item (and receipt, where based on it).

    `quantity` in the order item's unit; `amount` without tax in the invoice's currency.
    """

    order: str
    item: str
    quantity: Decimal
    amount: Decimal
    material_document: str | None = None
    material_document_year: str | None = None
    material_document_item: str | None = None


class LineMatch(Struct, frozen=True, kw_only=True):
    """One invoice line and where it belongs; no shares: it belongs nowhere."""

    line: str
    shares: tuple[ItemShare, ...] = ()
    score: int = 0
    state: State = State.MATCHED


class ToleranceCheck(Struct, frozen=True, kw_only=True):
    """One limit that was checked: `value` and `limit` in money or percent as `unit` says."""

    key: str  # SAP tolerance key: PP, DQ, BD, ...
    bound: Literal["lower_absolute", "lower_percent", "upper_absolute", "upper_percent"]
    value: Decimal
    limit: Decimal
    unit: str  # a currency code, or "%"
    verdict: Literal["pass", "fail"]
    line: str | None = None


class Evidence(Struct, frozen=True, kw_only=True):
    """One weight in the identity score: what was compared and what it was worth."""

    name: str
    weight: int
    invoice: str | None = None
    order: str | None = None


class Decision(Struct, frozen=True, kw_only=True):
    """The outcome for one invoice; the evidence weights add up to `score`."""

    state: State
    policy_version: str
    cause: str | None = None
    company_code: str | None = None
    side: Literal["purchase_order", "sales_order"] | None = None
    orders: tuple[str, ...] = ()
    order_versions: dict[str, int] = {}
    score: int = 0
    runner_up: int | None = None
    candidates: tuple[str, ...] = ()  # the best three, best first
    evidence: tuple[Evidence, ...] = ()
    lines: tuple[LineMatch, ...] = ()
    tolerances: tuple[ToleranceCheck, ...] = ()
    duplicate_of: str | None = None
    explanation: tuple[str, ...] = ()  # sentences for people, the first one is the summary
    remedy: str | None = None  # what to do and who can do it
