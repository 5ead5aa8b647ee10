"""What a central system accepted, and whether its children have it."""

from datetime import timedelta
from typing import Any

import pytest

from sapmatch.model.users import ChildSystem
from tests.builders.memory_users import CHILD, MemoryUsers, ProvisioningHome, role, user

CHANGE = {"USERNAME": "A", "ADDRESS.LASTNAME": "Anders"}


def central(*stages: ChildSystem, **rules: Any) -> ProvisioningHome:
    sap = MemoryUsers(user("A", role("Z_CLERK", CHILD)), central=True)
    sap.behind["A"] = list(stages)
    return ProvisioningHome(sap, **rules)


LATE = ChildSystem(system=CHILD, status="differs", differs=("ADDRESS.LASTNAME",))
AWAY = ChildSystem(system=CHILD, status="unreachable", message="SAP was not reached")
FINE = ChildSystem(system=CHILD, status="agrees")


def test_what_a_central_system_accepted_is_verified_until_its_children_agree() -> None:
    """CO-T51"""
    here = central(LATE, AWAY, FINE)
    run = here.drop(CHANGE)
    response = here.carry(run)
    assert response["status"] == "done"
    row = response["rows"][0]
    assert (row["status"], row["verified"]) == ("accepted_by_central", True)
    assert row["distribution_failed"] == []


@pytest.mark.parametrize("child", [LATE, AWAY])
def test_a_child_that_never_agrees_is_named(child: ChildSystem) -> None:
    """CO-T51"""
    here = central(child, verify_minutes=5)
    run = here.drop(CHANGE)
    begun = here.clock.now()
    response = here.carry(run)
    assert here.clock.now() - begun >= timedelta(minutes=5)
    assert response["status"] == "failed"
    row = response["rows"][0]
    assert (row["verified"], row["distribution_failed"]) == (False, [CHILD])
    assert f"system {CHILD} {child.status}" in here.mailer.sent[-1][1]


def test_a_run_that_is_stopped_while_children_are_asked_can_ask_them_again() -> None:
    here = central(LATE)
    run = here.drop(CHANGE)
    here.plan(run)
    here.apply(run)
    here.runs().stop(run, "s4")
    assert here.runs().verify(run, "s4").over
    assert here.report(run)["status"] == "stopped"
    here.sap.behind["A"] = [FINE]
    here.runs().resume(run, "s4")
    assert here.carry(run)["status"] == "done"
    assert here.sap.effects == [("change", "A")]


def test_a_child_that_nobody_can_ask_holds_nothing_up() -> None:
    here = central(ChildSystem(system=CHILD, status="not_asked"))
    assert here.carry(here.drop(CHANGE))["status"] == "done"


def test_a_lost_answer_of_a_central_system_is_verified_too() -> None:
    """CO-T36, CO-T51"""
    here = central(FINE)
    here.sap.faults["A"] = ["lost"]
    response = here.carry(here.drop(CHANGE))
    assert response["rows"][0]["status"] == "accepted_by_central"
    assert response["rows"][0]["verified"] is True


@pytest.mark.parametrize("fault", ["", "lost"])
@pytest.mark.parametrize("row", [CHANGE, {"USERNAME": "A", "STATE": "absent"}])
def test_the_systems_that_a_user_was_in_are_asked_whether_he_left_them(
    row: dict[str, Any], fault: str
) -> None:
    """CO-T51; all that there are otherwise, and one that is away would fail every run."""
    here = central(FINE)
    here.sap.faults["A"] = [fault] if fault else []
    assert here.carry(here.drop(row))["status"] == "done"
    assert here.sap.was_in == {"A": (CHILD,)}
