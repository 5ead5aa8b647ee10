"""Where an invoice comes from, as far as its pages give that away."""

import functools
import re
from collections.abc import Iterator, Mapping

from msgspec import Struct

from sapmatch.model.invoice import Evidence
from sapmatch.reading.slip import Slip

# ISO 3166-1 code, ISO 4217 currency, dialling code, names in its own and in other languages.
_TABLE = """
AE AED 971 United Arab Emirates|U\\.A\\.E|Dubai|Abu Dhabi
AR ARS 54 Argentina
AT EUR 43 Austria|Österreich|Autriche|Oostenrijk
AU AUD 61 Australia
BE EUR 32 Belgium|België|Belgique|Belgien|Bélgica|Belgio
BG BGN 359 Bulgaria|България
BR BRL 55 Brazil|Brasil
CA CAD - Canada
CH CHF 41 Switzerland|Schweiz|Suisse|Svizzera|Zwitserland|Liechtenstein
CL CLP 56 Chile
CN CNY 86 China|中国
CO COP 57 Colombia
CZ CZK 420 Czech Republic|Czechia|Česká republika|Česko|Tschechien
DE EUR 49 Germany|Deutschland|Allemagne|Duitsland|Alemania|Germania|Alemanha|Niemcy|Tyskland
DK DKK 45 Denmark|Danmark|Dänemark|Danemark|Denemarken
EE EUR 372 Estonia|Eesti
ES EUR 34 Spain|España|Spanien|Espagne|Spanje|Spagna|Espanha
FI EUR 358 Finland|Suomi|Finnland|Finlande
FR EUR 33 France|Frankreich|Frankrijk|Francia|França
GB GBP 44 United Kingdom|Great Britain|England|Scotland|Wales|Royaume-Uni
GR EUR 30 Greece|Ελλάδα|Griechenland
HK HKD 852 Hong Kong
HR EUR 385 Croatia|Hrvatska|Kroatien
HU HUF 36 Hungary|Magyarország|Ungarn
ID IDR 62 Indonesia
IE EUR 353 Ireland|Éire|Irland
IL ILS 972 Israel
IN INR 91 India
IS ISK 354 Iceland|Ísland
IT EUR 39 Italy|Italia|Italien|Italie
JP JPY 81 Japan|日本
KR KRW 82 South Korea|Republic of Korea|한국
LT EUR 370 Lithuania|Lietuva
LU EUR 352 Luxembourg|Luxemburg
LV EUR 371 Latvia|Latvija
MA MAD 212 Morocco|Maroc
MT EUR 356 Malta
MX MXN 52 Mexico|México
MY MYR 60 Malaysia
NL EUR 31 Netherlands|Nederland|The Netherlands|Niederlande|Pays-Bas|Holland
NO NOK 47 Norway|Norge|Norwegen|Norvège
NZ NZD 64 New Zealand
PH PHP 63 Philippines
PK PKR 92 Pakistan
PL PLN 48 Poland|Polska|Polen|Pologne
PT EUR 351 Portugal
QA QAR 974 Qatar
RO RON 40 Romania|România|Rumänien
SA SAR 966 Saudi Arabia
SE SEK 46 Sweden|Sverige|Schweden|Suède|Zweden
SG SGD 65 Singapore
SI EUR 386 Slovenia|Slovenija|Slowenien
SK EUR 421 Slovakia|Slovensko|Slowakei
TH THB 66 Thailand
TR TRY 90 Turkey|Türkiye|Türkei
TW TWD 886 Taiwan
UA UAH 380 Ukraine|Україна
US USD - (?-i:U\\.?S\\.?A)|United States(?: of America)?
VN VND 84 Vietnam|Viet Nam
ZA ZAR 27 South Africa
"""
_STATES = (
    "AL|AK|AZ|AR|CA|CO|CT|DE|DC|FL|GA|HI|ID|IL|IN|IA|KS|KY|LA|ME|MD|MA|MI|MN|MS|MO|MT|NE|NV|NH|NJ|"
    "NM|NY|NC|ND|OH|OK|OR|PA|RI|SC|SD|TN|TX|UT|VT|VA|WA|WV|WI|WY"
)
# Forms that only one country uses: post codes, legal forms, tax numbers.
_FORMS = {
    "US": rf"\b(?:{_STATES}),?\s+\d{{5}}(?:-\d{{4}})?\b",
    "CA": r"\b[ABCEGHJ-NPRSTVXY]\d[A-Z] ?\d[A-Z]\d\b",
    "AU": r"\bABN\b|\b(?:NSW|VIC|QLD|TAS|ACT)\s+\d{4}\b",
    "MY": r"\bSdn\.?\s*Bhd\b",
    "NO": r"\b(?:NO ?)?\d{9}\s?MVA\b|\b\d{3} \d{3} \d{3} MVA\b",
    "JP": r"\bK\.K\.|株式会社",
    "PL": r"\bSp\. ?z ?o\. ?o\b",
    "HU": r"\bKft\b",
    "FI": r"\bOyj?\b",
    "PT": r"\bL\.?da\b",
    "DK": r"\bCVR\b|\bApS\b",
    "IN": r"\bGSTIN\b|\b\d{2}[A-Z]{5}\d{4}[A-Z]\dZ[A-Z\d]\b",
    "GB": r"\b[A-Z]{1,2}\d[A-Z\d]? \d[A-Z]{2}\b",
}
_VAT_ID = re.compile(
    r"(?<![A-Z0-9])(AT ?U|BE|CHE|CZ|DE|DK|EE|EL|ES|FI|FR|GB|HR|HU|IE|IT|LT|LU|LV|MT|NL|PL|PT|RO|SE"
    r"|SI|SK)[ .\-]?[A-Z0-9]{0,2}(?:[ .]?\d){7}"
)
_PHONE = re.compile(r"\+\s?\(?([1-9]\d{0,2})\)?(?=[\s.()/\-]?\(?\d)")
_PREFIXES = {"EL": "GR", "CH": "CH"}
_SELLER = ("VENDOR_ADDRESS", "VENDOR_NAME", "VENDOR_ABN_NUMBER", "VENDOR_VAT_NUMBER")
_MAX_TEXT = 50_000
_MAX_LINES = 500  # that are looked at for the place of a clue


