"""Which roles are written: the direct ones, with the days that they have."""

from datetime import date
from typing import Any

import pytest

from sapmatch.model.errors import InputRejected
from sapmatch.model.users import RoleAssignment, UserChange
from tests.builders.scripted_users import FIRST, LAST, ScriptedSap, error, role, writer_on

TODAY = date(2026, 11, 2)  # of MemoryClock


def sap_with(*rows: dict[str, Any]) -> ScriptedSap:
    sap = ScriptedSap()
    sap.add("JDOE", roles=list(rows))
    return sap


def sent(sap: ScriptedSap) -> list[tuple[str, date, date]]:
    rows = sap.last("BAPI_USER_ACTGROUPS_ASSIGN").tables["ACTIVITYGROUPS"]
    return [(row["AGR_NAME"], row["FROM_DAT"], row["TO_DAT"]) for row in rows]


def names(*given: str, **rfc: Any) -> UserChange:
    return UserChange(name="JDOE", role_names=given)


def test_a_role_that_is_added_leaves_the_days_of_the_others() -> None:
    """CO-T44."""
    sap = sap_with(role("SAP_A", date(2020, 1, 1), date(2030, 1, 1)))
    writer_on(sap).change(names("SAP_A", "SAP_B"))
    assert sent(sap) == [
        ("SAP_A", date(2020, 1, 1), date(2030, 1, 1)),
        ("SAP_B", TODAY, LAST),
    ]


def test_days_begin_today_where_they_are_not_to_be_kept() -> None:
    """CO-T44."""
    sap = sap_with(role("SAP_A", date(2020, 1, 1)))
    off: dict[str, Any] = {"preserve_activity_groups_metadata_on_update": False}
    writer_on(sap, **off).change(names("SAP_A"))
    assert sent(sap) == [("SAP_A", TODAY, LAST)]
    assert writer_on(sap, **off).change(names("SAP_A")).status == "unchanged"


def test_today_is_the_day_of_saps_clock() -> None:
    from sapmatch.model.rfc import Rfc
    from sapmatch.sap.users.reader import SapUsers
    from sapmatch.sap.users.writer import SapUserWriter
    from tests.builders.memory import START, MemoryClock
    from tests.builders.scripted_users import NoLocks

    sap, clock, rfc = sap_with(), MemoryClock(START.replace(hour=20)), Rfc()
    reader = SapUsers(sap, rfc, "s4", clock, 1)
    zone = "Pacific/Auckland"
    SapUserWriter(sap, rfc, "s4", reader, NoLocks(), clock, time_zone=zone).change(names("SAP_A"))
    assert sent(sap) == [("SAP_A", date(2026, 11, 3), LAST)]


def test_two_periods_of_one_role_both_stay() -> None:
    """CO-T48."""
    first, second = (date(2026, 1, 1), date(2026, 3, 31)), (date(2026, 9, 1), LAST)
    sap = sap_with(role("SAP_A", *first), role("SAP_A", *second))
    writer_on(sap).change(names("SAP_A", "SAP_B"))
    assert sent(sap) == [("SAP_A", *first), ("SAP_A", *second), ("SAP_B", TODAY, LAST)]


def test_indirect_roles_are_never_written() -> None:
    """CO-T45: what came through a composite role goes with it."""
    sap = sap_with(role("SAP_A"), role("MEMBER", flag="C"), role("HR", flag="X"))
    done = writer_on(sap).change(names("SAP_A", "SAP_B"))
    assert [name for name, *_ in sent(sap)] == ["SAP_A", "SAP_B"]
    assert done.status == "done"


def test_an_indirect_role_that_is_wanted_is_assigned_by_hand() -> None:
    """CO-T45: somebody asks for it by name."""
    sap = sap_with(role("MEMBER", flag="C"))
    writer_on(sap).change(names("MEMBER"))
    assert [name for name, *_ in sent(sap)] == ["MEMBER"]


def test_indirect_roles_that_were_read_among_the_others_are_not_written_back() -> None:
    """CO-T45 with includeIndirectActivityGroups: what was read may be sent back unchanged."""
    sap = sap_with(role("SAP_A"), role("MEMBER", flag="C"))
    writer = writer_on(sap, include_indirect_activity_groups=True)
    assert writer.change(names("SAP_A", "MEMBER")).status == "unchanged"
    rows = tuple(RoleAssignment(name=name, valid_from=FIRST) for name in ("SAP_A", "MEMBER"))
    assert writer.change(UserChange(name="JDOE", roles=rows)).status == "unchanged"
    writer.change(names("SAP_A", "MEMBER", "SAP_B"))
    assert [name for name, *_ in sent(sap)] == ["SAP_A", "SAP_B"]


