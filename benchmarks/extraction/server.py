"""The byte server with parts: `python -m benchmarks.extraction.server 1000 1000000 0.05`.

Beside what benchmarks.odata.server does it knows ranges of its first key, $skip and $top, and
sleeps before it answers with rows. The rows lie in the order of their key.
"""

import re
import sys
import threading
import time
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import ClassVar, NamedTuple, cast
from urllib.parse import parse_qs, urlsplit

from benchmarks.odata.pages import BLOCK, Pages
from benchmarks.odata.schema import ENTITY_SET, KEY, SERVICES, metadata

_BOUND = re.compile(rf"{KEY[0]} (ge|gt|lt) '45(\d{{5}})(\d{{3}})'")
_ITEMS = 10  # rows of one order


class Stretch(NamedTuple):
    """Rows from `first` on and before `last`."""

    first: int
    last: int


class PartServer(ThreadingHTTPServer):
    """One V2 service on a free port of this machine; `delay` in seconds."""

    daemon_threads = True

    def __init__(self, page_size: int, rows: int, delay: float = 0.0) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.page_size = page_size
        self.rows = rows
        self.delay = delay
        self.root = f"{SERVICES['V2']}/"
        self.address = f"http://127.0.0.1:{self.server_port}"
        self.pages = Pages("V2", f"{self.address}{self.root}", rows)

    def page(self, wanted: Stretch) -> list[bytes]:
        """The page that begins a stretch, with the link to the rest of it."""
        first, last = wanted
        end = min(last, (first // self.page_size + 1) * self.page_size)
        head, *rows, _ = self.pages.page(min(first, end), max(end - first, 0))
        link = f',"__next":"{self.address}{self.root}{ENTITY_SET}?$skiptoken={end},{last}"'
        return [head, *rows, b"]%s}}" % (link.encode() * (end < last))]


def stretch(options: dict[str, str], rows: int) -> Stretch:
    """The rows that the query options ask for."""
    if "$skiptoken" in options:
        return Stretch(*map(int, options["$skiptoken"].split(",")))
    first, last = 0, rows
    for comparison, block, order in _BOUND.findall(options.get("$filter", "")):
        row = int(block) * BLOCK + int(order) * _ITEMS
        if comparison == "lt":
            last = min(last, row)
        else:
            first = max(first, row + _ITEMS * (comparison == "gt"))
    first += int(options.get("$skip", 0))
    return Stretch(first, min(last, first + int(options.get("$top", rows))))


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm: ClassVar[bool] = True

    def do_GET(self) -> None:
        server = cast(PartServer, self.server)
        parts = urlsplit(self.path)
        options = {name: values[0] for name, values in parse_qs(parts.query).items()}
        match parts.path.removeprefix(server.root):
            case "$metadata":
                self._send("application/xml", [metadata("V2")])
            case name if name == ENTITY_SET:
                time.sleep(server.delay)
                self._send("application/json", server.page(stretch(options, server.rows)))
            case name if name == f"{ENTITY_SET}/$count":
                self._send("text/plain", [str(server.rows).encode()])
            case _:
                self.send_error(HTTPStatus.NOT_FOUND)

    def _send(self, type: str, parts: list[bytes]) -> None:
        self.send_response_only(HTTPStatus.OK)
        self.send_header("Content-Type", type)
        self.send_header("Content-Length", str(sum(map(len, parts))))
        self.send_header("DataServiceVersion", "2.0")
        self.end_headers()
        self.wfile.writelines(parts)

    def log_message(self, format: str, *args: object) -> None:
        """Standard error stays free."""


def main() -> None:
    """Serve until standard input ends."""
    page_size, rows, delay = sys.argv[1:]
    with PartServer(int(page_size), int(rows), float(delay)) as server:
        print(server.address, flush=True)
        threading.Thread(target=server.serve_forever, daemon=True).start()
        sys.stdin.read()
        server.shutdown()


if __name__ == "__main__":
    main()
