"""How long access may be used, and the one place that keeps it."""

import re
import threading
from collections import OrderedDict
from collections.abc import Callable, Hashable
from concurrent.futures import Future
from datetime import datetime, timedelta

from sapmatch.model.access import Access
from sapmatch.model.errors import LogonRefused, SapUnavailable
from sapmatch.model.ports import Clock

UNSAID = 300  # seconds that a token lives whose answer does not say how long
LONGEST = 24 * 3600  # seconds; whoever promises more is asked again after a day
KEYS = 256  # users and scopes at once
REFUSED_FOR = timedelta(seconds=60)  # what was refused may be mended by then
WAIT = 150.0  # seconds for the call of another thread: longer than all its tries together

_WHOLE_NUMBER = re.compile(r"\s*-?[0-9]{1,18}\s*")


def usable_until(issued: datetime, expires_in: object) -> datetime:
    """Until when a token may be used: its end, less 60 seconds or a tenth, whichever is more.

    `expires_in` in seconds as the answer has it: a number, or a string as BTP writes it; 300 where
    it is missing or says nothing (RFC 6749 5.1 leaves that open). By wall clock: that of a frozen
    function stands still otherwise.
    """
    seconds = min(max(_seconds(expires_in), 0), LONGEST)
    return issued + timedelta(seconds=seconds - max(60.0, seconds / 10))


def _seconds(given: object) -> float:
    if isinstance(given, str) and _WHOLE_NUMBER.fullmatch(given):
        return int(given)
    if isinstance(given, int | float) and not isinstance(given, bool):
        return given
    return UNSAID


class AccessCache:
    """Keeps access by key, and has it fetched by one thread at a time; thread-safe.

    A key says everything that tells one access from another: connection, strategy, tenant, user,
    scope. Access without `usable_until` is for one request and never kept. A refusal is kept for
    REFUSED_FOR, so that a crowd of callers does not lock a user; a failure is not, nor what the
    guard has stopped, as somebody may release it.
    """

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._lock = threading.Lock()
        self._kept: OrderedDict[Hashable, Access] = OrderedDict()
        self._refused: OrderedDict[Hashable, tuple[datetime, LogonRefused]] = OrderedDict()
        self._fetching: dict[Hashable, Future[Access]] = {}

    def get(self, key: Hashable, fetch: Callable[[], Access]) -> Access:
        """What is kept, else what `fetch` brings; whoever waited for it gets the same error."""
        with self._lock:
            kept = self._usable(key)
            if kept:
                return kept
            others = self._fetching.get(key)
            own: Future[Access] = Future()
            if others is None:
                self._fetching[key] = own
        if others is None:
            return self._fetched(key, fetch, own)
        access = _awaited(others)
        return access if access.usable_until else fetch()

    def drop(self, key: Hashable, access: Access) -> None:
        """Forget this one; what another thread has fetched since stays."""
        with self._lock:
            if self._kept.get(key) is access:
                del self._kept[key]

    def _usable(self, key: Hashable) -> Access | None:
        now = self._clock.now()
        refused = self._refused.get(key)
        if refused and now - refused[0] < REFUSED_FOR:
            raise LogonRefused(str(refused[1]), refused[1].reason) from refused[1]
        kept = self._kept.get(key)
        if kept is None or kept.usable_until is None or kept.usable_until <= now:
            return None
        self._kept.move_to_end(key)
        return kept

    def _fetched(self, key: Hashable, fetch: Callable[[], Access], own: Future[Access]) -> Access:
        try:
            access = fetch()
        except BaseException as exc:
            self._end(key, exc)
            own.set_exception(exc)
            raise
        self._end(key, access)
        own.set_result(access)
        return access

    def _end(self, key: Hashable, came: Access | BaseException) -> None:
        with self._lock:
            del self._fetching[key]
            self._kept.pop(key, None)
            self._refused.pop(key, None)
            if isinstance(came, LogonRefused) and came.reason != "stopped":
                self._refused[key] = (self._clock.now(), came)
            elif isinstance(came, Access) and came.usable_until:
                self._kept[key] = came
            for store in (self._kept, self._refused):
                while len(store) > KEYS:
                    store.popitem(last=False)


def _awaited(others: Future[Access]) -> Access:
    try:
        return others.result(WAIT)
    except TimeoutError as exc:
        raise SapUnavailable("the token endpoint did not answer in time; try again later") from exc
