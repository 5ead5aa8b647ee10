"""Logons that are stopped, and what people are told about them."""

from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime
from typing import TYPE_CHECKING, Any

from sapmatch.bootstrap.logon import shared_guard
from sapmatch.bootstrap.parts import Services
from sapmatch.bootstrap.secrets import NamedSecrets
from sapmatch.model.auth import secret_of
from sapmatch.settings.logons import logon_of

if TYPE_CHECKING:
    from sapmatch.aws.secrets import Standing
    from sapmatch.limits.logons import SharedLogonGuard
    from sapmatch.reviewing.mail.connection import StoppedLogon


def logon_guard(parts: Services, connection: str) -> "SharedLogonGuard":
    """The guard of one connection and of those that share its user, to look at and to release."""
    return shared_guard(parts.settings, connection, parts.control, parts.clock)


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
    secret = secret_of(connection.auth) if connection else None
    if connection is None or secret is None:
        return None
    standing = NamedSecrets().standing(secret)
    since = _stopped_since(logon_guard(parts, name), standing)
    if since is None:
        return None
    return StoppedLogon(
        connection=name,
        secret=secret,
        stored=standing.changed_at,
        remedy=connection.kind.remedies.logon,
        since=since,
        waiting=tuple(_waiting(parts, name)),
    )


def stopped_since(guard: "SharedLogonGuard", secret: str) -> datetime | None:
    """When the version of the secret that counts now was stopped."""
    return _stopped_since(guard, NamedSecrets().standing(secret))


def _stopped_since(guard: "SharedLogonGuard", standing: "Standing") -> datetime | None:
    from sapmatch.aws.secrets import CURRENT

    version = standing.labelled(CURRENT)
    return guard.standing().stopped_at(version) if version else None


def _waiting(parts: Services, connection: str) -> Iterator[str]:
    for name, extraction in parts.settings.extractions.items():
        if logon_of(parts.settings, extraction.connection) == connection:
            yield f"extraction {name}"
    for name, flow in parts.settings.write_backs.items():
        if logon_of(parts.settings, flow.connection) == connection:
            yield f"write-back {name}"
