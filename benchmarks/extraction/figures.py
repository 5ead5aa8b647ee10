"""The figures and their goals: ratios within one run, never absolute times."""

from collections.abc import Iterator, Sequence
from itertools import pairwise
from typing import Any

from benchmarks.extraction.contestants import FORMATS
from benchmarks.extraction.measuring import Contestant, Service, at_once, in_turns
from benchmarks.odata.measuring import Cost, Costs, middle, ratio

TINY, SHORT, LONG = 10_000, 100_000, 1_000_000  # rows
FLOORS = ("decode", "plain")
ROUNDS = {TINY: 3, SHORT: 2, LONG: 1}
# The goals. CPU time as a multiple of that of the decode floor, at most:
TO_DECODE = {"ndjson": 1.3, "parquet": 4.0}
LONG_TO_SHORT = 1.1  # peak memory, at most
GROWTH = 1.15  # CPU time a row, as a multiple of that with a tenth of the rows, at most
READERS = 4
# How much sooner that many readers are done than one, at least; by seconds that a page takes.
SOONER = {
    Service(rows=20_000, page_size=100, delay=0.05): 1.6,
    Service(rows=24_000, page_size=100, delay=0.5): 3.0,
}

Figure = dict[str, Any]


def figures() -> Iterator[Figure]:
    """A million rows in each format, their memory and growth, and several readers at once."""
    costs = {
        rows: in_turns(Service(rows), (*FLOORS, *FORMATS) if rows == LONG else FORMATS, rounds)
        for rows, rounds in ROUNDS.items()
    }
    yield from speeds(costs[LONG])
    for name in FORMATS:
        yield memory(name, costs[SHORT][name], costs[LONG][name])
    for name in FORMATS:
        yield growth(name, {rows: found[name] for rows, found in costs.items()})
    for service, goal in SOONER.items():
        one, several = at_once(service, [Contestant("ndjson"), Contestant("ndjson", READERS)])
        yield sooner(service, one, several, goal)


def speeds(costs: Costs) -> Iterator[Figure]:
    """What everybody took for a million rows, against the decode floor."""
    for name, rounds in costs.items():
        more = ratio(rounds, costs["decode"])
        figure = {
            "benchmark": f"extract {LONG} rows: {name}",
            **_cost(middle(rounds)),
            "cpu_to_decode": round(more, 2),
        }
        goal = TO_DECODE.get(name)
        yield figure | (_judged(f"at most {goal} x decode", more, more <= goal) if goal else {})


def memory(name: str, short: Sequence[Cost], long: Sequence[Cost]) -> Figure:
    """Peak memory of a million rows against that of a hundred thousand."""
    low, high = (max(cost.peak_mb for cost in costs) for costs in (short, long))
    goal = f"at most {LONG_TO_SHORT} x that of {SHORT} rows"
    figure = {"benchmark": f"extract memory: {name}", "peak_mb": round(high, 1)}
    return figure | _judged(goal, high / low, high / low <= LONG_TO_SHORT)


def growth(name: str, costs: dict[int, Sequence[Cost]]) -> Figure:
    """CPU time a row at each number of rows, and the most that it grows from one to the next."""
    each = [middle(found).cpu_s / rows * 1e6 for rows, found in sorted(costs.items())]
    more = max(after / before for before, after in pairwise(each))
    figure = {
        "benchmark": f"extract growth: {name}",
        "cpu_us_a_row": [round(microseconds, 2) for microseconds in each],
    }
    return figure | _judged(f"at most {GROWTH} x with ten times the rows", more, more <= GROWTH)


def sooner(service: Service, one: Cost, several: Cost, goal: float) -> Figure:
    """Time of one reader as a multiple of that of several."""
    times = one.seconds / several.seconds
    figure = {
        "benchmark": f"extract, {service.delay * 1000:.0f} ms a page: {READERS} readers",
        "rows_per_s": round(service.rows / several.seconds),
        "seconds": [round(one.seconds, 1), round(several.seconds, 1)],
    }
    return figure | _judged(f"at least {goal} x as fast as one", times, times >= goal)


def _cost(cost: Cost) -> Figure:
    return {
        "rows_per_s": round(cost.rows / cost.seconds),
        "cpu_s": round(cost.cpu_s, 3),
        "peak_mb": round(cost.peak_mb, 1),
    }


def _judged(goal: str, figure: float, met: bool) -> Figure:
    return {"goal": goal, "ratio": round(figure, 3), "within": met}
