"""A born-digital PDF: its text layer is the invoice, where it is what people see and adds up."""

import re
from collections.abc import Iterator, Sequence
from contextlib import closing
from decimal import Decimal
from typing import TYPE_CHECKING

from msgspec import Struct

from sapmatch.model.errors import Problem
from sapmatch.model.invoice import Box, Invoice
from sapmatch.pages.nouns import Page
from sapmatch.pages.textlayer import text_lines
from sapmatch.reading.arithmetic import close, smallest
from sapmatch.reading.findings import Findings
from sapmatch.reading.limits import ReadLimits
from sapmatch.reading.printed.dates import find_dates
from sapmatch.reading.slip import Slip, key

if TYPE_CHECKING:
    from pypdfium2 import PdfPage

_RATE = re.compile(r"(?<![\d.,])(\d{1,2}(?:[.,]\d{1,2})?)\s?%")
_HIDDEN = 3  # text rendering mode "neither fill nor stroke" (ISO 32000-1, table 106)
_UNMAPPED = 0.1  # share of characters for which a font does not say what they mean
_SAMPLE = 2000  # characters
_DEEP = 3  # forms inside of forms
_SIDE = 1200  # pixels of a page on which ink is looked for
_INK = 40  # of 255, between the lightest and the darkest pixel of a word


class Layer(Struct, frozen=True):
    """The pages whose text is what is printed, and how many pages are `pictures`."""

    pages: tuple[Page, ...]
    pictures: int


def text_layer(data: bytes, limits: ReadLimits) -> Layer:
    """The text of a PDF that opens; a page without anything on it is neither text nor picture."""
    import pypdfium2

    pages: list[Page] = []
    pictures = 0
    with closing(pypdfium2.PdfDocument(data)) as document:
        for index in range(len(document)):
            with closing(document[index]) as page:
                lines = text_lines(page) if _believed(page, limits) else ()
                if lines:
                    pages.append(Page(number=index + 1, lines=lines))
                else:
                    pictures += next(iter(page.get_objects(max_depth=1)), None) is not None
    return Layer(tuple(pages), pictures)


def _believed(page: "PdfPage", limits: ReadLimits) -> bool:
    """Whether fonts say what they show, and no text is hidden as OCR puts it over a scan."""
    import pypdfium2.raw as pdfium

    if min(page.get_size()) < 1:
        return False
    with closing(page.get_textpage()) as layer:
        count = layer.count_chars()
        sample = range(min(count, _SAMPLE))
        unmapped = sum(pdfium.FPDFText_HasUnicodeMapError(layer, index) == 1 for index in sample)
    if not 0 < count <= limits.max_page_text or unmapped > _UNMAPPED * len(sample):
        return False
    texts = page.get_objects([pdfium.FPDF_PAGEOBJ_TEXT], _DEEP)
    return all(pdfium.FPDFTextObj_GetTextRenderMode(text) != _HIDDEN for text in texts)


def unproven(invoice: Invoice, found: Findings) -> list[Problem]:
    """What keeps the text layer from being believed without a look at the pixels.

    The sums must prove each other: net and tax make the total, and the lines (without any, the tax
    rate) make the net amount; nothing else may be called the number or the date. Whether the sums
    contradict each other is asked of every invoice (`verdict.judged`).
    """
    return [
        Problem(code="NEEDS_REVIEW", message=f"{message}: compare it with the page.", field=field)
        for field, message in _doubts(invoice, found)
    ]


def _doubts(invoice: Invoice, found: Findings) -> Iterator[tuple[str, str]]:
    """Beside sums that contradict each other, which are no matter of the text layer."""
    if not _is_summed(invoice) or "total" not in found.evidence:
        yield "total", "Net, tax and total do not prove each other"
    elif not invoice.tax and any(_rates(found)):
        yield "tax", "A rate is printed, and no tax"
    elif not _net_is_made(invoice, found):
        yield "net", "Neither lines nor a tax rate prove the net amount"
    for field, kind in (("number", "INVOICE_RECEIPT_ID"), ("issue_date", "INVOICE_RECEIPT_DATE")):
        values = _values(found, kind)
        if len(values) > 1:
            yield field, "Several values may be meant here"
        elif not values and not (field == "issue_date" and is_only_date(found.slip)):
            yield field, "No label says that this is the value"


