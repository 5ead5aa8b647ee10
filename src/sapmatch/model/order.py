"""Orders as SAP holds them, with the ledger of what was delivered and invoiced so far."""

from collections.abc import Sequence
from datetime import date
from decimal import Decimal
from typing import Literal

from msgspec import Struct

# Orders come by the million and hold no cycles: the garbage collector need not look at them.
OrderSide = Literal["purchase_order", "sales_order"]
ZERO = Decimal(0)


class GoodsReceipt(Struct, frozen=True, kw_only=True, gc=False):
    """One material document item; `quantity` is negative for a reversal or return."""

    material_document: str
    year: str
    item: str
    quantity: Decimal
    price_quantity: Decimal | None = None  # the same in the order price unit, where SAP tells it
    posting_date: date | None = None
    delivery_note: str | None = None


class ScheduleLine(Struct, frozen=True, kw_only=True, gc=False):
    """What was promised for one day, in the order's unit."""

    delivery_date: date
    quantity: Decimal


class PlannedCost(Struct, frozen=True, kw_only=True, gc=False):
    """A delivery cost that the order plans: `amount` for `quantity` in the order's unit."""

    condition: str  # condition type of the pricing procedure, such as FRA1
    amount: Decimal
    quantity: Decimal


class PaymentTerms(Struct, frozen=True, kw_only=True, gc=False):
    """When an order wants to be paid: cash discounts as (days, percent), net days after them."""

    code: str
    discounts: tuple[tuple[int, Decimal], ...] = ()
    net_days: int | None = None


class Posting(Struct, frozen=True, kw_only=True, gc=False):
    """One item of a supplier invoice that SAP already holds; credits are negative.

    `quantity` is zero for a subsequent debit or credit, which changes the value only, and for a
    planned delivery cost, which is no value of the goods either: `condition` is its type.
    """

    supplier_invoice: str
    fiscal_year: str
    item: str
    reference: str  # SupplierInvoiceIDByInvcgParty, at most 16 characters
    quantity: Decimal
    amount: Decimal
    material_document: str | None = None  # the receipt it settles, where invoicing is based on it
    material_document_year: str | None = None
    material_document_item: str | None = None
    subsequent: bool = False  # IsSubsequentDebitCredit
    condition: str | None = None  # SuplrInvcDeliveryCostCndnType


class TakenReceipt(Struct, frozen=True, array_like=True, gc=False):
    """What a match has taken of one material document item, in the order's unit."""

    material_document: str
    year: str
    item: str
    quantity: Decimal


class Reservation(Struct, frozen=True, kw_only=True, gc=False, omit_defaults=True):
    """Quantity and value that a recorded match has taken and SAP does not show yet."""

    document_id: str
    reference: str  # the invoice number, cut to SAP's 16 characters
    item: str
    quantity: Decimal
    amount: Decimal
    receipts: tuple[TakenReceipt, ...] = ()  # where invoicing is based on receipts


