"""What bounds the calls of a SAP system, as all functions of a stage agree on it."""

from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from datetime import datetime
from typing import Protocol

from msgspec import Struct

from sapmatch.model.intent import Cause


class Admission(Struct, frozen=True, kw_only=True):
    """How many writes may leave now; where none may, why and until when to wait."""

    writes: int
    cause: Cause | None = None
    until: datetime | None = None


class Gate(Protocol):
    """Whether, and how fast, a SAP system may be written to, as all that write to it agree."""

    def admit(self, wanted: int) -> Admission:
        """Let at most `wanted` writes leave, after waiting for their turn where that is short.

        Throttled and SapThrottled where it is not: nothing may leave, come again later.
        """
        ...

    def note(self, failures: Sequence[bool]) -> None:
        """Tell of writes that left: whether SAP failed to answer each. A refusal is an answer."""
        ...


class Permit(Protocol):
    """The right to be one of those that call a SAP system at the same time."""

    @property
    def is_held(self) -> bool:
        """False where time was up before it came free."""
        ...

    def page(self, seconds: float, busy: int) -> None:
        """Tell of a page: `seconds` it took, how often SAP was `busy` before it answered.

        Waits for another permit where this one is given up because SAP is busy or slow;
        SapThrottled where that takes too long.
        """
        ...


class Permits(Protocol):
    """Bounds how many call one SAP system at once, readers and writers, all functions together."""

    def held(
        self, owner: str, out_of_time: Callable[[], bool] = ...
    ) -> AbstractContextManager[Permit]:
        """Wait for a permit and hold it for the block; SapThrottled where none comes free."""
        ...
