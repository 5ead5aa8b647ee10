"""Small documents for the reading tests, made on the spot."""

import io
import struct
import zlib
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import pypdf
from pypdf.generic import NameObject
from reportlab.pdfgen.canvas import Canvas

from sapmatch.model.expense import Analysis
from sapmatch.model.invoice import ReadResult
from sapmatch.reading import ReadLimits, read_document
from tests.builders.pages import Placed

Draw = Callable[[Canvas], object]
FIXTURES = Path(__file__).resolve().parents[1] / "fixtures" / "reading"


def fixture(name: str) -> str:
    """Text of a file in tests/fixtures/reading."""
    return (FIXTURES / name).read_text(encoding="utf-8")


def read(
    data: bytes | str,
    name: str = "file",
    *,
    documents: list[dict[str, Any]] | None = None,
    **limits: int,
) -> ReadResult:
    """`read_document` with an engine that answers `documents`, or without one."""
    raw = data.encode() if isinstance(data, str) else data
    analyse = None if documents is None else lambda _data, pages: analysis(documents, pages)
    return read_document(raw, name=name, limits=ReadLimits(**limits), analyse=analyse)


def analysis(documents: Sequence[dict[str, Any]], pages: int = 1) -> Analysis:
    """A finished answer of an OCR service."""
    return Analysis(documents=tuple(documents), pages=pages)


def codes(result: ReadResult) -> list[str]:
    """Codes of the problems."""
    return [problem.code for problem in result.problems]


def pdf(
    *pages: str,
    attachments: dict[str, bytes] | None = None,
    password: str = "",
    relationships: dict[str, str] | None = None,
    xmp: str = "",
) -> bytes:
    """A PDF with a text layer, one argument per page, lines separated by line ends."""
    drawn = io.BytesIO()
    canvas = Canvas(drawn)
    for page in pages:
        text = canvas.beginText(50, 800)
        text.textLines(page)
        canvas.drawText(text)
        canvas.showPage()
    canvas.save()
    writer = pypdf.PdfWriter(clone_from=io.BytesIO(drawn.getvalue()))
    for name, content in (attachments or {}).items():
        file = writer.add_attachment(name, content)
        if related := (relationships or {}).get(name):
            file.pdf_object[NameObject("/AFRelationship")] = NameObject(f"/{related}")
    if xmp:
        writer.xmp_metadata = xmp.encode()
    if password:
        writer.encrypt(user_password=password, algorithm="RC4-128")
    return _bytes(writer)


def printed(
    *sheets: Sequence[Placed], mode: int = 0, grey: float = 0.0, more: Draw | None = None
) -> bytes:
    """A born-digital PDF of 1000 x 700 points; `mode` 3 hides its text, `grey` 1 makes it white."""
    drawn = io.BytesIO()
    canvas = Canvas(drawn, pagesize=(1000, 700))
    for sheet in sheets:
        for left, top, text in sheet:
            line = canvas.beginText(left, 680 - top)
            line.setFont("Helvetica", 16)
            line.setTextRenderMode(mode)
            line.setFillGray(grey)
            line.textOut(text)
            canvas.drawText(line)
        if more:
            more(canvas)
        canvas.showPage()
    canvas.save()
    return drawn.getvalue()


def raw_pdf(*objects: bytes) -> bytes:
    """A PDF of these objects, numbered from 1; the first is its catalog."""
    whole, offsets = b"%PDF-1.7\n", []
    for number, body in enumerate(objects, start=1):
        offsets.append(len(whole))
        whole += b"%d 0 obj\n%s\nendobj\n" % (number, body)
    table = b"".join(b"%010d 00000 n \n" % offset for offset in offsets)
    size = len(objects) + 1
    head = b"xref\n0 %d\n0000000000 65535 f \n" % size
    trailer = b"trailer\n<</Size %d/Root 1 0 R>>\nstartxref\n%d\n%%%%EOF" % (size, len(whole))
    return whole + head + table + trailer


def stream(content: bytes, dictionary: bytes = b"", *, packed: int = 0) -> bytes:
    """A stream object, packed that often by deflate, and saying so once."""
    for _ in range(packed):
        content = zlib.compress(content, 9)
    filters = b"/Filter/FlateDecode" if packed else b""
    head = b"<</Length %d%s%s>>" % (len(content), filters, dictionary)
    return head + b"stream\n" + content + b"\nendstream"


