"""What happens when: events in the order of simulated time."""

from collections.abc import Callable
from datetime import datetime, timedelta
from heapq import heappop, heappush
from typing import Any

from tests.builders.memory import START


def moment(seconds: float) -> datetime:
    """A point of simulated time as a date and time."""
    return START + timedelta(seconds=seconds)


class Agenda:
    """Simulated seconds since the start, and what is still to come."""

    def __init__(self) -> None:
        self.time = 0.0
        self._events: list[tuple[float, int, Callable[..., Any], tuple[Any, ...]]] = []
        self._count = 0

    def after(self, seconds: float, act: Callable[..., Any], *args: Any) -> None:
        self._count += 1
        heappush(self._events, (self.time + seconds, self._count, act, args))

    def run(self, until: float) -> None:
        """Let everything happen that happens before `until`."""
        events = self._events
        while events and events[0][0] <= until:
            self.time, _, act, args = heappop(events)
            act(*args)
