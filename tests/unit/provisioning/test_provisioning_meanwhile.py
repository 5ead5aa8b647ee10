"""What happens between the steps of a run: other people, other workers, users that SAP hides."""

import json
from typing import Any

import pytest
from msgspec.structs import replace

from sapmatch.model.errors import AuthorizationMissing, SapRejected, Throttled
from sapmatch.model.users import SapUser, UserChange
from tests.builders.memory_users import TODAY, MemoryUsers, ProvisioningHome, role, user

NAMES = "ACTIVITYGROUPS.AGR_NAME"
HIDDEN = SapRejected("01/512", "user BOSS: no authority")


class Secretive(MemoryUsers):
    """Does not show everybody."""

    def __init__(self, *users: SapUser) -> None:
        super().__init__(*users)
        self.hidden: dict[str, Exception] = {}

    def get(self, name: str) -> SapUser | None:
        if name in self.hidden:
            raise self.hidden[name]
        return super().get(name)


def statuses(response: dict[str, Any]) -> dict[str, str]:
    return {each["user"]: each["status"] for each in response["rows"]}


def test_a_role_that_came_after_the_comparison_is_not_taken() -> None:
    """The writer reads the user anew: what nobody compared would go without a word."""
    here = ProvisioningHome(MemoryUsers(user("A", "Z_CLERK")))
    run = here.drop({"USERNAME": "A", NAMES: ["Z_BUYER"]})
    here.plan(run)

    def come() -> None:
        held = here.sap.held["A"]
        here.sap.held["A"] = replace(held, roles=(*held.roles, role("Z_AUDIT")))

    here.sap.held_by_lock = come
    here.apply(run)
    assert here.report(run)["rows"][0]["steps"][0]["code"] == "PLAN_OUTDATED"
    assert here.sap.effects == []


def test_a_user_who_got_a_role_after_the_comparison_is_not_deleted() -> None:
    here = ProvisioningHome(MemoryUsers(user("A")))
    run = here.drop({"USERNAME": "A", "STATE": "absent"})
    here.plan(run)
    here.sap.held_by_lock = lambda: here.sap.held.update(A=user("A", "Z_AUDIT"))
    here.apply(run)
    assert here.report(run)["rows"][0]["steps"][0]["code"] == "PLAN_OUTDATED"
    assert here.sap.effects == []


def test_roles_that_stay_keep_their_days_however_the_writer_reads_names() -> None:
    """The plan names the new role alone; a connection may be set to begin names anew."""
    changes: list[UserChange] = []

    class Forgetful(MemoryUsers):
        def change(self, change: UserChange) -> Any:
            changes.append(change)
            return super().change(change)

    until = role("Z_CLERK", until=TODAY.replace(year=2027))
    here = ProvisioningHome(Forgetful(user("A", until)))
    response = here.carry(here.drop({"USERNAME": "A", NAMES: ["Z_CLERK", "Z_BUYER"]}))
    assert statuses(response) == {"A": "done"}
    (change,) = changes
    assert change.role_names is None
    assert change.roles is not None
    assert until in change.roles
    assert {each.name: each.valid_from for each in change.roles}["Z_BUYER"] == TODAY


def test_a_worker_that_comes_late_changes_nobody_of_a_run_that_has_ended() -> None:
    here = ProvisioningHome(MemoryUsers(user("A"), user("B")))
    run = here.drop({"USERNAME": "A", "STATE": "locked"}, {"USERNAME": "B", "STATE": "locked"})
    here.plan(run)
    here.sap.after = lambda: here.report(run, "Lambda.Unknown")
    here.runs().apply(run, "s4", owner="x")
    assert here.sap.effects == [("change", "A")]
    here.sap.after = lambda: None
    late = here.runs().apply(run, "s4", owner="late")
    assert (late.stopped, late.left) == (True, 0)
    assert here.sap.effects == [("change", "A")]
    here.runs().resume(run, "s4")
    assert statuses(here.carry(run)) == {"A": "done", "B": "done"}


@pytest.mark.parametrize("error", [HIDDEN, AuthorizationMissing("user BOSS: 403")])
def test_a_user_whom_sap_does_not_show_is_a_mistake_of_his_row_alone(error: Exception) -> None:
    sap = Secretive(user("BOSS"), user("A"))
    sap.hidden = {"BOSS": error}
    here = ProvisioningHome(sap, on_error="continue")
    rows = ({"USERNAME": "BOSS", "STATE": "locked"}, {"USERNAME": "A", "STATE": "locked"})
    response = here.carry(here.drop(*rows))
    assert statuses(response) == {"A": "done", "BOSS": "refused"}
    plan = here.runs().plan_of(here.upload.run_id, "s4")
    assert plan is not None
    (problem,) = plan.refused
    assert problem.field == "row 1"
    assert "BOSS" not in problem.message


