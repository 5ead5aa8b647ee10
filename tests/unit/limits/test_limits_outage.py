"""Many functions write to a SAP that goes down, or slows down: a simulation by the second."""

import heapq
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from datetime import UTC, datetime, timedelta

import pytest

from sapmatch.limits.gate import SharedGate
from sapmatch.limits.permits import Permits
from sapmatch.model.connection import Limits
from sapmatch.model.errors import SapThrottled, Throttled
from sapmatch.model.limits import Permit
from tests.builders.control import MemoryControl

BEGIN = datetime(2026, 11, 2, tzinfo=UTC)
LIMITS = Limits(requests_per_second=10, parallel=8)
FUNCTIONS = 8
HOUR = 3600.0
Life = Iterator[float]  # yields the moment at which it goes on


class OwnClock:
    """Port Clock of one function, in seconds since the simulation began."""

    def __init__(self) -> None:
        self.seconds = 0.0

    def now(self) -> datetime:
        return BEGIN + timedelta(seconds=self.seconds)

    def sleep(self, seconds: float) -> None:
        self.seconds += seconds


class Simulation:
    """Functions that take work from one heap; `sent` counts the writes that hit SAP."""

    def __init__(self, work: list[float], answers_in: Callable[[float], float | None]) -> None:
        self.control = MemoryControl()
        self.answers_in = answers_in  # seconds until the answer, None: none comes
        self.due = work  # when each intent may be sent
        self.planned = len(work)
        self.sent: list[float] = []
        self.done: list[float] = []
        self.under_way = 0
        self.most_under_way: Counter[int] = Counter()  # by minute
        heapq.heapify(self.due)

    def run(self, until: float) -> None:
        clocks = [OwnClock() for _ in range(FUNCTIONS)]
        lives = [self.function(f"f{n}", clock) for n, clock in enumerate(clocks)]
        turns = [(0.0, n) for n in range(FUNCTIONS)]
        while turns[0][0] < until:
            now, n = heapq.heappop(turns)
            clocks[n].seconds = now
            heapq.heappush(turns, (next(lives[n]), n))

    def function(self, name: str, clock: OwnClock) -> Life:
        permits = Permits(self.control, clock, "s4", LIMITS.parallel)
        while True:
            with ExitStack() as stack:
                try:
                    permit = stack.enter_context(permits.held(name))
                    yield from self.writes(clock, permit)
                except (SapThrottled, Throttled):
                    yield clock.seconds + 1

    def writes(self, clock: OwnClock, permit: Permit) -> Life:
        gate = SharedGate(self.control, clock, "s4", LIMITS, permit=permit)  # type: ignore[arg-type]
        while True:
            yield max(clock.seconds, self.due[0] if self.due else clock.seconds + 60)
            if not self.due or self.due[0] > clock.seconds:
                continue
            admission = gate.admit(1)
            if not admission.writes:  # parked: held until it is tried again
                assert admission.until is not None
                yield (admission.until - BEGIN).total_seconds()
                continue
            heapq.heappop(self.due)
            yield clock.seconds
            yield from self.send(clock, gate)

    def send(self, clock: OwnClock, gate: SharedGate) -> Life:
        self.sent.append(clock.seconds)
        self.under_way += 1
        minute = int(clock.seconds // 60)
        self.most_under_way[minute] = max(self.most_under_way[minute], self.under_way)
        seconds = self.answers_in(clock.seconds)
        yield clock.seconds + (30.0 if seconds is None else seconds)
        self.under_way -= 1
        if seconds is None:
            heapq.heappush(self.due, clock.seconds + 1_120)  # read back as absent, planned again
        else:
            self.done.append(clock.seconds)
        gate.note([seconds is None])

    def sent_between(self, begin: float, end: float) -> int:
        return sum(begin <= at < end for at in self.sent)


DOWN, UP = HOUR, 5 * HOUR


@pytest.fixture(scope="module")
def outage() -> Simulation:
    """An intent every two seconds for seven hours; SAP is down for four of them."""
    work = [2.0 * n for n in range(int(7 * HOUR / 2))]
    simulation = Simulation(work, lambda at: None if DOWN <= at < UP else 0.2)
    simulation.run(8 * HOUR)
    return simulation


def test_a_sap_that_is_down_for_four_hours_gets_hardly_a_write(outage: Simulation) -> None:
    """RE-23: the breaker opens in less than a minute; then one tries, at last every ten minutes."""
    assert outage.sent_between(DOWN + 60, DOWN + 120) <= 1
    assert outage.sent_between(DOWN, UP) <= 50
    per_minute = Counter(int(at // 60) for at in outage.sent if DOWN + 60 <= at < UP)
    assert max(per_minute.values()) == 1


def test_work_comes_back_without_a_storm(outage: Simulation) -> None:
    """RE-23: one write, then two, four, eight; then the rate of the connection."""
    back = next(at for at in outage.sent if at >= UP)
    assert back < UP + 600 + 30
    assert outage.sent_between(back, back + 0.2) == 1
    assert outage.sent_between(back, back + 0.4) <= 3
    for second in range(120):
        assert outage.sent_between(back + second, back + second + 1) <= 11


def test_no_intent_is_lost_and_all_that_was_parked_is_written(outage: Simulation) -> None:
    """RE-23: 7,200 wait at the end of it; ten a second drain them beside the new ones."""
    assert len(outage.done) == outage.planned
    back = next(at for at in outage.sent if at >= UP)
    assert outage.sent_between(back + 20 * 60, back + 21 * 60) == 30  # the new ones alone


def test_fewer_write_at_once_while_sap_is_slow_and_all_again_when_it_is_not() -> None:
    """RE-24: halved at most once in half a minute, one more after each clean minute."""
    slow_from, slow_until = 600.0, 1800.0
    simulation = Simulation(
        [0.0] * 12_000, lambda at: 20.0 if slow_from <= at < slow_until else 0.7
    )
    simulation.run(3600.0)
    most = simulation.most_under_way
    assert max(most[minute] for minute in range(10)) == FUNCTIONS
    assert max(most[minute] for minute in range(14, 30)) == 1
    assert max(most[minute] for minute in range(40, 43)) == FUNCTIONS
    assert simulation.under_way <= FUNCTIONS
