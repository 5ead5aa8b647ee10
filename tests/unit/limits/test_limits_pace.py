"""The shared pace, with time that passes only where somebody waits."""

import heapq
import random
from datetime import UTC, datetime
from itertools import pairwise

import pytest

from sapmatch.limits.pace import SharedPace
from sapmatch.model.errors import PreconditionFailed, Throttled
from tests.builders.control import MemoryControl

OPERATION = "AnalyzeExpense"


class Watch:
    """Port Clock: it stands still and notes how long somebody waits."""

    def __init__(self, now: float = 1_000_000.0) -> None:
        self.time = now
        self.slept: list[float] = []

    def now(self) -> datetime:
        return datetime.fromtimestamp(self.time, UTC)

    def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)


def pace(control: MemoryControl, clock: Watch, rate: float = 2.0) -> SharedPace:
    return SharedPace(control, clock, "textract", {OPERATION: rate, "other": rate})


def waited(shared: SharedPace, clock: Watch) -> float:
    """Seconds until the next call's turn."""
    shared.take(OPERATION)
    return clock.slept[-1]


@pytest.mark.parametrize("seed", range(5))
@pytest.mark.parametrize("rate", [0.5, 1.0, 5.0])
def test_any_number_of_functions_keeps_the_rate_and_everyone_is_served(
    seed: int, rate: float
) -> None:
    """RE-14: who has to wait too long is started again later, as the workflow does."""
    chance, control, clock = random.Random(seed), MemoryControl(), Watch()
    begun = clock.time
    coming = [(begun + chance.uniform(0, 10), worker) for worker in range(200)]
    heapq.heapify(coming)
    calls: dict[int, float] = {}
    while coming:
        clock.time, worker = heapq.heappop(coming)
        try:
            calls[worker] = clock.time + waited(pace(control, clock, rate), clock)
        except Throttled:
            heapq.heappush(coming, (clock.time + chance.uniform(0, 60), worker))
    times = sorted(calls.values())
    assert len(calls) == 200
    assert min(after - before for before, after in pairwise(times)) >= 1 / rate - 1e-3
    assert times[-1] - begun < 200 / rate + 200  # and the rate is used


def test_calls_of_one_operation_do_not_wait_for_those_of_another() -> None:
    control, clock = MemoryControl(), Watch()
    shared = pace(control, clock)
    shared.take("other")
    assert waited(shared, clock) == 0
    assert waited(shared, clock) == pytest.approx(0.5, abs=1e-3)


def test_who_would_wait_too_long_books_nothing() -> None:
    control, clock = MemoryControl(), Watch()
    shared = pace(control, clock, rate=1.0)
    for _ in range(21):
        shared.take(OPERATION)
    writes = control.writes
    with pytest.raises(Throttled, match=r"AnalyzeExpense.*rate: 1 a second"):
        shared.take(OPERATION)
    assert control.writes == writes
    clock.time += 5
    assert waited(shared, clock) == pytest.approx(16, abs=1e-3)


def test_a_complaint_halves_the_rate_which_grows_back_within_minutes() -> None:
    """RE-14"""
    control, clock = MemoryControl(), Watch()
    shared = pace(control, clock, rate=2.0)

    def gap() -> float:
        clock.time += 100_000 if not control.values else 0
        shared.take(OPERATION)
        return waited(shared, clock)

    assert gap() == pytest.approx(0.5, abs=1e-2)
    clock.time += 60
    shared.slow_down(OPERATION)
    shared.slow_down(OPERATION)  # of the same moment: said once already
    assert gap() == pytest.approx(1.0, abs=1e-2)
    clock.time += 30
    assert 0.5 < gap() < 1.0
    clock.time += 60
    assert gap() == pytest.approx(0.5, abs=1e-2)


def test_however_often_the_service_complains_some_calls_are_made() -> None:
    control, clock = MemoryControl(), Watch()
    shared = pace(control, clock, rate=16.0)
    for _ in range(20):
        shared.slow_down(OPERATION)
        clock.time += 11
    shared.take(OPERATION)
    assert waited(shared, clock) <= 1.0


def test_clocks_that_differ_never_raise_the_rate() -> None:
    """RE-27: a function five minutes ahead books far away; the others wait or come again."""
    control, ahead, right = MemoryControl(), Watch(1_000_300.0), Watch()
    pace(control, ahead).take(OPERATION)
    pace(control, ahead).slow_down(OPERATION)
    with pytest.raises(Throttled):
        pace(control, right).take(OPERATION)
    pace(control, right).slow_down(OPERATION)
    assert waited(pace(control, ahead), ahead) >= 0.5


def test_a_clock_that_was_once_a_month_ahead_stops_nobody() -> None:
    """RE-27: nobody books that far ahead, at the slowest rate and with any clock that works."""
    control, broken, right = MemoryControl(), Watch(1_000_000.0 + 30 * 86_400), Watch()
    pace(control, broken).take(OPERATION)
    assert waited(pace(control, right), right) == 0
    assert waited(pace(control, right), right) == pytest.approx(0.5, abs=1e-3)


def test_functions_that_book_at_the_same_moment_take_turns() -> None:
    """RE-17: a lost race is tried again; nothing is overwritten."""
    control, clock = MemoryControl(), Watch()
    shared = pace(control, clock)

    def meddle() -> None:
        control.meddle = lambda: None
        pace(control, clock).take(OPERATION)

    control.meddle = meddle
    assert waited(shared, clock) == pytest.approx(0.5, abs=1e-3)


def test_two_bookings_of_one_turn_are_never_the_same_value() -> None:
    """Control takes an equal value for its own write whose answer was lost."""
    values = set()
    for _ in range(2):
        control = MemoryControl()
        pace(control, Watch()).take(OPERATION)
        values |= {stored.value for stored in control.values.values()}
    assert len(values) == 2


def test_who_is_always_overtaken_gives_way_and_comes_again() -> None:
    control, clock = MemoryControl(), Watch()

    def meddle() -> None:
        raise PreconditionFailed("somebody else changed it")

    control.meddle = meddle
    with pytest.raises(Throttled, match="too many functions"):
        pace(control, clock).take(OPERATION)
    assert len(clock.slept) == 20
