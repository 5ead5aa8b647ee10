"""The table of line items: which columns, in which order, and how they are ruled."""

import random
from collections.abc import Iterator
from decimal import Decimal

from msgspec import Struct

from benchmarks.printed.notation import Notation
from benchmarks.printed.paper import Align, Paper
from benchmarks.printed.world import Invoice, Item

_ORDERS = (
    "pos desc qty unit price net",
    "pos sku desc qty price net",
    "sku desc qty unit price net",
    "desc qty price net",
    "qty desc price net",
    "qty unit sku desc price net",
    "desc qty price rate net",
    "pos desc qty price rate net",
    "sku desc qty price disc net",
    "pos desc qty unit price rate net gross",
    "pos desc unit qty price net rate tax gross",
    "desc price qty net",
    "desc rate qty price net",
    "sku qty desc unit price net",
)
_WEIGHTS = {
    "pos": 0.5, "sku": 1.1, "desc": 3.2, "qty": 0.9, "unit": 0.8, "price": 1.3, "disc": 0.9,
    "rate": 0.9, "net": 1.4, "tax": 1.2, "gross": 1.4,
}  # fmt: skip
_HEADS = {"net": "net_col", "tax": "tax_col", "gross": "gross_col"}
_TEXT = frozenset({"pos", "sku", "desc", "unit"})
_SMALLEST = 6.0  # points
_LAST = 245.0  # mm down a sheet


class Column(Struct, frozen=True):
    """One column from `left` to `right` in mm."""

    key: str
    head: list[str]
    left: float
    right: float
    align: Align


