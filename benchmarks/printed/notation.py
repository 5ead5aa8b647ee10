"""How one vendor writes amounts, dates and words."""

import random
import tomllib
from collections.abc import Sequence
from datetime import date
from decimal import ROUND_HALF_UP, Decimal
from pathlib import Path

from msgspec import Struct

_SIGNS = {"EUR": "€", "USD": "$", "GBP": "£", "JPY": "¥", "INR": "Rs.", "MYR": "RM", "CZK": "Kč"}
_SIGNS |= {"PLN": "zł", "SEK": "kr", "NOK": "kr", "DKK": "kr", "HUF": "Ft", "BRL": "R$"}
_NO_CENTS = frozenset({"JPY", "HUF"})


class Notation(Struct, frozen=True, kw_only=True):
    """The words that a document uses (each way chosen once), and its marks for numbers."""

    words: dict[str, str]
    choices: dict[str, list[str]]
    months: list[str]
    country: str
    currency: str
    marks: str
    day_form: str
    sign: str | None  # beside each sum: the currency's code or sign
    sign_first: bool

    @property
    def cents(self) -> Decimal:
        """The smallest amount of the currency."""
        return Decimal(1) if self.currency in _NO_CENTS else Decimal("0.01")

    def rounded(self, value: Decimal) -> Decimal:
        """The amount in whole smallest units."""
        return value.quantize(self.cents, ROUND_HALF_UP)

    def amount(self, value: Decimal) -> str:
        """The amount with the marks of the country."""
        thousands, decimals = self.marks[0].replace("_", " "), self.marks[1]
        plain = f"{value.quantize(self.cents):,}"
        return "".join({",": thousands, ".": decimals}.get(char, char) for char in plain)

    def money(self, value: Decimal) -> str:
        """The amount with its currency, where this document prints one beside sums."""
        if self.sign is None:
            return self.amount(value)
        if self.sign_first:
            return f"{self.sign}{'' if len(self.sign) == 1 else ' '}{self.amount(value)}"
        return f"{self.amount(value)} {self.sign}"

    def number(self, value: Decimal) -> str:
        """A quantity or a percentage without useless zeros."""
        return f"{value.normalize():f}".replace(".", self.marks[1])

    def day(self, day: date) -> str:
        """The date as this document writes it."""
        parts = {
            "d": f"{day:%d}",
            "m": f"{day:%m}",
            "y": f"{day:%Y}",
            "M": self.months[day.month - 1],
        }
        if "M" in self.day_form:
            parts["d"] = str(day.day)
        return (
            "".join(parts.get(char, char) for char in self.day_form.replace("de", "@"))
            .replace("_", " ")
            .replace("@", "de")
        )


def notation(language: str, chance: random.Random) -> Notation:
    """One vendor's way to write in that language."""
    words = tomllib.loads(Path(__file__).with_name("words.toml").read_text("utf-8"))[language]
    home = chance.choice(words["homes"].split("|"))
    country, currency, marks, day_form = home.split(" ")
    choices = {name: ways.split("|") for name, ways in words.items()}
    sign = chance.choice([None, currency, _SIGNS.get(currency, currency)])
    return Notation(
        words={name: chance.choice(ways) for name, ways in choices.items()},
        choices=choices,
        months=words["months"].split(),
        country=country,
        currency=currency,
        marks=marks,
        day_form=day_form,
        sign=sign,
        sign_first=currency in ("USD", "GBP", "AUD", "INR", "MYR", "JPY", "CHF", "BRL", "MXN"),
    )


def languages() -> Sequence[str]:
    """All languages there are words for."""
    return list(tomllib.loads(Path(__file__).with_name("words.toml").read_text("utf-8")))
