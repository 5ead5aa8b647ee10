"""How long the certificates and passwords of a connection are good for."""

from collections.abc import Iterator
from typing import TYPE_CHECKING

from msgspec import Struct

from sapmatch.bootstrap.logons import waiting
from sapmatch.bootstrap.parts import Services
from sapmatch.bootstrap.secrets import NamedSecrets
from sapmatch.model.auth import secret_of
from sapmatch.reviewing.mail.connection import Expiry
from sapmatch.settings.logons import logon_of

if TYPE_CHECKING:
    from sapmatch.sap.auth.expiry import Ending

TOLD = (-1, 1, 7, 30)  # days before the end at which people are told; -1: it is over


class Watched(Struct, frozen=True, kw_only=True):
    """One connection: what is measured, by metric, in days, and what people have to be told."""

    days: dict[str, int]
    expiries: tuple[Expiry, ...]


def watched(parts: Services, connection: str) -> Watched:
    """The connection as it stands today; InputRejected where a secret cannot be read."""
    now = parts.clock.now()
    found = list(_endings(parts, connection))
    left = [ending.days_left(now) for _, ending in found]
    days = {"CertificateDaysLeft": min(left)} if left else {}
    age = _secret_age(parts, connection)
    if age is not None:
        days["SecretAgeDays"] = age
    standing = waiting(parts, logon_of(parts.settings, connection))
    expiries = (
        _expiry(connection, secret, ending, days_left, standing)
        for (secret, ending), days_left in zip(found, left, strict=True)
    )
    return Watched(days=days, expiries=tuple(each for each in expiries if each))


def _endings(parts: Services, connection: str) -> "Iterator[tuple[str, Ending]]":
    """The certificates in its secrets, each with the name of its secret."""
    from sapmatch.sap.auth.expiry import endings

    secrets = NamedSecrets()
    for secret in dict.fromkeys(parts.settings.connections[connection].secrets):
        for ending in endings(secrets.read(secret)):
            yield secret, ending


def _secret_age(parts: Services, connection: str) -> int | None:
    """Days since the logon secret was changed last; None where it has none."""
    secret = secret_of(parts.settings.connections[connection].auth)
    changed = NamedSecrets().standing(secret).changed_at if secret else None
    return (parts.clock.now() - changed).days if changed else None


def _expiry(
    connection: str, secret: str, ending: "Ending", days: int, standing: tuple[str, ...]
) -> Expiry | None:
    before = next((limit for limit in TOLD if days <= limit), None)
    if before is None:
        return None
    return Expiry(
        connection=connection,
        place=f"the certificate {ending.subject} in `{ending.place}` of secret {secret}",
        ends=ending.ends.date(),
        days=days,
        before=before,
        waiting=standing,
    )
