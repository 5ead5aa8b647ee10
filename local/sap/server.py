"""The embedded SAP as an HTTP server on the loopback interface."""

import json
import logging
import socket
import ssl
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

from local.sap.abap.system import Abap
from local.sap.control import RequestLog
from local.sap.exchange import Certificate, Request, Response
from local.sap.gateway import Gateway
from local.sap.logon.certificates import certificate_of
from local.sap.logon.settings import Settings, User, merged
from local.sap.metadata import load_services
from local.sap.seed import ABAP, SeedError, fill, load_seed
from local.sap.store import Store
from local.sap.tls import Connections

PAGE_SIZE = 1000
SESSION_SECONDS = 1800.0  # as observed on newer ABAP systems (OD-P06)
_HOST = "127.0.0.1"
_MAX_BODY = 20_000_000
_IDLE_SECONDS = 60
_LOG = logging.getLogger("local.sap")


@dataclass(frozen=True, slots=True)
class Server:
    """A running stand-in: its address, its witness, and a way back to the seed."""

    url: str
    log: RequestLog
    gateway: Gateway
    connections: Connections

    def configure(self, **settings: object) -> None:
        """Patch the logon settings, as POST /_control/logon does."""
        self.gateway.configure(settings)

    def fault(self, fault: str, count: int = 1, *, of: str = "writes") -> None:
        """Want a fault for the next writes, reads or tokens, as POST /_control/faults does."""
        self.gateway.faults.order({"next": fault, "count": count, "of": of})

    def move(self, **wanted: object) -> None:
        """Put and delete rows, now or `after_reads`, as POST /_control/rows does."""
        self.gateway.move(wanted)

    def switch(self, **switches: object) -> None:
        """Set switches of the V2 services, as POST /_control/v2 does."""
        self.gateway.v2.switches.set(switches)

    def abap(self, **wanted: object) -> None:
        """Order the users, faults and permissions of function modules, as POST /_control/abap."""
        self.gateway.abap.control(wanted)

    def forget(self, what: str) -> None:
        """Let `sessions`, `access-tokens`, `delta-tokens` or `request-answers` expire."""
        self.gateway.forget({"what": what})


@contextmanager
def serve(
    seed: Path | Mapping[str, Any],
    *,
    users: Mapping[str, str],
    port: int = 0,
    log: Path | None = None,
    duplicate_check: bool = True,
    page_size: int = PAGE_SIZE,
    session_seconds: float = SESSION_SECONDS,
    answer_delay: float = 0.0,
    logon: Mapping[str, Any] | None = None,
    tls: ssl.SSLContext | None = None,
) -> Iterator[Server]:
    """Run the stand-in on 127.0.0.1 (port 0: a free one); SeedError where the seed is wrong.

    `users` are passwords by user name. `duplicate_check` is the switch in the suppliers' master
    data: without it SAP takes the same invoice twice. `answer_delay` is how many seconds every
    answer takes on its way, whatever else is asked meanwhile. `logon` patches the settings of
    `local.sap.logon.settings`; ValueError where it does not fit.
    """
    settings = merged(Settings(users={n: User(password=p) for n, p in users.items()}), logon or {})
    services = load_services()
    store = Store(services)
    rows = load_seed(seed) if isinstance(seed, Path) else seed
    fill(rows, store)
    request_log = RequestLog(log)
    gateway = Gateway(
        services,
        store,
        settings,
        request_log,
        _abap(rows),
        duplicate_check=duplicate_check,
        page_size=page_size,
        session_seconds=session_seconds,
    )
    http = _Http((_HOST, port), gateway, answer_delay, tls)
    thread = threading.Thread(target=http.serve_forever, args=(0.05,), daemon=True)
    thread.start()
    try:
        yield Server(http.url, request_log, gateway, http.connections)
    finally:
        gateway.close()
        http.stop()
        thread.join(timeout=10)
        request_log.close()


def _abap(seed: Mapping[str, Any]) -> Abap:
    try:
        return Abap(seed.get(ABAP))
    except ValueError as error:
        raise SeedError(f"the seed does not fit: {error}") from error


class _Http(ThreadingHTTPServer):
    """One thread per connection; `stop` ends the connections that clients keep alive."""

    daemon_threads = True
    request_queue_size = 128

    def __init__(
        self,
        address: tuple[str, int],
        gateway: Gateway,
        answer_delay: float,
        tls: ssl.SSLContext | None,
    ) -> None:
        super().__init__(address, _Handler)
        self.gateway = gateway
        self.answer_delay = answer_delay
        self.scheme = "http" if tls is None else "https"
        self.host = f"{_HOST}:{self.server_address[1]}"
        self.url = f"{self.scheme}://{self.host}"
        self.connections = Connections()
        self._tls = tls
        self._open: set[socket.socket] = set()
        self._open_lock = threading.Lock()

    def get_request(self) -> tuple[Any, Any]:
        """The next connection; its own thread shakes hands, so that nobody waits for it."""
        connection, address = super().get_request()
        self.connections.note(accepted=1)
        if self._tls is None:
            return connection, address
        wrapped = self._tls.wrap_socket(connection, server_side=True, do_handshake_on_connect=False)
        return wrapped, address

    def process_request(self, request: Any, client_address: Any) -> None:
        with self._open_lock:
            self._open.add(request)
        super().process_request(request, client_address)

    def shutdown_request(self, request: Any) -> None:
        with self._open_lock:
            self._open.discard(request)
        super().shutdown_request(request)

    def handle_error(self, request: Any, client_address: Any) -> None:  # noqa: ARG002
        _LOG.exception("the stand-in failed on a request")

    def stop(self) -> None:
        self.shutdown()
        self.server_close()
        with self._open_lock:
            for connection in self._open:
                _hang_up(connection)


