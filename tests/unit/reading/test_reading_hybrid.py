"""The XML inside a PDF, held against the printed page."""

import io
import zlib
from typing import Any

import pypdf
import pytest
from pypdf.generic import ArrayObject, NameObject

from sapmatch.reading import ReadLimits
from sapmatch.reading.files.pdf import read_pdf
from tests.builders.reading import codes, fixture, invoice_page, pdf, read

CII = fixture("invoice-cii.xml").encode()
UBL = fixture("invoice-ubl.xml").encode()
PAGE = "Rechnung FX-2026-4711\nDatum 02.03.2026\nGesamtbetrag 77,35 EUR"


@pytest.mark.parametrize("name", ["factur-x.xml", "ZUGFeRD-invoice.xml", "xrechnung.xml", "a.XML"])
def test_the_attached_xml_is_the_invoice(name: str) -> None:
    result = read(pdf(PAGE, attachments={name: CII}), "a.pdf")
    assert (result.kind, result.method, result.outcome) == ("hybrid", "xml", "read")
    assert result.invoice is not None
    assert result.invoice.number == "FX-2026-4711"


def test_a_prescribed_name_goes_before_any_other() -> None:
    result = read(pdf(PAGE, attachments={"a.xml": UBL, "factur-x.xml": CII}))
    assert result.invoice is not None
    assert result.invoice.number == "FX-2026-4711"


def test_ubl_may_be_attached_too() -> None:
    result = read(pdf("R-2026-17 vom 2.3.2026: 113.05", attachments={"x.xml": UBL}))
    assert (result.kind, result.outcome) == ("hybrid", "read")


def test_an_associated_file_is_found_without_the_name_tree() -> None:
    whole = pdf(PAGE, attachments={"factur-x.xml": CII})
    writer = pypdf.PdfWriter(clone_from=io.BytesIO(whole))
    names: Any = writer.root_object["/Names"].get_object()
    file = names["/EmbeddedFiles"]["/Names"][1]
    del writer.root_object["/Names"]
    writer.root_object[NameObject("/AF")] = ArrayObject([file])
    written = io.BytesIO()
    writer.write(written)
    assert read(written.getvalue()).kind == "hybrid"


def test_evidence_names_the_attachment() -> None:
    result = read(pdf(PAGE, attachments={"factur-x.xml": CII}))
    assert {place.attachment for place in result.evidence.values()} == {"factur-x.xml"}


def test_the_relationship_decides_between_files_of_free_names() -> None:
    """ISO 19005-3: an Alternative is the invoice, a Supplement explains it."""
    related = {"a.xml": "Supplement", "b.xml": "Alternative"}
    result = read(pdf(PAGE, attachments={"a.xml": UBL, "b.xml": CII}, relationships=related))
    assert (result.outcome, result.evidence["number"].attachment) == ("read", "b.xml")


def test_the_metadata_of_the_pdf_names_the_invoice() -> None:
    xmp = "<fx:DocumentFileName>b.xml</fx:DocumentFileName>"
    result = read(pdf(PAGE, attachments={"a.xml": UBL, "b.xml": CII}, xmp=xmp))
    assert (result.outcome, result.evidence["number"].attachment) == ("read", "b.xml")


def test_two_attached_invoices_with_the_same_claim_go_to_a_person() -> None:
    other = CII.replace(b"FX-2026-4711", b"FX-2026-4712")
    result = read(pdf(PAGE, attachments={"a.xml": CII, "b.xml": other}))
    (problem,) = result.problems
    assert problem.values == {"first": "FX-2026-4711", "other": "FX-2026-4712"}
    assert "4711" not in problem.message


def test_an_attached_order_is_no_invoice() -> None:
    """Order-X uses the same frame as Factur-X for a purchase order."""
    order = b'<SCRDMCCBDACIOMessageStructure xmlns="urn:un:unece:uncefact:data:SCRDMCCBDACIO:100"/>'
    result = read(pdf(PAGE, attachments={"order-x.xml": order}), documents=[invoice_page()])
    assert (result.outcome, codes(result)) == ("not-invoice", ["NOT_AN_INVOICE"])


def test_a_deleted_attachment_is_not_found_again() -> None:
    writer = pypdf.PdfWriter(clone_from=io.BytesIO(pdf(PAGE, attachments={"factur-x.xml": CII})))
    del writer.root_object["/Names"]
    written = io.BytesIO()
    writer.write(written)
    assert read(written.getvalue()).kind == "pdf-text"


def test_both_values_are_shown_beside_the_message_and_never_in_it() -> None:
    page = "Rechnungsnummer: RE-42\nRechnungsdatum: 01.02.2025\nGesamtbetrag: 1.589,80 EUR"
    result = read(pdf(page, attachments={"factur-x.xml": CII}))
    shown = {problem.field: problem.values for problem in result.problems}
    assert shown["total"] == {"XML": "77.35", "page": "1589.80"}
    assert shown["number"] == {"XML": "FX-2026-4711", "page": "RE-42"}
    assert not any("77.35" in problem.message for problem in result.problems)


