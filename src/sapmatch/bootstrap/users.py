"""Users of one SAP system: who reads and changes them, and the children of a central system."""

from collections.abc import Callable
from functools import cached_property
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from sapmatch.bootstrap.logon import connection_of
from sapmatch.bootstrap.secrets import NamedSecrets
from sapmatch.clock import SystemClock
from sapmatch.model.access import AccessSource, LogonGuard, Secrets
from sapmatch.model.auth import Basic, SamlBearer
from sapmatch.model.connection import Connection
from sapmatch.model.errors import InputRejected
from sapmatch.model.ports import Clock, Control
from sapmatch.model.rfc import Rfc, RfcTransport
from sapmatch.model.users import UserLocks
from sapmatch.settings import Settings

if TYPE_CHECKING:
    from sapmatch.sap.auth.tokens import AccessCache
    from sapmatch.sap.tables.reader import SapTables
    from sapmatch.sap.users.children import SapChildren
    from sapmatch.sap.users.reader import SapUsers
    from sapmatch.sap.users.writer import SapUserWriter

_EXCHANGES = 8  # with SAP for one user, each at its longest: how long a lock may be held


class UserSide:
    """What is read and changed of the users of one connection; close it after use.

    `child` opens the same of another connection, for the children of a central system.
    """

    def __init__(
        self,
        name: str,
        connection: Connection,
        transport: RfcTransport,
        locks: UserLocks,
        clock: Clock,
        child: "Callable[[str], UserSide]",
    ) -> None:
        self.transport = transport
        self._name = name
        self._connection = connection
        self._locks = locks
        self._clock = clock
        self._child = child
        self._children: dict[str, UserSide] = {}

    @cached_property
    def rfc(self) -> Rfc:
        """The connection's block `rfc`."""
        return rfc_of(self._name, self._connection)

    @cached_property
    def reader(self) -> "SapUsers":
        """Reads users; port UserReader."""
        from sapmatch.sap.users.reader import SapUsers

        parallel = self._connection.limits.parallel
        return SapUsers(
            self.transport,
            self.rfc,
            self._name,
            self._clock,
            parallel,
            own_user=lambda: self._own_user,
        )

    @cached_property
    def writer(self) -> "SapUserWriter":
        """Changes users; port UserWriter."""
        from sapmatch.sap.users.writer import SapUserWriter

        return SapUserWriter(
            self.transport,
            self.rfc,
            self._name,
            self.reader,
            self._locks,
            self._clock,
            time_zone=self._connection.time_zone,
            locked_as=entrance(self._connection),
        )

    @cached_property
    def children(self) -> "SapChildren":
        """Looks into child systems; port Children."""
        from sapmatch.sap.users.children import SapChildren

        return SapChildren(self.rfc, lambda name: self._child_of(name).reader)

    @cached_property
    def tables(self) -> "SapTables":
        """Reads tables; port TableReader."""
        from sapmatch.sap.tables.reader import SapTables

        return SapTables(self.transport, self.rfc, self._name)

    def close(self) -> None:
        """End all connections, those to children too."""
        for side in self._children.values():
            side.close()
        self._children.clear()
        self.transport.close()

    @cached_property
    def _own_user(self) -> str | None:
        return own_user(self._connection, NamedSecrets())

    def _child_of(self, name: str) -> "UserSide":
        if name == self._name:
            return self
        if name not in self._children:
            self._children[name] = self._child(name)
        return self._children[name]


def users_of(
    settings: Settings,
    name: str,
    *,
    clock: Clock | None = None,
    guard: LogonGuard | None = None,
    broker: AccessSource | None = None,
    cache: "AccessCache | None" = None,
    control: Control | None = None,
    owner: str = "",
    child: "Callable[[str], UserSide] | None" = None,
) -> UserSide:
    """The users of `[connections.<name>]`, logged on lazily; close it after use.

    With a `control` all functions of a stage change a user one at a time, each known by `owner`;
    without, all commands of this user on this machine. Guard and broker are those of this one
    connection, so a stage gives `child`, which finds those of the others. InputRejected names every
    mistake in the block `rfc`.
    """
    from sapmatch.bootstrap.rfc import require_rfc, rfc_transport

    connection = connection_of(settings, name)
    rfc_of(name, connection)
    require_rfc(name, connection)
    clock = clock or SystemClock()
    transport = rfc_transport(settings, name, clock=clock, guard=guard, broker=broker, cache=cache)
    locks = user_locks(connection, clock, control, owner)
    return UserSide(
        name,
        connection,
        transport,
        locks,
        clock,
        child or (lambda other: users_of(settings, other, clock=clock, control=control)),
    )


def user_locks(
    connection: Connection, clock: Clock, control: Control | None, owner: str
) -> UserLocks:
    """Who may change a user of this connection, of a stage where there is a `control`."""
    if control is None:
        from sapmatch.bootstrap.user_locks import LaptopUserLocks

        return LaptopUserLocks()
    from sapmatch.limits.users import SharedUserLocks

    longest = connection.connect_timeout + connection.total_timeout
    return SharedUserLocks(control, clock, owner or "-", lease_seconds=_EXCHANGES * longest)


def rfc_of(name: str, connection: Connection) -> Rfc:
    """The block `rfc`; InputRejected where there is none."""
    if connection.rfc is None:
        raise InputRejected(
            f"[connections.{name}.rfc]: is missing; users are read and changed by function modules"
        )
    return connection.rfc


def own_user(connection: Connection, secrets: Secrets) -> str | None:
    """Who the connection logs on as; None where only SAP knows, as for certificates."""
    auth = connection.auth
    if isinstance(auth, Basic):
        return secrets.read(auth.secret).fields.get("user")
    return auth.user if isinstance(auth, SamlBearer) else None


def entrance(connection: Connection) -> str:
    """The system and client: connections that lead there share the locks of its users."""
    client = connection.rfc.client if connection.rfc and connection.rfc.client else ""
    return f"{urlsplit(connection.url).netloc.lower()}/{client or connection.client or '-'}"
