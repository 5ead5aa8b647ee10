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


class Address(Struct, frozen=True, kw_only=True):
    """A postal address (BG-5, BG-8, BG-15); `lines` are street and whatever stands above it."""

    lines: tuple[str, ...] = ()
    city: str | None = None
    postal_code: str | None = None
    region: str | None = None


class Party(Struct, frozen=True, kw_only=True):
    """Seller (BG-4), buyer (BG-7), payee (BG-10) or the place of delivery (BG-13)."""

    name: str | None = None
    trading_name: str | None = None  # BT-28, BT-45
    vat_id: str | None = None
    tax_id: str | None = None  # BT-32, the local tax number
    registration_id: str | None = None  # BT-30, BT-47, BT-61: of the commercial register
    identifiers: tuple[str, ...] = ()  # BT-29, BT-46, BT-60, BT-71: GLN, supplier number
    electronic_address: str | None = None  # BT-34, BT-49
    address: Address | None = None
    country: str | None = None  # ISO 3166-1 alpha-2


class BankAccount(Struct, frozen=True, kw_only=True):
    """An account to pay to (BG-17)."""

    iban: str  # BT-84: an IBAN, or the number of an account of another scheme
    name: str | None = None  # BT-85
    bic: str | None = None  # BT-86


class Payment(Struct, frozen=True, kw_only=True):
    """How the invoice is to be paid (BG-16)."""

    means: str | None = None  # BT-81, UNTDID 4461: 58 SEPA transfer, 59 SEPA direct debit
    reference: str | None = None  # BT-83, to be given with the payment
    terms: str | None = None  # BT-20, as written
    accounts: tuple[BankAccount, ...] = ()
    mandate: str | None = None  # BT-89
    debited_account: str | None = None  # BT-91


class Period(Struct, frozen=True, kw_only=True):
    """A time that is invoiced (BG-14, BG-26); both days belong to it."""

    start: date | None = None
    end: date | None = None


class InvoiceReference(Struct, frozen=True, kw_only=True):
    """An earlier invoice that this one corrects, credits or settles (BG-3)."""

    number: str  # BT-25
    issue_date: date | None = None  # BT-26


class TaxSubtotal(Struct, frozen=True, kw_only=True):
    """One row of the tax breakdown (BG-23): `rate` in percent."""

    category: str | None = None  # BT-118, UNTDID 5305: S, Z, E, AE, K, G, O
    rate: Decimal | None = None
    basis: Decimal
    amount: Decimal
    exemption: str | None = None  # BT-121 code, else BT-120 text


class AllowanceCharge(Struct, frozen=True, kw_only=True):
    """An allowance (BG-20, BG-27) or a charge (BG-21, BG-28); the amount without sign."""

    is_charge: bool
    amount: Decimal
    reason: str | None = None
    reason_code: str | None = None  # BT-98, BT-105: UNTDID 5189 or 7161
    base: Decimal | None = None  # BT-93, BT-100: what `percent` is of
    percent: Decimal | None = None
    tax_category: str | None = None
    tax_rate: Decimal | None = None


