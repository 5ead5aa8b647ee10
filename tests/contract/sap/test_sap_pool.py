"""How many connections there are at once, who waits for one, and which of them are kept."""

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from sapmatch.model.connection import Limits
from sapmatch.model.errors import InputRejected, PoolExhausted
from sapmatch.model.query import Query
from tests.builders.sap_server import SERVICE, Received, Reply, SapServer, client_of, rows
from tests.contract.sap.test_sap_threads import at_once


def limits(**numbers: float) -> Limits:
    return Limits(requests_per_second=10_000, burst=100, **numbers)  # type: ignore[arg-type]


class Crowd:
    """SAP that counts how many calls are in it at once."""

    def __init__(self) -> None:
        self.lock = threading.Lock()
        self.inside = 0
        self.most = 0

    @contextmanager
    def within(self) -> Iterator[None]:
        with self.lock:
            self.inside += 1
            self.most = max(self.most, self.inside)
        yield
        with self.lock:
            self.inside -= 1

    def __call__(self, request: Received) -> Reply:
        with self.within():
            time.sleep(0.03)
            return rows({"ID": "1"})


def test_no_more_calls_than_parallel_run_at_once_and_all_finish() -> None:
    """CO-T61: two seats, five threads."""
    crowd = Crowd()
    with SapServer(crowd) as server, client_of(server, limits=limits(parallel=2)) as client:
        calls = [lambda: [client.find(SERVICE, "A_Order", Query()) for _ in range(3)]] * 5
        assert at_once(*calls) == [None] * 5
    assert len(server.requests) == 15
    assert crowd.most == 2
    assert server.connections <= 2


def test_who_waits_too_long_for_a_connection_is_told_which_settings_to_look_at() -> None:
    """CO-T61: and nothing of his has left."""
    came, go = threading.Event(), threading.Event()

    def script(request: Received) -> Reply:
        came.set()
        assert go.wait(10)
        return rows()

    scarce = limits(parallel=1, wait_seconds=0.05)
    with SapServer(script) as server, client_of(server, limits=scarce) as client:
        first = threading.Thread(target=lambda: client.find(SERVICE, "A_Order", Query()))
        first.start()
        assert came.wait(10)
        with pytest.raises(PoolExhausted, match=r"limits\.parallel and limits\.wait_seconds"):
            client.find(SERVICE, "A_Order", Query())
        go.set()
        first.join(10)
        client.find(SERVICE, "A_Order", Query())
    assert len(server.requests) == 2


def test_without_idle_connections_each_call_closes_its_own() -> None:
    """CO-T62."""
    with (
        SapServer(lambda _: rows()) as server,
        client_of(server, limits=limits(idle=0)) as client,
    ):
        for _ in range(3):
            client.find(SERVICE, "A_Order", Query())
    assert server.connections == 3


def test_as_many_connections_as_idle_says_are_kept() -> None:
    """CO-T62: of four one is used again, and three are made anew."""
    together = threading.Barrier(4)

    def script(request: Received) -> Reply:
        if "wait" in request.query:
            together.wait(10)
        return rows()

    wait = Query(filter="wait eq true")
    with (
        SapServer(script) as server,
        client_of(server, limits=limits(parallel=4, idle=1)) as client,
    ):
        client.find(SERVICE, "A_Order", Query())
        calls = [lambda: client.find(SERVICE, "A_Order", wait)] * 4
        assert at_once(*calls) == [None] * 4
        assert server.connections == 4
        assert at_once(*calls) == [None] * 4
    assert server.connections == 7


@pytest.mark.parametrize("wrong", [{"idle": -1}, {"wait_seconds": -1}, {"parallel": 0}])
def test_limits_that_nobody_can_keep_are_refused(wrong: dict[str, int]) -> None:
    with (
        SapServer(lambda _: rows()) as server,
        pytest.raises(InputRejected, match=r"\[connections\.s4\]\.limits"),
    ):
        client_of(server, limits=limits(**wrong))
