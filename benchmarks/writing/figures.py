"""The figures and their goals: ratios within one run, never absolute times."""

from collections.abc import Iterator
from typing import Any

from benchmarks.writing.measuring import Cost, Costs, faster, measured, middle
from benchmarks.writing.stores import stored

# Invoices that each writes: a few seconds' worth.
COUNTS = {"bare": 200, "single": 200, "batch-10": 400, "batch-50": 1000, "batch-100": 1000}
OWN = {"alone": 1000}
ROUNDS = 2
# The goals, in intents a second.
SINGLE_TO_BARE = 0.6  # at least
FIFTY_TO_SINGLE = 5.0  # at least

Figure = dict[str, Any]


def figures() -> Iterator[Figure]:
    """One line per contestant, what our own work costs, and the stores."""
    costs = measured(COUNTS, ROUNDS)
    for name, rounds in costs.items():
        yield {
            "benchmark": f"writing {name}",
            **_cost(middle(rounds)),
            "x_bare": round(faster(rounds, costs["bare"]), 2),
        } | _goal(name, costs)
    yield {"benchmark": "writing without SAP", **_cost(middle(measured(OWN, ROUNDS)["alone"]))}
    yield from stored()


def _cost(cost: Cost) -> Figure:
    figure = {
        "intents_per_s": round(1 / cost.seconds, 1),
        "cpu_ms": round(1000 * cost.cpu_s, 2),
    }
    return figure | ({"store_writes": round(cost.versions, 2)} if cost.versions else {})


def _goal(name: str, costs: Costs) -> Figure:
    if name == "single":
        return _judged(faster(costs[name], costs["bare"]), SINGLE_TO_BARE, "the bare loop")
    if name == "batch-50":
        return _judged(faster(costs[name], costs["single"]), FIFTY_TO_SINGLE, "single")
    return {}


def _judged(ratio: float, least: float, other: str) -> Figure:
    goal = f"at least {least:g} x {other}"
    return {"goal": goal, "ratio": round(ratio, 2), "within": ratio >= least}
