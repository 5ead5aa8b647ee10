"""The ledger file of `sapmatch write`: port Intents over one file of JSON lines.

Every change is appended and forced to disk before the call returns, so whatever was sent to SAP
stands in the file first. The same command run again finds what was done and goes on from there.
"""

import fcntl
import os
from collections.abc import Iterator, Sequence
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import msgspec

from sapmatch.model.errors import InputRejected, PreconditionFailed
from sapmatch.model.intent import Intent, IntentState

SUFFIX = ".sapmatch-ledger.jsonl"
_START = b'{"id":"'


class LedgerFile:
    """Intents of one file of records; opened by one process at a time."""

    def __init__(self, path: Path) -> None:
        """Read the file; raises InputRejected where it is in use or no ledger."""
        self._path = path
        try:
            self._file = path.open("a+b")
        except OSError as exc:
            raise InputRejected(f"{path}: the ledger cannot be written ({exc.strerror})") from exc
        try:
            fcntl.flock(self._file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            self._intents = self._load()
        except OSError as exc:
            self._file.close()
            raise InputRejected(f"{path}: another run is using this ledger") from exc
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
        for intent in intents:
            if intent.id not in self._intents:
                self._append(intent)
        return [self._intents[intent.id] for intent in intents]

    def get(self, intent_id: str) -> Intent:
        """The intent as it stands now."""
        if intent_id not in self._intents:
            raise InputRejected(f"{self._path}: intent {intent_id} is not in this ledger")
        return self._intents[intent_id]

    def change(self, intent: Intent, **fields: Any) -> Intent:
        """The next version with these fields."""
        if self.get(intent.id).version != intent.version:
            raise PreconditionFailed(f"{self._path}: intent {intent.id} has changed")
        after = msgspec.structs.replace(intent, **fields, version=intent.version + 1)
        self._append(after)
        return after

    def due(self, flow: str, states: Sequence[IntentState]) -> Iterator[Intent]:
        """Intents of the flow in these states, in the order in which they were planned."""
        for intent in list(self._intents.values()):
            if intent.flow == flow and intent.state in states:
                yield intent

    def _append(self, intent: Intent) -> None:
        self._file.write(msgspec.json.encode(intent) + b"\n")
        self._file.flush()
        os.fsync(self._file.fileno())
        self._intents[intent.id] = intent

    def _load(self) -> dict[str, Intent]:
        self._file.seek(0)
        *lines, torn = self._file.read().split(b"\n")
        intents: dict[str, Intent] = {}
        for n, line in enumerate(lines, start=1):
            intent = self._decoded(n, line)
            intents[intent.id] = intent
        if torn:
            self._drop(torn)
        return intents

    def _decoded(self, n: int, line: bytes) -> Intent:
        try:
            return msgspec.json.decode(line, type=Intent)
        except msgspec.DecodeError as exc:
            raise InputRejected(
                f"{self._path}: line {n} is no intent; name another file with --ledger"
            ) from exc

    def _drop(self, torn: bytes) -> None:
        """Cut off a line that a crash left unfinished: nothing was sent before it was whole."""
        if torn[: len(_START)] != _START[: len(torn)]:
            raise InputRejected(f"{self._path}: is no ledger; name another file with --ledger")
        self._file.truncate(self._file.seek(0, os.SEEK_END) - len(torn))
