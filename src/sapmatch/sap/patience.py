"""What `requests` does not see to: an end to every exchange, idle connections, whole headers.

It bounds the time between two bytes, never that of all of them; takes the part of the headers that
came before a connection broke for all of them, and half a Location would name another record; uses
a connection however long it lay idle; and writes every address anew.
"""

import io
import socket
import threading
import time
from collections.abc import Callable
from datetime import datetime, timedelta
from functools import partial
from http.client import HTTPResponse
from typing import Any, cast

from msgspec import Struct
from requests import PreparedRequest
from requests.adapters import HTTPAdapter
from urllib3.connection import HTTPConnection
from urllib3.connectionpool import HTTPConnectionPool


class TooSlow(TimeoutError):
    """The exchange was not at its end when its time was over."""


class Terms(Struct, frozen=True):
    """`total` seconds for an exchange, from its first byte; how long a connection may lie idle."""

    total: float
    idle: timedelta
    now: Callable[[], datetime]


class PatientAdapter(HTTPAdapter):
    """Ends every exchange in time, and sends each address byte for byte (OD-P22)."""

    def __init__(self, terms: Terms, **settings: Any) -> None:
        self._asked = threading.local()
        self._kind = {"terms": terms, "asked": self._asked}
        super().__init__(**settings)

    def request_url(self, request: PreparedRequest, proxies: Any) -> str:
        """The target of the request line; urllib3 would encode it anew on its way there."""
        self._asked.target = super().request_url(request, proxies)
        return cast(str, self._asked.target)

    def get_connection_with_tls_context(self, *args: Any, **kwargs: Any) -> HTTPConnectionPool:
        """The pool of connections for a request."""
        pool = cast(HTTPConnectionPool, super().get_connection_with_tls_context(*args, **kwargs))
        known: type = pool.ConnectionCls
        if not issubclass(known, _Connection):
            pool.ConnectionCls = type(known.__name__, (_Connection, known), self._kind)
        return pool


class _Connection(HTTPConnection):
    terms: Terms
    asked: threading.local
    _end: float | None = None
    _used: datetime | None = None

    @property
    def is_connected(self) -> bool:
        """A connection that was closed unseen would turn a write into an unknown outcome."""
        idle = self._used is not None and self.terms.now() - self._used > self.terms.idle
        return not idle and super().is_connected

    def putrequest(
        self,
        method: str,
        url: str,  # noqa: ARG002  as urllib3 wrote it anew
        skip_host: bool = False,
        skip_accept_encoding: bool = False,
    ) -> None:
        self._end = time.monotonic() + self.terms.total
        answer: Any = partial(_Answer, end=self._end)
        self.response_class = answer
        super().putrequest(method, self.asked.target, skip_host, skip_accept_encoding)

    def send(self, data: Any) -> None:
        """Within the time of the exchange: urllib3 gives a body the time limit of connecting."""
        if self._end is None:  # the way through a proxy
            super().send(data)
            return
        if self.sock is None:
            self.connect()
        self.sock.settimeout(max(self._end - time.monotonic(), 0.001))
        try:
            super().send(data)
        except TimeoutError as exc:
            raise TooSlow from exc

    def getresponse(self) -> Any:
        answer = super().getresponse()
        self._used = self.terms.now()
        return answer


class _Answer(HTTPResponse):
    def __init__(self, sock: socket.socket, *args: Any, end: float, **kwargs: Any) -> None:
        super().__init__(sock, *args, **kwargs)
        self.fp.close()
        self._source = _Timed(sock, end)
        self.fp = io.BufferedReader(self._source)

    def begin(self) -> None:
        """Read the headers; the base takes an end among them for the end of them."""
        super().begin()
        if self._source.ended:
            raise ConnectionResetError("the connection broke among the headers")


class _Timed(io.RawIOBase):
    """What comes from a socket, until its time is over; by a clock that nobody sets."""

    def __init__(self, sock: socket.socket, end: float) -> None:
        self._file = sock.makefile("rb", buffering=0)
        self._sock = sock
        self._each = sock.gettimeout()
        self._end = end
        self.ended = False  # the other side closed

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int | None:
        left = self._end - time.monotonic()
        if left <= 0:
            raise TooSlow
        short = self._each is None or left < self._each
        self._sock.settimeout(left if short else self._each)
        try:
            count = self._file.readinto(buffer)
        except TimeoutError as exc:
            if short:
                raise TooSlow from exc
            raise
        self.ended = count == 0
        return count

    def close(self) -> None:
        self._file.close()
        super().close()
