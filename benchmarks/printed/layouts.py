"""Families of layouts: where sender, receiver, facts, lines and sums stand on the sheet."""

import random
from collections.abc import Callable

from benchmarks.printed.notation import Notation
from benchmarks.printed.paper import Paper
from benchmarks.printed.sums import draw_sums
from benchmarks.printed.table import Table
from benchmarks.printed.world import Invoice, Party

_RIGHT = 190.0


class Sheet:
    """What all families share; `shown` collects which facts are printed."""

    def __init__(
        self, invoice: Invoice, note: Notation, paper: Paper, chance: random.Random
    ) -> None:
        self.invoice, self.note, self.paper, self.chance = invoice, note, paper, chance
        self.words = note.words
        self.table = Table(invoice, note, paper, chance)
        self.colon = chance.choice([":", ":", "", " :"])
        self.facts = [
            (self.words["number"], invoice.number),
            (self.words["date"], note.day(invoice.issued)),
            *([(self.words["due"], note.day(invoice.due))] if chance.random() < 0.7 else []),
            *([(self.words["order"], invoice.order)] if invoice.order else []),
            *([(self.words["sales_order"], invoice.sales_order)] if invoice.sales_order else []),
            (self.words["customer"], invoice.customer),
        ]
        self.shown = {label for label, _ in self.facts}

    @property
    def title(self) -> str:
        """What the document calls itself."""
        return self.words["credit" if self.invoice.credit else "title"]

    def address(self, party: Party, x: float, y: float, *, vat: bool = False) -> float:
        """Name, street and city."""
        rows = [party.name, party.street, party.city]
        rows += (
            [f"{self.words['vat_id']}{self.colon} {party.vat_id}"] if vat and party.vat_id else []
        )
        return self.paper.rows(x, y, rows)

    def fact_rows(self, x: float, y: float, *, values: float, right: bool = False) -> float:
        """Labels with their values beside them."""
        for label, value in self.facts:
            self.paper.text(x, y, f"{label}{self.colon}")
            self.paper.text(values, y, value, "right" if right else "left")
            y += self.paper.step * 1.15
        return y

    def fact_grid(self, y: float, *, boxed: bool) -> float:
        """Labels in one row, their values below them."""
        width, paper = (_RIGHT - 20) / len(self.facts), self.paper
        low = y + paper.step * 1.4
        for index, (label, value) in enumerate(self.facts):
            x = 20 + index * width
            rows = paper.wrapped(label, width - 2)
            paper.rows(x + 1, y - paper.step * (len(rows) - 1), rows, size=paper.size)
            paper.text(x + 1, low, value)
            if boxed:
                paper.box(x, y - paper.step * len(rows), x + width, low + 1)
        return low + paper.step * 2

    def imprint(self, y: float = 275) -> None:
        """The footer: company, tax number and bank in columns of small print."""
        seller, paper, bank = self.invoice.seller, self.paper, self.words["bank"]
        paper.rule(20, y - 4, _RIGHT, y - 4)
        vat = f"{self.words['vat_id']}{self.colon} {seller.vat_id}" if seller.vat_id else ""
        small = paper.size - 2
        paper.rows(20, y, [seller.name, seller.street, seller.city], size=small)
        paper.rows(80, y, ["info@example.com", "Tel. 0555 010 020", vat], size=small)
        if seller.iban:
            groups = " ".join(seller.iban[at : at + 4] for at in range(0, len(seller.iban), 4))
            paper.rows(130, y, [f"{bank}: Example {bank}", f"IBAN {groups}"], size=small)

    def lines_and_sums(self, y: float) -> None:
        """The table, the sums below it, and the last sentences."""
        y = self.table.draw(y, top=35) + self.paper.step
        if y > 225:
            self.paper.turn()
            y = 40
        y = draw_sums(self.invoice, self.note, self.paper, self.chance, y) + self.paper.step * 2
        if self.invoice.reverse:
            y = self.paper.rows(20, y, [self.words["reverse"]])
        self.paper.rows(20, y, [self.words["terms"].format(days=self.invoice.days)])


def letter(sheet: Sheet) -> None:
    """A business letter as of DIN 5008: address window, small sender line, block of facts."""
    paper, seller = sheet.paper, sheet.invoice.seller
    paper.text(_RIGHT, 20, seller.name, "right", bold=True, size=14)
    sender = f"{seller.name} · {seller.street} · {seller.city}"
    paper.text(20, 48, sender, size=6)
    sheet.address(sheet.invoice.buyer, 20, 54)
    y = sheet.fact_rows(125, 50, values=165)
    paper.text(20, max(y, 95), f"{sheet.title} {sheet.invoice.number}", bold=True, size=13)
    sheet.lines_and_sums(max(y, 95) + 12)
    sheet.imprint()


def boxes(sheet: Sheet) -> None:
    """As in the United States: title at the right, boxes for bill-to, ship-to and facts."""
    paper = sheet.paper
    sheet.address(sheet.invoice.seller, 20, 20, vat=True)
    paper.text(_RIGHT, 22, sheet.title.upper(), "right", bold=True, size=18)
    for x, name in ((20.0, "bill_to"), (110.0, "ship_to")):
        paper.box(x, 45, x + 80, 70)
        paper.text(x + 2, 49, sheet.words[name], bold=True)
        sheet.address(sheet.invoice.buyer, x + 2, 55)
    sheet.lines_and_sums(sheet.fact_grid(82, boxed=True) + 4)
    sheet.imprint()


def plain(sheet: Sheet) -> None:
    """A modern sheet without frames: facts in a row of their own."""
    paper = sheet.paper
    paper.text(20, 22, sheet.title, bold=True, size=20)
    sheet.address(sheet.invoice.seller, 130, 20, vat=True)
    paper.text(20, 42, sheet.words["bill_to"])
    sheet.address(sheet.invoice.buyer, 20, 42 + paper.step * 1.2)
    sheet.lines_and_sums(sheet.fact_grid(74, boxed=False) + 2)
    sheet.imprint()


def columns(sheet: Sheet) -> None:
    """Seller and buyer side by side under headings, the facts between them and the table."""
    paper = sheet.paper
    paper.text(105, 18, f"{sheet.title} {sheet.invoice.number}", "center", bold=True, size=14)
    for x, name, party in (
        (20.0, "seller", sheet.invoice.seller),
        (110.0, "buyer", sheet.invoice.buyer),
    ):
        paper.text(x, 30, f"{sheet.words[name]}{sheet.colon}", bold=True)
        sheet.address(party, x, 30 + paper.step * 1.3, vat=True)
    sheet.lines_and_sums(sheet.fact_rows(20, 62, values=75) + 8)
    sheet.imprint()


def corner(sheet: Sheet) -> None:
    """Title and facts at the upper right with values at the margin, sender at the left."""
    paper = sheet.paper
    paper.text(20, 20, sheet.invoice.seller.name, bold=True, size=15)
    paper.rows(20, 26, [sheet.invoice.seller.street, sheet.invoice.seller.city])
    paper.text(120, 20, sheet.title, bold=True, size=15)
    y = sheet.fact_rows(120, 30, values=_RIGHT, right=True)
    sheet.address(sheet.invoice.buyer, 20, 52)
    sheet.lines_and_sums(max(y, 80) + 10)
    sheet.imprint()


FAMILIES: dict[str, Callable[[Sheet], None]] = {
    "letter": letter,
    "boxes": boxes,
    "plain": plain,
    "columns": columns,
    "corner": corner,
}
