"""One client, many threads: one logon, one new session where SAP lost one, one call that tries."""

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from itertools import count

import pytest

from sapmatch.model.connection import Limits
from sapmatch.model.errors import LogonRefused, SapUnavailable
from sapmatch.model.query import Query
from tests.builders.memory import MemoryClock
from tests.builders.sap_server import (
    REQUIRED,
    SERVICE,
    Received,
    Reply,
    SapServer,
    client_of,
    data,
    rows,
)

CREATED = data({"d": {"ID": "1"}}, 201)
LOST = Reply(400, b"<html><h1>400 Session timed out</h1></html>", type="text/html")
THREADS = 8


def at_once(*calls: Callable[[], object]) -> list[BaseException | None]:
    """What became of each call, all begun together."""
    together = threading.Barrier(len(calls))

    def begin(call: Callable[[], object]) -> None:
        together.wait(10)
        call()

    with ThreadPoolExecutor(len(calls)) as pool:
        return [each.exception(30) for each in [pool.submit(begin, call) for call in calls]]


def test_a_wrong_password_is_sent_once_by_all_threads_together() -> None:
    """OD-P14: the fifth would lock the user."""
    with SapServer(lambda _: Reply(401, delay=0.05)) as server, client_of(server) as client:
        found = at_once(*[lambda: client.find(SERVICE, "A_Order", Query())] * THREADS)
    assert [type(each) for each in found] == [LogonRefused] * THREADS
    assert len(server.requests) == 1


class Forgetful:
    """SAP that may lose all its sessions; a token is good in its own session only."""

    def __init__(self) -> None:
        self.lock = threading.Lock()
        self.numbers = count(1)
        self.sessions: set[str] = set()
        self.created: list[bytes] = []
        self.tokens = 0

    def forget(self) -> None:
        with self.lock:
            self.sessions.clear()

    def __call__(self, request: Received) -> Reply:
        with self.lock:
            return self.answer(request)

    def answer(self, request: Received) -> Reply:
        session = request.headers.get("cookie", "").removeprefix("S=")
        headers = []
        if session and session not in self.sessions:
            return LOST
        if not session:
            session = str(next(self.numbers))
            self.sessions.add(session)
            headers.append(("Set-Cookie", f"S={session}; path=/"))
        if request.fetches_token:
            self.tokens += 1
            return Reply(headers=[*headers, ("x-csrf-token", f"T{session}")])
        if request.method == "GET":
            return Reply(body=rows({"ID": "1"}).body, headers=headers)
        if request.headers.get("x-csrf-token") != f"T{session}":
            return REQUIRED
        self.created.append(request.body)
        return CREATED


def test_readers_and_writers_find_into_one_new_session_after_each_that_was_lost() -> None:
    """OD-P10, OD-P12: nobody gives up, and nothing happens twice."""
    sap = Forgetful()
    limits = Limits(requests_per_second=10_000, burst=100, parallel=THREADS)
    with SapServer(sap) as server, client_of(server, limits=limits) as client:
        for number in range(6):
            readers = [lambda: client.find(SERVICE, "A_Order", Query())] * 4
            writers = [
                lambda n=number, w=writer: client.create(SERVICE, "A_Order", {"ID": f"{n}-{w}"})
                for writer in range(4)
            ]
            assert at_once(*readers, *writers) == [None] * THREADS
            sap.forget()
    assert len(sap.created) == len(set(sap.created)) == 24
    assert (next(sap.numbers), sap.tokens) == (7, 6)


def test_a_connection_that_idled_alone_is_not_used_again() -> None:
    """CO-T63: each connection has its own time, however busy the others are."""
    clock = MemoryClock()
    together = threading.Barrier(2)

    def script(request: Received) -> Reply:
        if "both" in request.query:
            together.wait(10)
        return rows()

    both = Query(filter="both eq true")
    with SapServer(script) as server, client_of(server, clock=clock) as client:
        client.find(SERVICE, "A_Order", Query())
        assert at_once(*[lambda: client.find(SERVICE, "A_Order", both)] * 2) == [None, None]
        for _ in range(6):
            clock.time += timedelta(seconds=10)
            client.find(SERVICE, "A_Order", Query())
        assert server.connections == 2
        assert at_once(*[lambda: client.find(SERVICE, "A_Order", both)] * 2) == [None, None]
    assert server.connections == 3


class HeldClock(MemoryClock):
    """Whoever waits, waits until he is let go."""

    def __init__(self) -> None:
        super().__init__()
        self.waiting = threading.Event()
        self.go = threading.Event()

    def sleep(self, seconds: float) -> None:
        self.waiting.set()
        assert self.go.wait(10)


def test_what_opens_the_breaker_holds_for_those_that_wait_for_their_turn() -> None:
    clock = HeldClock()
    fails = threading.Event()

    def script(request: Received) -> Reply:
        if request.path.endswith("/first"):
            assert fails.wait(10)
            return Reply(503)
        return rows()

    with (
        SapServer(script) as server,
        client_of(server, clock=clock, limits=Limits(failures=1)) as client,
        ThreadPoolExecutor(2) as pool,
    ):
        sap = client.exchange(SERVICE)
        sap.get(sap.url(""), tries=1)
        clock.time += timedelta(seconds=1)
        first = pool.submit(sap.get, sap.url("first"), tries=1)
        second = pool.submit(sap.get, sap.url("second"), tries=1)
        assert clock.waiting.wait(10)
        fails.set()
        assert isinstance(first.exception(10), SapUnavailable)
        clock.go.set()
        with pytest.raises(SapUnavailable, match="nothing is sent"):
            second.result(10)
    assert [request.path.rpartition("/")[2] for request in server.requests] == ["", "first"]
