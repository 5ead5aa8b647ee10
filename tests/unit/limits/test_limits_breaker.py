"""When a SAP system is left in peace, as plain values."""

import random

import pytest

from sapmatch.limits.breaker import FULL, IN_A_ROW, LONGEST, STEP_SECONDS, Breaker

NOW, REST = 1_000_000.0, 30.0


def noted(breaker: Breaker, outcomes: str, now: float = NOW) -> Breaker:
    """After single writes, `x` for each that SAP failed to answer."""
    for outcome in outcomes:
        breaker = breaker.noted([outcome == "x"], now, REST)
    return breaker


def opened() -> Breaker:
    return noted(Breaker(), "x" * IN_A_ROW)


def begun(breaker: Breaker, now: float, wanted: int = 100) -> tuple[Breaker, int]:
    """With writes admitted, and how many they are."""
    return breaker.admitted(now, wanted)


@pytest.mark.parametrize("outcomes", ["xxxxx", ".xxxxx", "xx.xx.xx.xx.xx.x"])
def test_it_opens_on_five_in_a_row_or_more_failures_than_answers(outcomes: str) -> None:
    """RE-23"""
    assert noted(Breaker(), outcomes[:-1]).phase == "CLOSED"
    after = noted(Breaker(), outcomes)
    assert (after.phase, after.until, after.rest) == ("OPEN", NOW + REST, REST)


@pytest.mark.parametrize("outcomes", ["xxxx." * 2 + "." * 20, "x." * 30, "." * 30])
def test_it_stays_closed_where_sap_mostly_answers(outcomes: str) -> None:
    assert noted(Breaker(), outcomes).phase == "CLOSED"


def test_a_failure_is_forgotten_after_twenty_answers() -> None:
    assert not noted(Breaker(), "x" + "." * 19).is_clean
    assert noted(Breaker(), "x" + "." * 20).is_clean


def test_a_lost_batch_counts_for_each_of_its_writes() -> None:
    assert Breaker().noted([True] * IN_A_ROW, NOW, REST).phase == "OPEN"


def test_one_write_tries_when_the_rest_is_over_and_the_steps_double() -> None:
    """RE-23: no storm."""
    breaker, steps = opened(), []
    assert begun(breaker, NOW + REST - 1)[1] == 0
    now = NOW + REST
    while breaker.phase != "CLOSED":
        breaker, writes = begun(breaker, now)
        assert begun(breaker, now)[1] == 0
        steps.append(writes)
        breaker = breaker.noted([False] * writes, now, REST)
    assert steps == [1, 2, 4, 8, 16, FULL]
    assert breaker.is_clean


def test_its_rest_doubles_while_the_probe_fails_up_to_ten_minutes() -> None:
    breaker, now, rests = opened(), NOW, []
    for _ in range(7):
        rests.append(breaker.rest)
        now = breaker.until
        breaker = noted(begun(breaker, now)[0], "x", now)
    assert rests == [30, 60, 120, 240, 480, LONGEST, LONGEST]


def test_it_is_open_again_once_failures_are_ahead_of_answers_in_a_step() -> None:
    breaker = noted(begun(opened(), NOW + REST)[0], ".", NOW + REST)
    two, writes = begun(breaker, NOW + REST)
    assert (writes, noted(two, "x").phase, noted(two, ".x").step) == (2, "OPEN", 4)
    assert two.noted([True], NOW, REST).phase == "OPEN"  # one lost batch of two


def test_writes_that_were_begun_and_not_sent_are_begun_again() -> None:
    breaker = noted(begun(opened(), NOW + REST)[0], ".", NOW + REST)
    two, _ = begun(breaker, NOW + REST)
    assert two.admitted(NOW + REST, 1, unused=2)[0].begun == 1
    one_left = noted(two, ".")
    assert one_left.admitted(NOW + REST, 5, unused=1)[0].begun == 2


def test_a_step_whose_worker_died_begins_anew() -> None:
    """RE-12"""
    probing, _ = begun(opened(), NOW + REST)
    assert begun(probing, NOW + REST + STEP_SECONDS - 1)[1] == 0
    again, writes = begun(probing, NOW + REST + STEP_SECONDS)
    assert (writes, again.step, again.epoch) == (1, 1, probing.epoch + 1)


def test_a_clock_that_was_once_a_month_ahead_keeps_nobody_out() -> None:
    """RE-27: within ten minutes of each other clocks are believed, beyond one was broken."""
    broken = Breaker().noted([True] * IN_A_ROW, NOW + 30 * 86_400, REST)
    assert not broken.shuts(NOW)
    assert begun(broken, NOW)[1] == 1
    assert Breaker().noted([True] * IN_A_ROW, NOW + 300, REST).shuts(NOW)


@pytest.mark.parametrize("seed", range(40))
def test_whatever_happens_a_step_admits_no_more_than_its_size_and_epochs_grow(seed: int) -> None:
    chance, breaker, now = random.Random(seed), opened(), NOW
    for _ in range(500):
        now += chance.uniform(0, 60)
        before = breaker
        if chance.random() < 0.5:
            breaker, writes = begun(breaker, now, chance.randint(1, 10))
            assert 0 <= writes <= (10 if breaker.phase == "CLOSED" else breaker.step)
        else:
            outcomes = [chance.random() < 0.4 for _ in range(chance.randint(1, 10))]
            breaker = breaker.noted(outcomes, now, REST) if breaker.phase != "OPEN" else breaker
        assert breaker.begun <= breaker.step
        assert breaker.rest <= LONGEST
        changed = (before.phase, before.step) != (breaker.phase, breaker.step)
        assert breaker.epoch == before.epoch + changed or breaker.epoch == before.epoch + 1
