"""Answers that were lost, systems that are away, workers that meet, runs that are stopped."""

from datetime import timedelta
from typing import Any

import pytest

from sapmatch.model.errors import InputRejected, LogonRefused, SapUnavailable, Throttled
from sapmatch.model.users import Locks
from tests.builders.memory_users import MemoryUsers, ProvisioningHome, user

NAMES = "ACTIVITYGROUPS.AGR_NAME"
CREATE = {"USERNAME": "NEW", "ADDRESS.LASTNAME": "Neu", NAMES: ["Z_BUYER"]}
CHANGE = {"USERNAME": "A", "ADDRESS.LASTNAME": "Anders"}
LOCK = {"USERNAME": "B", "STATE": "locked"}


def home() -> ProvisioningHome:
    return ProvisioningHome(MemoryUsers(user("A"), user("B"), user("C", "Z_CLERK")))


def statuses(response: dict[str, Any]) -> dict[str, str]:
    return {each["user"]: each["status"] for each in response["rows"]}


@pytest.mark.parametrize("fault", ["lost", "unknown"])
def test_a_lost_answer_is_read_back_and_not_sent_again(fault: str) -> None:
    """CO-T36"""
    here = home()
    here.sap.faults["NEW"] = [fault]
    run = here.drop(CREATE, LOCK)
    here.plan(run)
    first = here.runs().apply(run, "s4", owner="x")
    assert (first.unknown, first.left) == (1, 2)
    assert here.sap.effects == [("create", "NEW")]
    response = here.carry(run)
    assert statuses(response) == {"NEW": "done", "B": "done"}
    assert here.sap.effects == [("create", "NEW"), ("change", "B")]


def test_a_change_that_never_arrived_is_sent_again_only_when_it_no_longer_can() -> None:
    here = home()
    here.sap.faults["NEW"] = ["never arrived"]
    run = here.drop(CREATE)
    here.plan(run)
    assert here.runs().apply(run, "s4", owner="x").wait_seconds == 60
    here.clock.sleep(59)
    assert here.runs().apply(run, "s4", owner="x").unknown == 1
    assert here.sap.effects == []
    here.clock.sleep(1)
    assert here.runs().apply(run, "s4", owner="x").done == 1
    assert here.sap.effects == [("create", "NEW")]


def test_a_change_that_never_arrives_is_given_up() -> None:
    here = home()
    here.sap.faults["NEW"] = ["never arrived"] * 3
    response = here.carry(here.drop(CREATE))
    assert response["rows"][0]["steps"][0]["code"] == "NOT_ARRIVED"
    assert here.sap.faults["NEW"] == []


@pytest.mark.parametrize("error", [SapUnavailable("SAP is away"), LogonRefused("locked")])
def test_what_holds_for_the_whole_system_ends_the_turn_and_the_next_goes_on(
    error: Exception,
) -> None:
    here = home()
    here.sap.faults["A"] = [error]
    run = here.drop(CREATE, CHANGE)
    here.plan(run)
    with pytest.raises(type(error)):
        here.runs().apply(run, "s4", owner="x")
    assert here.runs().apply(run, "s4", owner="y").done == 2  # without any waiting
    assert here.sap.effects == [("create", "NEW"), ("change", "A")]


def test_only_one_execution_applies_a_run_at_a_time() -> None:
    here = home()
    run = here.drop(CREATE, CHANGE)
    here.plan(run)
    tried: list[str] = []

    def meddle() -> None:
        if not tried:
            tried.append("other")
            with pytest.raises(Throttled, match="another worker"):
                here.runs().apply(run, "s4", owner="other")

    here.sap.before = meddle
    assert here.runs().apply(run, "s4", owner="first").done == 2
    assert tried
    assert here.sap.effects == [("create", "NEW"), ("change", "A")]


def test_a_lease_of_a_dead_execution_ends() -> None:
    here = home()
    run = here.drop(CREATE)
    here.plan(run)

    def die() -> None:
        raise KeyboardInterrupt

    here.sap.before = die
    lease_lost = here.control.write

    def no_release(key: str, value: bytes, *, expected: int) -> int:
        if key.endswith(".lease") and expected:
            raise KeyboardInterrupt
        return lease_lost(key, value, expected=expected)

    here.control.write = no_release  # type: ignore[method-assign]
    until = here.clock.now() + timedelta(seconds=300)
    with pytest.raises(KeyboardInterrupt):
        here.runs().apply(run, "s4", until, owner="first")
    here.control.write = lease_lost  # type: ignore[method-assign]
    here.sap.before = lambda: None
    with pytest.raises(Throttled):
        here.runs().apply(run, "s4", owner="second")
    here.clock.sleep(361)
    assert here.runs().apply(run, "s4", owner="second").done == 1