def test_a_row_that_says_that_it_is_indirect_is_refused() -> None:
    """CO-T45, row B31: ALL_ACTIVITYGROUPS is only read."""
    rows = (RoleAssignment(name="MEMBER", valid_from=FIRST, origin="C"),)
    with pytest.raises(InputRejected, match="ORG_FLAG C"):
        writer_on(sap_with()).change(UserChange(name="JDOE", roles=rows))
    with pytest.raises(InputRejected, match="only read"):
        writer_on(sap_with()).change(UserChange(name="JDOE", fields={"ALL_ACTIVITYGROUPS": "x"}))


def test_names_and_rows_at_once_are_refused() -> None:
    """CO-T46."""
    sap = sap_with()
    change = UserChange(name="JDOE", role_names=(), roles=())
    with pytest.raises(InputRejected, match="give one of them"):
        writer_on(sap).change(change)
    assert sap.writes == []


def test_equal_roles_are_not_written() -> None:
    """CO-T41."""
    sap = sap_with(role("SAP_A"), role("SAP_B"))
    assert writer_on(sap).change(names("sap_b", "SAP_A", "SAP_A")).status == "unchanged"
    rows = tuple(
        RoleAssignment(name=name, valid_from=FIRST, text="x") for name in ("SAP_B", "SAP_A")
    )
    assert writer_on(sap).change(UserChange(name="JDOE", roles=rows)).status == "unchanged"
    assert sap.writes == []


def test_rows_set_the_days() -> None:
    sap = sap_with(role("SAP_A"))
    rows = (RoleAssignment(name="sap_a", valid_from=date(2027, 1, 1), valid_to=date(2027, 6, 30)),)
    assert writer_on(sap).change(UserChange(name="JDOE", roles=rows)).status == "done"
    assert sent(sap) == [("SAP_A", date(2027, 1, 1), date(2027, 6, 30))]


def test_all_roles_are_removed_by_an_empty_table() -> None:
    sap = sap_with(role("SAP_A"))
    assert writer_on(sap).change(names()).status == "done"
    assert sent(sap) == []


@pytest.mark.parametrize("name", ["A" * 31, "", " "])
def test_a_name_that_no_role_can_have_is_refused(name: str) -> None:
    """CO-T40."""
    sap = sap_with()
    with pytest.raises(InputRejected, match="1 to 30 characters"):
        writer_on(sap).change(names(name))
    assert sap.writes == []


def test_a_colon_is_part_of_a_name_where_there_is_one_system() -> None:
    """CO-T50."""
    sap = sap_with()
    writer_on(sap).change(names("Z:FI_CLERK"))
    assert [name for name, *_ in sent(sap)] == ["Z:FI_CLERK"]


def test_a_system_is_refused_where_there_is_one() -> None:
    rows = (RoleAssignment(system="S4HCLNT200", name="SAP_A", valid_from=FIRST),)
    with pytest.raises(InputRejected, match="cuaEnabled"):
        writer_on(sap_with()).change(UserChange(name="JDOE", roles=rows))


def test_a_role_that_sap_did_not_assign_is_named() -> None:
    sap = sap_with(role("SAP_OLD"))
    sap.ignores = {"BAPI_USER_ACTGROUPS_ASSIGN"}
    done = writer_on(sap).change(names("SAP_A"))
    assert (done.status, done.steps[0].code) == ("failed", "ROLE_NOT_APPLIED")
    assert done.steps[0].message == "not assigned: SAP_A; still assigned: SAP_OLD"


def test_a_role_that_sap_does_not_know_fails_with_its_message() -> None:
    sap = sap_with()
    sap.returns["BAPI_USER_ACTGROUPS_ASSIGN"] = [error("174")]
    done = writer_on(sap).change(names("NOWHERE"))
    assert (done.status, done.steps[0].code) == ("failed", "01/174")


def test_a_direct_role_stays_though_it_comes_through_another_one_too() -> None:
    """CO-T45 with includeIndirectActivityGroups."""
    sap = sap_with(role("SAP_A"), role("SAP_A", flag="C"))
    writer = writer_on(sap, include_indirect_activity_groups=True)
    rows = (RoleAssignment(name="SAP_A", valid_from=FIRST),)
    assert writer.change(UserChange(name="JDOE", roles=rows)).status == "unchanged"


def test_a_role_without_a_first_day_keeps_none() -> None:
    """CO-T44: an initial date goes back as one."""
    sap = sap_with({**role("SAP_A"), "FROM_DAT": None})
    assert writer_on(sap).change(names("SAP_A", "SAP_B")).status == "done"
    first = sap.last("BAPI_USER_ACTGROUPS_ASSIGN").tables["ACTIVITYGROUPS"][0]
    assert first == {"AGR_NAME": "SAP_A", "FROM_DAT": None, "TO_DAT": LAST}
