"""The request log: the witness of what SAP was asked, by whom, and of what came of it."""

import json
import threading
from collections import deque
from datetime import UTC, datetime
from pathlib import Path
from typing import IO, Any
from urllib.parse import unquote

from local.sap.exchange import Inner, Request, Response

_MAX_ENTRIES = 200_000
_SECRET_OPTIONS = ("sap-user", "sap-password")


class RequestLog:
    """Every OData request in the order of its end: no bodies, no passwords, no tokens."""

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
        return self._all("created")

    def changed(self) -> list[str]:
        """Every entity that was changed or deleted, in order, as often as it was."""
        return self._all("changed")

    def called(self) -> list[str]:
        """Every function import that did its work, in order, e.g. `Post(...)`."""
        return self._all("called")

    def changes(self) -> list[dict[str, Any]]:
        """Who did what when: the change documents of SAP, oldest first.

        `{"at", "user", "change": "created" | "changed" | "called", "document"}`.
        """
        return [
            {"at": entry["at"], "user": entry["user"], "change": change, "document": document}
            for entry in self.entries()
            for change in ("created", "changed", "called")
            for document in entry[change]
        ]

    def _all(self, what: str) -> list[str]:
        return [name for entry in self.entries() for name in entry[what]]

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
        "path": unquote(request.address),
        "query": _options(request.query),
        "user": request.user,
        "status": response.status,
        "created": response.created,
        "changed": response.changed,
        "called": response.called,
    }


def _inside(inner: Inner) -> dict[str, Any]:
    return {"batch": True, "content_id": inner.content_id, "undone": inner.undone}


def _options(query: str) -> list[str]:
    options = (unquote(option) for option in query.split("&") if option)
    return [option for option in options if option.partition("=")[0] not in _SECRET_OPTIONS]
