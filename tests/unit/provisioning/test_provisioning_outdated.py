"""Users that changed in SAP between the plan and its application."""

from collections.abc import Callable
from datetime import date
from typing import Any

import pytest
from msgspec.structs import replace

from sapmatch.model.errors import SapRejected, SapUnavailable
from sapmatch.model.users import Changed, Locks, ProfileAssignment, SapUser, Step
from tests.builders.memory_users import CENTRAL, CHILD, MemoryUsers, ProvisioningHome, role, user

NAMES = "ACTIVITYGROUPS.AGR_NAME"
CREATE = {"USERNAME": "NEW", "ADDRESS.LASTNAME": "Neu", NAMES: ["Z_BUYER"]}
OTHER = user("NEW", fields={"ADDRESS.LASTNAME": "Somebody Else"})
P = ProfileAssignment


def code(here: ProvisioningHome, run: str) -> str:
    here.apply(run)
    steps = here.report(run)["rows"][0]["steps"]
    return str(steps[0]["code"]) if steps else ""


@pytest.mark.parametrize(
    ("held", "row", "then"),
    [
        (
            user("A", profiles=(P(name="OLD"),)),
            {"PROFILES.BAPIPROF": ["NEW"]},
            lambda held: replace(held, profiles=(P(name="OLD"), P(name="SAP_ALL"))),
        ),
        (
            user("A", groups=("OLD",)),
            {"GROUPS.USERGROUP": ["NEW"]},
            lambda held: replace(held, groups=("OLD", "SUPER")),
        ),
        (
            user("A"),
            {"PARAMETER": {"BUK": "1"}},
            lambda held: replace(held, parameters={"WRK": "2"}),
        ),
        (
            user("A", systems=(CENTRAL,)),
            {"SYSTEMS": [CENTRAL], "ADDRESS.LASTNAME": "Neu"},
            lambda held: replace(held, systems=(CENTRAL, CHILD)),
        ),
        (
            user("A", "Z_BUYER"),
            {NAMES: ["Z_BUYER", "Z_CLERK"]},
            lambda held: replace(held, roles=(role("Z_BUYER"), role("Z_AUDIT"))),
        ),
        (
            user("A"),
            {"STATE": "absent"},
            lambda held: replace(held, roles=(role("Z_AUDIT"),)),
        ),
        (
            user("A"),
            {"STATE": "absent"},
            lambda held: replace(held, fields={"ADDRESS.LASTNAME": "Rehired"}),
        ),
    ],
)
def test_nothing_is_taken_that_the_plan_does_not_name(
    held: SapUser, row: dict[str, Any], then: Callable[[SapUser], SapUser]
) -> None:
    here = ProvisioningHome(MemoryUsers(held, central=bool(held.systems)))
    run = here.drop({"USERNAME": "A"} | row)
    here.plan(run)
    here.sap.held["A"] = then(held)
    assert code(here, run) == "PLAN_OUTDATED"
    assert here.sap.effects == []


_LATER = date(2027, 12, 31)


@pytest.mark.parametrize(
    ("row", "then"),
    [
        ({"STATE": "present"}, {"locks": Locks(local=True)}),
        ({NAMES: ["Z_BUYER", "Z_CLERK"]}, {"roles": (role("Z_BUYER"),)}),
        ({"PROFILES.BAPIPROF": ["P"]}, {"profiles": ()}),
        ({"GROUPS.USERGROUP": ["G"]}, {"groups": ()}),
        ({"VALID_TO": "2027-12-31"}, {"fields": {"LOGONDATA.GLTGB": date(2026, 11, 1)}}),
        ({"ADDRESS.DEPARTMENT": "Sales"}, {"fields": {"ADDRESS.DEPARTMENT": "Purchasing"}}),
    ],
)
def test_what_somebody_took_since_the_plan_is_not_given_back(
    row: dict[str, Any], then: dict[str, Any]
) -> None:
    """A user who was locked and lost a role while the run waited was unlocked and had it again."""
    fields = {"LOGONDATA.GLTGB": _LATER, "ADDRESS.DEPARTMENT": "Sales"}
    held = user("A", "Z_BUYER", "Z_CLERK", profiles=(P(name="P"),), groups=("G",), fields=fields)
    here = ProvisioningHome(MemoryUsers(held))
    run = here.drop({"USERNAME": "A", "ADDRESS.LASTNAME": "Neu"} | row)
    here.plan(run)
    here.sap.held["A"] = replace(held, **then | {"fields": held.fields | then.get("fields", {})})
    assert code(here, run) == "PLAN_OUTDATED"
    assert here.sap.effects == []


