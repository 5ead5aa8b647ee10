"""Kinds of invoices: each makes its orders, the invoices for them, and the truth."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

from benchmarks.matching.paper import Row, Sample, Truth, billing_day, invoice, line, places
from benchmarks.matching.purchasing import Purchasing
from benchmarks.matching.trade import Supplier
from sapmatch.model.invoice import Invoice
from sapmatch.model.match import State
from sapmatch.model.order import Order

EITHER = (State.AMBIGUOUS, State.NO_CANDIDATE)  # a person decides, whatever it is called


class Scene:
    """What every kind draws from."""

    def __init__(self, purchasing: Purchasing) -> None:
        self.purchasing = purchasing
        self.chance = purchasing.chance
        self._sellers = {one.number: one for one in purchasing.everybody}
        self._count = 0

    def number(self) -> str:
        """An invoice number as some supplier writes it; no two are alike."""
        self._count += 1
        n = 104_729 * self._count % 999_983
        return self.chance.choice((f"RE-2026-{n:06}", f"{n:06}/26", f"R{n:06}", f"2026{n:06}"))

    def seller(self, order: Order) -> Supplier:
        """Who sends the invoice for an order."""
        return self._sellers[order.partner]

    def billed(self, rows: Sequence[Row], **more: Any) -> Invoice:
        """An invoice that bills the rows and names their orders."""
        first = rows[0].order
        lines = more.pop("lines", None) or [line(n, row) for n, row in enumerate(rows, start=1)]
        named = tuple(dict.fromkeys(row.order.id for row in rows))
        day = max(billing_day(row.order) for row in rows)
        seller = more.pop("by", None) or self.seller(first)
        return invoice(self.number(), seller, lines, day, **{"order_references": named, **more})


Kind = Callable[[Scene], Iterator[tuple[Invoice, Truth]]]


def truth(rows: Sequence[Row], *states: State, cause: str | None = None) -> Truth:
    """The rows are where the invoice belongs."""
    return Truth(
        states=states or (State.MATCHED,),
        cause=cause,
        orders=tuple(sorted({row.order.id for row in rows})),
        items=places(rows),
    )


def samples(scene: Scene, kinds: Mapping[str, tuple[Kind, int]], count: int) -> list[Sample]:
    """About `count` invoices in the proportions of the kinds; those of one draw stay together."""
    every = sum(weight for _, weight in kinds.values())
    draws = [
        (name, kind)
        for name, (kind, weight) in kinds.items()
        for _ in range(max(1, count * weight // every))
    ]
    scene.chance.shuffle(draws)
    found: list[Sample] = []
    for name, kind in draws:
        for billed, right in kind(scene):
            found.append(Sample(id=f"{len(found):06}.xml", kind=name, invoice=billed, truth=right))
    return found
