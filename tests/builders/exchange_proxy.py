"""A TCP proxy in front of SAP that passes whole exchanges on; others make it do worse."""

import socket
import threading
from contextlib import suppress
from types import TracebackType
from typing import Self

PIECE = 65536
_SECONDS = 10  # nothing on the loopback interface takes that long


class ExchangeProxy:
    """One thread a connection; a context manager."""

    def __init__(self, target: str) -> None:
        host, _, port = target.removeprefix("http://").partition(":")
        self._target = (host, int(port))
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

    def exchange(self, first: bytes, client: socket.socket, server: socket.socket) -> bool:
        """Pass on a request that begins with `first`, and its answer; False ends the connection."""
        request = complete(first, client)
        client.sendall(answer_to(request, server))
        return True

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
            while first := client.recv(PIECE):
                if not self.exchange(first, client, server):
                    return


def answer_to(request: bytes, server: socket.socket) -> bytes:
    """What SAP answers to a whole request."""
    server.sendall(request)
    return complete(b"", server, bare=request.startswith(b"HEAD "))


def complete(message: bytes, source: socket.socket, *, bare: bool = False) -> bytes:
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
    part = source.recv(PIECE)
    if not part:
        raise ConnectionResetError
    return part
