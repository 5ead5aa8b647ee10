"""SAP's tolerance keys (transaction OMR6): value against limit, in money and percent."""

from decimal import Decimal
from typing import Literal

from msgspec import Struct

from sapmatch.matching.case import Case
from sapmatch.matching.units import EXACT
from sapmatch.model.match import ToleranceCheck
from sapmatch.model.order import ZERO
from sapmatch.model.policy import CompanyCode, Limit, Tolerance

Bound = Literal["lower_absolute", "lower_percent", "upper_absolute", "upper_percent"]

_HUNDRED = Decimal(100)
_SHOWN = Decimal("0.0001")  # digits of a percentage in a decision; the comparison is exact
_NOTHING_ABOVE = Tolerance(upper_absolute=ZERO)
# A key that the settings do not name allows nothing: silence is no consent.
_UNNAMED = {"PP": Tolerance(lower_absolute=ZERO, upper_absolute=ZERO)}


class Variance(Struct, frozen=True, kw_only=True):
    """One deviation from the order and what the limits say about it."""

    key: str
    value: Decimal  # money in the invoice's currency, with its sign
    checks: tuple[ToleranceCheck, ...] = ()

    @property
    def passed(self) -> bool:
        """Every limit that is checked holds; one that fails is enough to fail."""
        return all(check.verdict == "pass" for check in self.checks)


def limits_of(company: CompanyCode, key: str) -> Tolerance:
    """The limits of a key, or no tolerance at all where the settings do not name it."""
    return company.tolerances.get(key) or _UNNAMED.get(key, _NOTHING_ABOVE)


def measure(
    case: Case,
    key: str,
    value: Decimal,
    *,
    percent_of: tuple[Decimal, Decimal] | None = None,
    line: str | None = None,
) -> Variance:
    """Check a deviation in money, and `percent_of` (part, whole) where percent limits are given.

    Absolute limits are in the company code's currency. Without an exchange rate they cannot be
    compared with another one, so they allow nothing there (MA-P33).
    """
    limits = limits_of(case.company, key)
    up = value > 0 or (not value and percent_of is not None and percent_of[0] > 0)
    bounds: tuple[Bound, Bound] = (
        ("upper_absolute", "upper_percent") if up else ("lower_absolute", "lower_percent")
    )
    absolute, percent = (getattr(limits, bound) for bound in bounds)
    checks = []
    if absolute != "off":
        limit = absolute if case.currency == case.company.currency else ZERO
        checks.append(_check(key, bounds[0], abs(value), limit, case.currency, line))
    if percent != "off" and percent_of is not None:
        checks.append(_percent_check(key, bounds[1], percent_of, percent, line))
    return Variance(key=key, value=value, checks=tuple(checks))


def measure_exact(key: str, value: Decimal, currency: str) -> Variance:
    """A deviation of which nothing is allowed, whatever the settings say."""
    bound: Bound = "upper_absolute" if value > 0 else "lower_absolute"
    check = _check(key, bound, abs(value), ZERO, currency, None)
    return Variance(key=key, value=value, checks=(check,))


def within(company: CompanyCode | None, key: str, currency: str | None, value: Decimal) -> bool:
    """Whether an absolute limit of either direction accepts a difference."""
    if not value or company is None:
        return not value
    limit: Limit = limits_of(company, key).upper_absolute
    return limit == "off" or (currency == company.currency and abs(value) <= limit)


def _check(
    key: str, bound: Bound, value: Decimal, limit: Decimal, unit: str, line: str | None
) -> ToleranceCheck:
    verdict: Literal["pass", "fail"] = "pass" if value <= limit else "fail"
    return ToleranceCheck(
        key=key, bound=bound, value=value, limit=limit, unit=unit, verdict=verdict, line=line
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
        verdict="pass" if fits else "fail",
        line=line,
    )
