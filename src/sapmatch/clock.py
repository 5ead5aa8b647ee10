"""The real clock; tests bring their own."""

import time
from datetime import UTC, datetime


class SystemClock:
    """Port Clock."""

    def now(self) -> datetime:
        """The present moment in UTC."""
        return datetime.now(UTC)

    def sleep(self, seconds: float) -> None:
        """Wait."""
        time.sleep(seconds)
