"""The item ledger: facts about orders as SAP told them, each with its version.

Facts come in any order, from any run, more than once. Of each key the later version stands; a
deletion is a fact too. What the facts mean is said by `netting`.
"""

from collections.abc import Iterable
from typing import Literal

import msgspec
from msgspec import Struct

from sapmatch.model.facts import Fact, Facts, Gone, InvoiceItem, Movement, Partner
from sapmatch.model.order import OrderSide, PostedInvoice, Reservation

SubjectKind = Literal[
    "business_partner", "supplier", "customer", "purchase_order", "sales_order",
    "material_document", "supplier_invoice",
]  # fmt: skip
SCHEMA = 3  # of accounts; raised where orders get other keys, so that the next run writes them


class Subject(Struct, frozen=True, order=True):
    """What facts are about; `number` without leading zeros, a document's with its year behind."""

    connection: str
    client: str
    kind: SubjectKind
    number: str

    def other(self, kind: SubjectKind, number: str) -> "Subject":
        """Another one of the same SAP client."""
        return Subject(self.connection, self.client, kind, number)

    @property
    def ref(self) -> str:
        """Kind and number as one text."""
        return f"{self.kind}/{self.number}"


_OF_ITEMS = ("movement/", "invoice_item/")


class Entry(Struct, frozen=True, order=True, omit_defaults=True):
    """One thing that leads to an account: `name` under `place`, within one SAP client."""

    place: str
    name: str
    posted: PostedInvoice | None = None


class Account(Struct, frozen=True, kw_only=True):
    """All that is known of one subject.

    `entries` lead to it; `stale` ones may not be removed yet. `told` are the refs of those who
    heard of a document or partner. `telling`: orders of a party have yet to hear of it. `parts` are
    a store's own: where it keeps facts that are too many for one place.
    """

    facts: tuple[Fact, ...] = ()
    entries: tuple[Entry, ...] = ()
    stale: tuple[Entry, ...] = ()
    reservations: tuple[Reservation, ...] = ()
    told: tuple[str, ...] = ()
    telling: bool = False
    parts: tuple[str, ...] = ()
    version: int = 0
    schema: int = SCHEMA

    @property
    def is_clean(self) -> bool:
        """Whether nothing is left to be done about it by a writer of today."""
        return not self.stale and self.schema == SCHEMA

    @property
    def by_key(self) -> dict[str, Fact]:
        """The facts by their keys."""
        return {fact.key: fact for fact in self.facts}


class Usage(Struct, frozen=True):
    """Read and write units that a store used."""

    reads: float = 0.0
    writes: float = 0.0


def by_key(facts: Iterable[Fact]) -> dict[str, Fact]:
    """Facts by key, of each the later one."""
    found: dict[str, Fact] = {}
    for fact in facts:
        if fact.key not in found or is_later(fact, found[fact.key]):
            found[fact.key] = fact
    return found


def merged(old: Facts, new: Facts) -> dict[str, Fact]:
    """Per key the later fact: idempotent and commutative; associative where SAP's times of change
    do not run backwards across a deletion."""
    return by_key((*old.values(), *new.values()))


def news(old: Facts, new: Facts) -> dict[str, Fact]:
    """What of `new` says something else than `old`, and later.

    A fact that is only read again is no news, so that a run that changes nothing writes nothing.
    """
    return {
        key: fact
        for key, fact in new.items()
        if key not in old or (not same(fact, old[key]) and is_later(fact, old[key]))
    }


def is_later(fact: Fact, other: Fact) -> bool:
    """By version; of two with one version always the same one.

    A deletion counts by when it was read: SAP tells no time of it, and what comes back has the time
    of change that it had before.
    """
    read, other_read = fact.version.read_at, other.version.read_at
    if isinstance(fact, Gone) != isinstance(other, Gone) and read != other_read:
        return read > other_read
    if fact.version != other.version:
        return fact.version > other.version
    return _bytes(fact) > _bytes(other)


def same(fact: Fact, other: Fact) -> bool:
    """Whether both say the same, whenever they said it."""
    return fact == msgspec.structs.replace(other, version=fact.version)


def told(subject: Subject, facts: Facts, known: Facts) -> dict[str, Fact]:
    """What of a document's facts concerns an order: its own items, and what holds for all items.

    An item that the order had and that names another one now is gone from it.
    """
    heard: dict[str, Fact] = {}
    for key, fact in facts.items():
        if isinstance(fact, Movement | InvoiceItem) and fact.order != subject.number:
            fact = Gone(of=key, version=fact.version)  # noqa: PLW2901
        if not (isinstance(fact, Gone) and key.startswith(_OF_ITEMS)) or key in known:
            heard[key] = fact
    return heard


def named(subject: Subject, facts: Iterable[Fact]) -> set[Subject]:
    """The orders that a document's items name; the supplier and customer that a partner is."""
    found: set[Subject] = set()
    for fact in facts:
        if isinstance(fact, Movement | InvoiceItem):
            found.add(subject.other("purchase_order", fact.order))
        elif isinstance(fact, Partner):
            found |= {subject.other("supplier", n) for n in (fact.supplier,) if n}
            found |= {subject.other("customer", n) for n in (fact.customer,) if n}
    return found


def side_of(subject: Subject) -> OrderSide | None:
    """The side of an order, None for all else."""
    if subject.kind == "purchase_order" or subject.kind == "sales_order":
        return subject.kind
    return None


def _bytes(fact: Fact) -> bytes:
    return msgspec.json.encode(fact, order="deterministic")
