"""The byte server: `python -m benchmarks.odata.server V2 1000 100000` prints its address.

It sends pages of 1,000 of 100,000 rows that lie ready in its memory, and ends when its standard
input does.
"""

import sys
import threading
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import ClassVar, cast
from urllib.parse import parse_qs, urlsplit

from benchmarks.odata.pages import Pages
from benchmarks.odata.schema import ENTITY_SET, SERVICES, Version, metadata

_TYPES: dict[Version, str] = {
    "V2": "application/json",
    "V4": "application/json;odata.metadata=minimal;IEEE754Compatible=true",
}
_VERSION_HEADERS: dict[Version, tuple[str, str]] = {
    "V2": ("DataServiceVersion", "2.0"),
    "V4": ("OData-Version", "4.0"),
}


class ByteServer(ThreadingHTTPServer):
    """One service on a free port of this machine."""

    daemon_threads = True

    def __init__(self, version: Version, page_size: int, rows: int) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.version = version
        self.page_size = page_size
        self.rows = rows
        self.root = f"{SERVICES[version]}/"
        self.address = f"http://127.0.0.1:{self.server_port}"
        self.pages = Pages(version, f"{self.address}{self.root}", rows)


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm: ClassVar[bool] = True

    def do_GET(self) -> None:
        server = cast(ByteServer, self.server)
        parts = urlsplit(self.path)
        match parts.path.removeprefix(server.root):
            case "$metadata":
                self._send("application/xml", [metadata(server.version)])
            case name if name == ENTITY_SET:
                token = parse_qs(parts.query).get("$skiptoken", ["0"])[0]
                body = server.pages.page(int(token), server.page_size)
                self._send(_TYPES[server.version], body)
            case name if name == f"{ENTITY_SET}/$count":
                self._send("text/plain", [str(server.rows).encode()])
            case _:
                self.send_error(HTTPStatus.NOT_FOUND)

    def _send(self, type: str, parts: list[bytes]) -> None:
        self.send_response_only(HTTPStatus.OK)
        self.send_header("Content-Type", type)
        self.send_header("Content-Length", str(sum(map(len, parts))))
        self.send_header(*_VERSION_HEADERS[cast(ByteServer, self.server).version])
        self.end_headers()
        self.wfile.writelines(parts)


def main() -> None:
    """Serve until standard input ends."""
    version, page_size, rows = sys.argv[1:]
    if version not in SERVICES:
        raise SystemExit(f"{version}: is no version; give V2 or V4")
    with ByteServer(version, int(page_size), int(rows)) as server:
        print(server.address, flush=True)
        threading.Thread(target=server.serve_forever, daemon=True).start()
        sys.stdin.read()
        server.shutdown()


if __name__ == "__main__":
    main()
