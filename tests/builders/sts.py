"""A stand-in of STS on loopback: it checks signatures by itself, as the signing rules say."""

import hashlib
import hmac
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, HTTPServer
from threading import Thread
from urllib.parse import urlsplit

NAMESPACE = "https://sts.amazonaws.com/doc/2011-06-15/"
KEY_ID, SECRET = "AKIAIOSFODNN7EXAMPLE", "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY"
ARN = "arn:aws:sts::123456789012:assumed-role/clerks/carl@example.com"


def answer_of(arn: str) -> bytes:
    """What STS answers for a caller."""
    return (
        f'<GetCallerIdentityResponse xmlns="{NAMESPACE}"><GetCallerIdentityResult>'
        f"<Arn>{arn}</Arn><UserId>AROA:carl</UserId><Account>123456789012</Account>"
        "</GetCallerIdentityResult></GetCallerIdentityResponse>"
    ).encode()


@dataclass
class Sts:
    """What the stand-in answers, and what reached it."""

    url: str = ""
    arn: str = ARN
    status: int = 200
    body: bytes | None = None  # in place of the answer
    location: str | None = None
    token: str | None = None  # that belongs to the key
    seen: list[dict[str, str]] = field(default_factory=list)


def signature_of(
    method: str, path: str, headers: dict[str, str], signed: str, body: bytes, secret: str = SECRET
) -> str:
    """The signature of a request by the rules of AWS's Signature Version 4, written out."""
    names = signed.split(";")
    scope = headers["authorization"].split("Credential=")[1].split(",")[0].partition("/")[2]
    day, region, service, _ = scope.split("/")
    canonical = "\n".join(
        [
            method,
            path,
            "",
            *(f"{name}:{' '.join(headers[name].split())}" for name in names),
            "",
            signed,
            hashlib.sha256(body).hexdigest(),
        ]
    )
    to_sign = "\n".join(
        [
            "AWS4-HMAC-SHA256",
            headers["x-amz-date"],
            scope,
            hashlib.sha256(canonical.encode()).hexdigest(),
        ]
    )
    key = f"AWS4{secret}".encode()
    for part in (day, region, service, "aws4_request"):
        key = hmac.digest(key, part.encode(), "sha256")
    return hmac.new(key, to_sign.encode(), "sha256").hexdigest()


@contextmanager
def sts() -> Iterator[Sts]:
    """A running stand-in."""
    state = Sts()

    class Handler(BaseHTTPRequestHandler):
        timeout = 5

        def do_POST(self) -> None:
            headers = {name.lower(): value for name, value in self.headers.items()}
            body = self.rfile.read(int(headers.get("content-length", "0")))
            state.seen.append({**headers, "path": self.path, "body": body.decode()})
            status, answer = state.status, state.body or answer_of(state.arn)
            if status == 200 and not self._is_signed(headers, body):
                status, answer = 403, b"<Error><Code>SignatureDoesNotMatch</Code></Error>"
            self.send_response(status)
            if state.location:
                self.send_header("Location", state.location)
            self.send_header("Content-Length", str(len(answer)))
            self.end_headers()
            self.wfile.write(answer)

        def _is_signed(self, headers: dict[str, str], body: bytes) -> bool:
            given = headers.get("authorization", "")
            signed = given.partition("SignedHeaders=")[2].partition(",")[0]
            if f"Credential={KEY_ID}/" not in given or headers.get("x-amz-security-token") != (
                state.token
            ):
                return False
            if any(name not in headers for name in signed.split(";")):
                return False
            path = urlsplit(self.path).path
            expected = signature_of("POST", path, headers, signed, body)
            return given.endswith(f"Signature={expected}")

        def log_message(self, format: str, *arguments: object) -> None:
            return

    server = HTTPServer(("127.0.0.1", 0), Handler)
    thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
    thread.start()
    state.url = f"http://127.0.0.1:{server.server_port}"
    try:
        yield state
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
