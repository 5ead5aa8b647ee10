"""How many call one SAP system at once, readers and writers, all functions together.

All of them agree on one value: a limit and who holds a permit until when. The limit halves where
SAP is busy or slow, and grows by one in a clean minute (RE-24).
"""

import random
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from msgspec import Struct, field
from msgspec.structs import replace

from sapmatch.limits.agreed import Agreed, agree
from sapmatch.model.errors import SapThrottled, SapUnavailable
from sapmatch.model.ports import Clock, Control

SKEW = 300.0  # seconds by which two clocks may differ (RE-27)
_BETWEEN_HALVINGS = 30.0  # seconds: pages that were asked for before it come in late
_CLEAN = 60.0  # seconds
_random = random.SystemRandom()


class Holder(Struct, frozen=True):
    """Who holds a permit: since when and until when, seconds since 1970."""

    since: float
    until: float


class Agreement(Agreed, frozen=True, kw_only=True):
    """What all who call one SAP system agree on; times in seconds since 1970."""

    limit: int
    holders: dict[str, Holder] = field(default_factory=dict)
    halved_at: float = 0.0
    clean_since: float = 0.0


class Terms(Struct, frozen=True, kw_only=True):
    """What one caller's settings say: `most` permits, how long one holds without a call.

    `spare` permits stay free for others, but for the one that anybody may have.
    """

    most: int
    seconds: float
    spare: int = 0


def without_expired(agreement: Agreement, now: float) -> Agreement:
    """Holders whose worker died are forgotten; a clock that goes wrong by SKEW kills nobody."""
    left = {o: h for o, h in agreement.holders.items() if now <= h.until + SKEW}
    return replace(agreement, holders=left)


def granted(agreement: Agreement, owner: str, now: float, terms: Terms) -> Agreement:
    """With a permit for the owner where there is room, or where it holds one already."""
    agreement = without_expired(agreement, now)
    held = agreement.holders.get(owner)
    room = max(1, min(agreement.limit, terms.most) - terms.spare)
    if held is None and len(agreement.holders) >= room:
        return agreement
    mine = Holder(held.since if held else now, now + terms.seconds)
    return replace(agreement, holders=agreement.holders | {owner: mine})


def adapted(agreement: Agreement, now: float, terms: Terms, *, strained: bool) -> Agreement:
    """The limit after a call: half where SAP was strained, one more after a clean minute."""
    limit = min(agreement.limit, terms.most)
    if strained and now - agreement.halved_at < _BETWEEN_HALVINGS:
        return replace(agreement, limit=limit, clean_since=now)
    if strained:
        return replace(agreement, limit=max(1, limit // 2), halved_at=now, clean_since=now)
    if limit < terms.most and now - agreement.clean_since >= _CLEAN:
        return replace(agreement, limit=limit + 1, clean_since=now)
    return replace(agreement, limit=limit)


def after_page(
    agreement: Agreement, owner: str, now: float, terms: Terms, *, strained: bool
) -> Agreement:
    """Adapted; the owner's permit is renewed, or gone where it is one of the youngest too many."""
    agreement = adapted(without_expired(agreement, now), now, terms, strained=strained)
    held = agreement.holders.get(owner)
    if held is None:
        return granted(agreement, owner, now, terms)
    by_age = sorted(agreement.holders, key=lambda name: (agreement.holders[name].since, name))
    if owner in by_age[agreement.limit :]:
        return without(agreement, owner)
    half_over = held.until - now < terms.seconds / 2
    return granted(agreement, owner, now, terms) if half_over else agreement


def without(agreement: Agreement, owner: str) -> Agreement:
    """The owner's permit given back."""
    left = {name: held for name, held in agreement.holders.items() if name != owner}
    return replace(agreement, holders=left)


class Permits:
    """Port Permits: at most `most` of them, fewer while SAP is busy or slow.

    `most` is the same for all who call the system. A call of `seconds_slow` and more is slow. A
    permit whose holder died is free again `expiry_seconds` (and SKEW) after its last call.
    `wait_seconds` is how long one waits for a permit at most, before whoever called comes back.
    Work in bulk leaves `spare` permits to what somebody waits for.
    """

    def __init__(
        self,
        control: Control,
        clock: Clock,
        connection: str,
        most: int,
        *,
        seconds_slow: float = 20,
        expiry_seconds: int = 300,
        wait_seconds: float = 60,
        spare: int = 0,
    ) -> None:
        self._control = control
        self._clock = clock
        self._connection = connection
        self._terms = Terms(most=most, seconds=expiry_seconds, spare=spare)
        self._wait_seconds = wait_seconds
        self.seconds_slow = seconds_slow

    @contextmanager
    def held(
        self, owner: str, out_of_time: Callable[[], bool] = lambda: False
    ) -> Iterator["Permit"]:
        """Wait for a permit and hold it for the block; SapThrottled where none comes free.

        Where time is up before, the permit is not held. `owner` is the same for the same work:
        tried again, it takes its own permit over.
        """
        permit = Permit(self, owner, out_of_time)
        permit.wait()
        try:
            yield permit
        except (SapThrottled, SapUnavailable):
            if permit.is_held:  # else it is our own answer that nothing came free
                self.note(owner, strained=True)
            raise
        finally:
            self.change(lambda agreed, _now: without(agreed, owner))

    def wait(self, owner: str, out_of_time: Callable[[], bool]) -> bool:
        """Until the owner has a permit; False where time is up before.

        SapThrottled where that takes longer than `wait_seconds`.
        """
        end = self.now() + self._wait_seconds
        while owner not in self._grant(owner).holders:
            if out_of_time():
                return False
            if self.now() >= end:
                raise SapThrottled(
                    f"{self._connection}: all permits to call SAP are in use; try again later",
                    retry_after=self._wait_seconds,
                )
            self._clock.sleep(_random.uniform(1.0, 3.0))
        return True

    def note(self, owner: str, *, strained: bool) -> Agreement:
        """Tell of one call."""
        return self.change(
            lambda agreed, now: after_page(agreed, owner, now, self._terms, strained=strained)
        )

    def change(self, to: Callable[[Agreement, float], Agreement]) -> Agreement:
        """Agree on something else; nothing is written where it is the same."""
        blank = Agreement(limit=self._terms.most)
        return agree(self._control, self._clock, self._key, blank, to)

    def now(self) -> float:
        """Seconds since 1970."""
        return self._clock.now().timestamp()

    def _grant(self, owner: str) -> Agreement:
        return self.change(lambda agreed, now: granted(agreed, owner, now, self._terms))

    @property
    def _key(self) -> str:
        return f"sap/{self._connection}/permits"


class Permit:
    """One owner's permit; `is_held` is false while it has to wait for one."""

    def __init__(self, permits: Permits, owner: str, out_of_time: Callable[[], bool]) -> None:
        self._permits = permits
        self._owner = owner
        self._out_of_time = out_of_time
        self.is_held = False

    def wait(self) -> None:
        """Until it is held, or time is up; SapThrottled where it takes too long."""
        self.is_held = self._permits.wait(self._owner, self._out_of_time)

    def page(self, seconds: float, busy: int) -> None:
        """Tell of a page, as `called`; who gave its permit up waits for another one."""
        self.called(seconds, busy)
        if not self.is_held:
            self.wait()

    def called(self, seconds: float, busy: int) -> None:
        """Tell how a call went: `seconds` it took, how often SAP was `busy` before it answered.

        Where the limit fell below the number of holders, the youngest gives its permit up.
        """
        strained = busy > 0 or seconds >= self._permits.seconds_slow
        self.is_held = self._owner in self._permits.note(self._owner, strained=strained).holders