class OrderItem(Struct, frozen=True, kw_only=True, gc=False):
    """One order item; quantities in `unit`, `net_price` per `price_quantity` of `price_unit`.

    One `unit` is `price_unit_numerator / price_unit_denominator` of `price_unit`.
    """

    id: str
    text: str = ""
    material: str | None = None
    partner_material: str | None = None  # the supplier's or the customer's number
    gtin: str | None = None
    quantity: Decimal
    unit: str
    net_price: Decimal
    price_quantity: Decimal = Decimal(1)
    price_unit: str | None = None
    price_unit_numerator: Decimal = Decimal(1)
    price_unit_denominator: Decimal = Decimal(1)
    tax_code: str | None = None
    receipt_expected: bool = True
    invoice_expected: bool = True
    receipt_based: bool = False  # InvoiceIsGoodsReceiptBased
    evaluated_receipt_settlement: bool = False
    delivery_completed: bool = False
    finally_invoiced: bool = False
    deleted: bool = False
    free_of_charge: bool = False
    returns: bool = False
    overall_limit: Decimal | None = None
    price_estimated: bool = False
    contract_price: Decimal | None = None  # per `price_quantity`, as `net_price`
    moving_average_price: Decimal | None = None  # of one `unit`
    stock: Decimal | None = None  # behind the moving average, in `unit`
    schedule: tuple[ScheduleLine, ...] = ()
    planned_costs: tuple[PlannedCost, ...] = ()
    receipts: tuple[GoodsReceipt, ...] = ()
    postings: tuple[Posting, ...] = ()

    @property
    def delivered(self) -> Decimal:
        """Received so far, reversals and returns netted."""
        return sum([receipt.quantity for receipt in self.receipts], ZERO)

    @property
    def invoiced(self) -> Decimal:
        """Invoiced so far in SAP, reversals and credits netted."""
        return sum([posting.quantity for posting in self.postings], ZERO)

    @property
    def invoiced_amount(self) -> Decimal:
        """Invoiced value of the goods so far in SAP, reversals and credits netted."""
        return sum((p.amount for p in self.postings if p.condition is None), ZERO)


class Order(Struct, frozen=True, kw_only=True, gc=False):
    """One purchase or sales order with everything that a decision needs.

    `id` and item ids as SAP sent them. `partner` is the supplier or the sold-to party.
    """

    id: str
    side: OrderSide
    connection: str
    client: str
    company_code: str
    partner: str
    invoicing_party: str | None = None
    partner_name: str | None = None
    partner_vat_id: str | None = None
    partner_ibans: tuple[str, ...] = ()  # in order
    invoicing_party_name: str | None = None  # where another party than `partner` sends the invoice
    invoicing_party_vat_id: str | None = None
    currency: str
    order_date: date | None = None
    external_reference: str | None = None  # PurchaseOrderByCustomer, CorrespncExternalReference
    other_references: tuple[str, ...] = ()  # the partner's quotation, the ship-to party's order
    payment_terms: PaymentTerms | None = None
    valid_from: date | None = None  # of a limit order
    valid_to: date | None = None
    released: bool = True
    items: tuple[OrderItem, ...] = ()


class IndexedOrder(Struct, frozen=True, kw_only=True, gc=False):
    """An order as the index holds it: `version` guards every change, reservations are ours."""

    order: Order
    version: int
    reservations: tuple[Reservation, ...] = ()


class PostedInvoice(Struct, frozen=True, kw_only=True, gc=False):
    """The head of a supplier invoice in SAP, for the duplicate check."""

    supplier_invoice: str
    fiscal_year: str
    company_code: str
    invoicing_party: str
    reference: str
    document_date: date
    currency: str
    gross: Decimal
    credit_memo: bool = False
    reversed: bool = False


def unsettled(order: Order, reservations: Sequence[Reservation]) -> tuple[Reservation, ...]:
    """Reservations whose invoice SAP does not show yet, by reference, item and amount.

    The reference alone may be that of another invoice: SAP cuts it (MA-P49). It may come back in
    capitals. Delivery costs are no part of what a reservation takes.
    """
    if not reservations:  # as nearly always, and this is asked for each item of an order
        return ()
    shown: dict[tuple[str, str, str, str], Decimal] = {}
    for item in order.items:
        for posting in (posting for posting in item.postings if posting.condition is None):
            reference = posting.reference.strip().upper()
            key = (posting.supplier_invoice, posting.fiscal_year, reference, item.id)
            shown[key] = shown.get(key, ZERO) + posting.amount
    free = [(reference, item, amount) for (_, _, reference, item), amount in shown.items()]
    left: list[Reservation] = []
    for reservation in reservations:
        reference = reservation.reference.strip().upper()
        taken = (reference, reservation.item, reservation.amount)
        if taken in free:
            free.remove(taken)
        else:
            left.append(reservation)
    return tuple(left)
