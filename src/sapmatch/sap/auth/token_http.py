"""HTTPS with those who make tokens: bounded, and nowhere that a redirect leads."""

from collections.abc import Callable, Mapping
from datetime import timedelta
from http import HTTPStatus
from typing import Final, TypeVar
from urllib.parse import urlsplit

import requests
from msgspec import Struct

from sapmatch.model.access import Access
from sapmatch.model.connection import LOOPBACK
from sapmatch.model.errors import InputRejected, LogonRefused, SapThrottled, SapUnavailable
from sapmatch.model.ports import Clock
from sapmatch.sap.auth.trust import Trust
from sapmatch.sap.http import FAILURES, alert_of, is_own_certificate, reason
from sapmatch.sap.pace import back_off, retry_after
from sapmatch.sap.patience import PatientAdapter, Terms

TRIES: Final = 3
CONNECT: Final = 5.0  # seconds
READ: Final = 30.0  # seconds for the whole answer
MAX_BODY: Final = 1024 * 1024

_PART: Final = 64 * 1024
_T = TypeVar("_T")


class HttpReply(Struct, frozen=True):
    """One whole answer, good or bad; header names in any case. It is never shown as it is."""

    status: int
    headers: Mapping[str, str]
    body: bytes

    def __repr__(self) -> str:
        return f"HttpReply({self.status})"


class TokenHttp:
    """Sends single requests; `place` is what messages call the other side."""

    def __init__(self, place: str, trust: Trust, clock: Clock) -> None:
        self._place = place
        self._trust = trust
        self._clock = clock

    def send(
        self,
        method: str,
        url: str,
        headers: Mapping[str, str],
        form: Mapping[str, str] | None = None,
        shown: Access | None = None,
    ) -> HttpReply:
        """One exchange over TLS that shows the certificate of `shown`; a redirect is an answer.

        InputRejected where the address is not https (http: loopback only), LogonRefused where our
        certificate is, SapThrottled on 429, SapUnavailable on 5xx and where there was no whole
        answer of at most MAX_BODY bytes.
        """
        check_address(self._place, url)
        terms = Terms(READ, timedelta(0), self._clock.now, 0)
        context = self._trust.context(shown)
        adapter = PatientAdapter(terms, lambda: context, self._trust.server_name)
        with _session(adapter, url) as http:
            try:
                reply = _sent(http, requests.Request(method, url, dict(headers), data=form))
            except FAILURES as exc:
                raise self._failed(exc) from exc
        self._check(reply)
        return reply

    def repeated(self, call: Callable[[], _T]) -> _T:
        """What comes of a call, made anew where nobody answered: TRIES in all."""
        for attempt in range(1, TRIES):
            try:
                return call()
            except SapUnavailable:
                self._clock.sleep(back_off(attempt))
        try:
            return call()
        except SapUnavailable as exc:
            exc.repeated = True
            raise

    def _check(self, reply: HttpReply) -> None:
        if reply.status == HTTPStatus.TOO_MANY_REQUESTS:
            wait = retry_after(reply.headers.get("Retry-After"), self._clock.now())
            raise SapThrottled(f"{self._place}: asks for fewer calls; try again later", wait)
        if reply.status >= HTTPStatus.INTERNAL_SERVER_ERROR:
            raise SapUnavailable(f"{self._place}: answered {reply.status}; try again later")

    def _failed(self, exc: Exception) -> LogonRefused | SapUnavailable:
        if is_own_certificate(exc):
            return LogonRefused(
                f"{self._place}: TLS refuses our client certificate ({alert_of(exc)}); register "
                "this very certificate there, or store the one that is, with its chain",
                "certificate",
            )
        return SapUnavailable(f"{self._place}: {reason(exc, (CONNECT, READ))}")


def check_address(place: str, url: str) -> None:
    """InputRejected where a secret would go out unencrypted, or to no host at all."""
    try:
        parts = urlsplit(url)
        host, _ = parts.hostname, parts.port
    except ValueError as exc:
        raise InputRejected(f"{place}: is no address ({exc})") from exc
    is_local = parts.scheme == "http" and host in LOOPBACK
    if not host or not (parts.scheme == "https" or is_local):
        raise InputRejected(f"{place}: must begin with https:// (http:// for loopback hosts only)")
    if "@" in parts.netloc:
        raise InputRejected(f"{place}: must be without user and password; they are in the secret")


def _session(adapter: PatientAdapter, url: str) -> requests.Session:
    http = requests.Session()
    http.mount("https://", adapter)
    http.mount("http://", adapter)
    http.headers.update({"User-Agent": "sapmatch", "Accept": "application/json"})
    http.auth = _as_it_is  # else a .netrc would sign it
    http.trust_env = url.startswith("https:")  # what is not encrypted stays on this machine
    return http


def _sent(http: requests.Session, request: requests.Request) -> HttpReply:
    prepared = http.prepare_request(request)
    environment = http.merge_environment_settings(request.url, {}, True, None, None)
    with http.send(
        prepared, timeout=(CONNECT, READ), allow_redirects=False, **environment
    ) as response:
        found = bytearray()
        for part in response.iter_content(_PART):
            found += part
            if len(found) > MAX_BODY:
                raise OSError(f"the answer is larger than {MAX_BODY} bytes")
        return HttpReply(response.status_code, response.headers, bytes(found))


def _as_it_is(request: requests.PreparedRequest) -> requests.PreparedRequest:
    return request
