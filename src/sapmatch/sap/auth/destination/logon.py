"""What a destination that has passed the rules puts on the requests to SAP."""

import re
from datetime import datetime, timedelta
from typing import Final

from msgspec import Struct

from sapmatch.model.access import Access, Principal
from sapmatch.model.auth import BtpDestination
from sapmatch.model.connection import Connection
from sapmatch.model.errors import InputRejected, LogonRefused
from sapmatch.sap.auth.basic import basic_pair
from sapmatch.sap.auth.destination import rules
from sapmatch.sap.auth.destination.kinds import PROXY_ONLY, Kind
from sapmatch.sap.auth.destination.reply import Header, Reply
from sapmatch.sap.auth.destination.service import FOREIGN_USER
from sapmatch.sap.auth.destination.stores import client_certificate, trust_all, trust_store
from sapmatch.sap.auth.token_call import safe
from sapmatch.sap.auth.tokens import usable_until

AGE: Final = timedelta(minutes=5)  # of a destination's properties, which somebody may change
LASTING: Final = timedelta(hours=1)  # what has no end counts on so long where the service fails
LOCATION: Final = "SAP-Connectivity-SCC-Location_ID"
USER: Final = "SAP-Connectivity-Authentication"
_SESSION: Final = {"x-sap-security-session": "create"}  # of SAMLAssertion
_SHOWN_ERRORS: Final = 3
_NAME: Final = re.compile(r"[A-Za-z0-9!#$%&'*+.^_`|~-]{1,100}")
_VALUE: Final = re.compile(r"[\t\x20-\x7e\x80-\xff]{0,65536}")
# What decides where a request ends, whom it is for and what it does is ours alone.
_OF_HTTP: Final = frozenset(
    {"host", "cookie", "connection", "content-length", "transfer-encoding", "content-encoding"}
    | {"expect", "te", "trailer", "upgrade", "x-csrf-token", "proxy-authorization"}
    | {"x-http-method", "x-http-method-override", "x-method-override"}
)
# Who we are is no business of URL.headers.* either (D12).
_OWN: Final = _OF_HTTP | {"authorization", USER.lower(), LOCATION.lower()}
_USER_WORDS: Final = re.compile(
    r"user.?token|x_user_token|jwks|JWT|issuer|signature", re.IGNORECASE
)


class Logon(Struct, frozen=True, kw_only=True):
    """A destination of a connection, `place` in messages."""

    place: str
    auth: BtpDestination
    connection: Connection

    def access(self, reply: Reply, principal: Principal | None, now: datetime) -> Access:
        """What opens SAP, until its end; InputRejected where the destination must not be used."""
        kind = rules.kind_of(self.place, reply)
        rules.check_principal(self.place, kind, reply, principal)
        rules.check_address(self.place, reply, self.connection)
        rules.check_way(self.place, kind, reply, self.connection)
        own, until = self._own(kind, reply, principal, now)
        pair = client_certificate(self.place, reply, now) if kind.certificate else None
        trusted = trust_all(self.place, reply, self.auth, self.connection)
        return Access(
            headers=self._headers(reply) | own,
            queries=rules.logon_queries(self.place, reply, self.connection),
            usable_until=None if kind.once else min(until, now + LASTING),
            url=reply.property("URL"),
            certificate=pair.certificate if pair else None,
            key=pair.key if pair else None,
            trust=trusted or trust_store(self.place, reply),
        )

    def _own(
        self, kind: Kind, reply: Reply, principal: Principal | None, now: datetime
    ) -> tuple[dict[str, str], datetime]:
        if kind.token:
            header, until = self._token(reply, now)
            _check_header(self.place, header.key, header.value)
            return (_SESSION if kind.once else {}) | {header.key: header.value}, until
        if kind.user and principal and principal.token:
            return {USER: f"Bearer {principal.token}"}, now + LASTING
        return {}, now + LASTING

    def _token(self, reply: Reply, now: datetime) -> tuple[Header, datetime]:
        """The first that is no error (CO-T7), as it is (D4); where all are, what they say."""
        for token in reply.tokens:
            if not token.error and token.http_header and token.http_header.value:
                timeless = token.expires_in is None and _is_basic(reply)
                until = now + LASTING if timeless else usable_until(now, token.expires_in)
                return token.http_header, until
        hidden = reply.secrets()
        errors = [safe(each.error, hidden) for each in reply.tokens if each.error]
        if not errors and _is_basic(reply) and reply.property("User"):
            return _basic(reply), now + LASTING
        raise self._none(errors, reply)

    def _none(self, errors: list[str], reply: Reply) -> LogonRefused:
        said = "; ".join(errors[:_SHOWN_ERRORS]) or "no token, and no reason"
        kind = reply.property("Authentication")
        users = rules.kind_of(self.place, reply).user
        hint = f" {FOREIGN_USER}." if users and _USER_WORDS.search(said) else ""
        return LogonRefused(
            f"{self.place}: the destination's own logon ({kind}) failed: {said}.{hint} Check the "
            "destination (BTP cockpit, Connectivity, Destinations, Check Connection)",
            "user-token" if hint else "destination",
        )

    def _headers(self, reply: Reply) -> dict[str, str]:
        found = {
            name: value
            for name, value in reply.properties("URL.headers.").items()
            if name.lower() not in _OWN
        }
        for name, value in found.items():
            _check_header(self.place, name, value)
        location = reply.property("CloudConnectorLocationId")
        if self._is_proxied(reply) and location:
            _check_header(self.place, LOCATION, location)
            found[LOCATION] = location
        return found

    def _is_proxied(self, reply: Reply) -> bool:
        """An OnPremise destination may also lend its token only, where a VPN leads to SAP."""
        return self.connection.proxy is not None and reply.property("ProxyType") == PROXY_ONLY


def _is_basic(reply: Reply) -> bool:
    return reply.property("Authentication") == "BasicAuthentication"


def _basic(reply: Reply) -> Header:
    pair = basic_pair(reply.property("User"), reply.property("Password"))
    return Header("Authorization", f"Basic {pair}")


def _check_header(place: str, name: str, value: str) -> None:
    is_fit = _NAME.fullmatch(name) and _VALUE.fullmatch(value)
    if not is_fit or name.lower() in _OF_HTTP:
        raise InputRejected(f"{place}: a header of it cannot be sent over HTTP")
