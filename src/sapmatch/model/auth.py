"""How to log on: one struct for each `auth.type` of a connection.

`secret` is an ARN or name in Secrets Manager, or `env:NAME` on a laptop; what fields it must hold
stands with each type. Nothing secret ever stands in the settings themselves.
"""

from typing import Literal, TypeAlias

from msgspec import Struct


class NoAuth(Struct, frozen=True, kw_only=True, tag_field="type", tag="none"):
    """No logon of ours: the network, or a proxy on the way, lets us in."""


class Basic(Struct, frozen=True, kw_only=True, tag_field="type", tag="basic"):
    """User and password (RFC 7617); the secret holds `user` and `password`."""

    secret: str


class Certificate(Struct, frozen=True, kw_only=True, tag_field="type", tag="certificate"):
    """A client certificate in TLS (SAP: CERTRULE or VUSREXTID maps it to a user).

    The secret holds `p12` (base64) and `password`, or `certificate` (PEM, with its chain), `key`
    (PEM) and, where that is encrypted, `key_password`.
    """

    secret: str


class ClientCredentials(
    Struct, frozen=True, kw_only=True, tag_field="type", tag="oauth2-client-credentials"
):
    """OAuth 2.0 client credentials (RFC 6749 4.4).

    The secret holds `client_id` and `client_secret`; or, for mutual TLS (RFC 8705), `client_id` and
    a certificate as for `certificate`.
    """

    secret: str
    token_url: str
    scope: tuple[str, ...] = ()


class SamlBearer(Struct, frozen=True, kw_only=True, tag_field="type", tag="oauth2-saml-bearer"):
    """Our own signed SAML assertion, swapped for a token at SAP (RFC 7522); no BTP needed.

    The secret holds `client_id` and `client_secret` of the SOAUTH2 client, and `key` and
    `certificate` (PEM, or `p12` and `password`) that sign. `issuer` is the trusted provider's name
    in SAP's transaction SAML2, `audience` the name of its local provider; `user` is who the calls
    of nobody in particular are made as. `token_url`: where None, SAP's own at the connection's url.
    """

    secret: str
    issuer: str
    audience: str
    user: str
    token_url: str | None = None
    scope: tuple[str, ...] = ()
    name_id: Literal["unspecified", "email"] = "unspecified"
    encoding: Literal["base64url", "base64"] = "base64url"
    lifetime_seconds: int = 300


class BtpDestination(Struct, frozen=True, kw_only=True, tag_field="type", tag="btp-destination"):
    """A destination of SAP BTP: its destination service finds out how to log on.

    The secret is the service binding: `clientid`, `clientsecret`, `url`, `uri`; or `clientid`,
    `certificate`, `key`, `certurl`, `uri`. `destination` may end in `@instance` or `@subaccount`.
    `issuers`: whose user tokens are taken, each with the address of its keys (JWKS); a token of
    anybody else is refused before anything is sent. `for_people` is the destination that speaks for
    a person by their token, where `destination` is the technical user's. `trust_all`: the
    destination's TrustAll counts, on a laptop with a loopback address only.
    """

    secret: str
    destination: str
    for_people: str | None = None
    tenant: str | None = None
    fragment: str | None = None
    issuers: dict[str, str] = {}
    trust_all: bool = False


Auth: TypeAlias = NoAuth | Basic | Certificate | ClientCredentials | SamlBearer | BtpDestination


def secret_of(auth: Auth) -> str | None:
    """The name of the secret, None where there is none."""
    return getattr(auth, "secret", None)


def type_of(auth: Auth) -> str:
    """`auth.type` as the settings write it."""
    return str(auth.__struct_config__.tag)
