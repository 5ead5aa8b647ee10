"""The flows that a stage runs: what is read from SAP, what is written to it, what is let in."""

from typing import Literal

from msgspec import Struct
from msgspec.structs import force_setattr

from sapmatch.model.intent import ANY_VALUE, Operation
from sapmatch.model.order import OrderSide

# Fields by which SAP can be searched for a record that we created.
KNOWN_REFERENCES = {
    "A_SupplierInvoice": ("SupplierInvoiceIDByInvcgParty", "InvoicingParty"),
    "A_SalesOrder": ("PurchaseOrderByCustomer", "SoldToParty"),
    "A_PurchaseOrder": ("CorrespncExternalReference", "Supplier"),
    "A_MaterialDocumentHeader": ("ReferenceDocument",),
    "A_BusinessPartner": ("BusinessPartnerIDByExtSystem",),
    "A_Product": ("Product",),
}

# Key fields of SAP's standard documents; other entity sets name theirs as the flow's reference.
KNOWN_KEYS = {
    "A_SupplierInvoice": ("SupplierInvoice", "FiscalYear"),
    "A_SalesOrder": ("SalesOrder",),
    "A_SalesOrderItem": ("SalesOrder", "SalesOrderItem"),
    "A_PurchaseOrder": ("PurchaseOrder",),
    "A_PurchaseOrderItem": ("PurchaseOrder", "PurchaseOrderItem"),
    "A_MaterialDocumentHeader": ("MaterialDocumentYear", "MaterialDocument"),
    "A_BusinessPartner": ("BusinessPartner",),
    "A_Supplier": ("Supplier",),
    "A_Customer": ("Customer",),
    "A_Product": ("Product",),
}

# What a record shows once a function of SAP's was executed on it (matching.md 9: RBSTAT 5 is
# posted, a released invoice has no payment block, a cancelled one names its reversal).
KNOWN_EFFECTS: dict[tuple[str, str], dict[str, str]] = {
    ("A_SupplierInvoice", "Post"): {"SupplierInvoiceStatus": "5"},
    ("A_SupplierInvoice", "Release"): {"PaymentBlockingReason": ""},
    ("A_SupplierInvoice", "Cancel"): {"ReverseDocument": ANY_VALUE},
}


Mode = Literal["full", "delta", "timestamp"]


class EntitySet(Struct, frozen=True, kw_only=True):
    """One entity set of an extraction; `mode` None: that of the extraction.

    Mode `timestamp` reads what has a later `field` than the run before saw, less
    `overlap_seconds`: it sees no deletions. `partition` says how the reading is shared among
    parallel chunks, `partition_field` by which field (key or date) where it is not to be chosen.
    """

    service: str
    name: str
    select: tuple[str, ...] = ()
    expand: tuple[str, ...] = ()
    filter: str | None = None
    mode: Mode | None = None
    field: str | None = None
    overlap_seconds: int = 300
    partition: Literal["auto", "key", "date", "skip", "none"] = "auto"
    partition_field: str | None = None


class Output(Struct, frozen=True, kw_only=True):
    """In which form rows are stored.

    `values`: NDJSON as SAP sent it, or typed; CSV and Parquet are always typed. `target_mb` is the
    size of a file before compression; None: one file per chunk. `nested` rows stay inside their
    row as JSON (CSV) or lists (Parquet, NDJSON), or are flattened: a row of its own for each.
    `labels`: columns are named as SAP's own labels name them, abbreviated ones without a label
    (`BUKRS`) as they are commonly known; a table of field names and labels goes before both.
    """

    format: Literal["ndjson", "csv", "parquet"] = "ndjson"
    values: Literal["raw", "typed"] = "raw"
    compression: Literal["none", "gzip", "zstd"] = "none"
    target_mb: int | None = None
    nested: Literal["nested", "flatten"] = "nested"
    labels: bool | dict[str, str] = False


class Extraction(Struct, frozen=True, kw_only=True):
    """What is read from SAP, when and into what; `index` feeds the order index from the run.

    `presets` are names of SAP's standard objects, `entity_sets` anything else. `keep` is the
    number of snapshots that stay; None keeps all.
    """

    connection: str
    presets: tuple[str, ...] = ()
    entity_sets: tuple[EntitySet, ...] = ()
    mode: Mode = "full"
    schedule: str | None = None
    time_zone: str = "UTC"  # of a cron schedule
    page_size: int = 1000
    parallel: int = 4
    index: bool = False
    output: Output = Output()
    keep: int | None = None


class Window(Struct, frozen=True, kw_only=True):
    """Business hours in which a flow writes; `begin` and `end` as "06:00", end not included.

    An end before the begin is on the next day.
    """

    days: tuple[Literal["mon", "tue", "wed", "thu", "fri", "sat", "sun"], ...] = (
        "mon",
        "tue",
        "wed",
        "thu",
        "fri",
    )
    begin: str = "00:00"
    end: str = "24:00"
    time_zone: str = "UTC"


class WriteBack(Struct, frozen=True, kw_only=True):
    """One flow of writes to SAP.

    `source` match: from recorded matches; inbox: from files that a user drops into
    `updates/<flow>/inbox/`. `reference` are the fields SAP is searched by for what was written.
    `field` names the header field that a matched sales order gets the invoice number in.
    `mapping` makes SAP's fields from expressions, `mapping_file` from a CSV file beside the
    settings; without either, records pass as they are. Operation `call` calls `function` on the
    record under its key, and `effect` are the fields that show that it happened (`*`: any value).
    `batch` is how many records travel in one $batch at most, each in a change set of its own.
    `parallel` functions write one run. A dropped file of at most `urgent_below` records goes before
    what is planned by matches. `marker` is the field that gets the mark of our own records.
    """

    connection: str
    service: str
    entity_set: str
    operation: Operation
    mapping: dict[str, str] = {}
    mapping_file: str | None = None
    function: str | None = None
    effect: dict[str, str] = {}
    marker: str | None = None
    batch: int = 1
    parallel: int = 1
    window: Window | None = None
    urgent_below: int = 20
    source: Literal["match", "inbox"] = "inbox"
    order_side: OrderSide | None = None
    reference: tuple[str, ...] = ()
    on_error: Literal["stop", "continue"] = "continue"
    schedule: str | None = None
    status: Literal["parked", "posted-blocked", "posted"] = "parked"
    field: str | None = None
    run_as: Literal["technical", "decider"] = "technical"
    without_sap_user: Literal["refuse", "technical"] = "refuse"

    def __post_init__(self) -> None:
        """SAP's own functions show what is known of them where no effect is named."""
        if self.function and not self.effect:
            known = KNOWN_EFFECTS.get((self.entity_set, self.function), {})
            force_setattr(self, "effect", known)


class Intake(Struct, frozen=True, kw_only=True):
    """Limits on uploads; they hold before anything is parsed."""

    max_bytes: int = 20_000_000
    max_pages: int = 100
