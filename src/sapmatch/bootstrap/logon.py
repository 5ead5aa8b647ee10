"""Clients of foreign systems, with the credentials that the settings name."""

import threading
from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING

from msgspec.structs import replace

from sapmatch.clock import SystemClock
from sapmatch.model.access import AccessSource, LogonGuard, Principal
from sapmatch.model.auth import BtpDestination
from sapmatch.model.connection import Connection
from sapmatch.model.errors import InputRejected, PreconditionFailed
from sapmatch.model.ports import Clock, Control, Versioned
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

    Without a `guard` this process keeps itself from locking the user; without a `broker` it gets
    tokens itself, and without a `cache` for this client alone.
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
        guard=guard or shared_guard(settings, name, _OwnControl(), clock),
        broker=broker,
        cache=cache,
    )


def shared_guard(
    settings: Settings, name: str, control: Control, clock: Clock
) -> "SharedLogonGuard":
    """The guard of one connection, and of those that log on as the same user."""
    from sapmatch.limits.logons import SharedLogonGuard

    found = settings.connections.get(name)
    seconds = found.connect_timeout + found.total_timeout if found else 0
    return SharedLogonGuard(control, clock, logon_of(settings, name), seconds=seconds)


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


class _OwnControl:
    """Port Control for the threads of one process, which has nobody else to agree with."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._values: dict[str, Versioned] = {}

    def read(self, key: str) -> Versioned | None:
        return self._values.get(key)

    def write(self, key: str, value: bytes, *, expected: int) -> int:
        with self._lock:
            known = self._values.get(key)
            if (known.version if known else 0) != expected:
                raise PreconditionFailed(f"{key}: another thread changed it")
            self._values[key] = Versioned(value=value, version=expected + 1)
        return expected + 1
