"""How much a document may ask of us, and how a reader refuses one."""

from msgspec import Struct

from sapmatch.model.document import ReasonCode
from sapmatch.model.errors import Problem
from sapmatch.model.invoice import Outcome


class ReadLimits(Struct, frozen=True, kw_only=True):
    """Checked before anything is decoded.

    `max_xml_tags` counts opening tags, closing tags and attributes; `max_xml_siblings` elements of
    one name side by side: the lines of an invoice.
    """

    max_bytes: int = 20_000_000
    max_pages: int = 100
    max_pixels: int = 100_000_000
    max_xml_depth: int = 64
    max_xml_tags: int = 500_000
    max_xml_siblings: int = 20_000
    max_attachments: int = 50
    max_text: int = 500_000  # characters of the text layer that are looked at
    max_page_text: int = 20_000  # characters of one page; more is no page of an invoice
    max_objects: int = 200_000  # of a PDF
    max_unpacked: int = 128_000_000  # bytes of one stream of a PDF: an A4 page at 600 dpi in colour
    max_content: int = 8_000_000  # bytes of one stream that draws a page


class StillReading(Exception):
    """The OCR service works on the document: ask again for this job later."""

    def __init__(self, job: str) -> None:
        super().__init__(job)
        self.job = job


class Refused(Exception):
    """The document ends here: caught by `read_document`, never seen outside."""

    def __init__(self, outcome: Outcome, code: ReasonCode, message: str) -> None:
        super().__init__(message)
        self.outcome = outcome
        self.problem = Problem(code=code, message=message)
