"""Which currency a page means: by code, sign and country, never a dollar just because of a `$`."""

import re
from collections import Counter
from collections.abc import Iterable

from msgspec import Struct

from sapmatch.reading.slip import Slip

_CODES = (
    "AED ARS AUD BGN BRL CAD CHF CLP CNY COP CZK DKK EGP EUR GBP HKD HUF IDR ILS INR ISK JPY KRW "
    "KWD MAD MXN MYR NOK NZD PEN PHP PKR PLN QAR RON RSD SAR SEK SGD THB TND TRY TWD UAH USD VND "
    "ZAR"
)
_SIGNS = {
    "€": "EUR",
    "EURO": "EUR",
    "Euro": "EUR",
    "£": "GBP",
    "₹": "INR",
    "₺": "TRY",
    "₩": "KRW",
    "₪": "ILS",
    "US$": "USD",
    "C$": "CAD",
    "CA$": "CAD",
    "A$": "AUD",
    "AU$": "AUD",
    "NZ$": "NZD",
    "S$": "SGD",
    "HK$": "HKD",
    "R$": "BRL",
    "RM": "MYR",
    "zł": "PLN",
    "Kč": "CZK",
    "Ft": "HUF",
    "lei": "RON",
    "Rs": "INR",
    "Fr": "CHF",
}
# A sign that several currencies share means the one of the seller's country.
_SHARED = {
    "$": frozenset("USD CAD AUD NZD SGD HKD MXN TWD".split()),
    "kr": frozenset("SEK NOK DKK ISK".split()),
    "¥": frozenset("JPY CNY".split()),
}
_US_STATES = (
    "AL|AK|AZ|AR|CA|CO|CT|DE|DC|FL|GA|HI|ID|IL|IN|IA|KS|KY|LA|ME|MD|MA|MI|MN|MS|MO|MT|NE|NV|NH|NJ|"
    "NM|NY|NC|ND|OH|OK|OR|PA|RI|SC|SD|TN|TX|UT|VT|VA|WA|WV|WI|WY"
)
_COUNTRIES = {
    "USD": rf"U\.?S\.?A\b|United States|\b(?:{_US_STATES}),?\s+\d{{5}}\b",
    "CAD": r"\bCanada\b|\b[ABCEGHJ-NPRSTVXY]\d[A-Z] ?\d[A-Z]\d\b",
    "AUD": r"\bAustralia\b|\bABN\b|\b(?:NSW|VIC|QLD|TAS|ACT)\s+\d{4}\b",
    "NZD": r"\bNew Zealand\b",
    "SGD": r"\bSingapore\b",
    "HKD": r"\bHong Kong\b",
    "MXN": r"\bM[eé]xico\b",
    "MYR": r"\bMalaysia\b|\bSdn\.?\s*Bhd\b",
    "SEK": r"\bSverige\b|\bSweden\b|\bSE\d{12}\b",
    "NOK": r"\bNorge\b|\bNorway\b|\b\d{9}\s?MVA\b",
    "DKK": r"\bDanmark\b|\bDenmark\b|\bCVR\b",
    "JPY": r"\bJapan\b|日本",
    "CNY": r"\bChina\b|中国",
}
_COUNTRY = {code: re.compile(pattern, re.IGNORECASE) for code, pattern in _COUNTRIES.items()}
_AMOUNT = r"[-(]?\d[\d.,'’]*"
_CODE = re.compile(rf"(?<![A-Za-z])({_CODES.replace(' ', '|')})(?![A-Za-z])")
_ALL_SIGNS = "|".join(
    re.escape(sign) for sign in sorted([*_SIGNS, *_SHARED], key=len, reverse=True)
)
_SIGN = re.compile(
    rf"(?<![A-Za-z])({_ALL_SIGNS})\.?\s?(?={_AMOUNT})"
    rf"|(?:\d\s?|\(|\bin\s)({_ALL_SIGNS})(?![A-Za-z])"
)
_AMOUNT_TYPES = ("TOTAL", "AMOUNT_DUE", "SUBTOTAL", "TAX")
_SURE_ENGINE = 0.75
_TAKEN_TEXT = 50_000


class Currency(Struct, frozen=True):
    """An ISO 4217 code and how sure it is, from 0 to 1."""

    code: str
    confidence: float


def currency_of(slip: Slip) -> Currency | None:
    """By what stands at the amounts, else anywhere on the page, else by the country; else None."""
    amounts = [field for field in slip.fields if field.type in _AMOUNT_TYPES]
    near = [f"{field.label} {field.text}" for field in amounts]
    everywhere = [*near, *slip.lines, *(field.text for row in slip.rows for field in row)]
    for texts, confidence in ((near, 0.98), (everywhere, 0.9)):
        if code := _printed(texts):
            return Currency(code, confidence)
    sign = _most(match for text in everywhere for match in _signs(text) if match in _SHARED)
    home = country_currency(slip)
    if sign:
        if home in _SHARED[sign]:
            return Currency(home, 0.9)
        return _engine(slip, _SHARED[sign])
    return Currency(home, 0.6) if home and amounts else None


def country_currency(slip: Slip) -> str | None:
    """The currency of the seller's country, as far as the page gives the country away."""
    sellers = "VENDOR_ADDRESS VENDOR_NAME VENDOR_ABN_NUMBER".split()
    seller = " ".join(f"{field.label} {field.text}" for field in slip.of(*sellers))
    page = "\n".join([*slip.lines, *(field.text for field in slip.fields)])
    for text in (seller, page[:_TAKEN_TEXT]):
        found = [code for code, pattern in _COUNTRY.items() if pattern.search(text)]
        if len(found) == 1:
            return found[0]
    return None


def _engine(slip: Slip, allowed: frozenset[str]) -> Currency | None:
    """The engine's own opinion, where it says that it is sure."""
    for field in slip.of(*_AMOUNT_TYPES):
        if field.currency in allowed and field.currency_confidence >= _SURE_ENGINE:
            return Currency(field.currency, min(field.currency_confidence, 0.9))
    return None


def _printed(texts: Iterable[str]) -> str | None:
    codes: Counter[str] = Counter()
    for text in texts:
        codes.update(_CODE.findall(text))
        codes.update(_SIGNS[sign] for sign in _signs(text) if sign in _SIGNS)
    ranked = codes.most_common(2)
    if len(ranked) == 2 and ranked[0][1] == ranked[1][1]:
        return None  # two currencies, as often each: the reader cannot tell
    return ranked[0][0] if ranked else None


def _signs(text: str) -> list[str]:
    return [before or after for before, after in _SIGN.findall(text)]


def _most(signs: Iterable[str]) -> str | None:
    ranked = Counter(signs).most_common(1)
    return ranked[0][0] if ranked else None
