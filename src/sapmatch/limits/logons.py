"""Keeps all functions together from locking a SAP user with a wrong secret.

S/4HANA Cloud locks a communication user after three failures (KBA 2806979), an ABAP system by
default after five (login/fails_to_user_lock). Here a version of a secret is refused twice at most
before everything of its connection stops, until there is another version or a person releases it.
"""

import random
import threading
import uuid
from collections.abc import Callable
from datetime import UTC, datetime

import msgspec
from msgspec import Struct, field
from msgspec.structs import replace

from sapmatch.limits.agreed import Agreed, agree
from sapmatch.model.errors import LogonRefused, SapThrottled
from sapmatch.model.ports import Clock, Control

KEY = "logons/"  # then the connection: so a stream can be filtered by it
REFUSALS = 2  # of one version
LEASE_SECONDS = 130.0  # one exchange with SAP by default: who took longer is dead
LONGEST_LEASE = 910.0  # no function lives for longer
PATIENCE = 20.0  # seconds for which somebody else's logon is waited for
_FRESH = 2.0  # seconds for which what was read counts
_SKEW = 600.0  # seconds that a clock may be ahead of others (RE-27); beyond, it was broken
_KEPT = 8  # versions
_random = random.SystemRandom()


class Trial(Struct, frozen=True, kw_only=True):
    """How one version of a secret stands with SAP; times in seconds since 1970.

    It is `proved` from a logon on until a refusal. Before, only `owner` may try it, until `until`.
    `stopped_at` is when it was refused for the second time, 0 where it was not.
    """

    proved: bool = False
    refusals: int = 0
    owner: str = ""
    until: float = 0.0
    changed_at: float = 0.0
    stopped_at: float = 0.0

    @property
    def is_stopped(self) -> bool:
        """Whether nobody tries it again."""
        return self.stopped_at > 0

    def begun(self, owner: str, now: float, lease: float = LEASE_SECONDS) -> "Trial":
        """With the owner as the one who tries it for so many seconds, where nobody else does."""
        if self.proved or self.is_stopped or self._is_tried_by_another(owner, now):
            return self
        return replace(self, owner=owner, until=now + lease, changed_at=now)

    def accepted(self, owner: str, now: float) -> "Trial":
        """After a logon of who tried it; what was sent before a refusal proves nothing."""
        return Trial(proved=True, changed_at=now) if self.owner == owner else self

    def refused(self, now: float) -> "Trial":
        """After a refusal of anybody's logon."""
        refusals = self.refusals + 1
        stopped_at = self.stopped_at or (now if refusals >= REFUSALS else 0.0)
        return Trial(refusals=refusals, changed_at=now, stopped_at=stopped_at)

    def _is_tried_by_another(self, owner: str, now: float) -> bool:
        return self.owner not in ("", owner) and now < self.until <= now + LONGEST_LEASE + _SKEW


class Logons(Agreed, frozen=True, kw_only=True):
    """How the versions of the secret of one connection stand with SAP."""

    versions: dict[str, Trial] = field(default_factory=dict)

    def of(self, version: str) -> Trial:
        """How one version stands."""
        return self.versions.get(version, Trial())

    def stopped_at(self, version: str) -> datetime | None:
        """Since when nobody tries this version, None where it may be tried."""
        trial = self.of(version)
        return datetime.fromtimestamp(trial.stopped_at, UTC) if trial.is_stopped else None

    def having(self, version: str, trial: Trial) -> "Logons":
        """With one version changed; the oldest of too many are forgotten."""
        if trial == self.of(version):
            return self
        versions = self.versions | {version: trial}
        kept = sorted(versions, key=lambda name: versions[name].changed_at)[-_KEPT:]
        return replace(self, versions={name: versions[name] for name in kept})


