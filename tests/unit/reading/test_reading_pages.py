"""Pages to invoices: one of many pages, and many in one file (documents.md section 1, trap 1)."""

from decimal import Decimal
from typing import Any

import pytest

from sapmatch.reading.printed.expense import Reading, read_expense
from tests.builders.reading import SUMS, field, invoice_page, page

Page = dict[str, Any]


def item(name: str, amount: str) -> list[dict[str, Any]]:
    """A line item."""
    return [field("ITEM", name), field("PRICE", amount)]


def on(number: int, document: Page) -> Page:
    """The document as Textract answers it for that page."""
    for seen in document["SummaryFields"]:
        seen["PageNumber"] = number
    return document


def whole(number: str, total: str = "500,00 EUR", *, text: str = "") -> Page:
    """A page that is an invoice by itself."""
    return page(
        field("VENDOR_NAME", "Nord GmbH"),
        field("INVOICE_RECEIPT_ID", number, "Rechnungsnummer"),
        field("INVOICE_RECEIPT_DATE", "02.03.2026", "Datum"),
        field("TOTAL", total, "Gesamtbetrag"),
        text=text,
    )


def only(readings: list[Reading]) -> Reading:
    """The one invoice of a file."""
    assert len(readings) == 1
    return readings[0]


def test_pages_of_one_invoice_are_merged_by_number() -> None:
    """Trap 1: page one has lines and no total, page two the rest; both repeat the number."""
    first = on(1, invoice_page(field("PO_NUMBER", "4500000001"), rows=[item("A", "60,00")]))
    repeated = (field("INVOICE_RECEIPT_ID", "R 17"), field("PO_NUMBER", "4500000001"))
    second = on(2, page(*repeated, *SUMS, rows=[item("B", "40,00")]))
    reading = only(read_expense([first, second, page(text="Terms and conditions")]))
    invoice = reading.invoice
    assert [line.net for line in invoice.lines] == [Decimal("60.00"), Decimal("40.00")]
    assert (invoice.total, invoice.order_references) == (Decimal("119.00"), ("4500000001",))
    assert reading.found.problems == []


def test_a_cover_page_without_number_belongs_to_the_invoice_behind_it() -> None:
    reading = only(read_expense([page(text="Sehr geehrte Damen und Herren"), invoice_page(*SUMS)]))
    assert reading.invoice.number == "R-17"


@pytest.mark.parametrize("printed", ["R-I7", "R-l7", "R 17"])
def test_a_number_that_ocr_confused_is_the_same_number(printed: str) -> None:
    pages = [on(1, invoice_page(*SUMS)), on(2, whole(printed, "119,00 EUR"))]
    assert only(read_expense(pages)).found.problems == []


def test_invoices_that_stand_by_themselves_are_parted_with_their_pages() -> None:
    """Trap 1: two invoices in one file must not be merged."""
    terms = on(2, page(field("OTHER", "x", "y"), text="Terms"))
    pages = [on(1, invoice_page(*SUMS)), terms, on(3, whole("R-18"))]
    first, second = read_expense(pages)
    assert (first.invoice.number, first.pages) == ("R-17", (1, 2))
    assert (second.invoice.number, second.pages) == ("R-18", (3,))
    assert second.invoice.total == Decimal("500.00")
    assert first.found.problems == second.found.problems == []


@pytest.mark.parametrize(
    "second",
    [
        page(field("INVOICE_RECEIPT_ID", "R-18", "Rechnungsnummer")),
        page(field("INVOICE_RECEIPT_ID", "R-18"), field("TOTAL", "5,00")),
        whole("R-18", text="Seite 2 von 2"),
        whole("R-18", text="2/2"),
    ],
    ids=["no total", "no date", "a second page", "a second page in short"],
)
def test_a_doubtful_part_is_not_cut_off_but_shown_to_a_person(second: Page) -> None:
    reading = only(read_expense([on(1, invoice_page(*SUMS)), on(2, second)]))
    problem = reading.found.problems[0]
    assert problem.message.startswith("The file seems to hold several invoices")
    assert problem.values == {"page 1": "R-17", "page 2": "R-18"}


def test_pages_of_two_invoices_that_alternate_are_not_parted() -> None:
    pages = [on(1, whole("R-17")), on(2, whole("R-18")), on(3, whole("R-17", text="Copy"))]
    reading = only(read_expense(pages))
    assert reading.pages == (1, 2, 3)
    assert reading.found.problems[0].field == "number"


def test_another_number_that_is_called_the_customers_parts_nothing() -> None:
    other = on(2, page(field("INVOICE_RECEIPT_ID", "K-77", "Customer No"), *SUMS))
    assert only(read_expense([on(1, invoice_page()), other])).invoice.number == "R-17"


def test_an_answer_without_documents_is_one_invoice_without_anything() -> None:
    assert only(read_expense([])).invoice.number is None
