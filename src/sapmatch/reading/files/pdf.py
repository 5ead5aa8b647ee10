"""What a PDF holds beside pixels: its pages, its text layer, the XML attached to it."""

import ctypes
import io
import re
from collections.abc import Iterator
from contextlib import closing
from typing import TYPE_CHECKING, Any

from msgspec import Struct

from sapmatch.reading.files.streams import attached_xml, check_streams, mentions
from sapmatch.reading.limits import ReadLimits, Refused

if TYPE_CHECKING:
    from pypdfium2 import PdfDocument

_PORTFOLIO = re.compile(rb"/Collection\s*(?:<<|\d)")  # ISO 32000-1, 12.3.5
# How XMP of Factur-X, ZUGFeRD and Order-X names the file, as an element or an attribute.
_NAMED = re.compile(rb"[:<]DocumentFileName(?:>|\s*=\s*[\"'])\s*([^<>\"']{1,100})")
_TAIL = 4096  # the trailer stands at the end; a file cut off has none there


class Attachment(Struct, frozen=True):
    """A file inside a PDF: `name` as written (never a path), `relationship` as of PDF/A-3."""

    name: str
    content: bytes
    relationship: str = ""


class Pdf(Struct, frozen=True, kw_only=True):
    """A PDF that opens; `text` is its text layer, empty where the pages are pictures.

    Where the pages are not `bounded`, nobody knows how long it takes to draw or to read them.
    `invoice_file` is the attachment that the PDF's own metadata calls the invoice.
    """

    pages: int
    text: str
    bounded: bool
    attachments: tuple[Attachment, ...]
    invoice_file: str = ""
    is_portfolio: bool = False


def read_pdf(data: bytes, limits: ReadLimits) -> Pdf:
    """Raises Refused: BROKEN, ENCRYPTED (needs a password to open), TOO_MANY_PAGES, TOO_LARGE.

    UNSUPPORTED is a form of XFA: its pages are made by a program, and Textract takes none.
    """
    import pypdfium2
    import pypdfium2.raw as pdfium

    if b"startxref" not in data[-_TAIL:]:
        raise _broken()
    bounded = check_streams(data, limits)
    try:
        with closing(pypdfium2.PdfDocument(data)) as document:
            return _read(document, data, bounded, limits)
    except pypdfium2.PdfiumError as exc:
        if exc.err_code in (pdfium.FPDF_ERR_PASSWORD, pdfium.FPDF_ERR_SECURITY):
            message = "The PDF needs a password: ask the sender for one that does not."
            raise Refused("reject", "ENCRYPTED", message) from exc
        raise _broken() from exc


def _read(document: "PdfDocument", data: bytes, bounded: bool, limits: ReadLimits) -> Pdf:
    import pypdfium2.raw as pdfium

    pages = len(document)
    if pages > limits.max_pages:
        raise Refused(
            "reject",
            "TOO_MANY_PAGES",
            f"The PDF has {pages:,} pages; at most {limits.max_pages} are read: "
            "split it into one file per invoice.",
        )
    if not pages:
        raise _broken()
    if pdfium.FPDF_GetFormType(document) == pdfium.FORMTYPE_XFA_FULL:
        message = "The PDF is an XFA form, which nothing but Acrobat shows: print it to a new PDF."
        raise Refused("unsupported", "UNSUPPORTED", message)
    if pdfium.FPDF_GetSecurityHandlerRevision(document) >= 0:
        data = _decrypted(document)
        bounded = check_streams(data, limits)
    named = _NAMED.search(data)
    return Pdf(
        pages=pages,
        text=_text(document, limits.max_text) if bounded else "",
        bounded=bounded,
        attachments=tuple(_attachments(document, data, limits)),
        invoice_file=named[1].decode("utf-8", "replace").strip() if named else "",
        is_portfolio=mentions(data, _PORTFOLIO, limits),
    )


def _broken() -> Refused:
    message = "The PDF is cut off or damaged: upload it again, or ask the sender for the original."
    return Refused("reject", "BROKEN", message)


def _decrypted(document: "PdfDocument") -> bytes:
    """The bytes without the encryption that only restricts what a person may do."""
    import pypdfium2.raw as pdfium

    copy = io.BytesIO()
    document.save(copy, flags=pdfium.FPDF_REMOVE_SECURITY)
    return copy.getvalue()


def _text(document: "PdfDocument", limit: int) -> str:
    parts: list[str] = []
    for page in document:
        with closing(page), closing(page.get_textpage()) as layer:
            count = min(limit, layer.count_chars())
            parts.append(layer.get_text_range(0, count) if count > 0 else "")
        limit -= len(parts[-1])
    return "\n".join(parts)


def _attachments(document: "PdfDocument", data: bytes, limits: ReadLimits) -> Iterator[Attachment]:
    """Files that the PDF lists by name, then XML that it only holds."""
    import pypdfium2.raw as pdfium

    count = pdfium.FPDFDoc_GetAttachmentCount(document)
    if count > limits.max_attachments:
        message = f"The PDF has {count:,} attachments; at most {limits.max_attachments} are read."
        raise Refused("reject", "TOO_LARGE", f"{message} Ask the sender for the invoice alone.")
    listed = [
        found
        for index in range(count)
        if (found := _attachment(pdfium.FPDFDoc_GetAttachment(document, index), limits))
    ]
    yield from listed
    if not any(file.name.lower().endswith(".xml") for file in listed):
        for content in attached_xml(data, limits):
            yield Attachment("", content)


def _attachment(handle: Any, limits: ReadLimits) -> Attachment | None:
    import pypdfium2.raw as pdfium

    size = ctypes.c_ulong()
    if not handle or not pdfium.FPDFAttachment_GetFile(handle, None, 0, size):
        return None
    if size.value > limits.max_bytes:
        return None
    content = ctypes.create_string_buffer(size.value)
    pdfium.FPDFAttachment_GetFile(handle, content, size, size)
    return Attachment(
        _utf16(pdfium.FPDFAttachment_GetName, handle),
        content.raw[: size.value],
        _utf16(pdfium.FPDFAttachment_GetAFRelationship, handle),
    )


def _utf16(ask: Any, handle: Any) -> str:
    size = ask(handle, None, 0)
    if size < 2:
        return ""
    text = ctypes.create_string_buffer(size)
    ask(handle, ctypes.cast(text, ctypes.POINTER(ctypes.c_ushort)), size)
    return text.raw.decode("utf-16-le", "replace").rstrip("\0")
