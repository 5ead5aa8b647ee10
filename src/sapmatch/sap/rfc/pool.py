"""Connections that are kept open between calls, and how many there may be (rows B9, B10)."""

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from typing import Generic, Protocol, TypeVar

from msgspec.structs import replace

from sapmatch.model.connection import Connection
from sapmatch.model.errors import PoolExhausted
from sapmatch.model.ports import Clock

IDLE = timedelta(seconds=20)  # gateways and NAT end what lies idle, and tell nobody


class Pooled(Protocol):
    """What a pool keeps; `is_usable` is False once nobody else may have it."""

    is_usable: bool

    def close(self) -> None:
        """End it; raises nothing."""
        ...


C = TypeVar("C", bound=Pooled)


class Pool(Generic[C]):
    """Gives each block a connection of its own; thread-safe.

    `kept` lie idle at most; `most` bounds those in use and idle together, 0 nothing. Who finds
    none free waits `wait_seconds`, then gets PoolExhausted: nothing has left by then.
    """

    def __init__(
        self,
        place: str,
        make: Callable[[], C],
        clock: Clock,
        *,
        kept: int,
        most: int,
        wait_seconds: float,
    ) -> None:
        self._make = make
        self._clock = clock
        self._kept = min(kept, most) if most else kept
        self._free = threading.BoundedSemaphore(most) if most else None
        self._wait_seconds = wait_seconds
        self._message = (
            f"{place}: all {most} connections were in use for {wait_seconds:g} s; see "
            "rfc.peakLimit and limits.wait_seconds"
        )
        self._lock = threading.Lock()
        self._idle: list[tuple[C, datetime]] = []
        self._is_closed = False

    @contextmanager
    def taken(self) -> Iterator[C]:
        """A connection for the block, and for nobody else meanwhile."""
        if self._free and not self._free.acquire(timeout=self._wait_seconds):
            raise PoolExhausted(self._message)
        try:
            found = self._found()
            connection = self._make() if found is None else found
            try:
                yield connection
            finally:
                self._give_back(connection)
        finally:
            if self._free:
                self._free.release()

    def close(self) -> None:
        """End those that are idle, and those in use when they are given back."""
        with self._lock:
            self._is_closed = True
            left, self._idle = self._idle, []
        for connection, _ in left:
            connection.close()

    def _found(self) -> C | None:
        """The one that was used last; what lies idle for too long is ended."""
        oldest = self._clock.now() - IDLE
        with self._lock:
            fresh = [each for each in self._idle if each[1] >= oldest]
            stale = [each for each in self._idle if each[1] < oldest]
            found = fresh.pop()[0] if fresh else None
            self._idle = fresh
        for connection, _ in stale:
            connection.close()
        return found

    def _give_back(self, connection: C) -> None:
        with self._lock:
            if connection.is_usable and not self._is_closed and len(self._idle) < self._kept:
                self._idle.append((connection, self._clock.now()))
                return
        connection.close()


def with_pool(connection: Connection) -> Connection:
    """The connection with limits as `rfc` bounds them: how many calls at once, how many kept.

    For SOAP, whose session has these bounds already. A setting that was left out bounds nothing.
    """
    rfc, limits = connection.rfc, connection.limits
    if rfc is None:
        return connection
    parallel = min(limits.parallel, rfc.most) if rfc.most else limits.parallel
    idle = limits.idle if rfc.pool_capacity is None else rfc.kept
    bounded = None if idle is None else min(idle, parallel)
    return replace(connection, limits=replace(limits, parallel=parallel, idle=bounded))
