"""One contestant in a process of its own: what it finds, and what that takes.

`python -m benchmarks.matching.single sapmatch ITEMS INVOICES` prints one JSON line.
"""

import json
import sys
from collections.abc import Callable
from typing import Any, TypeVar

from benchmarks.imports import ROOT
from benchmarks.matching import calibration, scoring
from benchmarks.matching.deciding import Decided, Engine
from benchmarks.matching.peers import PEERS, invoice_rows, linked, order_rows
from benchmarks.matching.world import World, world
from benchmarks.usage import cpu_seconds, peak_bytes

WRONG = ROOT / "build" / "bench" / "matching-wrong.txt"
_QUALITY = "right_state right_cause right_order right_item precision recall review".split()
T = TypeVar("T")


def main() -> None:
    """Make the world, decide or link, and print."""
    name, items, invoices = sys.argv[1], *map(int, sys.argv[2:4])
    made = world(items, invoices)
    found = ours(made) if name == "sapmatch" else peer(name, made)
    shape = {"invoices": len(made.samples), "orders": len(made.orders)}
    print(json.dumps({**shape, **found, "peak_mb": peak_bytes() / 1e6}))


def ours(made: World) -> dict[str, Any]:
    """Our decisions with all their scores; the wrong postings go to a file."""
    engine, load_s = _timed(lambda: Engine(made))
    decided, cpu_s = _timed(lambda: list(engine.run(made)))
    score = scoring.counted(decided)
    WRONG.parent.mkdir(parents=True, exist_ok=True)
    WRONG.write_text("".join(f"{line}\n" for line in scoring.wrong_ones(decided)))
    bins = calibration.reliability(calibration.judged(decided))
    return {
        "cpu_s": cpu_s,
        "load_s": load_s,
        **{name: getattr(score, name) for name in _QUALITY},
        "automatic": score.automatic,
        "wrong": score.automatic - score.automatic_right,
        "calibration_error": calibration.calibration_error(bins),
        "bins": bins,
        "kinds": _kinds(decided),
    }


def peer(name: str, made: World) -> dict[str, Any]:
    """The peer's links with what of our scores they can have."""
    invoices, orders = invoice_rows(made.samples), order_rows(made.orders)
    links, cpu_s = _timed(lambda: PEERS[name](invoices, orders))
    return {"cpu_s": cpu_s, **linked(links, made.samples)._asdict()}


def _kinds(decided: list[Decided]) -> dict[str, dict[str, float]]:
    return {
        kind: {
            "decided": score.decided,
            "right_state": score.right_state,
            "right_order": score.right_order if score.with_orders else 1.0,
            "right_item": score.right_item if score.with_items else 1.0,
            "wrong": score.automatic - score.automatic_right,
        }
        for kind, score in scoring.by_kind(decided).items()
    }


def _timed(work: Callable[[], T]) -> tuple[T, float]:
    began = cpu_seconds()
    found = work()
    return found, cpu_seconds() - began


if __name__ == "__main__":
    main()
