"""One document in, one result out: structured data first, pictures last."""

from collections.abc import Callable, Sequence
from typing import Literal

from msgspec import Struct
from msgspec.structs import replace

from sapmatch.model.errors import InputRejected, Problem
from sapmatch.model.expense import Analysis
from sapmatch.model.intent import Record
from sapmatch.model.invoice import Invoice, Kind, Method, Outcome, ReadResult
from sapmatch.pages.expense import expense_document
from sapmatch.reading.clues import Knows
from sapmatch.reading.einvoice.hybrid import disagreements, embedded_invoice
from sapmatch.reading.einvoice.structured import read_structured
from sapmatch.reading.files.classify import Format, classify
from sapmatch.reading.files.images import image_pages
from sapmatch.reading.files.pdf import Pdf, read_pdf
from sapmatch.reading.findings import Findings
from sapmatch.reading.limits import ReadLimits, Refused
from sapmatch.reading.printed.expense import Reading, read_expense
from sapmatch.reading.printed.textlayer import Layer, shown, text_layer, unproven
from sapmatch.reading.verdict import REVIEW_BELOW, judged

Analyse = Callable[[bytes, int], Analysis]
Engine = Literal["textract", "ocr"]


def read_document(
    data: bytes,
    *,
    name: str,
    limits: ReadLimits,
    analyse: Analyse | None,
    method: Engine = "textract",
    knows: Knows | None = None,
    review_below: float = REVIEW_BELOW,
) -> ReadResult:
    """What the bytes hold; a bad document is an outcome with problems, never an exception.

    `name` only serves messages. `analyse` takes the bytes and their number of pages; None where no
    OCR is at hand. What it raises passes through (StillReading, Throttled), except InputRejected,
    which is a verdict on the document. `knows` tells whether a seller is a vendor of ours, and
    below the confidence `review_below` a value that decides goes to a person.
    """
    reader = _Reader(data, limits, analyse, method, knows, review_below)
    try:
        return reader.read(classify(data, name, limits))
    except Refused as refused:
        return ReadResult(outcome=refused.outcome, problems=(refused.problem,))


class _Reader(Struct, frozen=True):
    """The ways to read one document, cheapest and surest first."""

    data: bytes
    limits: ReadLimits
    analyse: Analyse | None
    method: Engine
    knows: Knows | None
    review_below: float

    def read(self, content: Format) -> ReadResult:
        """XML, then the XML in a PDF, then the text of its pages, then OCR."""
        if content is Format.XML:
            kind, invoice, found = read_structured(self.data, self.limits)
            return self._judged(invoice, found, kind, "xml")
        if content is not Format.PDF:
            return self._ocr(image_pages(self.data, content, self.limits), "scan", None)
        pdf = read_pdf(self.data, self.limits)
        embedded = embedded_invoice(pdf, self.limits)
        if embedded.invoice and embedded.found:
            return self._hybrid(pdf, embedded.invoice, embedded.found)
        if pdf.is_portfolio:
            raise Refused("unsupported", "UNSUPPORTED", _PORTFOLIO)
        if not pdf.bounded and self.method == "ocr":  # this engine draws the pages in our process
            raise Refused("reject", "TOO_LARGE", _ENDLESS)
        layer = text_layer(self.data, self.limits) if pdf.text.strip() else Layer((), pdf.pages)
        printed = self._printed(layer, embedded.problem) if layer.pages else None
        return printed or self._ocr(
            pdf.pages, "pdf-text" if layer.pages else "scan", embedded.problem
        )

    def _hybrid(self, pdf: Pdf, invoice: Invoice, found: Findings) -> ReadResult:
        """The XML's invoice, and what the page says otherwise."""

        def page() -> Reading:
            return read_expense(_documents(text_layer(self.data, self.limits)))[0]

        found.problems.extend(disagreements(invoice, pdf.text, page))
        return self._judged(invoice, found, "hybrid", "xml")

    def _printed(self, layer: Layer, before: Problem | None) -> ReadResult | None:
        """The text layer's invoices where they prove themselves, or where there is no OCR."""
        readings = read_expense(_documents(layer))
        for reading in readings:
            problems = reading.found.problems
            problems.extend(unproven(reading.invoice, reading.found))
            problems.extend([_PICTURES] if layer.pictures else [])
            problems.extend([] if shown(self.data, reading.found) else [_HIDDEN])
        result = self._results(readings, "pdf-text", "text-layer", before)
        return result if result.outcome == "read" or self.analyse is None else None

    def _ocr(self, pages: int, kind: Kind, before: Problem | None) -> ReadResult:
        """What an engine reads; `before` is what was already wrong with the document."""
        if self.analyse is None:
            unread = (_UNREAD, *([before] if before else []))
            return ReadResult(outcome="needs-review", kind=kind, problems=unread)
        try:
            analysis = self.analyse(self.data, pages)
        except InputRejected as rejected:
            problems = rejected.problems or (Problem(code="READ_FAILED", message=str(rejected)),)
            return ReadResult(outcome="reject", kind=kind, method=self.method, problems=problems)
        result = self._results(read_expense(analysis.documents), kind, self.method, before)
        return replace(result, ocr_pages=analysis.pages)

    def _results(
        self, readings: Sequence[Reading], kind: Kind, method: Method, before: Problem | None
    ) -> ReadResult:
        """One invoice as the result, several as its parts with their pages."""
        for reading in readings:
            reading.found.problems.extend([before] if before else [])
        results = [self._judged(one.invoice, one.found, kind, method) for one in readings]
        if len(results) == 1:
            return results[0]
        parts = tuple(
            replace(result, pages=one.pages) for result, one in zip(results, readings, strict=True)
        )
        read = all(part.outcome == "read" for part in parts)
        outcome: Outcome = "read" if read else "needs-review"
        return ReadResult(outcome=outcome, kind=kind, method=method, parts=parts)

    def _judged(self, invoice: Invoice, found: Findings, kind: Kind, method: Method) -> ReadResult:
        return judged(
            invoice,
            found,
            kind=kind,
            method=method,
            review_below=self.review_below,
            knows=self.knows,
        )


def _documents(layer: Layer) -> list[Record]:
    return [expense_document(page) for page in layer.pages]


_PORTFOLIO = "The PDF is a portfolio, a cover with files inside: upload each file on its own."
_ENDLESS = (
    "Its pages call themselves so often that drawing them may never end: ask the sender for a "
    "plain PDF, or print it and scan the page."
)
_UNREAD = Problem(
    code="OCR_NEEDED",
    message="Only OCR can read this document: read it with --ocr local or --ocr aws.",
)
_PICTURES = Problem(
    code="NEEDS_REVIEW",
    message="Some pages are pictures: read the document with --ocr local or --ocr aws.",
)
_HIDDEN = Problem(
    code="NEEDS_REVIEW",
    message="Values stand where people see nothing: read it with --ocr local or --ocr aws.",
)
