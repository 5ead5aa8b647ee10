"""The gate in front of one SAP system, with all functions on one control value."""

from datetime import timedelta
from typing import Any

import pytest

from sapmatch.limits.gate import SharedGate
from sapmatch.limits.permits import Permits
from sapmatch.model.connection import Limits
from sapmatch.model.errors import PreconditionFailed, SapThrottled, Throttled
from sapmatch.model.intent import Cause
from sapmatch.model.limits import Admission
from tests.builders.control import MemoryControl
from tests.builders.memory import MemoryClock

FAILS, ANSWERS = [True], [False]


class World:
    """Functions that write to one SAP; every gate is a function's own."""

    def __init__(self, rate: float = 10.0) -> None:
        self.control = MemoryControl()
        self.clock = MemoryClock()
        self.limits = Limits(requests_per_second=rate)

    def gate(self, **more: Any) -> SharedGate:
        return SharedGate(self.control, self.clock, "s4", self.limits, **more)

    def break_down(self) -> None:
        """Five writes that SAP does not answer."""
        gate = self.gate()
        for _ in range(5):
            assert gate.admit(1).writes
            gate.note(FAILS)

    def in_seconds(self, seconds: float) -> Any:
        return self.clock.now() + timedelta(seconds=seconds)

    def pass_by(self, seconds: float) -> None:
        self.clock.time += timedelta(seconds=seconds)


@pytest.fixture
def world() -> World:
    return World()


def test_all_are_kept_out_while_sap_does_not_answer(world: World) -> None:
    """RE-23: held, with the reason and the moment to come again."""
    world.break_down()
    kept_out = Admission(writes=0, cause=Cause.SAP_DOWN, until=world.in_seconds(30))
    assert world.gate().admit(10) == kept_out
    assert world.gate().admit(1) == kept_out


def test_who_read_the_closed_breaker_learns_within_seconds_that_it_opened(world: World) -> None:
    late = world.gate()
    assert late.admit(1).writes
    world.break_down()
    assert late.admit(1).writes
    world.pass_by(2)
    assert late.admit(1).cause == Cause.SAP_DOWN


def test_one_of_all_who_come_back_tries_and_the_others_wait_for_its_answer(world: World) -> None:
    """RE-23"""
    world.break_down()
    world.pass_by(30)
    first, second = world.gate(), world.gate()
    assert first.admit(50).writes == 1
    refused = second.admit(50)
    assert (refused.writes, refused.cause) == (0, Cause.SAP_DOWN)
    assert refused.until is not None
    assert refused.until - world.clock.now() <= timedelta(seconds=5)
    first.note(ANSWERS)
    assert (second.admit(50).writes, first.admit(50).writes) == (2, 0)


def test_what_was_let_through_and_did_not_leave_is_let_through_again(world: World) -> None:
    """A record that SAP holds already needs no write; the step goes on with another one."""
    world.break_down()
    world.pass_by(30)
    gate, other = world.gate(), world.gate()
    assert gate.admit(50).writes == 1
    assert gate.admit(50).writes == 1
    gate.note(ANSWERS)
    assert gate.admit(50).writes == 2
    gate.note(ANSWERS)
    assert other.admit(50).writes == 0
    assert gate.admit(50).writes == 1


def test_an_answer_to_what_an_earlier_phase_let_out_decides_nothing(world: World) -> None:
    late = world.gate()
    late.admit(1)
    world.break_down()
    world.pass_by(30)
    prober = world.gate()
    assert prober.admit(1).writes == 1
    late.note(FAILS)
    assert world.gate().standing().breaker.phase == "HALF_OPEN"
    prober.note(ANSWERS)
    assert world.gate().standing().breaker.step == 2


def test_a_refusal_is_an_answer_and_closed_doors_cost_few_calls(world: World) -> None:
    """A healthy system costs a write for each slice of turns, and a read in two seconds."""
    gate = world.gate()
    for _ in range(100):
        assert gate.admit(1).writes == 1
        gate.note(ANSWERS)
        world.pass_by(0.1)
    assert world.control.writes == 10
    assert world.gate().standing().breaker.is_clean


def test_functions_together_keep_to_the_rate_of_the_connection(world: World) -> None:
    begun = world.clock.now()
    gates = [world.gate() for _ in range(5)]
    writes = sum(gate.admit(10).writes for _ in range(4) for gate in gates)
    seconds = (world.clock.now() - begun).total_seconds()
    assert writes == 200
    assert seconds >= (writes - 10) / 10


