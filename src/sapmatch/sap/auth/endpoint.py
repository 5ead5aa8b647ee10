"""One bounded HTTP call to who makes tokens, keys or destinations; never to SAP's services.

https only (http: loopback only), no redirect, no cookie, a body of at most 1 MB, a few tries where
nobody answered.
"""

from collections.abc import Callable, Mapping
from http import HTTPStatus
from typing import Any, Final
from urllib.parse import urlsplit

import requests
from msgspec import Struct
from requests.adapters import HTTPAdapter

from sapmatch.model.access import Access
from sapmatch.model.errors import InputRejected, SapUnavailable
from sapmatch.model.ports import Clock
from sapmatch.sap.auth.trust import Trust
from sapmatch.sap.http import FAILURES, reason
from sapmatch.sap.pace import back_off

TRIES: Final = 3
TIMEOUT: Final = (5.0, 30.0)  # seconds to connect, and between two bytes
MAX_BODY: Final = 1_000_000  # bytes

_LOOPBACK: Final = frozenset({"127.0.0.1", "localhost", "::1"})
_PART: Final = 64 * 1024


class Reply(Struct, frozen=True):
    """Status and body of an answer; its text may hold tokens, so it is never shown."""

    status: int
    body: bytes

    def __repr__(self) -> str:
        return f"Reply({self.status}, {len(self.body)} bytes)"


class Endpoint:
    """Where tokens, keys or destinations are made; `place` names it in errors."""

    def __init__(self, place: str, trust: Trust, clock: Clock) -> None:
        self._place = place
        self._trust = trust
        self._clock = clock

    def get(self, url: str, headers: Mapping[str, str]) -> Reply:
        """The answer to a GET; SapUnavailable where there was none, or a 5xx, after all tries."""
        return self._repeated(lambda: self._once("GET", url, headers, None, None))

    def post(
        self,
        url: str,
        headers: Mapping[str, str],
        form: Mapping[str, str],
        shown: Access | None = None,
    ) -> Reply:
        """The same for a form, with the client certificate of `shown`."""
        return self._repeated(lambda: self._once("POST", url, headers, form, shown))

    def _repeated(self, call: Callable[[], Reply]) -> Reply:
        for attempt in range(1, TRIES):
            try:
                return call()
            except SapUnavailable:
                self._clock.sleep(back_off(attempt))
        return call()

    def _once(
        self,
        method: str,
        url: str,
        headers: Mapping[str, str],
        form: Mapping[str, str] | None,
        shown: Access | None,
    ) -> Reply:
        check_address(self._place, url)
        with requests.Session() as http:
            http.trust_env = urlsplit(url).scheme == "https"  # loopback needs no proxy
            http.auth = _unsigned  # else a .netrc would sign it
            http.mount("https://", _Adapter(self._trust, url, shown))
            try:
                with http.request(
                    method,
                    url,
                    headers=dict(headers),
                    data=form,
                    timeout=TIMEOUT,
                    allow_redirects=False,
                    stream=True,
                ) as response:
                    return self._reply(response)
            except FAILURES as exc:
                raise SapUnavailable(f"{self._place}: {_host(url)}: {reason(exc, TIMEOUT)}") from exc

    def _reply(self, response: requests.Response) -> Reply:
        body = bytearray()
        for part in response.iter_content(_PART):
            body += part
            if len(body) > MAX_BODY:
                raise InputRejected(f"{self._place}: the answer is larger than {MAX_BODY} bytes")
        status = response.status_code
        if status >= HTTPStatus.INTERNAL_SERVER_ERROR or status == HTTPStatus.TOO_MANY_REQUESTS:
            raise SapUnavailable(f"{self._place}: {_host(response.url)} answered {status}")
        if response.is_redirect:
            raise InputRejected(
                f"{self._place}: {_host(response.url)} redirects to somewhere else, and nothing is "
                "sent there; set the address that answers itself"
            )
        return Reply(status, bytes(body))


class _Adapter(HTTPAdapter):
    """TLS as the connection trusts it, and the client certificate where there is one."""

    def __init__(self, trust: Trust, url: str, shown: Access | None) -> None:
        self._tls = trust.context(shown)
        self._name = trust.server_name(urlsplit(url).hostname)
        super().__init__()

    def build_connection_pool_key_attributes(self, *args: Any, **kwargs: Any) -> Any:
        """Requests' own, with our context in the place of its files."""
        host, _ = super().build_connection_pool_key_attributes(*args, **kwargs)
        tls = {"ssl_context": self._tls}
        if self._name:
            tls |= {"server_hostname": self._name, "assert_hostname": self._name}
        return host, tls if host["scheme"] == "https" else {}

    def cert_verify(self, *args: Any, **kwargs: Any) -> None:
        """Our context sees to it."""


def check_address(place: str, url: str) -> None:
    """InputRejected where a secret or token would go out unencrypted, or to no host at all."""
    try:
        parts = urlsplit(url)
        local = parts.scheme == "http" and parts.hostname in _LOOPBACK
        usable = bool(parts.hostname) and (parts.scheme == "https" or local)
        _ = parts.port
    except ValueError as exc:
        raise InputRejected(f"{place}: is no address") from exc
    if not usable or "@" in parts.netloc:
        raise InputRejected(f"{place}: must begin with https:// (http:// for loopback hosts only)")


def _host(url: str) -> str:
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc}"


def _unsigned(request: requests.PreparedRequest) -> requests.PreparedRequest:
    return request