def test_where_sap_shows_nobody_it_is_no_matter_of_the_rows() -> None:
    sap = Secretive(user("A"), user("B"))
    sap.hidden = dict.fromkeys(("A", "B"), AuthorizationMissing("S_RFC is missing"))
    here = ProvisioningHome(sap)
    run = here.drop({"USERNAME": "A"}, {"USERNAME": "B"})
    with pytest.raises(AuthorizationMissing):
        here.plan(run)


def test_a_user_who_is_hidden_since_the_plan_fails_alone() -> None:
    sap = Secretive(user("BOSS"), user("A"))
    here = ProvisioningHome(sap, on_error="continue")
    rows = ({"USERNAME": "BOSS", "STATE": "locked"}, {"USERNAME": "A", "STATE": "locked"})
    run = here.drop(*rows)
    here.plan(run)
    sap.hidden = {"BOSS": HIDDEN}
    here.apply(run)
    response = here.report(run)
    assert statuses(response) == {"BOSS": "failed", "A": "done"}
    assert response["rows"][0]["steps"][0]["code"] == "01/512"
    assert "BOSS" not in json.dumps(response["rows"][0]["steps"])


def test_a_user_whom_somebody_else_changes_waits_for_the_next_turn_and_nobody_waits_for_him() -> (
    None
):
    here = ProvisioningHome(MemoryUsers(user("A"), user("B")))
    here.sap.faults["A"] = [Throttled("user A: is being changed by another worker")]
    run = here.drop({"USERNAME": "A", "STATE": "locked"}, {"USERNAME": "B", "STATE": "locked"})
    here.plan(run)
    first = here.runs().apply(run, "s4", owner="x")
    assert (first.left, first.done, first.wait_seconds) == (1, 1, 30)
    second = here.runs().apply(run, "s4", owner="y")
    assert (second.left, second.done, second.wait_seconds) == (0, 2, 0)


@pytest.mark.parametrize(
    "row", [{"STATE": "absent"}, {"STATE": "locked"}, {"ADDRESS.LASTNAME": "Neu"}]
)
def test_a_user_whom_the_base_query_leaves_out_is_a_mistake_of_his_row(row: dict[str, Any]) -> None:
    """He would be created, or be absent as he should be."""
    here = ProvisioningHome(MemoryUsers(user("BOSS"), user("A")), on_error="continue")
    here.sap.outside = {"BOSS"}
    lock = {"USERNAME": "A", "STATE": "locked"}
    response = here.carry(here.drop({"USERNAME": "BOSS"} | row, lock))
    assert statuses(response) == {"BOSS": "refused", "A": "done"}
    (problem,) = response["rows"][0]["problems"]
    assert "rfc.baseAccountQuery" in problem["message"]
    assert here.sap.effects == [("change", "A")]


@pytest.mark.parametrize(
    "row", [{"STATE": "absent"}, {"STATE": "locked"}, {"ADDRESS.LASTNAME": "Neu"}]
)
def test_a_user_who_left_the_base_query_since_the_plan_is_left_alone(row: dict[str, Any]) -> None:
    here = ProvisioningHome(MemoryUsers(user("A")))
    run = here.drop({"USERNAME": "A"} | row)
    here.plan(run)
    here.sap.outside = {"A"}
    here.apply(run)
    (told,) = here.report(run)["rows"]
    assert (told["status"], told["steps"][0]["code"]) == ("failed", "OUTSIDE_QUERY")
    assert here.sap.effects == []


def test_a_user_who_leaves_the_base_query_by_the_change_is_done() -> None:
    here = ProvisioningHome(MemoryUsers(user("A")))
    here.sap.faults["A"] = ["lost"]
    here.sap.after = lambda: here.sap.outside.add("A")
    assert statuses(here.carry(here.drop({"USERNAME": "A", "STATE": "locked"}))) == {"A": "done"}


def test_a_deletion_that_comes_late_is_no_failure_where_another_worker_deleted() -> None:
    """Both are of one execution: the second began when the first was taken for dead."""

    class Slow(MemoryUsers):
        def delete(self, name: str, agreed: Any = None) -> Any:
            if "second" not in seen:
                seen.append("second")
                here.later(120)
                here.runs().apply(run, "s4", owner="execution")
            return super().delete(name, agreed)

    seen: list[str] = []
    here = ProvisioningHome(Slow(user("A"), user("B")))
    rows = ({"USERNAME": "A", "STATE": "absent"}, {"USERNAME": "B", "STATE": "absent"})
    run = here.drop(*rows)
    here.plan(run)
    here.apply(run)
    assert statuses(here.report(run)) == {"A": "done", "B": "done"}
    assert here.sap.effects == [("delete", "A"), ("delete", "B")]
