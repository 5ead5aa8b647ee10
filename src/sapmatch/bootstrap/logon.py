"""Clients of foreign systems, with the credentials that the settings name."""

from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from msgspec.structs import replace

from sapmatch.clock import SystemClock
from sapmatch.model.access import AccessSource, LogonGuard, Principal
from sapmatch.model.auth import BtpDestination, secret_of
from sapmatch.model.connection import Connection
from sapmatch.model.errors import InputRejected
from sapmatch.model.ports import Clock, Control
from sapmatch.settings import Settings
from sapmatch.settings.logons import logon_of

if TYPE_CHECKING:
    from sapmatch.limits.logons import SharedLogonGuard
    from sapmatch.model.expense import Analysis
    from sapmatch.sap.auth.tokens import AccessCache
    from sapmatch.sap.odata.client import ODataClient


def sap_client(
    settings: Settings,
    name: str,
    *,
    clock: Clock | None = None,
    principal: Principal | None = None,
    guard: LogonGuard | None = None,
    broker: AccessSource | None = None,
    cache: "AccessCache | None" = None,
) -> "ODataClient":
    """A client for `[connections.<name>]`, logged on lazily; close it after use.

    Without a `guard` all commands of this user on this machine keep each other from locking the
    user; without a `broker` it gets tokens itself, and without a `cache` for this client alone.
    """
    from sapmatch.bootstrap.secrets import NamedSecrets
    from sapmatch.sap.connection import connect

    clock = clock or SystemClock()
    return connect(
        name,
        connection_of(settings, name, principal),
        NamedSecrets(),
        clock=clock,
        principal=principal,
        guard=guard or laptop_guard(settings, name, clock),
        broker=broker,
        cache=cache,
    )


def shared_guard(
    settings: Settings, name: str, control: Control, clock: Clock, stage: str
) -> "SharedLogonGuard":
    """The guard of one connection of a stage, and of those that log on as the same user."""
    from sapmatch.limits.logons import SharedLogonGuard

    seconds = _seconds(settings, name)
    first = logon_of(settings, name)
    return SharedLogonGuard(control, clock, first, seconds=seconds, stage=stage)


def laptop_guard(
    settings: Settings, name: str, clock: Clock, control: Control | None = None
) -> "SharedLogonGuard":
    """The guard of one connection for the commands of this user on this machine.

    They may have settings of their own each, so a logon is known by where it goes.
    """
    from sapmatch.bootstrap.laptop import LaptopLogons, is_alive, this_process
    from sapmatch.limits.logons import SharedLogonGuard

    return SharedLogonGuard(
        control or LaptopLogons(),
        clock,
        name,
        owner=this_process(),
        seconds=_seconds(settings, name),
        counted_as=" ".join(_entrance(connection_of(settings, name))),
        is_alive=is_alive,
    )


def _entrance(connection: Connection) -> tuple[str, str, str]:
    """Secret, host with port (SAP's system number is part of that), and client."""
    address = urlsplit(connection.url)
    return secret_of(connection.auth) or "-", address.netloc.lower(), connection.client or "-"


def _seconds(settings: Settings, name: str) -> float:
    """How long one exchange with SAP may take."""
    found = settings.connections.get(name)
    return found.connect_timeout + found.total_timeout if found else 0


def connection_of(settings: Settings, name: str, principal: Principal | None = None) -> Connection:
    """One `[connections.*]` block, as it is entered on behalf of the principal.

    Of BTP a destination speaks either for a technical user or for a person by their token.
    InputRejected where there is none.
    """
    if name not in settings.connections:
        known = ", ".join(settings.connections) or "none"
        raise InputRejected(f"connection {name}: is not in the settings; known are {known}")
    connection = settings.connections[name]
    auth = connection.auth
    if not (principal and principal.token and isinstance(auth, BtpDestination) and auth.for_people):
        return connection
    return replace(connection, auth=replace(auth, destination=auth.for_people, for_people=None))


def textract() -> "Callable[[bytes, int], Analysis]":
    """AnalyzeExpense of the AWS account of the environment, for files that are not in S3."""
    from sapmatch.aws.clients import client
    from sapmatch.aws.expense import analyze_bytes

    return partial(analyze_bytes, client("textract"))
