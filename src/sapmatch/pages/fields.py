"""Labels and their values: the summary fields of one page.

A value stands behind its label in the same line, to the right of it, or below it; where it stands
is tried in this order, and what it looks like decides. Names are found in `parties`.
"""

import math
import re
from collections.abc import Iterator, Mapping, Sequence, Set
from itertools import takewhile

from msgspec import Struct
from msgspec.structs import replace

from sapmatch.pages import labels, layout, sumnames, values
from sapmatch.pages.nouns import Box, Line, Word

SHAPES: dict[str, values.Shape] = {
    "INVOICE_RECEIPT_ID": "id",
    "INVOICE_RECEIPT_DATE": "date",
    "DUE_DATE": "date",
    "DELIVERY_DATE": "date",
    "ORDER_DATE": "date",
    "PO_NUMBER": "id",
    labels.SALES_ORDER: "id",
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
    "GRATUITY": "amount",
    "VENDOR_NAME": "name",
    "RECEIVER_NAME": "name",
    "RECEIVER_ADDRESS": "name",
    "VENDOR_VAT_NUMBER": "tax-id",
    "RECEIVER_VAT_NUMBER": "tax-id",
    "VENDOR_GST_NUMBER": "tax-id",
    "VENDOR_ABN_NUMBER": "tax-id",
    "TAX_PAYER_ID": "tax-id",
    labels.REFERENCE: "text",
    labels.OTHER: "text",
}
AMOUNTS = frozenset(kind for kind, shape in SHAPES.items() if shape == "amount")
NAMES = frozenset(kind for kind, shape in SHAPES.items() if shape == "name")
TAX_IDS = frozenset(kind for kind, shape in SHAPES.items() if shape == "tax-id")
_PLAIN = frozenset({labels.OTHER, labels.REFERENCE})  # their values stand beside them or nowhere
_COLUMN = 8  # rows of a small table of sums
_SURE, _WEAK = 95.0, 75.0
_BELOW, _VAGUE = 0.9, 0.7
_PREPOSITIONS = frozenset("de di da do del d of von van per til for".split())
_COUNTRIES = (
    r"(?:AT|BE|BG|CHE|CY|CZ|DE|DK|EE|EL|ES|FI|FR|GB|HR|HU|IE|IT|LT|LU|LV|MT|NL|NO|PL|PT|RO|SE|SI|SK"
    r"|XI)"
)
_COUNTRY = re.compile(_COUNTRIES)
_VAT_ID = re.compile(_COUNTRIES + r"[ -]?[A-Z]?\d[\dA-Z. -]{5,14}")
_ACCOUNTS = frozenset({"iban", "konto", "kontonr", "bank", "account"})
_TILL_TOTAL = ("nettotal", "netttotal")  # on till slips it includes the tax
_NEAR = 3  # lines below a label that may hold its value
_MARGIN = 0.6  # heights that two lines of one label may start apart


class Field(Struct, frozen=True, kw_only=True):
    """One summary field or cell; `confidence` 0..100 is that of the type, not of the text."""

    type: str
    value: Line
    label: Line | None = None
    confidence: float

    @property
    def label_text(self) -> str:
        """The label as printed, nothing where there is none."""
        return self.label.text if self.label else ""


class Labelled(Struct, frozen=True, kw_only=True):
    """A label in a line and the words behind it up to the next label."""

    type: str
    label: Line
    rest: tuple[Word, ...]
    beside: Line | None  # the line, where the label is its last one: others may follow to the right
    confidence: float


def summary_fields(lines: Sequence[Line]) -> list[Field]:
    """Fields with a printed label, from top to bottom; parties are not among them."""
    cut, found = labelled_lines(lines)
    marked = {line for line, parts in found.items() if parts}
    parts = [part for found_parts in found.values() for part in found_parts]
    parts = [part for part in parts if part.type not in NAMES]
    fields = {part: _beside(part, cut, marked) for part in parts}
    taken = {field.value.words[0] for several in fields.values() for field in several}
    free = [line for line in cut if line not in marked and line.words[0] not in taken]
    for part, several in fields.items():
        if not several and part.type not in _PLAIN:
            fields[part] = _below(part, free)
    return [field for several in fields.values() for field in several]


def labelled_lines(lines: Sequence[Line]) -> tuple[list[Line], Mapping[Line, list[Labelled]]]:
    """The lines with glued labels cut off and stacked labels joined; and what they name."""
    cut = list(_joined([layout.unglued(line) for line in lines]))
    return cut, {line: labelled_parts(line) for line in cut}


def _joined(lines: Sequence[Line]) -> Iterator[Line]:
    """A label that is printed in two lines, `Invoice` over `Number`, becomes one."""
    below = {}
    for upper in lines:
        under = layout.below(upper.box, lines)[:1] if _is_short(upper) else []
        if not under or not _is_short(under[0]) or not _is_stacked(upper, under[0]):
            continue
        if not any(_has_number(line, lines) for line in (upper, under[0])):
            below[upper] = under[0]
    used = set(below.values())
    for line in lines:
        if line in below and line not in used:
            yield Line(line.words + below[line].words)
        elif line not in used:
            yield line


