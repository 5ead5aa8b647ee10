"""One document in, one result out: structured data first, pictures last."""

from collections.abc import Callable
from typing import Literal

from sapmatch.model.errors import InputRejected, Problem
from sapmatch.model.expense import Analysis
from sapmatch.model.invoice import Kind, ReadResult
from sapmatch.reading.classify import Format, classify
from sapmatch.reading.expense import read_expense
from sapmatch.reading.hybrid import disagreements, embedded_invoice
from sapmatch.reading.images import image_pages
from sapmatch.reading.limits import ReadLimits, Refused
from sapmatch.reading.pdf import read_pdf
from sapmatch.reading.structured import read_structured
from sapmatch.reading.verdict import judged

Analyse = Callable[[bytes, int], Analysis]
Engine = Literal["textract", "ocr"]
_TEXT_LAYER = 50  # characters; fewer are a stamp or a page number on a scan


def read_document(
    data: bytes,
    *,
    name: str,
    limits: ReadLimits,
    analyse: Analyse | None,
    method: Engine = "textract",
) -> ReadResult:
    """What the bytes hold; a bad document is an outcome with problems, never an exception.

    `name` only serves messages. `analyse` takes the bytes and their number of pages; None where no
    OCR is at hand. What it raises passes through (StillReading, Throttled), except InputRejected,
    which is a verdict on the document.
    """
    try:
        return _read(data, name, limits, analyse, method)
    except Refused as refused:
        return ReadResult(outcome=refused.outcome, problems=(refused.problem,))


def _read(
    data: bytes, name: str, limits: ReadLimits, analyse: Analyse | None, method: Engine
) -> ReadResult:
    content = classify(data, name, limits)
    if content is Format.XML:
        kind, invoice, found = read_structured(data, limits)
        return judged(invoice, found, kind=kind, method="xml")
    if content is not Format.PDF:
        pages = image_pages(data, content, limits)
        return _seen(data, pages, analyse, kind="scan", method=method)
    pdf = read_pdf(data, limits)
    embedded = embedded_invoice(pdf.attachments, limits)
    if embedded.invoice and embedded.found:
        embedded.found.problems.extend(disagreements(embedded.invoice, pdf.text))
        return judged(embedded.invoice, embedded.found, kind="hybrid", method="xml")
    kind = "pdf-text" if len("".join(pdf.text.split())) >= _TEXT_LAYER else "scan"
    return _seen(data, pdf.pages, analyse, kind=kind, method=method, before=embedded.problem)


def _seen(
    data: bytes,
    pages: int,
    analyse: Analyse | None,
    *,
    kind: Kind,
    method: Engine,
    before: Problem | None = None,
) -> ReadResult:
    """Read by an engine; `before` is what was already wrong with the document."""
    if analyse is None:
        message = "Only OCR can read this document: read it with --ocr local or --ocr aws."
        unread = Problem(code="READ_FAILED", message=message)
        return ReadResult(outcome="needs-review", kind=kind, problems=(unread,))
    try:
        analysis = analyse(data, pages)
    except InputRejected as rejected:
        problems = rejected.problems or (Problem(code="READ_FAILED", message=str(rejected)),)
        return ReadResult(outcome="reject", kind=kind, method=method, problems=problems)
    invoice, found = read_expense(analysis.documents)
    found.problems.extend([before] if before else [])
    return judged(invoice, found, kind=kind, method=method)
