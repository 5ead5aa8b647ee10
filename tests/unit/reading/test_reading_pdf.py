"""What a PDF may hold and ask of a reader (docs/adr/0017)."""

import io
import time
import zlib

import pypdf
import pytest
from pypdf.generic import DictionaryObject, NameObject

from sapmatch.model.expense import Analysis
from sapmatch.reading import ReadLimits, read_document
from tests.builders.pages import INVOICE
from tests.builders.reading import PAGE_OBJECTS, codes, fixture, pdf, printed, raw_pdf, read, stream

CII = fixture("invoice-cii.xml").encode()
PAGE = "Rechnung FX-2026-4711\nDatum 02.03.2026\nGesamtbetrag 77,35 EUR"
HYBRID = pdf(PAGE, attachments={"factur-x.xml": CII})
FONT = b"<</Type/Font/Subtype/Type1/BaseFont/Helvetica>>"


def _compressed(data: bytes) -> bytes:
    """The same with all its objects in an object stream, as newer writers do."""
    import pypdfium2

    copy = io.BytesIO()
    pypdfium2.PdfDocument(data).save(copy)
    return copy.getvalue()


@pytest.mark.parametrize("data", [b"sent by fax gateway\r\n\r\n" + HYBRID, HYBRID + b"\n" * 1000])
def test_junk_around_a_pdf_does_no_harm(data: bytes) -> None:
    """ISO 32000-1 annex H: the header stands somewhere in the first 1024 bytes."""
    assert read(data).kind == "hybrid"


def test_a_pdf_that_was_written_on_is_read_as_it_is_now() -> None:
    writer = pypdf.PdfWriter(io.BytesIO(HYBRID), incremental=True)
    writer.add_metadata({"/Title": "stamped"})
    written = io.BytesIO()
    writer.write(written)
    assert written.getvalue().count(b"%%EOF") == 2
    assert read(written.getvalue()).kind == "hybrid"


def test_a_portfolio_is_refused_by_name() -> None:
    writer = pypdf.PdfWriter(clone_from=io.BytesIO(pdf("Open this in Acrobat")))
    writer.add_attachment("invoice.pdf", pdf(PAGE))
    writer.root_object[NameObject("/Collection")] = DictionaryObject()
    written = io.BytesIO()
    writer.write(written)
    result = read(written.getvalue())
    assert (result.outcome, codes(result)) == ("unsupported", ["UNSUPPORTED"])
    assert "portfolio" in result.problems[0].message


def test_an_xfa_form_is_refused_by_name() -> None:
    """Textract takes none (limits of AnalyzeExpense)."""
    form = b"<</XFA 5 0 R/Fields[]>>"
    catalog = b"<</Type/Catalog/Pages 2 0 R/AcroForm 6 0 R/NeedsRendering true>>"
    xdp = b'<xdp:xdp xmlns:xdp="http://ns.adobe.com/xdp/"/>'
    data = raw_pdf(catalog, *PAGE_OBJECTS[1:], stream(b""), stream(xdp), form)
    result = read(data)
    assert (result.outcome, codes(result)) == ("unsupported", ["UNSUPPORTED"])
    assert "XFA" in result.problems[0].message


def test_too_many_attachments_are_refused() -> None:
    files = {f"{index}.xml": b"<a/>" for index in range(6)}
    assert codes(read(pdf(PAGE, attachments=files), max_attachments=5)) == ["TOO_LARGE"]


def test_too_many_objects_are_refused() -> None:
    assert codes(read(raw_pdf(*[b"null"] * 60), max_objects=50)) == ["TOO_LARGE"]


def test_a_stream_that_unpacks_to_too_much_is_refused_before_it_does() -> None:
    bomb = stream(b"q\n" * 6_000_000, packed=1)
    started = time.monotonic()
    assert codes(read(raw_pdf(*PAGE_OBJECTS, bomb, stream(b"")))) == ["TOO_LARGE"]
    assert time.monotonic() - started < 1


def test_a_stream_packed_twice_is_refused() -> None:
    bomb = stream(bytes(10_000_000), packed=2)
    assert codes(read(raw_pdf(*PAGE_OBJECTS, bomb, stream(b"")))) == ["TOO_LARGE"]


