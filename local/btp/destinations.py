"""The destination service: finds a destination and logs on for who asks (connectivity.md 3.3)."""

import base64
import json
import uuid
from collections.abc import Mapping
from typing import Any, Final
from urllib.parse import urlsplit

from local.btp.errors import Refused
from local.btp.xsuaa import Issuer

ROOT: Final = "/destination-configuration/"
LEVELS: Final = ("instance", "subaccount")

_NO_USER: Final = (
    "Retrieval of OAuthToken failed due to: Cannot determine user to propagate for {} destination"
)
_NOT_FOUND: Final = "Configuration with the specified name was not found"
_USERS: Final = frozenset(
    {"OAuth2SAMLBearerAssertion", "OAuth2UserTokenExchange", "OAuth2JWTBearer", "SAMLAssertion"}
)
_CLIENTS: Final = frozenset({"OAuth2ClientCredentials", "OAuth2Password", "OAuth2RefreshToken"})
_TECHNICAL: Final = frozenset({"OAuth2TechnicalUserPropagation", "TechnicalUserPropagation"})


class Destinations:
    """Destinations by name, as an import into the cockpit has them.

    Each is a reply of 3.3: `destinationConfiguration`, maybe `certificates`, maybe `authTokens`;
    where these are missing they are made as its Authentication says.
    """

    def __init__(self, issuer: Issuer, known: Mapping[str, Any], fragments: Mapping[str, Any]):
        self._issuer = issuer
        self.known = dict(known)
        self.fragments = dict(fragments)
        self.expires_in = "3600"

    def find(
        self, version: str, name: str, headers: Mapping[str, str], *, tokens: bool = True
    ) -> dict[str, Any]:
        """The reply; Refused with 404 for an unknown name, 4xx for a user token of others."""
        name, _, level = name.rpartition("@") if version == "v2" else (name, "", "subaccount")
        if level not in LEVELS:
            raise Refused(400, "level must be instance or subaccount")
        found = self.known.get(name)
        if found is None or found.get("level", level) != level:
            raise Refused(404, _NOT_FOUND)
        configuration = dict(found["destinationConfiguration"]) | self._fragment(headers)
        reply = {
            "owner": {"SubaccountId": "00000000-0000-0000-0000-000000000001", "InstanceId": None},
            "destinationConfiguration": configuration,
            "certificates": found.get("certificates", []),
        }
        if tokens:
            made = self._tokens(configuration, headers)
            reply["authTokens"] = found.get("authTokens", made)
        return reply

    def _fragment(self, headers: Mapping[str, str]) -> dict[str, str]:
        name = headers.get("x-fragment-name")
        if name is None:
            return {}
        if name not in self.fragments:
            raise Refused(404, "Fragment with the specified name was not found")
        return dict(self.fragments[name])

    def _tokens(
        self, configuration: Mapping[str, str], headers: Mapping[str, str]
    ) -> list[dict[str, Any]]:
        kind = configuration.get("Authentication", "NoAuthentication")
        user = self._user(configuration, headers.get("x-user-token", ""))
        if kind in _USERS:
            return [self._token(kind, user) if user else _error(_NO_USER.format(kind))]
        if kind == "OAuth2RefreshToken" and not headers.get("x-refresh-token"):
            return [_error("Retrieval of OAuthToken failed due to: refresh token is missing")]
        if kind == "BasicAuthentication":
            pair = f"{configuration.get('User', '')}:{configuration.get('Password', '')}"
            return [_made("Basic", base64.b64encode(pair.encode()).decode())]
        if kind in _TECHNICAL:
            name = "SAP-Connectivity-Technical-Authentication"
            return [_made("Bearer", self._opaque("technical"), name) | {"expires_in": "3600"}]
        return [self._token(kind, "technical")] if kind in _CLIENTS else []

    def _token(self, kind: str, user: str) -> dict[str, Any]:
        if kind == "SAMLAssertion":
            header = {"key": "Authorization", "value": f"SAML2.0 {self._opaque(user)}"}
            session = {"key": "x-sap-security-session", "value": "create"}
            return {"type": "SAML2.0", "value": "", "http_header": header, "session": session}
        return _made("Bearer", self._opaque(user)) | {"expires_in": self.expires_in}

    def _opaque(self, user: str) -> str:
        return f"btp-{user}-{uuid.uuid4().hex}"

    def _user(self, configuration: Mapping[str, str], token: str) -> str:
        """Who it is for; of another issuer only where the destination names its keys (D9)."""
        if not token:
            return ""
        keys = configuration.get("x_user_token.jwks")
        if keys:
            return str(_foreign(token, keys)["sub"])
        if urlsplit(str(_unverified(token).get("iss"))).netloc != urlsplit(self._issuer.url).netloc:
            raise Refused(400, "Unable to validate the user token: unknown issuer")
        return str(self._issuer.claims(token)["sub"])


def _made(kind: str, value: str, name: str = "Authorization") -> dict[str, Any]:
    return {
        "type": kind,
        "value": value,
        "http_header": {"key": name, "value": f"{kind} {value}"},
    }


def _error(text: str) -> dict[str, Any]:
    return {"type": "", "value": "", "error": text, "expires_in": "0"}


def _unverified(token: str) -> dict[str, Any]:
    import jwt

    try:
        return dict(jwt.decode(token, options={"verify_signature": False}))
    except jwt.InvalidTokenError as exc:
        raise Refused(400, "Unable to parse the user token") from exc


def _foreign(token: str, keys: str) -> dict[str, Any]:
    import jwt

    first = jwt.PyJWKSet.from_dict(json.loads(base64.b64decode(keys))).keys[0]
    try:
        return dict(jwt.decode(token, first.key, ["RS256"], {"verify_aud": False}))
    except jwt.InvalidTokenError as exc:
        raise Refused(400, "Unable to validate the user token") from exc
