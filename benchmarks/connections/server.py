"""SAP and who makes its tokens, over TLS: `python -m benchmarks.connections.server FOLDER`.

FOLDER holds `server.pem`, `server.key` and `authority.pem`. It prints its address, takes a client
certificate where one is shown, answers every request with the same few bytes, says at /counts what
was asked of it, and ends when its standard input does.
"""

import json
import ssl
import sys
import threading
import time
from collections import Counter
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, ClassVar, cast

ROW = json.dumps({"d": {"results": [{"SalesOrder": "1", "SoldToParty": "17100001"}]}}).encode()
LIFETIME = 3600  # seconds that a token lives
_SLOW = 0.2  # seconds for a token: callers gather meanwhile


class TokenServer(ThreadingHTTPServer):
    """On a free port of this machine; `counts` by first part of the path, and handshakes."""

    daemon_threads = True
    request_queue_size = 128

    def __init__(self, folder: Path) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.address = f"https://127.0.0.1:{self.server_port}"
        self._lock = threading.Lock()
        self._counts: Counter[str] = Counter()
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(folder / "server.pem", folder / "server.key")
        context.load_verify_locations(folder / "authority.pem")
        context.verify_mode = ssl.CERT_OPTIONAL
        self.socket = context.wrap_socket(
            self.socket, server_side=True, do_handshake_on_connect=False
        )

    def count(self, what: str) -> int:
        """How often, with this time."""
        with self._lock:
            self._counts[what] += 1
            return self._counts[what]

    def counts(self) -> dict[str, int]:
        """All that was counted."""
        with self._lock:
            return dict(self._counts)


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm: ClassVar[bool] = True
    timeout = 60

    def setup(self) -> None:
        super().setup()
        self.request.do_handshake()
        cast(TokenServer, self.server).count("handshakes")

    def do_GET(self) -> None:
        server = cast(TokenServer, self.server)
        if self.path == "/counts":
            self._send(json.dumps(server.counts()).encode())
        elif self.path.startswith("/destination-configuration/"):
            number = server.count("destinations")
            time.sleep(_SLOW)
            self._send(json.dumps(_destination(server.address, number)).encode())
        else:
            server.count("requests")
            self._send(ROW)

    def do_POST(self) -> None:
        self.rfile.read(int(self.headers["Content-Length"]))
        number = cast(TokenServer, self.server).count("tokens")
        time.sleep(_SLOW)
        token = {"access_token": _token(number), "token_type": "bearer", "expires_in": LIFETIME}
        self._send(json.dumps(token).encode())

    def _send(self, body: bytes) -> None:
        self.send_response_only(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: Any) -> None:
        """Say nothing."""


def _token(number: int) -> str:
    """As long as tokens of XSUAA are."""
    return f"{number:08}" * 120


def _destination(address: str, number: int) -> dict[str, Any]:
    properties = {
        "Name": "S4",
        "Type": "HTTP",
        "URL": address,
        "Authentication": "OAuth2ClientCredentials",
        "ProxyType": "Internet",
    }
    header = {"key": "Authorization", "value": f"Bearer {_token(number)}"}
    token = {
        "type": "Bearer",
        "value": _token(number),
        "http_header": header,
        "expires_in": str(LIFETIME),
    }
    return {"owner": {}, "destinationConfiguration": properties, "authTokens": [token]}


def main() -> None:
    """Serve until standard input ends."""
    with TokenServer(Path(sys.argv[1])) as server:
        print(server.address, flush=True)
        threading.Thread(target=server.serve_forever, daemon=True).start()
        sys.stdin.read()
        server.shutdown()


if __name__ == "__main__":
    main()