def _has_number(line: Line, lines: Sequence[Line]) -> bool:
    """Whether a number stands to the right: a label with its value."""
    right = layout.right_of(line.box, lines)[:1]
    return any(char.isdigit() for other in right for char in other.text)


def _is_short(line: Line) -> bool:
    return len(line.words) <= 3 and not any(char.isdigit() for char in line.text)


def _is_stacked(upper: Line, lower: Line) -> bool:
    height = upper.box.height
    aligned = abs(upper.box.left - lower.box.left) <= _MARGIN * height
    if not aligned or lower.box.top - upper.box.bottom > height:
        return False
    texts = [word.text for word in upper.words + lower.words]
    whole, under = label_at(texts, 0), label_at(texts, len(upper.words))
    covered = whole is not None and whole.end == len(texts) and not whole.weak
    open_ended = labels.normal(upper.words[-1].text) in _PREPOSITIONS
    return covered and (under is None or under.weak or open_ended)


def labelled_parts(line: Line) -> list[Labelled]:
    """The labels of a line: one at its start, and those further on that end with a colon."""
    texts = [word.text for word in line.words]
    found: list[labels.Label] = []
    at = first = _first(texts)
    while at < len(texts):
        label = label_at(texts, at)
        if label and _is_label(texts, label, first):
            found.append(label)
            at = label.end
        else:
            at += 1
    return _parts(line, found or _other(texts, first))


def _first(texts: Sequence[str]) -> int:
    """Where the first label may start: behind bullets, `zzgl.`, and `Ihre` of `Ihre USt-IdNr.`"""
    first = next((i for i, text in enumerate(texts) if not labels.is_lead(text)), len(texts))
    if texts[first : first + 1] and _COUNTRY.fullmatch(texts[first]):
        tax = labels.find(texts, first + 1, labels.summary_types)
        return first + 1 if tax and tax.type in ("TAX", *TAX_IDS) else first
    possessive = first + 1 < len(texts) and labels.is_buyers(texts[first])
    return first + 1 if possessive and not label_at(texts, first) else first


def label_at(texts: Sequence[str], at: int) -> labels.Label | None:
    """The longest label at a word: one of the vocabulary, or a sum named in other words."""
    known = labels.find(texts, at, labels.summary_types)
    composed = sumnames.compose(texts, at)
    found = composed if composed and (known is None or composed.end > known.end) else known
    if composed and known and sumnames.is_filling(texts[known.end : composed.end]):
        found = replace(known, end=max(known.end, composed.end))  # `Celkem s DPH CZK`
    if found and texts[found.end : found.end + 1] == ["/"]:
        second = label_at(texts, found.end + 1)
        found = replace(found, end=second.end) if second else found
    return found


def _is_label(texts: Sequence[str], label: labels.Label, first: int) -> bool:
    """Whether the words are a label here, and not `Lieferant GmbH` or a word in a sentence."""
    start = label.begin <= first
    inside = "".join(texts[label.begin : label.end])
    if not start and (inside.count(")") > inside.count("(") or (label.weak and _names(label))):
        return False
    if texts[label.end - 1].endswith((":", "#")) or texts[label.end : label.end + 1] == [":"]:
        return True
    if label.type in TAX_IDS and _VAT_ID.match(" ".join(texts[label.end : label.end + 4])):
        return True
    return start and (SHAPES[label.type] != "name" or label.end == len(texts))


def _names(label: labels.Label) -> bool:
    return SHAPES[label.type] == "name"


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
            type=_meaning(label, line, end),
            label=Line(line.words[label.begin : label.end]),
            rest=line.words[label.end : end],
            beside=line if end == len(line.words) else None,
            confidence=_WEAK if label.weak else _SURE,
        )
        for label, end in zip(found, ends, strict=True)
    ]


def _meaning(label: labels.Label, line: Line, end: int) -> str:
    """The label's type in the light of its neighbours: `TVA: FR11999999998` names no sum."""
    kind = label.type
    before, rest = line.words[: label.begin], line.words[label.end : end]
    key = labels.normal("".join(word.text for word in line.words[label.begin : label.end]))
    named = kind == labels.OTHER and key not in _ACCOUNTS
    if named and _VAT_ID.fullmatch(Line(rest).text if rest else ""):
        return "VENDOR_VAT_NUMBER"
    if kind == "TAX" and key.endswith("%") and not any(char.isdigit() for char in key):
        return labels.REFERENCE  # `MwSt-%` is a rate
    if kind == "TAX" and any(value.text[:2].isalpha() for value in values.tax_id(rest)):
        kind = "VENDOR_VAT_NUMBER"
    near = [word.text for word in (*before[-1:], *rest[:1])]
    if kind == "VENDOR_VAT_NUMBER" and any(map(labels.is_buyers, near)):
        return "RECEIVER_VAT_NUMBER"
    return kind


