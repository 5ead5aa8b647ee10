"""The figures and their goals."""

from collections.abc import Iterator
from typing import Any

from benchmarks.rfc.measuring import CALLS, Call, Costs, World, on_the_line, served, without_a_line

ROUNDS = 15
FASTER = 3.0  # times as fast as zeep, without the line

Figure = dict[str, Any]


def figures() -> Iterator[Figure]:
    """Two lines per call."""
    with served() as world:
        for call in CALLS:
            yield from of_call(world, call)


def of_call(world: World, call: Call) -> Iterator[Figure]:
    """Envelope and answer alone, then with HTTP, which is the same for both."""
    cost = without_a_line(world, call, ROUNDS)
    figure = figure_of(f"{call.name}: envelope and answer", cost)
    goal = f"at least {FASTER:g} times as fast"
    yield figure | {"goal": goal, "within": cost.ratio >= FASTER}
    yield figure_of(f"{call.name}: the whole call", on_the_line(world, call, ROUNDS))


def figure_of(name: str, cost: Costs) -> Figure:
    """The ratio, and what it comes from."""
    return {
        "benchmark": name,
        "value": round(cost.ratio, 2),
        "ours ms": round(cost.ours_ms, 3),
        "zeep ms": round(cost.peer_ms, 3),
    }
