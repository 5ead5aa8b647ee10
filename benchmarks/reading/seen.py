"""What the OCR engine sees on a page, kept by content: looking takes seconds, understanding none.

The understanding of a page changes with every commit and its pixels never do, so both are measured
apart. The store lies in build/bench/seen; a new engine gets a new folder.
"""

import hashlib
from importlib.metadata import version
from pathlib import Path

import msgspec

from sapmatch.model.expense import Analysis
from sapmatch.ocr.pages import read_pages
from sapmatch.pages.expense import expense_document
from sapmatch.pages.nouns import Page

STORE = Path("build/bench/seen")


def analyse(data: bytes, pages: int) -> Analysis:
    """The answer of the embedded engine, its view of the pixels taken from the store."""
    return Analysis(documents=tuple(map(expense_document, pages_of(data))), pages=pages)


def pages_of(data: bytes) -> list[Page]:
    """The pages with their words, looked at only once."""
    kept = STORE / version("rapidocr") / f"{hashlib.sha256(data).hexdigest()}.msgpack"
    if kept.exists():
        return msgspec.msgpack.decode(kept.read_bytes(), type=list[Page])
    found = list(read_pages(data))
    kept.parent.mkdir(parents=True, exist_ok=True)
    kept.write_bytes(msgspec.msgpack.encode(found))
    return found
