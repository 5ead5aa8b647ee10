"""Objects and agreed values as files of a folder, for runs on this machine.

What is stored has its name only when it is complete: the end of a process at any moment leaves the
old value or the new one. The end of the machine's power may take what was stored last.
"""

import fcntl
import os
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from uuid import uuid4

import msgspec

from sapmatch.model.errors import InputRejected, PreconditionFailed
from sapmatch.model.ports import Versioned

_UNFINISHED = ".part"
_LOCK = ".lock"
_HIDDEN = ".sapmatch"
_IN_USE = ".in-use"
_OPEN_FOLDER = 0o777  # as the user's mask has it
_OWN_FOLDER, _OWN_FILE = 0o700, 0o600


class FolderObjects:
    """Port Objects on one folder; keys are paths below it, and no versions are kept.

    `private`: nobody but this user can read what is written there.
    """

    def __init__(self, root: Path, *, private: bool = False) -> None:
        self._root = root
        self._private = private
        if private and root.exists():
            with _written(root):
                root.chmod(_OWN_FOLDER)

    def path(self, key: str) -> Path:
        """Where the object lies; InputRejected where the key leads out of the folder."""
        parts = key.split("/")
        if not {"", ".", ".."}.isdisjoint(parts):
            raise InputRejected(f"object {key}: is no name of a file below {self._root}")
        return self._root.joinpath(*parts)

    def read(self, key: str, version_id: str | None = None) -> bytes:
        """The bytes; InputRejected where there is no such file."""
        with _found(self._only(key, version_id)) as path:
            return path.read_bytes()

    def write(self, key: str, data: bytes) -> None:
        """Store the bytes, replacing what was there."""
        self._complete(key, lambda part: part.write_bytes(data))

    def write_once(self, key: str, data: bytes) -> bool:
        """Store only where nothing is stored yet."""
        with _locked(self._root, _OWN_FOLDER if self._private else _OPEN_FOLDER):
            if self.exists(key):
                return False
            self.write(key, data)
            return True

    def size(self, key: str, version_id: str | None = None) -> int:
        """Size in bytes."""
        with _found(self._only(key, version_id)) as path:
            return path.stat().st_size

    def version(self, key: str) -> str | None:
        """None: a folder keeps no versions; InputRejected where there is no such file."""
        self.size(key)
        return None

    def exists(self, key: str) -> bool:
        """Whether there is such a file."""
        return self.path(key).is_file()

    def keys(self, prefix: str) -> Iterator[str]:
        """Keys under the prefix in order, without what is being written."""
        folder = self._root / prefix.rpartition("/")[0]
        found = [path for path in folder.rglob("*") if path.is_file() and path.name[0] != "."]
        names = (path.relative_to(self._root).as_posix() for path in found)
        yield from sorted(name for name in names if name.startswith(prefix))

    def delete(self, key: str) -> None:
        """Remove the file if there is one."""
        with _written(self.path(key)) as path:
            path.unlink(missing_ok=True)

    def tidy(self) -> None:
        """Remove folders without files; with the last file the lock and the folder itself."""
        folders = [path for path in self._root.rglob("*") if path.is_dir()]
        for folder in sorted(folders, reverse=True):
            with suppress(OSError):  # it is not empty
                folder.rmdir()
        if [path.name for path in self._root.glob("*")] == [_LOCK]:
            (self._root / _LOCK).unlink(missing_ok=True)
        with suppress(OSError):
            self._root.rmdir()

    def fetch(self, key: str, path: Path) -> None:
        """Copy the object into another file."""
        with _found(self.path(key)) as stored:
            shutil.copyfile(stored, path)

    def store(self, key: str, path: Path) -> None:
        """Copy a file under the key."""
        self._complete(key, lambda part: shutil.copyfile(path, part))

    def _complete(self, key: str, fill: Callable[[Path], object]) -> None:
        path = self.path(key)
        if not self._private:
            return _complete(path, fill)
        with _written(path):
            for folder in reversed([path.parent, *path.parent.parents]):
                folder.mkdir(mode=_OWN_FOLDER, exist_ok=True)

        def filled(part: Path) -> None:
            part.touch(_OWN_FILE)
            fill(part)

        return _complete(path, filled)

    def _only(self, key: str, version_id: str | None) -> Path:
        if version_id is not None:
            raise InputRejected(f"object {key}: has no version {version_id}: a folder keeps none")
        return self.path(key)


