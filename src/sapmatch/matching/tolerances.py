"""SAP's tolerance keys (transaction OMR6): value against limit, in money and percent."""

from collections.abc import Iterator
from datetime import date
from decimal import Decimal
from typing import Literal

from msgspec import Struct

from sapmatch.matching.case import Case
from sapmatch.matching.ledger import Position
from sapmatch.matching.rates import Exchange, exchange_of, limit_in
from sapmatch.matching.units import EXACT
from sapmatch.model.match import ToleranceCheck
from sapmatch.model.order import ZERO
from sapmatch.model.policy import (
    CompanyCode,
    Effect,
    ExchangeRates,
    Limit,
    Tolerance,
    ToleranceOverride,
    sap_number,
)

Bound = Literal["lower_absolute", "lower_percent", "upper_absolute", "upper_percent"]
Verdict = Literal["pass", "fail", "warning"]

# Which key names the outcome where several deviate: quantity comes before price in SAP's checks.
PRECEDENCE = (
    *("DW", "DQ", "BR", "BW", "LA", "LD", "PP", "PS", "PC"),
    *("KW", "AN", "AP", "ST", "BD", "VP"),
)
_HUNDRED = Decimal(100)
_SHOWN = Decimal("0.0001")  # digits of a percentage in a decision; the comparison is exact
# A key that the settings do not name allows nothing: silence is no consent. The others check what
# an invoice may deviate in by nature, and do so only where somebody asks for it.
_OPTIONAL = frozenset({"AP", "BR", "BW", "KW", "LD", "PC", "PS", "ST", "VP"})
_UNNAMED = {
    **dict.fromkeys(_OPTIONAL, Tolerance()),
    "PP": Tolerance(lower_absolute=ZERO, upper_absolute=ZERO),
}
_NOTHING_ABOVE = Tolerance(upper_absolute=ZERO)
_WARNING = "VP"  # SAP only warns of a change of the moving average price


class Variance(Struct, frozen=True, kw_only=True):
    """One deviation from the order and what the limits say about it.

    `value` as its checks have it: money in the invoice's currency where they say nothing else.
    """

    key: str
    value: Decimal  # with its sign
    checks: tuple[ToleranceCheck, ...] = ()
    effect: Effect = "review"  # of a failing one
    line: str | None = None  # of the invoice; none: of the document

    @property
    def passed(self) -> bool:
        """Every limit that is checked holds; one that fails is enough to fail."""
        return all(check.verdict != "fail" for check in self.checks)


def limits_of(company: CompanyCode, key: str, place: Position | None = None) -> Tolerance:
    """The limits of a key: an override's, the company code's, or what silence means."""
    return named(company, key, place) or _UNNAMED.get(key, _NOTHING_ABOVE)


def named(company: CompanyCode, key: str, place: Position | None = None) -> Tolerance | None:
    """The limits that the settings name: material before supplier, both together before either."""
    if not company.overrides:
        return company.tolerances.get(key)
    fitting = [o for o in company.overrides if key in o.tolerances and _fits(o, place)]
    best = max(fitting, key=lambda o: (bool(o.material), bool(o.supplier)), default=None)
    return best.tolerances[key] if best else company.tolerances.get(key)


def measure(
    case: Case,
    key: str,
    value: Decimal,
    *,
    percent_of: tuple[Decimal, Decimal] | None = None,
    line: str | None = None,
    place: Position | None = None,
    unit: str | None = None,
) -> Variance:
    """Check a deviation in money, and `percent_of` (part, whole) where percent limits are given.

    Absolute limits are in the company code's currency. Without an exchange rate they cannot be
    compared with another one, so they allow nothing there (MA-P33). `unit` names another measure
    than money, such as days.
    """
    limits = limits_of(case.company, key, place)
    up = value > 0 or (not value and percent_of is not None and percent_of[0] > 0)
    absolute, percent = _bounds(up)
    checks = []
    limit = getattr(limits, absolute)
    if limit != "off":
        allowed = limit if unit == "days" else _allowed(case, limit)
        checks.append(_check(key, absolute, abs(value), allowed, unit or case.currency, line))
    limit = getattr(limits, percent)
    if limit != "off" and percent_of is not None:
        checks.append(_percent_check(key, percent, percent_of, limit, line))
    return Variance(key=key, value=value, checks=tuple(checks), effect=limits.effect, line=line)


def measure_exact(key: str, value: Decimal, currency: str) -> Variance:
    """A deviation of which nothing is allowed, whatever the settings say."""
    bound: Bound = "upper_absolute" if value > 0 else "lower_absolute"
    check = _check(key, bound, abs(value), ZERO, currency, None)
    return Variance(key=key, value=value, checks=(check,))


def within(
    company: CompanyCode | None,
    key: str,
    currency: str | None,
    value: Decimal,
    rates: ExchangeRates | None = None,
    day: date | None = None,
) -> bool:
    """Whether an absolute limit of either direction accepts a difference, by the day's rate."""
    if not value or company is None or currency is None:
        return not value
    limit: Limit = limits_of(company, key).upper_absolute
    exchange = Exchange(currency=currency, day=day, home=company.currency, rates=rates)
    return limit == "off" or abs(value) <= limit_in(limit, company.currency, exchange)


def limited(tolerance: Tolerance) -> bool:
    """Whether any limit is checked at all."""
    return any(limit != "off" for limit in _limits(tolerance))


def _limits(tolerance: Tolerance) -> Iterator[Limit]:
    yield from (getattr(tolerance, bound) for up in (False, True) for bound in _bounds(up))


def _bounds(up: bool) -> tuple[Bound, Bound]:
    return ("upper_absolute", "upper_percent") if up else ("lower_absolute", "lower_percent")


def _fits(override: ToleranceOverride, place: Position | None) -> bool:
    """Who delivers and who bills are both meant by a supplier."""
    supplier, material = override.whom
    if place is None or not (supplier or material):
        return False
    order = place.order
    if supplier and supplier not in map(sap_number, (order.partner, order.invoicing_party)):
        return False
    return not material or material == sap_number(place.item.material)


def _allowed(case: Case, limit: Decimal) -> Decimal:
    if case.currency == case.company.currency:
        return limit
    return limit_in(limit, case.company.currency, exchange_of(case))


def _check(
    key: str, bound: Bound, value: Decimal, limit: Decimal, unit: str, line: str | None
) -> ToleranceCheck:
    return ToleranceCheck(
        key=key,
        bound=bound,
        value=value,
        limit=limit,
        unit=unit,
        verdict=_verdict(key, value <= limit),
        line=line,
    )


def _percent_check(
    key: str, bound: Bound, percent_of: tuple[Decimal, Decimal], limit: Decimal, line: str | None
) -> ToleranceCheck:
    """Compared without a division, so that a value at the limit passes (MA-P42)."""
    part, whole = abs(percent_of[0]), abs(percent_of[1])
    fits = EXACT.multiply(part, _HUNDRED) <= EXACT.multiply(limit, whole)
    shown = _HUNDRED if not whole else EXACT.divide(EXACT.multiply(part, _HUNDRED), whole)
    return ToleranceCheck(
        key=key,
        bound=bound,
        value=shown.quantize(_SHOWN, context=EXACT),
        limit=limit,
        unit="%",
        verdict=_verdict(key, fits),
        line=line,
    )


def _verdict(key: str, fits: bool) -> Verdict:
    if fits:
        return "pass"
    return "warning" if key == _WARNING else "fail"
