"""From settings and secrets to a client."""

import hashlib

from sapmatch.clock import SystemClock
from sapmatch.model.access import LogonGuard, Principal, Secrets
from sapmatch.model.auth import Basic
from sapmatch.model.connection import Connection
from sapmatch.model.errors import InputRejected
from sapmatch.model.ports import Clock
from sapmatch.sap.auth.basic import BasicAuth
from sapmatch.sap.auth.credentials import Credentials
from sapmatch.sap.csrf import CsrfTokens
from sapmatch.sap.http import Auth
from sapmatch.sap.odata.client import ODataClient
from sapmatch.sap.session import SapSession


def connect(
    name: str,
    connection: Connection,
    secrets: Secrets,
    *,
    clock: Clock | None = None,
    principal: Principal | None = None,
    guard: LogonGuard | None = None,
) -> ODataClient:
    """A client for `[connections.<name>]`; nothing is sent to SAP before its first call.

    On behalf of the `principal`, where the way to log on can do that, else of the technical user.
    Raises InputRejected, naming
    the setting, for an address that is not https (http: loopback only), a useless secret or pace.
    """
    clock = clock or SystemClock()
    limits = connection.limits
    numbers = (limits.burst, limits.parallel, limits.failures)
    if limits.requests_per_second <= 0 or limits.open_seconds < 0 or min(numbers) < 1:
        raise InputRejected(f"[connections.{name}].limits: must be above zero")
    auth = _auth(name, connection, secrets, clock, guard)
    session = SapSession(name, connection, auth, clock)
    tokens = CsrfTokens(session, connection.csrf_mode)
    description = f"{name} {session.origin.base} client {connection.client}"
    # Tells users apart without naming them: an ODP keeps one subscription for each (OD-P36).
    user = f"{connection.client}\0{auth.identity.upper()}"
    who = hashlib.sha256(user.encode()).hexdigest()[:16]
    on_behalf_of = principal.sap_user if principal else None
    return ODataClient(session, tokens, connection, description, f"{name}/{who}", on_behalf_of)


def _auth(
    name: str, connection: Connection, secrets: Secrets, clock: Clock, guard: LogonGuard | None
) -> Auth:
    if not isinstance(connection.auth, Basic):
        raise InputRejected(f"[connections.{name}].auth.type: cannot be used yet")
    setting = f"[connections.{name}].auth.secret"
    return BasicAuth(Credentials(setting, connection.auth.secret, secrets, clock, guard))