def test_many_streams_are_bounded_together() -> None:
    packed = zlib.compress(bytes(1_000_000))
    pixels = [stream(packed, b"/Subtype/Image/Filter/FlateDecode") for _ in range(9)]
    data = raw_pdf(*PAGE_OBJECTS, stream(b""), *pixels)
    assert codes(read(data, max_unpacked=2_000_000)) == ["TOO_LARGE"]
    assert codes(read(data)) == ["OCR_NEEDED"]


def test_forms_that_call_forms_are_not_drawn() -> None:
    """Ten forms that each draw the next ten times are ten thousand million drawings."""
    forms = [
        stream(
            b"/X Do\n" * 10,
            b"/Type/XObject/Subtype/Form/BBox[0 0 9 9]/Resources<</XObject<</X %d 0 R>>>>"
            % (number + 1),
        )
        for number in range(5, 15)
    ]
    started = time.monotonic()
    result = read(raw_pdf(*PAGE_OBJECTS, stream(b"/X Do"), *forms, FONT))
    assert (result.kind, codes(result)) == ("scan", ["OCR_NEEDED"])
    assert time.monotonic() - started < 1


def test_a_form_that_calls_itself_is_not_drawn() -> None:
    """PDFium follows it some dozen levels deep: two calls are two to the power of that."""
    form = stream(
        b"/X Do /X Do",
        b"/Type/XObject/Subtype/Form/BBox[0 0 9 9]/Resources<</XObject<</X 5 0 R>>>>",
    )
    assert read(raw_pdf(*PAGE_OBJECTS, stream(b"/X Do"), form)).kind == "scan"


def test_the_embedded_engine_never_draws_what_may_not_end() -> None:
    form = stream(
        b"/X Do /X Do",
        b"/Type/XObject/Subtype/Form/BBox[0 0 9 9]/Resources<</XObject<</X 5 0 R>>>>",
    )
    data = raw_pdf(*PAGE_OBJECTS, stream(b"/X Do"), form)

    def drawn(_data: bytes, _pages: int) -> Analysis:
        raise AssertionError("the engine was asked")

    result = read_document(data, name="a", limits=ReadLimits(), analyse=drawn, method="ocr")
    assert (result.outcome, codes(result)) == ("reject", ["TOO_LARGE"])


def test_floods_of_streams_and_of_calls_end_early() -> None:
    streams = b"%PDF-1.7\n" + b"stream\n" * 2_000_000 + b"startxref"
    calls = b"/Subtype/Form " + b"".join(
        b"/N%d %d 0 R /N%d Do " % (n, n, n) for n in range(400_000)
    )
    started = time.monotonic()
    assert codes(read(streams)) == ["TOO_LARGE"]
    assert codes(read(raw_pdf(*PAGE_OBJECTS, stream(calls)))) == ["OCR_NEEDED"]
    assert time.monotonic() - started < 3


def test_forms_that_call_pictures_and_each_other_once_are_read() -> None:
    """As tools make them that put several pages on one, or a watermark under each."""
    whole = printed(INVOICE, INVOICE, INVOICE)
    form = b"/Type/XObject/Subtype/Form/BBox[0 0 9 9]/Resources<</XObject<</I 9 0 R>>>>"
    unused = b"".join(
        b"%d 0 obj\n%s\nendobj\n" % (number, stream(b"/I Do " * 40, form))
        for number in range(60, 90)
    )
    data = whole.replace(b"1 0 obj\n", unused + b"1 0 obj\n", 1)
    assert read(data).kind == "pdf-text"


def test_a_name_tree_in_a_circle_ends() -> None:
    catalog = b"<</Type/Catalog/Pages 2 0 R/Names<</EmbeddedFiles 6 0 R>>>>"
    circle = b"<</Kids[6 0 R 6 0 R]>>"
    data = raw_pdf(catalog, *PAGE_OBJECTS[1:], stream(b""), stream(b""), circle)
    assert codes(read(data)) == ["OCR_NEEDED"]


def test_object_streams_are_understood() -> None:
    assert read(_compressed(HYBRID)).kind == "hybrid"
    assert read(_compressed(printed(INVOICE))).kind == "pdf-text"
