"""The figures and their goals."""

from collections.abc import Iterator
from typing import Any

from benchmarks.connections.measuring import calls_per_lifetime, handshakes, overhead
from benchmarks.connections.world import NAMES, TOKENS, World, served

LIFETIMES, EACH = 3, 4  # of a token; requests of each caller in one
ROUNDS, BLOCK = 150, 10  # requests of one way in one turn
REQUESTS, THREADS = 1000, 4
# The goals.
CALLS = 1  # for a token, in its lifetime
OVERHEAD_MS = 0.2  # CPU of a request, at most

Figure = dict[str, Any]


def figures() -> Iterator[Figure]:
    """One line per count, way and contestant."""
    with served() as world:
        yield from _calls(world)
        yield from _overheads(world)
        yield from _handshakes(world)


def _calls(world: World) -> Iterator[Figure]:
    for name in TOKENS:
        for kind, calls in calls_per_lifetime(world, name, LIFETIMES, EACH).items():
            yield {
                "benchmark": f"{name}: calls for {kind} in a lifetime",
                "value": round(calls, 2),
                "goal": f"at most {CALLS}, 50 callers",
                "within": calls <= CALLS,
            }


def _overheads(world: World) -> Iterator[Figure]:
    for name in NAMES:
        cost = overhead(world, name, ROUNDS, BLOCK)
        yield {
            "benchmark": f"{name}: CPU ms more a request",
            "value": round(cost.more_ms, 3),
            "x none": round(cost.ratio, 2),
            "none ms": round(cost.floor_ms, 3),
            "goal": f"below {OVERHEAD_MS:g} ms",
            "within": cost.more_ms < OVERHEAD_MS,
        }


def _handshakes(world: World) -> Iterator[Figure]:
    for name, count in handshakes(world, REQUESTS, THREADS).items():
        figure = {"benchmark": f"{name}: TLS handshakes in {REQUESTS:,} requests", "value": count}
        if name == "sapmatch":
            figure |= {"goal": f"at most {THREADS}, a connection each", "within": count <= THREADS}
        yield figure
