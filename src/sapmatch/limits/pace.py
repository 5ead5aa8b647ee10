"""How fast a service may be called, agreed on by all functions of a stage.

Calls of an operation are booked one behind the other, with the time between them that its rate
leaves: a token bucket of one token. A function that may not go at once waits for its turn, and one
that would wait too long books nothing and is started again later (RE-14).
"""

from collections.abc import Callable, Mapping

from msgspec.structs import replace

from sapmatch.limits.agreed import Agreed, agree
from sapmatch.model.errors import Throttled
from sapmatch.model.ports import Clock, Control

_SLOWEST = 1 / 16  # of the rate: what is left however often the service complains
_SETTLED = 10.0  # seconds in which further complaints are about calls that were booked before
_DOUBLED = 60.0  # seconds after which the rate has doubled again, up to what is set
_SKEW = 600.0  # seconds that a clock may be ahead of others (RE-27); beyond, it was broken


class Turns(Agreed, frozen=True, kw_only=True):
    """Of one operation, in seconds since 1970: when the next call is free, and how fast we go.

    `turn` is when the calls that were booked last begin. `share` is the part of the set rate that
    was left when it was lowered last.
    """

    free_at: float = 0.0
    turn: float = 0.0
    share: float = 1.0
    lowered_at: float = 0.0

    def share_at(self, now: float) -> float:
        """The part of the set rate that counts now: it doubles until it is whole again."""
        doublings = max(0.0, now - self.lowered_at) / _DOUBLED
        return 1.0 if doublings >= 10 else min(1.0, self.share * 2**doublings)

    def booked(self, now: float, rate: float, calls: int) -> "Turns":
        """With so many calls more; the first one's turn comes at `max(now, free_at)`."""
        turn = max(now, self.free_at)
        return replace(self, turn=turn, free_at=turn + calls / (rate * self.share_at(now)))

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
        turn = self.book(operation, 1).turn
        self._clock.sleep(max(0.0, turn - self._clock.now().timestamp()))

    def book(self, operation: str, calls: int) -> Turns:
        """Book a slice of calls, from `turn` until `free_at`; one write for all of them.

        Throttled, with nothing booked, where the first one's turn is further away than patience.
        """
        rate = self._rates[operation]

        def book(turns: Turns, now: float) -> Turns:
            if turns.free_at - now > self._patience + calls / (rate * _SLOWEST) + _SKEW:
                turns = replace(turns, free_at=now)
            if turns.free_at - now > self._patience:
                raise Throttled(
                    f"{self._service} {operation}: all calls of the next {self._patience:.0f} "
                    f"seconds are taken; it is tried again (rate: {rate:g} a second)"
                )
            return turns.booked(now, rate, calls)

        return self._change(operation, book)

    def slow_down(self, operation: str) -> None:
        """Half the rate from now on; it grows back within minutes."""
        self._change(operation, Turns.lowered)

    def _change(self, operation: str, to: Callable[[Turns, float], Turns]) -> Turns:
        key = f"{self._service}/{operation}/turns"
        return agree(self._control, self._clock, key, Turns(), to)
