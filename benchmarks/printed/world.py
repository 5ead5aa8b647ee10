"""What a made-up invoice says, before anybody draws it."""

import random
from collections.abc import Iterator
from datetime import date, timedelta
from decimal import Decimal
from itertools import groupby

from msgspec import Struct

from benchmarks.printed import numbers
from benchmarks.printed.notation import Notation

_STEMS = (
    "Alder Birken Corvo Delmar Estrel Falken Grano Hestia Ivalo Juno Kestrel Lumen Morava Norden"
)
_STEMS += " Ostra Pinta Quarz Rivo Solberg Tamaro Ulmen Verda Westmark Ystad Zelden"
_TRADES = "Technik Supply Logistik Tools Medical Energy Print Foods Systems Service Build Textil"
_FORMS = {
    "GB": "Ltd", "US": "Inc.", "IE": "Ltd", "MY": "Sdn. Bhd.", "IN": "Pvt. Ltd.", "JP": "K.K.",
    "AU": "Pty Ltd", "HU": "Kft.", "DE": "GmbH", "AT": "GmbH", "CH": "AG", "FR": "SARL", "BE": "BV",
    "NL": "B.V.", "IT": "S.r.l.", "ES": "S.L.", "MX": "S.A. de C.V.", "PT": "Lda.", "BR": "Ltda.",
    "PL": "Sp. z o.o.", "CZ": "s.r.o.", "DK": "ApS", "SE": "AB", "FI": "Oy", "NO": "AS",
}  # fmt: skip
_RATES = {
    "GB": (20, 5), "IE": (23, 9), "MY": (6,), "IN": (18, 12), "JP": (10, 8), "AU": (10,),
    "HU": (27,), "US": (0, 7), "DE": (19, 7), "AT": (20, 10), "CH": (8.1, 2.6), "FR": (20, 5.5),
    "BE": (21, 6), "NL": (21, 9), "IT": (22, 10), "ES": (21, 10), "MX": (16,), "PT": (23, 6),
    "BR": (17,), "PL": (23, 8), "CZ": (21, 12), "DK": (25,), "SE": (25, 12), "FI": (25.5, 14),
    "NO": (25, 15),
}  # fmt: skip
_STREETS = "Mill Lane|Hafenweg|Rue Neuve|Kerkstraat|Via Roma|Calle Mayor|Rua Nova|Polna|Storgata"
_CITIES = "Fairhaven|Neustadt|Villeneuve|Oudekerk|Borgonuovo|Villanueva|Vila Nova|Nowogard|Nystad"
_ONE = Decimal(1)


class Party(Struct, frozen=True, kw_only=True):
    """A made-up company."""

    name: str
    street: str
    city: str
    vat_id: str | None
    iban: str | None


class Item(Struct, frozen=True, kw_only=True):
    """One line; `discount` and `rate` in percent."""

    description: str
    more: str | None
    sku: str
    quantity: Decimal
    unit: str
    price: Decimal
    discount: Decimal
    rate: Decimal
    net: Decimal
    order: str | None


class Tax(Struct, frozen=True):
    """One row of the tax breakdown."""

    rate: Decimal
    basis: Decimal
    amount: Decimal


class Invoice(Struct, frozen=True, kw_only=True):
    """All that may be printed; which of it is, decides the layout."""

    language: str
    credit: bool
    number: str
    issued: date
    due: date
    days: int
    order: str | None
    sales_order: str | None
    customer: str
    seller: Party
    buyer: Party
    items: tuple[Item, ...]
    freight: Decimal
    taxes: tuple[Tax, ...]
    reverse: bool
    net: Decimal
    tax: Decimal
    total: Decimal
    prepaid: Decimal

    @property
    def payable(self) -> Decimal:
        """What is left to pay."""
        return self.total - self.prepaid


