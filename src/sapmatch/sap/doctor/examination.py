"""The checks in their order, and which of them make sense without which."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Generic, TypeVar

from msgspec import Struct
from msgspec.structs import replace

from sapmatch.clock import SystemClock
from sapmatch.model.connection import Connection
from sapmatch.model.errors import InputRejected, SapmatchError
from sapmatch.model.ports import Clock
from sapmatch.sap.doctor import logon, network, pace, services, tls
from sapmatch.sap.doctor.finding import Finding, failure, skipped
from sapmatch.sap.doctor.system import System, Target, Visit
from sapmatch.sap.odata.client import ODataClient

T = TypeVar("T")


class Check(Struct, Generic[T], frozen=True):
    """`needs` is the check without which this one says nothing."""

    name: str
    run: Callable[[T], Finding]
    needs: str = ""


SYSTEM: tuple[Check[System], ...] = (
    Check("dns", network.dns),
    Check("route", network.route, "dns"),
    Check("tls", tls.tls, "route"),
    Check("logon", logon.logon, "tls"),
    Check("client", logon.client, "logon"),
)
SERVICE: tuple[Check[Visit], ...] = (
    Check("service", services.service, "logon"),
    Check("metadata", services.metadata, "service"),
    Check("authorisation", services.authorisation, "metadata"),
    Check("csrf", services.csrf, "service"),
    Check("paging", services.paging, "authorisation"),
    Check("delta", services.delta, "metadata"),
)
TIMES: tuple[Check[System], ...] = (
    Check("clock", pace.clock, "tls"),
    Check("answer_time", pace.answer_time, "tls"),
)


def examine(
    name: str,
    connection: Connection,
    targets: Sequence[Target],
    connect: Callable[[], ODataClient],
    *,
    clock: Clock | None = None,
) -> Iterator[Finding]:
    """One finding for each check, as soon as it is known; nothing is written.

    `connect` makes the client and may read the secret; its failures are findings too. Every call
    is made once and ends within the time limits of the connection. Raises InputRejected without a
    target, and for an address that no client would go to.
    """
    if not targets:
        raise InputRejected(f"connections.{name}: there is no service to look at")
    system = System(name, connection, targets[0], connect, clock or SystemClock())
    causes: dict[str, str] = {}
    try:
        yield from _findings(SYSTEM, system, causes)
        yield from _of_services(system, targets, causes)
        yield from _findings(TIMES, system, causes)
    finally:
        system.close()


def _of_services(
    system: System, targets: Sequence[Target], causes: Mapping[str, str]
) -> Iterator[Finding]:
    """The findings of every service; once for all of them where none can be asked."""
    if "logon" in causes:
        yield from _findings(SERVICE, Visit(system, targets[0]), dict(causes))
        return
    for target in targets:
        for found in _findings(SERVICE, Visit(system, target), dict(causes)):
            yield replace(found, service=target.service)


def _findings(checks: Sequence[Check[T]], subject: T, causes: dict[str, str]) -> Iterator[Finding]:
    """`causes` says of each check that failed or was left out for it, which one failed first."""
    for check in checks:
        cause = causes.get(check.needs)
        if cause:
            found = skipped(f"says nothing as long as {cause} fails")
        else:
            found = _found(check, subject)
        if cause or found.status == "failed":
            causes[check.name] = cause or check.name
        yield replace(found, check=check.name)


def _found(check: Check[T], subject: T) -> Finding:
    try:
        return check.run(subject)
    except SapmatchError as exc:
        return failure(exc)