@pytest.mark.parametrize(
    ("page", "field"),
    [
        ("Rechnung FX-2026-4711\nDatum 02.03.2026\nGesamtbetrag 7.735,00 EUR", "total"),
        ("Rechnung 42\nDatum 01.03.2026\nGesamtbetrag 77,35 EUR", "number"),
    ],
)
def test_a_page_that_shows_another_invoice_goes_to_a_person(page: str, field: str) -> None:
    """documents.md section 5: five of 32 published hybrid PDFs contradict themselves."""
    result = read(pdf(page, attachments={"factur-x.xml": CII}))
    assert result.outcome == "needs-review"
    assert [(problem.code, problem.field) for problem in result.problems] == [
        ("NEEDS_REVIEW", field)
    ]


@pytest.mark.parametrize(
    "page",
    [
        "Nr. FX 2026 4711, March 2, 2026, 77.35",
        "an insurance letter of 2 March 2026 over EUR 77.35",
        "FX-2026-4711: 77,35",
        "a page of outlines without any amount",
    ],
)
def test_notation_and_a_missing_label_are_no_contradiction(page: str) -> None:
    assert read(pdf(page, attachments={"factur-x.xml": CII})).outcome == "read"


def test_an_attached_attack_is_a_problem_and_the_page_is_read() -> None:
    attack = b'<?xml version="1.0"?><!DOCTYPE a [<!ENTITY b "c">]><a>&b;</a>'
    result = read(pdf(PAGE, attachments={"factur-x.xml": attack}), documents=[invoice_page()])
    assert (result.kind, result.outcome) == ("pdf-text", "needs-review")
    assert "XML_ENTITIES" in codes(result)
    assert result.invoice is not None
    assert result.invoice.number == "R-17"


def test_a_name_that_climbs_out_of_the_folder_is_only_a_name() -> None:
    data = pdf(PAGE, attachments={"../../evil.xml": b"<a/>"})
    (file,) = read_pdf(data, ReadLimits()).attachments
    assert (file.name, file.content) == ("../../evil.xml", b"<a/>")
    assert read(data).method == "text-layer"


def test_an_attachment_that_unpacks_to_too_much_is_left_out() -> None:
    data = pdf(PAGE, attachments={"factur-x.xml": CII})
    assert read_pdf(data, ReadLimits(max_bytes=len(CII) - 1)).attachments == ()
    assert zlib.crc32(read_pdf(data, ReadLimits()).attachments[0].content) == zlib.crc32(CII)


@pytest.mark.parametrize(
    ("page", "field", "values"),
    [
        (
            f"{PAGE.replace('Gesamtbetrag', 'Netto')}\nUSt 19% 14,70 EUR\nGesamtbetrag 92,05 EUR",
            "total",
            {"XML": "77.35", "page": "92.05"},
        ),
        (
            "Rechnungsnummer: FX-2026-47112\nDatum 02.03.2026\nGesamtbetrag 77,35 EUR",
            "number",
            {"XML": "FX-2026-4711", "page": "FX-2026-47112"},
        ),
    ],
)
def test_a_value_of_the_xml_that_the_page_shows_as_another_one_is_no_agreement(
    page: str, field: str, values: dict[str, str]
) -> None:
    """The XML's total is the page's net amount, or its number only begins like the page's."""
    (problem,) = read(pdf(page, attachments={"factur-x.xml": CII})).problems
    assert (problem.field, problem.values) == (field, values)


@pytest.mark.parametrize(("printed", "outcome"), [("77,35", "read"), ("178,35", "needs-review")])
def test_of_a_paid_invoice_the_page_has_to_show_the_total(printed: str, outcome: str) -> None:
    """A page that shows 0,00 shows the amount due of every paid invoice."""
    paid = CII.replace(
        b"<ram:DuePayableAmount>77.35",
        b"<ram:TotalPrepaidAmount>77.35</ram:TotalPrepaidAmount><ram:DuePayableAmount>0.00",
    )
    page = f"{PAGE.replace('77,35', printed)}\nBezahlt {printed}\nOffen 0,00"
    assert read(pdf(page, attachments={"factur-x.xml": paid})).outcome == outcome


@pytest.mark.parametrize("number", ["FX 2026 4711", "FX-2026-\n4711", "FX20264711", "fx/2026/4711"])
def test_a_number_may_be_divided_otherwise_on_the_page(number: str) -> None:
    page = PAGE.replace("FX-2026-4711", number)
    assert read(pdf(page, attachments={"factur-x.xml": CII})).outcome == "read"
