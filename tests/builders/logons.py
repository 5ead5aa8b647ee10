"""Secrets that a test changes while a client uses them, a guard that notes, and SAP that checks."""

import base64
import threading
from collections.abc import Mapping
from typing import Any

from sapmatch.model.access import Secret
from sapmatch.model.auth import Auth
from sapmatch.model.connection import Connection
from sapmatch.model.errors import LogonRefused
from sapmatch.model.ports import Clock
from sapmatch.sap.connection import connect
from sapmatch.sap.odata.client import ODataClient
from tests.builders.memory import MemoryClock
from tests.builders.sap_server import Received, Reply, SapServer, rows

LOGON = "env:SAP"


class Vault:
    """Port Secrets by name; `logon` are the fields of LOGON."""

    def __init__(self, logon: Mapping[str, str], **others: Mapping[str, str]) -> None:
        self._kept = {LOGON: dict(logon), **{name: dict(each) for name, each in others.items()}}
        self._version = 1
        self.reads: list[str] = []

    def read(self, name: str) -> Secret:
        self.reads.append(name)
        return Secret(name=name, version=f"v{self._version}", fields=self._kept[name])

    def rotate(self, logon: Mapping[str, str]) -> None:
        """Store a new version of LOGON."""
        self._kept[LOGON] = dict(logon)
        self._version += 1


class NotingGuard:
    """Port LogonGuard; after two refusals of a version it admits nobody, as the real one does."""

    def __init__(self) -> None:
        self.calls: list[str] = []

    def admit(self, version: str) -> None:
        self.calls.append(f"admit {version}")
        if self.calls.count(f"refused {version}") > 1:
            raise LogonRefused("stopped", "stopped")

    def accepted(self, version: str) -> None:
        self.calls.append(f"accepted {version}")

    def refused(self, version: str) -> None:
        self.calls.append(f"refused {version}")


class Checking:
    """SAP that lets one password in; `refused` counts the others."""

    def __init__(self, password: str, page: Reply = Reply(401)) -> None:  # noqa: B008  frozen
        self.password = password
        self.refused: dict[str, int] = {}
        self._page = page
        self._lock = threading.Lock()

    def __call__(self, request: Received) -> Reply:
        encoded = request.headers.get("authorization", "").removeprefix("Basic ")
        given = base64.b64decode(encoded).decode().partition(":")[2]
        if given == self.password:
            return Reply(201, rows().body) if request.method == "POST" else rows({"ID": "1"})
        with self._lock:
            self.refused[given] = self.refused.get(given, 0) + 1
        return self._page


def password(value: str, user: str = "TESTER") -> dict[str, str]:
    """The fields of a secret."""
    return {"user": user, "password": value}


def logged_on(
    server: SapServer,
    auth: Auth,
    vault: Vault,
    *,
    clock: Clock | None = None,
    guard: NotingGuard | None = None,
    url: str | None = None,
    **settings: Any,
) -> ODataClient:
    """A client for the server that logs on with what the vault holds."""
    settings = {"client": "100", "csrf": "never", **settings}
    connection = Connection(url=url or server.url, auth=auth, **settings)
    return connect("s4", connection, vault, clock=clock or MemoryClock(), guard=guard)
