"""One worker at a time reads, merges and writes the assignments of a user (CO-T49).

SAP's own modules replace all roles of a user at once: who adds one from what he read a moment ago
takes away what another added meanwhile.
"""

import hashlib
import random
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress

from msgspec.structs import replace

from sapmatch.limits.agreed import Agreed, agree
from sapmatch.model.errors import SapmatchError, Throttled
from sapmatch.model.ports import Clock, Control

LEASE_SECONDS = 600.0  # who held it for longer is dead
WAIT_SECONDS = 60.0
SKEW = 300.0  # seconds by which two clocks may differ (RE-27)
_random = random.SystemRandom()


class UserLock(Agreed, frozen=True, kw_only=True):
    """Who holds the lock of a user, and until when in seconds since 1970; empty: nobody."""

    holder: str = ""
    until: float = 0.0


class SharedUserLocks:
    """Port UserLocks for all functions of a stage.

    Each block holds the lock under a name of its own, so that two threads of one `owner` wait for
    each other as well. The lock of a worker that died is free `lease_seconds` and SKEW after it was
    taken: a lease must last longer than any change of one user.
    """

    def __init__(
        self,
        control: Control,
        clock: Clock,
        owner: str,
        *,
        lease_seconds: float = LEASE_SECONDS,
        wait_seconds: float = WAIT_SECONDS,
    ) -> None:
        self._control = control
        self._clock = clock
        self._owner = owner
        self._lease_seconds = lease_seconds
        self._wait_seconds = wait_seconds

    @contextmanager
    def held(self, system: str, user: str) -> Iterator[None]:
        """Wait for the lock and hold it for the block; Throttled where it does not come free."""
        key, holder = lock_key(system, user), f"{self._owner}/{uuid.uuid4().hex}"
        self._wait(key, holder, system)
        try:
            yield
        finally:
            # What the block did stands, whatever becomes of the lock: its lease ends by itself.
            with suppress(SapmatchError):
                self._change(key, lambda lock, _now: _without(lock, holder))

    def _wait(self, key: str, holder: str, system: str) -> None:
        end = self._now() + self._wait_seconds
        while self._change(key, lambda lock, now: self._taken(lock, holder, now)).holder != holder:
            if self._now() >= end:
                raise Throttled(
                    f"{system}: another worker has been changing the same user for "
                    f"{self._wait_seconds:g} s; try again"
                )
            self._clock.sleep(_random.uniform(0.2, 1.0))

    def _taken(self, lock: UserLock, holder: str, now: float) -> UserLock:
        if lock.holder and now <= lock.until + SKEW:
            return lock
        return replace(lock, holder=holder, until=now + self._lease_seconds)

    def _change(self, key: str, to: Callable[[UserLock, float], UserLock]) -> UserLock:
        return agree(self._control, self._clock, key, UserLock(), to)

    def _now(self) -> float:
        return self._clock.now().timestamp()


def lock_key(system: str, user: str) -> str:
    """Key of a user's lock; the name itself stands in no key."""
    digest = hashlib.sha256(user.strip().upper().encode()).hexdigest()[:32]
    return f"users/{system}/{digest}/lock"


def _without(lock: UserLock, holder: str) -> UserLock:
    """Given back; nothing changes where another one holds it."""
    return replace(lock, holder="", until=0.0) if lock.holder == holder else lock
