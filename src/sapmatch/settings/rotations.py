"""Rules for `[rotations]`: connection -> how often its logon secret is rotated; `[secrets]`."""

import re
from collections.abc import Iterator

from sapmatch.model.auth import secret_of
from sapmatch.model.errors import Problem
from sapmatch.model.presets import entity_sets_of
from sapmatch.settings.blocks import Settings, mistake

SERVICE_MISSING = "is missing: name an OData service that the next version of the secret can read"

_KEY = re.compile(r"arn:aws[a-z-]*:kms:[a-z0-9-]+:\d{12}:key/[A-Za-z0-9-]+")
_EVERY = re.compile(r"rate\([1-9]\d{0,3} (hours?|days?)\)|cron\([^()]+\)")


def check_rotations(settings: Settings) -> Iterator[Problem]:
    """What Secrets Manager would refuse, or could not try."""
    for name, schedule in settings.rotations.items():
        path = f"rotations.{name}"
        connection = settings.connections.get(name)
        secret = secret_of(connection.auth) if connection else None
        if connection is None:
            yield mistake(path, "names no [connections.*] block of this file")
        elif secret is None or secret.startswith("env:"):
            yield mistake(path, "has no secret in Secrets Manager to rotate")
        elif settings.network.type != "none" and connection.tokens_from_outside:
            yield mistake(
                path,
                "gets its tokens outside of SAP's network, where nobody could try the new version; "
                "replace its secret by hand (docs/operations/rotation.md)",
            )
        elif service_to_try(settings, name) is None:
            yield mistake(f"connections.{name}.service", SERVICE_MISSING)
        if not _EVERY.fullmatch(schedule):
            yield mistake(path, "must be rate(30 days), rate(12 hours) or cron(0 3 1 * ? *)")


def check_secrets(settings: Settings) -> Iterator[Problem]:
    """Roles name a key by its ARN: an alias would grant nothing."""
    for n, key in enumerate(settings.secrets.keys):
        if not _KEY.fullmatch(key):
            yield mistake(
                f"secrets.keys[{n}]",
                "must be the ARN of a key, no alias: arn:aws:kms:eu-central-1:111122223333:key/...",
            )


def service_to_try(settings: Settings, connection: str) -> str | None:
    """The service that shows what the next version of a secret can do; None: nobody named one.

    What the connection says, else what it is used for, else what its kind of system has.
    """
    own = settings.connections[connection]
    read = (e for e in settings.extractions.values() if e.connection == connection)
    extracted = (each.service for extraction in read for each in entity_sets_of(extraction))
    written = (f.service for f in settings.write_backs.values() if f.connection == connection)
    return next(filter(None, (own.service, *extracted, *written, own.kind.service)), None)


def rotated_secrets(settings: Settings) -> dict[str, str]:
    """Secret -> its schedule; connections that share one rotate it once."""
    connections = settings.connections
    return {
        str(secret_of(connections[name].auth)): schedule
        for name, schedule in settings.rotations.items()
    }
