"""Rules of [matching]: limits, rates and codes that the decision can work with."""

import re
from collections.abc import Iterator, Mapping, Set
from decimal import Decimal

from sapmatch.model.errors import Problem
from sapmatch.model.levels import IDENTITY_LEVELS, LARGEST_WEIGHT
from sapmatch.model.money import CURRENCIES
from sapmatch.model.policy import (
    TOLERANCE_KEYS,
    CompanyCode,
    ExchangeRates,
    Limit,
    Tolerance,
    ToleranceOverride,
)
from sapmatch.settings.blocks import Matching, mistake
from sapmatch.settings.connection import check_zone

_ACCOUNT = re.compile(r"[A-Za-z0-9_-]{1,10}")
_COMPANY_CODE = re.compile(r"[A-Z0-9]{1,4}")
_TAX = re.compile(r"(?:(?P<category>[A-Za-z]{1,3}):)?(?P<rate>\d{1,3}(?:\.\d{1,4})?)")
_SHORTEST_VAT_ID = 5  # letters and digits
_MOST_DAYS = 366
_MOST_PERCENT = 1000
_MOST_CANDIDATES = 10_000
_RATES = (Decimal("0.000001"), Decimal(1_000_000))
_BOUNDS = ("lower_absolute", "lower_percent", "upper_absolute", "upper_percent")
_NEVER_BLOCKS = {
    "BD": "an invoice is INVALID",
    "DW": "it waits for the receipt",
    "VP": "there is only a warning",
}
_AGAINST = ("prior", "no line fits", "a quantity exceeds what is open")
# BD is checked before an order is known; AN and KW are of rows that no item covers.
_NOT_BY = {"BD": ("supplier", "material"), "AN": ("material",), "KW": ("material",)}


def check_matching(connections: Set[str], matching: Matching) -> Iterator[Problem]:
    """Every mistake, each with its path."""
    if matching.connection and matching.connection not in connections:
        yield mistake("matching.connection", "names no [connections.*] block of this file")
    if not matching.connection and len(connections) > 1:
        yield mistake("matching.connection", "is missing: which connection holds the orders?")
    if not matching.order_sides:
        yield mistake("matching.order_sides", "is empty: no order could ever be found")
    if not matching.company_codes:
        yield mistake("matching.company_codes", "is missing: who are we on an invoice?")
    if not 0 <= matching.duplicate_window_days <= _MOST_DAYS:
        yield mistake("matching.duplicate_window_days", f"must be from 0 to {_MOST_DAYS}")
    if not 1 <= matching.candidate_cap <= _MOST_CANDIDATES:
        yield mistake("matching.candidate_cap", f"must be from 1 to {_MOST_CANDIDATES}")
    yield from _check_weights(matching.weights)
    if isinstance(matching.exchange_rates, ExchangeRates):
        yield from _check_rates("matching.exchange_rates", matching.exchange_rates)
    for code, company in matching.company_codes.items():
        yield from _check_company(f"matching.company_codes.{code}", code, company)


def _check_weights(weights: Mapping[str, int]) -> Iterator[Problem]:
    for name, weight in weights.items():
        path = f"matching.weights.{name}"
        if name not in IDENTITY_LEVELS:
            known = ", ".join(sorted(IDENTITY_LEVELS))
            yield mistake(path, f"is no comparison level; known are {known}")
        elif abs(weight) > LARGEST_WEIGHT:
            yield mistake(path, f"must be from -{LARGEST_WEIGHT} to {LARGEST_WEIGHT}")
        elif weight > 0 and _speaks_against(name):
            yield mistake(path, "must not be above 0: it speaks against an order")
        elif weight < 0 and name.endswith("equal"):
            yield mistake(path, "must not be below 0: it speaks for an order")


def _speaks_against(level: str) -> bool:
    return level in _AGAINST or level.endswith("different")


def _check_rates(path: str, rates: ExchangeRates) -> Iterator[Problem]:
    if not rates.source.strip():
        yield mistake(f"{path}.source", "is empty: decisions name the source of their rate")
    if not 0 <= rates.max_age_days <= _MOST_DAYS:
        yield mistake(f"{path}.max_age_days", f"must be from 0 to {_MOST_DAYS}")
    listed = [
        (f"{path}.rates.{base}.{day}", base, quote, rate)
        for base, days in rates.rates.items()
        for day, quotes in days.items()
        for quote, rate in quotes.items()
    ]
    if not rates.rates:
        yield mistake(
            f"{path}.rates", 'holds no rate; leave it out, or set exchange_rates = "none"'
        )
    for base in rates.rates:
        yield from _check_currency(f"{path}.rates.{base}", base)
    for place, base, quote, rate in listed:
        yield from _check_rate(f"{place}.{quote}", base, quote, rate)


