"""A PDF with its invoice inside as XML: take the XML, and hold it against the printed page."""

import re
from collections.abc import Callable, Iterator, Sequence
from datetime import date
from decimal import Decimal

from msgspec import Struct
from msgspec.structs import replace

from sapmatch.model.errors import Problem
from sapmatch.model.invoice import Invoice
from sapmatch.reading.einvoice.structured import read_structured
from sapmatch.reading.files.pdf import Attachment, Pdf
from sapmatch.reading.findings import Findings
from sapmatch.reading.limits import ReadLimits, Refused
from sapmatch.reading.printed.dates import find_dates
from sapmatch.reading.printed.expense import Reading
from sapmatch.reading.printed.numbers import all_readings, has_decimals
from sapmatch.reading.slip import key

# Names that the formats prescribe, best first; any other XML is looked at after them.
_NAMES = ("factur-x.xml", "xrechnung.xml", "zugferd-invoice.xml", "order-x.xml")
# What the file is to the page (ISO 19005-3, annex E): the invoice itself before what explains it.
_RELATIONSHIPS = ("Alternative", "Source", "Data")
_LONGEST = 100  # characters of a number that are looked for
_TOKEN_LENGTH = 5  # a shorter number stands in any text by chance, so it must stand alone
_SIGNS = {"EUR": "€", "GBP": "£", "USD": "$", "JPY": "¥", "CNY": "¥"}
_SURE = 0.9

PageReader = Callable[[], Reading]


class Embedded(Struct, frozen=True):
    """The invoice inside a PDF, or what is wrong with the file that should hold it."""

    invoice: Invoice | None = None
    found: Findings | None = None
    problem: Problem | None = None


def embedded_invoice(pdf: Pdf, limits: ReadLimits) -> Embedded:
    """The attached XML that is the invoice.

    First what the PDF's own metadata names, then names that the formats prescribe, then files by
    their relationship to the page; the content decides. Evidence names the attachment. Raises
    Refused where a prescribed name holds another business document: an Order-X is an order.
    """
    problem = None
    files = sorted(filter(_is_xml, pdf.attachments), key=lambda file: _rank(file, pdf.invoice_file))
    for index, file in enumerate(files):
        try:
            _, invoice, found = read_structured(file.content, limits)
        except Refused as refused:
            prescribed = _rank(file, pdf.invoice_file)[0] < len(_NAMES)
            if prescribed and refused.outcome == "not-invoice":
                raise
            problem = problem or (refused.problem if prescribed else None)
            continue
        found.evidence = {
            field: replace(place, attachment=file.name) for field, place in found.evidence.items()
        }
        rank = _rank(file, pdf.invoice_file)
        rivals = [other for other in files[index + 1 :] if _rank(other, pdf.invoice_file) == rank]
        found.problems.extend(_other_invoices(invoice, rivals, limits))
        return Embedded(invoice, found)
    return Embedded(problem=problem)


def _is_xml(file: Attachment) -> bool:
    return not file.name or file.name.lower().endswith(".xml")


def _rank(file: Attachment, invoice_file: str) -> tuple[int, int]:
    name = file.name.lower()
    by_name = -1 if name and name == invoice_file.lower() else _position(_NAMES, name)
    return by_name, _position(_RELATIONSHIPS, file.relationship)


def _position(known: Sequence[str], value: str) -> int:
    return known.index(value) if value in known else len(known)


def _other_invoices(
    invoice: Invoice, rivals: Sequence[Attachment], limits: ReadLimits
) -> Iterator[Problem]:
    """A second invoice in a file that has the same claim to be the one."""
    for file in rivals:
        try:
            _, other, _ = read_structured(file.content, limits)
        except Refused:
            continue
        if (other.number, other.total) != (invoice.number, invoice.total):
            values = {"first": str(invoice.number), "other": str(other.number)}
            message = "Several invoices are attached: upload each as a file of its own."
            yield Problem(code="NEEDS_REVIEW", message=message, field="number", values=values)


