"""What somebody has to enter in the BTP cockpit and in the Cloud Connector, ready to be used."""

import json
from typing import Final
from urllib.parse import urlsplit

from sapmatch.model.auth import Auth, BtpDestination, Certificate, ClientCredentials, NoAuth
from sapmatch.model.connection import Connection
from sapmatch.model.errors import InputRejected
from sapmatch.sap.auth.destination.kinds import KINDS, PROXY_ONLY

_TOKEN_PATH: Final = "/sap/bc/sec/oauth2/token"  # noqa: S105
_XSUAA: Final = "/oauth/token"
_ODATA: Final = "/sap/opu/odata/"
_UNSPECIFIED: Final = "urn:oasis:names:tc:SAML:1.1:nameid-format:unspecified"
_BEFORE: Final = "urn:oasis:names:tc:SAML:2.0:ac:classes:PreviousSession"
_TOKEN_SERVICE: Final = ("OAuth2ClientCredentials", "OAuth2Password", "OAuth2JWTBearer")

_BY_AUTH: Final[dict[type[Auth], str]] = {
    NoAuth: "NoAuthentication",
    Certificate: "ClientCertificateAuthentication",
    ClientCredentials: "OAuth2ClientCredentials",
}


def technical_kind(connection: Connection) -> str:
    """The Authentication of a destination that logs on as the technical user, as this system may.

    Not every ABAP system gives tokens for client credentials; a password all of them take.
    """
    kind = _BY_AUTH.get(type(connection.auth))
    cloud = connection.profile == "s4hana-cloud"
    return kind or ("OAuth2ClientCredentials" if cloud else "BasicAuthentication")


def destination_json(connection: Connection, kind: str, name: str = "sapmatch") -> str:
    """A destination of the connection as JSON, to be imported in the BTP cockpit.

    `kind` is its Authentication. What only SAP's administrators know stands in angle brackets, and
    a password is typed in the cockpit itself. InputRejected where `kind` is not known.
    """
    if kind not in KINDS:
        raise InputRejected(f"Authentication {kind}: must be one of {', '.join(KINDS)}")
    own = {
        "Name": _name(connection, kind) or name,
        "Type": "HTTP",
        "URL": connection.url,
        "ProxyType": PROXY_ONLY if connection.proxy else "Internet",
        "Authentication": kind,
    }
    location = connection.proxy.location_id if connection.proxy else None
    optional = {"sap-client": connection.client, "CloudConnectorLocationId": location}
    filled = {key: value for key, value in optional.items() if value}
    return json.dumps(own | filled | _logon(kind, connection) | _issuer(kind, connection), indent=2)


def cloud_connector_checklist(connection: Connection, internal_host: str | None = None) -> str:
    """What to enter in the Cloud Connector, line by line; `internal_host` is SAP's `host:port`."""
    parts = urlsplit(connection.url)
    port = parts.port or (443 if parts.scheme == "https" else 80)
    protocol = "HTTP: the connectivity proxy takes no TLS" if connection.proxy else "HTTPS"
    location = connection.proxy.location_id if connection.proxy else None
    service = connection.service or _ODATA
    token = _TOKEN_PATH.removesuffix("/token")
    return "\n".join(
        [
            "Cloud Connector administration, Cloud To On-Premises, Access Control:",
            "[ ] Back-end type ABAP System, protocol HTTPS (to SAP itself)",
            f"[ ] Internal host and port: {internal_host or '<host:port of SAP>'}",
            f"[ ] Virtual host {parts.hostname}, port {port}",
            f"[ ] Virtual host protocol {protocol}",
            "[ ] Principal type X.509 Certificate where persons are propagated, else None",
            "[ ] Allow Principal Propagation: only with principal type X.509 Certificate",
            "[ ] Host in request header: Use Virtual Host",
            f"[ ] Resource {service}, policy Path And All Sub-Paths, active",
            f"[ ] Resource {token}, Path And All Sub-Paths: for OAuth2SAMLBearerAssertion only",
            "[ ] Check Availability of Internal Host says Reachable",
            "Connector, Define Subaccount:",
            f"[ ] Location ID {location or '(empty)'}: the same in the destination, case matters",
            "[ ] Tunnel status Connected",
            "Only for persons: Principal Propagation, Trust Configuration: synchronize; in SAP:",
            "[ ] STRUST: the Cloud Connector's system certificate in the SSL server PSE",
            "[ ] RZ10: icm/trusted_reverse_proxy_<n>; CERTRULE: subject pattern to SAP user",
        ]
    )


def _name(connection: Connection, kind: str) -> str:
    auth = connection.auth
    if not isinstance(auth, BtpDestination):
        return ""
    found = auth.for_people if KINDS[kind].user and auth.for_people else auth.destination
    return found.partition("@")[0]


def _logon(kind: str, connection: Connection) -> dict[str, str]:
    """The properties that this way to log on needs."""
    if kind == "BasicAuthentication":
        return {"User": "<technical user>"}
    if kind == "ClientCertificateAuthentication":
        return {"KeyStoreLocation": "<uploaded key store, .p12>"}
    client = f"?sap-client={connection.client}" if connection.client else ""
    usual = f"{connection.url.rstrip('/')}{_TOKEN_PATH}{client}"
    endpoint = {"tokenServiceURL": getattr(connection.auth, "token_url", None) or usual}
    if kind == "OAuth2SAMLBearerAssertion":
        return {
            **endpoint,
            "tokenServiceURLType": "Dedicated",
            "tokenServiceUser": "<OAuth client of transaction SOAUTH2>",
            "clientKey": "<OAuth client of transaction SOAUTH2>",
            "audience": "<name of the local provider in transaction SAML2>",
            "authnContextClassRef": _BEFORE,
            "nameIdFormat": _UNSPECIFIED,
            "scope": "<scopes of SOAUTH2, upper case>",
        }
    return {**endpoint, "clientId": "<OAuth client>"} if kind in _TOKEN_SERVICE else {}


def _issuer(kind: str, connection: Connection) -> dict[str, str]:
    """Where the keys of user tokens are, for issuers that XSUAA does not know (D9)."""
    if not KINDS[kind].user or not isinstance(connection.auth, BtpDestination):
        return {}
    foreign = [
        keys for issuer, keys in connection.auth.issuers.items() if not issuer.endswith(_XSUAA)
    ]
    return {"x_user_token.jwks_uri": foreign[0]} if foreign else {}
