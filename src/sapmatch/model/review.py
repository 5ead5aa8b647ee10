"""What a person decides about a document, and what a document waits for meanwhile."""

import re
from collections.abc import Iterator, Mapping
from datetime import datetime
from decimal import Decimal
from typing import Any, Literal, Protocol

from msgspec import Struct, field

from sapmatch.model.ports import OrderScope

_ROLE = re.compile(r":assumed-role/([^/]{1,64})/")

Action = Literal["accept", "reject", "match", "wait"]
ReviewStatus = Literal["open", "decided", "expired", "closed"]


class Person(Struct, frozen=True, kw_only=True):
    """Somebody who may decide; `limit` in the company code's currency, None without one."""

    sap_user: str | None = None
    limit: Decimal | None = None


class Reviewing(Struct, frozen=True, kw_only=True):
    """Who decides on exceptions, by AWS identity (role or user ARN) or user of the laptop.

    From `four_eyes_from` on, in the company code's currency, two of them have to.
    """

    decide_within_days: int = 14
    four_eyes_from: Decimal | Literal["off"] = "off"
    people: dict[str, Person] = field(default_factory=dict)


class Verdict(Struct, frozen=True, kw_only=True):
    """What a person decided: who, when and why; `order` for the action `match`.

    `other_supplier` and `nothing_open` say that the order is meant although it is another party's,
    or all of it is invoiced. `confirmed_by` is the second person where two have to. `token_sha256`
    is the digest of the token that the person is about to write it with, the only one taken then.
    """

    action: Action
    reason: str
    by: str
    at: datetime
    sap_user: str | None = None
    order: str | None = None
    other_supplier: bool = False
    nothing_open: bool = False
    token_sha256: str | None = None
    confirmed_by: str | None = None
    confirmed_sap_user: str | None = None
    confirmed_at: datetime | None = None
    confirmed_reason: str | None = None

    @property
    def who(self) -> str:
        """The person by what the settings map: the SAP user, else the role; never a name of AWS."""
        return _shown(self.by, self.sap_user)

    @property
    def confirmed_who(self) -> str | None:
        """The second person likewise."""
        return _shown(self.confirmed_by, self.confirmed_sap_user) if self.confirmed_by else None


class Watched(Struct, frozen=True, kw_only=True):
    """What would make a decision worth taking again once it changes.

    `orders` are versions in the order index; `keys` are keys of orders as `K1 4500000012`, each
    with a digest of what it found, and `invoices` the same of keys of other invoices.
    """

    scope: OrderScope
    orders: dict[str, int] = {}
    keys: dict[str, str] = {}
    invoices: dict[str, str] = {}


class Review(Struct, frozen=True, kw_only=True):
    """One document that waits: for a person, or for what it lacks; one record a document.

    `decision` is the number of the decision it is about, 0 where the reading ended in a question.
    `token` lets the workflow `execution` go on, which has waited `turns` times before. `proposed`
    is the first of two people, and `said` keeps what people said that did not end it: waits and
    proposals, oldest first. `alerted` says whether a person was told, `settled` whether the
    decision of a person was carried out.
    """

    document_id: str
    state: str
    cause: str | None = None
    decision: int = 0
    status: ReviewStatus = "open"
    opened_at: datetime
    token: str | None = None
    execution: str | None = None
    turns: int = 0
    alerted: bool = False
    watched: Watched | None = None
    proposed: Verdict | None = None
    said: tuple[Verdict, ...] = ()
    verdict: Verdict | None = None
    settled: bool = False
    version: int = 0
    schema: int = 1

    @property
    def is_unfinished(self) -> bool:
        """Whether somebody has to decide still, or the workflow to carry out what was decided."""
        return self.status == "open" or (self.status == "decided" and not self.settled)


def _shown(caller: str, sap_user: str | None) -> str:
    role = _ROLE.search(caller)
    if sap_user:
        return f"SAP user {sap_user}"
    return f"A member of the role {role[1]}" if role else "A person without SAP user"


class Reviews(Protocol):
    """Records of what waits; every change is conditional on the version that was read."""

    def get(self, document_id: str) -> Review | None:
        """The review of a document, read consistently; None where it never had one."""
        ...

    def save(self, review: Review) -> Review:
        """Store the next version; PreconditionFailed where it moved on (version 0: is new)."""
        ...

    def history(self, document_id: str) -> tuple[Review, ...]:
        """Reviews of a document as they ended, oldest first."""
        ...

    def find(self, prefix: str) -> tuple[str, ...]:
        """Ids of documents that have a review and begin with these (at least 8) digits."""
        ...

    def open(self) -> Iterator[Review]:
        """Everything that waits, oldest first."""
        ...

    def unfinished(self) -> Iterator[Review]:
        """The same, and what was decided and not carried out yet."""
        ...


class Waits(Protocol):
    """Lets workflows that wait go on."""

    def resume(self, token: str, output: Mapping[str, Any]) -> bool:
        """Hand the output to who waits with the token; False where nobody does any more."""
        ...
