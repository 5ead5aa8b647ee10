"""How often is a value right that was found in this way?

Every value falls into a class by what speaks for it. shares.toml says per class how many of the
invoices that fell into it were read right, as `python -m benchmarks.reading.calibrate` counted.
"""

import re
import tomllib
from collections.abc import Callable, Iterator, Mapping
from decimal import Decimal
from functools import cache, partial
from pathlib import Path

from sapmatch.model.invoice import Invoice
from sapmatch.pages.addresses import LEGAL_FORM
from sapmatch.reading.checks import is_iban, tax_id_checks
from sapmatch.reading.clues import Clues, Knows
from sapmatch.reading.findings import Findings
from sapmatch.reading.slip import key

Shares = Mapping[str, Mapping[str, tuple[float, float]]]
Class = tuple[str, str]  # table and row of shares.toml
_SHARES = Path(__file__).with_name("shares.toml")
_CAP = 0.99  # a page is never as sure as an XML
_FAINT = 0.5  # raw score: the engine itself would not bet on it
_AT_AMOUNTS, _ON_PAGE = 0.95, 0.85  # raw scores of the currency
_LONGEST = 60
_SHORT = 3
_DATE = re.compile(r"\d{1,2}[./-]\d{1,2}[./-](?:\d{4}|\d{2})|\d{4}[./-]\d{1,2}[./-]\d{1,2}")
_PHONE = re.compile(r"\+\d[\d\s()/-]{6,}|\(0\d{1,6}\)[\d\s/-]{5,}")
_STREET = re.compile(r"\D{3,50}\s\d{1,4}\s?[a-z]?", re.IGNORECASE)
_GLUED = re.compile(r"\d[a-zß-ÿ]{2,}\d|[a-zß-ÿ]{4}\d")
# What OCR mixes up: a letter among digits, a digit among letters.
_CONFUSABLE = re.compile(r"[A-Za-z]0[A-Za-z]|\d[OolI]\d|[A-Za-z]1[A-Za-z]")


def calibrated(
    invoice: Invoice, found: Findings, *, knows: Knows | None = None, shares: Shares | None = None
) -> dict[str, float]:
    """Per field that was read from a page, the share of right values among such values.

    `knows` says whether a seller is a vendor of ours; None where there is no master data. `shares`
    is for measuring: right and all invoices per class.
    """
    table = _measured() if shares is None else shares
    return {field: share(table, row) for field, row in classes(invoice, found, knows)}


def classes(
    invoice: Invoice, found: Findings, knows: Knows | None = None
) -> Iterator[tuple[str, Class]]:
    """Every field that has a value, with the class that it falls into."""
    clues = Clues(invoice, found, knows)
    for field in found.confidence:
        classify = _RULES.get(field)
        name = classify(clues) if classify else _any(field, clues)
        yield field, (field if classify else "other", name)
    for index, line in enumerate(invoice.lines):
        proof = "product" if clues.multiplies(line) else "alone"
        row = ("lines.net", "sum" if clues.lines_add_up else proof)
        for name in line.__struct_fields__:
            if getattr(line, name) not in (None, ()):
                yield f"lines[{index}].{name}", row


@cache
def _measured() -> Shares:
    return tomllib.loads(_SHARES.read_text(encoding="utf-8"))


def share(shares: Shares, row: Class) -> float:
    """Jeffreys' estimate of the share of right values; one half where nothing was measured."""
    rows = shares.get(row[0]) or shares["other"]
    right, of = rows.get(row[1], (0.0, 0.0))
    return min(round((right + 0.5) / (of + 1), 4), _CAP)


def _number(clues: Clues) -> str:
    number = clues.invoice.number or ""
    if _odd(number):
        return "odd"
    if clues.has_rival("INVOICE_RECEIPT_ID", number):
        return "rival"
    return "confusable" if _CONFUSABLE.search(number) else _any("number", clues)


def _odd(number: str) -> bool:
    """Whether it looks like something else: no digit, a date, a phone, words run together."""
    short = len(key(number)) < _SHORT or not any(map(str.isdigit, number))
    shapes = (_DATE, _PHONE)
    other = any(shape.fullmatch(number[:_LONGEST]) for shape in shapes)
    return short or other or _GLUED.search(number[:_LONGEST]) is not None


