"""The guard that keeps all functions together from locking a SAP user."""

import random
from contextlib import suppress
from datetime import timedelta

import pytest

from sapmatch.limits.logons import LEASE_SECONDS, PATIENCE, SharedLogonGuard
from sapmatch.model.errors import LogonRefused, SapThrottled
from tests.builders.control import MemoryControl
from tests.builders.memory import MemoryClock


class World:
    """Functions that log on to one SAP; every guard is a function's own."""

    def __init__(self) -> None:
        self.control = MemoryControl()
        self.clock = MemoryClock()

    def guard(self, connection: str = "s4") -> SharedLogonGuard:
        return SharedLogonGuard(self.control, self.clock, connection)

    def pass_by(self, seconds: float) -> None:
        self.clock.time += timedelta(seconds=seconds)

    def prove(self, version: str = "v1") -> SharedLogonGuard:
        guard = self.guard()
        guard.admit(version)
        guard.accepted(version)
        return guard

    def stop(self, version: str = "v1") -> None:
        for guard in (self.guard(), self.guard()):
            guard.admit(version)
            guard.refused(version)


@pytest.fixture
def world() -> World:
    return World()


def test_a_proved_secret_costs_one_read_in_two_seconds_and_no_write(world: World) -> None:
    world.prove()
    reads = 0
    read = world.control.read

    def counted(key: str) -> object:
        nonlocal reads
        reads += 1
        return read(key)

    world.control.read = counted  # type: ignore[method-assign, assignment]
    writes = world.control.writes
    guard = world.guard()
    for _ in range(100):
        guard.admit("v1")
        guard.accepted("v1")
    assert (reads, world.control.writes) == (1, writes)
    world.pass_by(2.1)
    guard.admit("v1")
    assert reads == 2


def test_while_one_tries_a_new_secret_another_waits_and_then_comes_again(world: World) -> None:
    first = world.guard()
    first.admit("v1")
    before = world.clock.now()
    with pytest.raises(SapThrottled, match="s4: somebody else tries") as refused:
        world.guard().admit("v1")
    assert world.clock.now() - before < timedelta(seconds=PATIENCE + 2)
    assert refused.value.retry_after == LEASE_SECONDS
    first.admit("v1")  # it is the one


def test_who_died_while_it_tried_is_waited_for_no_longer_than_its_lease(world: World) -> None:
    world.guard().admit("v1")
    world.pass_by(LEASE_SECONDS + 1)
    guard = world.guard()
    guard.admit("v1")
    guard.accepted("v1")
    world.guard().admit("v1")


@pytest.mark.parametrize(("seconds", "lease"), [(10, LEASE_SECONDS), (310, 310), (3600, 910)])
def test_who_may_take_long_is_waited_for_as_long_and_no_function_lives_for_ever(
    world: World, seconds: float, lease: float
) -> None:
    """Else a third wrong logon would go out beside two that SAP is slow to refuse."""
    SharedLogonGuard(world.control, world.clock, "s4", owner="slow", seconds=seconds).admit("v1")
    world.pass_by(lease - PATIENCE - 2)
    with pytest.raises(SapThrottled):
        world.guard().admit("v1")
    world.pass_by(PATIENCE + 2)
    world.guard().admit("v1")


def test_after_two_refusals_nobody_tries_that_version_again(world: World) -> None:
    """CO-T1, RE-26"""
    world.stop()
    with pytest.raises(LogonRefused, match=r"\[connections.s4\].*sapmatch release s4") as refused:
        world.guard().admit("v1")
    assert refused.value.reason == "stopped"
    world.guard("other").admit("v1")  # nobody else is stopped


def test_a_new_version_opens_what_an_old_one_closed(world: World) -> None:
    world.stop("v1")
    world.prove("v2")
    world.guard().admit("v2")
    with pytest.raises(LogonRefused):
        world.guard().admit("v1")


def test_a_person_who_released_it_lets_it_be_tried_again_twice(world: World) -> None:
    world.stop()
    late = world.guard()
    with pytest.raises(LogonRefused):
        late.admit("v1")
    world.guard().release()
    world.pass_by(2.1)
    late.admit("v1")
    late.refused("v1")
    world.guard().admit("v1")
    world.guard().refused("v1")
    with pytest.raises(LogonRefused):
        world.guard().admit("v1")


def test_a_secret_that_sap_begins_to_refuse_is_tried_by_one_at_a_time(world: World) -> None:
    world.prove()
    first, second = world.guard(), world.guard()
    first.admit("v1")
    first.refused("v1")
    second.admit("v1")
    with pytest.raises(SapThrottled):
        world.guard().admit("v1")
    second.refused("v1")
    with pytest.raises(LogonRefused):
        world.guard().admit("v1")


def test_an_answer_to_what_was_sent_before_a_refusal_proves_nothing(world: World) -> None:
    world.prove()
    early, refused = world.guard(), world.guard()
    early.admit("v1")
    refused.admit("v1")
    refused.refused("v1")
    assert early.standing().of("v1").refusals == 1
    early.accepted("v1")
    assert not early.standing().of("v1").proved


def test_one_refusal_that_was_a_mistake_of_sap_is_forgotten_with_the_next_logon(
    world: World,
) -> None:
    for _ in range(5):
        guard = world.prove()
        guard.refused("v1")
    world.guard().admit("v1")


def test_of_many_versions_the_newest_are_remembered(world: World) -> None:
    for n in range(20):
        world.prove(f"v{n}")
        world.pass_by(1)
    versions = world.guard().standing().versions
    assert sorted(versions) == sorted(f"v{n}" for n in range(12, 20))


@pytest.mark.parametrize("seed", range(30))
def test_in_any_order_a_wrong_secret_is_refused_twice_and_once_more_for_each_who_dies(
    world: World, seed: int
) -> None:
    """CO-T1, RE-26: who dies between SAP's refusal and its note takes that with it."""
    chance = random.Random(seed)
    trying: list[tuple[SharedLogonGuard, float]] = []
    logons = deaths = 0
    for _ in range(200):
        now = world.clock.now().timestamp()
        overdue = trying and now - trying[0][1] > LEASE_SECONDS - PATIENCE - 5  # no call is longer
        if trying and (overdue or chance.random() < 0.3):
            guard, _since = trying.pop(0)
            if chance.random() < 0.3:
                deaths += 1
            else:
                guard.refused("wrong")
            continue
        world.pass_by(chance.choice((0.0, 0.5, 3.0)))
        guard = world.guard()
        with suppress(SapThrottled, LogonRefused):
            guard.admit("wrong")
            logons += 1
            trying.append((guard, world.clock.now().timestamp()))
    assert world.guard().standing().of("wrong").is_stopped
    assert trying == []
    assert logons == 2 + deaths
