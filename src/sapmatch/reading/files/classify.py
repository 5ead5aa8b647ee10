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
_PICTURE = "save it as PNG, JPEG or PDF"
_OFFICE = "print it to PDF"
_MESSAGE = "ask the sender for UBL, CII or a PDF"
_ARCHIVE = "unpack it and upload the invoice alone"
_MAIL = "upload the invoice attached to it alone"
# What people send instead, by its first bytes: what it is, and what to do.
_OTHERS = {
    rb"GIF8[79]a": ("a GIF image", _PICTURE),
    rb"RIFF.{4}WEBP": ("a WebP image", _PICTURE),
    rb".{4}ftyp(?:hei[cfmsx]|hev[cmsx]|mif1|msf1|avif)": ("a HEIC or AVIF photo", _PICTURE),
    rb"BM.{4}\0{4}": ("a BMP image", _PICTURE),
    rb"\0\0\0\x0cjP  |\xff\x4f\xff\x51": ("a JPEG 2000 image", _PICTURE),
    rb"II\+\0|MM\0\+": ("a BigTIFF image", "save it as plain TIFF, or as PDF"),
    rb"PK\x03\x04.{0,2000}(?:word|xl|ppt)/": ("an Office document", _OFFICE),
    rb"PK\x03\x04.{0,60}mimetypeapplication/vnd\.oasis": ("an Office document", _OFFICE),
    rb"PK(?:\x03\x04|\x05\x06|\x07\x08)": ("a ZIP archive", _ARCHIVE),
    rb"7z\xbc\xaf\x27\x1c|Rar!\x1a\x07|\x1f\x8b": ("a compressed archive", _ARCHIVE),
    rb"\xd0\xcf\x11\xe0": ("an Outlook message or an old Office document", f"{_MAIL}, or as PDF"),
    rb"\{\\rtf": ("a text document (RTF)", _OFFICE),
    rb"UN[AB][+:]": ("an EDIFACT message", _MESSAGE),
    rb"ISA\*00\*": ("an ANSI X12 message", _MESSAGE),
    rb"%!PS": ("a PostScript file", _OFFICE),
    rb"\x30[\x80\x82-\x84]|-----BEGIN (?:PKCS7|CMS)": (
        "a signed file (P7M)",
        "upload the file that was signed",
    ),
    rb"(?i:(?:<!doctype\s+)?<?html[\s>])": ("a web page", "ask the sender for the invoice itself"),
    rb"(?i:(?:received|return-path|delivered-to|message-id|mime-version|from|date|subject|to"
    rb"|x-[\w-]+): .*\n(?:[!-9;-~]+:|[ \t]))": ("an e-mail", _MAIL),
}
_KNOWN = {re.compile(magic, re.DOTALL): what for magic, what in _OTHERS.items()}


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
        raise _refused(name, data[:_HEAD])
    return found


def _sniff(data: bytes) -> Format | None:
    for magic, known in _MAGIC.items():
        if data.startswith(magic):
            return known
    head = _plain(data[:_HEAD])
    if _MARKUP.match(head):
        return None if _HTML.match(head) else Format.XML
    return Format.PDF if b"%PDF-" in data[:_PDF_HEADER_WITHIN] else None


def _plain(head: bytes) -> bytes:
    """Without byte-order mark, white space and the zero bytes of UTF-16 and UTF-32."""
    for bom in (*_BOMS, codecs.BOM_UTF16_BE):
        head = head.removeprefix(bom)
    return head.replace(b"\0", b"").lstrip()


def _refused(name: str, head: bytes) -> Refused:
    """The refusal of a content by its name, and by the lie in the file's name."""
    what, remedy = _described(head)
    extension = PurePosixPath(name).suffix.lower().removeprefix(".")
    if extension in _EXTENSIONS:
        message = f"The name ends in .{extension}, but the content is {what}: {remedy}."
        return Refused("reject", "TYPE_MISMATCH", message)
    return Refused("reject", "UNKNOWN_TYPE", f"The content is {what}: {remedy}.")


def _described(head: bytes) -> tuple[str, str]:
    for magic, described in _KNOWN.items():
        if magic.match(head) or magic.match(_plain(head)):
            return described
    wanted = "ask for the invoice as PDF, PNG, JPEG, TIFF, UBL or CII"
    return "neither PDF, PNG, JPEG, TIFF nor XML", wanted
