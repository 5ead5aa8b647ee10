"""From a connection to what calls its function modules."""

from sapmatch.clock import SystemClock
from sapmatch.model.access import AccessSource, LogonGuard, Secrets
from sapmatch.model.connection import Connection
from sapmatch.model.errors import InputRejected
from sapmatch.model.ports import Clock
from sapmatch.model.rfc import RfcTransport
from sapmatch.sap.auth.tokens import AccessCache
from sapmatch.sap.session import TRIES


def open_rfc(
    name: str,
    connection: Connection,
    secrets: Secrets,
    *,
    clock: Clock | None = None,
    guard: LogonGuard | None = None,
    broker: AccessSource | None = None,
    cache: AccessCache | None = None,
    tries: int = TRIES,
) -> RfcTransport:
    """What calls function modules of `[connections.<name>]`, as `rfc.transport` says.

    Nothing is sent before its first call; close it after use. `tries` of a call that only reads,
    where that is ours to say. Raises InputRejected where the
    connection has no block `rfc`, and what `connect` raises.
    """
    if connection.rfc is None:
        raise InputRejected(
            f"[connections.{name}].rfc: is missing; function modules are called only where it is "
            f"set, such as [connections.{name}.rfc] with systemId and systemNumber"
        )
    clock = clock or SystemClock()
    if connection.rfc.transport == "pyrfc":
        from sapmatch.sap.rfc.pyrfc_transport import open_pyrfc

        return open_pyrfc(name, connection, secrets, clock=clock, guard=guard, tries=tries)
    from sapmatch.sap.rfc.soap import open_soap

    return open_soap(
        name,
        connection,
        secrets,
        clock=clock,
        guard=guard,
        broker=broker,
        cache=cache,
        tries=tries,
    )
