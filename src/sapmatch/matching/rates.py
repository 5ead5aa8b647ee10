"""Exchange rates of the settings: which one counts on a day, and what it makes of an amount."""

from collections.abc import Iterable
from datetime import date
from decimal import ROUND_DOWN, ROUND_HALF_UP, Context, Decimal
from typing import TYPE_CHECKING

from msgspec import Struct

from sapmatch.matching.units import EXACT
from sapmatch.model.match import Rate
from sapmatch.model.money import step
from sapmatch.model.policy import ExchangeRates

if TYPE_CHECKING:
    from sapmatch.matching.case import Case

_JOINED = Context(prec=12, rounding=ROUND_HALF_UP)  # digits of a rate made of two


class Exchange(Struct, frozen=True, kw_only=True):
    """Rates into `currency` on `day`; two may be joined over the `home` currency."""

    currency: str
    day: date | None
    home: str
    rates: ExchangeRates | None

    def rate(self, currency: str) -> Rate | None:
        """Rate between a currency and the target: as listed, the other way round, or joined."""
        if self.rates is None or self.day is None or currency == self.currency:
            return None
        return self._listed(currency, self.currency) or self._joined(currency)

    def _listed(self, one: str, other: str) -> Rate | None:
        """Either currency may be the base; with both, the one that was asked for."""
        return self._newest(one, other) or self._newest(other, one)

    def _joined(self, currency: str) -> Rate | None:
        first, second = self._listed(currency, self.home), self._listed(self.home, self.currency)
        if first is None or second is None:
            return None
        at_home = convert(Decimal(1), currency, first)
        joined = _JOINED.plus(convert(at_home, self.home, second))
        return self._rate(min(first.day, second.day), currency, self.currency, joined)

    def _newest(self, base: str, quote: str) -> Rate | None:
        """The latest of the invoice date and the days before it; never a later one (MA-P33)."""
        assert self.rates is not None
        assert self.day is not None
        listed = self.rates.rates.get(base, {})
        last = self.day.toordinal()
        first = max(1, last - self.rates.max_age_days)
        days = (date.fromordinal(n) for n in range(last, first - 1, -1)) if listed else ()
        found = ((day, listed.get(day, {}).get(quote)) for day in days)
        return next((self._rate(day, base, quote, value) for day, value in found if value), None)

    def _rate(self, day: date, base: str, quote: str, value: Decimal) -> Rate:
        assert self.rates is not None
        return Rate(source=self.rates.source, day=day, base=base, quote=quote, rate=value)


def exchange_of(case: "Case") -> Exchange:
    """Rates into the invoice's currency on the invoice date."""
    return Exchange(
        currency=case.currency,
        day=case.invoice.issue_date,
        home=case.company.currency,
        rates=case.policy.exchange_rates,
    )


def convert(amount: Decimal, currency: str, rate: Rate) -> Decimal:
    """An amount in one of a rate's two currencies, exactly, in the other."""
    if currency == rate.base:
        return EXACT.multiply(amount, rate.rate)
    return EXACT.divide(amount, rate.rate)


def limit_in(limit: Decimal, currency: str, exchange: Exchange) -> Decimal:
    """A limit in the target currency, cut to its last digit: so no more passes than by the rate.

    Without a rate nothing is allowed, as amounts cannot be compared.
    """
    if currency == exchange.currency:
        return limit
    rate = exchange.rate(currency)
    if rate is None:
        return Decimal(0)
    converted = convert(limit, currency, rate)
    return converted.quantize(step(exchange.currency), rounding=ROUND_DOWN, context=EXACT)


def rate_used(case: "Case", currencies: Iterable[str]) -> Rate | None:
    """The rate from the orders' currency, else the one by which limits were converted."""
    exchange = exchange_of(case)
    foreign = sorted({currency for currency in currencies if currency != case.currency})
    return exchange.rate(foreign[0] if foreign else case.company.currency)


def told(rate: Rate) -> str:
    """The rate in a sentence."""
    worth = f"1 {rate.base} is {rate.rate:f} {rate.quote}"
    return f"{worth} by the rate of {rate.day} ({rate.source})."
