"""Logons that are stopped, and what people are told about them."""

from collections.abc import Iterable, Iterator, Mapping
from typing import TYPE_CHECKING, Any

from sapmatch.bootstrap.parts import Services
from sapmatch.bootstrap.secrets import NamedSecrets
from sapmatch.model.auth import secret_of

if TYPE_CHECKING:
    from sapmatch.limits.logons import SharedLogonGuard
    from sapmatch.reviewing.mail.connection import StoppedLogon


def logon_guard(parts: Services, connection: str) -> "SharedLogonGuard":
    """The guard of one connection, to look at it and to release it."""
    from sapmatch.limits.logons import SharedLogonGuard

    return SharedLogonGuard(parts.control, parts.clock, connection)


def changed_logons(records: Iterable[Mapping[str, Any]]) -> list[str]:
    """The connections whose logons the stream of the control table tells of, each once."""
    from sapmatch.limits.logons import KEY

    keys = (str(record["dynamodb"]["Keys"]["pk"]["S"]) for record in records)
    return sorted({key.removeprefix(KEY) for key in keys if key.startswith(KEY)})


def stopped_logon(parts: Services, name: str) -> "StoppedLogon | None":
    """What stands still, where the version of the secret that counts now is the stopped one.

    None where there is a newer one by now: functions that still had the old one were refused.
    """
    from sapmatch.aws.secrets import CURRENT
    from sapmatch.reviewing.mail.connection import StoppedLogon

    connection = parts.settings.connections.get(name)
    secret = secret_of(connection.auth) if connection else None
    if connection is None or secret is None:
        return None
    standing = NamedSecrets().standing(secret)
    version = standing.labelled(CURRENT)
    since = logon_guard(parts, name).standing().stopped_at(version) if version else None
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


def _waiting(parts: Services, connection: str) -> Iterator[str]:
    for name, extraction in parts.settings.extractions.items():
        if extraction.connection == connection:
            yield f"extraction {name}"
    for name, flow in parts.settings.write_backs.items():
        if flow.connection == connection:
            yield f"write-back {name}"
