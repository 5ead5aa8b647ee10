"""Whatever takes rights or the logon from a user counts toward the limits of a plan."""

from datetime import UTC, date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from sapmatch.model.provisioning import Plan
from sapmatch.model.users import ProfileAssignment, SapUser, UserChange
from sapmatch.provisioning.taken import is_kept_out
from tests.builders import memory_users
from tests.builders.memory_users import (
    CENTRAL,
    CHILD,
    TODAY,
    MemoryUsers,
    ProvisioningHome,
    role,
    user,
)

ALL = ProfileAssignment(name="SAP_ALL")
SOON, LATER = TODAY + timedelta(days=30), TODAY + timedelta(days=31)


@pytest.fixture(autouse=True)
def more_fields(monkeypatch: pytest.MonkeyPatch) -> None:
    fields = {"LOGONDATA.USTYP", "LOGONDATA.CODVN", "REF_USER.REF_USER"}
    monkeypatch.setattr(memory_users, "_FIELDS", memory_users._FIELDS | fields)


def planned(held: SapUser, row: dict[str, Any], *, central: bool = False, **rules: Any) -> Plan:
    strict = {"roles_removed_at_most": 0, "users_locked_at_most": 0}
    home = ProvisioningHome(MemoryUsers(held, central=central), **strict | rules)
    run = home.drop({"USERNAME": held.name} | row)
    home.plan(run)
    plan = home.runs().plan_of(run, "s4")
    assert plan is not None
    assert not plan.refused
    return plan


def rows(until: date) -> list[dict[str, str]]:
    return [{"AGR_NAME": "Z_CLERK", "FROM_DAT": "2026-01-01", "TO_DAT": until.isoformat()}]


@pytest.mark.parametrize(
    ("held", "row"),
    [
        (user("A", profiles=(ALL,)), {"PROFILES.BAPIPROF": []}),
        (user("A", profiles=(ALL,)), {"PROFILES.BAPIPROF": ["Z_LESS"]}),
        (user("A", fields={"REF_USER.REF_USER": "REF"}), {"REF_USER.REF_USER": ""}),
        (user("A", fields={"REF_USER.REF_USER": "REF"}), {"REF_USER.REF_USER": "LESS"}),
    ],
)
def test_profiles_and_the_rights_of_a_reference_user_count_as_roles_do(
    held: SapUser, row: dict[str, Any]
) -> None:
    plan = planned(held, row)
    assert plan.waits_for == (
        "removes 1 profiles of 1 users; at most 0 go without a person (roles_removed_at_most)",
    )
    assert (plan.counts.roles_removed, plan.counts.profiles_removed) == (0, 1)
    assert not planned(held, row, roles_removed_at_most=1).waits_for


def test_with_a_user_who_is_deleted_go_his_rights() -> None:
    generated = ProfileAssignment(name="T-1", generated=True)
    held = user(
        "U",
        "Z_BUYER",
        role("Z_CLERK", origin="X"),
        role("Z_AUDIT"),
        role("Z_AUDIT", until=SOON),
        profiles=(ALL, generated),
        fields={"REF_USER.REF_USER": "REF"},
    )
    plan = planned(held, {"STATE": "absent"}, roles_removed_at_most=3)
    assert (plan.counts.roles_removed, plan.counts.profiles_removed) == (2, 2)
    assert plan.waits_for[0].startswith("removes 2 roles and 2 profiles of 1 users")


def test_a_reference_user_who_stays_or_comes_takes_nothing() -> None:
    held = user("A", fields={"REF_USER.REF_USER": "REF"})
    assert not planned(held, {"REF_USER.REF_USER": "REF"}).waits_for
    assert not planned(user("A"), {"REF_USER.REF_USER": "REF"}).waits_for


def test_profiles_that_sap_made_of_roles_are_no_difference() -> None:
    """The writer leaves them alone: a plan that named them would never come true."""
    made = ProfileAssignment(name="T-S4H001", generated=True)
    held = user("A", profiles=(made,))
    assert planned(held, {"PROFILES.BAPIPROF": []}).users[0].action == "none"
    assert planned(held, {"PROFILES.BAPIPROF": ["T-S4H001"]}).users[0].action == "none"


@pytest.mark.parametrize("until", [TODAY - timedelta(days=1), TODAY, SOON - timedelta(days=1)])
def test_a_role_that_ends_within_the_month_counts_as_taken(until: date) -> None:
    plan = planned(user("A", "Z_CLERK"), {"ACTIVITYGROUPS": rows(until)})
    assert plan.users[0].roles_removed == 1


