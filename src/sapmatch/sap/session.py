"""HTTP with one SAP system: one session with its cookies, bounded in every direction.

Reads may be repeated; a write is on the wire at most once.
"""

import re
import time
from collections.abc import Callable, Mapping, Sequence
from datetime import timedelta
from functools import partial
from http import HTTPStatus
from typing import Any, Final, cast
from urllib.parse import quote

import requests
from msgspec import Struct
from msgspec.structs import replace

from sapmatch.model.access import Access
from sapmatch.model.connection import Connection
from sapmatch.model.errors import (
    InputRejected,
    LogonRefused,
    OutcomeUnknown,
    PoolExhausted,
    SapThrottled,
    SapUnavailable,
    TransientError,
)
from sapmatch.model.ports import Clock
from sapmatch.sap import http
from sapmatch.sap.auth.trust import Trust
from sapmatch.sap.breaker import Breaker
from sapmatch.sap.entrance import Seats
from sapmatch.sap.http import DOWN, FAILURES, MAX_BODY, SAFE, Auth, TooLarge
from sapmatch.sap.logon import SSO, Logon
from sapmatch.sap.masking import NOTHING, Mask
from sapmatch.sap.odata.messages import from_body
from sapmatch.sap.origin import Origin
from sapmatch.sap.pace import Pace, back_off, retry_after
from sapmatch.sap.patience import PatientAdapter, Terms
from sapmatch.sap.proxy import ConnectivityProxy
from sapmatch.sap.rfc.said import is_fault_of_sap

TRIES = 4
LONGEST_RETRY_AFTER = 30.0  # seconds; a longer wait is the caller's, outside of a function
MAX_REDIRECTS = 5
# ICM closes after 30 to 60 s, NAT and load balancers without a word after 350 s.
IDLE = timedelta(seconds=20)

_NO_HEADERS: Final[Mapping[str, str]] = {}
_REDIRECTS = frozenset({301, 302, 303, 307, 308})
_BUSY = DOWN | {HTTPStatus.TOO_MANY_REQUESTS}
_UNPROVED = frozenset(
    {
        HTTPStatus.UNAUTHORIZED,
        HTTPStatus.PROXY_AUTHENTICATION_REQUIRED,
        HTTPStatus.REQUEST_TIMEOUT,
        HTTPStatus.TOO_MANY_REQUESTS,
    }
)
_SESSION_LOST = re.compile(rb"session (not found|timed ?out|no longer exists)", re.IGNORECASE)


class Answer(Struct, frozen=True):
    """One complete HTTP answer; `url` is where it came from, after redirects.

    `seconds` from the sent request to the last byte, redirects left out. `busy`: how often SAP
    could not answer before. `refusal`: what a 401 means. `hidden` masks what it logged on with.
    """

    status: int
    headers: Mapping[str, str]  # names in any case
    body: bytes
    url: str
    reason: str = ""
    seconds: float = 0.0
    busy: int = 0
    refusal: LogonRefused | None = None
    hidden: Mask = NOTHING


