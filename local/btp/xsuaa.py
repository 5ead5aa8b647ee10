"""Service tokens for OAuth clients, user tokens for tests, and the keys that verify both."""

import base64
import hashlib
import hmac
import json
import time
import uuid
from collections.abc import Mapping
from functools import cache
from typing import Any, Final

from local.btp.errors import Refused

LIFETIME: Final = 3600  # seconds
_ALGORITHM: Final = "RS256"


class Issuer:
    """Signs tokens; `url` is what they name as `iss`, `jwks` publishes the key."""

    def __init__(self, url: str) -> None:
        self.url = url
        self.key_id = uuid.uuid4().hex[:8]
        self._key = _first_key()

    def renew(self) -> None:
        """Sign with a new key from now on, which old tokens do not fit."""
        self.key_id = uuid.uuid4().hex[:8]
        self._key = _new_key()

    def user_token(self, user: str, *, lifetime: float = LIFETIME, **claims: Any) -> str:
        """The token of a person who has just logged on."""
        now = time.time()
        own = {"sub": user, "user_name": user, "iat": int(now), "exp": int(now + lifetime)}
        return self.signed(own | claims)

    def signed(self, claims: Mapping[str, Any], *, algorithm: str = _ALGORITHM) -> str:
        """A token of these claims, and of this issuer where they name no other."""
        import jwt

        headers = {"kid": self.key_id, "jku": "http://127.0.0.1:9/never-asked"}
        return jwt.encode({"iss": self.url, **claims}, self._key, algorithm, headers)

    def claims(self, token: str) -> dict[str, Any]:
        """Of a token of ours that is not over; Refused for any other."""
        import jwt

        try:
            return dict(
                jwt.decode(token, self._key.public_key(), [_ALGORITHM], {"verify_aud": False})
            )
        except jwt.InvalidTokenError as exc:
            raise Refused(401, f"token: {type(exc).__name__}") from exc

    @property
    def jwks(self) -> dict[str, Any]:
        """The public key as a JSON web key set (RFC 7517)."""
        from jwt.algorithms import RSAAlgorithm

        key = json.loads(RSAAlgorithm.to_jwk(self._key.public_key()))
        return {"keys": [key | {"kid": self.key_id, "alg": _ALGORITHM, "use": "sig"}]}


@cache
def _first_key() -> Any:
    """Of all issuers of a process, as making one takes long."""
    return _new_key()


def _new_key() -> Any:
    from cryptography.hazmat.primitives.asymmetric import rsa

    return rsa.generate_private_key(public_exponent=65537, key_size=2048)


class Xsuaa:
    """The token endpoint: clients by secret (RFC 6749 2.3.1) or certificate (RFC 8705)."""

    def __init__(self, issuer: Issuer, secrets: Mapping[str, str]) -> None:
        self.issuer = issuer
        self.lifetime: Any = LIFETIME
        self.secrets = dict(secrets)
        self.certificates: dict[str, str] = {}  # client id -> SHA-256 of its certificate

    def token(
        self, form: Mapping[str, str], authorization: str, certificate: bytes | None
    ) -> dict[str, Any]:
        """A service token; Refused for a client that is not known."""
        if form.get("grant_type") != "client_credentials":
            raise Refused(400, "unsupported_grant_type")
        client = self._client(form, authorization, certificate)
        own = {"client_id": client, "exp": int(time.time()) + LIFETIME, "jti": uuid.uuid4().hex}
        token = self.issuer.signed(own)
        return {"access_token": token, "token_type": "bearer", "expires_in": self.lifetime}

    def _client(
        self, form: Mapping[str, str], authorization: str, certificate: bytes | None
    ) -> str:
        named = form.get("client_id", "")
        if certificate is not None and named in self.certificates:
            if hashlib.sha256(certificate).hexdigest() == self.certificates[named]:
                return named
            raise Refused(401, "invalid_client")
        client, secret = _basic(authorization) or (named, form.get("client_secret", ""))
        known = self.secrets.get(client)
        if known is None or not hmac.compare_digest(known.encode(), secret.encode()):
            raise Refused(401, "invalid_client")
        return client


def _basic(authorization: str) -> tuple[str, str] | None:
    kind, _, encoded = authorization.partition(" ")
    if kind.lower() != "basic":
        return None
    client, _, secret = base64.b64decode(encoded).decode(errors="replace").partition(":")
    return client, secret
