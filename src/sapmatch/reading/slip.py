"""AnalyzeExpense answers as plain values: fields, lines and text, pages of one invoice together."""

import re
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from msgspec import Struct

from sapmatch.model.intent import Record
from sapmatch.model.invoice import Evidence

_CAP = 0.99  # an engine is never as sure as an XML
_MAX_FIELDS = 20_000  # of one answer


class Seen(Struct, frozen=True, kw_only=True):
    """One printed value; `confidence` from 0 to 1, `evidence` its page and box."""

    type: str
    text: str
    label: str = ""
    confidence: float
    evidence: Evidence | None = None
    currency: str | None = None  # the engine's opinion, with its confidence from 0 to 1
    currency_confidence: float = 0


class Slip(Struct, frozen=True, kw_only=True):
    """What an engine saw of one invoice."""

    fields: tuple[Seen, ...]
    rows: tuple[tuple[Seen, ...], ...]  # line items
    lines: tuple[str, ...]  # all text, where the engine gives it

    def of(self, *types: str) -> list[Seen]:
        """Fields of these types, the surest first."""
        found = [field for field in self.fields if field.type in types]
        return sorted(found, key=lambda field: -field.confidence)

    def best(self, *types: str) -> Seen | None:
        """The surest field of the first type that there is."""
        return next((found[0] for wanted in types if (found := self.of(wanted))), None)


def slips(documents: Sequence[Record]) -> list[Slip]:
    """One slip per invoice number: a page without a number belongs to the one before it.

    Textract answers one ExpenseDocument per page, each repeating the number.
    """
    merged: list[Slip] = []
    numbers: list[str | None] = []
    for slip in map(_slip, documents):
        number = _number(slip)
        if merged and (number is None or numbers[-1] in (None, number)):
            merged[-1] = _joined(merged[-1], slip)
            numbers[-1] = numbers[-1] or number
        else:
            merged.append(slip)
            numbers.append(number)
    return merged


def _number(slip: Slip) -> str | None:
    found = slip.best("INVOICE_RECEIPT_ID")
    return re.sub(r"[\W_]", "", found.text).casefold() if found else None


def _joined(first: Slip, second: Slip) -> Slip:
    return Slip(
        fields=first.fields + second.fields,
        rows=first.rows + second.rows,
        lines=first.lines + second.lines,
    )


def _slip(document: Record) -> Slip:
    rows = (
        tuple(_seen(item.get("LineItemExpenseFields")))
        for group in _records(document.get("LineItemGroups"))
        for item in _records(group.get("LineItems"))
    )
    return Slip(
        fields=tuple(_seen(document.get("SummaryFields"))),
        rows=tuple(row for row in rows if row),
        lines=tuple(
            str(block.get("Text") or "")
            for block in _records(document.get("Blocks"))
            if block.get("BlockType") == "LINE"
        ),
    )


def _seen(fields: Any) -> Iterator[Seen]:
    for field in _records(fields):
        value = _record(field.get("ValueDetection"))
        kind = _record(field.get("Type"))
        currency = _record(field.get("Currency"))
        text = str(value.get("Text") or "").strip()
        if text:
            yield Seen(
                type=str(kind.get("Text") or "OTHER"),
                text=text,
                label=_flat(_record(field.get("LabelDetection")).get("Text")),
                confidence=min(_share(kind), _share(value), _CAP),
                evidence=_place(field.get("PageNumber"), value),
                currency=currency.get("Code"),
                currency_confidence=_share(currency),
            )


def _share(record: Record) -> float:
    confidence = record.get("Confidence")
    return float(confidence) / 100 if isinstance(confidence, int | float) else 0.0


def _place(page: Any, value: Record) -> Evidence | None:
    box = _record(_record(value.get("Geometry")).get("BoundingBox"))
    sides = [box.get(side) for side in ("Left", "Top", "Width", "Height")]
    shares = [round(float(side), 4) for side in sides if isinstance(side, int | float)]
    if not isinstance(page, int):
        return None
    text = str(value.get("Text") or "").strip()
    if len(shares) < 4:
        return Evidence(page=page, text=text)
    return Evidence(page=page, box=(shares[0], shares[1], shares[2], shares[3]), text=text)


def _flat(text: Any) -> str:
    return " ".join(str(text or "").split())


def _record(value: Any) -> Record:
    return value if isinstance(value, dict) else {}


def _records(values: Any) -> Iterator[Record]:
    items: Iterable[Any] = values[:_MAX_FIELDS] if isinstance(values, list) else ()
    yield from (item for item in items if isinstance(item, dict))
