"""How many call one SAP at once."""

import random
from collections.abc import Callable
from datetime import timedelta

import msgspec
import pytest

from sapmatch.limits import permits as rules
from sapmatch.limits.permits import SKEW, Agreement, Permits, Terms
from sapmatch.model.errors import SapRejected, SapThrottled, SapUnavailable, Throttled
from tests.builders.control import MemoryControl
from tests.builders.memory import START, MemoryClock

KEY = "sap/s4/permits"
TERMS = Terms(most=8, seconds=300)


class World:
    """Readers of one SAP on one control value."""

    def __init__(self, most: int = 4) -> None:
        self.control = MemoryControl()
        self.clock = MemoryClock()
        self.most = most

    def enter(self, owner: str, most: int | None = None) -> None:
        """A reader that holds a permit and dies without a word."""
        assert self.permits(most).wait(owner, lambda: False)

    def leave(self, owner: str) -> None:
        self.permits().change(lambda agreed, _now: rules.without(agreed, owner))

    def permits(self, most: int | None = None) -> Permits:
        return Permits(self.control, self.clock, "s4", most or self.most)

    @property
    def agreed(self) -> Agreement:
        stored = self.control.read(KEY)
        assert stored is not None
        return msgspec.json.decode(stored.value, type=Agreement)

    def pass_by(self, seconds: float) -> None:
        self.clock.time += timedelta(seconds=seconds)


@pytest.fixture
def world() -> World:
    return World()


def test_a_permit_is_held_for_the_block_and_free_after_it(world: World) -> None:
    with world.permits().held("a"):
        assert list(world.agreed.holders) == ["a"]
    assert world.agreed.holders == {}


def test_a_permit_is_free_after_an_error_too(world: World) -> None:
    with pytest.raises(KeyboardInterrupt), world.permits().held("a"):
        raise KeyboardInterrupt
    assert world.agreed.holders == {}


def test_who_finds_no_permit_in_time_is_told_to_come_back(world: World) -> None:
    world.enter("a", 1)
    with pytest.raises(SapThrottled, match="s4") as caught:
        world.enter("b", 1)
    assert caught.value.retry_after == 60
    assert world.agreed.limit == 1


def test_a_waiting_reader_goes_on_when_one_comes_free(world: World) -> None:
    """CO-T64: the one above the limit waits."""
    world.enter("a", 1)
    sleep = world.clock.sleep

    def released(seconds: float) -> None:
        sleep(seconds)
        world.leave("a")
        world.clock.sleep = sleep  # type: ignore[method-assign]

    world.clock.sleep = released  # type: ignore[method-assign]
    with world.permits(1).held("b"):
        assert list(world.agreed.holders) == ["b"]


def test_who_waits_until_its_time_is_up_goes_without_a_permit(world: World) -> None:
    world.enter("a", 1)
    with world.permits(1).held("b", lambda: True) as permit:
        assert not permit.is_held
    assert list(world.agreed.holders) == ["a"]


def test_work_that_is_tried_again_takes_its_own_permit_over(world: World) -> None:
    """RE-12: a worker that died does not block the one after it."""
    world.enter("a", 1)
    with world.permits(1).held("a"):
        assert list(world.agreed.holders) == ["a"]


def test_a_dead_holder_blocks_nobody_once_it_expired(world: World) -> None:
    """CO-T64, RE-12, RE-27."""
    world.enter("a", 1)
    world.pass_by(300 + SKEW + 1)
    with world.permits(1).held("b"):
        assert list(world.agreed.holders) == ["b"]


def test_a_permit_that_is_given_back_twice_is_nobody_elses(world: World) -> None:
    """CO-T64"""
    with world.permits(1).held("a"):
        world.leave("a")
        world.enter("b", 1)
    assert list(world.agreed.holders) == ["b"]


def test_who_is_given_up_but_still_calls_sap_keeps_its_permit_until_it_ends(world: World) -> None:
    """CO-T64: an execution that is aborted ends no function: SAP is still busy with its call."""
    with world.permits(1).held("a"):
        with pytest.raises(SapThrottled):
            world.enter("b", 1)
        assert list(world.agreed.holders) == ["a"]
    world.enter("b", 1)


