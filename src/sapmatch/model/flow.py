"""The flows that a stage runs: what is read from SAP, what is written to it, what is let in."""

from typing import Literal

from msgspec import Struct

from sapmatch.model.order import OrderSide

# Fields by which SAP can be searched for a record that we created.
KNOWN_REFERENCES = {
    "A_SupplierInvoice": ("SupplierInvoiceIDByInvcgParty", "InvoicingParty"),
    "A_SalesOrder": ("PurchaseOrderByCustomer", "SoldToParty"),
}


class EntitySet(Struct, frozen=True, kw_only=True):
    """One entity set of an extraction."""

    service: str
    name: str
    select: tuple[str, ...] = ()
    expand: tuple[str, ...] = ()
    filter: str | None = None


class Extraction(Struct, frozen=True, kw_only=True):
    """What is read from SAP and when; `index` feeds the order index from the run."""

    connection: str
    entity_sets: tuple[EntitySet, ...]
    schedule: str | None = None
    page_size: int = 1000
    parallel: int = 4
    index: bool = False


class WriteBack(Struct, frozen=True, kw_only=True):
    """One flow of writes to SAP.

    `source` match: from recorded matches; inbox: from files that a user drops into
    `updates/<flow>/inbox/`. `reference` are the fields SAP is searched by for what was written.
    `field` names the header field that a matched sales order gets the invoice number in.
    """

    connection: str
    service: str
    entity_set: str
    operation: Literal["insert", "update", "upsert", "delete"]
    source: Literal["match", "inbox"] = "inbox"
    order_side: OrderSide | None = None
    reference: tuple[str, ...] = ()
    on_error: Literal["stop", "continue"] = "continue"
    schedule: str | None = None
    status: Literal["parked", "posted-blocked", "posted"] = "parked"
    field: str | None = None


class Intake(Struct, frozen=True, kw_only=True):
    """Limits on uploads; they hold before anything is parsed."""

    max_bytes: int = 20_000_000
    max_pages: int = 100
