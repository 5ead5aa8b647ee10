"""When a SAP system that does not answer is left in peace, and how work comes back to it.

CLOSED until SAP fails five times in a row, or more often than not. OPEN: nobody writes. HALF_OPEN:
a step of one write, then of two, four, eight; where failures are ahead of answers in a step, it is
open again, for twice as long. Plain values and rules; times are seconds since 1970.
"""

from collections.abc import Sequence
from typing import Literal

from msgspec import Struct
from msgspec.structs import replace

IN_A_ROW = 5
RECENT = 20  # writes of which more than half failed
LONGEST = 600.0  # seconds
FULL = 32  # writes of the last step
STEP_SECONDS = 150.0  # a call and its answer; a worker that took longer is dead
_SKEW = 600.0  # seconds that a clock may be ahead of others (RE-27); beyond, it was broken
_FAILED, _ANSWERED = "x", "."


class Breaker(Struct, frozen=True, kw_only=True):
    """How it stands; `epoch` counts its phases and steps, so that late answers are recognised.

    CLOSED: `recent` marks the last writes from the first failure on. OPEN: until `until`, after
    which it lasted `rest` seconds. HALF_OPEN: of `step` writes so many were `begun`, `answered` in
    any way, and `failed`; those whose answers did not come by `until` are given up.
    """

    phase: Literal["CLOSED", "OPEN", "HALF_OPEN"] = "CLOSED"
    epoch: int = 0
    recent: str = ""
    until: float = 0.0
    rest: float = 0.0
    step: int = 0
    begun: int = 0
    answered: int = 0
    failed: int = 0

    @property
    def is_clean(self) -> bool:
        """Whether a write that SAP answers changes nothing."""
        return self.phase == "CLOSED" and not self.recent

    def shuts(self, now: float) -> bool:
        """Whether it is open and stays so for now; nobody opens it for longer than LONGEST."""
        return self.phase == "OPEN" and self._is_ahead(now)

    def admitted(self, now: float, wanted: int, unused: int = 0) -> tuple["Breaker", int]:
        """With writes begun, and how many of `wanted` they are; CLOSED, they are not counted.

        `unused` are those that the same worker had begun in this epoch and did not send.
        """
        if self.phase == "CLOSED":
            return self, wanted
        if self.shuts(now):
            return self, 0
        if self.phase == "OPEN" or not self._is_ahead(now):
            return self._stepped(now, self.step or 1).admitted(now, wanted)
        begun = max(self.answered, self.begun - unused)
        writes = min(wanted, self.step - begun)
        return replace(self, begun=begun + writes), writes

    def noted(self, failures: Sequence[bool], now: float, first_rest: float) -> "Breaker":
        """After writes that were admitted in this epoch; True: SAP failed to answer it."""
        if self.phase == "HALF_OPEN":
            return self._step_noted(failures, now)
        marks = "".join(_FAILED if failed else _ANSWERED for failed in failures)
        recent = (self.recent + marks)[-RECENT:]
        if _FAILED not in recent:
            return replace(self, recent="")
        if _FAILED * IN_A_ROW in recent or recent.count(_FAILED) > RECENT / 2:
            return self._opened(now, first_rest)
        return replace(self, recent=recent)

    def _step_noted(self, failures: Sequence[bool], now: float) -> "Breaker":
        failed = self.failed + sum(failures)
        answered = self.answered + len(failures)
        if failed > answered - failed:
            return self._opened(now, min(LONGEST, 2 * self.rest))
        if answered < self.step:
            return replace(self, answered=answered, failed=failed)
        if self.step >= FULL:
            return Breaker(epoch=self.epoch + 1)
        return self._stepped(now, 2 * self.step)

    def _opened(self, now: float, rest: float) -> "Breaker":
        return Breaker(phase="OPEN", epoch=self.epoch + 1, until=now + rest, rest=rest)

    def _stepped(self, now: float, step: int) -> "Breaker":
        return Breaker(
            phase="HALF_OPEN",
            epoch=self.epoch + 1,
            until=now + STEP_SECONDS,
            rest=self.rest,
            step=step,
        )

    def _is_ahead(self, now: float) -> bool:
        return now < self.until <= now + LONGEST + _SKEW
