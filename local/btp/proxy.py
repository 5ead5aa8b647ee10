"""The connectivity proxy with a Cloud Connector behind it: absolute-form requests over plain HTTP.

It knows virtual hosts, the resources that are exposed of each, and Cloud Connectors by location id;
what it refuses it refuses in the words of the real one.
"""

import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.client import HTTPConnection, HTTPException
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Final
from urllib.parse import urlsplit

_IDLE: Final = 30  # seconds
_OF_THE_PROXY: Final = frozenset(
    {"proxy-authorization", "proxy-connection", "connection", "keep-alive", "transfer-encoding"}
)
_NOT_CONNECTED: Final = (
    "There is no SAP Cloud Connector (SCC) connected to your subaccount matching the requested "
    "tunnel for subaccount '0001' and SCC location ID '{}'"
)
_DENIED: Final = (
    "Access denied to resource {} on system {}. In case this was a valid request, ensure to expose "
    "the resource correctly in your Cloud Connector."
)


@dataclass
class Proxy:
    """A running proxy; `targets` lead from virtual `host:port` to a loopback address.

    `requests` are the request line and the headers by lower-case name. `token` is the service token
    that it wants to see, none where it trusts everybody in its cluster.
    """

    port: int
    targets: dict[str, str]
    exposed: tuple[str, ...] = ("/",)
    locations: frozenset[str] = frozenset({""})
    token: str | None = None
    token_header: str = "Proxy-Authorization"  # noqa: S105
    failure: tuple[int, str] | None = None
    requests: list[tuple[str, dict[str, str]]] = field(default_factory=list)


@contextmanager
def serve_proxy(targets: Mapping[str, str], *, port: int = 0, **settings: Any) -> Iterator[Proxy]:
    """Run it on 127.0.0.1."""
    http = _Http(("127.0.0.1", port), _Handler)
    http.proxy = Proxy(port=http.server_port, targets=dict(targets), **settings)
    thread = threading.Thread(target=http.serve_forever, args=(0.05,), daemon=True)
    thread.start()
    try:
        yield http.proxy
    finally:
        http.shutdown()
        http.server_close()
        thread.join(timeout=10)


class _Http(ThreadingHTTPServer):
    daemon_threads = True
    proxy: Proxy


class _Handler(BaseHTTPRequestHandler):
    server: _Http
    protocol_version = "HTTP/1.1"
    timeout = _IDLE

    def _handle(self) -> None:
        proxy = self.server.proxy
        headers = {name.lower(): value for name, value in self.headers.items()}
        proxy.requests.append((self.requestline, headers))
        body = self.rfile.read(int(headers.get("content-length", "0")))
        refused = proxy.failure or self._refused(headers)
        if refused:
            self._send(refused[0], {"Content-Type": "text/plain"}, refused[1].encode())
        else:
            self._forward(headers, body)

    def _refused(self, headers: Mapping[str, str]) -> tuple[int, str] | None:
        proxy, parts = self.server.proxy, urlsplit(self.path)
        if self.command == "CONNECT" or parts.scheme != "http":
            return 405, "Method Not Allowed"
        if proxy.token and headers.get(proxy.token_header.lower()) != f"Bearer {proxy.token}":
            return 407, "Proxy Authentication Required"
        location = headers.get("sap-connectivity-scc-location_id", "")
        if location not in proxy.locations:
            return 503, _NOT_CONNECTED.format(location)
        if parts.netloc not in proxy.targets or not parts.path.startswith(proxy.exposed):
            return 403, _DENIED.format(parts.path, parts.netloc)
        return None

    def _forward(self, headers: Mapping[str, str], body: bytes) -> None:
        """As the Cloud Connector does: what was for the proxy does not reach SAP."""
        parts = urlsplit(self.path)
        target = urlsplit(self.server.proxy.targets[parts.netloc])
        connection = HTTPConnection(str(target.hostname), target.port, timeout=_IDLE)
        kept = {
            name: value
            for name, value in headers.items()
            if name not in _OF_THE_PROXY and not name.startswith("sap-connectivity-")
        }
        path = parts.path + (f"?{parts.query}" if parts.query else "")
        try:
            connection.request(self.command, path, body or None, kept)
            answer = connection.getresponse()
            self._send(answer.status, answer.headers, answer.read())
        except (OSError, HTTPException):
            self._send(502, {"Content-Type": "text/plain"}, b"Bad Gateway: backend not reachable")
        finally:
            connection.close()

    def _send(self, status: int, headers: Any, body: bytes) -> None:
        self.send_response_only(status)
        for name, value in headers.items():
            if name.lower() not in {*_OF_THE_PROXY, "content-length"}:
                self.send_header(name, value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)

    def log_message(self, format: str, *args: Any) -> None:
        """Say nothing."""


for _method in ("GET", "HEAD", "POST", "PATCH", "PUT", "MERGE", "DELETE", "CONNECT"):
    setattr(_Handler, f"do_{_method}", _Handler._handle)
