"""The one canonical invoice that every reader produces (business terms BT-n of EN 16931)."""

from datetime import date
from decimal import Decimal
from typing import Literal

from msgspec import Struct, field

from sapmatch.model.errors import Problem

InvoiceType = Literal[
    "invoice",
    "credit-note",
    "corrective-invoice",
    "partial-invoice",
    "final-invoice",
    "self-billed-invoice",
    "receipt",
]
Outcome = Literal["read", "needs-review", "not-invoice", "reject", "unsupported"]
Kind = Literal["ubl", "cii", "hybrid", "pdf-text", "scan"]
Method = Literal["xml", "text-layer", "textract", "ocr"]


class Party(Struct, frozen=True, kw_only=True):
    """Seller (BG-4) or buyer (BG-7)."""

    name: str | None = None
    vat_id: str | None = None
    tax_id: str | None = None
    country: str | None = None


class TaxSubtotal(Struct, frozen=True, kw_only=True):
    """One row of the tax breakdown (BG-23): `rate` in percent."""

    category: str | None = None
    rate: Decimal | None = None
    basis: Decimal
    amount: Decimal


class AllowanceCharge(Struct, frozen=True, kw_only=True):
    """A document level allowance (BG-20) or charge (BG-21); the amount without sign."""

    is_charge: bool
    amount: Decimal
    reason: str | None = None
    tax_rate: Decimal | None = None


class InvoiceLine(Struct, frozen=True, kw_only=True):
    """One invoice line (BG-25); amounts in the invoice's currency, without tax."""

    id: str
    description: str | None = None
    quantity: Decimal | None = None
    unit: str | None = None  # as written: UN/ECE Rec 20 in XML, anything on paper
    unit_price: Decimal | None = None  # BT-146, for `price_base_quantity` units
    price_base_quantity: Decimal | None = None  # BT-149
    net: Decimal | None = None  # BT-131
    tax_rate: Decimal | None = None  # percent
    order_reference: str | None = None  # the buyer's order, where the line names its own
    order_item: str | None = None  # BT-132
    seller_item_id: str | None = None
    buyer_item_id: str | None = None
    standard_item_id: str | None = None  # GTIN


class Invoice(Struct, frozen=True, kw_only=True):
    """An invoice as it was read; a field that the document does not carry is None, never guessed.

    All amounts are in `currency`. For a credit note amounts and quantities are positive and `type`
    tells the direction.
    """

    number: str | None = None  # BT-1
    issue_date: date | None = None  # BT-2
    due_date: date | None = None  # BT-9
    type: InvoiceType = "invoice"
    currency: str | None = None  # BT-5
    net: Decimal | None = None  # BT-109
    tax: Decimal | None = None  # BT-110
    total: Decimal | None = None  # BT-112
    prepaid: Decimal | None = None  # BT-113
    rounding: Decimal | None = None  # BT-114
    payable: Decimal | None = None  # BT-115
    iban: str | None = None  # BT-84
    seller: Party = Party()
    buyer: Party = Party()
    order_references: tuple[str, ...] = ()  # BT-13 first, then those of the lines, each once
    sales_order_reference: str | None = None  # BT-14
    buyer_reference: str | None = None  # BT-10
    contract_reference: str | None = None  # BT-12
    delivery_note: str | None = None  # BT-16
    invoice_reference: str | None = None  # BT-25, of a credit note or correction
    taxes: tuple[TaxSubtotal, ...] = ()
    allowances_charges: tuple[AllowanceCharge, ...] = ()
    lines: tuple[InvoiceLine, ...] = ()


class ReadResult(Struct, frozen=True, kw_only=True):
    """What became of one document: an invoice, or the reason why there is none.

    `confidence` per invoice field from 0 to 1; `evidence` per field says where it was found: an
    XPath, or `page 1 (left,top,width,height)` as shares of the page.
    """

    outcome: Outcome
    kind: Kind | None = None
    method: Method | None = None
    invoice: Invoice | None = None
    confidence: dict[str, float] = field(default_factory=dict)
    evidence: dict[str, str] = field(default_factory=dict)
    problems: tuple[Problem, ...] = ()