@pytest.mark.parametrize("until", [SOON, LATER])
def test_a_role_that_ends_later_is_none_that_goes(until: date) -> None:
    plan = planned(user("A", "Z_CLERK"), {"ACTIVITYGROUPS": rows(until)})
    assert plan.users[0].roles_removed == 0
    assert plan.users[0].action == "change"


@pytest.mark.parametrize(
    "row",
    [
        {"VALID_TO": TODAY.isoformat()},
        {"VALID_TO": (SOON - timedelta(days=1)).isoformat()},
        {"VALID_FROM": "2026-11-03"},
        {"VALID_FROM": "2099-01-01"},
        {"LOGONDATA.USTYP": "L"},
        {"LOGONDATA.USTYP": "B"},
        {"LOGONDATA.USTYP": "C"},
        {"LOGONDATA.CODVN": "X"},
    ],
)
def test_whatever_keeps_a_user_out_soon_counts_as_a_lock(row: dict[str, str]) -> None:
    plan = planned(user("A", fields={"LOGONDATA.USTYP": "A"}), row)
    assert plan.users[0].locks
    assert "keeps 1 users from logging on" in plan.waits_for[0]


@pytest.mark.parametrize(
    "row",
    [
        {"VALID_TO": SOON.isoformat()},
        {"VALID_TO": ""},
        {"VALID_FROM": TODAY.isoformat()},
        {"LOGONDATA.USTYP": "S"},
        {"LOGONDATA.CODVN": "H"},
    ],
)
def test_what_keeps_nobody_out_is_no_lock(row: dict[str, str]) -> None:
    assert not planned(user("A", fields={"LOGONDATA.USTYP": "A"}), row).users[0].locks


@pytest.mark.parametrize(("before", "after"), [("B", "L"), ("C", "L"), ("S", "C"), ("A", "?")])
def test_another_type_of_user_with_which_less_logs_on_is_a_lock(before: str, after: str) -> None:
    found = user("A", fields={"LOGONDATA.USTYP": before})
    change = UserChange(name="A", fields={"LOGONDATA.USTYP": after})
    assert is_kept_out(change, found, TODAY)
    back = user("A", fields={"LOGONDATA.USTYP": after})
    assert not is_kept_out(UserChange(name="A", fields={"LOGONDATA.USTYP": before}), back, TODAY)


def test_a_system_that_goes_takes_its_profiles_and_keeps_the_user_out_there() -> None:
    profiles = (ProfileAssignment(system=CHILD, name="SAP_ALL"),)
    held = user("A", profiles=profiles, systems=(CENTRAL, CHILD))
    plan = planned(held, {"SYSTEMS": [CENTRAL]}, central=True)
    rights, logon = plan.waits_for
    assert rights.startswith("removes 1 profiles of 1 users;")
    assert logon.startswith("keeps 1 users from logging on (")
    assert not planned(held, {"SYSTEMS": [CENTRAL, CHILD]}, central=True).waits_for


def test_roles_and_profiles_are_told_apart_and_counted_together() -> None:
    held = user("A", "Z_CLERK", profiles=(ALL,))
    row: dict[str, Any] = {"PROFILES.BAPIPROF": [], "ACTIVITYGROUPS.AGR_NAME": []}
    plan = planned(held, row, roles_removed_at_most=1)
    assert plan.waits_for[0].startswith("removes 1 roles and 1 profiles of 1 users; at most 1 go")


@pytest.mark.parametrize(("zone", "locks"), [("Asia/Tokyo", True), ("UTC", False)])
def test_the_day_is_that_of_the_system(zone: str, locks: bool) -> None:
    """At 16:00 UTC it is tomorrow in Tokyo: who may log on from tomorrow may do so now there."""
    home = ProvisioningHome(MemoryUsers(user("A", fields={"LOGONDATA.GLTGB": TODAY})))
    home.clock.time = datetime(2026, 11, 2, 16, tzinfo=UTC)
    home.zone = ZoneInfo(zone)
    run = home.drop({"USERNAME": "A", "VALID_TO": "2026-11-01"})
    home.plan(run)
    plan = home.runs().plan_of(run, "s4")
    assert plan is not None
    assert plan.users[0].locks is not locks  # in Tokyo the last day is over already


def test_roles_without_end_and_in_several_periods_are_counted_by_their_days() -> None:
    held = user("A", role("Z_CLERK", until=TODAY), role("Z_CLERK"))
    assert planned(held, {"ACTIVITYGROUPS": rows(date(9999, 12, 31))}).users[0].roles_removed == 0
