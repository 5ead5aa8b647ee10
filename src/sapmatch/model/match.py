"""A decision on one invoice: what was found, what it was measured against, and why."""

from datetime import date
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


Owner = Literal["accounts_payable", "purchasing", "warehouse", "administrator"]


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


class Unplanned(Struct, frozen=True, kw_only=True):
    """How SAP books a line that no order item covers: as unplanned delivery cost, or on an account.

    `amount` without tax in the invoice's currency.
    """

    kind: Literal["delivery_cost", "account"]
    amount: Decimal


class LineMatch(Struct, frozen=True, kw_only=True):
    """One invoice line and where it belongs; no shares: it belongs to no order item."""

    line: str
    shares: tuple[ItemShare, ...] = ()
    score: int = 0
    state: State = State.MATCHED
    unplanned: Unplanned | None = None


class ToleranceCheck(Struct, frozen=True, kw_only=True):
    """One limit that was checked: `value` and `limit` in money or percent as `unit` says."""

    key: str  # SAP tolerance key: PP, DQ, BD, ...
    bound: Literal["lower_absolute", "lower_percent", "upper_absolute", "upper_percent"]
    value: Decimal
    limit: Decimal
    unit: str  # a currency code, "%", "days" (LD), or "EUR days": money times days (ST)
    verdict: Literal["pass", "fail", "warning"]  # of VP there are only warnings
    line: str | None = None


class Rate(Struct, frozen=True, kw_only=True):
    """The exchange rate that was used: one `base` is `rate` of `quote`."""

    source: str
    day: date
    base: str
    quote: str
    rate: Decimal


class LedgerLine(Struct, frozen=True, kw_only=True):
    """An order item as the decision found it, and what the invoice takes; in the order's unit.

    `open` is what could be invoiced before it; `used_up` says that nothing was left of it, not even
    once everything has come (of a credit: that nothing of it was invoiced).
    """

    order: str
    item: str
    unit: str
    ordered: Decimal
    delivered: Decimal
    invoiced: Decimal
    open: Decimal
    taken: Decimal
    amount: Decimal  # net, in the invoice's currency
    used_up: bool = False


class Evidence(Struct, frozen=True, kw_only=True):
    """One weight in the identity score: what was compared and what it was worth."""

    name: str
    weight: int
    invoice: str | None = None
    order: str | None = None


class Ranked(Struct, frozen=True, kw_only=True):
    """One of the best candidates, for a person to compare; the weights add up to the score."""

    orders: tuple[str, ...]
    score: int
    evidence: tuple[Evidence, ...] = ()


class ByHand(Struct, frozen=True, kw_only=True):
    """The person who decided, the first of two: the SAP user that the settings map them to.

    `now`: they are about to write it with a token of their own.
    """

    sap_user: str | None = None
    now: bool = False


class Decision(Struct, frozen=True, kw_only=True):
    """The outcome for one invoice; the evidence weights add up to `score`.

    `confidence` is the probability that these are the right orders, in per mille.
    """

    state: State
    policy_version: str
    cause: str | None = None
    company_code: str | None = None
    side: Literal["purchase_order", "sales_order"] | None = None
    orders: tuple[str, ...] = ()
    order_versions: dict[str, int] = {}
    score: int = 0
    confidence: int = 0
    runner_up: int | None = None
    candidates: tuple[str, ...] = ()  # the best three, best first
    evidence: tuple[Evidence, ...] = ()
    lines: tuple[LineMatch, ...] = ()
    tolerances: tuple[ToleranceCheck, ...] = ()
    duplicate_of: str | None = None
    explanation: tuple[str, ...] = ()  # sentences for people, the first one is the summary
    remedy: str | None = None  # what to do and who can do it
    owner: Owner | None = None  # who can do it
    weights_version: str = ""
    keys: tuple[str, ...] = ()  # that found the best candidate: "K1 4500000012"
    dropped: tuple[str, ...] = ()  # keys with too many orders
    ranked: tuple[Ranked, ...] = ()  # the best three, best first
    ledger: tuple[LedgerLine, ...] = ()
    rate: Rate | None = None
    difference: Decimal | None = None  # money by which the failing checks deviate
    payment_block: bool = False  # posted all the same, and paid once a person released it
    sampled: bool = False  # blocked although it is good
    by_hand: ByHand | None = None

    @property
    def posts(self) -> bool:
        """Whether it ends in a posting: by itself, blocked for payment, or as a person said."""
        return self.state in POSTABLE or self.payment_block or self.state is State.MANUAL_MATCHED