def _day(field: str, clues: Clues) -> str:
    if clues.doubted(field):
        return "unclear"
    if not clues.dates_in_order:
        return "out of order"
    return _any(field, clues)


def _currency(clues: Clues) -> str:
    raw = clues.raw("currency")
    if raw >= _AT_AMOUNTS:
        return "at the amounts"
    return "on the page" if raw >= _ON_PAGE else "by country"


def _total(clues: Clues) -> str:
    if proof := _proof(clues):
        return proof
    total = clues.invoice.total
    return "repeated" if total and clues.printed_again(total) else "alone"


def _proof(clues: Clues) -> str:
    """Whether net, tax and total prove each other; the lines can stand in for one of them.

    The row of one tax rate proves itself as well as the sums of all rates, and is smaller.
    """
    if clues.contradicted("total"):
        return "contradicted"
    if clues.doubted("total") or not clues.is_largest(clues.invoice.total or Decimal(0)):
        return "rival"
    if clues.adds_up:
        return "proven"
    return "lines" if clues.lines_add_up else ""


def _part(field: str, clues: Clues) -> str:
    return _proof(clues) or ("alone" if clues.printed(field) else "derived")


def _payable(clues: Clues) -> str:
    if clues.contradicted("total") or clues.contradicted("payable"):
        return "contradicted"
    return "as total" if clues.invoice.payable == clues.invoice.total else "explained"


def _seller(clues: Clues) -> str:
    name = clues.invoice.seller.name or ""
    if clues.known:
        return "known"
    if key(name) == key(clues.invoice.buyer.name or ""):
        return "also buyer"
    sure = "guessed" if _is_street(name) else _any("seller.name", clues)
    if sure != "guessed":
        return sure
    if clues.repeated(name):
        return "repeated"
    company = LEGAL_FORM.search(name) or clues.in_domain(name)
    return "company" if company else "guessed"


def _buyer(clues: Clues) -> str:
    name = clues.invoice.buyer.name or ""
    if key(name) == key(clues.invoice.seller.name or ""):
        return "also seller"
    return "guessed" if _is_street(name) else _any("buyer.name", clues)


def _is_street(name: str) -> bool:
    """Whether a house number stands behind it: the line below the name was taken."""
    return bool(_STREET.fullmatch(name[:_LONGEST])) and not LEGAL_FORM.search(name)


def _tax_id(role: str, clues: Clues) -> str:
    party = clues.invoice.seller if role == "seller" else clues.invoice.buyer
    checks = tax_id_checks(party.vat_id or "")
    alone = "only" if clues.tax_ids < 2 else "one of several"
    if role == "seller" and clues.known:
        return "known"
    return {True: f"checks, {alone}", False: f"fails, {alone}", None: f"unknown, {alone}"}[checks]


def _iban(clues: Clues) -> str:
    return "checks" if is_iban(clues.invoice.iban or "") else "fails"


def _order(clues: Clues) -> str:
    number = next(iter(clues.invoice.order_references), "")
    return "odd" if _odd(number) else _any("order_references", clues)


def _any(field: str, clues: Clues) -> str:
    if clues.raw(field) < _FAINT:
        return "faint"
    return "labelled" if clues.labelled(field) else "guessed"


_RULES: Mapping[str, Callable[[Clues], str]] = {
    "number": _number,
    "issue_date": partial(_day, "issue_date"),
    "due_date": partial(_day, "due_date"),
    "currency": _currency,
    "net": partial(_part, "net"),
    "tax": partial(_part, "tax"),
    "total": _total,
    "payable": _payable,
    "seller.name": _seller,
    "seller.vat_id": partial(_tax_id, "seller"),
    "buyer.name": _buyer,
    "buyer.vat_id": partial(_tax_id, "buyer"),
    "iban": _iban,
    "order_references": _order,
    "sales_order_reference": partial(_any, "sales_order_reference"),
}
