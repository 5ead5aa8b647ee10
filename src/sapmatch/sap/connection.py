"""From settings and credentials to a client."""

import hashlib
from collections.abc import Mapping

from sapmatch.clock import SystemClock
from sapmatch.model.connection import Connection
from sapmatch.model.errors import InputRejected
from sapmatch.model.ports import Clock
from sapmatch.sap.auth.basic import BasicAuth
from sapmatch.sap.csrf import CsrfTokens
from sapmatch.sap.odata.client import ODataClient
from sapmatch.sap.session import SapSession


def connect(
    name: str,
    connection: Connection,
    credentials: Mapping[str, str],
    *,
    clock: Clock | None = None,
) -> ODataClient:
    """A client for `[connections.<name>]`; nothing is sent before its first call.

    `credentials` holds `user` and `password`. Raises InputRejected, naming the setting, for an
    address that is not https (http: loopback only), useless credentials or a useless pace.
    """
    clock = clock or SystemClock()
    user, password = (credentials.get(field, "") for field in ("user", "password"))
    if not user or not password or ":" in user:
        raise InputRejected(
            f"[connections.{name}].auth.secret: must hold `user` (without a colon) and `password`"
        )
    limits = connection.limits
    numbers = (limits.burst, limits.parallel, limits.failures)
    if limits.requests_per_second <= 0 or limits.open_seconds < 0 or min(numbers) < 1:
        raise InputRejected(f"[connections.{name}].limits: must be above zero")
    session = SapSession(name, connection, BasicAuth(user, password), clock)
    tokens = CsrfTokens(session, connection.csrf)
    description = f"{name} {session.origin.base} client {connection.client}"
    # Tells users apart without naming them: an ODP keeps one subscription for each (OD-P36).
    who = hashlib.sha256(f"{connection.client}\0{user.upper()}".encode()).hexdigest()[:16]
    return ODataClient(session, tokens, connection, description, f"{name}/{who}")
