"""A TCP proxy that cuts one connection after so many bytes of a request or of its answer."""

import socket
import threading
from contextlib import suppress
from dataclasses import dataclass
from types import TracebackType
from typing import Literal, Self

_SECONDS = 10  # nothing on the loopback interface takes that long
_PIECE = 65536

Way = Literal["request", "answer"]


@dataclass
class Cut:
    """Where to cut the next matching exchange: `after` bytes of the request or of the answer."""

    way: Way
    after: int


class CuttingProxy:
    """Passes whole exchanges on, one thread a connection; a context manager.

    The next request that begins with `mark` is cut as `cut` says. `sizes` are the bytes of the
    last such request and of its answer.
    """

    def __init__(self, target: str, mark: bytes) -> None:
        host, _, port = target.removeprefix("http://").partition(":")
        self._target = (host, int(port))
        self._mark = mark
        self.cut: Cut | None = None
        self.sizes = (0, 0)
        self.seen = 0  # requests that begin with the mark
        self.over = threading.Event()  # what was cut is over on SAP's side too
        self._listener = socket.create_server(("127.0.0.1", 0))
        self._clients: list[socket.socket] = []
        self._threads: list[threading.Thread] = []
        self._thread = threading.Thread(target=self._accept)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._listener.getsockname()[1]}"

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        for client in self._clients:
            with suppress(OSError):  # over already
                client.shutdown(socket.SHUT_RDWR)
        for thread in (self._thread, *self._threads):
            thread.join(_SECONDS)
            assert not thread.is_alive()

    def _accept(self) -> None:
        with suppress(OSError):  # closed by __exit__
            while True:
                client, _ = self._listener.accept()
                thread = threading.Thread(target=self._serve, args=(client,))
                self._clients.append(client)
                self._threads.append(thread)
                thread.start()

    def _serve(self, client: socket.socket) -> None:
        server = socket.create_connection(self._target, _SECONDS)
        client.settimeout(_SECONDS)
        for each in (client, server):
            each.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        # SAP may see that the client is gone; what it makes of that is its own business.
        with client, server, suppress(OSError):
            while self._exchange(client, server):
                pass

    def _exchange(self, client: socket.socket, server: socket.socket) -> bool:
        """One request and its answer; False where the connection is over."""
        first = client.recv(_PIECE)
        if not first:
            return False
        cut, marked = None, first.startswith(self._mark)
        if marked:
            self.seen += 1
            cut, self.cut = self.cut, None
        if cut is None:
            self._whole(first, client, server, marked=marked)
            return True
        try:
            _cut(first, client, server, cut)
        finally:
            self.over.set()
        return False

    def _whole(
        self, first: bytes, client: socket.socket, server: socket.socket, *, marked: bool
    ) -> None:
        request = _complete(first, client)
        server.sendall(request)
        answer = _complete(b"", server, bare=request.startswith(b"HEAD "))
        if marked:
            self.sizes = (len(request), len(answer))
        client.sendall(answer)


def _cut(first: bytes, client: socket.socket, server: socket.socket, cut: Cut) -> None:
    if cut.way == "answer":
        server.sendall(_complete(first, client))
        client.sendall(_complete(b"", server)[: cut.after])
        return
    _pass(first, client, server, cut.after)
    server.shutdown(socket.SHUT_WR)
    client.shutdown(socket.SHUT_RDWR)
    while server.recv(_PIECE):  # SAP does what it wants with what it got
        pass


def _pass(first: bytes, client: socket.socket, server: socket.socket, most: int) -> None:
    """The first `most` bytes of a request."""
    part = first[:most]
    server.sendall(part)
    left = most - len(part)
    while left > 0:
        part = client.recv(min(left, _PIECE))
        server.sendall(part)
        left -= len(part)


def _complete(message: bytes, source: socket.socket, *, bare: bool = False) -> bytes:
    """A whole message with a Content-Length, or none and no body; `bare`: the head alone."""
    while b"\r\n\r\n" not in message:
        message += _received(source)
    head, _, body = message.partition(b"\r\n\r\n")
    named = [line for line in head.lower().split(b"\r\n") if line.startswith(b"content-length:")]
    length = int(named[0].partition(b":")[2]) if named and not bare else 0
    while len(body) < length:
        body += _received(source)
    return head + b"\r\n\r\n" + body


def _received(source: socket.socket) -> bytes:
    part = source.recv(_PIECE)
    if not part:
        raise ConnectionResetError
    return part
