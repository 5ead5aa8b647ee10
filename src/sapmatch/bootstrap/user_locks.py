"""Which worker may change a user: of a stage by its control table, on a laptop by a file."""

import fcntl
import hashlib
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from sapmatch.bootstrap.laptop import logon_file
from sapmatch.limits.users import WAIT_SECONDS, lock_key
from sapmatch.model.errors import InputRejected, Throttled

_POLL = 0.05  # seconds


class LaptopUserLocks:
    """Port UserLocks for all commands of one user on this machine; the system frees what died.

    A lock is one of 4,096 empty files below `$XDG_STATE_HOME/sapmatch/users`, chosen by a digest of
    system and user: two that share one only wait for each other.
    """

    def __init__(self, folder: Path | None = None, *, wait_seconds: float = WAIT_SECONDS) -> None:
        self._folder = folder
        self._wait_seconds = wait_seconds

    @contextmanager
    def held(self, system: str, user: str) -> Iterator[None]:
        """Wait for the lock and hold it for the block; Throttled where it does not come free.

        InputRejected where there can be no such file.
        """
        path = self._path(lock_key(system, user))
        try:
            path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
            handle = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
        except OSError as exc:
            raise InputRejected(f"{path}: cannot be used ({exc.strerror})") from exc
        try:
            self._wait(handle, system)
            yield
        finally:
            os.close(handle)  # with it the lock goes

    def _path(self, key: str) -> Path:
        folder = self._folder or logon_file().with_name("users")
        return folder / f"{hashlib.sha256(key.encode()).hexdigest()[:3]}.lock"

    def _wait(self, handle: int, system: str) -> None:
        end = time.monotonic() + self._wait_seconds
        while True:
            try:
                return fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError as exc:
                if time.monotonic() >= end:
                    raise Throttled(
                        f"{system}: another command has been changing the same user for "
                        f"{self._wait_seconds:g} s; try again"
                    ) from exc
            time.sleep(_POLL)
