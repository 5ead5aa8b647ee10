"""What a company allows: tolerance limits and matching rules, as the settings define them."""

from decimal import Decimal
from typing import Literal

from msgspec import Struct, field

from sapmatch.model.order import OrderSide

# SAP tolerance keys (transaction OMR6).
TOLERANCE_KEYS = frozenset("AN AP BD BR BW DQ DW KW LA LD PC PP PS ST VP".split())
Limit = Decimal | Literal["off"]  # "off" = not checked; 0 = checked and nothing allowed


class Tolerance(Struct, frozen=True, kw_only=True):
    """The four limits of one SAP tolerance key; amounts in the company code's currency."""

    lower_absolute: Limit = "off"
    lower_percent: Limit = "off"
    upper_absolute: Limit = "off"
    upper_percent: Limit = "off"


class CompanyCode(Struct, frozen=True, kw_only=True):
    """One company code: who we are on an invoice, and what we tolerate."""

    name: str
    currency: str
    vat_ids: tuple[str, ...] = ()
    time_zone: str = "UTC"
    sales_organizations: tuple[str, ...] = ()
    tax_codes: dict[str, str] = field(default_factory=dict)  # tax rate in percent -> SAP tax code
    tolerances: dict[str, Tolerance] = field(default_factory=dict)


class MatchingPolicy(Struct, frozen=True, kw_only=True):
    """The rules of one stage; `version` is the hash of the settings that made it."""

    version: str
    order_sides: tuple[OrderSide, ...] = ("purchase_order", "sales_order")
    receipt_check: Literal["by_item_flags"] = "by_item_flags"
    duplicate_window_days: int = 7
    exchange_rates: str = "none"
    candidate_cap: int = 500
    company_codes: dict[str, CompanyCode] = field(default_factory=dict)
