"""`requests` with bounds: what a session is made of, and what its failures mean."""

import base64
import binascii
import html
import json
import re
import ssl
from collections.abc import Collection, Iterator, Mapping
from http import HTTPStatus
from typing import Protocol

import requests
import urllib3.exceptions

from sapmatch.model.access import Access
from sapmatch.sap.masking import Mask
from sapmatch.sap.patience import PatientAdapter, TooSlow

SAFE = frozenset({"GET", "HEAD"})
DOWN = frozenset(
    {HTTPStatus.BAD_GATEWAY, HTTPStatus.SERVICE_UNAVAILABLE, HTTPStatus.GATEWAY_TIMEOUT}
)
MAX_BODY = 64 * 1024 * 1024  # bytes, after decompression
FAILURES = (OSError, urllib3.exceptions.HTTPError)  # requests' own errors are OSErrors

_PART = 256 * 1024
_SMALL_PART = 64 * 1024
_SECRETS = (
    "Authorization",
    "Proxy-Authorization",
    "SAP-Connectivity-Authentication",
    "SAP-CP-Connectivity-Service-Token",
    "Cookie",
)
_SHORT = 8  # characters: what is shorter may be a word of the answer
_CONTROL = re.compile(r"[\x00-\x08\x0a-\x1f\x7f]")
_DEEPEST = 30  # wrappers around a failure
# As OpenSSL ends the names of TLS alerts (RFC 8446 6.2, RFC 5246 7.2).
_ALERTS = (
    "ALERT_BAD_CERTIFICATE",
    "ALERT_UNSUPPORTED_CERTIFICATE",
    "ALERT_CERTIFICATE_REVOKED",
    "ALERT_CERTIFICATE_EXPIRED",
    "ALERT_CERTIFICATE_UNKNOWN",
    "ALERT_CERTIFICATE_REQUIRED",
    "ALERT_UNKNOWN_CA",
    "ALERT_ACCESS_DENIED",
)


class Auth(Protocol):
    """A way to log on: signs requests, is told what came of it, and may get something newer.

    `identity` tells users of one system apart, whatever they log on with. What is told and asked is
    about the last request that this thread has signed.
    """

    identity: str

    @property
    def signed(self) -> Access | None:
        """What it was signed with, beside its headers; None: nothing else."""
        ...

    def __call__(self, request: requests.PreparedRequest) -> requests.PreparedRequest:
        """Sign one request."""
        ...

    def accepted(self) -> None:
        """SAP let a request in."""
        ...

    def refused(self) -> bool:
        """After a 401: whether there is now something else to log on with than what was refused."""
        ...

    def refused_again(self) -> None:
        """After a 401 to that other thing, too: nothing more is tried."""
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
    auth: Auth, headers: Mapping[str, str], adapter: PatientAdapter
) -> requests.Session:
    """A session that signs each request."""
    http = _Http()
    http.auth = auth
    http.headers.update({"User-Agent": "sapmatch", **headers})
    http.mount("https://", adapter)
    http.mount("http://", adapter)
    return http


def check_text(headers: Collection[str]) -> None:
    """ValueError for what HTTP cannot carry; at a control character some end the header."""
    for text in headers:
        text.encode("latin-1")
    if any(_CONTROL.search(text) for text in headers):
        raise ValueError("control character")


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


def masked(body: bytes, request: requests.PreparedRequest, status: int) -> bytes:
    """The body; that of an error without what the request was let in with, should it come back.

    Its text is shown, and some servers on the way answer with the request that they refused.
    """
    if status < HTTPStatus.BAD_REQUEST:
        return body
    forms = {form for text in _secrets_of(request) for form in _written(text)}
    for form in sorted(forms, key=len, reverse=True):
        body = body.replace(form.encode(), b"***")
    return body


def mask_of(request: requests.PreparedRequest) -> Mask:
    """Hides the password that the request logged on with, and its tokens."""
    long = (each for each in _secrets_of(request) if len(each) >= _SHORT)
    return Mask((*long, *_passwords_of(request)))


