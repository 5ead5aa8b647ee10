"""Where the tokens of a connection come from, in this process or in the token broker."""

from typing import Final

from sapmatch.clock import SystemClock
from sapmatch.model.access import AccessSource, LogonGuard, Secrets
from sapmatch.model.auth import (
    Auth,
    Basic,
    BtpDestination,
    Certificate,
    ClientCredentials,
    NoAuth,
    SamlBearer,
)
from sapmatch.model.connection import Connection
from sapmatch.model.ports import Clock
from sapmatch.sap.auth.credentials import Credentials
from sapmatch.sap.auth.trust import Trust, trust_of

_OWN_CLIENT: Final = (
    "check client id and secret (or certificate) with SOAUTH2, and in SU01 that the client's user "
    "is not locked, then store a new version of the secret"
)
_CLOUD_CLIENT: Final = (
    "check client id and secret: they are the communication user and its password (app Maintain "
    "Communication Users, which also unlocks it), then store a new version of the secret"
)


def access_source(
    name: str,
    connection: Connection,
    secrets: Secrets,
    clock: Clock | None = None,
    guard: LogonGuard | None = None,
) -> AccessSource | None:
    """Who makes the tokens of `[connections.<name>]`; None where it logs on without any."""
    auth = connection.auth
    if isinstance(auth, NoAuth | Basic | Certificate):
        return None
    clock = clock or SystemClock()
    credentials = credentials_of(name, auth.secret, secrets, clock, guard)
    trust = trust_of(name, connection, secrets)
    return _source(f"[connections.{name}].auth", connection, credentials, clock, trust, guard)


def credentials_of(
    name: str, secret: str, secrets: Secrets, clock: Clock, guard: LogonGuard | None
) -> Credentials:
    """The secret that `[connections.<name>]` logs on with."""
    return Credentials(f"[connections.{name}].auth.secret", secret, secrets, clock, guard)


def identity_of(auth: Auth) -> tuple[str, ...]:
    """Who a token is for, apart from a principal: strategy, tenant, user, scope."""
    match auth:
        case SamlBearer():
            return ("oauth2-saml-bearer", auth.issuer, auth.user, *auth.scope)
        case ClientCredentials():
            return ("oauth2-client-credentials", auth.token_url, auth.secret, *auth.scope)
        case BtpDestination():
            return ("btp-destination", auth.tenant or "", auth.destination, auth.fragment or "")
    return ()


def _source(
    setting: str,
    connection: Connection,
    credentials: Credentials,
    clock: Clock,
    trust: Trust,
    guard: LogonGuard | None,
) -> AccessSource:
    # Each brings libraries of its own: what a connection does not use is not loaded.
    match connection.auth:
        case ClientCredentials() as auth:
            from sapmatch.sap.auth.client_credentials import ClientCredentialsSource

            return ClientCredentialsSource(
                setting, auth, credentials, clock, trust, remedy=_remedy(connection)
            )
        case SamlBearer() as auth:
            from sapmatch.sap.auth.saml_bearer import SamlBearerSource

            return SamlBearerSource(setting, auth, connection, credentials, clock, trust)
        case BtpDestination() as auth:
            from sapmatch.sap.auth.destination import DestinationSource

            return DestinationSource(setting, auth, connection, credentials, clock, trust, guard)
    raise AssertionError(connection.auth)


def _remedy(connection: Connection) -> str | None:
    """What mends a client that SAP itself does not believe; of others nothing is known."""
    if connection.profile == "s4hana-cloud":
        return _CLOUD_CLIENT
    is_own = connection.kind.client and not connection.tokens_from_outside
    return _OWN_CLIENT if is_own else None