class SapSession:
    """One `requests.Session`; thread-safe, closed by `close()`."""

    def __init__(
        self,
        name: str,
        connection: Connection,
        auth: Auth,
        clock: Clock,
        trust: Trust,
        proxy: ConnectivityProxy | None = None,
    ) -> None:
        limits = connection.limits
        self.place = f"[connections.{name}]"
        self.origin = Origin(name, connection.url, connection.aliases, proxied=proxy is not None)
        self._proxy = proxy
        self._clock = clock
        self._auth = auth
        self._pace = Pace(limits.requests_per_second, clock, limits.burst)
        self._breaker = Breaker(self.place, limits.failures, limits.open_seconds, clock)
        self._timeout = (connection.connect_timeout, connection.read_timeout)
        self._fixed = _fixed(connection)
        # As headers too: a next link is used as it came and may name neither.
        headers = {"Accept": "application/json", **self._fixed}
        self._wire = _wire(connection, auth, clock, trust)
        self._http = http.http_session(auth, headers, self._wire)
        self._logon = Logon(self.place, connection, auth, clock)
        self._seats = Seats(self.place, limits.parallel, limits.wait_seconds)

    def url(self, path: str, options: Sequence[str] = ()) -> str:
        """The URL of an encoded path, with client and language (OD-P15).

        Raises InputRejected for a path without the slash: what stands behind a host may change it.
        """
        if not path.startswith("/"):
            raise InputRejected(f"{self.place}: {path!r} is no path of this system; begin with /")
        fixed = [f"{name}={quote(value, safe='')}" for name, value in self._fixed.items()]
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

        Where SAP has lost our session, once more with a new one (OD-P12). Any other status is an
        answer. Raises SapThrottled, SapUnavailable, LogonRefused (a redirect to somewhere else, or
        a logon that was refused before) and InputRejected (an answer beyond all bounds).
        """
        return self.repeated(lambda: self._read_once(method, url, headers), tries)

    def repeated(self, call: Callable[[], Answer], tries: int = TRIES) -> Answer:
        """The answer of a call that changes nothing, repeated as `read` does."""
        for attempt in range(1, tries):
            try:
                return replace(call(), busy=attempt - 1)
            except TransientError as exc:
                if isinstance(exc, PoolExhausted) or getattr(exc, "repeated", False):
                    raise  # it has waited long enough
                asked = getattr(exc, "retry_after", None)
                if asked is not None and asked > LONGEST_RETRY_AFTER:
                    raise
                self._clock.sleep(back_off(attempt) if asked is None else asked)
        return replace(call(), busy=max(0, tries - 1))

    def check_busy(self, answer: Answer) -> None:
        """Raise SapThrottled or SapUnavailable where SAP could not answer a read."""
        if answer.status in _BUSY:
            raise self._busy(answer)

    def write(
        self, method: str, url: str, headers: Mapping[str, str], body: bytes | None
    ) -> Answer:
        """Send once.

        Raises SapUnavailable where not a byte left us, SapThrottled on 429, and OutcomeUnknown
        where there was no complete answer.
        """
        try:
            answer = self._sent(method, url, headers, body)
        except TooLarge as exc:
            raise OutcomeUnknown(
                f"{self.place}: the answer to a {method} is larger than {MAX_BODY} bytes"
            ) from exc
        except FAILURES as exc:
            self._breaker.failed()
            if not self._wire.has_left:
                raise self._unreachable(exc) from exc
            raise OutcomeUnknown(
                f"{self.place}: a {method} was sent and {http.reason(exc, self._timeout)}; "
                "read it back"
            ) from exc
        if answer.status == HTTPStatus.TOO_MANY_REQUESTS:
            raise self._busy(answer)
        return answer

    @property
    def number(self) -> int:
        """Which session it is, counted from 1: SAP may lose one, and a CSRF token is of one."""
        return self._logon.entrance.session

    def forget(self, number: int) -> None:
        """Log on anew with the next call: SAP no longer knows the session of that number."""
        if self._logon.entrance.close(number):
            self._http.cookies.clear()

    def close(self) -> None:
        """Close all connections."""
        self._http.close()

    def _read_once(self, method: str, url: str, headers: Mapping[str, str]) -> Answer:
        try:
            number = self.number
            answer = self._followed(method, url, headers)
            if is_session_lost(answer):
                self.forget(number)
                answer = self._followed(method, url, headers)
        except TooLarge as exc:
            raise InputRejected(
                f"{self.place}: an answer is larger than {MAX_BODY} bytes; ask for smaller pages"
            ) from exc
        except FAILURES as exc:
            self._breaker.failed()
            raise self._unreachable(exc) from exc
        self.check_busy(answer)
        return answer

    def _followed(self, method: str, url: str, headers: Mapping[str, str]) -> Answer:
        for _ in range(MAX_REDIRECTS + 1):
            answer = self._sent(method, url, headers, None)
            if answer.status not in _REDIRECTS:
                return answer
            url = self._redirected(answer)
        raise LogonRefused(f"{self.place}: SAP redirects in a circle; {SSO}", "sso")

    def _sent(
        self, method: str, url: str, headers: Mapping[str, str], body: bytes | None
    ) -> Answer:
        """One exchange; a second one where there is a new logon after a refusal (OD-P14).

        SAP had not looked at the first one, so that a write may come again as well.
        """
        send = partial(self._exchange, method, url, headers, body)
        return send(again=False) or cast(Answer, send(again=True))

    def _exchange(
        self,
        method: str,
        url: str,
        headers: Mapping[str, str],
        body: bytes | None,
        *,
        again: bool,
    ) -> Answer | None:
        """The answer; None where it was a refusal, and there is something newer to log on with.

        What others learnt while this call waited for its turn holds for it too.
        """
        self._breaker.check()
        self._pace.wait()
        with self._seats.taken(), self._logon.passing() as number:
            request = self._prepared(method, url, headers, body)
            self._breaker.admit()
            try:
                answer = self._answered(request, url)
            except FAILURES as exc:
                self._check_ended(exc, number, again=again)
                return None
            if answer.status == HTTPStatus.UNAUTHORIZED:
                if self._logon.is_renewed(number, again=again):
                    return None
                challenge = answer.headers.get("WWW-Authenticate", "")
                return replace(answer, refusal=self._logon.refusal(challenge, answer.body))
            if _proves_logon(answer):
                self._logon.proved(number)
        return answer

    def _check_ended(self, exc: Exception, number: int, *, again: bool) -> None:
        """Raise what it means, unless TLS refused our certificate and there is a newer one."""
        # Later, an alert does not say that nothing of the request was read.
        if not (self._wire.is_first and http.is_own_certificate(exc)):
            raise exc
        self._breaker.answered()
        refusal = self._logon.certificate_refused(http.alert_of(exc))
        if not self._logon.is_certificate_renewed(number, again=again):
            raise refusal from exc

    def _redirected(self, answer: Answer) -> str:
        try:
            return self.origin.resolve(answer.headers.get("Location", ""), against=answer.url)
        except InputRejected as exc:
            raise LogonRefused(
                f"{self.place}: SAP redirects instead of answering; {SSO}. {exc}", "sso"
            ) from exc

    def _prepared(
        self, method: str, url: str, headers: Mapping[str, str], body: bytes | None
    ) -> requests.PreparedRequest:
        on_the_way = self._proxy.headers() if self._proxy else {}
        request = requests.Request(method, url, headers={**headers, **on_the_way}, data=body)
        try:
            http.check_text(headers.values())
            prepared = self._http.prepare_request(request)
        except (requests.RequestException, ValueError) as exc:
            raise InputRejected(f"{self.place}: a header or address cannot be sent") from exc
        # As it is: requests would decode and encode it anew (OD-P22).
        prepared.url = self._opened(url, self._auth.signed)
        return prepared

    def _opened(self, url: str, signed: Access | None) -> str:
        """With the queries that open the door; InputRejected where it is another house's."""
        if signed is None:
            return url
        if signed.url:
            self.origin.check_own(signed.url)
        added = "&".join(map(_query, signed.queries.items()))
        return f"{url}{'&' if '?' in url else '?'}{added}" if added else url

    def _answered(self, request: requests.PreparedRequest, url: str) -> Answer:
        began = time.monotonic()
        with self._http.send(
            request, timeout=self._timeout, allow_redirects=False, **self._environment(url)
        ) as response:
            read = http.body_of if request.method in SAFE else http.written_body_of
            body = http.masked(read(response), request, response.status_code)
        if response.status_code in DOWN:
            self._breaker.failed()
        else:
            self._breaker.answered()
        if self._proxy:
            method = str(request.method)
            self._proxy.check(method, response.status_code, response.headers, body)
        return Answer(
            response.status_code,
            response.headers,
            body,
            url,
            response.reason or "",
            time.monotonic() - began,
            hidden=http.mask_of(request),
        )

    def _environment(self, url: str) -> dict[str, Any]:
        """The proxy; what is not encrypted stays on this machine."""
        found = dict(self._http.merge_environment_settings(url, {}, True, None, None))
        if self._proxy:
            return found | {"proxies": {"http": self._proxy.address}}
        return found | {"proxies": {}} if url.startswith("http:") else found

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
        reason = http.reason(exc, self._timeout)
        return SapUnavailable(f"{self.place}: {self.origin.base}: {reason}")


