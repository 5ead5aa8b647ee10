"""The ledger file of `sapmatch write`: port Intents, and their payloads, in one file of JSON lines.

Every line is with the operating system before the call returns, so a killed process loses none. A
line that says SENT is forced to disk as well, and with it all before it: whatever left for SAP
stands in the file first, even where the power fails. What is behind the last SENT may be lost then,
and is found again by reading SAP. The same command run again goes on from there.
"""

import fcntl
import os
import threading
from collections.abc import Iterator, Sequence
from datetime import date
from io import FileIO
from pathlib import Path
from types import TracebackType
from typing import Self

import msgspec
from msgspec import Raw, Struct

from sapmatch.model.errors import InputRejected, PreconditionFailed
from sapmatch.model.intent import Intent, IntentState

SUFFIX = ".sapmatch-ledger.jsonl"
_INTENT, _PAYLOAD = b'{"id":"', b'{"key":"'


class _Payload(Struct, frozen=True):
    """A line that holds what an intent sends."""

    key: str
    payload: Raw


class LedgerFile:
    """Intents of one file of records; opened by one process at a time."""

    def __init__(self, path: Path) -> None:
        """Read the file; raises InputRejected where it is in use or no ledger."""
        self._path = path
        self._changing, self._forcing = threading.Lock(), threading.Lock()
        self._forced = 0  # bytes that are on disk for sure
        self._intents: dict[str, Intent] = {}
        self._payloads: dict[str, tuple[int, int]] = {}  # place and length of the line
        self._file = _opened(path)
        try:
            self._size = self._load()
        except InputRejected:
            self._file.close()
            raise

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._file.close()

    def plan(self, intents: Sequence[Intent]) -> list[Intent]:
        """A known id keeps its record: planning twice changes nothing."""
        with self._changing:
            new = {each.id: each for each in intents if each.id not in self._intents}
            self._append(b"".join(_line(each) for each in new.values()))
            self._intents |= new
        return [self._intents[intent.id] for intent in intents]

    def get(self, intent_id: str) -> Intent:
        """The intent as it stands now."""
        if intent_id not in self._intents:
            raise InputRejected(f"{self._path}: intent {intent_id} is not in this ledger")
        return self._intents[intent_id]

    def save(self, after: Intent) -> None:
        """Append the next version; SENT is on disk before this returns."""
        with self._changing:
            if self.get(after.id).version != after.version - 1:
                raise PreconditionFailed(f"{self._path}: intent {after.id} has changed")
            end = self._append(_line(after))
            self._intents[after.id] = after
        if after.state is IntentState.SENT:
            self._force(end)

    def due(self, flow: str, states: Sequence[IntentState]) -> Iterator[Intent]:
        """Intents of the flow in these states, urgent ones first, as they were planned."""
        found = [i for i in self._intents.values() if i.flow == flow and i.state in states]
        return iter(sorted(found, key=lambda intent: not intent.urgent))

    def ended(self, flow: str, day: date) -> Iterator[Intent]:
        """Intents of the flow that became terminal on a day (UTC)."""
        for intent in list(self._intents.values()):
            if intent.flow == flow and intent.ended_at and intent.ended_at.date() == day:
                yield intent

    def all(self) -> Iterator[Intent]:
        """Every intent of the file, as they were planned."""
        return iter(list(self._intents.values()))

    def versions(self, intent_id: str) -> list[Intent]:
        """Every version of an intent that the file holds, the oldest first."""
        begin = _INTENT + intent_id.encode() + b'"'
        with self._path.open("rb") as lines:
            return [msgspec.json.decode(n, type=Intent) for n in lines if n.startswith(begin)]

    def write_once(self, key: str, data: bytes) -> bool:
        """Keep a payload; False where it is kept already."""
        with self._changing:
            if key in self._payloads:
                return False
            line = msgspec.json.encode(_Payload(key, Raw(data))) + b"\n"
            self._payloads[key] = (self._append(line) - len(line), len(line))
        return True

    def read(self, key: str) -> bytes:
        """A payload; InputRejected where there is none."""
        if key not in self._payloads:
            raise InputRejected(f"{self._path}: {key} is not in this ledger; restore the file")
        place, length = self._payloads[key]
        line = os.pread(self._file.fileno(), length, place)
        return bytes(msgspec.json.decode(line, type=_Payload).payload)

    def _append(self, lines: bytes) -> int:
        """Where the file ends then; what cannot be written whole is taken back."""
        rest = memoryview(lines)
        try:
            while rest:
                rest = rest[os.write(self._file.fileno(), rest) :]
        except OSError as exc:
            self._file.truncate(self._size)
            raise InputRejected(
                f"{self._path}: the ledger cannot be written ({exc.strerror}); make room and run "
                "the same command again"
            ) from exc
        self._size += len(lines)
        return self._size

    def _force(self, end: int) -> None:
        """Have the file on disk up to there; several threads share one call."""
        with self._forcing:
            if self._forced < end:
                size = self._size
                os.fsync(self._file.fileno())
                self._forced = size

    def _load(self) -> int:
        self._file.seek(0)
        place = 0
        with os.fdopen(os.dup(self._file.fileno()), "rb") as lines:
            for n, line in enumerate(lines, start=1):
                if not line.endswith(b"\n"):
                    self._drop(line, place)
                    break
                self._keep(n, line, place)
                place += len(line)
        return place

    def _keep(self, n: int, line: bytes, place: int) -> None:
        try:
            if line.startswith(_PAYLOAD):
                key = msgspec.json.decode(line, type=_Payload).key
                self._payloads[key] = (place, len(line))
            else:
                intent = msgspec.json.decode(line, type=Intent)
                self._intents[intent.id] = intent
        except msgspec.DecodeError as exc:
            raise InputRejected(
                f"{self._path}: line {n} is no intent; restore the file if it was a ledger: what "
                "it says was sent may still arrive. Else name another one with --ledger"
            ) from exc

    def _drop(self, torn: bytes, place: int) -> None:
        """Cut off a line that a crash left unfinished: nothing was sent before it was whole.

        Where the power failed, zeros may stand for what had not reached the disk.
        """
        begun = torn.rstrip(b"\0") if place else torn
        if not any(begun[: len(start)] == start[: len(begun)] for start in (_INTENT, _PAYLOAD)):
            raise InputRejected(f"{self._path}: is no ledger; name another file with --ledger")
        self._file.truncate(place)


def _opened(path: Path) -> FileIO:
    """The file for this process alone; a new one has its name on disk too."""
    if path.exists() and not path.is_file():
        raise InputRejected(f"{path}: is no file; name another one with --ledger")
    try:
        new = not path.exists()
        file = path.open("a+b", buffering=0)
        if new:
            _force_names(path.parent)
    except OSError as exc:
        raise InputRejected(f"{path}: the ledger cannot be written ({exc.strerror})") from exc
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError as exc:
        file.close()
        raise InputRejected(f"{path}: another run is using this ledger") from exc
    return file


def _force_names(folder: Path) -> None:
    number = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(number)
    finally:
        os.close(number)


def _line(intent: Intent) -> bytes:
    return msgspec.json.encode(intent) + b"\n"
