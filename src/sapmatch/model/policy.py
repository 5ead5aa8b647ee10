"""What a company allows: tolerance limits and matching rules, as the settings define them."""

from collections.abc import Mapping
from datetime import date
from decimal import Decimal
from types import MappingProxyType
from typing import Literal

from msgspec import Struct, field

from sapmatch.model.order import OrderSide

_ALL = ("lower_absolute", "lower_percent", "upper_absolute", "upper_percent")
_PERCENT = ("lower_percent", "upper_percent")
# SAP tolerance keys (transaction OMR6), each with the limits that it has there.
TOLERANCE_KEYS: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {
        **dict.fromkeys(("DQ", "KW", "PC", "PP", "PS"), _ALL),
        **dict.fromkeys(("BR", "BW", "VP"), _PERCENT),
        **dict.fromkeys(("AN", "AP", "BD", "DW", "LD", "ST"), ("upper_absolute",)),
        "LA": ("upper_absolute", "upper_percent"),
    }
)
Limit = Decimal | Literal["off"]  # "off" = not checked; 0 = checked and nothing allowed


Effect = Literal["review", "block"]


class Tolerance(Struct, frozen=True, kw_only=True):
    """The four limits of one SAP tolerance key; amounts in the company code's currency.

    Beyond a limit a person decides (`review`), or the invoice is posted with a payment block.
    """

    lower_absolute: Limit = "off"
    lower_percent: Limit = "off"
    upper_absolute: Limit = "off"
    upper_percent: Limit = "off"
    effect: Effect = "review"


class ToleranceOverride(Struct, frozen=True, kw_only=True):
    """Other limits for a supplier, a material or both: the most specific one that fits stands.

    Where both a supplier's and a material's fit, the material's stands.
    """

    supplier: str | None = None  # SAP's number
    material: str | None = None
    tolerances: dict[str, Tolerance] = field(default_factory=dict)

    @property
    def whom(self) -> tuple[str, str]:
        """Supplier and material as numbers are compared; empty where it is for all of them."""
        return sap_number(self.supplier), sap_number(self.material)


class Sampling(Struct, frozen=True, kw_only=True):
    """Good invoices that a person checks all the same, as SAP's stochastic block.

    `percent` of those from `threshold` on, in proportion below it; 0 percent: none.
    """

    percent: Decimal = Decimal(0)
    threshold: Decimal = Decimal(0)  # in the company code's currency


class ExchangeRates(Struct, frozen=True, kw_only=True):
    """Rates by day: `rates["EUR"]["2026-11-20"]["USD"]` = "1.08" says that 1 EUR is 1.08 USD."""

    source: str  # shown in decisions
    rates: dict[str, dict[date, dict[str, Decimal]]] = field(default_factory=dict)
    max_age_days: int = 7  # of the rate before the invoice date


class ItemFields(Struct, frozen=True, kw_only=True):
    """Fields of the A_PurchaseOrderItem row in which a company's own extended service tells what
    SAP's does not; empty: nothing tells it."""

    price_estimated: str = ""
    contract_price: str = ""  # per NetPriceQuantity, as NetPriceAmount
    moving_average_price: str = ""  # of one order unit
    stock: str = ""  # behind it, in the order unit


STANDARD = ItemFields()  # SAP's own row tells none of them


class CompanyCode(Struct, frozen=True, kw_only=True):
    """One company code: who we are on an invoice, and what we tolerate."""

    name: str
    currency: str
    vat_ids: tuple[str, ...] = ()
    time_zone: str = "UTC"
    sales_organizations: tuple[str, ...] = ()
    tax_codes: dict[str, str] = field(default_factory=dict)  # tax rate in percent -> SAP tax code
    tolerances: dict[str, Tolerance] = field(default_factory=dict)
    overrides: tuple[ToleranceOverride, ...] = ()
    sampling: Sampling = Sampling()
    unplanned_account: str | None = None  # G/L account of lines that no order item covers
    unplanned_cost_center: str | None = None


class MatchingPolicy(Struct, frozen=True, kw_only=True):
    """The rules of one stage; `version` is the hash of the settings that made it."""

    version: str
    order_sides: tuple[OrderSide, ...] = ("purchase_order", "sales_order")
    receipt_check: Literal["by_item_flags"] = "by_item_flags"
    duplicate_window_days: int = 7
    exchange_rates: ExchangeRates | None = None
    candidate_cap: int = 500
    weights: dict[str, int] = field(default_factory=dict)  # learned ones, in place of the shipped
    company_codes: dict[str, CompanyCode] = field(default_factory=dict)
    writes_invoices: bool = False  # a flow writes supplier invoices of matches into SAP


def sap_number(number: str | None) -> str:
    """A supplier's or material's number for comparison: SAP pads it with zeros, people do not."""
    return (number or "").strip().upper().lstrip("0")