def _wire(connection: Connection, auth: Auth, clock: Clock, trust: Trust) -> PatientAdapter:
    limits = connection.limits
    kept = limits.parallel if limits.idle is None else limits.idle
    return PatientAdapter(
        Terms(connection.total_timeout, IDLE, clock.now, kept),
        lambda: trust.context(auth.signed),
        trust.server_name,
        pool_connections=1,
        pool_maxsize=limits.parallel,
    )


def is_session_lost(answer: Answer) -> bool:
    """Whether SAP dropped our session before it did anything (OD-P12).

    An error of OData comes from the service: whatever its text says, it has run.
    """
    if answer.status != HTTPStatus.BAD_REQUEST or from_body(answer.body):
        return False
    return bool(
        _SESSION_LOST.search(answer.reason.encode()) or _SESSION_LOST.search(answer.body[:4000])
    )


def _proves_logon(answer: Answer) -> bool:
    """Whether SAP must have let us in to answer so: not a proxy, a logon page or a redirect."""
    if answer.headers.get("Content-Type", "").lower().startswith("text/html"):
        return False
    said = answer.status
    if said == HTTPStatus.INTERNAL_SERVER_ERROR:
        return is_fault_of_sap(answer.body)
    if not HTTPStatus.BAD_REQUEST <= said < HTTPStatus.INTERNAL_SERVER_ERROR:
        return said < HTTPStatus.MULTIPLE_CHOICES
    # A dispatcher that does not know the path says so to anybody.
    of_sap = "x-csrf-token" in answer.headers or from_body(answer.body) is not None
    return of_sap and said not in _UNPROVED


def _query(option: tuple[str, str]) -> str:
    return "=".join(quote(each, safe="") for each in option)


def _fixed(connection: Connection) -> dict[str, str]:
    fixed = {"sap-client": connection.client, "sap-language": connection.language}
    return {name: value for name, value in fixed.items() if value}
