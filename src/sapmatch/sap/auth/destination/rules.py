"""What has to be true of a destination before anything that it says is sent to SAP."""

from typing import Final
from urllib.parse import SplitResult, urlsplit

from sapmatch.model.access import Principal
from sapmatch.model.connection import Connection
from sapmatch.model.errors import InputRejected, LogonRefused
from sapmatch.sap.auth.destination.kinds import KINDS, PROXY_ONLY, PROXY_TYPES, Kind
from sapmatch.sap.auth.destination.reply import Reply

_PORTS: Final = {"https": 443, "http": 80}
_SYSTEM_USER: Final = (
    "`SystemUser` with OAuth2SAMLBearerAssertion ended with September 2026. For calls of nobody in "
    "particular use OAuth2ClientCredentials, or auth.type oauth2-saml-bearer with a `user`; for "
    "calls of a person leave `SystemUser` out and give that person's token"
)
_USER_NEEDED: Final = (
    "speaks for a person and needs that person's own token. Run `sapmatch decide --now "
    "--user-token FILE`; for calls of nobody in particular choose OAuth2ClientCredentials or "
    "BasicAuthentication, or auth.type oauth2-saml-bearer, which works without a token"
)
_NOBODY: Final = (
    "speaks for a technical user only, so SAP would name that one and not the person. Use "
    "OAuth2SAMLBearerAssertion, or auth.type oauth2-saml-bearer"
)


def kind_of(place: str, reply: Reply) -> Kind:
    """Its authentication type; InputRejected names one that is unknown."""
    if reply.property("Type") not in ("", "HTTP"):
        raise InputRejected(f"{place}: is of Type {reply.property('Type')}; must be HTTP")
    name = reply.property("Authentication") or "NoAuthentication"
    if name not in KINDS:
        raise InputRejected(
            f"{place}: Authentication {name} is not known; must be one of {', '.join(KINDS)}"
        )
    if name == "OAuth2SAMLBearerAssertion" and reply.property("SystemUser"):
        raise InputRejected(f"{place}: {_SYSTEM_USER}")  # CO-T12
    return KINDS[name]


def check_principal(place: str, kind: Kind, reply: Reply, principal: Principal | None) -> None:
    """A person's call goes out as that person, or not at all."""
    name = reply.property("Authentication")
    if kind.user and (principal is None or principal.token is None):
        raise LogonRefused(f"{place}: Authentication {name} {_USER_NEEDED}", "user-token")
    if principal is not None and not kind.user:
        raise InputRejected(f"{place}: Authentication {name or 'NoAuthentication'} {_NOBODY}")


def check_address(place: str, reply: Reply, connection: Connection) -> None:
    """The destination leads where the connection does; nothing goes to where only it leads."""
    theirs, ours = reply.property("URL"), connection.url
    try:
        same = _host(urlsplit(theirs)) == _host(urlsplit(ours))
    except ValueError as exc:
        raise InputRejected(f"{place}: URL is no address of scheme, host and port") from exc
    if not same:
        raise InputRejected(
            f"{place}: leads to {_named(theirs)}, and the connection's url is {ours}; nothing was "
            "sent there. Make host and port the same in both"
        )


def check_way(place: str, kind: Kind, reply: Reply, connection: Connection) -> None:
    """Through the connectivity proxy only where there is one, and without TLS of our own to it."""
    way = reply.property("ProxyType") or "Internet"
    if way not in PROXY_TYPES:
        raise InputRejected(
            f"{place}: ProxyType {way} is not known; must be Internet, OnPremise or PrivateLink"
        )
    if kind.proxied and (way != PROXY_ONLY or connection.proxy is None):
        raise InputRejected(
            f"{place}: Authentication {reply.property('Authentication')} works through the "
            "connectivity proxy only: ProxyType OnPremise, and `proxy` in the connection"
        )
    if connection.proxy is not None and way != PROXY_ONLY:
        raise InputRejected(
            f"{place}: is of ProxyType {way}, and the connection has a `proxy`: take it out, or "
            "make the destination OnPremise"
        )


def logon_queries(place: str, reply: Reply, connection: Connection) -> dict[str, str]:
    """`URL.queries.*`, client and language, but not what the connection sends anyhow (D12)."""
    found = reply.properties("URL.queries.")
    client = reply.property("sap-client") or found.pop("sap-client", "")
    language = reply.property("sap-language") or found.pop("sap-language", "")
    if client and connection.client and client != connection.client:
        raise InputRejected(
            f"{place}: its sap-client is {client}, and the connection's client "
            f"{connection.client}; make them the same, or leave one out"
        )
    if client and not connection.client:
        found["sap-client"] = client
    if language and not connection.language:
        found["sap-language"] = language
    return found


def _host(parts: SplitResult) -> tuple[str, int]:
    if parts.scheme not in _PORTS or not parts.hostname or "@" in parts.netloc:
        raise ValueError("scheme or host is missing")
    return parts.hostname.rstrip("."), parts.port or _PORTS[parts.scheme]


def _named(url: str) -> str:
    parts = urlsplit(url)
    host, port = _host(parts)
    return f"{parts.scheme}://{host}:{port}"