def test_what_is_done_already_does_not_outdate_a_plan() -> None:
    here = ProvisioningHome(MemoryUsers(user("A", "Z_BUYER", locks=Locks(local=True))))
    names = ["Z_CLERK", "Z_AUDIT"]
    run = here.drop({"USERNAME": "A", "STATE": "present", "ADDRESS.LASTNAME": "Neu", NAMES: names})
    here.plan(run)
    here.sap.held["A"] = user("A", "Z_BUYER", "Z_CLERK", fields={"ADDRESS.LASTNAME": "Between"})
    here.apply(run)
    (row,) = here.report(run)["rows"]
    assert (row["status"], row["differences"]) == ("done", 5)
    assert row["written"] == [
        {"what": "ADDRESS.LASTNAME", "before": "Between", "after": "Neu"},
        {"what": "role Z_AUDIT", "before": "", "after": "assigned"},
        {"what": "role Z_BUYER", "before": "assigned", "after": ""},
    ]
    assert {each.name for each in here.sap.held["A"].roles} == {*names}


@pytest.mark.parametrize("then", [{"locks": Locks(local=True)}, {"warnings": ("?",)}])
def test_a_user_who_is_locked_before_he_is_deleted_is_deleted(then: dict[str, Any]) -> None:
    here = ProvisioningHome(MemoryUsers(user("A", "Z_BUYER")))
    run = here.drop({"USERNAME": "A", "STATE": "absent"})
    here.plan(run)
    here.sap.held["A"] = user("A", "Z_BUYER", **then)
    here.apply(run)
    assert here.report(run)["rows"][0]["status"] == "done"


def test_somebody_else_of_that_name_is_not_made_the_user_who_was_to_be_created() -> None:
    here = ProvisioningHome(MemoryUsers())
    run = here.drop(CREATE)
    here.plan(run)
    here.sap.held["NEW"] = OTHER
    assert code(here, run) == "PLAN_OUTDATED"
    assert here.sap.held["NEW"] == OTHER


@pytest.mark.parametrize("error", [SapRejected("01/224", "exists"), SapUnavailable("away")])
def test_nor_after_a_call_that_created_nobody(error: Exception) -> None:
    here = ProvisioningHome(MemoryUsers())
    here.sap.faults["NEW"] = [error]
    run = here.drop(CREATE)
    here.plan(run)
    try:
        here.apply(run)
        here.report(run)
        here.runs().resume(run, "s4")
    except SapUnavailable:
        pass
    here.sap.held["NEW"] = OTHER
    assert code(here, run) == "PLAN_OUTDATED"
    assert here.sap.held["NEW"] == OTHER


def test_who_was_created_in_part_is_completed_even_after_a_failure_in_between() -> None:
    here = ProvisioningHome(MemoryUsers())
    part = Changed(user="NEW", status="partial", steps=(Step(name="roles", status="failed"),))
    here.sap.faults["NEW"] = [part, SapUnavailable("away")]
    run = here.drop(CREATE)
    here.plan(run)
    here.apply(run)
    here.sap.held["NEW"] = user("NEW", fields={"ADDRESS.LASTNAME": "Neu"})
    here.report(run)
    here.runs().resume(run, "s4")
    with pytest.raises(SapUnavailable):
        here.apply(run)
    here.apply(run)
    assert here.report(run)["rows"][0]["status"] == "done"
    assert [each.name for each in here.sap.held["NEW"].roles] == ["Z_BUYER"]
