"""A PDF with its invoice inside as XML: take the XML, and hold it against the printed page."""

import re
from collections.abc import Sequence
from datetime import date
from decimal import Decimal

from msgspec import Struct

from sapmatch.model.errors import Problem
from sapmatch.model.invoice import Invoice
from sapmatch.reading.dates import find_dates
from sapmatch.reading.findings import Findings
from sapmatch.reading.limits import ReadLimits, Refused
from sapmatch.reading.numbers import all_readings, has_decimals
from sapmatch.reading.structured import read_structured

# Names that the formats prescribe, best first; any other XML is looked at after them.
_NAMES = ("factur-x.xml", "xrechnung.xml", "zugferd-invoice.xml")
_TOKEN_LENGTH = 5  # a shorter number stands in any text by chance, so it must stand alone


class Embedded(Struct, frozen=True):
    """The invoice inside a PDF, or what is wrong with the file that should hold it."""

    invoice: Invoice | None = None
    found: Findings | None = None
    problem: Problem | None = None


def embedded_invoice(attachments: Sequence[tuple[str, bytes]], limits: ReadLimits) -> Embedded:
    """The first attached XML that is an invoice; a prescribed name that holds none is a problem."""
    problem = None
    for name, content in sorted(attachments, key=lambda item: _rank(item[0])):
        try:
            _, invoice, found = read_structured(content, limits)
            return Embedded(invoice, found)
        except Refused as refused:
            if problem is None and _rank(name) < len(_NAMES):
                problem = refused.problem
    return Embedded(problem=problem)


def _rank(name: str) -> int:
    lowered = name.lower()
    return _NAMES.index(lowered) if lowered in _NAMES else len(_NAMES)


def disagreements(invoice: Invoice, text: str) -> list[Problem]:
    """Where the page shows something else than the XML.

    The total has to stand on the page, and the number or the date: five of 32 published hybrid
    PDFs fail this. A page without any amount in its text layer is a picture and says nothing.
    """
    amounts = all_readings(text)
    if not any(has_decimals(amount) for amount in amounts):
        return []
    problems = []
    if invoice.total is not None and not {abs(invoice.total), abs(_due(invoice))} & amounts:
        problems.append(_problem("total", "total"))
    number_missing = invoice.number is not None and not _shows(text, invoice.number)
    if number_missing and invoice.issue_date and invoice.issue_date not in _days(text):
        problems.append(_problem("number", "number and date"))
    return problems


def _due(invoice: Invoice) -> Decimal:
    due = invoice.payable if invoice.payable is not None else invoice.total
    return due or Decimal(0)


def _problem(field: str, what: str) -> Problem:
    message = (
        f"The embedded XML gives another {what} than the printed page: "
        "ask the sender which one is the invoice."
    )
    return Problem(code="NEEDS_REVIEW", message=message, field=field)


def _shows(text: str, number: str) -> bool:
    key = _key(number)
    if len(key) >= _TOKEN_LENGTH:
        return key in _key(text)
    return any(_key(token) == key for token in text.split())


def _key(text: str) -> str:
    return re.sub(r"[\W_]", "", text).casefold()


def _days(text: str) -> set[date]:
    return {day for found in find_dates(text) for day in (found.value, found.other) if day}
