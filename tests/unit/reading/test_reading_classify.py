"""What a file is, and which files are refused before anything is decoded."""

import random

import pytest

from sapmatch.model.document import ReasonCode
from sapmatch.model.expense import Analysis
from sapmatch.reading import ReadLimits, read_document
from tests.builders.reading import (
    analysis,
    codes,
    fixture,
    invoice_page,
    jpeg,
    owner_protected,
    pdf,
    png,
    read,
    tiff,
)

UBL = fixture("invoice-ubl.xml")


def test_zero_bytes_are_empty() -> None:
    result = read(b"", "a.pdf")
    assert (result.outcome, codes(result)) == ("reject", ["EMPTY"])


def test_a_file_over_the_limit_is_too_large_whatever_it_is() -> None:
    result = read(UBL, max_bytes=100)
    assert (result.outcome, codes(result)) == ("reject", ["TOO_LARGE"])


@pytest.mark.parametrize(
    ("name", "content", "code"),
    [
        ("invoice.pdf", b"GIF89a....", "TYPE_MISMATCH"),
        ("invoice.PDF", b"PK\x05\x06" + bytes(18), "TYPE_MISMATCH"),
        ("invoice.xml", b"<!DOCTYPE html><html><body>Error</body></html>", "TYPE_MISMATCH"),
        ("invoice.gif", b"GIF89a....", "UNKNOWN_TYPE"),
        ("note", b"please pay", "UNKNOWN_TYPE"),
        ("note.txt", b"a < b and b > c", "UNKNOWN_TYPE"),
    ],
)
def test_content_that_nobody_can_read_is_refused(
    name: str, content: bytes, code: ReasonCode
) -> None:
    result = read(content, name)
    assert (result.outcome, codes(result)) == ("reject", [code])


@pytest.mark.parametrize("name", ["invoice.pdf", "../../etc/passwd", "", "invoice.png"])
def test_a_lying_name_does_not_matter_where_the_content_is_readable(name: str) -> None:
    assert read(UBL, name).kind == "ubl"


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be"])
def test_xml_is_known_in_every_encoding(encoding: str) -> None:
    text = UBL.replace('encoding="UTF-8"', f'encoding="{encoding.removesuffix("-sig")}"')
    result = read(text.encode(encoding))
    assert result.invoice is not None
    assert result.invoice.number == "R-2026-17"


def test_a_cut_off_pdf_is_broken() -> None:
    whole = pdf("Rechnung")
    result = read(whole[: len(whole) // 2], "a.pdf")
    assert (result.outcome, codes(result)) == ("reject", ["BROKEN"])


def test_a_pdf_of_rubbish_between_header_and_trailer_is_broken() -> None:
    assert codes(read(b"%PDF-1.7\n" + bytes(500) + b"startxref\n0\n%%EOF")) == ["BROKEN"]


def test_a_pdf_with_a_password_is_encrypted() -> None:
    result = read(pdf("Rechnung", password="secret"), "a.pdf")
    assert (result.outcome, codes(result)) == ("reject", ["ENCRYPTED"])


def test_a_pdf_that_opens_without_a_password_is_read_with_its_attachment() -> None:
    text = "Rechnung FX-2026-4711 vom 02.03.2026\nGesamt 77,35 EUR"
    attached = {"factur-x.xml": fixture("invoice-cii.xml").encode()}
    result = read(owner_protected(pdf(text, attachments=attached)))
    assert (result.kind, result.outcome) == ("hybrid", "read")


def test_a_pdf_with_too_many_pages_is_refused() -> None:
    assert codes(read(pdf("1", "2", "3"), max_pages=2)) == ["TOO_MANY_PAGES"]


@pytest.mark.parametrize(
    "image", [png(12_000, 12_000), jpeg(12_000, 12_000), tiff((10, 10), (12_000, 12_000))]
)
def test_pixels_are_counted_without_decoding(image: bytes) -> None:
    result = read(image)
    assert (result.outcome, codes(result)) == ("reject", ["TOO_LARGE"])


@pytest.mark.parametrize(
    "image",
    [
        png()[:-12],
        jpeg(10, 10, complete=False),
        b"\xff\xd8\xff\xe0\x00",
        b"\xff\xd8\xff" + b"\xff" * 50,
        tiff((10, 10))[:20],
        b"II*\0" + bytes(4),
    ],
)
def test_a_cut_off_image_is_broken(image: bytes) -> None:
    result = read(image)
    assert (result.outcome, codes(result)) == ("reject", ["BROKEN"])


def test_the_directories_of_a_tiff_may_run_in_a_circle() -> None:
    assert codes(read(tiff((10, 10), circle=True), max_pages=5)) == ["TOO_MANY_PAGES"]


@pytest.mark.parametrize(
    ("data", "pages"),
    [(png(), 1), (jpeg(10, 20), 1), (tiff((9, 9), (9, 9)), 2), (pdf("", "", ""), 3)],
)
def test_the_engine_is_told_how_many_pages_there_are(data: bytes, pages: int) -> None:
    asked: list[tuple[bytes, int]] = []

    def expense(given: bytes, count: int) -> Analysis:
        asked.append((given, count))
        return analysis([invoice_page()])

    read_document(data, name="a", limits=ReadLimits(), analyse=expense)
    assert asked == [(data, pages)]


def test_a_damaged_file_is_an_outcome_and_never_an_exception() -> None:
    chance = random.Random(7)
    attached = {"factur-x.xml": fixture("invoice-cii.xml").encode()}
    whole = [
        pdf("Rechnung FX-2026-4711", attachments=attached),
        UBL.encode(),
        png(),
        jpeg(9, 9),
        tiff((9, 9)),
    ]
    for _ in range(400):
        data = bytearray(chance.choice(whole))
        for _ in range(chance.choice((1, 10, 100))):
            data[chance.randrange(len(data))] = chance.randrange(256)
        result = read(bytes(data), documents=[])
        assert result.outcome != "read" or result.invoice is not None
        assert result.outcome == "read" or result.problems