def test_nothing_is_begun_when_the_time_is_over() -> None:
    here = home()
    run = here.drop(CREATE, CHANGE)
    here.plan(run)
    applied = here.runs().apply(run, "s4", here.clock.now(), owner="x")
    assert (applied.left, applied.done) == (2, 0)
    assert here.sap.effects == []


def test_a_run_that_is_stopped_ends_behind_a_user_and_can_go_on() -> None:
    here = home()
    run = here.drop(CREATE, CHANGE, LOCK)
    here.plan(run)
    here.sap.after = lambda: here.runs().stop(run, "s4")
    applied = here.runs().apply(run, "s4", owner="x")
    assert (applied.stopped, applied.left, applied.done) == (True, 0, 1)
    assert here.report(run)["status"] == "stopped"
    here.sap.after = lambda: None
    here.runs().resume(run, "s4")
    assert here.carry(run)["status"] == "done"
    assert here.sap.effects == [("create", "NEW"), ("change", "A"), ("change", "B")]
    with pytest.raises(InputRejected, match="has ended already"):
        here.runs().stop(run, "s4")
    with pytest.raises(InputRejected, match="cannot go on"):
        here.runs().resume(run, "s4")


def test_a_user_that_lost_more_since_the_plan_is_not_touched() -> None:
    """What a person agreed to is all that is taken away."""
    here = home()
    run = here.drop({"USERNAME": "C", NAMES: ["Z_BUYER"]})
    here.plan(run)
    here.sap.held["C"] = user("C", "Z_CLERK", "Z_AUDIT")
    response = here.carry(run)
    assert response["rows"][0]["steps"][0]["code"] == "PLAN_OUTDATED"
    assert here.sap.effects == []


def test_a_user_that_changed_elsewhere_is_changed_all_the_same() -> None:
    here = home()
    run = here.drop({"USERNAME": "C", NAMES: ["Z_BUYER"]})
    here.plan(run)
    here.sap.held["C"] = user("C", fields={"ADDRESS.LASTNAME": "Geheiratet"})
    assert statuses(here.carry(run)) == {"C": "done"}


@pytest.mark.parametrize("row", [CHANGE, {"USERNAME": "A", "STATE": "locked"}])
def test_a_user_that_is_gone_since_the_plan_is_not_made_anew(row: dict[str, str]) -> None:
    here = home()
    run = here.drop(row)
    here.plan(run)
    del here.sap.held["A"]
    assert here.carry(run)["rows"][0]["steps"][0]["code"] == "PLAN_OUTDATED"
    assert here.sap.effects == []


def test_what_somebody_else_did_meanwhile_is_not_done_again() -> None:
    here = home()
    run = here.drop(LOCK, {"USERNAME": "A", "STATE": "absent"})
    here.plan(run)
    here.sap.held["B"] = user("B", locks=Locks(local=True))
    del here.sap.held["A"]
    assert set(statuses(here.carry(run)).values()) == {"unchanged"}
    assert here.sap.effects == []


def test_a_call_that_its_worker_did_not_survive_may_still_be_under_way() -> None:
    """What a dead worker sent may be executed later: it is not sent again before that is over."""
    here = home()
    run = here.drop(CREATE)
    here.plan(run)

    def die() -> None:
        raise KeyboardInterrupt

    here.sap.before = die
    with pytest.raises(KeyboardInterrupt):
        here.runs().apply(run, "s4", owner="x")
    here.sap.before = lambda: None
    again = here.runs().apply(run, "s4", owner="x")
    assert (again.unknown, again.wait_seconds, here.sap.effects) == (1, 60, [])
    here.clock.sleep(60)
    assert here.runs().apply(run, "s4", owner="x").done == 1
    assert here.sap.effects == [("create", "NEW")]


def test_the_first_plan_of_a_run_stands_whoever_else_makes_one() -> None:
    """A person may have seen it already."""
    here = home()
    run = here.drop(CHANGE)
    late, exists, key = here.runs(), here.objects.exists, f"provisioned/s4/{run}/plan.json"
    here.plan(run)
    first = here.runs().plan_of(run, "s4")
    here.control.values.clear()
    here.sap.held["A"] = user("A", fields={"ADDRESS.LASTNAME": "Inzwischen"})
    here.objects.delete(f"provisioned/s4/{run}/planning/00000.json")
    hidden = [key]

    def blind(key: str) -> bool:
        """As the other one saw it before the plan was stored."""
        if key in hidden:
            hidden.clear()
            return False
        return exists(key)

    here.objects.exists = blind  # type: ignore[method-assign]
    planned = late.plan(run, "s4", here.upload.key, here.upload.version_id)
    assert first is not None
    assert planned.digest == first.digest
