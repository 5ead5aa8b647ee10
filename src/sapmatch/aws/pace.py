"""How fast a service may be called, agreed on by all functions of a stage.

Calls of an operation are booked one behind the other, with the time between them that its rate
leaves: a token bucket of one token. A function that may not go at once waits for its turn, and one
that would wait too long books nothing and is started again later (RE-14).
"""

import random
import uuid
from collections.abc import Callable, Mapping

import msgspec
from msgspec import Struct
from msgspec.structs import replace

from sapmatch.model.errors import PreconditionFailed, Throttled
from sapmatch.model.ports import Clock, Control

_TRIES = 20  # where several functions book at the same moment
_SLOWEST = 1 / 16  # of the rate: what is left however often the service complains
_SETTLED = 10.0  # seconds in which further complaints are about calls that were booked before
_DOUBLED = 60.0  # seconds after which the rate has doubled again, up to what is set
_SKEW = 600.0  # seconds that a clock may be ahead of others (RE-27); beyond, it was broken
_random = random.Random()  # noqa: S311 - spreads writers, no secret


class Turns(Struct, frozen=True):
    """Of one operation: when the next call is free, in seconds since 1970, and how fast we go.

    `share` is the part of the set rate that was left when it was lowered last. `change` names the
    change that made it: two functions that book the same turn never write the same value, so that
    each knows whether it was its own write that counted.
    """

    free_at: float = 0.0
    share: float = 1.0
    lowered_at: float = 0.0
    change: str = ""

    def share_at(self, now: float) -> float:
        """The part of the set rate that counts now: it doubles until it is whole again."""
        doublings = max(0.0, now - self.lowered_at) / _DOUBLED
        return 1.0 if doublings >= 10 else min(1.0, self.share * 2**doublings)

    def booked(self, now: float, rate: float) -> "Turns":
        """With one call more; its turn comes at `max(now, free_at)`."""
        return replace(self, free_at=max(now, self.free_at) + 1 / (rate * self.share_at(now)))

    def lowered(self, now: float) -> "Turns":
        """At half the speed, unless that was just done for the calls of the same moment."""
        if abs(now - self.lowered_at) < _SETTLED:
            return self
        return replace(self, share=max(_SLOWEST, self.share_at(now) / 2), lowered_at=now)


class SharedPace:
    """Port Pace over what runs agree on: `rates` are calls a second by operation, all above 0.

    `patience` is how many seconds a call waits for its turn at most.
    """

    def __init__(
        self,
        control: Control,
        clock: Clock,
        service: str,
        rates: Mapping[str, float],
        *,
        patience: float = 20.0,
    ) -> None:
        self._control = control
        self._clock = clock
        self._service = service
        self._rates = rates
        self._patience = patience

    def take(self, operation: str) -> None:
        """Book the next turn and wait for it."""
        rate = self._rates[operation]

        def book(turns: Turns, now: float) -> Turns:
            if turns.free_at - now > self._patience + 1 / (rate * _SLOWEST) + _SKEW:
                turns = replace(turns, free_at=now)
            if turns.free_at - now > self._patience:
                raise Throttled(
                    f"{self._service} {operation}: all calls of the next {self._patience:.0f} "
                    f"seconds are taken; it is tried again (rate: {rate:g} a second)"
                )
            return turns.booked(now, rate)

        turn = self._change(operation, book).free_at
        wait = turn - self._now()
        self._clock.sleep(wait if 0 < wait <= self._patience else 0.0)

    def slow_down(self, operation: str) -> None:
        """Half the rate from now on; it grows back within minutes."""
        self._change(operation, Turns.lowered)

    def _change(self, operation: str, to: Callable[[Turns, float], Turns]) -> Turns:
        """Agree on other turns; returns those before."""
        key = f"{self._service}/{operation}/turns"
        for _ in range(_TRIES):
            stored = self._control.read(key)
            turns = msgspec.json.decode(stored.value, type=Turns) if stored else Turns()
            wanted = to(turns, self._now())
            if wanted == turns:
                return turns
            try:
                version = stored.version if stored else 0
                named = replace(wanted, change=uuid.uuid4().hex)
                self._control.write(key, msgspec.json.encode(named), expected=version)
            except PreconditionFailed:  # somebody else was faster
                self._clock.sleep(_random.uniform(0.0, 0.2))
                continue
            return turns
        raise Throttled(f"{self._service} {operation}: too many functions book calls; try again")

    def _now(self) -> float:
        return self._clock.now().timestamp()