class FolderControl:
    """Port Control on one folder, for several threads and processes of this machine."""

    def __init__(self, root: Path) -> None:
        self._root = root
        self._files = FolderObjects(root)

    def read(self, key: str) -> Versioned | None:
        """The value, None where there is none."""
        if not self._files.exists(key):
            return None
        return msgspec.json.decode(self._files.read(key), type=Versioned)

    def write(self, key: str, value: bytes, *, expected: int) -> int:
        """Store where the version is the expected one; returns the new one."""
        with _locked(self._root):
            stored = self.read(key)
            if (stored.version if stored else 0) != expected:
                raise PreconditionFailed(f"{key}: somebody else changed it")
            versioned = Versioned(value=value, version=expected + 1)
            self._files.write(key, msgspec.json.encode(versioned))
            return versioned.version


@contextmanager
def work_folder(to: Path, name: str) -> Iterator[Path]:
    """`to/.sapmatch/<name>` for this process alone; what is empty at the end is removed.

    So is `to` where it was not there before. InputRejected where another process is at work there,
    and where there can be no such folder.
    """
    folder, called = to / _HIDDEN / name, f"--to {to}"
    with _written(to, called):
        made = [path for path in (to, *to.parents) if not path.exists()]
    try:
        with _opened(folder / _IN_USE, called) as file:
            _hold(file, folder)
            try:
                yield folder
            finally:
                (folder / _IN_USE).unlink(missing_ok=True)
    finally:
        for path in (folder, folder.parent, *made):
            with suppress(OSError):  # it is not empty
                path.rmdir()


def _hold(file: int, folder: Path) -> None:
    """Who opened the file before it was removed holds nothing that others would see."""
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError as exc:
        raise InputRejected(f"{folder}: another run is at work there; wait for its end") from exc
    if os.fstat(file).st_nlink == 0:
        raise InputRejected(f"{folder}: another run ended just now; start this one again")


@contextmanager
def _locked(folder: Path, mode: int = _OPEN_FOLDER) -> Iterator[None]:
    """Wait until nobody else checks and writes; each call opens the file anew, so threads too."""
    with _opened(folder / _LOCK, mode=mode) as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield


@contextmanager
def _opened(path: Path, called: str | None = None, *, mode: int = _OPEN_FOLDER) -> Iterator[int]:
    with _written(path, called):
        path.parent.mkdir(mode, parents=True, exist_ok=True)
        file = os.open(path, os.O_RDWR | os.O_CREAT, 0o644)
    try:
        yield file
    finally:
        os.close(file)


def _complete(path: Path, fill: Callable[[Path], object]) -> None:
    """A file that gets its name when it is complete."""
    part = path.with_name(f".{path.name}.{uuid4().hex}{_UNFINISHED}")
    with _written(path):
        path.parent.mkdir(parents=True, exist_ok=True)
        try:
            fill(part)
            part.replace(path)
        finally:
            part.unlink(missing_ok=True)


@contextmanager
def _written(path: Path, called: str | None = None) -> Iterator[Path]:
    """Errors name the path as the user `called` it, where it is ours."""
    try:
        yield path
    except OSError as exc:
        raise InputRejected(f"{called or path}: cannot be written ({exc.strerror})") from exc


@contextmanager
def _found(path: Path) -> Iterator[Path]:
    try:
        yield path
    except FileNotFoundError as exc:
        raise InputRejected(f"{path}: does not exist") from exc
    except OSError as exc:
        raise InputRejected(f"{path}: cannot be read ({exc.strerror})") from exc
