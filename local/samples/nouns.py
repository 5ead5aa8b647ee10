"""What the sample world is made of; amounts are computed here once, so all drawings agree."""

from collections.abc import Callable
from datetime import date
from decimal import Decimal

from msgspec import Struct

CENT = Decimal("0.01")


class Business(Struct, frozen=True, kw_only=True):
    """A company with its number in SAP (empty: SAP does not know it)."""

    number: str
    name: str
    street: str
    postcode: str
    city: str
    country: str = "DE"
    vat_id: str = ""
    iban: str = ""


class Item(Struct, frozen=True, kw_only=True):
    """An order item: `price` for `per` units, `received` None where nothing came yet; `freight` is
    planned for all of it."""

    id: str
    material: str
    text: str
    quantity: Decimal
    unit: str = "PC"
    price: Decimal
    per: int = 1
    tax_rate: int = 19
    received: Decimal | None = None
    receipt_expected: bool = True
    receipt_based: bool = False
    finally_invoiced: bool = False
    freight: Decimal | None = None


class Order(Struct, frozen=True, kw_only=True):
    """A purchase order with a supplier, or a sales order with a customer."""

    id: str
    partner: Business
    ordered: date
    items: tuple[Item, ...]
    received: date | None = None
    released: bool = True
    customer_reference: str = ""


class Line(Struct, frozen=True, kw_only=True):
    """An invoice line."""

    id: str
    material: str
    text: str
    quantity: Decimal
    unit: str
    price: Decimal
    per: int
    tax_rate: int
    order_item: str

    @property
    def net(self) -> Decimal:
        """Line amount without tax (BT-131)."""
        return (self.quantity * self.price / self.per).quantize(CENT)


class Invoice(Struct, frozen=True, kw_only=True):
    """An invoice to our company; `order` and `sales_order` as the supplier quotes them."""

    number: str
    issued: date
    due: date
    seller: Business
    lines: tuple[Line, ...]
    order: str = ""
    sales_order: str = ""
    delivery_note: str = ""

    @property
    def net(self) -> Decimal:
        """Sum without tax (BT-109)."""
        return sum((line.net for line in self.lines), Decimal("0.00"))

    @property
    def taxes(self) -> tuple[tuple[int, Decimal, Decimal], ...]:
        """Rate in percent, basis and tax of every rate, highest rate first (BG-23)."""
        rates = sorted({line.tax_rate for line in self.lines}, reverse=True)
        bases = [(rate, sum(ln.net for ln in self.lines if ln.tax_rate == rate)) for rate in rates]
        return tuple(
            (rate, Decimal(basis), (basis * rate / Decimal(100)).quantize(CENT))
            for rate, basis in bases
        )

    @property
    def tax(self) -> Decimal:
        """Sum of the taxes (BT-110)."""
        return sum((tax for _, _, tax in self.taxes), Decimal("0.00"))

    @property
    def total(self) -> Decimal:
        """Sum with tax (BT-112), which is all to be paid (BT-115)."""
        return self.net + self.tax


class Sample(Struct, frozen=True, kw_only=True):
    """One file to upload and what must become of it; `after` names the file that comes first."""

    file: str
    draw: Callable[[Invoice], bytes]
    invoice: Invoice
    kind: str
    decision: str
    reason: str | None = None
    order: str | None = None
    after: str | None = None