class InvoiceLine(Struct, frozen=True, kw_only=True):
    """One invoice line (BG-25); amounts in the invoice's currency, without tax."""

    id: str
    description: str | None = None
    note: str | None = None  # BT-127
    quantity: Decimal | None = None
    unit: str | None = None  # as written: UN/ECE Rec 20 in XML, anything on paper
    unit_price: Decimal | None = None  # BT-146, for `price_base_quantity` units
    price_base_quantity: Decimal | None = None  # BT-149
    gross_price: Decimal | None = None  # BT-148, before `price_discount`
    price_discount: Decimal | None = None  # BT-147
    net: Decimal | None = None  # BT-131
    allowances_charges: tuple[AllowanceCharge, ...] = ()  # already part of `net`
    tax_category: str | None = None  # BT-151
    tax_rate: Decimal | None = None  # percent
    period: Period | None = None  # BG-26
    order_reference: str | None = None  # the buyer's order, where the line names its own
    order_item: str | None = None  # BT-132
    delivery_note: str | None = None  # where the line names its own
    accounting_reference: str | None = None  # BT-133
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
    type_code: str | None = None  # BT-3 as written, UNTDID 1001: kinds of invoices that differ more
    currency: str | None = None  # BT-5
    net: Decimal | None = None  # BT-109
    tax: Decimal | None = None  # BT-110
    total: Decimal | None = None  # BT-112
    prepaid: Decimal | None = None  # BT-113
    rounding: Decimal | None = None  # BT-114
    third_party_payments: Decimal | None = None  # BT-DEX-002 of XRechnung, part of `payable`
    payable: Decimal | None = None  # BT-115
    line_total: Decimal | None = None  # BT-106
    allowance_total: Decimal | None = None  # BT-107
    charge_total: Decimal | None = None  # BT-108
    tax_currency: str | None = None  # BT-6, where tax is accounted for in another currency
    tax_accounted: Decimal | None = None  # BT-111, in `tax_currency`
    iban: str | None = None  # the first of `payment.accounts`; from a page, only a valid IBAN
    payment: Payment = Payment()
    seller: Party = Party()
    buyer: Party = Party()
    payee: Party | None = None  # BG-10, where it is not the seller
    delivered_to: Party | None = None  # BG-13
    delivery_date: date | None = None  # BT-72
    period: Period | None = None  # BG-14
    tax_point: date | None = None  # BT-7
    order_references: tuple[str, ...] = ()  # BT-13 first, then those of the lines, each once
    sales_order_reference: str | None = None  # BT-14
    buyer_reference: str | None = None  # BT-10
    contract_reference: str | None = None  # BT-12
    project_reference: str | None = None  # BT-11
    delivery_note: str | None = None  # BT-16
    receiving_advice: str | None = None  # BT-15
    invoiced_object: str | None = None  # BT-18
    accounting_reference: str | None = None  # BT-19
    preceding_invoices: tuple[InvoiceReference, ...] = ()  # BG-3
    notes: tuple[str, ...] = ()  # BT-22
    profile: str | None = None  # BT-24, the specification that the XML follows
    taxes: tuple[TaxSubtotal, ...] = ()
    allowances_charges: tuple[AllowanceCharge, ...] = ()
    lines: tuple[InvoiceLine, ...] = ()


Box = tuple[float, float, float, float]


class Evidence(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Where a value was found: at an XPath of an XML, or in a box of a page, or worked out.

    `xpath` is made of local names with positions and `attachment` names the XML inside a PDF.
    `page` counts from 1; `box` is (left, top, width, height) in shares of the page as delivered,
    from its upper left corner. `text` is what is printed there; `derived_from` names the invoice
    fields that the value was worked out from where it is not printed at all.
    """

    xpath: str | None = None
    attachment: str | None = None
    page: int | None = None
    box: Box | None = None
    text: str | None = None
    derived_from: tuple[str, ...] = ()


class ReadResult(Struct, frozen=True, kw_only=True):
    """What became of one document: an invoice, or the reason why there is none.

    `confidence` is, per invoice field, the share of right values among such values: 0.9 is right
    nine times of ten. `evidence` per field says where it was found; both name a field by its path
    (`seller.vat_id`, `lines[2].net`). Where one file holds several invoices, `parts` are their
    results, in the order of their pages, and `invoice` is None.
    """

    outcome: Outcome
    kind: Kind | None = None
    method: Method | None = None
    invoice: Invoice | None = None
    confidence: dict[str, float] = field(default_factory=dict)
    evidence: dict[str, Evidence] = field(default_factory=dict)
    problems: tuple[Problem, ...] = ()
    pages: tuple[int, ...] = ()  # of this invoice, where it is a part of a file; else empty
    ocr_pages: int = 0  # that an OCR service looked at, and asked money for
    parts: tuple["ReadResult", ...] = ()


class StoredInvoice(Struct, frozen=True, kw_only=True):
    """The invoice as it is kept at documents/<id>/invoice.json; the same reading, the same bytes.

    `id` is the document's id, `content` the SHA-256 of the bytes that were read, and `version`
    the S3 version of them. `model` is what the OCR service says that it is.
    """

    id: str
    content: str
    bucket: str
    key: str
    version: str | None
    result: ReadResult
    model: str | None = None
    schema: int = 2