PAGE_OBJECTS = (
    b"<</Type/Catalog/Pages 2 0 R>>",
    b"<</Type/Pages/Kids[3 0 R]/Count 1/MediaBox[0 0 9 9]>>",
    b"<</Type/Page/Parent 2 0 R/Contents 4 0 R/Resources<</XObject<</X 5 0 R>>>>>>",
)  # the first three objects of a PDF with one page


def owner_protected(data: bytes) -> bytes:
    """The PDF with rights restricted; it opens without a password."""
    writer = pypdf.PdfWriter(clone_from=io.BytesIO(data))
    writer.encrypt(user_password="", owner_password="owner", algorithm="RC4-128")
    return _bytes(writer)


def _bytes(writer: pypdf.PdfWriter) -> bytes:
    written = io.BytesIO()
    writer.write(written)
    return written.getvalue()


def png(width: int = 4, height: int = 4) -> bytes:
    """A PNG that only claims its size: nothing may decode it."""
    header = struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0)
    chunks = ((b"IHDR", header), (b"IDAT", zlib.compress(b"\0")), (b"IEND", b""))
    return b"\x89PNG\r\n\x1a\n" + b"".join(
        struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))
        for kind, body in chunks
    )


def jpeg(width: int, height: int, *, complete: bool = True) -> bytes:
    """A JPEG of headers, with a thumbnail whose end marker must not be taken for the image's."""
    thumbnail = b"\xff\xe1" + struct.pack(">H", 8) + b"\xff\xd8..\xff\xd9"
    frame = b"\xff\xc0" + struct.pack(">HBHHB", 8, 8, height, width, 0)
    scan = b"\xff\xda" + struct.pack(">H", 2) + b"pixels"
    return b"\xff\xd8" + thumbnail + frame + scan + (b"\xff\xd9" if complete else b"")


def tiff(*sizes: tuple[int, int], circle: bool = False) -> bytes:
    """A TIFF with one directory per page; `circle` lets the last point at the first."""
    data = b"II*\0" + struct.pack("<I", 8)
    for index, (width, height) in enumerate(sizes):
        here = 8 + index * 30
        last = index == len(sizes) - 1
        following = (8 if circle else 0) if last else here + 30
        entries = ((256, width), (257, height))
        data += struct.pack("<H", len(entries))
        data += b"".join(struct.pack("<HHII", tag, 4, 1, value) for tag, value in entries)
        data += struct.pack("<I", following)
    return data


def field(
    type: str, text: str, label: str = "", confidence: float = 99.0, **more: Any
) -> dict[str, Any]:
    """One field as AnalyzeExpense answers it."""
    box = {"Left": 0.5, "Top": 0.25, "Width": 0.1, "Height": 0.02}
    seen: dict[str, Any] = {
        "Type": {"Text": type, "Confidence": confidence},
        "ValueDetection": {
            "Text": text,
            "Confidence": confidence,
            "Geometry": {"BoundingBox": box},
        },
        "PageNumber": 1,
        **more,
    }
    if label:
        seen["LabelDetection"] = {"Text": label, "Confidence": confidence}
    return seen


def page(
    *fields: dict[str, Any],
    rows: list[list[dict[str, Any]]] | None = None,
    text: str = "",
    index: int = 1,
) -> dict[str, Any]:
    """One ExpenseDocument."""
    return {
        "ExpenseIndex": index,
        "SummaryFields": list(fields),
        "LineItemGroups": [{"LineItems": [{"LineItemExpenseFields": row} for row in rows or []]}],
        "Blocks": [{"BlockType": "LINE", "Text": line} for line in text.splitlines()],
    }


def invoice_page(*fields: dict[str, Any], **more: Any) -> dict[str, Any]:
    """A page that is complete but for what the test adds."""
    return page(
        field("VENDOR_NAME", "Schrauben Nord GmbH"),
        field("INVOICE_RECEIPT_ID", "R-17", "Rechnungsnummer"),
        field("INVOICE_RECEIPT_DATE", "02.03.2026", "Datum"),
        *fields,
        **more,
    )


SUMS = (
    field("SUBTOTAL", "100,00 EUR", "Netto"),
    field("TAX", "19,00 EUR", "MwSt"),
    field("TOTAL", "119,00 EUR", "Gesamtbetrag"),
)


def seen(*documents: dict[str, Any]) -> ReadResult:
    """A picture of which the engine says this."""
    return read(png(), documents=list(documents))
