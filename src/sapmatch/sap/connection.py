"""From settings and credentials to a client."""

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
    if limits.requests_per_second <= 0 or limits.parallel < 1:
        raise InputRejected(f"[connections.{name}].limits: must be above zero")
    session = SapSession(name, connection, BasicAuth(user, password), clock)
    tokens = CsrfTokens(session, connection.csrf)
    description = f"{name} {session.origin.base} client {connection.client}"
    return ODataClient(session, tokens, description, repeatable=connection.repeatable_requests)
