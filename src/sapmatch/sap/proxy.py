"""SAP's connectivity proxy: through the tunnel of a Cloud Connector to a virtual host.

Requests go to it in absolute form over plain HTTP (`GET http://virtualhost:port/path`); TLS to SAP
begins behind the Cloud Connector (connectivity.md 3.5).
"""

import re
from collections.abc import Mapping
from http import HTTPStatus
from typing import Final
from urllib.parse import urlsplit

from sapmatch.model.access import Access, LogonGuard, Secrets
from sapmatch.model.connection import Connection, Proxy
from sapmatch.model.errors import (
    InputRejected,
    LogonRefused,
    OutcomeUnknown,
    SapUnavailable,
)
from sapmatch.model.ports import Clock
from sapmatch.sap.auth.credentials import Credentials
from sapmatch.sap.auth.destination.logon import LOCATION
from sapmatch.sap.auth.destination.service_token import ServiceToken
from sapmatch.sap.auth.trust import Trust
from sapmatch.sap.http import DOWN, SAFE
from sapmatch.sap.odata.messages import from_body

_START: Final = 4_000  # bytes of an answer
# The proxy and the Cloud Connector answer in English, whoever asks.
_NOT_CONNECTED: Final = re.compile(rb"no SAP Cloud Connector|\(SCC\) connected", re.IGNORECASE)
_NOT_EXPOSED: Final = re.compile(
    rb"(access denied to|expose the).{0,300}(cloud connector|virtual host)",
    re.IGNORECASE | re.DOTALL,
)
_OF_SAP: Final = re.compile(r"sap-(?!connectivity)|dataserviceversion|odata-version|x-csrf-token")


class ConnectivityProxy:
    """What requests need on their way, and what its answers mean; `place` names the connection."""

    def __init__(self, place: str, proxy: Proxy, token: ServiceToken | None) -> None:
        self._place = place
        self._proxy = proxy
        self._token = token
        self._given: Access | None = None
        self.address = f"http://{proxy.host}:{proxy.port}"

    def headers(self) -> dict[str, str]:
        """Its own token, as its tenancy wants it, and which Cloud Connector is meant."""
        found = {LOCATION: self._proxy.location_id} if self._proxy.location_id else {}
        if self._token is None:
            return found
        self._given = given = self._token.access()
        authorization = given.headers["Authorization"]
        if self._proxy.tenancy == "untrusted":
            return found | {"Proxy-Authorization": authorization}
        token = authorization.removeprefix("Bearer ")
        return found | {"SAP-CP-Connectivity-Service-Token": token}

    def check(self, method: str, status: int, headers: Mapping[str, str], body: bytes) -> None:
        """Raise what the proxy, and not SAP, has answered (CO-T26).

        LogonRefused where it did not let us through and SapUnavailable where there was no tunnel:
        nothing reached SAP. OutcomeUnknown where it lost a write on the way.
        """
        if status == HTTPStatus.PROXY_AUTHENTICATION_REQUIRED:
            raise self._unauthorized()
        if any(_OF_SAP.match(name.lower()) for name in headers) or from_body(body):
            return
        start = body[:_START]
        if status == HTTPStatus.FORBIDDEN and _NOT_EXPOSED.search(start):
            raise LogonRefused(
                f"{self._place}: the Cloud Connector does not expose this resource: add virtual "
                "host and path, with all sub-paths, to Access Control (Cloud Connector "
                "administration, Cloud To On-Premises)",
                "proxy",
            )
        if status in DOWN and "Retry-After" not in headers:
            raise self._lost(method, status, certain=bool(_NOT_CONNECTED.search(start)))

    def _unauthorized(self) -> LogonRefused:
        if self._token and self._given:
            self._token.drop(self._given)
        return LogonRefused(
            f"{self._place}: the connectivity proxy does not take our service token (407): check "
            "proxy.tenancy and that proxy.secret is a binding of the connectivity service in the "
            "same subaccount (BTP cockpit, Services, Instances)",
            "proxy",
        )

    def _lost(self, method: str, status: int, *, certain: bool) -> SapUnavailable | OutcomeUnknown:
        if certain:
            return SapUnavailable(
                f"{self._place}: no Cloud Connector is connected {self._location()} ({status}): "
                "check there that it is connected to the subaccount, and that the location id is "
                "the same on both sides, upper and lower case as well"
            )
        said = (
            f"{self._place}: the connectivity proxy answered {status}: the Cloud Connector does "
            "not reach SAP's internal host, or the tunnel broke; see there Check Availability of "
            "Internal Host"
        )
        if method in SAFE:
            return SapUnavailable(said)
        return OutcomeUnknown(f"{said}. A {method} was sent; read it back")

    def _location(self) -> str:
        location = self._proxy.location_id
        return f"for location id {location}" if location else "for this location id"

    def __repr__(self) -> str:
        return f"ConnectivityProxy({self.address!r})"


def proxy_of(
    name: str,
    connection: Connection,
    secrets: Secrets,
    clock: Clock,
    trust: Trust,
    guard: LogonGuard | None = None,
) -> ConnectivityProxy | None:
    """The proxy of `[connections.<name>]`, None where it has none; InputRejected where unfit."""
    proxy = connection.proxy
    if proxy is None:
        return None
    setting = f"[connections.{name}].proxy"
    if urlsplit(connection.url).scheme != "http":
        raise InputRejected(
            f"[connections.{name}].url: must begin with http:// where there is a `proxy`: the "
            "connectivity proxy takes no TLS (no CONNECT). Give the mapping the virtual host "
            "protocol HTTP in the Cloud Connector; to SAP itself it goes on with HTTPS"  # CO-T25
        )
    if proxy.tenancy == "trusted":
        return ConnectivityProxy(f"[connections.{name}]", proxy, None)
    if proxy.secret is None:
        raise InputRejected(
            f"{setting}.secret: must name the binding of the connectivity service, as tenancy is "
            f"{proxy.tenancy}"
        )
    credentials = Credentials(f"{setting}.secret", proxy.secret, secrets, clock, guard)
    token = ServiceToken(f"{setting}: service binding", credentials, clock, trust)
    return ConnectivityProxy(f"[connections.{name}]", proxy, token)
