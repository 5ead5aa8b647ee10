"""A user as a flat record, and his roles in three forms (rows B13, B18, B28 to B34)."""

from datetime import date, time

import msgspec
import pytest

from sapmatch.model.rfc import Rfc
from sapmatch.model.users import Locks, LoginInfo, ProfileAssignment, RoleAssignment, SapUser
from sapmatch.sap.users.attributes import is_enabled, is_locked_out, properties
from sapmatch.sap.users.role_rows import rows_of

DIRECT = RoleAssignment(name="Z_A", valid_from=date(2026, 1, 1), text="A & B")
AGAIN = RoleAssignment(name="Z_A", valid_from=date(2027, 1, 1), valid_to=date(2027, 12, 31))
INDIRECT = RoleAssignment(name="Z_B", valid_from=date(2026, 1, 1), origin="C")
USER = SapUser(
    name="AMY",
    fields={
        "ADDRESS.LASTNAME": "Pond",
        "LOGONDATA.GLTGB": date(2027, 1, 1),
        "LOGONDATA.GLTGV": None,
        "LASTMODIFIED.MODTIME": time(8, 1, 2),
        "ADDTEL": '[{"TEL_NO":"4711"}]',
    },
    roles=(DIRECT, AGAIN, INDIRECT),
    profiles=(ProfileAssignment(name="S_A"),),
    groups=("HR",),
    parameters={"BUK": "1010"},
    locks=Locks(local=True),
    login=LoginInfo(last_logon=date(2026, 2, 1), lock_status="x"),
)


def test_indirect_roles_stand_only_among_all_of_them() -> None:
    """Rows B13, B29 to B31."""
    found = properties(USER, Rfc(), rows="json")
    assert found["ACTIVITYGROUPS.AGR_NAME"] == ["Z_A"]
    assert [row["FROM_DAT"] for row in found["ACTIVITYGROUPS"]] == ["2026-01-01", "2027-01-01"]
    assert [(row["AGR_NAME"], row["ORG_FLAG"]) for row in found["ALL_ACTIVITYGROUPS"]] == [
        ("Z_A", ""),
        ("Z_A", ""),
        ("Z_B", "C"),
    ]


def test_with_indirect_roles_included_there_is_no_second_list() -> None:
    """Row B13."""
    found = properties(USER, Rfc(include_indirect_activity_groups=True))
    assert found["ACTIVITYGROUPS.AGR_NAME"] == ["Z_A", "Z_B"]
    assert len(found["ACTIVITYGROUPS"]) == 3
    assert "ALL_ACTIVITYGROUPS" not in found


def test_rows_of_roles_can_be_given_back_as_they_were_shown() -> None:
    """Row B30."""
    for form in ("xml", "json"):
        found = properties(USER, Rfc(), rows="xml" if form == "xml" else "json")
        assert {role.key for role in rows_of(found["ACTIVITYGROUPS"])} == {DIRECT.key, AGAIN.key}
    shown = properties(USER, Rfc())["ALL_ACTIVITYGROUPS"]
    assert "<AGR_TEXT>A &amp; B</AGR_TEXT><ORG_FLAG/>" in shown[0]


def test_roles_of_a_central_system_are_named_with_the_system() -> None:
    """Row B19."""
    user = SapUser(
        name="AMY",
        roles=(RoleAssignment(system="S4HCLNT200", name="FI", valid_from=date(2026, 1, 1)),),
        systems=("S4HCLNT200",),
    )
    found = properties(user, Rfc(cua_enabled=True, destination_name="S4HCLNT100"))
    assert found["ACTIVITYGROUPS.AGR_NAME"] == ["S4HCLNT200:FI"]
    assert found["SYSTEMS.SUBSYSTEM"] == ["S4HCLNT200"]
    assert "<SUBSYSTEM>S4HCLNT200</SUBSYSTEM>" in found["ACTIVITYGROUPS"][0]


def test_values_are_as_json_has_them() -> None:
    found = properties(USER, Rfc(table_parameter_names=("ADDTEL", "ADDFAX")))
    assert msgspec.json.decode(msgspec.json.encode(found)) == found
    assert found["LOGONDATA.GLTGB"] == "2027-01-01"
    assert found["LOGONDATA.GLTGV"] is None
    assert found["LASTMODIFIED.MODTIME"] == "08:01:02"
    assert found["ADDTEL"] == [{"TEL_NO": "4711"}]
    assert found["PARAMETER"] == {"BUK": "1010"}
    assert found["USER_LOGIN_INFO.LAST_LOGON_DATE"] == "2026-02-01"
    assert (found["enabled"], found["locked_out"]) == (False, False)
    assert (found["PROFILES.BAPIPROF"], found["GROUPS.USERGROUP"]) == (["S_A"], ["HR"])


@pytest.mark.parametrize(
    ("locks", "global_counts", "enabled"),
    [
        (Locks(), True, True),
        (Locks(local=True), False, False),
        (Locks(everywhere=True), False, True),
        (Locks(everywhere=True), True, False),
        (Locks(wrong_logon=True), True, True),
    ],
)
def test_who_is_locked_here_or_where_it_counts_everywhere_is_not_enabled(
    locks: Locks, global_counts: bool, enabled: bool
) -> None:
    """Rows B18, B28: too many wrong passwords are another matter."""
    assert is_enabled(locks, Rfc(consider_global_lock=global_counts)) is enabled
    assert is_enabled(locks, Rfc(cua_enabled=True)) is not (locks.local or locks.everywhere)
    assert is_locked_out(locks) is locks.wrong_logon
