"""The sums below the lines: beside their labels at the right, or in a small table of their own."""

import random
from decimal import Decimal

from benchmarks.printed.notation import Notation
from benchmarks.printed.paper import Paper
from benchmarks.printed.world import Invoice

_RIGHT = 190.0


def draw_sums(
    invoice: Invoice, note: Notation, paper: Paper, chance: random.Random, y: float
) -> float:
    """All sums from `y` down; returns the y below them."""
    sign = -1 if invoice.credit and chance.random() < 0.3 else 1
    if chance.random() < 0.2:
        y = _breakdown(invoice, note, paper, y, sign)
        return _rows(_ends(invoice, note), note, paper, y, sign, labels=120)
    return _rows(_all(invoice, note), note, paper, y, sign, labels=chance.choice([110, 125, 135]))


def _all(invoice: Invoice, note: Notation) -> list[tuple[str, Decimal]]:
    words = note.words
    rows = [(words["freight"], invoice.freight)] if invoice.freight else []
    rows.append((words["net"], invoice.net))
    for tax in invoice.taxes:
        rate = f"{note.number(tax.rate)}%"
        label = words["tax"].format(rate=rate)
        several = len(invoice.taxes) > 1 and rate not in label
        rows.append((f"{label} {rate}" if several else label, tax.amount))
    return rows + _ends(invoice, note)


def _ends(invoice: Invoice, note: Notation) -> list[tuple[str, Decimal]]:
    total = note.words["total"] if note.sign else f"{note.words['total']} {note.currency}"
    rows = [(total, invoice.total)]
    if invoice.prepaid:
        rows.append((note.words["prepaid"], -invoice.prepaid))
        rows.append((note.words["payable"], invoice.payable))
    return rows


def _rows(
    rows: list[tuple[str, Decimal]], note: Notation, paper: Paper, y: float, sign: int, *,
    labels: float,
) -> float:  # fmt: skip
    for label, value in rows:
        bold = label.startswith(note.words["total"])
        paper.text(labels, y, label, bold=bold)
        paper.text(_RIGHT, y, note.money(sign * value), "right", bold=bold)
        y += paper.step * 1.25
    return y


def _breakdown(invoice: Invoice, note: Notation, paper: Paper, y: float, sign: int) -> float:
    """Rate, base, tax and gross in columns, one row per rate."""
    heads = [note.words[name] for name in ("rate", "net", "tax_col", "gross_col")]
    if invoice.freight:
        paper.text(20, y, f"{note.words['freight']} {note.money(invoice.freight)}")
        y += paper.step * 1.5
    for index, head in enumerate(heads):
        paper.text(100 + index * 30, y, head, "right", bold=True)
    for tax in invoice.taxes:
        y += paper.step * 1.25
        values = [tax.basis, tax.amount, tax.basis + tax.amount]
        cells = [f"{note.number(tax.rate)} %", *(note.amount(sign * value) for value in values)]
        for index, cell in enumerate(cells):
            paper.text(100 + index * 30, y, cell, "right")
    return y + paper.step * 2
