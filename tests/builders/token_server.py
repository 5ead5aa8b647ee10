"""A token endpoint that answers as a script says, beside an OData service that takes its tokens."""

import json
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qs

from sapmatch.model.access import LogonGuard, Secret
from sapmatch.model.auth import Auth
from sapmatch.model.connection import Connection
from sapmatch.model.ports import Clock
from sapmatch.sap.auth.credentials import Credentials
from sapmatch.sap.connection import connect
from sapmatch.sap.odata.client import ODataClient
from tests.builders.memory import MemoryClock
from tests.builders.sap_server import Received, Reply, SapServer, Script, data, rows

TOKEN_PATH = "/oauth/token"
CLIENT, CLIENT_SECRET = "sb-client!b12|dest!b9", "client-secret-canary/+ä"


class Versions:
    """Port Secrets: one secret whose newest version a test may change at any time."""

    def __init__(self, **fields: str) -> None:
        self.fields: dict[str, str] = fields or {
            "client_id": CLIENT,
            "client_secret": CLIENT_SECRET,
        }
        self.version = 1
        self.reads = 0
        self.guard: LogonGuard | None = None

    def read(self, name: str) -> Secret:
        self.reads += 1
        return Secret(name=name, version=f"v{self.version}", fields=dict(self.fields))

    def rotate(self, **fields: str) -> None:
        """Store a new version."""
        self.fields = self.fields | fields
        self.version += 1

    def credentials(self, clock: Clock) -> Credentials:
        """The secret as a strategy uses it."""
        return Credentials("[connections.s4].auth.secret", "oauth", self, clock, self.guard)


class Witness:
    """Port LogonGuard: lets everybody through, and notes what it is told."""

    def __init__(self) -> None:
        self.told: list[str] = []

    def admit(self, version: str) -> None:
        """Go on."""

    def accepted(self, version: str) -> None:
        self.told.append(f"accepted {version}")

    def refused(self, version: str) -> None:
        self.told.append(f"refused {version}")


def granted(token: str = "token-1", **fields: Any) -> Reply:
    """A token that lives an hour, unless the fields say something else."""
    fields = {"access_token": token, "token_type": "bearer", "expires_in": 3600, **fields}
    return data({name: value for name, value in fields.items() if value is not None})


def refused(status: int, error: str, words: str = "") -> Reply:
    """An error of RFC 6749 5.2."""
    body = {"error": error, "error_description": words}
    return Reply(status, json.dumps(body).encode())


def form_of(request: Received) -> dict[str, str]:
    """The fields of a form, each of which has to stand there once."""
    found = parse_qs(request.body.decode("ascii"), strict_parsing=True)
    assert all(len(values) == 1 for values in found.values())
    return {name: values[0] for name, values in found.items()}


@dataclass
class TokenWorld:
    """SAP with a script for tokens; `taken` are the tokens that it lets in, None: all."""

    tokens: Script
    taken: set[str] | None = None
    seen: list[str] = field(default_factory=list)

    def script(self, request: Received) -> Reply:
        """For SapServer."""
        if request.path == TOKEN_PATH or request.path.endswith("/oauth2/token"):
            return self.tokens(request)
        token = request.headers.get("authorization", "").removeprefix("Bearer ")
        self.seen.append(token)
        if self.taken is not None and token not in self.taken:
            return Reply(401, b"<html>Anmeldung fehlgeschlagen</html>", type="text/html")
        return rows({"ID": "1"})


def asked(server: SapServer) -> list[Received]:
    """The token calls that reached it."""
    return [each for each in server.requests if "/token" in each.path]


def client_with(
    server: SapServer, auth: Auth, secrets: Versions, clock: Clock | None = None, **settings: Any
) -> ODataClient:
    """A client that logs on that way; on a clock of its own nothing really waits."""
    connection = Connection(url=server.url, client="100", auth=auth, **settings)
    return connect("s4", connection, secrets, clock=clock or MemoryClock())
