"""Labels and their values: the summary fields of one page.

A value stands behind its label in the same line, to the right of it, or below it; where it stands
is tried in this order, and what it looks like decides.
"""

import math
from collections.abc import Iterator, Sequence, Set
from itertools import takewhile

from msgspec import Struct

from sapmatch.pages import labels, layout, values
from sapmatch.pages.nouns import Box, Line, Word

SHAPES: dict[str, values.Shape] = {
    "INVOICE_RECEIPT_ID": "id",
    "INVOICE_RECEIPT_DATE": "date",
    "DUE_DATE": "date",
    "DELIVERY_DATE": "date",
    "ORDER_DATE": "date",
    "PO_NUMBER": "id",
    "CUSTOMER_NUMBER": "id",
    "ACCOUNT_NUMBER": "id",
    "PAYMENT_TERMS": "text",
    "SUBTOTAL": "amount",
    "TAX": "amount",
    "TOTAL": "amount",
    "AMOUNT_DUE": "amount",
    "AMOUNT_PAID": "amount",
    "PRIOR_BALANCE": "amount",
    "DISCOUNT": "amount",
    "SHIPPING_HANDLING_CHARGE": "amount",
    "SERVICE_CHARGE": "amount",
    "VENDOR_NAME": "name",
    "RECEIVER_NAME": "name",
    "RECEIVER_ADDRESS": "name",
    "VENDOR_VAT_NUMBER": "tax-id",
    "RECEIVER_VAT_NUMBER": "tax-id",
    "VENDOR_GST_NUMBER": "tax-id",
    "VENDOR_ABN_NUMBER": "tax-id",
    "TAX_PAYER_ID": "tax-id",
    labels.OTHER: "text",
}
AMOUNTS = frozenset(kind for kind, shape in SHAPES.items() if shape == "amount")
_FIRST = frozenset({"SUBTOTAL", *(SHAPES.keys() - AMOUNTS)})  # of several values the first is meant
_COLUMN = 6  # rows of a small table of sums
_SURE, _WEAK = 95.0, 75.0
_BELOW, _VAGUE = 0.9, 0.7
_NEAR = 3  # lines below a label that may hold its value


class Field(Struct, frozen=True, kw_only=True):
    """One summary field or cell; `confidence` 0..100 is that of the type, not of the text."""

    type: str
    value: Line
    label: Line | None = None
    confidence: float


class Labelled(Struct, frozen=True, kw_only=True):
    """A label in a line and the words behind it up to the next label."""

    type: str
    label: Line
    rest: tuple[Word, ...]
    beside: Line | None  # the line, where the label is its last one: others may follow to the right
    confidence: float


def summary_fields(lines: Sequence[Line]) -> list[Field]:
    """Fields with a printed label, from top to bottom."""
    cut = [layout.unglued(line) for line in lines]
    found = [(line, labelled_parts(line)) for line in cut]
    labelled = [part for _, parts in found for part in parts]
    marked = {line for line, parts in found if parts}
    fields = {part: _beside(part, cut, marked) for part in labelled}
    taken = {field.value.words[0] for field in fields.values() if field}
    free = [line for line in cut if line not in marked and line.words[0] not in taken]
    for part, field in fields.items():
        if field is None and part.type != labels.OTHER:
            fields[part] = _below(part, free)
    return [field for field in fields.values() if field]


def labelled_parts(line: Line) -> list[Labelled]:
    """The labels of a line: one at its start, and those further on that end with a colon."""
    texts = [word.text for word in line.words]
    found: list[labels.Label] = []
    at = first = next((i for i, text in enumerate(texts) if not labels.is_lead(text)), len(texts))
    while at < len(texts):
        label = labels.find(texts, at, labels.summary_types())
        if label and _is_label(texts, label, first):
            found.append(label)
            at = label.end
        else:
            at += 1
    return _parts(line, found or _other(texts, first))


