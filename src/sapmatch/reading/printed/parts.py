"""Pages to invoices: the pages of one belong together, several in one file are parted.

A wrong cut posts half an invoice, so doubt means no cut.
"""

import re
from collections.abc import Iterator, Sequence

from msgspec import Struct
from msgspec.structs import replace

from sapmatch.model.intent import Record
from sapmatch.reading.printed.invoice_number import best_number, is_own, number_key
from sapmatch.reading.printed.numbers import parse_amount
from sapmatch.reading.slip import Slip, joined, slip_of

_MAX_PAGES = 3000  # of one answer: Textract's own limit
_FIRST_LINES = 200
_LEAST = 0.4  # raw score of a date that nothing else is called by
_GUESSED = frozenset({"VENDOR_NAME", "RECEIVER_NAME", "INVOICE_RECEIPT_DATE"})
_PAGE = re.compile(
    r"(?:page|seite|pagina|p[aá]gina|pag|sida?|side|strona|strana|sivu|blatt)\.?\s*:?\s*(\d{1,4})\b",
    re.I,
)
_OF = re.compile(r"(\d{1,4})\s*(?:/|of|von|de|sur|van|di|av|af|z|ze)\s*\d{1,4}", re.I)


class Parts(Struct, frozen=True):
    """One slip per invoice; `numbers` by page, where several stand on pages of one slip."""

    slips: list[Slip]
    numbers: dict[str, str]


def invoice_parts(documents: Sequence[Record]) -> Parts:
    """One slip per invoice that stands by itself, in the order of the pages.

    Textract answers one ExpenseDocument per page, each repeating the number; the total may stand
    on the last one only.
    """
    seen = [slip_of(page, index) for index, page in enumerate(documents[:_MAX_PAGES], start=1)]
    pages = list(_each_once(seen))
    groups = _by_number(pages)
    if _separable(groups):
        return Parts(groups, {})
    return Parts([_merged(pages)], _numbers(groups))


def _each_once(pages: Sequence[Slip]) -> Iterator[Slip]:
    """The pages without those that repeat an invoice's page word for word: its copies."""
    known: set[tuple[str, ...]] = set()
    for page in pages:
        words = _words(page)
        if words not in known or _key(page) is None:
            yield page
        known.add(words)


def _words(page: Slip) -> tuple[str, ...]:
    cells = (seen for row in page.rows for seen in row)
    told = [f"{seen.type} {number_key(seen.text)}" for seen in (*page.fields, *cells)]
    return tuple(sorted(told)) + tuple(sorted(map(number_key, page.lines)))


def _merged(pages: Sequence[Slip]) -> Slip:
    """The pages of one invoice as one; where it begins, it shows its parties and its day.

    What stands on later pages without a label counts only where no page before has the like.
    """
    told: set[str] = set()
    kept = []
    for page in pages:
        known = _GUESSED & told
        fields = tuple(seen for seen in page.fields if seen.label or seen.type not in known)
        kept.append(replace(page, fields=fields))
        told |= {seen.type for seen in page.fields}
    return joined(kept)


def _numbers(groups: Sequence[Slip]) -> dict[str, str]:
    shown = [(group, best_number(group)) for group in groups if len(groups) > 1]
    return {f"page {group.pages[0]}": best.text for group, best in shown if best}


def _by_number(pages: Sequence[Slip]) -> list[Slip]:
    """Neighbours with the same number; a page without one belongs to the one before it."""
    groups: list[list[Slip]] = []
    last: str | None = None
    for page in pages:
        number = _key(page)
        if groups and (number is None or last in (None, number)):
            groups[-1].append(page)
        else:
            groups.append([page])
        last = number or last
    return [_merged(group) for group in groups]


def _key(slip: Slip) -> str | None:
    best = best_number(slip)
    return number_key(best.text) or None if best and is_own(best) else None


def _separable(groups: Sequence[Slip]) -> bool:
    keys = [_key(group) for group in groups]
    return (
        len(groups) > 1
        and len(set(keys)) == len(keys)
        and all(map(_whole, groups))
        and not any(_goes_on(group) for group in groups[1:])
    )


def _whole(slip: Slip) -> bool:
    """Whether it has what makes an invoice by itself: number, date and total."""
    totals = slip.of("TOTAL", "AMOUNT_DUE")
    days = slip.of("INVOICE_RECEIPT_DATE")
    dated = any(day.label or day.confidence >= _LEAST for day in days)
    return dated and _key(slip) is not None and any(parse_amount(seen.text) for seen in totals)


def _goes_on(slip: Slip) -> bool:
    """Whether its first page is printed as a later page of something: `Page 2 of 3`."""
    lines = [line.strip() for line in slip.lines[:_FIRST_LINES]]
    found = (_PAGE.match(line) or _OF.fullmatch(line) for line in lines)
    first = next((int(match[1]) for match in found if match), 1)
    return first > 1