def _passwords_of(request: requests.PreparedRequest) -> Iterator[str]:
    shown = request.headers.get("Authorization") or ""
    text = shown if isinstance(shown, str) else shown.decode("latin-1")
    scheme, _, rest = text.partition(" ")
    if scheme.lower() == "basic":
        yield _password(rest)


def _secrets_of(request: requests.PreparedRequest) -> Iterator[str]:
    for text in filter(None, map(request.headers.get, _SECRETS)):
        shown = text if isinstance(text, str) else text.decode("latin-1")
        scheme, _, rest = shown.partition(" ")
        yield from (part.partition("=")[2] for part in shown.split("; "))
        yield rest or shown
        if scheme.lower() == "basic":
            yield _password(rest)


def _password(encoded: str) -> str:
    try:
        return base64.b64decode(encoded).decode().partition(":")[2]
    except (binascii.Error, UnicodeDecodeError):
        return ""


def _written(text: str) -> Iterator[str]:
    """As it is, in JSON and in HTML."""
    if len(text) >= _SHORT:
        yield from (text, text.replace("/", "\\/"), json.dumps(text)[1:-1], html.escape(text))


def is_certificate(exc: Exception) -> bool:
    """Whether the other side's certificate was refused."""
    return any(isinstance(each, ssl.SSLCertVerificationError) for each in _causes(exc))


def is_own_certificate(exc: Exception) -> bool:
    """Whether the other side refused ours, or the want of one.

    With TLS 1.3 it says so only when its answer is read. Once that has begun, the request was read.
    """
    if any(isinstance(each, CutOff) for each in _causes(exc)):
        return False
    return alert_of(exc).endswith(_ALERTS)


def alert_of(exc: Exception) -> str:
    """The alert of TLS that ended it, as OpenSSL names it; empty where there was none."""
    reasons = (each.reason for each in _causes(exc) if isinstance(each, ssl.SSLError))
    return next((each for each in reasons if each and "_ALERT_" in each), "")


def reason(exc: Exception, timeout: tuple[float, float]) -> str:
    """What went wrong and what to look at; `timeout` to connect and to read, in seconds."""
    connect, read = timeout
    if any(isinstance(each, TooSlow) for each in _causes(exc)):
        return "it was not at its end in time; see total_timeout"
    if is_certificate(exc):
        return (
            "its TLS certificate is over, not trusted or of another host (`sapmatch doctor` tells "
            "which); a private authority goes into ca or REQUESTS_CA_BUNDLE, the name in the "
            "certificate into server_name"
        )
    if isinstance(exc, requests.ConnectTimeout):
        return f"there was no connection within {connect:g} s; check url, route and firewall"
    if isinstance(exc, requests.Timeout):
        return f"there was no answer within {read:g} s; see read_timeout"
    causes = list(_causes(exc))
    if any(isinstance(each, requests.exceptions.ProxyError) for each in causes):
        return "the proxy let us not through; see HTTPS_PROXY and NO_PROXY"
    if any(isinstance(each, urllib3.exceptions.NewConnectionError) for each in causes):
        return "there was no connection; check url, name resolution and port"
    if any(isinstance(each, ssl.SSLError) for each in causes):
        return (
            "TLS could not be agreed on: the other side must offer TLS 1.2 or later (SAP: "
            "parameter ssl/ciphersuites), and may want a client certificate"
        )
    return "the connection broke"


def _causes(exc: BaseException) -> Iterator[BaseException]:
    """The failure and what it was for, however often that was wrapped."""
    left = [exc]
    for _ in range(_DEEPEST):
        if not left:
            return
        each = left.pop()
        yield each
        inner = (*each.args[:1], getattr(each, "reason", None), each.__cause__, each.__context__)
        left += [one for one in inner if isinstance(one, BaseException)]
