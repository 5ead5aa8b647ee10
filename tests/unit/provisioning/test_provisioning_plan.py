"""What a file comes to against what SAP holds."""

from datetime import date
from typing import Any

import pytest

from sapmatch.model.errors import AuthorizationMissing
from sapmatch.model.provisioning import Plan
from sapmatch.model.users import Locks, ProfileAssignment
from sapmatch.provisioning.stored import decoded, encoded
from tests.builders.memory_users import (
    CENTRAL,
    CHILD,
    TODAY,
    MemoryUsers,
    ProvisioningHome,
    role,
    user,
)

NAMES = "ACTIVITYGROUPS.AGR_NAME"


def planned(sap: MemoryUsers, *rows: Any, **rules: Any) -> Plan:
    home = ProvisioningHome(sap, **rules)
    run = home.drop(*rows)
    home.plan(run)
    plan = home.runs().plan_of(run, "s4")
    assert plan is not None
    return plan


def differences(plan: Plan, row: int = 0) -> list[tuple[str, str, str]]:
    return [(each.what, each.before, each.after) for each in plan.users[row].differences]


def test_a_user_that_is_as_it_should_be_is_left_alone() -> None:
    sap = MemoryUsers(user("A", "Z_BUYER", groups=("G",), parameters={"BUK": "1"}))
    row = {
        "USERNAME": "a",
        "STATE": "present",
        "ADDRESS.LASTNAME": "Muster ",
        NAMES: ["z_buyer"],
        "GROUPS.USERGROUP": ["G"],
        "PARAMETER": {"BUK": "1"},
    }
    plan = planned(sap, row)
    assert (plan.users[0].action, plan.users[0].differences) == ("none", ())
    assert plan.counts.none == 1


def test_differences_are_told_as_people_read_them() -> None:
    sap = MemoryUsers(
        user("A", "Z_BUYER", parameters={"BUK": "1"}, profiles=(ProfileAssignment(name="P"),))
    )
    row = {
        "USERNAME": "A",
        "ADDRESS.LASTNAME": "Neu",
        "VALID_TO": "2027-01-31",
        NAMES: ["Z_CLERK"],
        "PARAMETER": {"WRK": "2"},
        "PROFILES.BAPIPROF": [],
        "GROUPS.USERGROUP": ["G"],
    }
    assert differences(planned(sap, row)) == [
        ("ADDRESS.LASTNAME", "Muster", "Neu"),
        ("LOGONDATA.GLTGB", "", "2027-01-31"),
        ("profile P", "assigned", ""),
        ("group G", "", "assigned"),
        ("parameter BUK", "1", ""),
        ("parameter WRK", "", "2"),
        ("role Z_BUYER", "assigned", ""),
        ("role Z_CLERK", "", "assigned"),
    ]


def test_an_unknown_user_is_created_and_an_absent_one_that_is_not_there_is_left_alone() -> None:
    plan = planned(
        MemoryUsers(),
        {"USERNAME": "A", "ADDRESS.LASTNAME": "Neu", NAMES: ["Z_BUYER"]},
        {"USERNAME": "B", "STATE": "absent"},
    )
    assert [each.action for each in plan.users] == ["create", "none"]
    assert plan.counts.roles_added == 1


def test_an_unknown_user_cannot_be_locked_and_not_be_created_without_a_last_name() -> None:
    plan = planned(MemoryUsers(), {"USERNAME": "A", "STATE": "locked"}, {"USERNAME": "B"})
    assert [(each.field, each.message[:30]) for each in plan.refused] == [
        ("row 1", "is not known in SAP and cannot"),
        ("row 2", "is not known in SAP; to create"),
    ]


def test_locks_are_set_and_taken_away_only_where_they_differ() -> None:
    locked = Locks(local=True)
    sap = MemoryUsers(user("A"), user("B", locks=locked), user("C", locks=locked), user("D"))
    states = {"A": "locked", "B": "present", "C": "locked", "D": "present"}
    plan = planned(sap, *({"USERNAME": name, "STATE": state} for name, state in states.items()))
    assert [each.action for each in plan.users] == ["lock", "unlock", "none", "none"]


