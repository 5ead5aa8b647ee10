"""The headings of a table of line items: in one row, or stacked in two or three."""

import re
from collections.abc import Iterator, Sequence

from msgspec import Struct

from sapmatch.pages import labels, values
from sapmatch.pages.nouns import Line, Word, around
from sapmatch.pages.vocabulary import amounts

_NAMED = 0.5  # share of the words in a row of headings that are headings
_WIDEST = 40  # lines in a row
_DEEPEST = 4  # rows
_NEAR = 2.2  # heights from one row of headings to the next
_MONEY = frozenset({"PRICE", "UNIT_PRICE", "GROSS"})
_THINGS = frozenset({"ITEM", "QUANTITY", "PRODUCT_CODE"})
_CURRENCY = re.compile(rf"\W*(?:in|{values.CODES}|[$€£¥]|Kč|zł|kr|RM|Fr)\W*", re.IGNORECASE)
_PER = frozenset("per pro je par por pr za na cada".split())

Row = list[Line]


class Column(Struct, frozen=True):
    """A column: AnalyzeExpense's type of its cells or one of `vocabulary.columns`, its heading."""

    type: str
    label: Line


def header(rows: Sequence[Row], at: int) -> tuple[list[Column], int]:
    """The columns that a row names, alone or together with those below, and how many rows."""
    best: tuple[list[Column], int] = ([], 1)
    for height in range(1, _DEEPEST + 1):
        part = rows[at : at + height]
        if (
            len(part) < height
            or len(part[-1]) > _WIDEST
            or _has_number(part[-1])
            or (height > 1 and not _near(part))
        ):
            break
        found = _columns(part)
        if _is_header(found, part):
            best = found, height
    return best


def _near(rows: Sequence[Row]) -> bool:
    upper, lower = (around([line.box for line in row]) for row in rows[-2:])
    return lower.middle - upper.middle <= _NEAR * min(upper.height, lower.height)


def _has_number(row: Row) -> bool:
    return any(values.values("amount", line.words, alone=True) for line in row)


def _columns(rows: Sequence[Row]) -> list[Column]:
    """What the rows name together; none where most words of a row are no headings."""
    found = [column for stack in _stacks(rows) for column in _of_stack(stack)]
    found.sort(key=lambda column: column.label.box.left)
    named = {word for column in found if column.type != labels.OTHER for word in column.label.words}
    shares = ([word in named for line in row for word in line.words] for row in rows)
    return found if all(sum(share) >= _NAMED * len(share) for share in shares) else []


def _stacks(rows: Sequence[Row]) -> list[Row]:
    """Lines of several rows that stand above each other."""
    stacks: list[Row] = []
    for line in (line for row in rows for line in row):
        under = [s for s in stacks if around([x.box for x in s]).overlap_x(line.box) > 0]
        for stack in under:
            stacks.remove(stack)
        stacks.append([*(above for stack in under for above in stack), line])
    return stacks


def _of_stack(stack: Row) -> list[Column]:
    """One heading over several rows, or those of each row."""
    words = [word for line in stack for word in line.words]
    whole = list(_named(words))
    known = sum(len(column.label.words) for column in whole)
    if len(stack) > 1 and len(whole) == 1 and known >= _NAMED * len(words):
        return [Column(whole[0].type, Line(tuple(words)))]
    return [column for line in stack for column in _of_line(line)]


def _of_line(line: Line) -> list[Column]:
    return list(_named(line.words)) or [Column(labels.OTHER, line)]


def _named(words: Sequence[Word]) -> Iterator[Column]:
    """The headings among the words, each with the words that say more about it."""
    texts = [word.text for word in words]
    at = 0
    while at < len(texts):
        label = labels.find(texts, at, labels.column_types)
        if label is None:
            at += 1
            continue
        end = _qualified(texts, label.end)
        kind = _in_light(label.type, texts[label.end : end])
        yield Column(kind, Line(tuple(words[label.begin : end])))
        at = end


def _qualified(texts: Sequence[str], end: int) -> int:
    """Where the words end that only say `EUR`, `net`, `(excl. VAT)`, `per piece`."""
    tax = False
    while end < len(texts):
        key = labels.normal(texts[end])
        side = key in amounts.NET or key in amounts.INCLUDING
        if not (side or (tax and key in amounts.TAX) or _CURRENCY.fullmatch(texts[end])):
            break
        tax = tax or side
        end += 1
    if end + 1 < len(texts) and labels.normal(texts[end]) in _PER:
        end += 2
    return end


def _in_light(kind: str, more: Sequence[str]) -> str:
    words = {labels.normal(text) for text in more}
    return "GROSS" if kind == "PRICE" and words & amounts.INCLUDING else kind


def _is_header(columns: Sequence[Column], rows: Sequence[Row]) -> bool:
    kinds = [column.type for column in columns]
    if len(rows) == 1 and len(rows[0]) == 2 and kinds == ["ITEM", "PRICE"]:
        return True
    return len(columns) > 2 and bool(_MONEY & set(kinds)) and bool(_THINGS & set(kinds))
