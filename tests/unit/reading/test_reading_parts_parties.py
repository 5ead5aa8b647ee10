"""Several invoices in one file: each has its own parties, and copies of a page count once."""

from decimal import Decimal

import pytest

from sapmatch.model.intent import Record
from sapmatch.model.invoice import ReadResult
from sapmatch.pages.expense import expense_document
from sapmatch.reading.printed.expense import read_expense
from tests.builders import pages
from tests.builders.pages import Placed
from tests.builders.reading import png, printed, read

Sheet = tuple[Placed, ...]


def sheet(seller: str, buyer: str, number: str, net: str, tax: str, total: str) -> Sheet:
    """A letter whose parties only their place tells: letterhead and address window."""
    return (
        (60, 20, seller),
        (60, 150, buyer),
        (60, 175, "Hauptstr. 5"),
        (60, 200, "50667 Köln"),
        (560, 150, f"Rechnungsnummer: {number}"),
        (560, 175, "Rechnungsdatum: 14.03.2025"),
        (560, 500, "Nettobetrag"),
        (800, 500, f"{net} EUR"),
        (560, 530, "MwSt 19 %"),
        (800, 530, f"{tax} EUR"),
        (560, 560, "Gesamtbetrag"),
        (800, 560, f"{total} EUR"),
    )


FIRST = sheet("Schrauben Nord GmbH", "Werkbau Rhein AG", "R-17", "100,00", "19,00", "119,00")
OTHER = sheet("Papier Adler KG", "Muster Hafen GmbH", "A-2201", "200,00", "38,00", "238,00")
TERMS: Sheet = ((60, 20, "Lager Sued GmbH"), (60, 60, "Ware bleibt unser Eigentum."))
PARTIES = [
    ("R-17", "Schrauben Nord GmbH", "Werkbau Rhein AG"),
    ("A-2201", "Papier Adler KG", "Muster Hafen GmbH"),
]


def documents(*sheets: Sheet) -> list[Record]:
    """What an engine says of the pages of a TIFF."""
    numbered = enumerate(sheets, start=1)
    return [expense_document(pages.page(*lines, number=number)) for number, lines in numbered]


def parties(result: ReadResult) -> list[tuple[str | None, str | None, str | None]]:
    """Number, seller and buyer of every invoice of a file."""
    found = [part.invoice for part in result.parts or (result,) if part.invoice]
    return [(each.number, each.seller.name, each.buyer.name) for each in found]


def test_every_invoice_of_a_pdf_has_the_parties_of_its_own_first_page() -> None:
    assert parties(read(printed(FIRST, OTHER))) == PARTIES


def test_every_invoice_of_a_tiff_has_the_parties_of_its_own_first_page() -> None:
    seen = documents(FIRST, TERMS, OTHER)
    assert parties(read(png(), documents=seen)) == PARTIES


def test_a_later_page_of_one_invoice_does_not_compete_for_its_parties() -> None:
    (reading,) = read_expense(documents(FIRST, TERMS))
    assert reading.invoice.seller.name == "Schrauben Nord GmbH"
    assert reading.found.slip is not None
    assert "Lager Sued GmbH" not in {seen.text for seen in reading.found.slip.of("VENDOR_NAME")}


def test_what_a_label_names_counts_on_every_page() -> None:
    label = ((60, 20, "Seller: Lager Sued GmbH"),)
    (reading,) = read_expense(documents(FIRST, label))
    assert reading.found.slip is not None
    assert "Lager Sued GmbH" in {seen.text for seen in reading.found.slip.of("VENDOR_NAME")}


@pytest.mark.parametrize("number", ["R-17", "R-l7"], ids=["word for word", "as OCR confuses it"])
def test_a_page_that_stands_twice_in_a_file_counts_once(number: str) -> None:
    rows: Sheet = (
        (60, 300, "Beschreibung"),
        (420, 300, "Menge"),
        (600, 300, "Einzelpreis"),
        (800, 300, "Betrag"),
        (60, 350, "Hammer"),
        (420, 350, "2"),
        (600, 350, "50,00"),
        (800, 350, "100,00"),
    )
    page = (*FIRST, *rows)
    again = tuple((left, top, text.replace("R-17", number)) for left, top, text in page)
    (reading,) = read_expense(documents(page, again))
    assert [line.net for line in reading.invoice.lines] == [Decimal("100.00")]
    assert reading.found.evidence["number"].page == 1
    assert reading.found.problems == []


def test_pages_that_differ_in_a_word_are_no_copies() -> None:
    page = [*FIRST, (60, 640, "Seite 1 von 2")]
    next_page = [*FIRST, (60, 640, "Seite 2 von 2")]
    (reading,) = read_expense(documents(tuple(page), tuple(next_page)))
    assert reading.pages == (1, 2)


def test_terms_that_repeat_are_no_copy_of_an_invoice() -> None:
    (reading,) = read_expense(documents(FIRST, TERMS, TERMS))
    assert reading.pages == (1, 2, 3)
