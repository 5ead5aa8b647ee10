"""Several turns at the users of one run: who is due again, and when the run has ended."""

from contextlib import suppress
from datetime import timedelta

import pytest

from sapmatch.model.errors import SapRejected, SapUnavailable, Throttled
from sapmatch.model.users import Locks
from sapmatch.provisioning.lease import SKEW, held
from tests.builders.control import MemoryControl
from tests.builders.memory import MemoryClock
from tests.builders.memory_users import MemoryUsers, ProvisioningHome, user

RUN = 12 * "a"
AWAY = SapUnavailable("SAP was not reached")
BUSY, NO = Throttled("somebody else changes the user"), SapRejected("01/512", "no authority")
BOTH = ({"USERNAME": "A", "STATE": "locked"}, {"USERNAME": "B", "STATE": "locked"})


def statuses(here: ProvisioningHome, run: str) -> dict[str, str]:
    return {each["user"]: each["status"] for each in here.report(run)["rows"]}


def test_a_user_who_failed_is_not_sent_again_by_the_next_turn_of_the_same_run() -> None:
    here = ProvisioningHome(MemoryUsers(user("A"), user("B")), on_error="continue")
    here.sap.faults = {"A": [NO], "B": [BUSY]}
    run = here.drop(*BOTH)
    here.plan(run)
    here.apply(run)
    assert here.sap.effects == [("change", "B")]
    assert statuses(here, run) == {"A": "failed", "B": "done"}


@pytest.mark.parametrize(
    ("fault", "status", "effects"),
    [("lost", "done", [("change", "B")]), ("never arrived", "failed", [])],
)
def test_a_lost_answer_is_looked_for_though_another_user_failed_and_ends_the_run(
    fault: str, status: str, effects: list[tuple[str, str]]
) -> None:
    """Row by row A comes first, but was busy when B's answer was lost."""
    here = ProvisioningHome(MemoryUsers(user("A"), user("B"), user("C")), on_error="stop")
    here.sap.faults = {"A": [BUSY, NO], "B": [fault]}
    run = here.drop(*BOTH, {"USERNAME": "C", "STATE": "locked"})
    here.plan(run)
    here.apply(run)
    assert statuses(here, run) == {"A": "failed", "B": status, "C": "not_executed"}
    assert here.sap.effects == effects


def test_a_run_with_a_failure_goes_on_while_nobody_knows_of_a_lost_answer() -> None:
    here = ProvisioningHome(MemoryUsers(user("A"), user("B")), on_error="stop")
    here.sap.faults = {"A": [BUSY, NO], "B": ["never arrived"]}
    run = here.drop(*BOTH)
    here.plan(run)
    here.runs().apply(run, "s4", owner="execution")
    early = here.runs().apply(run, "s4", owner="execution")
    assert (early.failed, early.unknown, early.left) == (1, 1, 1)
    assert early.wait_seconds > 0


@pytest.mark.parametrize("error", [BUSY, AWAY])
def test_what_never_left_is_no_attempt(error: Exception) -> None:
    """Somebody else locked him meanwhile: none of it is the work of this run."""
    here = ProvisioningHome(MemoryUsers(user("A")))
    here.sap.faults = {"A": [error] * 4}
    run = here.drop(BOTH[0])
    here.plan(run)
    for _ in range(4):
        with suppress(SapUnavailable):
            here.runs().apply(run, "s4", owner="execution")
    here.sap.held["A"] = user("A", locks=Locks(local=True))
    here.apply(run)
    assert statuses(here, run) == {"A": "unchanged"}


def test_a_user_who_was_unlocked_since_the_plan_is_not_locked_by_a_change_of_his_name() -> None:
    """He was locked when people agreed, so the plan counted no lock."""
    here = ProvisioningHome(MemoryUsers(user("A", locks=Locks(local=True))))
    run = here.drop({"USERNAME": "A", "STATE": "locked", "ADDRESS.LASTNAME": "Neu"})
    here.plan(run)
    here.sap.held["A"] = user("A")
    here.apply(run)
    assert here.report(run)["rows"][0]["steps"][0]["code"] == "PLAN_OUTDATED"
    assert here.sap.effects == []


def test_another_worker_waits_until_both_clocks_say_that_a_lease_is_over() -> None:
    control, clock = MemoryControl(), MemoryClock()
    begun = clock.now()
    until = begun + timedelta(minutes=5)
    late = held(control, "s4", RUN, "dead", begun, until)
    late.__enter__()
    almost, after = until + SKEW - timedelta(seconds=1), until + SKEW
    with pytest.raises(Throttled), held(control, "s4", RUN, "b", almost, almost):
        raise AssertionError("two at one run")
    with held(control, "s4", RUN, "b", after, after + SKEW):
        pass
