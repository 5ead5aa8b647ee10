"""How fast SAP is called, and how long to wait after it refused."""

import random
import threading
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime

from sapmatch.model.ports import Clock

_FIRST_BACK_OFF = 0.5  # seconds
_random = random.SystemRandom()


class Pace:
    """A token bucket shared by threads: `per_second` tokens flow in, `burst` of them fit.

    Kept as the moment at which the bucket would be full again (generic cell rate algorithm).
    """

    def __init__(self, per_second: float, clock: Clock, burst: int = 1) -> None:
        self._gap = timedelta(seconds=1 / per_second)
        self._ahead = self._gap * (burst - 1)
        self._clock = clock
        self._lock = threading.Lock()
        self._free = clock.now()

    def wait(self) -> None:
        """Wait for the next turn."""
        with self._lock:
            now = self._clock.now()
            turn = max(self._free - self._ahead, now)
            self._free = max(self._free, now) + self._gap
        if turn > now:
            self._clock.sleep((turn - now).total_seconds())


def back_off(attempt: int) -> float:
    """Seconds before try `attempt + 1`: doubling, half of it random so that callers spread."""
    return _FIRST_BACK_OFF * 2.0 ** (attempt - 1) * _random.uniform(0.5, 1.0)


def retry_after(header: str | None, now: datetime) -> float | None:
    """Seconds that a Retry-After header asks for, as a number or as a date (OD-P88)."""
    if header is None:
        return None
    if header.strip().isdecimal():
        return float(header)
    try:
        moment = parsedate_to_datetime(header)
    except ValueError:
        return None
    return max(0.0, (moment.replace(tzinfo=moment.tzinfo or UTC) - now).total_seconds())