def _hang_up(connection: socket.socket) -> None:
    try:
        # Below TLS: the thread that reads from it may still be at work.
        socket.socket.shutdown(connection, socket.SHUT_RDWR)
    except OSError:
        _LOG.debug("the client was faster to close the connection")


class _Handler(BaseHTTPRequestHandler):
    """HTTP/1.1 with keep-alive; the answer leaves in one piece and at once."""

    server: _Http
    protocol_version = "HTTP/1.1"
    server_version = "SAP NetWeaver Application Server (embedded)"
    sys_version = ""
    disable_nagle_algorithm = True
    wbufsize = -1
    timeout = _IDLE_SECONDS

    def handle(self) -> None:
        try:
            if self._shook_hands():
                super().handle()
        except (ConnectionError, ssl.SSLError):
            _LOG.debug("the client hung up")

    def _shook_hands(self) -> bool:
        if not isinstance(self.connection, ssl.SSLSocket):
            return True
        try:
            self.connection.do_handshake()
        except OSError as error:
            self.server.connections.note(failed=1)
            _LOG.debug("no TLS handshake: %s", error)
            return False
        self.server.connections.note(handshakes=1)
        return True

    def _serve(self) -> None:
        body = self._body()
        if body is None:
            return
        path, _, query = self.path.partition("?")
        request = Request(
            method=self.command,
            path=path,
            query=query,
            headers={name.lower(): value for name, value in self.headers.items()},
            body=body,
            origin=f"{self.server.scheme}://{self.headers.get('Host', self.server.host)}",
            certificate=self._certificate(),
        )
        if path.startswith("/_control/"):
            self._send(_control(request, self.server))
            return
        answer = self.server.gateway.handle(request)
        time.sleep(self.server.answer_delay)
        self._send(answer)

    do_GET = do_HEAD = do_POST = do_PUT = do_PATCH = do_MERGE = do_DELETE = _serve  # noqa: N815

    def _certificate(self) -> Certificate | None:
        if not isinstance(self.connection, ssl.SSLSocket):
            return None
        peer = self.connection.getpeercert()
        return certificate_of(peer) if peer else None

    def _body(self) -> bytes | None:
        length = self.headers.get("Content-Length", "0")
        if "Transfer-Encoding" in self.headers or not length.isdigit() or int(length) > _MAX_BODY:
            self.close_connection = True
            self._send(Response(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, b"", "text/plain"))
            return None
        return self.rfile.read(int(length))

    def _send(self, response: Response) -> None:
        if response.dropped:
            self.close_connection = True
            _hang_up(self.connection)
            return
        self.send_response(response.status)
        for name, value in response.headers.items():
            self.send_header(name, value)
        for cookie in response.cookies:
            self.send_header("set-cookie", cookie)
        if response.content_type:
            self.send_header("content-type", response.content_type)
        self.send_header("content-length", str(len(response.body)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(response.body)

    def log_message(self, format: str, *args: object) -> None:
        """The request log is the record."""


def _control(request: Request, server: _Http) -> Response:
    """POST /_control/faults, rows, v2, v4, logon, abap, forget, reset; GET /_control/log and more.

    GET log, changes, users (who is locked) and connections (TLS handshakes) show what is; `given`
    are the tokens and cookies of now, for a test that looks where else they are.
    """
    gateway = server.gateway
    call = (request.method, request.path.removeprefix("/_control/"))
    shown: dict[tuple[str, str], Callable[[], object]] = {
        ("GET", "log"): gateway.log.entries,
        ("GET", "changes"): gateway.log.changes,
        ("GET", "users"): gateway.users,
        ("GET", "given"): gateway.given,
        ("GET", "abap"): gateway.abap.as_json,
        ("GET", "connections"): server.connections.as_json,
    }
    if call in shown:
        return _as_json(HTTPStatus.OK, shown[call]())
    if call == ("POST", "reset"):
        gateway.reset()
        server.connections.clear()
        return _as_json(HTTPStatus.OK, {"reset": True})
    orders = {
        ("POST", "logon"): gateway.configure,
        ("POST", "faults"): gateway.faults.order,
        ("POST", "rows"): gateway.move,
        ("POST", "v2"): gateway.v2.switches.set,
        ("POST", "v4"): gateway.v4.switches.set,
        ("POST", "forget"): gateway.forget,
        ("POST", "abap"): gateway.abap.control,
    }
    if call in orders:
        try:
            orders[call](json.loads(request.body))
        except ValueError as error:
            return _as_json(HTTPStatus.BAD_REQUEST, {"error": str(error)})
        return _as_json(HTTPStatus.OK, {"ordered": True})
    return _as_json(HTTPStatus.NOT_FOUND, {"error": "no such control"})


def _as_json(status: int, value: object) -> Response:
    return Response(status, json.dumps(value).encode(), "application/json")
