"""What functions agree on, over DynamoDB, with threads for functions."""

import time
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest

from sapmatch.aws.control import DynamoControl
from sapmatch.clock import SystemClock
from sapmatch.limits.gate import SharedGate
from sapmatch.limits.pace import SharedPace
from sapmatch.limits.permits import Permits
from sapmatch.model.connection import Limits
from sapmatch.model.intent import Cause
from tests.builders.aws_table import make_table

RATE, CALLS = 20.0, 24
CLOCK = SystemClock()


@pytest.fixture
def control(aws: str) -> DynamoControl:
    return DynamoControl(make_table("limits"))


def test_functions_that_come_together_keep_the_rate_and_all_are_served(
    control: DynamoControl,
) -> None:
    """RE-14"""

    def call(_: int) -> float:
        SharedPace(control, CLOCK, "textract", {"Get": RATE}).take("Get")
        return time.time()

    begun = time.time()
    with ThreadPoolExecutor(6) as functions:
        times = sorted(functions.map(call, range(CALLS)))
    assert len(times) == CALLS
    assert all(at >= begun + n / RATE - 0.001 for n, at in enumerate(times))


def test_of_all_who_come_back_together_one_tries(control: DynamoControl) -> None:
    """RE-17, RE-23"""
    limits = Limits(requests_per_second=1000, open_seconds=0.2)
    failing = SharedGate(control, CLOCK, "s4", limits)
    failing.admit(5)
    failing.note([True] * 5)
    assert failing.admit(1).cause == Cause.SAP_DOWN
    time.sleep(0.25)
    gates = [SharedGate(control, CLOCK, "s4", limits) for _ in range(6)]
    with ThreadPoolExecutor(6) as functions:
        admitted = list(functions.map(lambda gate: gate.admit(10).writes, gates))
    assert sorted(admitted) == [0, 0, 0, 0, 0, 1]
    gates[admitted.index(1)].note([False])
    assert failing.admit(10).writes == 2


def test_what_a_person_holds_is_held_for_every_function(control: DynamoControl) -> None:
    """RE-33"""
    gate = SharedGate(control, CLOCK, "s4", Limits())
    gate.hold(CLOCK.now() + timedelta(hours=1), "restored")
    assert SharedGate(control, CLOCK, "s4", Limits()).admit(1).cause == Cause.OPERATOR
    assert SharedGate(control, CLOCK, "other", Limits()).admit(1).writes == 1


def test_readers_and_writers_hold_permits_of_one_pool(control: DynamoControl) -> None:
    """RE-24: what a chunk of an extraction holds, no writer gets."""
    readers, writers = (
        Permits(control, CLOCK, "s4", 1),
        Permits(control, CLOCK, "s4", 1, wait_seconds=30),
    )
    with readers.held("extraction/run/0"), writers.held("run", lambda: True) as permit:
        assert not permit.is_held
    with writers.held("run") as permit:
        assert permit.is_held
