"""What `requests` does not see to: an end to every answer, and headers that are complete.

It bounds the time between two bytes, never that of all of them, and takes the part of the headers
that came before a connection broke for all of them: half a Location would name another record.
"""

import io
import socket
import time
from functools import partial
from http.client import HTTPResponse
from typing import Any, cast

from requests.adapters import HTTPAdapter
from urllib3.connectionpool import HTTPConnectionPool


class TooSlow(TimeoutError):
    """The answer was still coming when its time was over."""


class PatientAdapter(HTTPAdapter):
    """Ends every answer, headers and body, `total` seconds after its request was sent."""

    def __init__(self, total: float, **settings: Any) -> None:
        self._total = total
        super().__init__(**settings)

    def get_connection_with_tls_context(self, *args: Any, **kwargs: Any) -> HTTPConnectionPool:
        """The pool of connections for a request."""
        pool = cast(HTTPConnectionPool, super().get_connection_with_tls_context(*args, **kwargs))
        known: type = pool.ConnectionCls
        if "response_class" not in vars(known):
            answer = staticmethod(partial(_Answer, total=self._total))
            pool.ConnectionCls = type(known.__name__, (known,), {"response_class": answer})
        return pool


class _Answer(HTTPResponse):
    def __init__(self, sock: socket.socket, *args: Any, total: float, **kwargs: Any) -> None:
        super().__init__(sock, *args, **kwargs)
        self.fp.close()
        self._source = _Timed(sock, total)
        self.fp = io.BufferedReader(self._source)

    def begin(self) -> None:
        """Read the headers; the base takes an end among them for the end of them."""
        super().begin()
        if self._source.ended:
            raise ConnectionResetError("the connection broke among the headers")


class _Timed(io.RawIOBase):
    """What comes from a socket, until its time is over; by a clock that nobody sets."""

    def __init__(self, sock: socket.socket, total: float) -> None:
        self._file = sock.makefile("rb", buffering=0)
        self._sock = sock
        self._each = sock.gettimeout()
        self._end = time.monotonic() + total
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