def disagreements(invoice: Invoice, text: str, read_page: PageReader) -> list[Problem]:
    """Where the page shows something else than the XML, with both values.

    Five of 32 published hybrid PDFs contradict themselves. What the XML says has to stand in the
    `text` of the pages, in whatever notation. Where the number or the date does not, a page that
    gives no other one is no contradiction as long as the remaining values are there: a letter may
    carry its number in the XML only. A page without any amount in its text is a picture and says
    nothing. `read_page` understands the page; it is asked only where something is missing, or
    where the page adds more to the total.
    """
    amounts = all_readings(text)
    if not any(has_decimals(amount) for amount in amounts):
        return []
    unclear = list(_unclear(invoice, text, amounts))
    if not unclear:
        return []
    page = read_page()
    missing = [field for field in unclear if not _agrees(field, invoice, page)]
    nowhere = "total" in missing and not _sums(invoice) & amounts
    others = {field: _other(field, page, nowhere and field == "total") for field in missing}
    return [
        _problem(field, _own(invoice, field), others[field])
        for field in missing
        if others[field] or _alone(field, missing) or (nowhere and field == "total")
    ]


def _alone(field: str, missing: Sequence[str]) -> bool:
    """Number and date both missing: nothing but the total would tie the page to the XML."""
    return field == "number" and "issue_date" in missing


def _unclear(invoice: Invoice, text: str, amounts: set[Decimal]) -> Iterator[str]:
    """What the XML says and the page does not, or not so that it must be meant."""
    if invoice.currency and not _shows_currency(text, invoice.currency):
        yield "currency"
    if invoice.total is not None and not _ends_with(abs(invoice.total), amounts):
        yield "total"
    if invoice.number is not None and not _shows(text, invoice.number):
        yield "number"
    if invoice.issue_date is not None and invoice.issue_date not in _days(text):
        yield "issue_date"


def _ends_with(total: Decimal, amounts: set[Decimal]) -> bool:
    """Whether the page shows the total and adds nothing to it, as it does to a net amount."""
    printed = {amount for amount in amounts if amount and has_decimals(amount)}
    return total in amounts and not any(total + more in printed for more in printed)


def _sums(invoice: Invoice) -> set[Decimal]:
    """The total and what is due of it; nothing is due of an invoice that was paid."""
    due = {abs(invoice.payable)} if invoice.payable else set()
    return due if invoice.total is None else {abs(invoice.total), *due}


def _agrees(field: str, invoice: Invoice, page: Reading) -> bool:
    """Whether the page, as it is understood, says the same."""
    own, printed = getattr(invoice, field), getattr(page.invoice, field)
    if printed is None:
        return False
    if field == "total":
        return abs(printed) in _sums(invoice)
    return key(str(own)) == key(str(printed))


def _own(invoice: Invoice, field: str) -> str:
    return str(getattr(invoice, field))


def _other(field: str, page: Reading, is_nowhere: bool) -> str | None:
    """What the page says instead: surely, or where the XML's value stands nowhere on it."""
    value = getattr(page.invoice, field)
    sure = is_nowhere or page.found.confidence.get(field, 0.0) >= _SURE
    return str(value) if value is not None and sure else None


def _problem(field: str, own: str, other: str | None) -> Problem:
    what = field.replace("_", " ")
    message = (
        f"The embedded XML gives another {what} than the printed page: "
        "ask the sender which one is the invoice."
    )
    values = {"XML": own} | ({"page": other} if other else {})
    return Problem(code="NEEDS_REVIEW", message=message, field=field, values=values)


def _shows_currency(text: str, currency: str) -> bool:
    return bool(re.search(rf"(?<![A-Za-z]){re.escape(currency)}(?![A-Za-z])", text)) or (
        currency in _SIGNS and _SIGNS[currency] in text
    )


def _shows(text: str, number: str) -> bool:
    """Whether the number stands there whole, however it is divided; zeros may stand before it."""
    wanted = key(number)[:_LONGEST]
    if len(wanted) < _TOKEN_LENGTH:
        return any(key(token) == wanted for token in text.split())
    before = r"(?<!\d)0{0,20}" if wanted[0].isdecimal() else ""
    after = r"(?!\d)" if wanted[-1].isdecimal() else ""
    whole = r"[\W_]{0,4}".join(map(re.escape, wanted))
    return re.search(f"{before}{whole}{after}", text.casefold()) is not None


def _days(text: str) -> set[date]:
    return {day for found in find_dates(text) for day in (found.value, found.other) if day}
