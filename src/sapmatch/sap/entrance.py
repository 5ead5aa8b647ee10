"""Who may call SAP while nobody is logged on yet."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager


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
        self.session = 1

    @contextmanager
    def passing(self) -> Iterator[int]:
        """Around one exchange, with the number of its session.

        It waits for its turn, no longer than the time limits of the others are.
        """
        with self._changed:
            self._changed.wait_for(lambda: self._open or self._inside == 0)
            self._inside += 1
            session = self.session
        try:
            yield session
        finally:
            with self._changed:
                self._inside -= 1
                self._changed.notify_all()

    def open(self, session: int) -> None:
        """SAP has let a call in, in the session of that number."""
        with self._changed:
            if session == self.session:
                self._open = True
                self._changed.notify_all()

    def close(self, session: int) -> bool:
        """SAP has lost the session of that number; False where there is a newer one already."""
        with self._changed:
            if session != self.session:
                return False
            self.session += 1
            self._open = False
            return True
