"""HTTP with one SAP system: one session with its cookies, bounded in every direction.

Reads may be repeated; a write is on the wire at most once.
"""

import ssl
import threading
from collections.abc import Mapping, Sequence
from datetime import timedelta
from http import HTTPStatus
from typing import Final
from urllib.parse import quote

import requests
import urllib3.exceptions
from msgspec import Struct
from requests.adapters import HTTPAdapter
from requests.auth import AuthBase

from sapmatch.model.connection import Connection
from sapmatch.model.errors import (
    InputRejected,
    LogonRefused,
    OutcomeUnknown,
    SapThrottled,
    SapUnavailable,
    TransientError,
)
from sapmatch.model.ports import Clock
from sapmatch.sap.origin import Origin
from sapmatch.sap.pace import Pace, back_off, retry_after

TRIES = 4
LONGEST_RETRY_AFTER = 30.0  # seconds; a longer wait is the caller's, outside of a function
MAX_BODY = 64 * 1024 * 1024  # bytes, after decompression
MAX_REDIRECTS = 5
# ICM closes after 30 to 60 s, NAT and load balancers without a word after 350 s.
IDLE = timedelta(seconds=20)

_PART = 64 * 1024
_NO_HEADERS: Final[Mapping[str, str]] = {}
_REDIRECTS = frozenset({301, 302, 303, 307, 308})
_BUSY = frozenset(
    {
        HTTPStatus.TOO_MANY_REQUESTS,
        HTTPStatus.BAD_GATEWAY,
        HTTPStatus.SERVICE_UNAVAILABLE,
        HTTPStatus.GATEWAY_TIMEOUT,
    }
)
_FAILURES = (OSError, urllib3.exceptions.HTTPError)  # requests' own errors are OSErrors


class Answer(Struct, frozen=True):
    """One complete HTTP answer; `url` is where it came from, after redirects."""

    status: int
    headers: Mapping[str, str]  # names in any case
    body: bytes
    url: str


class _TooLarge(Exception):
    """The body is longer than MAX_BODY."""


class _Http(requests.Session):
    """Leaves redirects to SapSession, which knows where they may lead."""

    def get_redirect_target(self, *_: object) -> None:
        return None