def test_a_lock_in_the_central_system_alone_keeps_nobody_from_the_others() -> None:
    """A central system locks everywhere, and unlocks whatever there is."""
    here, everywhere = Locks(local=True), Locks(everywhere=True)
    held = (user("A", locks=here), user("B", locks=everywhere), user("C", locks=here))
    states = {"A": "locked", "B": "locked", "C": "present"}
    sap = MemoryUsers(*held, central=True)
    plan = planned(sap, *({"USERNAME": name, "STATE": state} for name, state in states.items()))
    assert [each.action for each in plan.users] == ["lock", "none", "unlock"]


def test_a_change_without_a_state_leaves_a_lock_alone() -> None:
    sap = MemoryUsers(user("A", locks=Locks(local=True)))
    plan = planned(sap, {"USERNAME": "A", "ADDRESS.LASTNAME": "Neu"})
    assert plan.users[0].action == "change"
    assert plan.users[0].change.locked is None


def test_names_of_roles_keep_their_days_and_indirect_roles_are_no_difference() -> None:
    """CO-T44, CO-T45"""
    sap = MemoryUsers(user("A", role("Z_BUYER", until=date(2026, 6, 1)), role("Z_C", origin="C")))
    assert planned(sap, {"USERNAME": "A", NAMES: ["Z_BUYER"]}).users[0].action == "none"


def test_rows_of_roles_are_compared_with_their_days() -> None:
    """CO-T48"""
    sap = MemoryUsers(user("A", "Z_BUYER"))
    row = {"AGR_NAME": "Z_BUYER", "FROM_DAT": "2026-01-01", "TO_DAT": "9999-12-31"}
    later = {"AGR_NAME": "Z_BUYER", "FROM_DAT": "2027-01-01", "TO_DAT": "9999-12-31"}
    assert planned(sap, {"USERNAME": "A", "ACTIVITYGROUPS": [row]}).users[0].action == "none"
    both = planned(sap, {"USERNAME": "A", "ACTIVITYGROUPS": [row, later]})
    assert differences(both) == [
        (
            "role Z_BUYER",
            "2026-01-01 to 9999-12-31",
            "2026-01-01 to 9999-12-31, 2027-01-01 to 9999-12-31",
        )
    ]
    assert both.users[0].roles_removed == 0


def test_a_role_whose_days_end_counts_as_removed() -> None:
    """Else a file could take roles from everybody without any person."""
    sap = MemoryUsers(user("A", "Z_BUYER"))
    over = {"AGR_NAME": "Z_BUYER", "FROM_DAT": "2026-01-01", "TO_DAT": "2026-01-02"}
    plan = planned(sap, {"USERNAME": "A", "ACTIVITYGROUPS": [over]}, roles_removed_at_most=0)
    assert plan.users[0].roles_removed == 1
    assert plan.waits_for == (
        "removes 1 roles of 1 users; at most 0 go without a person (roles_removed_at_most)",
    )


@pytest.mark.parametrize(
    "row",
    [
        {"STATE": "locked"},
        {"STATE": "absent"},
        {"VALID_TO": "2026-11-01"},
        {"VALID_FROM": "2026-11-03"},
    ],
)
def test_whatever_keeps_a_user_from_logging_on_counts_as_locked(row: dict[str, str]) -> None:
    sap = MemoryUsers(user("A"))
    plan = planned(sap, {"USERNAME": "A"} | row, users_locked_at_most=0)
    assert len(plan.waits_for) == 1
    assert "keeps 1 users from logging on" in plan.waits_for[0]


def test_days_of_a_user_that_is_out_of_them_already_lock_nobody() -> None:
    sap = MemoryUsers(user("A", fields={"LOGONDATA.GLTGB": date(2026, 1, 1)}))
    row = {"USERNAME": "A", "VALID_TO": "2026-02-01"}
    assert not planned(sap, row, users_locked_at_most=0).waits_for
    assert date(2026, 11, 2) == TODAY


