"""OAuth 2.0 client credentials: a token for a technical user (RFC 6749 4.4, RFC 8705)."""

import base64
import hashlib
import ssl
from collections.abc import Mapping
from http import HTTPStatus
from typing import Any, Final

import msgspec
from msgspec.structs import replace

from sapmatch.model.access import Access, Principal, Secret
from sapmatch.model.auth import ClientCredentials
from sapmatch.model.errors import InputRejected, LogonRefused
from sapmatch.model.ports import Clock
from sapmatch.sap.auth.credentials import Credentials
from sapmatch.sap.auth.keys import key_pair
from sapmatch.sap.auth.token_call import (
    Question,
    Reply,
    TokenEndpoint,
    answered,
    bearer,
    client_of,
)
from sapmatch.sap.auth.trust import Trust

_REFUSALS: Final = frozenset(
    {HTTPStatus.BAD_REQUEST, HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN}
)
# What RFC 6749 5.2 says of the question, not of who asks.
_OF_THE_QUESTION: Final = frozenset(
    {"invalid_request", "invalid_scope", "unauthorized_client", "unsupported_grant_type"}
)

_REMEDY: Final = (
    "check client id and secret (or certificate) with whoever gives the tokens, then store a new "
    "version of the secret"
)


class ClientCredentialsSource:
    """Port AccessSource; `setting` is where the settings say so: `[connections.s4].auth`.

    `place` names the token endpoint where no setting does; `remedy` is what mends a client that is
    not believed.
    """

    def __init__(
        self,
        setting: str,
        auth: ClientCredentials,
        credentials: Credentials,
        clock: Clock,
        trust: Trust,
        *,
        place: str | None = None,
        remedy: str | None = None,
    ) -> None:
        self._setting = setting
        self._remedy = remedy or _REMEDY
        self._scope = " ".join(auth.scope)
        self._credentials = credentials
        self._clock = clock
        place = place or f"{setting}.token_url"
        self._endpoint = TokenEndpoint(place, auth.token_url, trust, clock)

    def access(self, principal: Principal | None) -> Access:
        """A new token for the technical user; InputRejected on behalf of anybody else."""
        if principal:
            raise InputRejected(
                f"{self._setting}: client credentials speak for a technical user only; use "
                "oauth2-saml-bearer or btp-destination to write in a person's name"
            )
        issued = self._clock.now()  # before the call: a token is never older than we think
        secret, reply = answered(self._credentials, self._asked, _refuses)
        if reply.status != HTTPStatus.OK:
            raise self._refused(reply)
        access = bearer(self._endpoint.setting, reply, issued)
        return self._bound(access, secret) if _is_by_certificate(secret) else access

    def _asked(self, secret: Secret) -> Reply:
        return self._endpoint.ask(lambda: self._question(secret))

    def _question(self, secret: Secret) -> Question:
        client = client_of(secret)
        form = {"grant_type": "client_credentials", "client_id": client}
        if self._scope:
            form["scope"] = self._scope
        if _is_by_certificate(secret):
            return Question(form=form, client=client, shown=self._shown(secret))
        del form["client_id"]  # the password says who we are: once is enough (RFC 6749 2.3)
        return Question(form=form, client=client, password=secret.field("client_secret"))

    def _shown(self, secret: Secret) -> Access:
        pair = key_pair(secret, self._clock.now())
        return Access(certificate=pair.certificate, key=pair.key)

    def _bound(self, access: Access, secret: Secret) -> Access:
        """A token that only our certificate opens SAP with is sent over TLS that shows it."""
        token = access.headers["Authorization"].removeprefix("Bearer ")
        thumbprint = _confirmation(token)
        if thumbprint is None:
            return access
        shown = self._shown(secret)
        if shown.certificate is None or thumbprint != _thumbprint(shown.certificate):
            raise LogonRefused(
                f"{self._endpoint.setting}: the token is bound to another certificate than ours "
                "(cnf.x5t#S256); does a proxy on the way end TLS?",
                "certificate",
            )
        return replace(access, certificate=shown.certificate, key=shown.key)

    def _refused(self, reply: Reply) -> LogonRefused:
        if reply.error == "invalid_scope":
            remedy = f"check {self._setting}.scope: the client may ask for none but its own scopes"
        elif not _refuses(reply) and reply.error in _OF_THE_QUESTION:
            remedy = "allow this client the grant type client credentials"
        elif reply.status not in _REFUSALS:
            remedy = "is this the address of a token endpoint?"
        else:
            remedy = self._remedy
        return LogonRefused(f"{self._endpoint.setting}: {reply.said}; {remedy}", "token")


def _refuses(reply: Reply) -> bool:
    """Whether it did not believe who asked: a wrong secret counts towards a lock.

    A 401 says so whatever its error is: some call a wrong secret `unauthorized_client`.
    """
    if reply.status == HTTPStatus.UNAUTHORIZED:
        return True
    return reply.status in _REFUSALS and reply.error not in _OF_THE_QUESTION


def _is_by_certificate(secret: Secret) -> bool:
    return not secret.fields.get("client_secret")


def _confirmation(token: str) -> str | None:
    """`cnf.x5t#S256` of a token that is a JWT (RFC 8705 3.1), None where it is not bound."""
    found = _claims(token).get("cnf")
    return str(found["x5t#S256"]) if isinstance(found, dict) and "x5t#S256" in found else None


def _claims(token: str) -> Mapping[str, Any]:
    """Not verified: what it says is held against our own certificate, and nothing else."""
    parts = token.split(".")
    try:
        payload = base64.urlsafe_b64decode(f"{parts[1]}===") if len(parts) == 3 else b"{}"
        found = msgspec.json.decode(payload)
    except (ValueError, RecursionError):  # opaque, whatever it looks like
        return {}
    return found if isinstance(found, dict) else {}


def _thumbprint(certificate: str) -> str:
    """SHA-256 of the first certificate in PEM, as base64url without padding."""
    first, end, _ = certificate.partition("-----END CERTIFICATE-----")
    digest = hashlib.sha256(ssl.PEM_cert_to_DER_cert(first + end)).digest()
    return base64.urlsafe_b64encode(digest).rstrip(b"=").decode("ascii")