def test_a_clock_that_is_five_minutes_ahead_takes_no_permit_away(world: World) -> None:
    """RE-27."""
    held = rules.granted(Agreement(limit=1), "a", 1000.0, TERMS)
    assert list(rules.granted(held, "b", 1000.0 + 300 + SKEW, TERMS).holders) == ["a"]


@pytest.mark.parametrize(("seconds", "busy"), [(20.0, 0), (0.1, 1)])
def test_slow_and_busy_answers_halve_the_limit(world: World, seconds: float, busy: int) -> None:
    """RE-24."""
    with world.permits(8).held("a") as permit:
        permit.page(seconds, busy)
        assert world.agreed.limit == 4


def test_the_limit_halves_once_for_pages_that_were_under_way_together(world: World) -> None:
    """RE-24: no collapse from one slow moment; and never below one."""
    with world.permits(8).held("a") as permit:
        permit.page(25.0, 0)
        permit.page(25.0, 0)
        assert world.agreed.limit == 4
        limits = []
        for _ in range(4):
            world.pass_by(30)
            permit.page(25.0, 0)
            limits.append(world.agreed.limit)
        assert limits == [2, 1, 1, 1]


def test_the_limit_grows_by_one_in_a_clean_minute_up_to_the_most(world: World) -> None:
    with world.permits(4).held("a") as permit:
        permit.page(25.0, 0)
        limits = []
        for _ in range(6):
            world.pass_by(30)
            permit.page(0.1, 0)
            limits.append(world.agreed.limit)
        assert limits == [2, 3, 3, 4, 4, 4]


def test_a_minute_with_a_late_slow_page_is_not_clean(world: World) -> None:
    with world.permits(4).held("a") as permit:
        permit.page(25.0, 0)
        world.pass_by(29)
        permit.page(25.0, 0)
        world.pass_by(59)
        permit.page(0.1, 0)
        assert world.agreed.limit == 2
        world.pass_by(1)
        permit.page(0.1, 0)
        assert world.agreed.limit == 3


@pytest.mark.parametrize("error", [SapThrottled("429"), SapUnavailable("503")])
def test_an_error_of_a_strained_sap_halves_the_limit(world: World, error: Exception) -> None:
    """RE-24."""
    with pytest.raises(type(error)), world.permits(8).held("a"):
        raise error
    assert (world.agreed.limit, world.agreed.holders) == (4, {})


def test_another_error_of_sap_says_nothing_about_its_load(world: World) -> None:
    with pytest.raises(SapRejected), world.permits(8).held("a"):
        raise SapRejected("X", "no")
    assert world.agreed.limit == 8


def test_the_youngest_gives_its_permit_up_until_there_is_room_again(world: World) -> None:
    """RE-24: concurrency falls at once, not when a chunk ends."""
    waiting = []
    with world.permits(2).held("old") as old, world.permits(2).held("young") as young:
        sleep = world.clock.sleep

        def busy_meanwhile(seconds: float) -> None:
            waiting.append(list(world.agreed.holders))
            sleep(seconds)
            old.page(0.1, 0)

        world.clock.sleep = busy_meanwhile  # type: ignore[method-assign]
        old.page(25.0, 0)
        world.pass_by(20)
        young.page(0.1, 0)
        assert waiting[:1] == [["old"]]
        assert sorted(world.agreed.holders) == ["old", "young"]
        assert world.agreed.limit == 2


def test_waiting_for_a_permit_again_is_no_strain_of_sap(world: World) -> None:
    world.enter("old", 2)
    with world.permits(2).held("young") as young:
        world.pass_by(1)
    with pytest.raises(SapThrottled), world.permits(2).held("young") as young:
        young.page(25.0, 0)
    halved = START.timestamp() + 1
    assert (world.agreed.limit, world.agreed.halved_at) == (1, halved)


