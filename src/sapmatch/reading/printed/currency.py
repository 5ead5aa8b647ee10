"""Which currency a page means: by code, sign and country, never a dollar just because of a `$`."""

import functools
import re
from collections import Counter
from collections.abc import Iterable, Iterator

from msgspec import Struct

from sapmatch.model.invoice import Evidence
from sapmatch.reading.findings import Findings
from sapmatch.reading.printed.countries import home_currency, home_place
from sapmatch.reading.slip import Seen, Slip

# ISO 4217. Those of the second list are words or legal forms as well, or rare: they count only
# beside an amount with decimals.
_CODES = (
    "AED ARS AUD BGN BRL CAD CHF CLP CNY COP CZK DKK EGP EUR GBP HKD HUF IDR ILS INR ISK JPY KRW "
    "KWD MXN MYR NOK NZD PHP PKR PLN QAR RON RSD SAR SEK SGD THB TND TWD UAH USD VND ZAR"
)
_RARE = (
    "AFN ALL AMD ANG AOA AWG AZN BAM BBD BDT BHD BIF BMD BND BOB BSD BTN BWP BYN BZD CDF CRC CUP "
    "CVE DJF DOP DZD ERN ETB FJD FKP GEL GHS GIP GMD GNF GTQ GYD HNL HRK HTG IQD IRR JMD JOD KES "
    "KGS KHR KMF KPW KYD KZT LAK LBP LKR LRD LSL LYD MAD MDL MGA MKD MMK MNT MOP MRU MUR MVR MWK "
    "MZN NAD NGN NIO NPR OMR PAB PEN PGK PYG RUB RWF SBD SCR SDG SHP SLE SOS SRD SSP SVC SYP SZL "
    "TJS TMT TOP TRY TTD TZS UGX UYU UZS VES VUV WST XAF XCD XOF XPF YER ZMW"
)
_SIGNS = {
    **dict.fromkeys("€ EURO Euro EUROS Euros euro euros".split(), "EUR"),
    **dict.fromkeys("£ GB£".split(), "GBP"),
    **dict.fromkeys(["US$", "US $", "USD$"], "USD"),
    **dict.fromkeys("C$ CA$ CAD$ Can$".split(), "CAD"),
    **dict.fromkeys("A$ AU$ AUD$".split(), "AUD"),
    **dict.fromkeys("NZ$ NZD$".split(), "NZD"),
    **dict.fromkeys("S$ SG$ SGD$".split(), "SGD"),
    **dict.fromkeys("MX$ Mex$".split(), "MXN"),
    **dict.fromkeys("zł zl".split(), "PLN"),
    **dict.fromkeys("Kč Kc".split(), "CZK"),
    **dict.fromkeys("Fr SFr sFr Fr.".split(), "CHF"),
    **dict.fromkeys("₺ TL".split(), "TRY"),
    **dict.fromkeys("lei Lei".split(), "RON"),
    **dict.fromkeys("Dhs د.إ".split(), "AED"),
    "₹": "INR",
    "₩": "KRW",
    "₪": "ILS",
    "₫": "VND",
    "₱": "PHP",
    "฿": "THB",
    "₴": "UAH",
    "HK$": "HKD",
    "NT$": "TWD",
    "R$": "BRL",
    "RM": "MYR",
    "Rp": "IDR",
    "Ft": "HUF",
    "лв": "BGN",
    "円": "JPY",
    "元": "CNY",
    "DKr": "DKK",
    "NKr": "NOK",
    "SKr": "SEK",
}
# A sign that several currencies share means the one of the seller's country.
_SHARED = {
    "$": frozenset("USD CAD AUD NZD SGD HKD MXN TWD ARS CLP COP".split()),
    "kr": frozenset("SEK NOK DKK ISK".split()),
    "Kr": frozenset("SEK NOK DKK ISK".split()),
    "¥": frozenset("JPY CNY".split()),
    "￥": frozenset("JPY CNY".split()),
    "Rs": frozenset("INR PKR LKR NPR MUR".split()),
}
_SUMS = ("TOTAL", "AMOUNT_DUE")
_AMOUNT_TYPES = (*_SUMS, "SUBTOTAL", "TAX")
_SURE_ENGINE = 0.75


class Currency(Struct, frozen=True):
    """An ISO 4217 code and how sure it is, from 0 to 1; `others` are codes seen as often."""

    code: str | None
    confidence: float = 0
    evidence: Evidence | None = None
    others: tuple[str, ...] = ()


