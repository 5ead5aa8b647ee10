"""What the commands of one user on this machine agree on about logons, in a file of theirs.

`$XDG_STATE_HOME/sapmatch/logons.json`, else below ~/.local/state. It holds how versions of secrets
stand with SAP, no secret: a version of `env:` is a slow hash cut short.
"""

import fcntl
import logging
import os
import platform
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cached_property
from pathlib import Path

import msgspec
from msgspec import Struct

from sapmatch.limits.logons import Logons
from sapmatch.model.errors import InputRejected, PreconditionFailed
from sapmatch.model.ports import Control, Versioned

FILE = Path("sapmatch", "logons.json")
KEPT = 100  # logons; the one that changed longest ago is forgotten first
_LARGEST = 1_000_000  # bytes
_LOCKED_FOR = 5.0  # seconds, by processes that read and write a small file
_POLL = 0.02  # seconds

_log = logging.getLogger(__name__)


class _Kept(Struct, frozen=True, kw_only=True):
    version: int
    logons: Logons


class LogonFile:
    """Port Control for all processes of one user; values are `Logons`.

    A file that is damaged holds nothing. Raises InputRejected where it cannot be read or written.
    """

    def __init__(self, path: Path) -> None:
        self._path = path

    def read(self, key: str) -> Versioned | None:
        """The value, None where there is none."""
        kept = self._all().get(key)
        return _versioned(kept) if kept else None

    def write(self, key: str, value: bytes, *, expected: int) -> int:
        """Store where the version is the expected one; returns the new one."""
        logons = msgspec.json.decode(value, type=Logons)
        with _accessible(self._path), self._locked():
            kept = self._all()
            known = kept.pop(key, None)
            if (known.version if known else 0) != expected:
                raise PreconditionFailed(f"{key}: another process changed it")
            kept[key] = _Kept(version=expected + 1, logons=logons)
            self._replace(dict(list(kept.items())[-KEPT:]))
        return expected + 1

    def _all(self) -> dict[str, _Kept]:
        with _accessible(self._path):
            try:
                with self._path.open("rb") as file:
                    content = file.read(_LARGEST + 1)
            except FileNotFoundError:
                return {}
        try:
            return msgspec.json.decode(content[:_LARGEST], type=dict[str, _Kept])
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
            _log.warning("%s: is damaged; what it said of refused logons is lost", self._path)
            return {}

    def _replace(self, kept: dict[str, _Kept]) -> None:
        """Complete, or as it was; for nobody else to read."""
        handle, name = tempfile.mkstemp(dir=self._path.parent, prefix=".logons.")  # 0600
        part = Path(name)
        try:
            with os.fdopen(handle, "wb") as file:
                file.write(msgspec.json.encode(kept))
            part.replace(self._path)
        finally:
            part.unlink(missing_ok=True)

    @contextmanager
    def _locked(self) -> Iterator[None]:
        self._path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        handle = os.open(self._path.with_suffix(".lock"), os.O_RDWR | os.O_CREAT, 0o600)
        try:
            _lock(handle)
            yield
        finally:
            os.close(handle)


class OwnLogons:
    """Port Control for the threads of one process, which has nobody else to agree with."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._values: dict[str, Versioned] = {}

    def read(self, key: str) -> Versioned | None:
        """The value, None where there is none."""
        return self._values.get(key)

    def write(self, key: str, value: bytes, *, expected: int) -> int:
        """Store where the version is the expected one; returns the new one."""
        with self._lock:
            known = self._values.get(key)
            if (known.version if known else 0) != expected:
                raise PreconditionFailed(f"{key}: another thread changed it")
            self._values[key] = Versioned(value=value, version=expected + 1)
        return expected + 1


class LaptopLogons:
    """Port Control over the user's file; where that fails, this process counts for itself alone.

    So a full disk or a home that is read-only keeps nobody from SAP, and never lets a process log
    on more often than it would without a file.
    """

    def __init__(self) -> None:
        self._own: OwnLogons | None = None

    def read(self, key: str) -> Versioned | None:
        """The value, None where there is none."""
        try:
            return self._control.read(key)
        except InputRejected as exc:
            return self._alone(exc).read(key)

    def write(self, key: str, value: bytes, *, expected: int) -> int:
        """Store where the version is the expected one; returns the new one."""
        try:
            return self._control.write(key, value, expected=expected)
        except InputRejected as exc:
            return self._alone(exc).write(key, value, expected=expected)

    @property
    def _control(self) -> Control:
        return self._own or self._file

    @cached_property
    def _file(self) -> LogonFile:
        return LogonFile(logon_file())

    def _alone(self, why: InputRejected) -> OwnLogons:
        if self._own is None:
            _log.warning("%s: other commands do not learn of refused logons", why)
            self._own = OwnLogons()
        return self._own


def logon_file() -> Path:
    """The user's file (XDG Base Directory Specification); InputRejected where nobody has a home."""
    state = Path(os.environ.get("XDG_STATE_HOME", ""))
    if state.is_absolute():
        return state / FILE
    try:
        return Path.home() / ".local" / "state" / FILE
    except RuntimeError as exc:
        raise InputRejected("XDG_STATE_HOME: is not set, and there is no home folder") from exc


def this_process() -> str:
    """Who tries a logon: a process of a machine."""
    return f"{platform.node()}:{os.getpid()}"


def is_alive(owner: str) -> bool:
    """Whether who tries a logon may still be at it; of another machine nobody knows."""
    machine, _, process = owner.partition("/")[0].rpartition(":")
    if machine != platform.node() or not process.isdecimal():
        return True
    try:
        os.kill(int(process), 0)
    except (ProcessLookupError, OverflowError):
        return False
    except PermissionError:
        return True
    return True


def _versioned(kept: _Kept) -> Versioned:
    return Versioned(value=msgspec.json.encode(kept.logons), version=kept.version)


def _lock(handle: int) -> None:
    """Wait for the lock, and not for ever: who holds it may have been suspended."""
    end = time.monotonic() + _LOCKED_FOR
    while True:
        try:
            return fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            if time.monotonic() >= end:
                raise
        time.sleep(_POLL)


@contextmanager
def _accessible(path: Path) -> Iterator[None]:
    try:
        yield
    except OSError as exc:
        raise InputRejected(f"{path}: cannot be used ({exc.strerror})") from exc
