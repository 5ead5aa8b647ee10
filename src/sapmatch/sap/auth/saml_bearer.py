"""Our own signed SAML assertion, swapped at SAP for a token of the user it names (RFC 7522)."""

import base64
from datetime import timedelta
from http import HTTPStatus
from typing import TYPE_CHECKING, Final

from sapmatch.model.access import Access, Principal, Secret
from sapmatch.model.auth import SamlBearer
from sapmatch.model.connection import Connection
from sapmatch.model.errors import InputRejected, LogonReason, LogonRefused
from sapmatch.model.ports import Clock
from sapmatch.sap.auth.credentials import Credentials
from sapmatch.sap.auth.keys import key_pair
from sapmatch.sap.auth.saml import Statement, signed_assertion
from sapmatch.sap.auth.saml_refusals import judged
from sapmatch.sap.auth.token_call import (
    Question,
    Reply,
    TokenEndpoint,
    answered,
    bearer,
    client_of,
)
from sapmatch.sap.auth.trust import Trust

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
    from cryptography.x509 import Certificate

PATH: Final = "/sap/bc/sec/oauth2/token"
LONGEST: Final = 300  # seconds that an assertion may live

_GRANT: Final = "urn:ietf:params:oauth:grant-type:saml2-bearer"


class SamlBearerSource:
    """Port AccessSource; `setting` is where the settings say so: `[connections.s4].auth`."""

    def __init__(
        self,
        setting: str,
        auth: SamlBearer,
        connection: Connection,
        credentials: Credentials,
        clock: Clock,
        trust: Trust,
    ) -> None:
        if not 1 <= auth.lifetime_seconds <= LONGEST:
            raise InputRejected(f"{setting}.lifetime_seconds: must be 1 to {LONGEST}")
        self._setting = setting
        self._auth = auth
        self._url = auth.token_url or token_url(connection)
        place = f"{setting}.token_url" if auth.token_url else f"{setting}: {_address(self._url)}"
        self._credentials = credentials
        self._clock = clock
        self._endpoint = TokenEndpoint(place, self._url, trust, clock)

    def access(self, principal: Principal | None) -> Access:
        """A new token of the principal's SAP user, else of `auth.user`.

        InputRejected where the principal names no SAP user: a JWT is for a destination of BTP.
        """
        user = self._auth.user if principal is None else principal.sap_user
        if not user:
            raise InputRejected(
                f"{self._setting}: needs the SAP user to speak for; with a user's token use "
                "btp-destination"
            )
        issued = self._clock.now()  # before the call: a token is never older than we think
        secret, reply = self._answered(user)
        if reply.error == "invalid_grant" and self._credentials.is_outdated(secret):
            _, reply = self._answered(user)  # the key that signs may have been rotated (RE-26)
        if reply.status != HTTPStatus.OK:
            raise self._refused(reply)
        return bearer(self._endpoint.setting, reply, issued)

    def _answered(self, user: str) -> tuple[Secret, Reply]:
        return answered(
            self._credentials,
            lambda secret: self._endpoint.ask(lambda: self._question(secret, user)),
            _refuses_client,
        )

    def _question(self, secret: Secret, user: str) -> Question:
        """With an assertion of its own: SAP takes each but once."""
        client, password = client_of(secret), secret.field("client_secret")
        assertion = self._assertion(secret, client, user)
        form = {"client_id": client, "grant_type": _GRANT, "assertion": assertion}
        if self._auth.scope:
            form["scope"] = " ".join(self._auth.scope)
        return Question(form=form, client=client, password=password, hidden=(assertion,))

    def _assertion(self, secret: Secret, client: str, user: str) -> str:
        """Signed and encoded; LogonRefused ("certificate") where ours is over: nothing is sent."""
        key, certificate = self._signer(secret)
        said = Statement(
            issuer=self._auth.issuer,
            audience=self._auth.audience,
            recipient=self._url,
            name_id=user,
            name_id_format=self._auth.name_id,
            client_id=client,
            lifetime=timedelta(seconds=self._auth.lifetime_seconds),
        )
        try:
            signed = signed_assertion(said, key, certificate, self._clock.now())
        except ValueError as exc:
            raise InputRejected(
                f"{self._setting}: issuer, audience or user cannot be written as XML"
            ) from exc
        if self._auth.encoding == "base64":
            return base64.b64encode(signed).decode("ascii")
        return base64.urlsafe_b64encode(signed).rstrip(b"=").decode("ascii")

    def _signer(self, secret: Secret) -> tuple["RSAPrivateKey", "Certificate"]:
        from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
        from cryptography.hazmat.primitives.serialization import load_pem_private_key
        from cryptography.x509 import load_pem_x509_certificate

        pair = key_pair(secret, self._clock.now())
        key = load_pem_private_key(pair.key.encode(), None)
        if not isinstance(key, RSAPrivateKey):
            raise InputRejected(
                f"secret {secret.name}: `key` must be an RSA key: SAP takes assertions that are "
                "signed with RSA and SHA-256"
            )
        return key, load_pem_x509_certificate(pair.certificate.encode())

    def _refused(self, reply: Reply) -> LogonRefused:
        reason, remedy = self._judged(reply)
        return LogonRefused(f"{self._endpoint.setting}: SAP {reply.said}; {remedy}", reason)

    def _judged(self, reply: Reply) -> tuple[LogonReason, str]:
        if _refuses_client(reply):
            return "token", (
                "SAP does not know the OAuth client or its password: check client_id and "
                "client_secret with transaction SOAUTH2, and in SU01 that this user (of type "
                "System) is not locked, then store a new version of the secret"
            )
        if reply.error == "invalid_scope":
            return "assertion", (
                f"check {self._setting}.scope (upper case, such as ZSERVICE_0001): SOAUTH2 must "
                "allow it to the client, and the user needs S_SCOPE for it"
            )
        if reply.status != HTTPStatus.BAD_REQUEST:
            return "token", f"check token_url, and that {PATH} is active in transaction SICF"
        return judged(reply.words)


def token_url(connection: Connection) -> str:
    """SAP's own token endpoint, at the address and for the client of the connection."""
    client = f"?sap-client={connection.client}" if connection.client else ""
    return f"{connection.url.rstrip('/')}{PATH}{client}"


def _address(url: str) -> str:
    return url.partition("?")[0]


def _refuses_client(reply: Reply) -> bool:
    """Whether it did not believe who asked: a wrong secret counts towards a lock."""
    return reply.status == HTTPStatus.UNAUTHORIZED or reply.error == "invalid_client"