def _is_label(texts: Sequence[str], label: labels.Label, first: int) -> bool:
    """Whether the words are a label here, and not `Lieferant GmbH` or a word in a sentence."""
    inner = label.begin > first
    if inner and labels.is_qualifier(texts[label.begin - 1]):
        return False
    if texts[label.end - 1].endswith((":", "#")) or texts[label.end : label.end + 1] == [":"]:
        return True
    return not inner and (SHAPES[label.type] != "name" or label.end == len(texts))


def _other(texts: Sequence[str], first: int) -> list[labels.Label]:
    """A label that is in no vocabulary: a few words up to a colon."""
    for end in range(first + 1, min(first + 4, len(texts)) + 1):
        if texts[end - 1].endswith(":") and labels.normal("".join(texts[first:end])):
            return [labels.Label(labels.OTHER, first, end, weak=False)]
    return []


def _parts(line: Line, found: Sequence[labels.Label]) -> list[Labelled]:
    ends = [*(label.begin for label in found[1:]), len(line.words)][: len(found)]
    return [
        Labelled(
            type=_meaning(label, line.words[label.end : end]),
            label=Line(line.words[label.begin : label.end]),
            rest=line.words[label.end : end],
            beside=line if end == len(line.words) else None,
            confidence=_WEAK if label.weak else _SURE,
        )
        for label, end in zip(found, ends, strict=True)
    ]


def _meaning(label: labels.Label, rest: Sequence[Word]) -> str:
    """The label's type in the light of what follows: `TVA: FR11999999998` names no sum."""
    if label.type == "TAX" and any(value.text[:2].isalpha() for value in values.tax_id(rest)):
        return "VENDOR_VAT_NUMBER"
    return labels.qualified(label.type, [word.text for word in rest])


def _beside(part: Labelled, lines: Sequence[Line], marked: Set[Line]) -> Field | None:
    """The value behind the label in its line, or in the lines to the right of it."""
    own = values.values(SHAPES[part.type], part.rest, alone=True)
    if part.beside is None or (own and part.type not in AMOUNTS):
        return _field(part, own) if own else None
    behind = layout.right_of(part.beside.box, lines)
    right = list(takewhile(lambda line: line not in marked, behind))
    if part.type not in AMOUNTS:
        right = [line for line in right if len(labels.normal(line.text)) > 1][:1]
    found = [
        value
        for line in right
        for value in values.values(SHAPES[part.type], line.words, alone=True)
    ]
    return _field(part, found or own) if found or own else None


def _below(part: Labelled, free: Sequence[Line]) -> Field | None:
    """The first fitting value in the column under the label; of amounts the last, their sum."""
    found: list[Line] = []
    at = part.label.box
    for line in layout.below(at, free)[:_NEAR] if part.type not in AMOUNTS else _column(at, free):
        found += values.values(SHAPES[part.type], line.words, alone=True)
    return _field(part, found if part.type in AMOUNTS else found[:1], _BELOW) if found else None


def _column(box: Box, free: Sequence[Line]) -> Iterator[Line]:
    """Lines under the box, each close to the one before."""
    for _ in range(_COLUMN):
        under = layout.below(box, free)
        if not under:
            return
        yield under[0]
        box = under[0].box


def _field(part: Labelled, found: Sequence[Line], factor: float = 1.0) -> Field:
    value = found[0] if part.type in _FIRST else found[-1]
    if part.type in AMOUNTS and _more_words(part.rest):
        factor *= _VAGUE
    label = _whole_label(part, value)
    return Field(type=part.type, value=value, label=label, confidence=part.confidence * factor)


def _whole_label(part: Labelled, value: Line) -> Line:
    """The label with the words between it and its value: `Total CHF`."""
    same_line = value.box.overlap_y(part.label.box) > 0
    begin = value.box.left if same_line else math.inf
    return Line(part.label.words + tuple(w for w in part.rest if w.box.right <= begin))


def _more_words(rest: Sequence[Word]) -> bool:
    """Whether a label goes on in words we do not know: `Total 0% supplies` is no total."""
    plain = "".join(word.text for word in rest if not word.text.isupper())
    return sum(char.isalpha() for char in plain) > 3
