"""How many mails about documents go out one by one; beyond it they wait for a digest (RE-29)."""

from contextlib import suppress
from datetime import datetime

import msgspec
from msgspec import Struct

from sapmatch.model.errors import PreconditionFailed
from sapmatch.model.ports import Clock, Control

_KEY = "alerts/mails"
_ATTEMPTS = 5  # who loses that often waits for the digest: then there are many anyway


class _Hour(Struct):
    """The hour in UTC, the mails that were sent in it, and who sent the last of them.

    Two that count to the same number at the same moment write different values.
    """

    hour: str
    mails: int
    last: str = ""


class MailBudget:
    """At most `limit` mails an hour, counted where all functions see it; never one more."""

    def __init__(self, control: Control, clock: Clock, limit: int) -> None:
        self._control = control
        self._clock = clock
        self._limit = limit

    def take(self, sender: str) -> bool:
        """Take one of the mails of this hour; False where there is none left.

        `sender` is the exception that is to be mailed.
        """
        for _ in range(_ATTEMPTS):
            count, version = self._read(self._clock.now())
            if count.mails >= self._limit:
                return False
            count.mails, count.last = count.mails + 1, sender
            with suppress(PreconditionFailed):
                self._control.write(_KEY, msgspec.json.encode(count), expected=version)
                return True
        return False

    def _read(self, now: datetime) -> tuple[_Hour, int]:
        hour = f"{now:%Y-%m-%dT%H}"
        stored = self._control.read(_KEY)
        if stored is None:
            return _Hour(hour, 0), 0
        count = msgspec.json.decode(stored.value, type=_Hour)
        # A clock that is behind counts in the hour that others have begun, and begins none.
        return count if count.hour >= hour else _Hour(hour, 0), stored.version