def test_limits_count_over_all_users_and_hold_at_their_edge() -> None:
    sap = MemoryUsers(user("A", "Z_BUYER", "Z_CLERK"), user("B", "Z_BUYER"))
    rows = ({"USERNAME": "A", NAMES: []}, {"USERNAME": "B", NAMES: []})
    assert not planned(sap, *rows, roles_removed_at_most=3).waits_for
    over = planned(sap, *rows, roles_removed_at_most=2)
    assert "removes 3 roles of 2 users; at most 2" in over.waits_for[0]


def test_unknown_roles_are_named_by_row_and_nothing_is_planned() -> None:
    sap = MemoryUsers(user("A"), user("B"))
    plan = planned(
        sap, {"USERNAME": "A", NAMES: ["Z_NIX", "Z_BUYER"]}, {"USERNAME": "B", "STATE": "locked"}
    )
    assert [(each.field, each.message) for each in plan.refused] == [
        ("row 1: ACTIVITYGROUPS.AGR_NAME", "there is no role Z_NIX")
    ]
    assert not plan.users


def test_profiles_and_groups_that_there_are_not_are_named_before_anything_is_applied() -> None:
    sap = MemoryUsers(user("A"), user("B"))
    rows = [
        {"USERNAME": "A", "PROFILES.BAPIPROF": ["S_A.SHOW", "NOPE"]},
        {"USERNAME": "B", "GROUPS.USERGROUP": ["SUPER", "NOGRP"]},
    ]
    assert not planned(sap, *rows).refused  # SAP does not say which there are
    sap.profiles, sap.groups = frozenset({"S_A.SHOW"}), frozenset({"SUPER"})
    assert [(each.field, each.message) for each in planned(sap, *rows).refused] == [
        ("row 1: PROFILES.BAPIPROF", "there is no profile NOPE"),
        ("row 2: GROUPS.USERGROUP", "there is no user group NOGRP"),
    ]


def test_good_rows_are_planned_beside_bad_ones_where_the_settings_say_continue() -> None:
    sap = MemoryUsers(user("A"), user("B"))
    bad = {"USERNAME": "C", "X.Y": "1", "STATE": "x"}
    rows = (bad, {"USERNAME": "B", "STATE": "locked"}, {"USERNAME": "A", NAMES: ["Z_NIX"]})
    plan = planned(sap, *rows, on_error="continue")
    assert [each.user for each in plan.users] == ["B"]
    fields = [each.field for each in plan.refused]
    assert fields == ["row 1: STATE", "row 1: X.Y", "row 3: ACTIVITYGROUPS.AGR_NAME"]


def test_roles_of_a_row_with_other_mistakes_are_looked_at_too() -> None:
    bad = {"USERNAME": "A", "ADDRESS.SHOE": "44", NAMES: ["Z_NIX"]}
    plan = planned(MemoryUsers(), bad)
    assert [each.field for each in plan.refused] == [
        "row 1: ADDRESS.SHOE",
        "row 1: ACTIVITYGROUPS.AGR_NAME",
    ]


def test_each_role_is_asked_for_once() -> None:
    sap = MemoryUsers(*(user(f"U{n}") for n in range(250)))
    planned(sap, *({"USERNAME": f"U{n}", NAMES: ["Z_BUYER"]} for n in range(250)))
    assert sap.role_reads == 1
    assert sap.reads == 250


def test_text_that_is_no_name_is_not_repeated_in_a_message() -> None:
    plan = planned(MemoryUsers(user("A")), {"USERNAME": "A", NAMES: ["<B>HTTP://EVIL.EXAMPLE"]})
    assert plan.refused[0].message == "there is no role 1 that can be no name"


def test_roles_of_a_central_system_are_compared_with_their_systems() -> None:
    """CO-T50"""
    held = user("A", role("Z_BUYER", CENTRAL), role("Z_BUYER", CHILD), systems=(CENTRAL, CHILD))
    sap = MemoryUsers(held, central=True)
    names = ["Z_BUYER", f"{CHILD}:Z_BUYER"]
    assert planned(sap, {"USERNAME": "A", NAMES: names}).users[0].action == "none"
    assert differences(planned(sap, {"USERNAME": "A", NAMES: ["Z_BUYER"]})) == [
        (f"role {CHILD}:Z_BUYER", "assigned", "")
    ]


