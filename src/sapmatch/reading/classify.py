"""What a file is: by its first bytes, never by its name."""

import codecs
import re
from enum import StrEnum
from pathlib import PurePosixPath

from sapmatch.reading.limits import ReadLimits, Refused


class Format(StrEnum):
    """The formats that can be read."""

    PDF = "PDF"
    PNG = "PNG"
    JPEG = "JPEG"
    TIFF = "TIFF"
    XML = "XML"


_MAGIC = {
    b"\x89PNG\r\n\x1a\n": Format.PNG,
    b"\xff\xd8\xff": Format.JPEG,
    b"II*\0": Format.TIFF,
    b"MM\0*": Format.TIFF,
}
_EXTENSIONS = {
    "pdf": Format.PDF,
    "png": Format.PNG,
    "jpg": Format.JPEG,
    "jpeg": Format.JPEG,
    "tif": Format.TIFF,
    "tiff": Format.TIFF,
    "xml": Format.XML,
}
_BOMS = (codecs.BOM_UTF8, codecs.BOM_UTF32_LE, codecs.BOM_UTF32_BE, codecs.BOM_UTF16_LE)
_PDF_HEADER_WITHIN = 1024  # ISO 32000-1 annex H: readers accept the header in the first 1024 bytes
_HEAD = 4096
_MARKUP = re.compile(rb"<[?!A-Za-z_:]")
_HTML = re.compile(rb"<(?:!doctype\s+)?html[\s>]", re.IGNORECASE)


def classify(data: bytes, name: str, limits: ReadLimits) -> Format:
    """The format by content; raises Refused where the content is none that can be read."""
    if not data:
        raise Refused("reject", "EMPTY", "The file has zero bytes: upload it again.")
    if len(data) > limits.max_bytes:
        raise Refused(
            "reject",
            "TOO_LARGE",
            f"The file has {len(data):,} bytes; at most {limits.max_bytes:,} are read. "
            "Split it, or scan it with fewer dots per inch.",
        )
    found = _sniff(data)
    if found is None:
        raise _unknown(name)
    return found


def _sniff(data: bytes) -> Format | None:
    for magic, known in _MAGIC.items():
        if data.startswith(magic):
            return known
    if b"%PDF-" in data[:_PDF_HEADER_WITHIN]:
        return Format.PDF
    head = _plain(data[:_HEAD])
    if _MARKUP.match(head) and not _HTML.match(head):
        return Format.XML
    return None


def _plain(head: bytes) -> bytes:
    """Without byte-order mark, white space and the zero bytes of UTF-16 and UTF-32."""
    for bom in (*_BOMS, codecs.BOM_UTF16_BE):
        head = head.removeprefix(bom)
    return head.replace(b"\0", b"").lstrip()


def _unknown(name: str) -> Refused:
    extension = PurePosixPath(name).suffix.lower().removeprefix(".")
    claimed = _EXTENSIONS.get(extension)
    if claimed:
        return Refused(
            "reject",
            "TYPE_MISMATCH",
            f"The name ends in .{extension}, but the content is no {claimed} and nothing else "
            "that can be read: ask for the invoice as PDF, PNG, JPEG, TIFF, UBL or CII.",
        )
    return Refused(
        "reject",
        "UNKNOWN_TYPE",
        "The content is neither PDF, PNG, JPEG, TIFF nor XML: upload the invoice in one of these.",
    )
