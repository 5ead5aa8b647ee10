"""What the authentication types of a destination mean for us (connectivity.md 3.1)."""

from typing import Final

from msgspec import Struct

PROXY_ONLY: Final = "OnPremise"


class Kind(Struct, frozen=True, kw_only=True):
    """One authentication type.

    `token`: the service hands out what goes into a header. `user`: it speaks for a person, whose
    token it needs. `certificate`: a client certificate in TLS. `once`: what it hands out opens one
    request only. `proxied`: SAP is reached through the connectivity proxy only.
    """

    token: bool = False
    user: bool = False
    certificate: bool = False
    once: bool = False
    proxied: bool = False


TECHNICAL_USER: Final = Kind(token=True, proxied=True)

KINDS: Final[dict[str, Kind]] = {
    "NoAuthentication": Kind(),
    "BasicAuthentication": Kind(token=True),
    "ClientCertificateAuthentication": Kind(certificate=True),
    "OAuth2ClientCredentials": Kind(token=True),
    "OAuth2Password": Kind(token=True),
    "OAuth2RefreshToken": Kind(token=True),
    "OAuth2SAMLBearerAssertion": Kind(token=True, user=True),
    "OAuth2UserTokenExchange": Kind(token=True, user=True),
    "OAuth2JWTBearer": Kind(token=True, user=True),
    "SAMLAssertion": Kind(token=True, user=True, once=True),
    "PrincipalPropagation": Kind(user=True, proxied=True),
    "OAuth2TechnicalUserPropagation": TECHNICAL_USER,
    "TechnicalUserPropagation": TECHNICAL_USER,
}
PROXY_TYPES: Final = frozenset({"Internet", PROXY_ONLY, "PrivateLink"})
