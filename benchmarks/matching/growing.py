"""The same kinds of invoices among more and more orders, in one process and in turns.

`python -m benchmarks.matching.growing INVOICES ITEMS...` prints one JSON line: what disturbs the
machine for a while disturbs all sizes alike.
"""

import json
import sys
import time
from collections.abc import Iterator, Sequence
from itertools import islice

from msgspec import Struct, field

from benchmarks.matching.deciding import Decided, Engine
from benchmarks.matching.world import world
from benchmarks.usage import cpu_seconds, peak_bytes

_ROUNDS = 4  # each has its own share of the invoices: nothing is decided twice
_BLOCK = 25  # invoices of one size before it is the next one's turn


class Size(Struct, kw_only=True):
    """An engine with its orders loaded, what it has still to decide, and the rate of each round."""

    items: int
    orders: int
    load_s: float
    peak_mb: float
    invoices: int
    decisions: Iterator[Decided]
    rates: list[float] = field(default_factory=list)


def main() -> None:
    """Load all sizes, the smallest first, and decide in turns."""
    invoices, *sizes = map(int, sys.argv[1:])
    loaded = [_loaded(items, invoices) for items in sorted(sizes)]
    for _ in range(_ROUNDS):
        _round(loaded)
    print(json.dumps({str(one.items): _told(one) for one in loaded}))


def _loaded(items: int, invoices: int) -> Size:
    made = world(items, invoices)
    began = cpu_seconds()
    engine = Engine(made)
    return Size(
        items=items,
        orders=len(made.orders),
        load_s=cpu_seconds() - began,
        peak_mb=peak_bytes() / 1e6,
        invoices=len(made.samples),
        decisions=engine.run(made),
    )


def _round(loaded: Sequence[Size]) -> None:
    used, done = [0.0] * len(loaded), [0] * len(loaded)
    for _ in range(loaded[0].invoices // (_ROUNDS * _BLOCK)):
        for n, one in enumerate(loaded):
            began = time.process_time()
            done[n] += sum(1 for _ in islice(one.decisions, _BLOCK))
            used[n] += time.process_time() - began
    for one, seconds, count in zip(loaded, used, done, strict=True):
        one.rates.append(count / seconds)


def _told(one: Size) -> dict[str, object]:
    return {
        "orders": one.orders,
        "load_s": one.load_s,
        "peak_mb": one.peak_mb,
        "rates": one.rates,
    }


if __name__ == "__main__":
    main()
