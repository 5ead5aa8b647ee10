"""Textract takes one page of a file that is not in S3: a PDF goes to it page by page."""

from collections.abc import Iterator
from contextlib import closing
from io import BytesIO
from typing import Any

from sapmatch.model.errors import InputRejected


def single_pages(data: bytes) -> Iterator[bytes]:
    """Each page of a PDF as a PDF of its own; other files of several pages are refused."""
    if not data.lstrip()[:5] == b"%PDF-":
        raise InputRejected(
            "document of several pages: without S3 Textract takes one page of an image; save it "
            "as a PDF, upload it to a stage, or read it with --ocr local"
        )
    import pypdfium2

    with closing(pypdfium2.PdfDocument(data)) as document:
        for number in range(len(document)):
            with closing(pypdfium2.PdfDocument.new()) as page:
                page.import_pages(document, [number])
                target = BytesIO()
                page.save(target)
            yield target.getvalue()


def numbered(value: Any, page: int) -> Any:
    """A part of an answer, its fields on that page of the whole file."""
    if isinstance(value, list):
        return [numbered(each, page) for each in value]
    if not isinstance(value, dict):
        return value
    told = {"ExpenseIndex": page, "PageNumber": page, "Page": page}
    return {name: told.get(name) or numbered(inner, page) for name, inner in value.items()}
