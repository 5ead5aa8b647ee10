"""Leaves a SAP system in peace that does not answer."""

import threading
from datetime import datetime, timedelta

from sapmatch.model.errors import SapUnavailable
from sapmatch.model.ports import Clock


class Breaker:
    """Opens after `failures` in a row for `open_seconds`, then lets one call try; thread-safe.

    Only calls that SAP did not answer are failures: a refusal is an answer.
    """

    def __init__(self, place: str, failures: int, open_seconds: float, clock: Clock) -> None:
        self._place = place
        self._limit = failures
        self._rest = timedelta(seconds=open_seconds)
        self._clock = clock
        self._lock = threading.Lock()
        self._failures = 0
        self._closed_at: datetime | None = None  # when the next call may try

    def check(self) -> None:
        """Raise SapUnavailable, with nothing sent, while it is open."""
        with self._lock:
            self._check()

    def admit(self) -> None:
        """The same right before a call: of those that were waiting, one tries."""
        with self._lock:
            self._check()
            if self._closed_at is not None:
                self._closed_at = self._clock.now() + self._rest

    def _check(self) -> None:
        if self._closed_at is None:
            return
        left = (self._closed_at - self._clock.now()).total_seconds()
        if left > 0:
            raise SapUnavailable(
                f"{self._place}: SAP did not answer {self._failures} times in a row; nothing is "
                f"sent for another {left:.0f} s"
            )

    def answered(self) -> None:
        """SAP gave an answer."""
        with self._lock:
            self._failures = 0
            self._closed_at = None

    def failed(self) -> None:
        """SAP gave none."""
        with self._lock:
            self._failures += 1
            if self._failures >= self._limit:
                self._closed_at = self._clock.now() + self._rest