class SapSession:
    """One `requests.Session`; thread-safe, closed by `close()`."""

    def __init__(self, name: str, connection: Connection, auth: AuthBase, clock: Clock) -> None:
        self.place = f"[connections.{name}]"
        self.origin = Origin(name, connection.url)
        self._clock = clock
        self._pace = Pace(connection.limits.requests_per_second, clock)
        self._timeout = (connection.connect_timeout, connection.read_timeout)
        self._logon = _logon(connection)
        self._http = _http(connection, auth, self._logon)
        self._lock = threading.Lock()
        self._used = clock.now()

    def url(self, path: str, options: Sequence[str] = ()) -> str:
        """The URL of an encoded path, with client and language (OD-P15)."""
        fixed = [f"{name}={quote(value, safe='')}" for name, value in self._logon.items()]
        return f"{self.origin.base}{path}?{'&'.join([*fixed, 'saml2=disabled', *options])}"

    def read(
        self,
        method: str,
        url: str,
        headers: Mapping[str, str] = _NO_HEADERS,
        *,
        tries: int = TRIES,
    ) -> Answer:
        """GET or HEAD, repeated a few times where SAP is busy or the connection breaks.

        Any other status is an answer. Raises SapThrottled, SapUnavailable, LogonRefused (a
        redirect to somewhere else) and InputRejected (an answer beyond all bounds).
        """
        for attempt in range(1, tries):
            try:
                return self._read_once(method, url, headers)
            except TransientError as exc:
                asked = getattr(exc, "retry_after", None)
                if asked is not None and asked > LONGEST_RETRY_AFTER:
                    raise
                self._clock.sleep(back_off(attempt) if asked is None else asked)
        return self._read_once(method, url, headers)

    def write(
        self, method: str, url: str, headers: Mapping[str, str], body: bytes | None
    ) -> Answer:
        """Send once.

        Raises SapUnavailable where not a byte left us, SapThrottled on 429, and OutcomeUnknown
        where there was no complete answer.
        """
        request = self._prepared(method, url, headers, body)
        try:
            answer = self._exchange(request)
        except _TooLarge as exc:
            raise OutcomeUnknown(
                f"{self.place}: the answer to a {method} is larger than {MAX_BODY} bytes"
            ) from exc
        except _FAILURES as exc:
            if _never_left(exc):
                raise self._unreachable(exc) from exc
            raise OutcomeUnknown(
                f"{self.place}: a {method} was sent and {self._reason(exc)}; read it back"
            ) from exc
        if answer.status == HTTPStatus.TOO_MANY_REQUESTS:
            raise self._busy(answer)
        return answer

    def close(self) -> None:
        """Close all connections."""
        self._http.close()

    def _read_once(self, method: str, url: str, headers: Mapping[str, str]) -> Answer:
        try:
            answer = self._followed(method, url, headers)
        except _TooLarge as exc:
            raise InputRejected(
                f"{self.place}: an answer is larger than {MAX_BODY} bytes; ask for smaller pages"
            ) from exc
        except _FAILURES as exc:
            raise self._unreachable(exc) from exc
        if answer.status in _BUSY:
            raise self._busy(answer)
        return answer

    def _followed(self, method: str, url: str, headers: Mapping[str, str]) -> Answer:
        for _ in range(MAX_REDIRECTS + 1):
            answer = self._exchange(self._prepared(method, url, headers, None))
            if answer.status not in _REDIRECTS:
                return answer
            url = self._redirected(answer)
        raise LogonRefused(f"{self.place}: SAP redirects in a circle; is this a logon page?")

    def _redirected(self, answer: Answer) -> str:
        try:
            return self.origin.resolve(answer.headers.get("Location", ""), against=answer.url)
        except InputRejected as exc:
            raise LogonRefused(
                f"{self.place}: SAP redirects instead of answering; single sign-on may be in the "
                f"way. {exc}"
            ) from exc

    def _prepared(
        self, method: str, url: str, headers: Mapping[str, str], body: bytes | None
    ) -> requests.PreparedRequest:
        request = requests.Request(method, url, headers=dict(headers), data=body)
        try:
            prepared = self._http.prepare_request(request)
        except requests.RequestException as exc:
            raise InputRejected(f"{self.place}: a header or address cannot be sent") from exc
        prepared.url = url  # as it is: requests would decode and encode it anew (OD-P22)
        return prepared

    def _exchange(self, request: requests.PreparedRequest) -> Answer:
        self._pace.wait()
        self._drop_idle()
        assert request.url is not None
        environment = self._http.merge_environment_settings(request.url, {}, True, None, None)
        with self._http.send(
            request, timeout=self._timeout, allow_redirects=False, **environment
        ) as response:
            body = _body(response)
        self._used = self._clock.now()
        return Answer(response.status_code, response.headers, body, request.url)

    def _drop_idle(self) -> None:
        """A connection that was closed unseen would turn a write into an unknown outcome."""
        with self._lock:
            now = self._clock.now()
            if now - self._used > IDLE:
                self._http.close()
            self._used = now

    def _busy(self, answer: Answer) -> TransientError:
        header = answer.headers.get("Retry-After")
        message = f"{self.place}: SAP answered {answer.status}"
        if answer.status == HTTPStatus.TOO_MANY_REQUESTS or (
            header is not None and answer.status == HTTPStatus.SERVICE_UNAVAILABLE
        ):
            return SapThrottled(
                f"{message} and asks for fewer calls", retry_after(header, self._clock.now())
            )
        return SapUnavailable(f"{message}; try again later")

    def _unreachable(self, exc: Exception) -> SapUnavailable:
        return SapUnavailable(f"{self.place}: {self.origin.base}: {self._reason(exc)}")

    def _reason(self, exc: Exception) -> str:
        connect, read = self._timeout
        if _is_certificate(exc):
            return (
                "its TLS certificate is not trusted or of another host; "
                "a private authority goes into REQUESTS_CA_BUNDLE"
            )
        if isinstance(exc, requests.ConnectTimeout):
            return f"there was no connection within {connect:g} s; check url, route and firewall"
        if isinstance(exc, requests.Timeout):
            return f"there was no answer within {read:g} s"
        if _never_left(exc):
            return "there was no connection; check url, name resolution and port"
        return "the connection broke"


def _logon(connection: Connection) -> dict[str, str]:
    return {"sap-client": connection.client, "sap-language": connection.language}


def _http(connection: Connection, auth: AuthBase, logon: Mapping[str, str]) -> requests.Session:
    http = _Http()
    http.auth = auth
    # As headers too: a next link is used as it came and may name neither.
    http.headers.update({"User-Agent": "sapmatch", "Accept": "application/json", **logon})
    adapter = HTTPAdapter(
        pool_connections=1, pool_maxsize=connection.limits.parallel, pool_block=True
    )
    http.mount("https://", adapter)
    http.mount("http://", adapter)
    return http


def _body(response: requests.Response) -> bytes:
    parts = []
    size = 0
    for part in response.iter_content(_PART):
        size += len(part)
        if size > MAX_BODY:
            raise _TooLarge
        parts.append(part)
    return b"".join(parts)


def _never_left(exc: Exception) -> bool:
    """Whether the failure came before the first byte of the request."""
    return (
        isinstance(exc, requests.ConnectTimeout | requests.exceptions.ProxyError)
        or isinstance(_cause(exc), urllib3.exceptions.NewConnectionError)
        or _is_certificate(exc)
    )


def _is_certificate(exc: Exception) -> bool:
    cause = _cause(exc)
    return bool(cause and cause.args and isinstance(cause.args[0], ssl.SSLCertVerificationError))


def _cause(exc: Exception) -> Exception | None:
    """What urllib3 gave up for."""
    given_up = exc.args[0] if exc.args else None
    return getattr(given_up, "reason", None)
