"""What one client asks the guard of logons, and tells it."""

import hashlib
import logging
import threading
from datetime import datetime, timedelta

from sapmatch.model.access import LogonGuard
from sapmatch.model.errors import SapmatchError
from sapmatch.model.ports import Clock

_ROUNDS = 100_000  # what the guard stores of a password must not help to guess it
PASSWORD = "password-"  # noqa: S105 (how the guard calls one of a destination)
ADMITTED = timedelta(seconds=2)  # how long the guard's word holds for a version that SAP took

_log = logging.getLogger(__name__)


def version_of(password: str, salt: str) -> str:
    """What the guard calls a password that has no version of its own."""
    digest = hashlib.pbkdf2_hmac("sha256", password.encode(), salt.encode(), _ROUNDS)
    return f"{PASSWORD}{digest.hex()[:8]}"


class Admission:
    """Asks the guard before a logon and tells it what came of it; thread-safe.

    SAP's answer counts, whatever becomes of our note of it: a guard that cannot be told never turns
    a write that happened into one that did not. It learns of a logon with the next one, and of a
    refusal before anything else is sent.
    """

    def __init__(self, guard: LogonGuard | None, clock: Clock) -> None:
        self._guard = guard
        self._clock = clock
        self._telling = threading.Lock()
        self._untold: list[str] = []  # versions whose refusal the guard does not know of
        self._accepted: str | None = None  # the version that SAP took last
        self._admitted_at: datetime | None = None

    def admit(self, version: str) -> None:
        """Before a logon: a call to a table, so it is seldom once SAP took this version."""
        if self._guard is None:
            return
        self._tell_refusals(self._guard)
        now = self._clock.now()
        asked = self._admitted_at
        if version == self._accepted and asked is not None and now - asked < ADMITTED:
            return
        self._guard.admit(version)
        self._admitted_at = now

    def accepted(self, version: str) -> None:
        """It opened the door."""
        if version == self._accepted:
            return
        if self._guard:
            try:
                self._guard.accepted(version)
            except SapmatchError as exc:
                _log.warning("a logon could not be noted: %s", exc)
                return
        self._accepted = version

    def refused(self, version: str) -> None:
        """It did not."""
        if self._accepted == version:
            self._accepted = None
        if self._guard is None:
            return
        with self._telling:
            self._untold.append(version)
        try:
            self._tell_refusals(self._guard)
        except SapmatchError as exc:
            _log.warning("a refused logon could not be noted, and is before the next: %s", exc)

    def _tell_refusals(self, guard: LogonGuard) -> None:
        with self._telling:
            while self._untold:
                guard.refused(self._untold[0])
                del self._untold[0]
