"""What calls function modules of the systems in the settings."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

from sapmatch.bootstrap.logon import connection_of, laptop_guard
from sapmatch.clock import SystemClock
from sapmatch.model.access import AccessSource, LogonGuard
from sapmatch.model.connection import Connection
from sapmatch.model.errors import InputRejected, Problem
from sapmatch.model.ports import Clock
from sapmatch.model.rfc import RfcTransport
from sapmatch.settings import Settings

if TYPE_CHECKING:
    from sapmatch.sap.auth.tokens import AccessCache


def rfc_transport(
    settings: Settings,
    name: str,
    *,
    clock: Clock | None = None,
    guard: LogonGuard | None = None,
    broker: AccessSource | None = None,
    cache: "AccessCache | None" = None,
) -> RfcTransport:
    """What calls function modules of `[connections.<name>]`, as its block `rfc` says.

    Guard, broker and cache as those of `sap_client`; close it after use.
    """
    from sapmatch.bootstrap.secrets import NamedSecrets
    from sapmatch.sap.rfc.open import open_rfc

    clock = clock or SystemClock()
    return open_rfc(
        name,
        connection_of(settings, name),
        NamedSecrets(),
        clock=clock,
        guard=guard or laptop_guard(settings, name, clock),
        broker=broker,
        cache=cache,
    )


def rfc_problems(settings: Settings) -> list[Problem]:
    """What those who call function modules would refuse of `[connections.*.rfc]`, by its path."""
    return [
        problem
        for name, connection in settings.connections.items()
        for problem in _problems(name, connection)
    ]


def rfc_remarks(settings: Settings) -> list[Problem]:
    """What only SAP can say whether it is right."""
    from sapmatch.sap.tables.reader import settings_of
    from sapmatch.sap.users.settings import remarks_of

    return [
        remark
        for name, connection in settings.connections.items()
        if connection.rfc
        for remark in remarks_of(connection.rfc, settings_of(name))
    ]


def require_rfc(name: str, connection: Connection) -> None:
    """InputRejected with every mistake in the block `rfc` of one connection."""
    reject_rfc(_problems(name, connection))


def reject_rfc(problems: Sequence[Problem], where: str = "the settings") -> None:
    """InputRejected that names these mistakes, if there are any; `where` is the file."""
    if problems:
        listing = "".join(f"\n  {problem.field}: {problem.message}" for problem in problems)
        counted = "one mistake" if len(problems) == 1 else f"{len(problems)} mistakes"
        raise InputRejected(f"{where}: {counted}{listing}", problems)


def _problems(name: str, connection: Connection) -> list[Problem]:
    if connection.rfc is None:
        return []
    from sapmatch.sap.tables.reader import settings_of
    from sapmatch.sap.users.settings import problems_of

    return list(problems_of(connection.rfc, settings_of(name)))
