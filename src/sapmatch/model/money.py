"""Money and quantities: exact decimals, never floats."""

from decimal import ROUND_HALF_UP, Decimal

from msgspec import Struct

# ISO 4217: minor units of the currencies that do not have two.
_MINOR_UNITS = {
    **dict.fromkeys(
        "BIF CLP DJF GNF ISK JPY KMF KRW PYG RWF UGX UYI VND VUV XAF XOF XPF".split(), 0
    ),
    **dict.fromkeys("BHD IQD JOD KWD LYD OMR TND".split(), 3),
    **dict.fromkeys("CLF UYW".split(), 4),
}


def minor_units(currency: str) -> int:
    """Number of decimals of an ISO 4217 currency (JPY 0, EUR 2, KWD 3)."""
    return _MINOR_UNITS.get(currency, 2)


def rounded(amount: Decimal, currency: str) -> Decimal:
    """The amount with exactly the currency's decimals, half away from zero as SAP rounds."""
    return amount.quantize(Decimal(1).scaleb(-minor_units(currency)), rounding=ROUND_HALF_UP)


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
