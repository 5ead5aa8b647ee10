"""Counts what the server was asked, and takes CPU times in turns."""

import time
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from statistics import median
from typing import NamedTuple

import requests

from benchmarks.connections.server import LIFETIME
from benchmarks.connections.world import World
from sapmatch.sap.odata.client import ODataClient

SERVICE = "/sap/opu/odata/sap/API_SALES_ORDER_SRV"
CALLERS = 50
_SECONDS = 300  # for all callers together


class Overhead(NamedTuple):
    """CPU milliseconds of one request, beside those of one that logs on to nothing."""

    floor_ms: float
    more_ms: float
    ratio: float


class LaterClock:
    """Real time, put forward by whoever wants tokens to be over."""

    def __init__(self) -> None:
        self._ahead = timedelta(0)

    def now(self) -> datetime:
        """The present moment of this clock."""
        return datetime.now(UTC) + self._ahead

    def sleep(self, seconds: float) -> None:
        """Wait."""
        time.sleep(seconds)

    def put_forward(self, seconds: float) -> None:
        """Let time have passed."""
        self._ahead += timedelta(seconds=seconds)


def read(client: ODataClient) -> None:
    """One request to SAP."""
    exchange = client.exchange(SERVICE)
    answer = exchange.read(exchange.url("A_SalesOrder"))
    assert answer.status == 200


def calls_per_lifetime(world: World, name: str, lifetimes: int, each: int) -> Mapping[str, float]:
    """Calls for tokens and destinations in one lifetime in which 50 callers make requests."""
    clock = LaterClock()
    before = world.counts()
    with world.client(name, clock) as client, ThreadPoolExecutor(CALLERS) as pool:
        for _ in range(lifetimes):
            list(pool.map(lambda _: read(client), range(CALLERS * each), timeout=_SECONDS))
            clock.put_forward(LIFETIME)
    after = world.counts()
    asked = {kind: after.get(kind, 0) - before.get(kind, 0) for kind in ("tokens", "destinations")}
    return {kind: count / lifetimes for kind, count in asked.items() if count}


def overhead(world: World, name: str, rounds: int, block: int) -> Overhead:
    """What a request costs more once it is logged on; in turns, so that both meet one noise."""
    times, floors = [], []
    with world.client(name) as client, world.client("none") as floor:
        read(client)
        read(floor)
        for _ in range(rounds):
            floors.append(_cpu_ms(floor, block))
            times.append(_cpu_ms(client, block))
    pairs = list(zip(times, floors, strict=True))
    more = median(one - other for one, other in pairs)
    return Overhead(median(floors), more, median(one / other for one, other in pairs))


def _cpu_ms(client: ODataClient, count: int) -> float:
    began = time.process_time()
    for _ in range(count):
        read(client)
    return 1000 * (time.process_time() - began) / count


def handshakes(world: World, count: int, threads: int) -> Mapping[str, int]:
    """TLS handshakes for so many requests: sapmatch, and `requests` with nothing kept."""
    with world.client("basic") as client:
        ours = _shaken(world, lambda: read(client), count, threads)
    plain = _shaken(world, lambda: _bare(world), count, threads)
    return {"sapmatch": ours, "requests": plain}


def _bare(world: World) -> None:
    requests.get(f"{world.address}{SERVICE}/A_SalesOrder", verify=str(world.bundle), timeout=20)


def _shaken(world: World, call: Callable[[], object], count: int, threads: int) -> int:
    before = world.counts()["handshakes"]
    with ThreadPoolExecutor(threads) as pool:
        list(pool.map(lambda _: call(), range(count), timeout=_SECONDS))
    return world.counts()["handshakes"] - before - 1  # that of the question itself
