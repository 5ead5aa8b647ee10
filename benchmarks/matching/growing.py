"""The same kinds of invoices among more and more orders, in one process and in turns.

`python -m benchmarks.matching.growing INVOICES ITEMS...` prints one JSON line: what disturbs the
machine for a while disturbs all sizes alike.
"""

import json
import sys
import time
from collections.abc import Sequence

from msgspec import Struct, field

from benchmarks.matching.deciding import Engine
from benchmarks.matching.paper import Sample
from benchmarks.matching.world import world
from benchmarks.usage import cpu_seconds, peak_bytes

_ROUNDS = 4
_BLOCK = 50  # invoices of one size before it is the next one's turn


class Size(Struct, kw_only=True):
    """An engine with its orders loaded, and the CPU seconds of every round."""

    items: int
    orders: int
    load_s: float
    peak_mb: float
    engine: Engine
    samples: tuple[Sample, ...]
    rounds: list[float] = field(default_factory=list)


def main() -> None:
    """Load all sizes, the smallest first, and decide in turns."""
    invoices, *sizes = map(int, sys.argv[1:])
    loaded = [_loaded(items, invoices) for items in sorted(sizes)]
    for _ in range(_ROUNDS):
        _round(loaded)
    print(json.dumps({str(one.items): _told(one) for one in loaded}))


def _loaded(items: int, invoices: int) -> Size:
    """All invoices are decided once, and what they take is reserved, before the clock runs."""
    made = world(items, invoices)
    began = cpu_seconds()
    engine = Engine(made)
    load_s = cpu_seconds() - began
    for _ in engine.run(made):
        pass
    return Size(
        items=items,
        orders=len(made.orders),
        load_s=load_s,
        peak_mb=peak_bytes() / 1e6,
        engine=engine,
        samples=made.samples,
    )


def _round(loaded: Sequence[Size]) -> None:
    used = [0.0] * len(loaded)
    for start in range(0, max(len(one.samples) for one in loaded), _BLOCK):
        for n, one in enumerate(loaded):
            block = one.samples[start : start + _BLOCK]
            began = time.process_time()
            for sample in block:
                one.engine.decide(sample)
            used[n] += time.process_time() - began
    for one, seconds in zip(loaded, used, strict=True):
        one.rounds.append(seconds)


def _told(one: Size) -> dict[str, object]:
    rates = [len(one.samples) / seconds for seconds in one.rounds]
    return {
        "orders": one.orders,
        "load_s": one.load_s,
        "peak_mb": one.peak_mb,
        "rates": rates,
    }


if __name__ == "__main__":
    main()
