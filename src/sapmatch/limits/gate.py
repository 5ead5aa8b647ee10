"""Whether, and how fast, a SAP system may be written to, as all functions of a stage agree."""

from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from math import ceil

import msgspec
from msgspec import Struct, field
from msgspec.structs import replace

from sapmatch.limits.agreed import Agreed, agree
from sapmatch.limits.breaker import Breaker
from sapmatch.limits.pace import SharedPace
from sapmatch.limits.permits import Permit
from sapmatch.model.connection import Limits
from sapmatch.model.errors import SapThrottled
from sapmatch.model.intent import Cause
from sapmatch.model.limits import Admission
from sapmatch.model.ports import Clock, Control

_WRITES = "writes"
_FRESH = 2.0  # seconds for which what was read counts
_SLICE = 1.0  # seconds of the rate that one function books at a time
_LATE = 30.0  # seconds for which turns that are over may still be used: SAP takes its time
_NEXT_STEP = 5.0  # seconds: the answers of a step are waited for
_RELEASED = 600.0  # seconds: who was held by a person comes back, as it may be released early


class Standing(Agreed, frozen=True, kw_only=True):
    """How a SAP system stands; `held_until` in seconds since 1970, `why` in a person's words."""

    breaker: Breaker = field(default_factory=Breaker)
    held_until: float = 0.0
    why: str = ""


class _Slice(Struct, frozen=True):
    """Turns that one function booked: the next one's moment, seconds between two, how many left."""

    turn: float = 0.0
    gap: float = 0.0
    left: int = 0

    @property
    def end(self) -> float:
        return self.turn + self.gap * self.left

    def without(self, taken: int) -> "_Slice":
        return _Slice(self.turn + self.gap * taken, self.gap, self.left - taken)


class SharedGate:
    """Port Gate over what runs agree on; one for each function, used by one thread.

    A closed breaker costs a read in two seconds, a write where SAP failed lately, and a write for
    each slice of turns. With `batch` so many writes travel in one request. `permit` is told of
    every call, and nothing leaves while it is not held.
    """

    def __init__(
        self,
        control: Control,
        clock: Clock,
        connection: str,
        limits: Limits,
        *,
        batch: int = 1,
        permit: Permit | None = None,
    ) -> None:
        self._control = control
        self._clock = clock
        self._key = f"sap/{connection}/gate"
        self._rate = limits.requests_per_second
        self._pace = SharedPace(control, clock, f"sap/{connection}", {_WRITES: self._rate})
        self._first_rest = limits.open_seconds
        self._batch = batch
        self._permit = permit
        self._slice = _Slice()
        self._seen = Standing()
        self._seen_at = float("-inf")
        self._epoch = 0
        self._unnoted = 0  # writes that were admitted in this epoch
        self._since = 0.0  # when the last of them was admitted or noted

    def admit(self, wanted: int) -> Admission:
        """As many as breaker, hold, permit and pace let go now; a slice of turns at most."""
        refused = self._refusal(self._standing())
        if refused:
            return refused
        self._hold_permit()
        requests = self._take(ceil(wanted / self._batch))
        return self._begin(min(wanted, requests * self._batch))

    def note(self, failures: Sequence[bool]) -> None:
        """Count the writes that left; those that an earlier phase let out say nothing of this."""
        if self._permit and failures:
            requests = ceil(len(failures) / self._batch)
            self._permit.called((self._now() - self._since) / requests, sum(failures))
        if any(failures) or not self._seen.breaker.is_clean:
            self._change(lambda standing, now: self._noted(standing, now, failures))
        self._unnoted = max(0, self._unnoted - len(failures))
        self._since = self._now()

    def hold(self, until: datetime, why: str) -> None:
        """Let nobody write until then: for a maintenance of SAP, or after a restore (RE-33).

        Functions learn it within seconds; what they sent before goes on.
        """
        moment = until.timestamp()
        self._change(lambda standing, _now: replace(standing, held_until=moment, why=why))

    def release(self) -> None:
        """End a hold."""
        self._change(lambda standing, _now: replace(standing, held_until=0.0, why=""))

    def standing(self) -> Standing:
        """How the system stands now."""
        self._seen_at = float("-inf")
        return self._standing()

    def _standing(self) -> Standing:
        now = self._now()
        if not 0 <= now - self._seen_at < _FRESH:
            stored = self._control.read(self._key)
            self._seen = msgspec.json.decode(stored.value, type=Standing) if stored else Standing()
            self._seen_at = now
        return self._seen

    def _refusal(self, standing: Standing) -> Admission | None:
        now = self._now()
        if now < standing.held_until:
            return _none(Cause.OPERATOR, min(standing.held_until, now + _RELEASED))
        if standing.breaker.shuts(now):
            return _none(Cause.SAP_DOWN, standing.breaker.until)
        return None

    def _hold_permit(self) -> None:
        if self._permit and not self._permit.is_held:
            self._permit.wait()
            if not self._permit.is_held:
                raise SapThrottled(f"{self._key}: time is up before a permit came free; try again")

    def _take(self, requests: int) -> int:
        """Turns for requests, after waiting for the first of them."""
        if not self._slice.left or self._slice.end + _LATE < self._now():
            calls = ceil(self._rate * _SLICE)
            booked = self._pace.book(_WRITES, calls)
            self._slice = _Slice(booked.turn, (booked.free_at - booked.turn) / calls, calls)
        turn, taken = self._slice.turn, min(requests, self._slice.left)
        self._slice = self._slice.without(taken)
        self._clock.sleep(max(0.0, turn - self._now()))
        return taken

    def _begin(self, wanted: int) -> Admission:
        """Count the writes where the breaker is on its way back: then every one is agreed on."""
        writes = wanted

        def begin(standing: Standing, now: float) -> Standing:
            nonlocal writes
            if now < standing.held_until:
                return standing
            unused = self._unnoted if standing.breaker.epoch == self._epoch else 0
            breaker, writes = standing.breaker.admitted(now, wanted, unused)
            return replace(standing, breaker=breaker)

        if self._seen.breaker.phase != "CLOSED" and (refused := self._refusal(self._change(begin))):
            return refused
        self._epoch, self._unnoted = self._seen.breaker.epoch, writes
        self._since = self._now()
        if not writes:
            return _none(Cause.SAP_DOWN, self._now() + _NEXT_STEP)
        return Admission(writes=writes)

    def _noted(self, standing: Standing, now: float, failures: Sequence[bool]) -> Standing:
        if standing.breaker.epoch != self._epoch:
            return standing
        after = standing.breaker.noted(failures, now, self._first_rest)
        return replace(standing, breaker=after)

    def _change(self, to: Callable[[Standing, float], Standing]) -> Standing:
        self._seen = agree(self._control, self._clock, self._key, Standing(), to)
        self._seen_at = self._now()
        return self._seen

    def _now(self) -> float:
        return self._clock.now().timestamp()


def _none(cause: Cause, until: float) -> Admission:
    return Admission(writes=0, cause=cause, until=datetime.fromtimestamp(until, UTC))
