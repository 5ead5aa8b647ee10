"""AnalyzeExpense answers as plain values: fields, lines and text of the pages of one invoice."""

import math
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from msgspec import Struct

from sapmatch.model.intent import Record
from sapmatch.model.invoice import Evidence

_CAP = 0.99  # an engine is never as sure as an XML
_FREE_TEXT = 0.8  # raw score of what an engine has no name for
_MAX_FIELDS = 20_000  # of one answer
_MAX_TEXT = 2000  # characters of one value
_MAX_PAGE = 10_000


class Seen(Struct, frozen=True, kw_only=True):
    """One printed value; `confidence` from 0 to 1, `evidence` its page and box."""

    type: str
    text: str
    label: str = ""
    confidence: float
    evidence: Evidence | None = None
    currency: str | None = None  # the engine's opinion, with its confidence from 0 to 1
    currency_confidence: float = 0
    groups: frozenset[str] = frozenset()  # VENDOR, RECEIVER_BILL_TO, ... of GroupProperties


class Slip(Struct, frozen=True, kw_only=True):
    """What an engine saw of one invoice."""

    fields: tuple[Seen, ...]
    rows: tuple[tuple[Seen, ...], ...]  # line items
    lines: tuple[str, ...]  # all text, where the engine gives it
    pages: tuple[int, ...] = ()
    places: tuple[Evidence | None, ...] = ()  # of the lines

    @property
    def printed(self) -> list[Seen]:
        """The lines as values without a name, each with its place."""
        places = self.places or (None,) * len(self.lines)
        shown = zip(self.lines, places, strict=True)
        return [
            Seen(type="LINE", text=text, confidence=_FREE_TEXT, evidence=place)
            for text, place in shown
        ]

    def of(self, *types: str) -> list[Seen]:
        """Fields of these types, the surest first."""
        found = [field for field in self.fields if field.type in types]
        return sorted(found, key=lambda field: -field.confidence)

    def best(self, *types: str) -> Seen | None:
        """The surest field of the first type that there is."""
        return next((found[0] for wanted in types if (found := self.of(wanted))), None)


def slip_of(answer: Any, index: int) -> Slip:
    """One ExpenseDocument: Textract answers one per page, `index` counting from 1."""
    document = _record(answer)
    rows = [
        tuple(_seen(item.get("LineItemExpenseFields")))
        for group in _records(document.get("LineItemGroups"))
        for item in _records(group.get("LineItems"))
    ]
    blocks = list(filter(_is_line, _records(document.get("Blocks"))))
    texts = [_text(block.get("Text")) for block in blocks]
    fields = tuple(_seen(document.get("SummaryFields")))
    places = [seen.evidence for seen in (*fields, *(seen for row in rows for seen in row))]
    pages = {place.page for place in places if place and place.page}
    numbers = tuple(sorted(pages)) or (_page(document.get("ExpenseIndex")) or index,)
    return Slip(
        fields=fields,
        rows=tuple(row for row in rows if row),
        lines=tuple(texts),
        pages=numbers,
        places=tuple(
            _place(block.get("Page") or numbers[0], block, text)
            for block, text in zip(blocks, texts, strict=True)
        ),
    )


def _is_line(block: Record) -> bool:
    return block.get("BlockType") == "LINE"


def _seen(fields: Any) -> Iterator[Seen]:
    for field in _records(fields):
        value = _record(field.get("ValueDetection"))
        kind = _record(field.get("Type"))
        currency = _record(field.get("Currency"))
        if text := _text(value.get("Text")).strip():
            yield Seen(
                type=_text(kind.get("Text")) or "OTHER",
                text=text,
                label=" ".join(_text(_record(field.get("LabelDetection")).get("Text")).split()),
                confidence=min(_share(kind), _share(value), _CAP),
                evidence=_place(field.get("PageNumber"), value, text),
                currency=_text(currency.get("Code")) or None,
                currency_confidence=_share(currency),
                groups=frozenset(_groups(field)),
            )


def _groups(field: Record) -> Iterator[str]:
    for group in _records(field.get("GroupProperties")):
        types = group.get("Types")
        yield from map(_text, types[:_MAX_PAGE] if isinstance(types, list) else ())


def _share(record: Record) -> float:
    confidence = _number(record.get("Confidence"))
    return min(max((confidence or 0.0) / 100, 0.0), 1.0)


def _place(page: Any, value: Record, text: str) -> Evidence | None:
    number = _page(page)
    if number is None:
        return None
    box = _record(_record(value.get("Geometry")).get("BoundingBox"))
    sides = [_number(box.get(side)) for side in ("Left", "Top", "Width", "Height")]
    shares = [round(side, 4) for side in sides if side is not None]
    if len(shares) < 4:  # old answers lack Geometry
        return Evidence(page=number, text=text)
    return Evidence(page=number, box=(shares[0], shares[1], shares[2], shares[3]), text=text)


def _number(value: Any) -> float | None:
    """A finite number; an answer may hold NaN, truth values and integers of any length."""
    if isinstance(value, bool) or not isinstance(value, int | float) or abs(value) > 1e9:
        return None
    return float(value) if math.isfinite(value) else None


def _page(value: Any) -> int | None:
    number = _number(value)
    return int(number) if number and 1 <= number <= _MAX_PAGE else None


def _text(value: Any) -> str:
    return value[:_MAX_TEXT] if isinstance(value, str) else ""


def _record(value: Any) -> Record:
    return value if isinstance(value, dict) else {}


def _records(values: Any) -> Iterator[Record]:
    items: Iterable[Any] = values[:_MAX_FIELDS] if isinstance(values, list) else ()
    yield from (item for item in items if isinstance(item, dict))


def joined(pages: Sequence[Slip]) -> Slip:
    """All pages as one."""
    return Slip(
        fields=tuple(field for page in pages for field in page.fields),
        rows=tuple(row for page in pages for row in page.rows),
        lines=tuple(line for page in pages for line in page.lines),
        pages=tuple(sorted({number for page in pages for number in page.pages})),
        places=tuple(place for page in pages for place in page.places),
    )


def key(text: str) -> str:
    """Letters and digits only, in one case."""
    return "".join(filter(str.isalnum, text)).casefold()