def _check_rate(path: str, base: str, quote: str, rate: Decimal) -> Iterator[Problem]:
    yield from _check_currency(path, quote)
    least, most = _RATES
    if not least <= rate <= most:
        yield mistake(path, f"must be from {least:f} to {most:f}: so much of {quote} is 1 {base}")
    if base == quote:
        yield mistake(path, "is a rate of a currency to itself; leave it out")


def _check_company(path: str, code: str, company: CompanyCode) -> Iterator[Problem]:
    if not _COMPANY_CODE.fullmatch(code):
        yield mistake(path, "must be named as SAP's company code: 1 to 4 capitals or digits")
    yield from check_zone(f"{path}.time_zone", company.time_zone)
    yield from _check_currency(f"{path}.currency", company.currency)
    for n, vat_id in enumerate(company.vat_ids):
        if sum(map(str.isalnum, vat_id)) < _SHORTEST_VAT_ID:  # none that a decision goes by
            yield mistake(f"{path}.vat_ids[{n}]", 'is too short; write it like "DE811234567"')
    for name in company.tax_codes:
        yield from _check_tax(f"{path}.tax_codes.{name}", name)
    yield from _check_account(path, company)
    if not 0 <= company.sampling.percent <= 100:
        yield mistake(f"{path}.sampling.percent", "must be from 0 to 100")
    yield from _check_tolerances(f"{path}.tolerances", company.tolerances)
    yield from _check_overrides(f"{path}.overrides", company.overrides)


def _check_account(path: str, company: CompanyCode) -> Iterator[Problem]:
    for name in ("unplanned_account", "unplanned_cost_center"):
        value: str | None = getattr(company, name)
        if value is not None and not _ACCOUNT.fullmatch(value):
            yield mistake(f"{path}.{name}", "must be 1 to 10 letters, digits, _ or -, as in SAP")
    if company.unplanned_cost_center and not company.unplanned_account:
        yield mistake(f"{path}.unplanned_account", "is missing: the cost center goes with it")


def _check_currency(path: str, currency: str) -> Iterator[Problem]:
    if currency not in CURRENCIES:
        yield mistake(path, 'must be an ISO 4217 code such as "EUR"')


def _check_tax(path: str, name: str) -> Iterator[Problem]:
    found = _TAX.fullmatch(name.replace(" ", ""))
    if not found or Decimal(found["rate"]) > 100:
        yield mistake(path, 'must be a rate in percent such as "19", or with its category "AE:0"')


def _check_tolerances(path: str, tolerances: Mapping[str, Tolerance]) -> Iterator[Problem]:
    for key, tolerance in tolerances.items():
        if key not in TOLERANCE_KEYS:
            known = ", ".join(sorted(TOLERANCE_KEYS))
            yield mistake(f"{path}.{key}", f"is no tolerance key; known are {known}")
            continue
        yield from _check_limits(f"{path}.{key}", key, tolerance)


def _check_limits(path: str, key: str, tolerance: Tolerance) -> Iterator[Problem]:
    given: dict[str, Limit] = {
        name: limit for name in _BOUNDS if (limit := getattr(tolerance, name)) != "off"
    }
    for name, limit in given.items():
        if name.endswith("percent") and limit != "off" and limit > _MOST_PERCENT:
            yield mistake(f"{path}.{name}", f'must be at most {_MOST_PERCENT}, or "off"')
    known = TOLERANCE_KEYS[key]
    if given and given.keys().isdisjoint(known):  # everything would pass
        yield mistake(path, f"has no limit that {key} is checked by: {' or '.join(known)}")
    if tolerance.effect == "block" and key in _NEVER_BLOCKS:
        yield mistake(f"{path}.effect", f"does nothing here: beyond {key} {_NEVER_BLOCKS[key]}")


def _check_overrides(path: str, overrides: tuple[ToleranceOverride, ...]) -> Iterator[Problem]:
    seen: dict[tuple[str, str], int] = {}
    for n, override in enumerate(overrides):
        place = f"{path}[{n}]"
        yield from _check_tolerances(f"{place}.tolerances", override.tolerances)
        if not any(override.whom):
            yield mistake(place, "names neither supplier nor material: whom is it for?")
            continue
        if not override.tolerances:
            yield mistake(f"{place}.tolerances", "is missing: which limits are others?")
        first = seen.setdefault(override.whom, n)
        if first != n:
            yield mistake(place, f"is for the same as overrides[{first}]: put both into one")
        yield from _check_reach(place, override)


def _check_reach(place: str, override: ToleranceOverride) -> Iterator[Problem]:
    for key in override.tolerances:
        for name in _NOT_BY.get(key, ()):
            if getattr(override, name):
                yield mistake(
                    f"{place}.tolerances.{key}",
                    f"cannot depend on a {name}; set it for the company code",
                )
                break
