"""Money and quantities: exact decimals, never floats."""

from decimal import ROUND_HALF_UP, Context, Decimal

from msgspec import Struct

# ISO 4217: minor units of the currencies that do not have two.
_MINOR_UNITS = {
    **dict.fromkeys(
        "BIF CLP DJF GNF ISK JPY KMF KRW PYG RWF UGX UYI VND VUV XAF XOF XPF".split(), 0
    ),
    **dict.fromkeys("BHD IQD JOD KWD LYD OMR TND".split(), 3),
    **dict.fromkeys("CLF UYW".split(), 4),
}
# ISO 4217: the currencies in use, without precious metals and units of account.
CURRENCIES = frozenset(
    "AED AFN ALL AMD ANG AOA ARS AUD AWG AZN BAM BBD BDT BGN BHD BIF BMD BND BOB BRL BSD BTN BWP"
    " BYN BZD CAD CDF CHF CLF CLP CNY COP CRC CUP CVE CZK DJF DKK DOP DZD EGP ERN ETB EUR FJD FKP"
    " GBP GEL GHS GIP GMD GNF GTQ GYD HKD HNL HTG HUF IDR ILS INR IQD IRR ISK JMD JOD JPY KES KGS"
    " KHR KMF KPW KRW KWD KYD KZT LAK LBP LKR LRD LSL LYD MAD MDL MGA MKD MMK MNT MOP MRU MUR MVR"
    " MWK MXN MYR MZN NAD NGN NIO NOK NPR NZD OMR PAB PEN PGK PHP PKR PLN PYG QAR RON RSD RUB RWF"
    " SAR SBD SCR SDG SEK SGD SHP SLE SOS SRD SSP STN SVC SYP SZL THB TJS TMT TND TOP TRY TTD TWD"
    " TZS UAH UGX USD UYI UYU UYW UZS VED VES VND VUV WST XAF XCD XCG XOF XPF YER ZAR ZMW"
    " ZWG".split()
)
_WIDE = Context(prec=60)  # a product of amounts and rates has more digits than the usual 28
_STEPS = {units: Decimal(1).scaleb(-units) for units in (0, 2, 3, 4)}


def minor_units(currency: str) -> int:
    """Number of decimals of an ISO 4217 currency (JPY 0, EUR 2, KWD 3)."""
    return _MINOR_UNITS.get(currency, 2)


def step(currency: str) -> Decimal:
    """One minor unit of a currency: 0.01 EUR."""
    return _STEPS[minor_units(currency)]


def rounded(amount: Decimal, currency: str) -> Decimal:
    """The amount with exactly the currency's decimals, half away from zero as SAP rounds."""
    return amount.quantize(_STEPS[_MINOR_UNITS.get(currency, 2)], ROUND_HALF_UP, _WIDE)


class Money(Struct, frozen=True):
    """An amount in one currency (ISO 4217 code)."""

    amount: Decimal
    currency: str

    def __str__(self) -> str:
        return f"{rounded(self.amount, self.currency)} {self.currency}"


class Quantity(Struct, frozen=True):
    """A number of units; the unit as the document or SAP names it."""

    value: Decimal
    unit: str
