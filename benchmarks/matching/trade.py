"""Suppliers and what they sell: names share their words, and some share the whole name."""

import random
from collections.abc import Iterator
from decimal import Decimal
from functools import cache

from msgspec import Struct
from msgspec.structs import replace

from sapmatch.model.invoice import Party

_STEMS = "Al Ber Cor Del Es Fal Gran Hel Iv Jun Kes Lum Mor Nor Ost Pin Quar Riv Sol Tam Ul Ver"
_ENDS = "bach berg dorf eck feld gau heim ingen kamp land moor rade see stedt tal wald werder witz"
_TRADES = "Maschinenbau Antriebstechnik Werkzeuge Elektronik Logistik Industriebedarf Hydraulik"
_FORMS = ("GmbH", "GmbH & Co. KG", "AG", "KG", "e.K.")
_GOODS = "Kugellager Sensor Dichtring Getriebemotor Hydraulikschlauch Schaltschrank Klemme Ventil"
_GOODS += " Filtereinsatz Zylinderschraube Netzteil Gehäuse Kabelkanal Flansch Welle Kupplung"
_TRAITS = "verzinkt schwarz doppelt flach verstärkt geprüft gehärtet eloxiert links rechts"
_ARTICLES = 30  # of one supplier
_NAMESAKES = 0.05  # share of suppliers that have the name of another one
_VAT_KNOWN, _IBAN_KNOWN = 0.75, 0.5  # shares of suppliers
_BUSY = (1, 2, 4, 8)  # how many orders a supplier gets beside others


class Article(Struct, frozen=True, kw_only=True):
    """One thing for sale: `price` for `per` of `price_unit`, of which `unit` holds `factor`."""

    text: str
    number: str  # the supplier's
    material: str  # ours
    price: Decimal
    per: Decimal
    unit: str
    price_unit: str | None = None
    factor: tuple[Decimal, Decimal] = (Decimal(1), Decimal(1))


class Supplier(Struct, frozen=True, kw_only=True):
    """A supplier; SAP may know neither VAT id nor account."""

    number: str
    name: str
    vat_id: str
    iban: str
    vat_known: bool
    iban_known: bool
    articles: tuple[Article, ...]

    @property
    def party(self) -> Party:
        """The supplier as an invoice shows it."""
        return Party(name=self.name, vat_id=self.vat_id, country="DE")


@cache
def number(value: int | str) -> Decimal:
    """One object for equal numbers: a million order items hold few different ones."""
    return Decimal(value)


def suppliers(chance: random.Random, count: int) -> list[Supplier]:
    """The first `count` suppliers; busy ones stand in the list several times."""
    found: list[Supplier] = []
    for n, name in zip(range(count), _names(chance), strict=False):
        twin = found[chance.randrange(n)].name if n and chance.random() < _NAMESAKES else name
        found.append(_supplier(chance, n, twin))
    return [one for one in found for _ in range(chance.choice(_BUSY))]


def stranger(chance: random.Random, n: int) -> Supplier:
    """A supplier whom SAP does not know."""
    return _supplier(chance, 900_000 + n, f"Fremd{_brand(chance).lower()} Handel {n} GmbH")


def _supplier(chance: random.Random, n: int, name: str) -> Supplier:
    return Supplier(
        number=str(10_100_001 + n),
        name=name,
        vat_id=f"DE{200_000_000 + 7 * n}",
        iban=f"DE{chance.randrange(10, 99)}5001{n:014}",
        vat_known=chance.random() < _VAT_KNOWN,
        iban_known=chance.random() < _IBAN_KNOWN,
        articles=tuple(_article(chance, n, k) for k in range(_ARTICLES)),
    )


def _names(chance: random.Random) -> Iterator[str]:
    """Names without end, each once; their last words are in many of them."""
    used: set[str] = set()
    while True:
        name = f"{_brand(chance)} {chance.choice(_TRADES.split())}"
        plain = name if name not in used else f"{name} {_brand(chance)}"
        used.add(name)
        yield f"{plain} {chance.choice(_FORMS)}"


def _brand(chance: random.Random) -> str:
    middle = chance.choice(_STEMS.split()).lower() if chance.random() < 0.7 else ""
    return chance.choice(_STEMS.split()) + middle + chance.choice(_ENDS.split())


def _article(chance: random.Random, supplier: int, n: int) -> Article:
    goods, trait = chance.choice(_GOODS.split()), chance.choice(_TRAITS.split())
    cents = chance.choice((chance.randrange(20, 900), chance.randrange(900, 60_000)))
    plain = Article(
        text=f"{goods} {trait} {chance.randrange(4, 99)}x{chance.randrange(10, 400)}",
        number=f"{goods[:2].upper()}-{chance.randrange(1000, 9999)}-{n:02}",
        material=f"MAT-{supplier:05}{n:02}",
        price=number(f"{cents / 100:.2f}"),
        per=number(1),
        unit="PC",
    )
    return _priced(plain, chance.random())


def _priced(one: Article, draw: float) -> Article:
    """Most are sold by the piece, some per hundred, a few by weight."""
    if draw < 0.15:
        return replace(one, per=number(100), price=one.price * 10)
    if draw < 0.2:
        return replace(one, unit="BOX", price_unit="KG", factor=(number(12), number(5)))
    return one