def invoice(language: str, note: Notation, chance: random.Random, *, items: int) -> Invoice:
    """A made-up invoice whose sums add up."""
    issued = date(2025, 1, 1) + timedelta(days=chance.randrange(500))
    reverse = chance.random() < 0.08
    lines = tuple(_items(note, chance, count=items, reverse=reverse))
    freight = note.rounded(Decimal(chance.choice([0, 0, 0, 1250, 2900])) / 100)
    taxes = _taxes(note, lines, freight)
    net, tax = sum((part.basis for part in taxes), freight * 0), sum(part.amount for part in taxes)
    prepaid = note.rounded((net + tax) / 4) if chance.random() < 0.15 else Decimal(0)
    days = chance.choice([10, 14, 30, 60])
    return Invoice(
        language=language,
        credit=chance.random() < 0.08,
        number=_number(chance),
        issued=issued,
        due=issued + timedelta(days=days),
        days=days,
        order=_order(chance) if chance.random() < 0.7 else None,
        sales_order=f"{chance.randrange(10**5, 10**6)}" if chance.random() < 0.3 else None,
        customer=str(chance.randrange(10_000, 99_999)),
        seller=_party(note.country, chance),
        buyer=_party(note.country, chance),
        items=lines,
        freight=freight,
        taxes=taxes,
        reverse=reverse,
        net=net,
        tax=Decimal(tax),
        total=net + tax,
        prepaid=prepaid,
    )


def _items(note: Notation, chance: random.Random, *, count: int, reverse: bool) -> Iterator[Item]:
    goods, units = note.choices["goods"], note.choices["units"]
    rates = [Decimal(str(rate)) for rate in _RATES[note.country]]
    rates = [Decimal(0)] if reverse else chance.choice([rates[:1], rates[:1], rates])
    discounts = chance.choice([[0], [0], [0, 5, 10, 15]])
    own_orders = chance.random() < 0.1
    for index in range(count):
        price = note.rounded(Decimal(chance.randrange(120, 90_000)) / chance.choice([100, 100, 10]))
        quantity = chance.choice([_ONE, Decimal(chance.randrange(1, 40)), Decimal("2.5")])
        if index and chance.random() < 0.04:
            price *= 0
        discount = Decimal(chance.choice(discounts))
        yield Item(
            description=chance.choice(goods),
            more=chance.choice([None, None, chance.choice(note.choices["more"])]),
            sku=chance.choice("ABCKMT")
            + chance.choice(["", "-"])
            + str(chance.randrange(100, 99_999)),
            quantity=quantity,
            unit=chance.choice(units),
            price=price,
            discount=discount,
            rate=chance.choice(rates),
            net=note.rounded(quantity * price * (100 - discount) / 100),
            order=_order(chance) if own_orders else None,
        )
    if count > 2 and chance.random() < 0.12:
        price = -note.rounded(Decimal(chance.randrange(500, 3000)) / 100)
        yield Item(
            description=note.words["discount_line"], more=None, sku="R-1", quantity=_ONE,
            unit=units[0], price=price, discount=Decimal(0), rate=rates[0], net=price, order=None,
        )  # fmt: skip


def _taxes(note: Notation, items: tuple[Item, ...], freight: Decimal) -> tuple[Tax, ...]:
    """Per rate; freight is taxed with the first rate."""
    found: list[Tax] = []
    ordered = sorted(items, key=lambda item: -item.rate)
    for rate, group in groupby(ordered, key=lambda item: item.rate):
        basis = sum((item.net for item in group), Decimal(0)) + (0 if found else freight)
        found.append(Tax(rate, basis, note.rounded(basis * rate / 100)))
    return tuple(found)


def _number(chance: random.Random) -> str:
    body = chance.randrange(1000, 999_999)
    year = chance.choice([2025, 2026])
    return chance.choice(
        [f"{body}", f"RE-{body}", f"{year}/{body % 10_000:04}", f"INV{body:08}", f"F{year}-{body}"]
    )


def _order(chance: random.Random) -> str:
    body = chance.randrange(10**6, 10**7)
    return chance.choice([f"450{body}", f"PO-{body % 10**5}", f"{body}", f"B{body % 10**6}/25"])


def _party(country: str, chance: random.Random) -> Party:
    stem, trade = chance.choice(_STEMS.split()), chance.choice(_TRADES.split())
    return Party(
        name=f"{stem} {trade} {_FORMS[country]}",
        street=f"{chance.choice(_STREETS.split('|'))} {chance.randrange(1, 200)}",
        city=f"{chance.randrange(1000, 99_999):05} {chance.choice(_CITIES.split('|'))}",
        vat_id=numbers.vat_id(country, chance),
        iban=numbers.iban(country, chance),
    )
