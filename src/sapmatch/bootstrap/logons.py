"""Logons that are stopped, and what people are told about them."""

from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime
from itertools import chain
from typing import TYPE_CHECKING, Any, TypeAlias

from sapmatch.bootstrap.logon import shared_guard
from sapmatch.bootstrap.parts import Services
from sapmatch.bootstrap.secrets import NamedSecrets
from sapmatch.model.auth import BtpDestination
from sapmatch.model.connection import Connection
from sapmatch.settings import Settings
from sapmatch.settings.logons import logon_of

if TYPE_CHECKING:
    from sapmatch.aws.secrets import Standing
    from sapmatch.limits.logons import SharedLogonGuard
    from sapmatch.reviewing.mail.connection import StoppedLogon


# What is refused, when it was stored, and since when nobody tries it.
_Stop: TypeAlias = tuple[str, datetime | None, datetime]


def logon_guard(parts: Services, connection: str) -> "SharedLogonGuard":
    """The guard of one connection and of those that share its user, to look at and to release."""
    return shared_guard(parts.settings, connection, parts.control, parts.clock, parts.stage)


def changed_logons(records: Iterable[Mapping[str, Any]]) -> list[str]:
    """The connections whose logons the stream of the control table tells of, each once."""
    from sapmatch.limits.logons import KEY

    keys = (str(record["dynamodb"]["Keys"]["pk"]["S"]) for record in records)
    return sorted({key.removeprefix(KEY) for key in keys if key.startswith(KEY)})


def stopped_logon(parts: Services, name: str) -> "StoppedLogon | None":
    """What stands still, where the version of the secret that counts now is the stopped one.

    None where there is a newer one by now: functions that still had the old one were refused.
    """
    from sapmatch.reviewing.mail.connection import StoppedLogon

    connection = parts.settings.connections.get(name)
    if connection is None:
        return None
    guard = logon_guard(parts, name)
    stopped = next(chain(_secrets(connection, guard), _passwords(connection, guard)), None)
    if stopped is None:
        return None
    secret, stored, since = stopped
    return StoppedLogon(
        connection=name,
        secret=secret,
        stored=stored,
        remedy=connection.kind.remedies.logon,
        since=since,
        waiting=waiting(parts, name),
    )


def _secrets(connection: Connection, guard: "SharedLogonGuard") -> Iterator[_Stop]:
    """Of its own, be it that of its proxy, those whose current version is stopped."""
    for secret in connection.secrets:
        standing = NamedSecrets().standing(secret)
        if since := _stopped_since(guard, standing):
            yield secret, standing.changed_at, since


def _passwords(connection: Connection, guard: "SharedLogonGuard") -> Iterator[_Stop]:
    """The password in a destination of BTP, where the newest that was tried is stopped."""
    from sapmatch.sap.auth.admission import PASSWORD

    logons = guard.standing()
    tried = {v: trial for v, trial in logons.versions.items() if v.startswith(PASSWORD)}
    if tried and isinstance(connection.auth, BtpDestination):
        newest = max(tried, key=lambda version: tried[version].changed_at)
        if since := logons.stopped_at(newest):
            yield f"the destination {connection.auth.destination} (BTP cockpit)", None, since


def stopped_since(guard: "SharedLogonGuard", secret: str) -> datetime | None:
    """When the version of the secret that counts now was stopped."""
    return _stopped_since(guard, NamedSecrets().standing(secret))


def _stopped_since(guard: "SharedLogonGuard", standing: "Standing") -> datetime | None:
    from sapmatch.aws.secrets import CURRENT

    version = standing.labelled(CURRENT)
    return guard.standing().stopped_at(version) if version else None


def waiting(parts: Services, connection: str) -> tuple[str, ...]:
    """What stands still while nobody logs on there: extractions and write-backs."""
    return tuple(_waiting(parts.settings, connection))


def _waiting(settings: Settings, connection: str) -> Iterator[str]:
    for name, extraction in settings.extractions.items():
        if logon_of(settings, extraction.connection) == connection:
            yield f"extraction {name}"
    for name, flow in settings.write_backs.items():
        if logon_of(settings, flow.connection) == connection:
            yield f"write-back {name}"
