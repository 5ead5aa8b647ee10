"""Pages to ExpenseDocuments in the shape that Textract AnalyzeExpense answers."""

import re
from collections.abc import Iterator, Sequence

from sapmatch.model.intent import Record
from sapmatch.pages import layout
from sapmatch.pages.fields import AMOUNTS, Field, summary_fields
from sapmatch.pages.labels import OTHER, REFERENCE, SALES_ORDER
from sapmatch.pages.nouns import Line, Page, Quad
from sapmatch.pages.parties import assigned, party_fields
from sapmatch.pages.prose import payment_fields
from sapmatch.pages.tables import Table, find_tables
from sapmatch.pages.taxes import tax_tables
from sapmatch.pages.values import CODES, values

_GUESS = 50.0
_MOST_LINES = 600  # outside of line items: no invoice has more, and every line looks around it
_SERVICE = {REFERENCE: OTHER, SALES_ORDER: OTHER}  # types that Textract has no name for
_PRICES = AMOUNTS | {"UNIT_PRICE", "PRICE"}
_WHOLE: Quad = ((0.0, 0.0), (1.0, 0.0), (1.0, 1.0), (0.0, 1.0))
_SYMBOLS = {"€": "EUR", "£": "GBP", "$": "USD"}
_CODE = re.compile(rf"(?<![A-Za-z])({CODES})(?![A-Za-z]|-[^\W\d])")


def expense_document(page: Page) -> Record:
    """The ExpenseDocument of one page."""
    tables = find_tables(page.lines)
    used = frozenset(line for table in tables for line in table.lines)
    fields = _fields(page, [line for line in page.lines if line not in used][:_MOST_LINES])
    printed = {code for line in page.lines for code in _CODE.findall(line.text)}
    return {
        "ExpenseIndex": page.number,
        "SummaryFields": [_field(field, page, printed) for field in fields],
        "LineItemGroups": [
            _group(number, table, page, printed) for number, table in enumerate(tables, start=1)
        ],
        "Blocks": list(_blocks(page)),
    }


def _fields(page: Page, outside: Sequence[Line]) -> list[Field]:
    """All fields outside the line items, a VAT id twice as Textract gives it."""
    taxes, used = tax_tables(outside)
    plain = [line for line in outside if line not in used]
    fields = [*summary_fields(plain), *taxes, *_parties(page, outside)]
    known = {field.value.text for field in fields}
    fields += [field for field in payment_fields(outside) if field.value.text not in known]
    fields = list(assigned(fields, outside))
    fields += _undated(outside, fields)
    return fields + [_copy(field) for field in fields if field.type == "VENDOR_VAT_NUMBER"]


def _parties(page: Page, outside: Sequence[Line]) -> list[Field]:
    bottom = max((line.box.bottom for line in page.lines), default=0.0)
    return party_fields(outside, bottom=bottom)


def _undated(lines: Sequence[Line], fields: Sequence[Field]) -> Iterator[Field]:
    """Where no date is called the invoice's: the first that nothing else is, else any."""
    if any(field.type == "INVOICE_RECEIPT_DATE" for field in fields):
        return
    taken = {field.value.text for field in fields}
    days = [day for line in lines for day in values("date", line.words)]
    free = [day for day in days if day.text not in taken]
    for day in (free or days)[:1]:
        sure = _GUESS if free else _GUESS / 2
        yield Field(type="INVOICE_RECEIPT_DATE", value=day, confidence=sure)


def _copy(field: Field) -> Field:
    """Textract gives a VAT id twice."""
    return Field(
        type="TAX_PAYER_ID",
        value=field.value,
        label=field.label,
        confidence=field.confidence,
    )


def _group(number: int, table: Table, page: Page, printed: set[str]) -> Record:
    return {
        "LineItemGroupIndex": number,
        "LineItems": [
            {"LineItemExpenseFields": [_field(field, page, printed) for field in item]}
            for item in table.items
        ],
    }


def _field(field: Field, page: Page, printed: set[str]) -> Record:
    record: Record = {
        "Type": {"Text": _SERVICE.get(field.type, field.type), "Confidence": field.confidence},
        "ValueDetection": _detection(field.value),
        "PageNumber": page.number,
    }
    if field.label is not None:
        record["LabelDetection"] = _detection(field.label)
    if field.type in _PRICES and (code := _currency(field, printed)):
        record["Currency"] = code
    return record


def _currency(field: Field, printed: set[str]) -> Record | None:
    """A code printed beside the amount is sure, the page's only code nearly, a sign is a guess."""
    near = field.value.text + " " + (field.label.text if field.label else "")
    if code := _CODE.search(near):
        return {"Code": code.group(), "Confidence": 95.0}
    sign = next((_SYMBOLS[char] for char in near if char in _SYMBOLS), None)
    if len(printed) == 1 and sign in (None, "USD"):
        return {"Code": next(iter(printed)), "Confidence": 80.0}
    if sign:
        return {"Code": sign, "Confidence": 60.0 if sign == "USD" else 95.0}
    return None


def _detection(line: Line) -> Record:
    return {
        "Text": _text(line),
        "Confidence": line.confidence,
        "Geometry": _geometry([word.quad for word in line.words]),
    }


def _text(line: Line) -> str:
    """Words with blanks, rows of words with line ends."""
    return "\n".join(" ".join(word.text for word in row) for row in layout.rows(line.words))


def _geometry(quads: Sequence[Quad]) -> Record:
    """The box around the quads in shares of the page; a single quad is kept as the polygon."""
    columns, rows = zip(*(point for quad in quads for point in quad), strict=True)
    left, right, top, bottom = min(columns), max(columns), min(rows), max(rows)
    corners = ((left, top), (right, top), (right, bottom), (left, bottom))
    polygon = quads[0] if len(quads) == 1 else corners
    return {
        "BoundingBox": {"Left": left, "Top": top, "Width": right - left, "Height": bottom - top},
        "Polygon": [{"X": x, "Y": y} for x, y in polygon],
    }


def _blocks(page: Page) -> Iterator[Record]:
    """PAGE, LINE and WORD blocks as of DetectDocumentText."""
    ids = [f"page-{page.number}-line-{index}" for index in range(len(page.lines))]
    yield _block("PAGE", f"page-{page.number}", page, [_WHOLE], children=ids)
    for line_id, line in zip(ids, page.lines, strict=True):
        words = {f"{line_id}-word-{index}": word for index, word in enumerate(line.words)}
        quads = [word.quad for word in line.words]
        said = {"Text": line.text, "Confidence": line.confidence}
        yield _block("LINE", line_id, page, quads, children=list(words)) | said
        for word_id, word in words.items():
            said = {"Text": word.text, "Confidence": word.confidence, "TextType": "PRINTED"}
            yield _block("WORD", word_id, page, [word.quad], children=[]) | said


def _block(
    type: str, id: str, page: Page, quads: Sequence[Quad], *, children: Sequence[str]
) -> Record:
    block: Record = {
        "BlockType": type,
        "Id": id,
        "Page": page.number,
        "Geometry": _geometry(quads),
    }
    if children:
        block["Relationships"] = [{"Type": "CHILD", "Ids": list(children)}]
    return block
