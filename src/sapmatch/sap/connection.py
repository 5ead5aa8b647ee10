"""From settings and secrets to a client."""

import hashlib

from sapmatch.clock import SystemClock
from sapmatch.model.access import AccessSource, LogonGuard, Principal, Secrets
from sapmatch.model.auth import Basic, BtpDestination, Certificate, NoAuth, SamlBearer, type_of
from sapmatch.model.connection import Connection
from sapmatch.model.errors import InputRejected
from sapmatch.model.ports import Clock
from sapmatch.sap.auth.access import AccessAuth
from sapmatch.sap.auth.basic import BasicAuth
from sapmatch.sap.auth.certificate import Anonymous, CertificateAuth
from sapmatch.sap.auth.tokens import AccessCache
from sapmatch.sap.auth.trust import trust_of
from sapmatch.sap.csrf import CsrfTokens
from sapmatch.sap.http import Auth
from sapmatch.sap.odata.client import ODataClient
from sapmatch.sap.proxy import proxy_of
from sapmatch.sap.session import SapSession
from sapmatch.sap.sources import access_source, credentials_of, identity_of


def connect(
    name: str,
    connection: Connection,
    secrets: Secrets,
    *,
    clock: Clock | None = None,
    principal: Principal | None = None,
    guard: LogonGuard | None = None,
    broker: AccessSource | None = None,
    cache: AccessCache | None = None,
) -> ODataClient:
    """A client for `[connections.<name>]`; nothing is sent to SAP before its first call.

    On behalf of the `principal`, where the way to log on can do that, else of the technical user.
    The `broker` makes tokens where this process cannot reach who makes them; a `cache` keeps those
    of several clients. Raises InputRejected, naming the setting, for an address that is not https
    (http: loopback only), a useless secret, pace, or principal; LogonRefused for a client
    certificate that is over.
    """
    clock = clock or SystemClock()
    session, auth = _opened(name, connection, secrets, clock, principal, guard, broker, cache)
    tokens = CsrfTokens(session, connection.csrf_mode)
    at = f"client {connection.client}" if connection.client else "no client"
    description = f"{name} {session.origin.base} {at}"
    subscriber = _subscriber(name, connection, auth)
    on_behalf_of = principal.sap_user if principal else None
    return ODataClient(session, tokens, connection, description, subscriber, on_behalf_of)


def open_session(
    name: str,
    connection: Connection,
    secrets: Secrets,
    *,
    clock: Clock,
    guard: LogonGuard | None = None,
    broker: AccessSource | None = None,
    cache: AccessCache | None = None,
) -> SapSession:
    """The session below such a client, of the technical user, for what is not OData."""
    return _opened(name, connection, secrets, clock, None, guard, broker, cache)[0]


def _opened(
    name: str,
    connection: Connection,
    secrets: Secrets,
    clock: Clock,
    principal: Principal | None,
    guard: LogonGuard | None,
    broker: AccessSource | None,
    cache: AccessCache | None,
) -> tuple[SapSession, Auth]:
    _check_limits(name, connection)
    _check_principal(name, connection, principal)
    auth = _auth(name, connection, secrets, clock, principal, guard, broker, cache)
    return _session(name, connection, secrets, auth, clock, guard), auth


def _session(
    name: str,
    connection: Connection,
    secrets: Secrets,
    auth: Auth,
    clock: Clock,
    guard: LogonGuard | None,
) -> SapSession:
    trust = trust_of(name, connection, secrets)
    proxy = proxy_of(name, connection, secrets, clock, trust, guard)
    return SapSession(name, connection, auth, clock, trust, proxy)


def _subscriber(name: str, connection: Connection, auth: Auth) -> str:
    """Tells users apart without naming them: an ODP keeps one subscription for each (OD-P36)."""
    user = f"{connection.client}\0{auth.identity.upper()}"
    return f"{name}/{hashlib.sha256(user.encode()).hexdigest()[:16]}"


def _auth(
    name: str,
    connection: Connection,
    secrets: Secrets,
    clock: Clock,
    principal: Principal | None,
    guard: LogonGuard | None,
    broker: AccessSource | None,
    cache: AccessCache | None,
) -> Auth:
    match connection.auth:
        case NoAuth():
            return Anonymous()
        case Basic(secret=secret):
            return BasicAuth(credentials_of(name, secret, secrets, clock, guard))
        case Certificate(secret=secret):
            # No guard: SAP locks nobody for a certificate.
            return CertificateAuth(credentials_of(name, secret, secrets, clock, None), clock)
    source = broker or access_source(name, connection, secrets, clock, guard)
    assert source is not None  # for each type that is left
    user = (principal.sap_user, principal.token) if principal else None
    key = (name, identity_of(connection.auth), user)
    identity = "\0".join(identity_of(connection.auth))
    return AccessAuth(source, clock, key, f"{identity}\0{user or ''}", principal, cache, guard)


def _check_limits(name: str, connection: Connection) -> None:
    limits = connection.limits
    numbers = (limits.burst, limits.parallel, limits.failures)
    waits = (limits.open_seconds, limits.wait_seconds, limits.idle or 0)
    if limits.requests_per_second <= 0 or min(numbers) < 1 or min(waits) < 0:
        raise InputRejected(f"[connections.{name}].limits: must be above zero")


def _check_principal(name: str, connection: Connection, principal: Principal | None) -> None:
    """Nobody is to be spoken for silently by the technical user."""
    if principal is None:
        return
    if not (principal.sap_user or principal.token):
        raise InputRejected(f"[connections.{name}]: on behalf of nobody; name a user, or leave it")
    auth = connection.auth
    if principal.sap_user and not isinstance(auth, SamlBearer):
        raise InputRejected(
            f"[connections.{name}].auth: {type_of(auth)} cannot call SAP on behalf of its user "
            'who decided; set auth.type = "oauth2-saml-bearer", or run_as = "technical" in the flow'
        )
    if principal.token and not isinstance(auth, BtpDestination):
        raise InputRejected(
            f"[connections.{name}].auth: {type_of(auth)} takes no token of a user; "
            'set auth.type = "btp-destination", or leave out --user-token'
        )
