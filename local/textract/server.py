"""AWS JSON 1.1 over HTTP on the loopback interface."""

import json
import sys
import traceback
import uuid
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from local.textract.errors import Refused
from local.textract.service import Textract

MAX_BODY = 32_000_000  # a document of 10 MB in base64, and room to say that one is too large
_FAULTS = "/_control/faults"
_JOBS = "/_control/jobs"
_TYPE = "application/x-amz-json-1.1"


class Server(ThreadingHTTPServer):
    """Listens on 127.0.0.1; port 0 takes a free one."""

    daemon_threads = True

    def __init__(self, port: int) -> None:
        super().__init__(("127.0.0.1", port), Handler)
        self.textract = Textract()

    @property
    def url(self) -> str:
        """Where it listens."""
        return f"http://127.0.0.1:{self.server_port}"

    def server_close(self) -> None:
        """Stop listening and leave the jobs."""
        super().server_close()
        self.textract.jobs.close()


class Handler(BaseHTTPRequestHandler):
    """One connection."""

    server: Server
    protocol_version = "HTTP/1.1"
    timeout = 120

    def do_POST(self) -> None:
        """A Textract call, or a fault to inject."""
        try:
            body = self._body()
            if self.path == _FAULTS:
                self._answer(200, self._fault(body))
            else:
                self._signed()
                target = self.headers.get("X-Amz-Target", "")
                self._answer(200, self.server.textract.call(target, body))
        except Refused as exc:
            self._refuse(exc)
        except Exception:  # noqa: BLE001 - the border of the process: answered and printed
            traceback.print_exc(file=sys.stderr)
            self._refuse(Refused("InternalServerError", "the stand-in failed: see its log", 500))

    def do_GET(self) -> None:
        """The jobs that were started, for tests."""
        if self.path == _JOBS:
            self._answer(200, {"jobs": self.server.textract.jobs.seen()})
        else:
            self._refuse(Refused("UnknownOperationException", f"only {_JOBS} is here", 404))

    def _body(self) -> bytes:
        length = self.headers.get("Content-Length", "")
        if not length.isdecimal() or int(length) > MAX_BODY:
            self.close_connection = True
            raise Refused("RequestEntityTooLargeException", f"at most {MAX_BODY} bytes", 413)
        return self.rfile.read(int(length))

    def _signed(self) -> None:
        """Signatures are not checked, but a call without one never reaches AWS either."""
        if not self.headers.get("Authorization", "").startswith("AWS4-HMAC-SHA256 "):
            raise Refused("MissingAuthenticationTokenException", "the call is not signed", 400)

    def _fault(self, body: bytes) -> dict[str, Any]:
        try:
            return self.server.textract.faults.ask(dict(json.loads(body)))
        except (ValueError, TypeError) as exc:
            raise Refused("ValidationException", str(exc)) from exc

    def _refuse(self, exc: Refused) -> None:
        body = {"__type": exc.code, "Code": exc.code, "Message": exc.message}
        self._answer(exc.status, body, {"x-amzn-errortype": exc.code})

    def _answer(self, status: int, body: Any, headers: dict[str, str] | None = None) -> None:
        data = json.dumps(body).encode()
        self.send_response(status)
        self.send_header("Content-Type", _TYPE)
        self.send_header("Content-Length", str(len(data)))
        self.send_header("x-amzn-RequestId", str(uuid.uuid4()))
        for name, value in (headers or {}).items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(data)

    def log_message(self, format: str, *args: Any) -> None:
        """One line a call on stderr, without anything of the document."""
        target = self.headers.get("X-Amz-Target", "-") if hasattr(self, "headers") else "-"
        print(f"{target} {format % args}", file=sys.stderr, flush=True)
