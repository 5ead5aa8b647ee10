"""The figures and their goals."""

from collections.abc import Iterator, Mapping
from statistics import median
from typing import Any

from benchmarks.matching.measuring import Result, growing, large_invoices, measured
from benchmarks.matching.peers import PEERS

ITEMS, INVOICES = 100_000, 8_000
SIZES = (10_000, 100_000, 1_000_000)  # order items
SPEED_INVOICES = 1_600
LARGEST_FALL = 0.10
# Goals; times in milliseconds of CPU.
PRECISION, RECALL, RIGHT_ORDER = 0.995, 0.95, 0.97
CALIBRATION_ERROR = 0.03
INVOICES_PER_SECOND = 1500
LINES_50, LINES_200, PAIRS_200 = 50, 60, 60

Figure = dict[str, Any]


def contestants() -> Iterator[tuple[str, Result]]:
    """Us and every peer on the same data, one after the other."""
    for name in ("sapmatch", *PEERS):
        yield name, measured(name, ITEMS, INVOICES)


def sizes(largest: int) -> Mapping[int, Result]:
    """Our engine among more and more orders."""
    return growing(SPEED_INVOICES, [size for size in SIZES if size <= largest])


def quality(results: Mapping[str, Result]) -> Iterator[Figure]:
    """The goals of judgement."""
    ours = results["sapmatch"]
    yield _least("precision of automatic postings", ours["precision"], PRECISION)
    yield _least("recall of automatic postings", ours["recall"], RECALL)
    yield _least("right order", ours["right_order"], RIGHT_ORDER)
    yield _most("calibration error", ours["calibration_error"], CALIBRATION_ERROR)
    beside = rate(results["rapidfuzz"])
    for name, result in results.items():
        title = f"matching {name}: invoices/s, as a multiple of rapidfuzz"
        yield {"benchmark": title, "value": round(rate(result) / beside, 2)}


def speeds(found: Mapping[int, Result]) -> Iterator[Figure]:
    """Invoices a second and core at every size, and how much the largest takes of that."""
    for size, result in found.items():
        yield {
            "benchmark": f"matching {size:,} order items: invoices/s",
            "value": round(median(result["rates"])),
            "orders": result["orders"],
            "load_s": round(result["load_s"], 1),
            "peak_mb": round(result["peak_mb"]),
        }
    smallest, largest = min(found), max(found)
    rounds = zip(found[smallest]["rates"], found[largest]["rates"], strict=True)
    fall = median(1 - many / few for few, many in rounds)
    rate_there = median(found[largest]["rates"])
    yield _most(f"fall from {smallest:,} to {largest:,} order items", fall, LARGEST_FALL)
    yield _least(f"invoices/s at {largest:,} order items", rate_there, INVOICES_PER_SECOND)


def large() -> Iterator[Figure]:
    """Single large decisions."""
    found = large_invoices()
    yield _most("ms for an invoice of 50 lines", found["lines_50_ms"], LINES_50)
    yield _most("ms for an invoice of 200 lines", found["lines_200_ms"], LINES_200)
    yield _most("ms for the best of 200 x 200 pairs", found["pairs_ms"], PAIRS_200)


def rate(result: Result) -> float:
    """Invoices per second of CPU, without making or loading the orders."""
    return float(result["invoices"] / result["cpu_s"])


def _least(name: str, value: float, goal: float) -> Figure:
    return _judged(name, value, f"at least {goal:g}", value >= goal)


def _most(name: str, value: float, goal: float) -> Figure:
    return _judged(name, value, f"at most {goal:g}", value <= goal)


def _judged(name: str, value: float, goal: str, met: bool) -> Figure:
    return {
        "benchmark": f"matching {name}",
        "value": float(f"{value:.4g}"),
        "goal": goal,
        "within": met,
    }
