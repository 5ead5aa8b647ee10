"""What the protocol asks the world to do; it does nothing itself.

A step of the protocol is a generator: it yields an effect, is sent the effect's answer, or thrown
the SapmatchError that the effect ended with, and returns the intent in its new state. Whoever
drives it may stop at any effect, as a crash does.
"""

from collections.abc import Callable, Generator
from datetime import datetime, timedelta
from typing import Any, TypeAlias

from msgspec import Struct

from sapmatch.model.intent import Change, Intent, Look


class Save(Struct, frozen=True):
    """Store `after` where the stored version is the one before it; answered by None.

    PreconditionFailed: another worker moved the intent, and the step has lost.
    """

    after: Intent


class Prepare(Struct, frozen=True):
    """Get what a write to the service needs first (a CSRF token); answered by None."""

    service: str
    on_behalf_of: str | None = None


class Ask(Struct, frozen=True):
    """Ask SAP; answered by a list of entities. May be repeated at will."""

    look: Look


class Send(Struct, frozen=True):
    """Send to SAP, at most once, not later than `until`; answered by Written.

    SapUnavailable where the time was over before the first byte left.
    """

    change: Change
    until: datetime


Effect: TypeAlias = Save | Prepare | Ask | Send
Step: TypeAlias = Generator[Effect, Any, Intent]
Now: TypeAlias = Callable[[], datetime]


class Rules(Struct, frozen=True, kw_only=True):
    """The times of one SAP system.

    `settle`: how long after its last moment to leave a sent write may still happen. `spacing`
    between two looks. `slack`: how long after its write-ahead a write may leave. `lease` of a claim
    and of a look. `skew` by which the clocks of two workers may differ (RE-27). `repeatable`: how
    long SAP is trusted to remember a request id (OD-P78).
    """

    settle: timedelta
    spacing: timedelta
    slack: timedelta = timedelta(seconds=30)
    lease: timedelta = timedelta(seconds=300)
    skew: timedelta = timedelta(seconds=0)
    repeatable: timedelta = timedelta(hours=6)
    probes: int = 2
    most_attempts: int = 5
