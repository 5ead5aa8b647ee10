"""A server on this machine that answers as a script says, well or badly, and notes what came."""

import json
import socket
import ssl
import sys
import threading
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from typing import Any, Self
from urllib.parse import unquote

from sapmatch.model.auth import Basic
from sapmatch.model.connection import Connection
from sapmatch.model.ports import Clock
from sapmatch.sap.auth.credentials import Given
from sapmatch.sap.connection import connect
from sapmatch.sap.odata.client import ODataClient
from tests.builders.memory import MemoryClock

SERVICE = "/sap/opu/odata/sap/API_TEST_SRV"
TOKEN = "token-canary"
COOKIE = "session-canary"
PASSWORD = "password-canary"


@dataclass(frozen=True)
class Received:
    """One request as it came; header names in lower case."""

    method: str
    target: str
    headers: Mapping[str, str]
    body: bytes

    @property
    def path(self) -> str:
        return self.target.partition("?")[0]

    @property
    def query(self) -> str:
        return unquote(self.target.partition("?")[2])

    @property
    def fetches_token(self) -> bool:
        return self.headers.get("x-csrf-token", "").lower() == "fetch"


@dataclass(frozen=True)
class Reply:
    """`drop` closes the connection without a byte; `cut` promises more bytes than it sends."""

    status: int = 200
    body: bytes = b""
    headers: Sequence[tuple[str, str]] = ()
    type: str = "application/json"
    drop: bool = False
    cut: bool = False
    delay: float = 0.0


Script = Callable[[Received], Reply]


def data(value: Any, status: int = 200, **headers: str) -> Reply:
    """A JSON answer; header names with _ for -."""
    named = [(name.replace("_", "-"), text) for name, text in headers.items()]
    return Reply(status, json.dumps(value).encode(), named)


def rows(*found: Mapping[str, Any], **more: Any) -> Reply:
    """One V2 page; `__next`, `__count`, `__delta` by name."""
    return data({"d": {"results": list(found), **more}})


def refusal(status: int, code: str = "ZZ/001", text: str = "No", **headers: str) -> Reply:
    """An error body of V2 JSON."""
    error = {"code": code, "message": {"lang": "en", "value": text}}
    return data({"error": error}, status, **headers)


def in_turn(*replies: Reply) -> Script:
    """One reply after another; more requests than replies are a fault of the test."""
    left = list(replies)
    lock = threading.Lock()

    def script(request: Received) -> Reply:
        with lock:
            return left.pop(0) if left else Reply(599, b"the script is at its end")

    return script


def with_token(script: Script, token: str = TOKEN) -> Script:
    """Hand out a CSRF token bound to a cookie, and let no write pass without both (OD-P01)."""

    def guarded(request: Received) -> Reply:
        if request.fetches_token:
            cookie = f"SAP_SESSIONID_XYZ_100={COOKIE}; path=/; HttpOnly"
            return Reply(headers=[("x-csrf-token", token), ("Set-Cookie", cookie)])
        known = COOKIE in request.headers.get("cookie", "")
        if request.method == "GET" or (known and request.headers.get("x-csrf-token") == token):
            return script(request)
        return REQUIRED

    return guarded


REQUIRED = Reply(403, b"CSRF token validation failed", [("x-csrf-token", "Required")], "text/plain")


class _Server(ThreadingHTTPServer):
    def handle_error(self, request: Any, client_address: Any) -> None:
        """A client that goes away is what many tests are about; anything else is shown."""
        if not isinstance(sys.exception(), OSError):
            super().handle_error(request, client_address)


@dataclass
class SapServer:
    """A context manager; `requests` in the order of their arrival."""

    script: Script
    requests: list[Received] = field(default_factory=list)
    tls: ssl.SSLContext | None = None

    def __post_init__(self) -> None:
        self._server = _Server(("127.0.0.1", 0), _handler(self))
        if self.tls:
            self._server.socket = self.tls.wrap_socket(self._server.socket, server_side=True)
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.01,))

    @property
    def url(self) -> str:
        scheme = "https" if self.tls else "http"
        return f"{scheme}://127.0.0.1:{self._server.server_port}"

    @property
    def connections(self) -> int:
        return len({request.headers["test-peer"] for request in self.requests})

    @property
    def handshakes(self) -> int:
        """Whole TLS handshakes; the next request of a connection needs none."""
        return self.tls.session_stats()["accept_good"] if self.tls else 0

    def methods(self) -> list[str]:
        return [request.method for request in self.requests]

    def written(self) -> list[Received]:
        return [r for r in self.requests if r.method not in ("GET", "HEAD")]

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join(5)


def _handler(server: SapServer) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        disable_nagle_algorithm = True
        timeout = 10

        def answer(self) -> None:
            length = int(self.headers.get("Content-Length") or 0)
            headers = {name.lower(): text for name, text in self.headers.items()}
            headers["test-peer"] = str(self.client_address[1])
            headers["test-subject"] = _subject(self.connection)
            received = Received(self.command, self.path, headers, self.rfile.read(length))
            server.requests.append(received)
            self.send(server.script(received))

        def send(self, reply: Reply) -> None:
            time.sleep(reply.delay)
            if reply.drop:
                self.close_connection = True
                self.connection.shutdown(socket.SHUT_RDWR)
                return
            self.send_response_only(reply.status)
            length = len(reply.body) + (1000 if reply.cut else 0)
            defaults = [("Content-Type", reply.type), ("Content-Length", str(length))]
            for name, text in _merged(defaults, reply.headers):
                self.send_header(name, text)
            self.end_headers()
            if self.command != "HEAD":
                self.wfile.write(reply.body)
            self.close_connection = self.close_connection or reply.cut

        def log_message(self, format: str, *args: Any) -> None:
            """Say nothing."""

    for method in ("GET", "HEAD", "POST", "PATCH", "PUT", "MERGE", "DELETE"):
        setattr(Handler, f"do_{method}", Handler.answer)
    return Handler


def _subject(connection: socket.socket) -> str:
    """The common name that a client certificate shows; empty where there is none."""
    shown = connection.getpeercert() if isinstance(connection, ssl.SSLSocket) else None
    subject: Any = (shown or {}).get("subject", ())
    return next((value for ((name, value),) in subject if name == "commonName"), "")


def _merged(
    defaults: Iterable[tuple[str, str]], given: Iterable[tuple[str, str]]
) -> list[tuple[str, str]]:
    names = {name.lower() for name, _ in given}
    return [(name, text) for name, text in defaults if name.lower() not in names] + list(given)


def client_of(server: SapServer, *, clock: Clock | None = None, **settings: Any) -> ODataClient:
    """A client for the server; on a clock of its own nothing really waits."""
    return client_at(server.url, clock=clock, **settings)


def client_at(url: str, *, clock: Clock | None = None, **settings: Any) -> ODataClient:
    """A client for whoever listens there."""
    connection = Connection(url=url, client="100", auth=Basic(secret="env:T"), **settings)
    credentials = {"user": "TESTER", "password": PASSWORD}
    return connect("s4", connection, Given(credentials), clock=clock or MemoryClock())