def _beside(part: Labelled, lines: Sequence[Line], marked: Set[Line]) -> list[Field]:
    """The value behind the label in its line, or in the lines to the right of it."""
    own = values.values(SHAPES[part.type], part.rest, alone=True)
    if part.beside is None or (own and part.type not in AMOUNTS):
        return _fields(part, own)
    behind = layout.right_of(part.beside.box, lines)
    right = list(takewhile(lambda line: line not in marked, behind))
    if part.type not in AMOUNTS:
        right = [line for line in right if len(labels.normal(line.text)) > 1][:1]
    found = [
        value
        for line in right
        for value in values.values(SHAPES[part.type], line.words, alone=True)
    ]
    return _fields(part, found or own, behind=_line_of(found, right))


def _line_of(found: Sequence[Line], lines: Sequence[Line]) -> Sequence[Word]:
    """The words of the line that a value stands in: `90012345 / 12.03.2024` holds two."""
    box = found[0].box if found else None
    return next(
        (
            line.words
            for line in lines
            if box
            and line.words[0].box.left <= box.left
            and line.box.right >= box.right
            and line.box.middle == box.middle
        ),
        (),
    )


def _below(part: Labelled, free: Sequence[Line]) -> list[Field]:
    """The first fitting value in the column under the label; of amounts the last is their sum."""
    found: list[Line] = []
    at = part.label.box
    for line in layout.below(at, free)[:_NEAR] if part.type not in AMOUNTS else _column(at, free):
        found += values.values(SHAPES[part.type], line.words, alone=True)
    if part.type not in AMOUNTS:
        return _fields(part, found[:1], _BELOW, _line_of(found[:1], free))
    return [
        _field(part, value, _BELOW if value is found[-1] else _BELOW * _VAGUE) for value in found
    ]


def _column(box: Box, free: Sequence[Line]) -> Iterator[Line]:
    """Lines under the box, each close to the one before."""
    for _ in range(_COLUMN):
        under = layout.below(box, free)
        if not under:
            return
        yield under[0]
        box = under[0].box


def _fields(
    part: Labelled, found: Sequence[Line], factor: float = 1.0, behind: Sequence[Word] = ()
) -> list[Field]:
    """The first value, of amounts the last; and a date behind the number of the invoice."""
    if not found:
        return []
    fields = [_field(part, found[-1] if part.type in AMOUNTS else found[0], factor)]
    if part.type in ("SUBTOTAL", "TAX") and len(found) == 2 and "%" in fields[0].label_text:
        shares = zip(("SUBTOTAL", "TAX"), found, strict=True)
        return [_field(part, value, factor * _BELOW, kind) for kind, value in shares]
    if part.type == "TOTAL" and len(found) == 3:
        shares = zip(("SUBTOTAL", "TAX"), found, strict=False)
        fields += [_field(part, value, factor * _VAGUE, kind) for kind, value in shares]
    if part.type == "SUBTOTAL" and labels.normal(part.label.text).startswith(_TILL_TOTAL):
        fields.append(_field(part, fields[0].value, factor * _VAGUE, "TOTAL"))
    if part.type == "INVOICE_RECEIPT_ID":
        days = values.values("date", behind or part.rest)
        fields += [_field(part, day, factor * _BELOW, "INVOICE_RECEIPT_DATE") for day in days[:1]]
    if part.type == "PAYMENT_TERMS":
        days = values.values("date", fields[0].value.words)
        fields += [_field(part, day, factor * _BELOW, "DUE_DATE") for day in days[:1]]
    return fields


def _field(part: Labelled, value: Line, factor: float, kind: str | None = None) -> Field:
    label = _whole_label(part, value)
    if part.type not in _PLAIN and kind is None and _more_words(part, label):
        factor *= _VAGUE
    return Field(
        type=kind or part.type, value=value, label=label, confidence=part.confidence * factor
    )


def _whole_label(part: Labelled, value: Line) -> Line:
    """The label with the words between it and its value: `Total CHF`."""
    same_line = value.box.overlap_y(part.label.box) > 0
    begin = value.box.left if same_line else math.inf
    return Line(part.label.words + tuple(w for w in part.rest if w.box.right <= begin))


def _more_words(part: Labelled, label: Line) -> bool:
    """Whether a label goes on in words we do not know: `Total 0% supplies` is no total."""
    rest = label.words[len(part.label.words) :]
    known = {word.text for word in rest if sumnames.compose([word.text], 0) or word.text.isupper()}
    if part.type not in AMOUNTS:
        known = set()
    return sum(char.isalpha() for word in rest if word.text not in known for char in word.text) > 3