def test_a_slow_rate_lets_one_by_one_leave() -> None:
    world = World(rate=0.5)
    begun, gate = world.clock.now(), world.gate()
    assert [gate.admit(5).writes for _ in range(4)] == [1, 1, 1, 1]
    assert world.clock.now() - begun == timedelta(seconds=6)


def test_writes_of_one_batch_are_one_request(world: World) -> None:
    gate = world.gate(batch=50)
    begun = world.clock.now()
    assert [gate.admit(50).writes for _ in range(10)] == [50] * 10
    assert world.clock.now() - begun < timedelta(seconds=1)
    assert gate.admit(70).writes == 70


def test_turns_that_were_not_used_in_time_are_given_up(world: World) -> None:
    """Else functions that slept would burst together."""
    gate = world.gate()
    gate.admit(1)
    world.pass_by(60)
    writes = world.control.writes
    gate.admit(1)
    assert world.control.writes == writes + 1


def test_an_operator_holds_the_system_until_a_moment_or_until_it_is_released(
    world: World,
) -> None:
    """RE-33: after a restore nobody sends before what was sent earlier has come to rest."""
    gate, settled = world.gate(), world.in_seconds(1_120)
    world.gate().hold(settled, "restored to 10:00")
    assert gate.admit(5).cause == Cause.OPERATOR
    assert gate.standing().why == "restored to 10:00"
    world.pass_by(1_119)
    assert gate.admit(5) == Admission(writes=0, cause=Cause.OPERATOR, until=settled)
    world.pass_by(1)
    assert gate.admit(5).writes == 5
    gate.hold(world.in_seconds(3600), "maintenance")
    assert gate.admit(1).cause == Cause.OPERATOR
    world.gate().release()
    world.pass_by(2)
    assert gate.admit(1).writes == 1


def test_who_is_held_for_hours_comes_back_within_minutes_of_an_early_release(
    world: World,
) -> None:
    world.gate().hold(world.in_seconds(4 * 3600), "kernel patch")
    until = world.gate().admit(1).until
    assert until == world.in_seconds(600)


def test_a_hold_stands_before_a_breaker_that_would_let_one_try(world: World) -> None:
    world.break_down()
    prober = world.gate()
    assert prober.admit(1).cause == Cause.SAP_DOWN
    world.gate().hold(world.in_seconds(600), "upgrade")
    world.pass_by(60)
    assert prober.admit(1).cause == Cause.OPERATOR
    assert world.gate().standing().breaker.begun == 0


def test_nothing_leaves_without_a_permit(world: World) -> None:
    """RE-24: the youngest gives its permit up where SAP is slow, before its next write."""
    old = Permits(world.control, world.clock, "s4", 2)
    young = Permits(world.control, world.clock, "s4", 2)
    with old.held("old") as one, young.held("young") as other:
        one.called(25.0, 0)
        gate = world.gate(permit=other)
        assert gate.admit(1).writes == 1
        world.pass_by(1)
        gate.note(ANSWERS)
        assert not other.is_held
        with pytest.raises(SapThrottled, match="s4"):
            gate.admit(1)


def test_nothing_leaves_where_time_was_up_before_a_permit_came_free(world: World) -> None:
    first, second = (Permits(world.control, world.clock, "s4", 1) for _ in range(2))
    with first.held("a"), second.held("b", lambda: True) as permit:
        gate = world.gate(permit=permit)
        with pytest.raises(SapThrottled, match="time is up"):
            gate.admit(1)


@pytest.mark.parametrize(("seconds", "outcome"), [(25.0, ANSWERS), (1.0, FAILS)])
def test_slow_and_lost_writes_halve_the_permits(
    world: World, seconds: float, outcome: list[bool]
) -> None:
    """RE-24"""
    permits = Permits(world.control, world.clock, "s4", 8)
    with permits.held("writer") as permit:
        gate = world.gate(permit=permit)
        gate.admit(1)
        world.pass_by(seconds)
        gate.note(outcome)
        assert permits.note("writer", strained=False).limit == 4


def test_who_is_always_overtaken_gives_way_and_comes_again(world: World) -> None:
    """RE-17"""

    def overtaken() -> None:
        raise PreconditionFailed("somebody else changed it")

    world.control.meddle = overtaken
    with pytest.raises(Throttled, match="too many functions"):
        world.gate().admit(1)
