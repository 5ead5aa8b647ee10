"""The secret of one connection: read when it is needed, once more when SAP refuses it.

A refused secret is never tried again: S/4HANA Cloud locks a communication user after three
failures (KBA 2806979), an ABAP system by default after five.
"""

import threading
from collections.abc import Mapping
from datetime import datetime, timedelta

from msgspec.structs import replace

from sapmatch.model.access import LogonGuard, Secret, Secrets
from sapmatch.model.ports import Clock

AGE = timedelta(minutes=5)  # after which a secret is read anew, as it may have been rotated


class Given:
    """Port Secrets for values that are at hand: one version, under any name."""

    def __init__(self, fields: Mapping[str, str]) -> None:
        self._fields = dict(fields)

    def read(self, name: str) -> Secret:
        """The values."""
        return Secret(name=name, version="given", fields=self._fields)


class Credentials:
    """One secret as one client uses it; thread-safe.

    `accepted` and `refused` tell what came of a logon with the version of `current`. `setting` is
    where the settings name it: `[connections.s4].auth.secret`.
    """

    def __init__(
        self,
        setting: str,
        name: str,
        secrets: Secrets,
        clock: Clock,
        guard: LogonGuard | None = None,
    ) -> None:
        self._setting = setting
        self._name = name
        self._secrets = secrets
        self._clock = clock
        self._guard = guard
        self._lock = threading.Lock()
        self._secret: Secret | None = None
        self._read_at: datetime | None = None

    def current(self) -> Secret:
        """The secret, at most AGE old; LogonRefused where its version was refused too often."""
        with self._lock:
            secret = self._secret if self._is_fresh() else None
            if secret is None:
                secret = self._read()
        if self._guard:
            self._guard.admit(secret.version)
        return secret

    def accepted(self, secret: Secret) -> None:
        """It opened the door."""
        if self._guard:
            self._guard.accepted(secret.version)

    def refused(self, secret: Secret) -> bool:
        """It did not; whether there is another version by now, to be tried once (RE-26)."""
        if self._guard:
            self._guard.refused(secret.version)
        with self._lock:
            if self._secret is not None and self._secret.version != secret.version:
                return True  # another thread has read the new one
            return self._read().version != secret.version

    def _read(self) -> Secret:
        found = self._secrets.read(self._name)
        self._secret = replace(found, name=f"{found.name} ({self._setting})")
        self._read_at = self._clock.now()
        return self._secret

    def _is_fresh(self) -> bool:
        return self._read_at is not None and self._clock.now() - self._read_at < AGE
