"""One run of an extraction at a time."""

from datetime import timedelta

import pytest

from sapmatch.extracting.lease import SKEW, release, renew, take
from sapmatch.model.errors import PreconditionFailed
from tests.builders.control import MemoryControl
from tests.builders.memory import START

HOUR = 3600
LATER = START + timedelta(minutes=10)


@pytest.fixture
def control() -> MemoryControl:
    return MemoryControl()


def test_the_first_run_gets_the_lease_until_its_end(control: MemoryControl) -> None:
    lease = take(control, "orders", "run-1", START, seconds=HOUR)
    assert (lease.run_id, lease.until) == ("run-1", START + timedelta(hours=1))


def test_a_second_run_learns_who_runs_and_changes_nothing(control: MemoryControl) -> None:
    """RE-31."""
    first = take(control, "orders", "run-1", START, seconds=HOUR)
    held = dict(control.values)
    assert take(control, "orders", "run-2", LATER, seconds=HOUR) == first
    assert control.values == held


def test_extractions_do_not_hinder_each_other(control: MemoryControl) -> None:
    take(control, "orders", "run-1", START, seconds=HOUR)
    assert take(control, "stock", "run-2", START, seconds=HOUR).run_id == "run-2"


def test_the_same_run_takes_its_lease_again(control: MemoryControl) -> None:
    """RE-10, RE-12: a run that is resumed goes on."""
    take(control, "orders", "run-1", START, seconds=HOUR)
    again = take(control, "orders", "run-1", LATER, seconds=HOUR)
    assert (again.run_id, again.until) == ("run-1", LATER + timedelta(hours=1))


def test_an_expired_lease_is_taken_over_only_when_no_clock_can_doubt_it(
    control: MemoryControl,
) -> None:
    """RE-27: clocks differ by up to five minutes."""
    first = take(control, "orders", "run-1", START, seconds=HOUR)
    assert first.until is not None
    early = first.until + SKEW - timedelta(seconds=1)
    assert take(control, "orders", "run-2", early, seconds=HOUR).run_id == "run-1"
    assert take(control, "orders", "run-2", first.until + SKEW, seconds=HOUR).run_id == "run-2"


def test_of_two_runs_at_the_same_moment_one_gets_it(control: MemoryControl) -> None:
    """RE-31, RE-17."""

    def faster() -> None:
        control.meddle = lambda: None
        take(control, "orders", "run-2", START, seconds=HOUR)

    control.meddle = faster
    assert take(control, "orders", "run-1", START, seconds=HOUR).run_id == "run-2"


def test_a_released_lease_is_free_at_once(control: MemoryControl) -> None:
    take(control, "orders", "run-1", START, seconds=HOUR)
    release(control, "orders", "run-1")
    assert take(control, "orders", "run-2", START, seconds=HOUR).run_id == "run-2"


def test_nobody_releases_the_lease_of_another_run(control: MemoryControl) -> None:
    take(control, "orders", "run-1", START, seconds=HOUR)
    release(control, "orders", "run-2")
    assert take(control, "orders", "run-2", START, seconds=HOUR).run_id == "run-1"


def test_releasing_twice_or_nothing_does_no_harm(control: MemoryControl) -> None:
    release(control, "orders", "run-1")
    assert control.values == {}
    take(control, "orders", "run-1", START, seconds=HOUR)
    release(control, "orders", "run-1")
    writes = control.writes
    release(control, "orders", "run-1")
    assert control.writes == writes


def test_a_lease_of_which_half_is_over_is_renewed(control: MemoryControl) -> None:
    first = take(control, "orders", "run-1", START, seconds=HOUR)
    writes = control.writes
    assert renew(control, "orders", "run-1", LATER, seconds=HOUR) == first
    assert control.writes == writes
    late = START + timedelta(minutes=31)
    assert renew(control, "orders", "run-1", late, seconds=HOUR).until == late + timedelta(hours=1)
    just = START + timedelta(hours=1) + SKEW
    assert take(control, "orders", "run-2", just, seconds=HOUR).run_id == "run-1"


def test_a_run_that_lost_its_lease_hears_of_it_when_it_renews(control: MemoryControl) -> None:
    with pytest.raises(PreconditionFailed, match="run-1 no longer holds"):
        renew(control, "orders", "run-1", START, seconds=HOUR)
    take(control, "orders", "run-2", START, seconds=HOUR)
    with pytest.raises(PreconditionFailed, match="orders"):
        renew(control, "orders", "run-1", START, seconds=HOUR)
    assert take(control, "orders", "run-1", START, seconds=HOUR).run_id == "run-2"
