"""Rotates logon secrets, step by step as Secrets Manager asks for it.

AWSPENDING is made of the current version, tried with one logon, then becomes AWSCURRENT; the one
before stays as AWSPREVIOUS. A version is named by the token of its rotation, so that a step that is
repeated does nothing twice.
"""

from collections.abc import Callable
from typing import Final

from sapmatch.aws.secrets import CURRENT, PENDING, SecretsManager, Standing
from sapmatch.bootstrap.logons import logon_guard
from sapmatch.bootstrap.parts import Services
from sapmatch.bootstrap.secrets import NamedSecrets
from sapmatch.model.access import Secret
from sapmatch.model.auth import secret_of
from sapmatch.model.errors import InputRejected, LogonRefused
from sapmatch.settings.rotations import SERVICE_MISSING, service_to_try

_SUFFIX = 7  # of an ARN: a hyphen and six characters that Secrets Manager adds to the name


class Rotation:
    """One rotation of one secret; `token` is the version that it makes."""

    def __init__(self, parts: Services, arn: str, token: str) -> None:
        self._parts = parts
        self._arn = arn
        self._token = token
        self._secrets = NamedSecrets()

    def step(self, name: str) -> None:
        """One of createSecret, setSecret, testSecret, finishSecret.

        InputRejected where nothing is there to rotate to, or the rotation is of something else;
        LogonRefused where SAP refuses the new version: then the current one stays.
        """
        if name not in _STEPS:
            raise InputRejected(f"secret {self._arn}: {name} is no step of a rotation")
        standing = self._manager.standing(self._arn)
        if standing.labelled(CURRENT) != self._token:
            _STEPS[name](self, standing)

    def _create(self, _standing: Standing) -> None:
        from sapmatch.sap.auth.rotation import next_version

        if not self._manager.is_pending(self._arn, self._token):
            current = self._manager.read(self._arn)
            self._manager.put_pending(self._arn, self._token, next_version(current))

    def _set(self, standing: Standing) -> None:
        """Nothing: a person, or who issues certificates, has set it in SAP before."""
        self._check_pending(standing)

    def _test(self, standing: Standing) -> None:
        self._check_pending(standing)
        version = self._manager.read_version(self._arn, VersionId=self._token)
        try:
            for connection in self._connections():
                self._try(connection, version)
        except LogonRefused:
            self._manager.drop_pending(self._arn, self._token)
            raise

    def _finish(self, standing: Standing) -> None:
        self._check_pending(standing)
        current = standing.labelled(CURRENT)
        self._manager.promote(self._arn, self._token, instead_of=current or "")
        # The next version that a person puts would leave it behind here, and RotateSecret then goes
        # back to this one: it must be on the current version or on none.
        self._manager.drop_pending(self._arn, self._token)

    def _try(self, connection: str, version: Secret) -> None:
        from sapmatch.sap.auth.rotation import log_on

        parts = self._parts
        guard = logon_guard(parts, connection)
        # One that SAP let in is tried again, as it may have had no right there: that locks nobody.
        if guard.standing().of(version.version).refusals:
            raise LogonRefused(
                f"[connections.{connection}]: SAP refused this new version of the secret before; "
                "correct what is in it as `next_...`, then rotate anew",
                "stopped",
            )
        settings = parts.settings.connections[connection]
        pinned = Secret(
            name=secret_of(settings.auth) or "", version=version.version, fields=version.fields
        )
        service = service_to_try(parts.settings, connection)
        if service is None:
            raise InputRejected(f"[connections.{connection}].service: {SERVICE_MISSING}")
        log_on(connection, settings, pinned, self._secrets, parts.clock, guard, service)

    def _connections(self) -> list[str]:
        """Those that log on with this secret, by whatever name."""
        name = self._arn.rpartition(":")[2][:-_SUFFIX]
        by_secret = self._parts.settings.connections.items()
        found = [key for key, each in by_secret if secret_of(each.auth) in (self._arn, name)]
        if not found:
            raise InputRejected(
                f"secret {self._arn}: no connection of this stage logs on with it, so that nothing "
                "can try its new version; take the rotation off it"
            )
        return found

    def _check_pending(self, standing: Standing) -> None:
        if standing.labelled(PENDING) != self._token:
            raise InputRejected(
                f"secret {self._arn}: version {self._token} is not the one that is to be tried "
                "(AWSPENDING); start the rotation anew"
            )

    @property
    def _manager(self) -> SecretsManager:
        return self._secrets.manager


_STEPS: Final[dict[str, Callable[[Rotation, Standing], None]]] = {
    "createSecret": Rotation._create,
    "setSecret": Rotation._set,
    "testSecret": Rotation._test,
    "finishSecret": Rotation._finish,
}
