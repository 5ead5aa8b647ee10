"""A proxy that loses, cuts, delays and repeats what passes it, by chance from a seed."""

import random
import socket
import threading
import time
from collections import Counter

from tests.builders.cutting_proxy import Cut, cut_off
from tests.builders.exchange_proxy import ExchangeProxy, answer_to, complete

# How many of a hundred exchanges meet it.
FATES = {
    "request cut": 4,
    "answer lost": 4,
    "answer cut": 3,
    "request late": 3,  # it reaches SAP after the client gave up
    "answer late": 3,
    "repeated": 5,
}
_MOST_CUT = 400  # bytes: within the head or early in the body


class RoughProxy(ExchangeProxy):
    """Every exchange meets its fate; `counts` says how many met which.

    What is late comes after `late` seconds. Changes are repeated where `repeats_changes`, as no
    client can tell the second one from the first.
    """

    def __init__(self, target: str, seed: int, *, late: float, repeats_changes: bool) -> None:
        super().__init__(target)
        self.counts: Counter[str] = Counter()
        self._late = late
        self._repeats_changes = repeats_changes
        self._random = random.Random(seed)
        self._lock = threading.Lock()

    def exchange(self, first: bytes, client: socket.socket, server: socket.socket) -> bool:
        """As its fate wants; only what was passed on whole, or twice, leaves the connection up."""
        fate, after = self._drawn(is_read=first.startswith((b"GET ", b"HEAD ")))
        match fate:
            case "request cut":
                cut_off(first, client, server, Cut("request", after))
            case "answer lost" | "answer cut":
                cut = Cut("answer", after if fate == "answer cut" else 0)
                cut_off(first, client, server, cut)
            case "request late" | "answer late":
                self._delayed(first, client, server, is_request=fate == "request late")
            case "repeated":
                request = complete(first, client)
                answer_to(request, server)
                client.sendall(answer_to(request, server))
            case _:
                return super().exchange(first, client, server)
        return fate == "repeated"

    def _drawn(self, *, is_read: bool) -> tuple[str, int]:
        with self._lock:
            (fate,) = self._random.choices(
                ["passed", *FATES], [100 - sum(FATES.values()), *FATES.values()]
            )
            if fate == "repeated" and not (is_read or self._repeats_changes):
                fate = "passed"
            self.counts[fate] += 1
            return fate, self._random.randrange(1, _MOST_CUT)

    def _delayed(
        self, first: bytes, client: socket.socket, server: socket.socket, *, is_request: bool
    ) -> None:
        request = complete(first, client)
        if is_request:
            time.sleep(self._late)
        answer = answer_to(request, server)
        if not is_request:
            time.sleep(self._late)
        client.sendall(answer)
