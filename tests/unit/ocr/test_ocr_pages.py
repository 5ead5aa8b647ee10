"""Bytes to pages: what is refused, and the text that a PDF carries itself."""

from importlib.machinery import ModuleSpec
from importlib.util import find_spec
from io import BytesIO
from pathlib import Path

import pytest
from PIL import Image
from pypdf import PdfReader, PdfWriter
from reportlab.pdfgen.canvas import Canvas

from sapmatch.model.errors import InputRejected
from sapmatch.ocr import analyze_expense, count_pages, engine, media, pages
from tests.builders.pages import INVOICE, drawn, items, saved, summary


def _pdf(*, sheets: int = 1, lying: bool = False) -> bytes:
    """The invoice with a text layer on sheets of 1000 x 700 points as they are shown."""
    target = BytesIO()
    canvas = Canvas(target, pagesize=(700, 1000) if lying else (1000, 700))
    for _ in range(sheets):
        if lying:
            canvas.translate(700, 0)
            canvas.rotate(90)
        canvas.setFont("Helvetica", 20)
        for left, top, text in INVOICE:
            canvas.drawString(left, 700 - top - 20, text)
        canvas.rotate(90)
        canvas.drawString(100, -30, "sideways in the margin Total 1.00")
        canvas.showPage()
    canvas.save()
    return _rotated(target) if lying else target.getvalue()


def _rotated(pdf: BytesIO) -> bytes:
    writer, target = PdfWriter(PdfReader(pdf)), BytesIO()
    for page in writer.pages:
        page.rotate(90)
    writer.write(target)
    return target.getvalue()


def _encrypted() -> bytes:
    writer, target = PdfWriter(PdfReader(BytesIO(_pdf()))), BytesIO()
    writer.encrypt("secret", algorithm="RC4-128")
    writer.write(target)
    return target.getvalue()


def _problem(data: bytes) -> str:
    with pytest.raises(InputRejected) as caught:
        analyze_expense(data)
    (problem,) = caught.value.problems
    return problem.code


def test_the_type_is_told_by_the_first_bytes() -> None:
    assert media(b"%PDF-1.7") == "PDF"
    assert media(b"\n\n%PDF-1.7") == "PDF"
    assert [media(saved(drawn(), kind=kind)) for kind in ("PNG", "JPEG", "TIFF")] == [
        "PNG",
        "JPEG",
        "TIFF",
    ]
    assert media(b"<Invoice/>") is None


def test_what_is_no_document_is_refused_with_its_reason() -> None:
    assert _problem(b"") == "UNKNOWN_TYPE"
    assert _problem(b"PK\x03\x04") == "UNKNOWN_TYPE"
    assert _problem(b"%PDF-1.7 and nothing else") == "BROKEN"
    assert _problem(_encrypted()) == "ENCRYPTED"
    assert _problem(saved(drawn())[:2000]) == "BROKEN"
    assert _problem(saved(drawn(), kind="JPEG")[:20]) == "BROKEN"


def test_a_huge_image_is_refused_before_it_is_decoded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pages, "MAX_PIXELS", 1000)
    assert _problem(saved(Image.new("RGB", (100, 100), "white"))) == "TOO_LARGE"


def test_a_decompression_bomb_is_refused(real_data: Path) -> None:
    data = real_data / "invoices/hostile/huge-image.png"
    assert _problem(data.read_bytes()) == "TOO_LARGE"


def test_too_many_pages_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pages, "MAX_PAGES", 1)
    assert _problem(_pdf(sheets=2)) == "TOO_MANY_PAGES"


def test_without_the_extra_the_message_says_what_to_install(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def missing(name: str) -> ModuleSpec | None:
        return None if name == "rapidocr" else find_spec(name)

    monkeypatch.setattr(engine, "find_spec", missing)
    with pytest.raises(InputRejected, match=r"sapmatch\[ocr\]"):
        analyze_expense(saved(drawn()))


def test_a_text_layer_is_read_without_the_engine(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(engine, "find_spec", lambda name: None)
    (document,) = analyze_expense(_pdf())
    assert summary(document, "INVOICE_RECEIPT_ID") == ["INV-4711"]
    assert summary(document, "TOTAL") == ["119.60"]
    assert [item["ITEM"] for item in items(document)] == ["Hammer", "Anvil"]


def test_a_turned_page_is_read_as_it_is_shown() -> None:
    """The text in the margin stands sideways and is left out."""
    (document,) = analyze_expense(_pdf(lying=True))
    assert summary(document, "TOTAL") == ["119.60"]
    (total,) = [f for f in document["SummaryFields"] if f["Type"]["Text"] == "TOTAL"]
    assert total["ValueDetection"]["Geometry"]["BoundingBox"]["Left"] == pytest.approx(
        0.8, abs=0.01
    )


def test_every_page_is_a_document_of_its_own() -> None:
    """documents.md 1, trap 1: two pages of one invoice come as two ExpenseDocuments."""
    data = _pdf(sheets=2)
    assert count_pages(data) == 2
    documents = analyze_expense(data)
    assert [document["ExpenseIndex"] for document in documents] == [1, 2]
    assert {field["PageNumber"] for field in documents[1]["SummaryFields"]} == {2}
