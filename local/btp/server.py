"""XSUAA and the destination service over HTTP on the loopback interface."""

import json
import ssl
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Final
from urllib.parse import parse_qs, unquote, urlsplit

from local.btp.destinations import ROOT, Destinations
from local.btp.errors import Refused
from local.btp.xsuaa import Issuer, Xsuaa

CLIENT: Final = "sb-destination!b1"
_MAX_BODY: Final = 1_000_000
_IDLE: Final = 30  # seconds


class Btp:
    """A running stand-in: what was asked of it, and a way to make it fail.

    `requests` are (method, path with query, headers by lower-case name), in their order.
    """

    def __init__(
        self, url: str, secret: str, known: Mapping[str, Any], fragments: Mapping[str, Any]
    ):
        self.url = url
        self.secret = secret
        self.issuer = Issuer(f"{url}/oauth/token")
        self.xsuaa = Xsuaa(self.issuer, {CLIENT: secret})
        self.destinations = Destinations(self.issuer, known, fragments)
        self.requests: list[tuple[str, str, dict[str, str]]] = []
        self._failures: list[tuple[str, int, str]] = []
        self._lock = threading.Lock()

    @property
    def binding(self) -> dict[str, str]:
        """The service key, as the secret of a connection holds it."""
        return {
            "clientid": CLIENT,
            "clientsecret": self.secret,
            "url": self.url,
            "uri": self.url,
        }

    def fail(self, path: str, status: int, text: str = "", times: int = 1) -> None:
        """Answer so to the next requests whose path begins like that."""
        with self._lock:
            self._failures += [(path, status, text)] * times

    def count(self, path: str) -> int:
        """How many requests there were whose path begins so."""
        with self._lock:
            return sum(asked.startswith(path) for _, asked, _ in self.requests)

    def note(self, method: str, path: str, headers: Mapping[str, str]) -> None:
        """Remember a request; Refused where it was asked to fail."""
        with self._lock:
            self.requests.append((method, path, {k.lower(): v for k, v in headers.items()}))
            wanted = next((each for each in self._failures if path.startswith(each[0])), None)
            if wanted:
                self._failures.remove(wanted)
        if wanted:
            raise Refused(wanted[1], wanted[2])

    def find(self, path: str, headers: Mapping[str, str]) -> dict[str, Any]:
        """GET of a destination, by a service token of ours."""
        kind, _, token = headers.get("Authorization", "").partition(" ")
        if kind != "Bearer":
            raise Refused(401, "Unauthorized")
        self.issuer.claims(token)
        parts = urlsplit(path)
        version, _, name = parts.path.removeprefix(ROOT).partition("/destinations/")
        if version not in ("v1", "v2") or not name or "/" in name:
            raise Refused(404, "no such resource")
        lower = {key.lower(): value for key, value in headers.items()}
        skipped = parse_qs(parts.query).get("$skipTokenRetrieval") == ["true"]
        return self.destinations.find(version, unquote(name), lower, tokens=not skipped)


@contextmanager
def serve(
    destinations: Mapping[str, Any],
    *,
    secret: str,
    fragments: Mapping[str, Any] | None = None,
    port: int = 0,
    tls: ssl.SSLContext | None = None,
) -> Iterator[Btp]:
    """Run it on 127.0.0.1; with `tls` over HTTPS, and client certificates where that asks."""
    http = _Http(("127.0.0.1", port), _Handler)
    if tls is not None:
        http.socket = tls.wrap_socket(http.socket, server_side=True, do_handshake_on_connect=False)
    url = f"{'https' if tls else 'http'}://127.0.0.1:{http.server_port}"
    http.btp = Btp(url, secret, destinations, fragments or {})
    thread = threading.Thread(target=http.serve_forever, args=(0.05,), daemon=True)
    thread.start()
    try:
        yield http.btp
    finally:
        http.shutdown()
        http.server_close()
        thread.join(timeout=10)


class _Http(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 128
    btp: Btp

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A handshake that failed says so to the client; here it would only be noise."""


class _Handler(BaseHTTPRequestHandler):
    server: _Http
    protocol_version = "HTTP/1.1"
    timeout = _IDLE

    def do_GET(self) -> None:
        """The keys, or a destination."""
        self._answer(self._read)

    def do_POST(self) -> None:
        """The token endpoint."""
        self._answer(self._token)

    def _answer(self, call: Any) -> None:
        try:
            self.server.btp.note(self.command, self.path, dict(self.headers.items()))
            status, body = 200, call()
        except Refused as exc:
            status, body = exc.status, {"error": exc.message, "ErrorMessage": exc.message}
        data = json.dumps(body).encode()
        self.send_response(status)
        if 300 <= status < 400:
            self.send_header("Location", body["error"])
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(data)))
        self.send_header("Connection", "close")
        self.end_headers()
        self.wfile.write(data)
        self.close_connection = True

    def _read(self) -> dict[str, Any]:
        if self.path == "/token_keys":
            return self.server.btp.issuer.jwks
        if self.path.startswith(ROOT):
            return self.server.btp.find(self.path, dict(self.headers.items()))
        raise Refused(404, "no such resource")

    def _token(self) -> dict[str, Any]:
        length = int(self.headers.get("Content-Length", "0"))
        if self.path != "/oauth/token" or length > _MAX_BODY:
            raise Refused(404, "no such resource")
        form = {k: v[0] for k, v in parse_qs(self.rfile.read(length).decode()).items()}
        shown = None
        if isinstance(self.connection, ssl.SSLSocket):
            shown = self.connection.getpeercert(binary_form=True)
        return self.server.btp.xsuaa.token(form, self.headers.get("Authorization", ""), shown)

    def log_message(self, format: str, *args: Any) -> None:
        """Say nothing: a request line may hold a name that is nobody else's business."""
