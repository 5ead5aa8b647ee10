"""Who may call SAP, and when: alone until somebody is logged on, and never too many at once."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager

from sapmatch.model.errors import PoolExhausted


class Entrance:
    """One call at a time until SAP has let one in, then all at once; thread-safe.

    So a wrong password is sent once and not by each thread, which would lock the user (OD-P14), and
    all threads share the one session that the first answer opens (OD-P10). `session` counts the
    sessions, from 1.
    """

    def __init__(self) -> None:
        self._changed = threading.Condition()
        self._open = False
        self._inside = 0
        self._passed = 0
        self._shut = 0  # what passed up to here opens nothing any more
        self.session = 1

    @contextmanager
    def passing(self) -> Iterator[int]:
        """Around one exchange, with the number of this passage.

        It waits for its turn, no longer than the time limits of the others are.
        """
        with self._changed:
            self._changed.wait_for(lambda: self._open or self._inside == 0)
            self._inside += 1
            self._passed += 1
            number = self._passed
        try:
            yield number
        finally:
            with self._changed:
                self._inside -= 1
                self._changed.notify_all()

    def counts(self, number: int) -> bool:
        """Whether that passage began after the last refusal: an earlier one proves nothing."""
        with self._changed:
            return number > self._shut

    def open(self, number: int) -> None:
        """SAP has let in the call of that passage."""
        with self._changed:
            if number > self._shut and not self._open:
                self._open = True
                self._changed.notify_all()

    def shut(self, number: int) -> None:
        """SAP has refused the logon of that passage: the next one is alone again."""
        with self._changed:
            if number > self._shut:
                self._close()

    def close(self, session: int) -> bool:
        """SAP has lost the session of that number; False where there is a newer one already."""
        with self._changed:
            if session != self.session:
                return False
            self.session += 1
            self._close()
            return True

    def _close(self) -> None:
        self._open = False
        self._shut = self._passed


class Seats:
    """`parallel` calls at once, in this process; thread-safe.

    Who waits longer than `wait_seconds` for a seat gets PoolExhausted: nothing has left by then.
    """

    def __init__(self, place: str, parallel: int, wait_seconds: float) -> None:
        self._free = threading.BoundedSemaphore(parallel)
        self._wait_seconds = wait_seconds
        self._message = (
            f"{place}: all {parallel} connections of this process were in use for "
            f"{wait_seconds:g} s; see limits.parallel and limits.wait_seconds"
        )

    @contextmanager
    def taken(self) -> Iterator[None]:
        """Around one exchange."""
        if not self._free.acquire(timeout=self._wait_seconds):
            raise PoolExhausted(self._message)
        try:
            yield
        finally:
            self._free.release()
