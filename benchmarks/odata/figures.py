"""The figures and their goals: ratios within one run, never absolute times."""

from collections.abc import Iterator, Sequence
from typing import Any

from benchmarks.imports import beside
from benchmarks.odata.contestants import names
from benchmarks.odata.measuring import Cost, Costs, Service, measured, middle, ratio

ROWS = 100_000
# With the number of rounds: all of it stays within about three minutes on two cores.
SERVICES = {
    Service("V4", 5000, ROWS): 2,
    Service("V4", 1000, ROWS): 2,
    Service("V2", 5000, ROWS): 2,
    Service("V2", 1000, ROWS): 3,
}
LONG = Service("V2", 1000, 10 * ROWS)  # held against the last of these
# The goals, in CPU time of the reader, memory in MB.
RAW_TO_DECODE = 1.1  # at most
PYODATA_TO_TYPED = 3.0  # at least
LONG_TO_SHORT = 1.1  # at most
PEAK = 150  # at most
IMPORT_TO_REQUESTS = 1.4  # at most

Figure = dict[str, Any]


def figures() -> Iterator[Figure]:
    """One line per service and contestant, one per reader of a million rows, one for the import."""
    for service, rounds in SERVICES.items():
        short = measured(service, names(service.version), rounds)
        yield from speeds(service, short)
    for name, costs in measured(LONG, ("raw", "typed"), 1).items():
        yield memory(name, short[name], costs)
    yield importing(*beside("sapmatch.sap.connection", "requests"))


def speeds(service: Service, costs: Costs) -> Iterator[Figure]:
    """What everybody took, against the decode floor."""
    for name, rounds in costs.items():
        figure = {
            "benchmark": f"odata {service.version} pages of {service.page_size}: {name}",
            **_cost(service, middle(rounds)),
            "cpu_to_decode": round(ratio(rounds, costs["decode"]), 2),
        }
        yield figure | _goal(name, costs)


def memory(name: str, short: Sequence[Cost], long: Sequence[Cost]) -> Figure:
    """Peak memory of a million rows against that of a hundred thousand."""
    low, high = (max(cost.peak_mb for cost in costs) for costs in (short, long))
    title = f"odata {LONG.version} {LONG.rows} rows: {name}"
    more = high / low
    goal = f"memory at most {LONG_TO_SHORT} x that of {ROWS} rows and {PEAK} MB"
    met = more <= LONG_TO_SHORT and high <= PEAK
    return {"benchmark": title, **_cost(LONG, middle(long)), **_judged(goal, more, met)}


def importing(milliseconds: float, more: float) -> Figure:
    """CPU time of importing the client, and as a multiple of that of `import requests`."""
    goal = f"at most {IMPORT_TO_REQUESTS} x import requests"
    judged = _judged(goal, more, more <= IMPORT_TO_REQUESTS)
    return {
        "benchmark": "odata import of the client",
        "cpu_s": round(milliseconds / 1000, 3),
        **judged,
    }


def _cost(service: Service, cost: Cost) -> Figure:
    return {
        "rows_per_s": round(service.rows / cost.seconds),
        "cpu_s": round(cost.cpu_s, 3),
        "peak_mb": round(cost.peak_mb, 1),
    }


def _goal(name: str, costs: Costs) -> Figure:
    if name == "raw":
        more = ratio(costs[name], costs["decode"])
        return _judged(f"at most {RAW_TO_DECODE} x decode", more, more <= RAW_TO_DECODE)
    if name == "typed" and "pyodata" in costs:
        less = ratio(costs["pyodata"], costs[name])
        goal = f"pyodata takes at least {PYODATA_TO_TYPED:g} x that"
        return _judged(goal, less, less >= PYODATA_TO_TYPED)
    return {}


def _judged(goal: str, figure: float, met: bool) -> Figure:
    return {"goal": goal, "ratio": round(figure, 3), "within": met}
