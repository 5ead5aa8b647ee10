"""Rows among and below line items that are no items: sums, subtotals, what is carried over."""

from collections.abc import Iterator, Sequence
from decimal import Decimal

from sapmatch.pages import labels, layout, values
from sapmatch.pages.cells import numbers
from sapmatch.pages.fields import AMOUNTS, labelled_parts
from sapmatch.pages.nouns import Line

_CARRIED = (
    "ubertrag|carriedforward|broughtforward|carryforward|balanceforward|carriedover|areporter"
    "|report|reporter|transport|transporteren|transportiteren|ariportare|riporto|sumaysigue"
    "|sumaanterior|sumayanterior|atransportar|transporte|doprzeniesienia|zprzeniesienia|kprevodu"
    "|prevod|zprevodu|overfores|overfort|siirto|siirretaan|zwischensumme|zwischensummeubertrag"
    "|subtotalcarriedforward|subtotaaltransport|pagetotal|seitensumme|gruppensumme|titelsumme"
    "|transportera|fransidan"
).split("|")
_WORDS = 5


def sum_type(row: Sequence[Line]) -> str | None:
    """The kind of sum that a row names at its start, where it holds one."""
    holds = any(values.values("amount", line.words) for line in row)
    return next(_sums(row[:1]), None) if holds else None


def names_sums(row: Sequence[Line]) -> bool:
    """A row of headings over sums: `Net  Tax  Total`."""
    holds = any(char.isdigit() for line in row for char in line.text.replace("%", ""))
    return not holds and len(list(_sums(row))) > 1


def is_sum(row: Sequence[Line]) -> bool:
    """Whether a row begins with the name of a sum, or of what is carried over."""
    return is_carried(" ".join(line.text for line in row)) or any(_sums(row))


def is_carried(text: str) -> bool:
    """Whether a text begins with words such as `Carried forward` or `Übertrag`."""
    words = text.split()[:_WORDS]
    starts = {labels.normal("".join(words[:end])) for end in range(1, len(words) + 1)}
    return not starts.isdisjoint(_CARRIED)


def amounts_of(row: Sequence[Line]) -> set[Decimal]:
    """All that the amounts of a row may mean."""
    found = (amount for line in row for amount in values.values("amount", line.words, alone=True))
    return {value for amount in found for value in numbers(amount.text)}


def _sums(lines: Sequence[Line]) -> Iterator[str]:
    """The kinds of sums that lines begin with."""
    for line in lines:
        parts = labelled_parts(layout.unglued(line))
        if parts and parts[0].type in AMOUNTS:
            yield parts[0].type
