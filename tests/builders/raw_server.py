"""A server that writes whatever bytes a script wants: endless, dripping, broken, very large."""

import socket
import threading
from collections.abc import Callable, Iterable
from contextlib import suppress
from types import TracebackType
from typing import Self

Script = Callable[[str], Iterable[bytes]]

_SECONDS = 20


def head(*lines: str, status: str = "200 OK") -> bytes:
    """A status line and headers, JSON unless they say otherwise."""
    return "\r\n".join(
        [f"HTTP/1.1 {status}", "Content-Type: application/json", *lines, "", ""]
    ).encode()


class RawServer:
    """One request a connection; `script` gives the pieces of the answer to a request line.

    `connections` counts every connection, with or without a request.
    """

    def __init__(self, script: Script) -> None:
        self._script = script
        self.connections = 0
        self._over = threading.Event()
        self._listener = socket.create_server(("127.0.0.1", 0))
        self._threads: list[threading.Thread] = []
        self._thread = threading.Thread(target=self._accept)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._listener.getsockname()[1]}"

    @property
    def port(self) -> int:
        return int(self._listener.getsockname()[1])

    def pause(self, seconds: float) -> bool:
        """Wait between two pieces; False where the test is over."""
        return not self._over.wait(seconds)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._over.set()
        self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        for thread in (self._thread, *self._threads):
            thread.join(_SECONDS)

    def _accept(self) -> None:
        with suppress(OSError):  # closed by __exit__
            while True:
                client, _ = self._listener.accept()
                self.connections += 1
                thread = threading.Thread(target=self._serve, args=(client,))
                self._threads.append(thread)
                thread.start()

    def _serve(self, client: socket.socket) -> None:
        client.settimeout(_SECONDS)
        with client, suppress(OSError):  # the client may hang up: many tests are about that
            request = client.recv(65536)
            for piece in self._script(request.partition(b"\r\n")[0].decode("latin-1")):
                client.sendall(piece)
                if self._over.is_set():
                    return
            client.shutdown(socket.SHUT_WR)
            while client.recv(65536):
                pass
