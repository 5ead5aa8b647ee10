"""A till slip: one narrow column, prices with tax."""

import random
from decimal import Decimal

from benchmarks.printed.notation import Notation
from benchmarks.printed.paper import Paper
from benchmarks.printed.world import Invoice, Item

_LEFT, _RIGHT, _MIDDLE = 5.0, 75.0, 40.0


def draw_slip(said: Invoice, note: Notation, paper: Paper, chance: random.Random) -> Decimal:
    """Draws the slip; returns its total."""
    paper.size = 8.0
    for y, text in ((15.0, said.seller.name), (19.0, said.seller.street), (23.0, said.seller.city)):
        paper.text(_MIDDLE, y, text, "center")
    words = note.words
    rows = [f"{words['number']}: {said.number}", f"{words['date']}: {note.day(said.issued)}"]
    y = paper.rows(_LEFT, 32, rows) + 4
    two_rows, total = chance.random() < 0.7, Decimal(0)
    for item in said.items:
        y = (_two if two_rows else _one)(item, note, paper, y)
        total += note.rounded(item.quantity * item.price)
    paper.rule(_LEFT, y - 2, _RIGHT, y - 2)
    paper.text(_LEFT, y + 3, words["total"], bold=True)
    mark = note.sign or note.currency
    paper.text(_RIGHT, y + 3, f"{mark} {note.amount(total)}", "right", bold=True)
    tax = words["tax"].format(rate=f"{note.number(said.items[0].rate)}%")
    rate = said.items[0].rate
    inside = note.rounded(total * rate / (100 + rate))
    paper.text(_LEFT, y + 8, tax)
    paper.text(_RIGHT, y + 8, note.amount(inside), "right")
    return total


def _two(item: Item, note: Notation, paper: Paper, y: float) -> float:
    """The name, and below it `2 x 3.50   7.00`."""
    paper.text(_LEFT, y, item.description)
    count = f"{note.number(item.quantity)} x {note.amount(item.price)}"
    paper.text(_LEFT + 3, y + paper.step, count)
    amount = note.amount(note.rounded(item.quantity * item.price))
    paper.text(_RIGHT, y + paper.step, amount, "right")
    return y + 2.3 * paper.step


def _one(item: Item, note: Notation, paper: Paper, y: float) -> float:
    """`2 x Name   7.00`."""
    paper.text(_LEFT, y, f"{note.number(item.quantity)} x {item.description[:22]}")
    amount = note.amount(note.rounded(item.quantity * item.price))
    paper.text(_RIGHT, y, amount, "right")
    return y + 1.3 * paper.step
