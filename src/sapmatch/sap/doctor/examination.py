"""The checks in their order, and which of them make sense without which."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Generic, TypeVar

from msgspec import Struct
from msgspec.structs import replace

from sapmatch.clock import SystemClock
from sapmatch.model.auth import (
    Auth,
    Basic,
    BtpDestination,
    Certificate,
    ClientCredentials,
    SamlBearer,
)
from sapmatch.model.connection import Connection
from sapmatch.model.errors import InputRejected, SapmatchError
from sapmatch.model.ports import Clock
from sapmatch.sap.doctor import (
    destination,
    logon,
    network,
    pace,
    rfc,
    secret,
    services,
    tls,
    tokens,
)
from sapmatch.sap.doctor.finding import Finding, failed, failure, skipped
from sapmatch.sap.doctor.system import Entry, System, Target, Visit

T = TypeVar("T", System, Visit)


class Check(Struct, Generic[T], frozen=True):
    """`needs` are the checks without which this one says nothing; those that are not made count
    as passed. `of` says which systems it is about, `mend` where settings are that it finds wrong.
    """

    name: str
    run: Callable[[T], Finding]
    needs: tuple[str, ...] = ()
    of: Callable[[System], bool] = lambda _: True
    mend: str = ""


def _by(*kinds: type[Auth]) -> Callable[[System], bool]:
    return lambda system: isinstance(system.connection.auth, kinds)


def _speaks_for_people(system: System) -> bool:
    auth = system.connection.auth
    return isinstance(auth, BtpDestination) and auth.for_people is not None


def _gets_tokens_from_sap(system: System) -> bool:
    return _by(*_TOKENS)(system) and not system.connection.tokens_from_outside


def _gets_tokens_elsewhere(system: System) -> bool:
    return _by(*_TOKENS)(system) and system.connection.tokens_from_outside


_SENT = ("secret", "certificate", "authorities", "guard")  # before anything of the secret is
_AUTH = "{setting}.auth and its secret"
_COCKPIT = (
    "BTP cockpit, Connectivity, Destinations: the destination; or url, proxy and auth of {setting}"
)
_TOKENS = (ClientCredentials, SamlBearer, BtpDestination)
SYSTEM: tuple[Check[System], ...] = (
    Check("secret", secret.secret, of=_by(Basic, Certificate, *_TOKENS)),
    Check("certificate", secret.certificate, ("secret",), of=_by(Certificate, *_TOKENS)),
    Check("guard", logon.guard, ("secret",), of=lambda system: system.entry.stopped is not None),
    Check("authorities", secret.authorities, of=lambda system: system.connection.ca is not None),
    Check("dns", network.dns),
    Check("route", network.route, ("dns",)),
    Check("tls", tls.tls, ("route", "authorities")),
    Check(
        "proxy",
        tokens.proxy,
        ("route", "authorities"),
        of=lambda system: system.connection.proxy is not None,
        mend="{setting}.proxy and its secret",
    ),
    Check("token", tokens.token, (*_SENT, "tls"), of=_gets_tokens_from_sap, mend=_AUTH),
    Check("token", tokens.token, _SENT, of=_gets_tokens_elsewhere, mend=_AUTH),
    Check(
        "destination", destination.destination, ("token",), of=_by(BtpDestination), mend=_COCKPIT
    ),
    Check("for_people", destination.people, ("token",), of=_speaks_for_people, mend=_COCKPIT),
    Check(
        "logon",
        logon.logon,
        ("tls", "proxy", *_SENT, "token", "destination"),
    ),
    Check("client", logon.client, ("logon",)),
    Check("rfc", rfc.rfc, ("logon",), of=lambda system: system.connection.rfc is not None),
)
SERVICE: tuple[Check[Visit], ...] = (
    Check("service", services.service, ("logon",)),
    Check("metadata", services.metadata, ("service",)),
    Check("authorisation", services.authorisation, ("metadata",)),
    Check("csrf", services.csrf, ("service",)),
    Check("paging", services.paging, ("authorisation",)),
    Check("delta", services.delta, ("metadata",)),
)
TIMES: tuple[Check[System], ...] = (
    Check("clock", pace.clock, ("tls",)),
    Check("answer_time", pace.answer_time, ("tls",)),
)


def examine(
    name: str,
    connection: Connection,
    targets: Sequence[Target],
    entry: Entry,
    *,
    clock: Clock | None = None,
) -> Iterator[Finding]:
    """One finding for each check, as soon as it is known; nothing is written.

    What `entry` fails at is a finding too. SAP is asked for one logon, and every other call is made
    once; each ends within the time limits of the connection. Raises InputRejected without a target,
    and for an address that no client would go to.
    """
    if not targets:
        raise InputRejected(f"connections.{name}: there is no service to look at")
    system = System(name, connection, targets[0], entry, clock or SystemClock())
    causes: dict[str, str] = {}
    try:
        checks = [check for check in SYSTEM if check.of(system)]
        yield from _findings(checks, system, causes)
        yield from _of_services(system, targets, causes)
        yield from _findings(TIMES, system, causes)
    finally:
        system.close()


def _of_services(
    system: System, targets: Sequence[Target], causes: Mapping[str, str]
) -> Iterator[Finding]:
    """The findings of every service; once for all of them where none can be asked."""
    targets = [target for target in targets if target.service]
    if not targets:
        return
    if "logon" in causes:
        yield from _findings(SERVICE, Visit(system, targets[0]), dict(causes))
        return
    for target in targets:
        for found in _findings(SERVICE, Visit(system, target), dict(causes)):
            yield replace(found, service=target.service)


def _findings(checks: Sequence[Check[T]], subject: T, causes: dict[str, str]) -> Iterator[Finding]:
    """`causes` says of each check that failed or was left out for it, which one failed first."""
    for check in checks:
        cause = next((causes[name] for name in check.needs if name in causes), None)
        if cause:
            found = skipped(f"says nothing as long as {cause} fails")
        else:
            found = _found(check, subject)
        if cause or found.status == "failed":
            causes[check.name] = cause or check.name
        yield replace(found, check=check.name)


def _system(subject: System | Visit) -> System:
    return subject.system if isinstance(subject, Visit) else subject


def _found(check: Check[T], subject: T) -> Finding:
    try:
        return check.run(subject)
    except InputRejected as exc:
        remedy = check.mend.format(setting=subject.setting)
        return failed(str(exc), remedy) if remedy else failure(exc)
    except SapmatchError as exc:
        return failure(exc, _system(subject).connection)
