"""Fields of an invoice and what is wrong with them, in words for people."""

import re
from datetime import date
from decimal import Decimal
from math import floor
from typing import Any

from sapmatch.model.errors import Problem
from sapmatch.model.invoice import Invoice, ReadResult
from sapmatch.reviewing.mail.text import quoted

_WORDS = {
    "bic": "BIC",
    "iban": "IBAN",
    "issue_date": "date",
    "lines": "line",
    "net": "net amount",
    "number": "invoice number",
    "order_references": "order number",
    "payable": "amount due",
    "taxes": "tax row",
    "vat_id": "VAT id",
}
_PARTIES = ("seller", "buyer", "payee")
_STEP = re.compile(r"([a-z_]{1,40})(?:\[(\d{1,6})\])?")


def in_words(field: str) -> str:
    """`seller.vat_id` is the Seller's VAT id, `lines[2].net` Line 3, net amount."""
    words = ""
    for step in field.split("."):
        found = _STEP.fullmatch(step)
        if not found:
            return field
        name, index = found[1], found[2]
        word = _WORDS.get(name, name.replace("_", " "))
        word += f" {int(index) + 1}" if index else ""
        words += "'s " + word if words in _PARTIES else f"{', ' if words else ''}{word}"
    if field in ("lines", "taxes"):
        words += "s"
    return words[:1].upper() + words[1:]


def problem_line(problem: Problem, result: ReadResult | None) -> str:
    """One problem in one line: which field, where it stands, what disagrees, what to do."""
    said = ", ".join(_says(who, value) for who, value in problem.values.items())
    if not said and problem.field and result:
        said = _doubt(problem.field, result)
    told = f"{said}. {problem.message}" if said else problem.message
    return f"{_field(problem.field, result)}: {told}" if problem.field else told


_SAYS = {
    "XML": "XML says {}",
    "page": "page says {}",
    "read": "read as {}",
    "sure": "{} sure",
}  # else who is what


def _says(who: str, value: str) -> str:
    said = _SAYS.get(who)
    return said.format(quoted(value)) if said else f"{who} is {quoted(value)}"


def value_of(invoice: Invoice, field: str) -> Any:
    """The value at the path of a field, None where there is none."""
    value: Any = invoice
    for step in field.split("."):
        found = _STEP.fullmatch(step)
        value = getattr(value, found[1], None) if found else None
        if found and found[2] and value is not None:
            index = int(found[2])
            value = value[index] if isinstance(value, tuple) and index < len(value) else None
    return value


def shown(value: Any) -> str:
    """A value of an invoice as text, short enough for a line."""
    if isinstance(value, Decimal):
        return format(value, "f")
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, tuple):
        return quoted(", ".join(str(item) for item in value[:5]))
    return quoted(str(value))


def _field(field: str, result: ReadResult | None) -> str:
    place = result.evidence.get(field) if result else None
    return in_words(field) + (f" (page {place.page})" if place and place.page else "")


def _doubt(field: str, result: ReadResult) -> str:
    """What was read, and how sure that is where it is not certain."""
    sure = result.confidence.get(field, 1.0)
    value = value_of(result.invoice, field) if result.invoice else None
    if value is None or sure >= 1:
        return ""
    return f"read as {shown(value)}, {floor(round(sure * 100, 4))} % sure"