class Country(Struct, frozen=True):
    """A country (ISO 3166-1 alpha-2) with its currency and how its name is written."""

    code: str
    currency: str
    dial: str
    name: re.Pattern[str]


def country_in(text: str) -> str | None:
    """The one country that a text such as an address names; None for none or several."""
    named = {code for code, country in _countries().items() if country.name.search(text)}
    named = named or {code for code, form in _forms().items() if form.search(text)}
    return named.pop() if len(named) == 1 else None


def vat_country(vat_id: str) -> str | None:
    """The country whose prefix a VAT id carries."""
    found = _VAT_ID.search(vat_id.upper())
    return _PREFIXES.get(found[1][:2], found[1][:2]) if found else None


def home(slip: Slip) -> str | None:
    """The seller's country, where the seller's fields or else the whole page know only one."""
    seller = " \n".join(f"{field.label} {field.text}" for field in slip.of(*_SELLER))
    phones = " \n".join(field.text for field in slip.of("VENDOR_PHONE"))
    page = "\n".join([*slip.lines, *(f"{field.label} {field.text}" for field in slip.fields)])
    for text in (seller, phones, page[:_MAX_TEXT]):
        found = set(_clues(text))
        if len(found) == 1:
            return found.pop()
    return None


def home_currency(slip: Slip) -> str | None:
    """The currency of the seller's country; several countries may share one."""
    country = home(slip)
    if country:
        return _countries()[country].currency
    page = "\n".join([*slip.lines, *(f"{field.label} {field.text}" for field in slip.fields)])
    found = {_countries()[code].currency for code in _clues(page[:_MAX_TEXT])}
    return found.pop() if len(found) == 1 else None


def home_place(slip: Slip, currency: str) -> Evidence | None:
    """What tells that the seller's country has that currency."""
    for seen in [*slip.of(*_SELLER), *slip.printed[:_MAX_LINES]]:
        if currency in {_countries()[code].currency for code in _clues(seen.text)}:
            return seen.evidence
    return None


def _clues(text: str) -> Iterator[str]:
    yield from (code for code, country in _countries().items() if country.name.search(text))
    yield from (code for code, form in _forms().items() if form.search(text))
    prefixes = (found[1][:2] for found in _VAT_ID.finditer(text))
    yield from (_PREFIXES.get(prefix, prefix) for prefix in prefixes)
    dialled = {found[1] for found in _PHONE.finditer(text)}
    yield from (
        code
        for code, country in _countries().items()
        if any(number.startswith(country.dial) for number in dialled)
    )


@functools.cache
def _countries() -> Mapping[str, Country]:
    rows = (line.split(" ", 3) for line in _TABLE.strip().splitlines())
    return {
        code: Country(code, currency, dial, re.compile(rf"(?<!\w)(?:{names})(?!\w)", re.I))
        for code, currency, dial, names in rows
    }


@functools.cache
def _forms() -> Mapping[str, re.Pattern[str]]:
    return {code: re.compile(form, re.I if code == "MY" else 0) for code, form in _FORMS.items()}
