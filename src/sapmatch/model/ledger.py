"""The item ledger: facts about orders as SAP told them, each with its version.

Facts come in any order, from any run, more than once. Of each key the later version stands; a
deletion is a fact too. What the facts mean is said by `netting`.
"""

from collections.abc import Iterable, Mapping
from datetime import date
from decimal import Decimal
from typing import Literal, TypeAlias

import msgspec
from msgspec import Struct

from sapmatch.model.order import OrderItem, OrderSide, PostedInvoice, Reservation

SubjectKind = Literal[
    "business_partner", "supplier", "customer", "purchase_order", "sales_order",
    "material_document", "supplier_invoice",
]  # fmt: skip
SCHEMA = 2  # of accounts; raised where orders get other keys, so that the next run writes them


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


class Version(Struct, frozen=True, order=True, array_like=True):
    """Which of two facts is later: by SAP's own time of change where the row has one, then by run.

    Times are ISO in UTC, all of one length. `place` is that of the row in its run.
    """

    changed_at: str
    planned_at: str
    run: str
    place: int = 0

    @property
    def read_at(self) -> tuple[str, str, int]:
        """When it was read, whatever SAP says of its age."""
        return self.planned_at, self.run, self.place


class OrderHead(Struct, frozen=True, kw_only=True, omit_defaults=True, tag="head"):
    """The head of an order; `items` are all it has, None where the row did not say.

    Without `company_code` (nobody's sales organization) or `partner` (a stock transport order)
    no invoice can be for it.
    """

    version: Version
    id: str
    company_code: str = ""
    partner: str = ""
    invoicing_party: str = ""
    name: str = ""
    currency: str = ""
    order_date: date | None = None
    external_reference: str = ""
    released: bool = True
    deleted: bool = False
    items: tuple[str, ...] | None = None

    @property
    def key(self) -> str:
        """The only one of its order."""
        return "head"


class Item(Struct, frozen=True, kw_only=True, omit_defaults=True, tag="item"):
    """An order item as it was ordered: without receipts and postings."""

    version: Version
    item: OrderItem

    @property
    def key(self) -> str:
        """By item number."""
        return f"item/{self.item.id.lstrip('0')}"


class Movement(Struct, frozen=True, kw_only=True, omit_defaults=True, tag="movement"):
    """A goods movement item; `quantities` are signed, each in the unit before it."""

    version: Version
    document: str
    year: str
    item: str
    order: str
    order_item: str
    quantities: tuple[tuple[str, Decimal], ...] = ()
    cancelled: bool = False
    reverses: str = ""  # key of another movement
    posting_date: date | None = None
    delivery_note: str = ""

    @property
    def key(self) -> str:
        """By document, year and item."""
        return movement_key(self.document, self.year, self.item)


class MovementHead(Struct, frozen=True, kw_only=True, omit_defaults=True, tag="movement_head"):
    """The head of a material document."""

    version: Version
    document: str
    year: str
    posting_date: date | None = None
    delivery_note: str = ""

    @property
    def key(self) -> str:
        """By document and year."""
        return f"movement_head/{document_number(self.document, self.year)}"


class InvoiceItem(Struct, frozen=True, kw_only=True, omit_defaults=True, tag="invoice_item"):
    """A supplier invoice item over an order item; its head knows whether it is a credit."""

    version: Version
    invoice: str
    year: str
    item: str
    order: str
    order_item: str
    quantity: Decimal = Decimal(0)
    amount: Decimal = Decimal(0)
    material_document: str = ""
    material_document_year: str = ""
    material_document_item: str = ""

    @property
    def key(self) -> str:
        """By invoice, year and item."""
        return invoice_item_key(self.invoice, self.year, self.item)


class InvoiceHead(Struct, frozen=True, kw_only=True, omit_defaults=True, tag="invoice_head"):
    """The head of a supplier invoice; `posted` None: deleted, or held before it had a date.

    `items` are all it has and on which order item each is (`1@4500000012/30`), None where the row
    did not say.
    """

    version: Version
    invoice: str
    year: str
    posted: PostedInvoice | None = None
    items: tuple[str, ...] | None = None

    @property
    def key(self) -> str:
        """By invoice and year."""
        return f"invoice_head/{document_number(self.invoice, self.year)}"


class Reversed(Struct, frozen=True, kw_only=True, omit_defaults=True, tag="reversed"):
    """Another supplier invoice names this one as what it reverses, or is reversed by."""

    version: Version
    invoice: str
    year: str

    @property
    def key(self) -> str:
        """By invoice and year."""
        return f"reversed/{document_number(self.invoice, self.year)}"


class Party(Struct, frozen=True, kw_only=True, omit_defaults=True, tag="party"):
    """A supplier or customer."""

    version: Version
    kind: Literal["supplier", "customer"]
    number: str
    name: str = ""
    vat_id: str = ""

    @property
    def key(self) -> str:
        """By kind and number."""
        return f"party/{self.kind}/{self.number}"


class Partner(Struct, frozen=True, kw_only=True, omit_defaults=True, tag="partner"):
    """A business partner, and which supplier and customer it is."""

    version: Version
    number: str
    name: str = ""
    supplier: str = ""
    customer: str = ""

    @property
    def key(self) -> str:
        """By number."""
        return f"partner/{self.number}"


class PartnerNumber(Struct, frozen=True, kw_only=True, omit_defaults=True, tag="partner_number"):
    """A VAT id or bank account of a business partner; `id` tells it from the others."""

    version: Version
    partner: str
    id: str
    vat_id: str = ""
    iban: str = ""

    @property
    def key(self) -> str:
        """By partner and id."""
        return f"partner_number/{self.partner}/{self.id}"


class Gone(Struct, frozen=True, kw_only=True, tag="gone"):
    """What had the key `of` is no longer in SAP, or no longer here."""

    version: Version
    of: str

    @property
    def key(self) -> str:
        """That of what is gone."""
        return self.of


Fact: TypeAlias = (
    OrderHead | Item | Movement | MovementHead | InvoiceItem | InvoiceHead | Reversed
    | Party | Partner | PartnerNumber | Gone
)  # fmt: skip
Facts: TypeAlias = Mapping[str, Fact]
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


def document_number(number: str, year: str) -> str:
    """A document's number among the subjects of its kind."""
    return f"{number.lstrip('0')}/{year}"


def movement_key(document: str, year: str, item: str) -> str:
    """Key of a goods movement item."""
    return f"movement/{document_number(document, year)}/{item.lstrip('0')}"


def invoice_item_key(invoice: str, year: str, item: str) -> str:
    """Key of a supplier invoice item."""
    return f"invoice_item/{document_number(invoice, year)}/{item.lstrip('0')}"


def _bytes(fact: Fact) -> bytes:
    return msgspec.json.encode(fact, order="deterministic")