def _is_summed(invoice: Invoice) -> bool:
    """Whether net and tax make the total, or the net amount is the total and there is no tax."""
    if invoice.net is None or invoice.total is None:
        return False
    return close(invoice.net + (invoice.tax or 0), invoice.total, smallest(invoice.currency))


def _net_is_made(invoice: Invoice, found: Findings) -> bool:
    if _rows_make_net(invoice):
        return True
    if invoice.lines:
        return all(line.net is not None for line in invoice.lines)  # their sum is no contradiction
    return bool(invoice.tax) and any(_gives(invoice, rate) for rate in _rates(found))


def _rows_make_net(invoice: Invoice) -> bool:
    """Whether the tax breakdown gives every rate, its tax, and all that is taxed (BR-CO-14)."""
    unit = smallest(invoice.currency)
    exact = all(
        row.rate is not None and close(row.basis * row.rate / 100, row.amount, unit)
        for row in invoice.taxes
    )
    basis = sum((row.basis for row in invoice.taxes), Decimal(0))
    return bool(invoice.tax) and exact and close(basis, invoice.net or Decimal(0), unit)


def _gives(invoice: Invoice, rate: Decimal) -> bool:
    net, tax = invoice.net or Decimal(0), invoice.tax or Decimal(0)
    return close(net * rate / 100, tax, smallest(invoice.currency))


def _rates(found: Findings) -> set[Decimal]:
    """Percentages on the pages."""
    texts = found.slip.lines if found.slip else ()
    return {
        Decimal(rate.replace(",", ".")) for text in texts for rate in _RATE.findall(text[:_SAMPLE])
    }


def is_only_date(slip: Slip | None) -> bool:
    """Whether no other day is printed that could be meant."""
    lines = slip.lines if slip else ()
    days = {(day.value, day.other) for line in lines for day in find_dates(line[:_SAMPLE])}
    return len(days) == 1


def _values(found: Findings, kind: str) -> set[str]:
    """What the surest labelled fields of a type say, without notation."""
    fields = [field for field in found.slip.of(kind) if field.label] if found.slip else []
    best = max((field.confidence for field in fields), default=0.0)
    return {key(field.text) for field in fields if field.confidence >= best}


def shown(data: bytes, found: Findings) -> bool:
    """Whether ink stands where every value was found: white text says nothing to people."""
    import pypdfium2

    places: dict[int, list[Box]] = {}
    for evidence in found.evidence.values():
        if evidence.page and evidence.box:
            places.setdefault(evidence.page, []).append(evidence.box)
    with closing(pypdfium2.PdfDocument(data)) as document:
        for number, boxes in places.items():
            with closing(document[number - 1]) as page:
                if not _all_inked(page, boxes):
                    return False
    return True


def _all_inked(page: "PdfPage", boxes: Sequence[Box]) -> bool:
    bitmap = page.render(scale=min(2.0, _SIDE / max(page.get_size())), grayscale=True)
    pixels, stride = bytes(bitmap.buffer), bitmap.stride
    return all(_inked(pixels, stride, bitmap.width, bitmap.height, box) for box in boxes)


def _inked(pixels: bytes, stride: int, width: int, height: int, box: Box) -> bool:
    left, top, wide, high = box
    first, last = max(0, int(left * width)), min(width, int((left + wide) * width) + 1)
    rows = range(max(0, int(top * height)), min(height, int((top + high) * height) + 1))
    strips = [pixels[row * stride + first : row * stride + last] for row in rows]
    seen = [pixel for strip in strips if strip for pixel in (min(strip), max(strip))]
    return bool(seen) and max(seen) - min(seen) >= _INK
