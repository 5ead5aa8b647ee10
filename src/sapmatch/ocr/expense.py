"""Documents to the answers that Textract AnalyzeExpense would give."""

import threading
from collections.abc import Iterator

from sapmatch.model.intent import Record
from sapmatch.ocr.pages import read_pages
from sapmatch.pages.expense import expense_document

_ONE_AT_A_TIME = threading.Lock()  # neither PDFium nor the engine can be shared by threads


def analyze_expense(data: bytes) -> list[Record]:
    """One ExpenseDocument per page of a PDF, PNG, JPEG or TIFF, ExpenseIndex from 1.

    Values are the raw text as printed. A PDF page that carries its text is not looked at as
    pixels. Raises InputRejected with one problem where the document cannot be read, or where the
    extra [ocr] is missing.
    """
    return list(expense_documents(data))


def expense_documents(data: bytes) -> Iterator[Record]:
    """The same page by page; a later page may raise InputRejected after earlier ones were given."""
    pages = read_pages(data)
    while True:
        with _ONE_AT_A_TIME:
            page = next(pages, None)
        if page is None:
            return
        yield expense_document(page)
