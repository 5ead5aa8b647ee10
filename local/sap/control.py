"""What tests and the demo hold in hand: the request log (the witness) and wanted faults."""

import json
import threading
from collections import deque
from datetime import UTC, datetime
from pathlib import Path
from typing import IO, Any
from urllib.parse import unquote

from local.sap.exchange import Inner, Request, Response

FAULTS = (
    "drop-answer",
    "error-500-after-commit",
    "garbled-after-commit",
    "throttle",
    "expire-session",
    "delay:SECONDS",
)
FAULTS_OF_READS = ("throttle", "unavailable", "drop-answer", "delay:SECONDS")
_MAX_ENTRIES = 200_000
_MAX_DELAY = 600.0
_SECRET_OPTIONS = ("sap-user", "sap-password")


class RequestLog:
    """Every OData request in the order of its end: no bodies, no credentials."""

    def __init__(self, path: Path | None) -> None:
        self._entries: deque[dict[str, Any]] = deque(maxlen=_MAX_ENTRIES)
        self._lock = threading.Lock()
        self._file: IO[str] | None = path.open("a", encoding="utf-8") if path else None

    def add(self, request: Request, response: Response, fault: str | None) -> None:
        """Note a request before its answer leaves, so that a lost answer is in the log too.

        The operations inside a $batch come before it, each with an entry of its own.
        """
        for each in response.inner:
            self._note(_entry(each.request, each.response) | _inside(each))
        entry = _entry(request, response)
        self._note(entry | {"fault": fault} if fault else entry)

    def _note(self, entry: dict[str, Any]) -> None:
        with self._lock:
            self._entries.append(entry)
            if self._file is not None:
                self._file.write(json.dumps(entry, ensure_ascii=False) + "\n")
                self._file.flush()

    def entries(self) -> list[dict[str, Any]]:
        """All entries so far, oldest first."""
        with self._lock:
            return list(self._entries)

    def created(self) -> list[str]:
        """Every entity that was created, in order, e.g. `A_SalesOrder('1')`."""
        return [key for entry in self.entries() for key in entry["created"]]

    def clear(self) -> None:
        """Forget the entries in memory; the file keeps them."""
        with self._lock:
            self._entries.clear()

    def close(self) -> None:
        """Close the file."""
        if self._file is not None:
            self._file.close()


def _entry(request: Request, response: Response) -> dict[str, Any]:
    return {
        "at": datetime.now(UTC).isoformat(timespec="milliseconds"),
        "method": request.method,
        "path": unquote(request.path),
        "query": _options(request.query),
        "status": response.status,
        "created": response.created,
        "changed": response.changed,
    }


def _inside(inner: Inner) -> dict[str, Any]:
    return {"batch": True, "content_id": inner.content_id, "undone": inner.undone}


def _options(query: str) -> list[str]:
    options = (unquote(option) for option in query.split("&") if option)
    return [option for option in options if option.partition("=")[0] not in _SECRET_OPTIONS]


class Faults:
    """Faults for the next modifying requests and for the next reads of rows, one by one."""

    def __init__(self) -> None:
        self._waiting: deque[str] = deque()
        self._waiting_reads: deque[str] = deque()

    def take(self) -> str | None:
        """The fault for this modifying request, if any is wanted."""
        return self._waiting.popleft() if self._waiting else None

    def take_read(self) -> str | None:
        """The fault for this read of rows, if any is wanted."""
        return self._waiting_reads.popleft() if self._waiting_reads else None

    def clear(self) -> None:
        """Want no faults any more."""
        self._waiting.clear()
        self._waiting_reads.clear()

    def order(self, wanted: object) -> None:
        """`{"next": FAULT, "count": N, "of": "writes" | "reads"}`; ValueError otherwise."""
        if not isinstance(wanted, dict) or not set(wanted) <= {"next", "count", "of"}:
            raise ValueError('expected {"next": FAULT, "count": N, "of": "writes" or "reads"}')
        of = wanted.get("of", "writes")
        if of not in ("writes", "reads"):
            raise ValueError("of must be writes or reads")
        known = FAULTS if of == "writes" else FAULTS_OF_READS
        fault, count = wanted.get("next"), wanted.get("count", 1)
        if not isinstance(count, int) or not 1 <= count <= 1000:
            raise ValueError("count must be from 1 to 1000")
        if not isinstance(fault, str) or (fault not in known and seconds_of(fault) is None):
            raise ValueError(f"next must be one of {', '.join(known)}")
        waiting = self._waiting if of == "writes" else self._waiting_reads
        waiting.extend([fault] * count)


def seconds_of(fault: str | None) -> float | None:
    """The seconds of `delay:SECONDS`, None for any other fault."""
    name, _, seconds = (fault or "").partition(":")
    try:
        wait = float(seconds)
    except ValueError:
        return None
    return wait if name == "delay" and 0 <= wait <= _MAX_DELAY else None