class Table:
    """One way to print lines; `columns` says what of a line can be read at all."""

    def __init__(
        self, invoice: Invoice, note: Notation, paper: Paper, chance: random.Random
    ) -> None:
        self._invoice, self._note, self._paper = invoice, note, paper
        keys = chance.choice(_ORDERS).split()
        if any(item.discount for item in invoice.items) and "disc" not in keys:
            keys.insert(keys.index("net"), "disc")
        self.keys = tuple(keys)
        self._numbers: Align = chance.choice(["right", "right", "right", "center", "left"])
        self._ruling = chance.choice(["none", "head", "rows", "grid", "grey"])
        self._low = chance.random() < 0.15  # numbers on the last row of a wrapped description
        self.glued = "unit" not in keys and chance.random() < 0.3
        self._signs = chance.random() < 0.25
        self._percent = chance.random() < 0.6
        self._repeats = chance.random() < 0.5
        self._carries = chance.random() < 0.7
        self._group = chance.choice([None, None, None, note.words["group"]])
        self._upper = chance.random() < 0.2
        self.columns = list(self._columns())
        while self._crammed() and paper.size > _SMALLEST:
            paper.size -= 0.5
            self.columns = list(self._columns())

    def draw(self, y: float, top: float) -> float:
        """All lines from `y` down, on more sheets where needed; returns the y below."""
        y, start = self._header(y), y
        if self._group:
            self._paper.text(self.columns[0].left, y, self._group, bold=True)
            y += self._paper.step * 1.3
        carried = Decimal(0)
        for number, item in enumerate(self._invoice.items, start=1):
            if y > _LAST:
                y = start = self._next_sheet(y, start, top, carried)
                y = self._header(y) if self._repeats else y
                y = self._carry("brought", y, carried)
            y = self._row(item, number, y)
            carried += item.net
        self._frame(start, y)
        return y

    def _crammed(self) -> bool:
        """Whether a heading or a number is wider than its column."""
        rows = [self._texts(item, 1) for item in self._invoice.items]
        return any(
            self._paper.measure(text, bold=True) > column.right - column.left
            for column in self.columns
            for text in (*column.head, *(row.get(column.key, "") for row in rows))
        )

    def _columns(self) -> Iterator[Column]:
        left, room = 20.0, self._paper.width - 38
        whole = sum(_WEIGHTS[key] for key in self.keys)
        for key in self.keys:
            width = room * _WEIGHTS[key] / whole
            head = self._note.words[_HEADS.get(key, key)]
            head = head.upper() if self._upper else head
            rows = self._paper.wrapped(head, width - 2, bold=True)
            align: Align = "left" if key in _TEXT else self._numbers
            yield Column(key, rows, left, left + width - 2, align)
            left += width

    def _header(self, y: float) -> float:
        step, deepest = self._paper.step, max(len(column.head) for column in self.columns)
        bottom = y + step * (deepest - 0.4)
        if self._ruling in ("grey", "grid"):
            self._across("box", y - step, bottom, grey=self._ruling == "grey")
        for column in self.columns:
            for index, text in enumerate(column.head):
                self._cell(column, y + index * step, text, bold=True)
        if self._ruling in ("head", "rows"):
            self._across("rule", bottom, bottom)
        return y + step * (deepest + 0.7)

    def _row(self, item: Item, number: int, y: float) -> float:
        paper, texts = self._paper, self._texts(item, number)
        desc = next(column for column in self.columns if column.key == "desc")
        rows = paper.wrapped(item.description, desc.right - desc.left)
        rows += paper.wrapped(item.more, desc.right - desc.left) if item.more else []
        if item.order:
            rows.append(f"{self._note.words['order']} {item.order}")
        deep = len(rows) - 1 if self._low else 0
        for column in self.columns:
            if column.key == "desc":
                paper.rows(column.left, y, rows)
            else:
                self._cell(column, y + deep * paper.step, texts[column.key])
        y += len(rows) * paper.step + 1.5
        if self._ruling == "rows":
            self._across("rule", y - paper.step, y - paper.step)
        return y

    def _texts(self, item: Item, number: int) -> dict[str, str]:
        note = self._note
        money = note.money if self._signs else note.amount
        tax = note.rounded(item.net * item.rate / 100)
        percent = " %" if self._percent else ""
        return {
            "pos": str(number),
            "sku": item.sku,
            "qty": note.number(item.quantity) + (f" {item.unit}" if self.glued else ""),
            "unit": item.unit,
            "price": money(item.price),
            "disc": f"{note.number(item.discount)}{percent}" if item.discount else "",
            "rate": f"{note.number(item.rate)}{percent}",
            "net": money(item.net),
            "tax": money(tax),
            "gross": money(item.net + tax),
        }

    def _next_sheet(self, y: float, start: float, top: float, carried: Decimal) -> float:
        self._frame(start, self._carry("carry", y, carried))
        self._paper.turn()
        return top

    def _carry(self, name: str, y: float, carried: Decimal) -> float:
        if not self._carries:
            return y
        net = next(column for column in self.columns if column.key == "net")
        self._paper.text(self.columns[0].left + 12, y, self._note.words[name])
        self._cell(net, y, self._note.amount(carried))
        return y + self._paper.step * 1.4

    def _cell(self, column: Column, y: float, text: str, *, bold: bool = False) -> None:
        x = {"left": column.left, "right": column.right}.get(
            column.align, (column.left + column.right) / 2
        )
        self._paper.text(x, y, text, column.align, bold=bold)

    def _frame(self, top: float, bottom: float) -> None:
        if self._ruling == "grid":
            step = self._paper.step
            for x in (*(column.left - 1 for column in self.columns), self.columns[-1].right + 1):
                self._paper.rule(x, top - step, x, bottom - step * 0.4)
            self._across("rule", bottom - step * 0.4, bottom - step * 0.4)

    def _across(self, what: str, top: float, bottom: float, *, grey: bool = False) -> None:
        left, right = self.columns[0].left - 1, self.columns[-1].right + 1
        if what == "box":
            self._paper.box(left, top, right, bottom, grey=grey)
        else:
            self._paper.rule(left, top, right, bottom)
