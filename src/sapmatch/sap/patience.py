"""What `requests` does not see to: an end to every exchange, idle connections, whole headers.

It bounds the time between two bytes, never that of all of them; takes the part of the headers that
came before a connection broke for all of them, and half a Location would name another record; uses
a connection however long it lay idle; and writes every address anew.
"""

import io
import socket
import ssl
import threading
import time
from collections.abc import Callable
from datetime import datetime, timedelta
from functools import partial
from http.client import HTTPResponse
from typing import Any, cast

from msgspec import Struct
from requests import PreparedRequest, Response
from requests.adapters import HTTPAdapter
from urllib3.connection import HTTPConnection
from urllib3.connectionpool import HTTPConnectionPool, HTTPSConnectionPool


class TooSlow(TimeoutError):
    """The exchange was not at its end when its time was over."""


class Terms(Struct, frozen=True):
    """`total` seconds for an exchange, from its first byte; how long a connection may lie idle.

    `kept` connections at most lie idle between two exchanges.
    """

    total: float
    idle: timedelta
    now: Callable[[], datetime]
    kept: int = 0


class PatientAdapter(HTTPAdapter):
    """Ends every exchange in time, and sends each address byte for byte (OD-P22).

    `context` is what TLS shows and believes for the request that this thread is about to send:
    another context is another connection. `server_name` is the name in the certificate of a host,
    None where that is its own.
    """

    def __init__(
        self,
        terms: Terms,
        context: Callable[[], ssl.SSLContext],
        server_name: Callable[[str | None], str | None],
        **settings: Any,
    ) -> None:
        self._asked = threading.local()
        self._context = context
        self._server_name = server_name
        self._pools = _pools(terms, self._asked)
        super().__init__(**settings)

    @property
    def has_left(self) -> bool:
        """Whether a byte of this thread's last request was handed to the network."""
        return bool(getattr(self._asked, "left", False))

    @property
    def is_first(self) -> bool:
        """Whether this thread's last request was the first one on its connection."""
        return bool(getattr(self._asked, "first", True))

    def send(self, *args: Any, **kwargs: Any) -> Response:
        """Send one request."""
        self._asked.left = False
        return super().send(*args, **kwargs)

    def request_url(self, request: PreparedRequest, proxies: Any) -> str:
        """The target of the request line; urllib3 would encode it anew on its way there."""
        self._asked.target = super().request_url(request, proxies)
        return cast(str, self._asked.target)

    def build_connection_pool_key_attributes(
        self, request: PreparedRequest, verify: Any, cert: Any = None
    ) -> Any:
        """What a connection has to be like for a request."""
        place, kind = super().build_connection_pool_key_attributes(request, verify, cert)
        if place["scheme"] != "https":
            return place, kind
        name = self._server_name(place["host"])
        named = {"server_hostname": name} if name else {}
        return place, {"ssl_context": self._context(), **named}

    def cert_verify(self, conn: Any, url: str, verify: Any, cert: Any) -> None:
        """Nothing: the context has seen to it, and requests would load a bundle each time."""

    def init_poolmanager(self, *args: Any, **kwargs: Any) -> None:
        """Make the pools."""
        super().init_poolmanager(*args, **kwargs)
        self.poolmanager.pool_classes_by_scheme = self._pools

    def proxy_manager_for(self, *args: Any, **kwargs: Any) -> Any:
        """The pools of a proxy."""
        manager = super().proxy_manager_for(*args, **kwargs)
        manager.pool_classes_by_scheme = self._pools
        return manager


def _pools(terms: Terms, asked: threading.local) -> dict[str, type]:
    """The kinds of pool by scheme, of connections with these terms."""
    made: dict[str, type] = {}
    kind = {"terms": terms, "asked": asked}
    for base in (HTTPConnectionPool, HTTPSConnectionPool):
        each: Any = base.ConnectionCls
        connection = type(each.__name__, (_Connection, each), kind)
        pool = {"ConnectionCls": connection, "kept": terms.kept, "returning": threading.Lock()}
        made[base.scheme] = type(base.__name__, (_Pool, base), pool)
    return made


class _Pool(HTTPConnectionPool):
    kept: int
    returning: threading.Lock

    def _put_conn(self, conn: Any) -> None:
        """Give a connection back, closed where enough lie idle."""
        with self.returning:
            if conn is not None and self._lying() >= self.kept:
                conn.close()
            super()._put_conn(conn)

    def _lying(self) -> int:
        lying = list(self.pool.queue) if self.pool else []
        return sum(1 for each in lying if each is not None and each.sock is not None)


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

    def connect(self) -> None:
        self._used = None
        if self._end is None:  # a proxy that opens a tunnel has as long as any other
            self._answers_until(time.monotonic() + self.terms.total)
        super().connect()

    def _answers_until(self, end: float) -> None:
        answer: Any = partial(_Answer, end=end)
        self.response_class = answer

    def putrequest(
        self,
        method: str,
        url: str,  # noqa: ARG002  as urllib3 wrote it anew
        skip_host: bool = False,
        skip_accept_encoding: bool = False,
    ) -> None:
        self._end = time.monotonic() + self.terms.total
        self._answers_until(self._end)
        super().putrequest(method, self.asked.target, skip_host, skip_accept_encoding)

    def send(self, data: Any) -> None:
        """Within the time of the exchange: urllib3 gives a body the time limit of connecting."""
        if self._end is None:  # the way through a proxy
            super().send(data)
            return
        if self.sock is None:
            self.connect()
        self.sock.settimeout(max(self._end - time.monotonic(), 0.001))
        self.asked.left = True
        self.asked.first = self._used is None
        try:
            super().send(data)
        except TimeoutError as exc:
            raise TooSlow from exc
        except (ConnectionError, ssl.SSLEOFError) as exc:
            # What the other side said before it closed, such as an alert, is still to be read.
            raise BrokenPipeError from exc

    def close(self) -> None:
        """End the connection; a tunnel through a proxy, where it begins anew, has its own time."""
        self._end = None
        self.__dict__.pop("response_class", None)
        super().close()

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
