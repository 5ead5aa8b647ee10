"""Facts about orders as SAP told them, each with its version; `ledger` keeps them, `netting` says
what they mean.
"""

from collections.abc import Mapping
from datetime import date
from decimal import Decimal
from typing import Literal, TypeAlias

from msgspec import Struct

from sapmatch.model.order import OrderItem, PaymentTerms, PostedInvoice, ScheduleLine


class Version(Struct, frozen=True, order=True, array_like=True, gc=False):
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


class OrderHead(Struct, frozen=True, kw_only=True, gc=False, omit_defaults=True, tag="head"):
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
    other_references: tuple[str, ...] = ()
    payment_terms: PaymentTerms | None = None
    valid_from: date | None = None
    valid_to: date | None = None
    released: bool = True
    deleted: bool = False
    items: tuple[str, ...] | None = None

    @property
    def key(self) -> str:
        """The only one of its order."""
        return "head"


class Item(Struct, frozen=True, kw_only=True, gc=False, omit_defaults=True, tag="item"):
    """An order item as it was ordered: without receipts and postings.

    `schedule` and `costs` are the keys of all it has, None where the row did not say.
    """

    version: Version
    item: OrderItem
    schedule: tuple[str, ...] | None = None
    costs: tuple[str, ...] | None = None

    @property
    def key(self) -> str:
        """By item number."""
        return f"item/{self.item.id.lstrip('0')}"


class Scheduled(Struct, frozen=True, kw_only=True, gc=False, omit_defaults=True, tag="scheduled"):
    """A schedule line of an order item."""

    version: Version
    order_item: str
    number: str
    line: ScheduleLine

    @property
    def key(self) -> str:
        """By item and line."""
        return scheduled_key(self.order_item, self.number)


class Cost(Struct, frozen=True, kw_only=True, gc=False, omit_defaults=True, tag="cost"):
    """A delivery cost that the order plans for the whole of an item; `number` by `cost_number`."""

    version: Version
    order_item: str
    number: str
    condition: str
    amount: Decimal
    currency: str = ""

    @property
    def key(self) -> str:
        """By item and place in the pricing."""
        return cost_key(self.order_item, self.number)


class Movement(Struct, frozen=True, kw_only=True, gc=False, omit_defaults=True, tag="movement"):
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


class MovementHead(
    Struct, frozen=True, kw_only=True, gc=False, omit_defaults=True, tag="movement_head"
):
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


class InvoiceItem(
    Struct, frozen=True, kw_only=True, gc=False, omit_defaults=True, tag="invoice_item"
):
    """A supplier invoice item over an order item; its head knows whether it is a credit.

    `subsequent` and `condition` as in Posting.
    """

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
    subsequent: bool = False
    condition: str = ""

    @property
    def key(self) -> str:
        """By invoice, year and item."""
        return invoice_item_key(self.invoice, self.year, self.item)


class InvoiceHead(
    Struct, frozen=True, kw_only=True, gc=False, omit_defaults=True, tag="invoice_head"
):
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


class Reversed(Struct, frozen=True, kw_only=True, gc=False, omit_defaults=True, tag="reversed"):
    """Another supplier invoice names this one as what it reverses, or is reversed by."""

    version: Version
    invoice: str
    year: str

    @property
    def key(self) -> str:
        """By invoice and year."""
        return f"reversed/{document_number(self.invoice, self.year)}"


class Party(Struct, frozen=True, kw_only=True, gc=False, omit_defaults=True, tag="party"):
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


class Partner(Struct, frozen=True, kw_only=True, gc=False, omit_defaults=True, tag="partner"):
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


class PartnerNumber(
    Struct, frozen=True, kw_only=True, gc=False, omit_defaults=True, tag="partner_number"
):
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


class Gone(Struct, frozen=True, kw_only=True, gc=False, tag="gone"):
    """What had the key `of` is no longer in SAP, or no longer here."""

    version: Version
    of: str

    @property
    def key(self) -> str:
        """That of what is gone."""
        return self.of


Fact: TypeAlias = (
    OrderHead | Item | Scheduled | Cost | Movement | MovementHead | InvoiceItem | InvoiceHead
    | Reversed | Party | Partner | PartnerNumber | Gone
)  # fmt: skip
Facts: TypeAlias = Mapping[str, Fact]


def document_number(number: str, year: str) -> str:
    """A document's number among the subjects of its kind."""
    return f"{number.lstrip('0')}/{year}"


def movement_key(document: str, year: str, item: str) -> str:
    """Key of a goods movement item."""
    return f"movement/{document_number(document, year)}/{item.lstrip('0')}"


def invoice_item_key(invoice: str, year: str, item: str) -> str:
    """Key of a supplier invoice item."""
    return f"invoice_item/{document_number(invoice, year)}/{item.lstrip('0')}"


def scheduled_key(order_item: str, line: str) -> str:
    """Key of a schedule line."""
    return f"scheduled/{order_item.lstrip('0')}/{line.lstrip('0')}"


def cost_key(order_item: str, number: str) -> str:
    """Key of a delivery cost."""
    return f"cost/{order_item.lstrip('0')}/{number}"