def test_a_system_that_goes_takes_its_roles_with_it_and_they_are_counted() -> None:
    held = user("A", role("Z_BUYER", CENTRAL), role("Z_BUYER", CHILD), systems=(CENTRAL, CHILD))
    plan = planned(MemoryUsers(held, central=True), {"USERNAME": "A", "SYSTEMS": [CENTRAL]})
    assert plan.users[0].roles_removed == 1
    assert (f"role {CHILD}:Z_BUYER", "assigned", "") in differences(plan)


def test_systems_that_are_unknown_or_contradict_the_roles_are_refused() -> None:
    sap = MemoryUsers(user("A"), user("B"), central=True)
    plan = planned(
        sap,
        {"USERNAME": "A", "SYSTEMS": ["NOWHERE"]},
        {"USERNAME": "B", "SYSTEMS": [CENTRAL], NAMES: [f"{CHILD}:Z_BUYER"]},
    )
    assert [(each.field, each.message) for each in plan.refused] == [
        ("row 1: SYSTEMS", "the central system knows no system NOWHERE"),
        ("row 2: SYSTEMS", "leaves out S4HCLNT200, which roles of the row are for"),
    ]


def test_the_digest_is_of_what_is_planned_and_not_of_when() -> None:
    rows = ({"USERNAME": "A", "ADDRESS.LASTNAME": "Neu"},)
    first = planned(MemoryUsers(user("A")), *rows)
    home = ProvisioningHome(MemoryUsers(user("A")))
    home.later()
    second = home.runs().dry_run("s4", "users.json", b'{"USERNAME":"A","ADDRESS.LASTNAME":"Neu"}')
    assert first.digest == second.digest
    assert first.made_at != second.made_at
    assert planned(MemoryUsers(user("A", "Z_BUYER")), *rows).digest != first.digest


def test_a_plan_is_stored_with_the_kinds_of_its_values_and_comes_back_equal() -> None:
    plan = planned(
        MemoryUsers(),
        {"USERNAME": "A", "ADDRESS.LASTNAME": "N", "VALID_TO": "2026-12-31", "VALID_FROM": ""},
    )
    again = decoded(encoded(plan))
    assert again == plan
    assert again.users[0].change.fields["LOGONDATA.GLTGB"] == date(2026, 12, 31)


def test_a_large_file_goes_on_where_the_time_was_over() -> None:
    sap = MemoryUsers(*(user(f"U{n}") for n in range(350)))
    home = ProvisioningHome(sap)
    rows = [{"USERNAME": f"U{n}", "ADDRESS.LASTNAME": "Neu"} for n in range(350)]
    run = home.drop(*rows)
    clock, upload = home.clock, home.upload

    class Slow(MemoryUsers):
        def get(self, name: str) -> Any:
            clock.sleep(1)
            return super().get(name)

    home.sap = Slow(*sap.held.values())
    for _ in range(4):
        until = clock.now().replace(microsecond=0)
        outcome = (
            home.runs().plan(run, "s4", upload.key, upload.version_id, _after(until, 50)).outcome
        )
    assert outcome == "ready"
    assert home.sap.reads == 350
    assert home.plan(run).counts.change == 350
    assert home.sap.reads == 350


def _after(moment: Any, seconds: int) -> Any:
    from datetime import timedelta

    return moment + timedelta(seconds=seconds)


def test_a_file_that_changes_nothing_needs_no_apply() -> None:
    home = ProvisioningHome(MemoryUsers(user("A")))
    run = home.drop({"USERNAME": "A"})
    assert home.plan(run).outcome == "nothing"


def test_a_missing_authorisation_is_no_mistake_of_the_file() -> None:
    class Blind(MemoryUsers):
        def known_roles(self, names: Any) -> frozenset[str]:
            raise AuthorizationMissing("S_RFC: RFC_GET_TABLE_ENTRIES")

    with pytest.raises(AuthorizationMissing):
        planned(Blind(user("A")), {"USERNAME": "A", NAMES: ["Z_BUYER"]})
