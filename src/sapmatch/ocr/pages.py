"""Bytes of a document to its pages, read one after the other."""

import math
import warnings
from collections.abc import Iterator
from contextlib import closing, contextmanager
from io import BytesIO
from typing import TYPE_CHECKING

from sapmatch.model.document import ReasonCode
from sapmatch.model.errors import InputRejected, Problem
from sapmatch.ocr import engine
from sapmatch.pages.nouns import Line, Page
from sapmatch.pages.textlayer import text_lines

if TYPE_CHECKING:
    from PIL.Image import Image
    from pypdfium2 import PdfDocument, PdfPage

MAX_PAGES = 3000  # what Textract takes in one job
MAX_PIXELS = 80_000_000  # A3 at 600 dpi; decoded that is 240 MB
_DPI = 200
_PDF = b"%PDF-"
_TOO_LARGE = f"has more than {MAX_PIXELS:,} pixels a page; scan it with fewer dots"
_HEADER = 1024  # bytes in which the PDF mark may stand
_IMAGES = {
    b"\x89PNG\r\n\x1a\n": "PNG",
    b"\xff\xd8\xff": "JPEG",
    b"II*\x00": "TIFF",
    b"MM\x00*": "TIFF",
}


def media(data: bytes) -> str | None:
    """PDF, PNG, JPEG or TIFF by the first bytes, None for anything else."""
    if _PDF in data[:_HEADER]:
        return "PDF"
    return next((name for magic, name in _IMAGES.items() if data.startswith(magic)), None)


def count_pages(data: bytes) -> int:
    """Number of pages without reading any of them; InputRejected as of `read_pages`."""
    if media(data) == "PDF":
        with _document(data) as document:
            return len(document)
    with _image(data) as image:
        return int(getattr(image, "n_frames", 1)) if image.format == "TIFF" else 1


def read_pages(data: bytes) -> Iterator[Page]:
    """Pages of a PDF, PNG, JPEG or TIFF, numbered from 1.

    Raises InputRejected with one problem (UNKNOWN_TYPE, ENCRYPTED, BROKEN, TOO_LARGE or
    TOO_MANY_PAGES) where the document cannot be read.
    """
    if count_pages(data) > MAX_PAGES:
        raise rejected("TOO_MANY_PAGES", f"has more than {MAX_PAGES} pages; split it")
    pages = _pdf_pages(data) if media(data) == "PDF" else _image_pages(data)
    for number, page in enumerate(pages, start=1):
        yield Page(number=number, lines=page)


def _pdf_pages(data: bytes) -> Iterator[tuple[Line, ...]]:
    with _document(data) as document:
        for index in range(len(document)):
            with _broken("PDF"):
                page = document[index]
            with closing(page):
                yield text_lines(page) or engine.read_lines(_rendered(page))


def _image_pages(data: bytes) -> Iterator[tuple[Line, ...]]:
    with _image(data) as image:
        index = 0
        while _has_page(image, index):
            yield engine.read_lines(_flat(image))
            index += 1


@contextmanager
def _document(data: bytes) -> Iterator["PdfDocument"]:
    import pypdfium2
    import pypdfium2.raw as pdfium

    try:
        document = pypdfium2.PdfDocument(data)
    except pypdfium2.PdfiumError as exc:
        if exc.err_code in (pdfium.FPDF_ERR_PASSWORD, pdfium.FPDF_ERR_SECURITY):
            raise rejected("ENCRYPTED", "is encrypted; save it without a password") from exc
        raise rejected("BROKEN", "is no readable PDF; export or scan it anew") from exc
    with closing(document):
        yield document


def _rendered(page: "PdfPage") -> "Image":
    engine.require()
    width, height = page.get_size()
    scale = min(_DPI / 72, math.sqrt(MAX_PIXELS / max(width * height, 1)))
    with _broken("PDF"):
        image: Image = page.render(scale=scale).to_pil()
    return image.convert("RGB")


@contextmanager
def _image(data: bytes) -> Iterator["Image"]:
    kind = media(data)
    if kind is None:
        raise rejected("UNKNOWN_TYPE", "is neither PDF, PNG, JPEG nor TIFF; save it as one of them")
    engine.require()
    from PIL import Image

    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error", Image.DecompressionBombWarning)
            image = Image.open(BytesIO(data), formats=[kind])
    except (Image.DecompressionBombError, Image.DecompressionBombWarning) as exc:
        raise rejected("TOO_LARGE", _TOO_LARGE) from exc
    except (OSError, SyntaxError, ValueError) as exc:
        raise rejected("BROKEN", f"is no readable {kind}; scan it anew") from exc
    with image:
        yield image


def _has_page(image: "Image", index: int) -> bool:
    """Whether a TIFF has this page, turning to it; the other formats have one."""
    if index == 0 or image.format != "TIFF":
        return index == 0
    try:
        with _broken("TIFF"):
            image.seek(index)
    except EOFError:
        return False
    return True


def _flat(image: "Image") -> "Image":
    """The page as people see it: turned as the camera says, on white, in RGB."""
    from PIL import Image, ImageOps

    if image.width * image.height > MAX_PIXELS:
        raise rejected("TOO_LARGE", _TOO_LARGE)
    with _broken(image.format or "image"):
        seen = ImageOps.exif_transpose(image)
    if not seen.has_transparency_data:
        return seen.convert("RGB")
    layer = seen.convert("RGBA")
    white = Image.new("RGBA", layer.size, "white")
    return Image.alpha_composite(white, layer).convert("RGB")


@contextmanager
def _broken(kind: str) -> Iterator[None]:
    """Whatever a decoder says about damaged bytes, as InputRejected."""
    try:
        yield
    except EOFError:
        raise
    except (OSError, SyntaxError, ValueError, RuntimeError) as exc:
        raise rejected("BROKEN", f"is no readable {kind}; export or scan it anew") from exc


def rejected(code: ReasonCode, what: str) -> InputRejected:
    """InputRejected with its one problem."""
    message = f"the document {what}"
    return InputRejected(message, [Problem(code=code, message=message)])