def test_a_good_page_costs_no_write_until_its_permit_is_half_over(world: World) -> None:
    with world.permits().held("a") as permit:
        writes = world.control.writes
        for _ in range(10):
            world.pass_by(10)
            permit.page(0.1, 0)
        assert world.control.writes == writes
        world.pass_by(100)
        permit.page(0.1, 0)
        assert world.control.writes == writes + 1
        assert world.agreed.holders["a"].until == world.clock.now().timestamp() + 300


def test_a_page_is_one_write_at_most(world: World) -> None:
    with world.permits().held("a") as permit:
        writes = world.control.writes
        permit.page(25.0, 3)
        assert world.control.writes == writes + 1


def test_a_race_is_decided_by_the_version_and_tried_again(world: World) -> None:
    """RE-17."""

    def faster() -> None:
        world.control.meddle = lambda: None
        world.enter("b")

    world.control.meddle = faster
    with world.permits().held("a"):
        assert sorted(world.agreed.holders) == ["a", "b"]


def test_races_without_end_are_given_up(world: World) -> None:
    counted = iter(range(1000))

    def faster() -> None:
        meddle, world.control.meddle = world.control.meddle, lambda: None
        world.enter(str(next(counted)), 1000)
        world.control.meddle = meddle

    world.control.meddle = faster
    with pytest.raises(Throttled, match="s4"):
        world.enter("a", 1000)
    assert next(counted) == 20


def test_a_lower_setting_holds_from_the_next_page_on(world: World) -> None:
    with world.permits(8).held("a") as permit:
        permit.page(0.1, 0)
    with world.permits(2).held("b") as permit:
        permit.page(0.1, 0)
        assert world.agreed.limit == 2


@pytest.mark.parametrize("seed", range(40))
def test_readers_in_any_order_never_hold_more_than_the_limit(seed: int) -> None:
    """Nobody gets a permit while as many as the limit are held; the dead are forgotten."""
    chance = random.Random(seed)
    terms = Terms(most=chance.randint(1, 6), seconds=300)
    agreed, now = Agreement(limit=terms.most), 0.0

    def grant(owner: str) -> Agreement:
        after = rules.granted(agreed, owner, now, terms)
        if owner in after.holders and owner not in agreed.holders:
            assert len(after.holders) <= min(after.limit, terms.most)
        return after

    def page(owner: str) -> Agreement:
        strained = chance.random() < 0.2
        after = rules.after_page(agreed, owner, now, terms, strained=strained)
        if owner in after.holders and owner not in agreed.holders:
            assert len(after.holders) <= after.limit
        return after

    def leave(owner: str) -> Agreement:
        return rules.without(agreed, owner)

    moves: list[Callable[[str], Agreement]] = [grant, grant, page, page, page, leave]
    for _ in range(400):
        now += chance.uniform(0.0, 40.0)
        agreed = chance.choice(moves)(f"owner-{chance.randrange(10)}")
        assert 1 <= agreed.limit <= terms.most
        assert len(agreed.holders) <= terms.most
    later = rules.granted(agreed, "late", now + 300 + SKEW + 1, terms)
    assert list(later.holders) == ["late"]


def test_readers_that_all_report_end_at_the_limit() -> None:
    """RE-24: after one round of pages no more hold a permit than the fallen limit says."""
    agreed, now = Agreement(limit=8), 0.0
    for number in range(8):
        agreed = rules.granted(agreed, f"owner-{number}", now + number, TERMS)
    now = 100.0
    for number in range(8):
        agreed = rules.after_page(agreed, f"owner-{number}", now, TERMS, strained=True)
    assert (agreed.limit, sorted(agreed.holders)) == (4, [f"owner-{n}" for n in range(4)])


def test_work_in_bulk_leaves_a_permit_to_what_somebody_waits_for(world: World) -> None:
    bulk = Permits(world.control, world.clock, "s4", 3, spare=1)
    assert bulk.wait("a", lambda: False)
    assert bulk.wait("b", lambda: False)
    with pytest.raises(SapThrottled):
        bulk.wait("c", lambda: False)
    world.enter("urgent", 3)
    assert world.agreed.limit == 3


def test_work_in_bulk_goes_on_where_one_permit_is_all_there_is(world: World) -> None:
    assert Permits(world.control, world.clock, "s4", 1, spare=1).wait("a", lambda: False)