class SharedLogonGuard:
    """Port LogonGuard over what functions agree on; one for each function and connection.

    Thread-safe: each thread is a caller of its own, named after `owner`. A proved version costs a
    read in two seconds and no write. `seconds` is how long one exchange with SAP may take. Counted
    is under the connection's name unless `counted_as` says another; `is_alive` tells whether an
    owner may still be at work, where that can be known. `stage` is the one that people release.
    """

    def __init__(
        self,
        control: Control,
        clock: Clock,
        connection: str,
        *,
        owner: str | None = None,
        seconds: float = LEASE_SECONDS,
        stage: str | None = None,
        counted_as: str | None = None,
        is_alive: Callable[[str], bool] = lambda _owner: True,
    ) -> None:
        self._control = control
        self._clock = clock
        self._connection = connection
        self._owner = owner or uuid.uuid4().hex
        self._stage = stage
        self._counted_as = counted_as or connection
        self._is_alive = is_alive
        self._lease = min(max(seconds, LEASE_SECONDS), LONGEST_LEASE)
        self._seen = Logons()
        self._seen_at = float("-inf")

    def admit(self, version: str) -> None:
        """Wait until the version may be tried.

        LogonRefused (stopped) where SAP refused it twice, SapThrottled where somebody else's logon
        takes too long.
        """
        end = self._now() + PATIENCE
        trial = self._standing().of(version)
        while not trial.proved:
            if trial.is_stopped:
                raise LogonRefused(self._stopped(trial), "stopped")
            trial = self._change(version, self._begun)
            if trial.owner == self._caller:
                return
            if not trial.proved and not trial.is_stopped:
                self._wait(end)

    def accepted(self, version: str) -> None:
        """The version is proved, and everybody may use it."""
        if not self._seen.of(version).proved:
            self._change(version, lambda trial, now: trial.accepted(self._caller, now))

    def refused(self, version: str) -> None:
        """Count it; from now on one caller at a time, and after the second refusal nobody."""
        self._change(version, lambda trial, now: trial.refused(now))

    def release(self) -> None:
        """Let every version be tried again, one caller at a time: a person has mended it."""
        agree(
            self._control,
            self._clock,
            self._key,
            Logons(),
            lambda logons, _now: replace(logons, versions={}),
        )
        self._seen_at = float("-inf")

    def standing(self) -> Logons:
        """How the versions stand now."""
        self._seen_at = float("-inf")
        return self._standing()

    def _standing(self) -> Logons:
        now = self._now()
        if not 0 <= now - self._seen_at < _FRESH:
            stored = self._control.read(self._key)
            self._seen = msgspec.json.decode(stored.value, type=Logons) if stored else Logons()
            self._seen_at = now
        return self._seen

    def _change(self, version: str, to: Callable[[Trial, float], Trial]) -> Trial:
        self._seen = agree(
            self._control,
            self._clock,
            self._key,
            Logons(),
            lambda logons, now: logons.having(version, to(logons.of(version), now)),
        )
        self._seen_at = self._now()
        return self._seen.of(version)

    def _begun(self, trial: Trial, now: float) -> Trial:
        if trial.owner and not self._is_alive(trial.owner):
            trial = replace(trial, owner="")
        return trial.begun(self._caller, now, self._lease)

    def _wait(self, end: float) -> None:
        if self._now() >= end:
            raise SapThrottled(
                f"{self._connection}: somebody else tries the new logon secret; try again later",
                retry_after=self._lease,
            )
        self._clock.sleep(_random.uniform(0.2, 1.0))

    def _stopped(self, trial: Trial) -> str:
        since = datetime.fromtimestamp(trial.stopped_at, UTC)
        where = f" --stage {self._stage}" if self._stage else ""
        return (
            f"[connections.{self._connection}]: SAP refused this version of its logon secret "
            f"twice, so nothing is sent since {since:%Y-%m-%d %H:%M:%S} UTC, lest the user is "
            "locked; put the right password into the secret, or, where only the user was locked "
            f"(SU01), unlock it and run `sapmatch release {self._connection}{where}`"
        )

    @property
    def _key(self) -> str:
        return f"{KEY}{self._counted_as}"

    @property
    def _caller(self) -> str:
        return f"{self._owner}/{threading.get_ident()}"

    def _now(self) -> float:
        return self._clock.now().timestamp()
