"""A proxy that cuts one connection after so many bytes of a request or of its answer."""

import socket
import threading
from dataclasses import dataclass
from typing import Literal

from tests.builders.exchange_proxy import PIECE, ExchangeProxy, answer_to, complete

Way = Literal["request", "answer"]


@dataclass
class Cut:
    """Where to cut the next matching exchange: `after` bytes of the request or of the answer."""

    way: Way
    after: int


class CuttingProxy(ExchangeProxy):
    """The next request that begins with `mark` is cut as `cut` says.

    `sizes` are the bytes of the last such request and of its answer.
    """

    def __init__(self, target: str, mark: bytes) -> None:
        super().__init__(target)
        self._mark = mark
        self.cut: Cut | None = None
        self.sizes = (0, 0)
        self.seen = 0  # requests that begin with the mark
        self.over = threading.Event()  # what was cut is over on SAP's side too

    def exchange(self, first: bytes, client: socket.socket, server: socket.socket) -> bool:
        """Whole, where it is not to be cut."""
        if not first.startswith(self._mark):
            return super().exchange(first, client, server)
        self.seen += 1
        cut, self.cut = self.cut, None
        if cut is None:
            self._measured(first, client, server)
            return True
        try:
            cut_off(first, client, server, cut)
        finally:
            self.over.set()
        return False

    def _measured(self, first: bytes, client: socket.socket, server: socket.socket) -> None:
        request = complete(first, client)
        answer = answer_to(request, server)
        self.sizes = (len(request), len(answer))
        client.sendall(answer)


def cut_off(first: bytes, client: socket.socket, server: socket.socket, cut: Cut) -> None:
    """Pass on what comes before the cut; the connection is over then."""
    if cut.way == "answer":
        client.sendall(answer_to(complete(first, client), server)[: cut.after])
        return
    _pass(first, client, server, cut.after)
    server.shutdown(socket.SHUT_WR)
    client.shutdown(socket.SHUT_RDWR)
    while server.recv(PIECE):  # SAP does what it wants with what it got
        pass


def _pass(first: bytes, client: socket.socket, server: socket.socket, most: int) -> None:
    """The first `most` bytes of a request."""
    part = first[:most]
    server.sendall(part)
    left = most - len(part)
    while left > 0 and (part := client.recv(min(left, PIECE))):
        server.sendall(part)
        left -= len(part)
