"""`requests` with bounds: what a session is made of, and what its failures mean."""

import ssl
from collections.abc import Mapping
from typing import Protocol

import requests
import urllib3.exceptions

from sapmatch.sap.patience import PatientAdapter, Terms, TooSlow

MAX_BODY = 64 * 1024 * 1024  # bytes, after decompression
FAILURES = (OSError, urllib3.exceptions.HTTPError)  # requests' own errors are OSErrors

_PART = 256 * 1024
_SMALL_PART = 64 * 1024


class Auth(Protocol):
    """A way to log on: signs requests, is told what came of it, and may get something newer.

    `identity` tells users of one system apart, whatever they log on with.
    """

    identity: str

    def __call__(self, request: requests.PreparedRequest) -> requests.PreparedRequest:
        """Sign one request."""
        ...

    def accepted(self) -> None:
        """SAP let a request in."""
        ...

    def refused(self) -> bool:
        """After a 401: whether there is now something else to log on with than what was refused."""
        ...


class TooLarge(Exception):
    """The body is longer than MAX_BODY."""


class CutOff(OSError):
    """The connection broke inside the body; `part` is what had come."""

    def __init__(self, response: requests.Response, part: bytes) -> None:
        super().__init__(f"the body broke off after {len(part)} bytes")
        self.status = response.status_code
        self.headers: Mapping[str, str] = response.headers
        self.part = part


class _Http(requests.Session):
    """Leaves redirects to SapSession, which knows where they may lead."""

    def get_redirect_target(self, *_: object) -> None:
        return None


def http_session(
    auth: Auth, headers: Mapping[str, str], parallel: int, terms: Terms
) -> requests.Session:
    """A session of at most `parallel` connections."""
    http = _Http()
    http.auth = auth
    http.headers.update({"User-Agent": "sapmatch", **headers})
    adapter = PatientAdapter(terms, pool_connections=1, pool_maxsize=parallel, pool_block=True)
    http.mount("https://", adapter)
    http.mount("http://", adapter)
    return http


def body_of(response: requests.Response) -> bytes:
    """The whole body; TooLarge beyond MAX_BODY, however well it was compressed."""
    parts = []
    size = 0
    for part in response.iter_content(_PART):
        size += len(part)
        if size > MAX_BODY:
            raise TooLarge
        parts.append(part)
    return parts[0] if len(parts) == 1 else b"".join(parts)


def written_body_of(response: requests.Response) -> bytes:
    """The whole body of the answer to a write; CutOff keeps what came of it before a failure."""
    body = bytearray()
    try:
        # Not by iter_content: that loses what it has read when the connection breaks.
        while part := response.raw.read1(_SMALL_PART, decode_content=True):
            body += part
            if len(body) > MAX_BODY:
                raise TooLarge
    except FAILURES as exc:
        raise CutOff(response, bytes(body)) from exc
    return bytes(body)


def never_left(exc: Exception) -> bool:
    """Whether the failure came before the first byte of the request."""
    return (
        isinstance(exc, requests.ConnectTimeout | requests.exceptions.ProxyError)
        or isinstance(_cause(exc), urllib3.exceptions.NewConnectionError)
        or is_certificate(exc)
    )


def is_certificate(exc: Exception) -> bool:
    """Whether the other side's certificate was refused."""
    cause = _cause(exc)
    return bool(cause and cause.args and isinstance(cause.args[0], ssl.SSLCertVerificationError))


def reason(exc: Exception, timeout: tuple[float, float]) -> str:
    """What went wrong and what to look at; `timeout` to connect and to read, in seconds."""
    connect, read = timeout
    if _was_slow(exc):
        return "it was not at its end in time; see total_timeout"
    if is_certificate(exc):
        return (
            "its TLS certificate is not trusted or of another host; "
            "a private authority goes into REQUESTS_CA_BUNDLE"
        )
    if isinstance(exc, requests.ConnectTimeout):
        return f"there was no connection within {connect:g} s; check url, route and firewall"
    if isinstance(exc, requests.Timeout):
        return f"there was no answer within {read:g} s; see read_timeout"
    if never_left(exc):
        return "there was no connection; check url, name resolution and port"
    return "the connection broke"


def _was_slow(exc: BaseException | None) -> bool:
    """Whether the time of the whole answer was over, however often that was wrapped."""
    while exc is not None and not isinstance(exc, TooSlow):
        exc = exc.__cause__ or exc.__context__
    return exc is not None


def _cause(exc: Exception) -> Exception | None:
    """What urllib3 gave up for."""
    given_up = exc.args[0] if exc.args else None
    return getattr(given_up, "reason", None)