def currency(slip: Slip, found: Findings) -> str | None:
    """The currency of the total; two that nothing tells apart are a problem (RE-16)."""
    chosen = currency_of(slip)
    if chosen.code:
        return found.keep("currency", chosen.code, chosen.confidence, chosen.evidence)
    if chosen.others:
        message = "The document shows several currencies: enter that of the total."
        values = {f"currency {index}": code for index, code in enumerate(chosen.others, start=1)}
        found.problem("NEEDS_REVIEW", message, "currency", values)
    elif sign := _shared_sign(slip):
        message = "This sign stands for several currencies: enter the one that is meant."
        found.problem("NEEDS_REVIEW", message, "currency", {"page": sign[0]})
    return None


def currency_of(slip: Slip) -> Currency:
    """By what stands at the total, at the other amounts, anywhere on the page, by the country."""
    amounts = [field for field in slip.fields if field.type in _AMOUNT_TYPES]
    totals = [field for field in amounts if field.type in _SUMS]
    cells = [*(field for row in slip.rows for field in row), *slip.printed]
    tied: list[str] = []
    for fields, sure in ((totals, 0.98), (amounts, 0.95), (cells, 0.9)):
        codes = Counter(code for field in fields for code in set(printed_codes(_said(field))))
        ranked = [(code, count) for code, count in codes.most_common() if code in (tied or codes)]
        first = [code for code, count in ranked if count == ranked[0][1]]
        if len(first) == 1:
            rivals = 0.9 if len(ranked) > 1 else 1.0
            return Currency(first[0], sure * rivals, _place(fields, first[0]))
        tied = first or tied
    if tied:
        return Currency(None, others=tuple(sorted(tied)))
    return _by_sign(slip) or Currency(None)


def printed_codes(text: str) -> Iterator[str]:
    """Currencies that a text names by a code, or by a sign that only one of them has."""
    code, word, _ = _patterns()
    yield from code.findall(text)
    yield from (before or after for before, after in word.findall(text))
    yield from (_SIGNS[sign] for sign in _signs(text) if sign in _SIGNS)


def _by_sign(slip: Slip) -> Currency | None:
    """A shared sign means the currency of the seller's country, else what an engine is sure of."""
    sign, country = _shared_sign(slip), home_currency(slip)
    if sign:
        text, place = sign
        return Currency(country, 0.9, place) if country in _SHARED[text] else _engine(slip, text)
    if country and slip.of(*_AMOUNT_TYPES):
        return Currency(country, 0.6, home_place(slip, country))
    return None


def _shared_sign(slip: Slip) -> tuple[str, Evidence | None] | None:
    """The most frequent sign that several currencies share, and its first place."""
    fields = [*slip.of(*_AMOUNT_TYPES), *(field for row in slip.rows for field in row)]
    signs = [(sign, seen) for seen in [*fields, *slip.printed] for sign in _signs(_said(seen))]
    shared = [(sign, seen.evidence) for sign, seen in signs if sign in _SHARED]
    counts = Counter(sign for sign, _ in shared)
    return max(shared, key=lambda found: counts[found[0]], default=None)


def _engine(slip: Slip, sign: str) -> Currency | None:
    for field in slip.of(*_AMOUNT_TYPES):
        if field.currency in _SHARED[sign] and field.currency_confidence >= _SURE_ENGINE:
            return Currency(field.currency, min(field.currency_confidence, 0.9), field.evidence)
    return None


def _said(field: Seen) -> str:
    return f"{field.label} {field.text}"


def _place(fields: Iterable[Seen], code: str) -> Evidence | None:
    shown = (field for field in fields if code in printed_codes(_said(field)))
    return next((field.evidence for field in shown), None)


def _signs(text: str) -> list[str]:
    return [before or after for before, after in _patterns()[2].findall(text)]


@functools.cache
def _patterns() -> tuple[re.Pattern[str], re.Pattern[str], re.Pattern[str]]:
    """Codes; those that count beside an amount; signs before or behind an amount."""
    amount = r"[-(]?\d[\d.,'’]*"
    words = _RARE.replace(" ", "|")
    ordered = sorted([*_SIGNS, *_SHARED], key=len, reverse=True)
    signs = "|".join(map(re.escape, ordered))
    return (
        re.compile(rf"(?<![A-Za-z])({_CODES.replace(' ', '|')})(?![A-Za-z]|-[^\W\d])"),
        re.compile(
            rf"(?<![A-Za-z])({words})\s?(?={amount}[.,]\d\d)|[.,]\d{{2,3}}\s?({words})(?![A-Za-z])"
        ),
        re.compile(
            rf"(?<![A-Za-z])({signs})\.?\s?(?={amount})"
            rf"|(?:\d\s?|\(|\b(?:in|en)\s)({signs})(?![A-Za-z])"
        ),
    )
