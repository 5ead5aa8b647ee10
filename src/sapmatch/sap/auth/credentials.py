"""The secret of one connection: read when it is needed, once more when SAP refuses it.

A refused secret is never tried again: S/4HANA Cloud locks a communication user after three
failures (KBA 2806979), an ABAP system by default after five.
"""

import threading
from collections.abc import Mapping
from datetime import datetime, timedelta

from msgspec.structs import replace

from sapmatch.model.access import Access, LogonGuard, Secret, Secrets
from sapmatch.model.errors import LogonRefused, TransientError
from sapmatch.model.ports import Clock
from sapmatch.sap.auth.admission import Admission

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
        self._is_guarded = guard is not None
        self._admission = Admission(guard, clock)
        self._lock = threading.Lock()
        self._secret: Secret | None = None
        self._read_at: datetime | None = None
        self._refused: set[str] = set()  # the versions that it refused

    def known(self) -> Secret:
        """The secret, at most AGE old, for who just wants to know whose it is."""
        with self._lock:
            secret = self._secret if self._is_fresh() else None
            return secret or self._read()

    def current(self) -> Secret:
        """The secret to log on with now; LogonRefused where its version was refused before."""
        secret = self.known()
        if secret.version in self._refused:
            with self._lock:
                secret = self._read()
            # Where there is a guard it decides: a person may have released this very version.
            if not self._is_guarded and secret.version in self._refused:
                raise LogonRefused(
                    f"secret {secret.name}: was refused before and is the same still; it is not "
                    "tried again, so that the user does not get locked: store a new version of it",
                    "stopped",
                )
        try:
            # Outside of the lock: it may wait for another one's logon.
            self._admission.admit(secret.version)
        except LogonRefused:
            with self._lock:
                newer = self._read()
            if newer.version == secret.version:
                raise
            # Others were refused with the old one after it was rotated (RE-26).
            self._admission.admit(newer.version)
            return newer
        return secret

    def accepted(self, secret: Secret) -> None:
        """It opened the door."""
        self._admission.accepted(secret.version)

    def refused(self, secret: Secret) -> bool:
        """It did not; whether there is another version by now, to be tried once (RE-26)."""
        with self._lock:
            self._refused.add(secret.version)
        self._admission.refused(secret.version)
        return self.is_outdated(secret)

    def is_outdated(self, secret: Secret) -> bool:
        """Whether there is another version by now; not as far as we know where none can be read."""
        with self._lock:
            if self._secret is not None and self._secret.version != secret.version:
                return True  # another thread has read the new one
            try:
                return self._read().version != secret.version
            except TransientError:
                return False

    def _read(self) -> Secret:
        found = self._secrets.read(self._name)
        self._secret = replace(found, name=f"{found.name} ({self._setting})")
        self._read_at = self._clock.now()
        return self._secret

    def _is_fresh(self) -> bool:
        return self._read_at is not None and self._clock.now() - self._read_at < AGE

    def __repr__(self) -> str:
        return f"Credentials({self._setting})"


class Signed:
    """What ways to log on share that send a secret itself.

    Each thread's own request counts: while one signs with a new version of the secret, the old one
    of another may still be on its way.
    """

    def __init__(self, credentials: Credentials) -> None:
        self._credentials = credentials
        self._mine = threading.local()

    @property
    def signed(self) -> Access | None:
        """Nothing beside its headers."""
        return None

    def secret(self) -> Secret:
        """The secret of now, for the request that this thread is about to send."""
        secret = self._mine.secret = self._credentials.current()
        return secret

    def accepted(self) -> None:
        """SAP let this thread's request in."""
        self._credentials.accepted(self._mine.secret)

    def refused(self) -> bool:
        """Whether there is another secret by now than the one that SAP has just refused."""
        return self._credentials.refused(self._mine.secret)

    def refused_again(self) -> None:
        """The other one was refused, too."""
        self._credentials.refused(self._mine.secret)

    def __repr__(self) -> str:
        return f"{type(self).__name__}(...)"
