"""The XML inside a PDF, held against the printed page."""

import io
import zlib
from typing import Any

import pypdf
import pytest
from pypdf.generic import ArrayObject, NameObject

from sapmatch.reading import ReadLimits
from sapmatch.reading.pdf import read_pdf
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
    assert read_pdf(data, ReadLimits()).attachments == (("../../evil.xml", b"<a/>"),)
    assert codes(read(data)) == ["READ_FAILED"]


def test_an_attachment_that_unpacks_to_too_much_is_left_out() -> None:
    data = pdf(PAGE, attachments={"factur-x.xml": CII})
    assert read_pdf(data, ReadLimits(max_bytes=len(CII) - 1)).attachments == ()
    assert zlib.crc32(read_pdf(data, ReadLimits()).attachments[0][1]) == zlib.crc32(CII)
