"""Names and assignments in a central user administration."""

from datetime import date
from typing import Any

import pytest

from sapmatch.model.errors import InputRejected
from sapmatch.model.users import ProfileAssignment, RoleAssignment, UserChange
from sapmatch.sap.users.cua import Landscape
from tests.builders.memory import MemoryClock
from tests.builders.scripted_users import ScriptedSap, role, writer_on

CENTRAL, CHILD = "S4HCLNT400", "S4HCLNT200"
CUA: dict[str, Any] = {
    "cua_enabled": True,
    "destination_name": CENTRAL,
    "systems": {CHILD: "c200"},
}


def sap_with(**parts: Any) -> ScriptedSap:
    sap = ScriptedSap(systems=(CENTRAL, "QAS"))
    sap.add("JDOE", **parts)
    return sap


def at(system: str, name: str, **more: Any) -> dict[str, Any]:
    return {"SUBSYSTEM": system, **role(name, **more)}


def sent(sap: ScriptedSap) -> list[tuple[str, str]]:
    rows = sap.last("BAPI_USER_LOCACTGROUPS_ASSIGN").tables["ACTIVITYGROUPS"]
    return [(row["SUBSYSTEM"], row["AGR_NAME"]) for row in rows]


@pytest.mark.parametrize(
    ("value", "split"),
    [
        ("S4HCLNT200:SAP_A", (CHILD, "SAP_A")),
        ("s4hclnt200:sap_a", (CHILD, "SAP_A")),
        ("S4HCLNT200:Z:FI", (CHILD, "Z:FI")),
        ("QAS:SAP_A", ("QAS", "SAP_A")),
        ("SAP_A", (CENTRAL, "SAP_A")),
        ("/SAPAPO/LINE_PLANNER", (CENTRAL, "/SAPAPO/LINE_PLANNER")),
        ("Z:FI_CLERK", (CENTRAL, "Z:FI_CLERK")),
        ("ABC:FI_CLERK", (CENTRAL, "ABC:FI_CLERK")),
        ("S4HCLNT400:SAP_A", (CENTRAL, "SAP_A")),
    ],
)
def test_what_stands_before_a_colon_is_a_system_only_where_it_is_known(
    value: str, split: tuple[str, str]
) -> None:
    """CO-T50."""
    assert Landscape(CENTRAL, (CHILD, "QAS")).split(value) == split


def test_a_logical_system_that_is_unknown_is_no_part_of_a_name() -> None:
    """CO-T50."""
    with pytest.raises(InputRejected, match="system S4HCLNT999: neither the central system nor"):
        Landscape(CENTRAL, (CHILD,)).split("S4HCLNT999:SAP_A")


def test_all_systems_rows_are_sent_when_one_changes() -> None:
    """The module replaces the roles of all systems at once."""
    kept = at(CHILD, "SAP_A", first=date(2020, 1, 1))
    sap = sap_with(roles=[kept, at("QAS", "SAP_B"), at("QAS", "MEMBER", flag="C")])
    names = (f"{CHILD}:SAP_A", "QAS:SAP_B", "QAS:SAP_C", "Z:FI_CLERK")
    done = writer_on(sap, **CUA).change(UserChange(name="JDOE", role_names=names))
    assert done.status == "accepted_by_central"
    assert sent(sap) == [
        ("QAS", "SAP_B"),
        ("QAS", "SAP_C"),
        (CHILD, "SAP_A"),
        (CENTRAL, "Z:FI_CLERK"),
    ]
    rows = sap.last("BAPI_USER_LOCACTGROUPS_ASSIGN").tables["ACTIVITYGROUPS"]
    assert rows[2]["FROM_DAT"] == date(2020, 1, 1)


def test_the_same_role_in_two_systems_is_two_roles() -> None:
    sap = sap_with(roles=[at(CHILD, "SAP_A")])
    writer = writer_on(sap, **CUA)
    both = (f"{CHILD}:SAP_A", "SAP_A")
    assert writer.change(UserChange(name="JDOE", role_names=both)).status == "accepted_by_central"
    assert sent(sap) == [(CHILD, "SAP_A"), (CENTRAL, "SAP_A")]
    assert writer.change(UserChange(name="JDOE", role_names=both)).status == "unchanged"


def test_a_row_without_a_system_is_one_of_the_central_system() -> None:
    sap = sap_with()
    rows = (RoleAssignment(name="SAP_A", valid_from=date(2026, 1, 1)),)
    writer_on(sap, **CUA).change(UserChange(name="JDOE", roles=rows))
    assert sent(sap) == [(CENTRAL, "SAP_A")]


def test_a_row_of_an_unknown_system_is_refused() -> None:
    """CO-T50."""
    rows = (RoleAssignment(system="NOWHERE", name="SAP_A", valid_from=date(2026, 1, 1)),)
    with pytest.raises(InputRejected, match="system NOWHERE"):
        writer_on(sap_with(), **CUA).change(UserChange(name="JDOE", roles=rows))


def test_profiles_go_to_their_systems() -> None:
    sap = sap_with()
    profiles = (ProfileAssignment(name=f"{CHILD}:SAP_NEW"), ProfileAssignment(name="S_A.SHOW"))
    change = UserChange(name="JDOE", profiles=profiles)
    assert writer_on(sap, **CUA).change(change).status == "accepted_by_central"
    assert sap.last("BAPI_USER_LOCPROFILES_ASSIGN").tables["PROFILES"] == [
        {"SUBSYSTEM": CHILD, "PROFILE": "SAP_NEW"},
        {"SUBSYSTEM": CENTRAL, "PROFILE": "S_A.SHOW"},
    ]
    assert writer_on(sap, **CUA).change(change).status == "unchanged"


def test_a_profile_that_is_not_assigned_is_named() -> None:
    sap = ScriptedSap()
    sap.add("JDOE")
    sap.ignores = {"BAPI_USER_PROFILES_ASSIGN"}
    change = UserChange(name="JDOE", profiles=(ProfileAssignment(name="sap_new"),))
    done = writer_on(sap).change(change)
    assert done.steps[0].code == "PROFILE_NOT_APPLIED"
    assert done.steps[0].message == "not assigned: SAP_NEW"


def test_systems_are_assigned_as_a_whole() -> None:
    sap = sap_with(systems=[CENTRAL, "QAS"])
    change = UserChange(name="JDOE", systems=(CHILD.lower(), CENTRAL))
    done = writer_on(sap, **CUA).change(change)
    assert done.status == "accepted_by_central"
    assert sap.users["JDOE"]["systems"] == [CHILD, CENTRAL]
    assert writer_on(sap, **CUA).change(change).status == "unchanged"


def test_roles_leave_the_systems_as_they_are() -> None:
    """A system is taken from a user only where the change names his systems."""
    sap = sap_with(systems=[CENTRAL, CHILD], roles=[at(CHILD, "SAP_A")])
    writer_on(sap, **CUA).change(UserChange(name="JDOE", role_names=()))
    assert sap.writes == ["BAPI_USER_LOCACTGROUPS_ASSIGN"]


def test_a_role_in_a_system_that_the_change_leaves_out_is_refused() -> None:
    sap = sap_with()
    change = UserChange(name="JDOE", systems=(CENTRAL,), role_names=(f"{CHILD}:SAP_A",))
    with pytest.raises(InputRejected, match=f"{CHILD} is left out"):
        writer_on(sap, **CUA).change(change)
    assert sap.writes == []


def test_a_lock_of_the_central_system_is_a_lock() -> None:
    """Row B18: there BAPI_USER_LOCK locks everywhere, whatever considerGlobalLock says."""
    sap = sap_with(locks={"GLOB_LOCK"})
    writer = writer_on(sap, **CUA)
    assert writer.change(UserChange(name="JDOE", locked=True)).status == "unchanged"
    writer.change(UserChange(name="JDOE", locked=False))
    assert sap.writes == ["BAPI_USER_UNLOCK"]


def test_a_lock_in_the_central_system_alone_is_none_of_all_systems() -> None:
    """Who is locked there by hand could log on to every child system still."""
    sap = sap_with(locks={"LOCAL_LOCK"})

    def everywhere() -> None:
        sap.users["JDOE"]["locks"].add("GLOB_LOCK")

    sap.after["BAPI_USER_LOCK"] = everywhere
    done = writer_on(sap, **CUA).change(UserChange(name="JDOE", locked=True))
    assert sap.writes == ["BAPI_USER_LOCK"]
    assert [step.name for step in done.steps] == ["lock"]
    assert done.status == "accepted_by_central"


def test_a_lock_that_stayed_in_the_central_system_alone_is_not_called_done() -> None:
    sap = sap_with(locks={"LOCAL_LOCK"})
    sap.ignores = {"BAPI_USER_LOCK"}
    done = writer_on(sap, **CUA).change(UserChange(name="JDOE", locked=True))
    assert (done.status, done.steps[0].code) == ("failed", "LOCK_NOT_APPLIED")


def test_a_system_that_stays_is_named() -> None:
    sap = sap_with(systems=[CENTRAL, "QAS"])
    sap.ignores = {"BAPI_USER_SYSTEM_ASSIGN"}
    done = writer_on(sap, **CUA).change(UserChange(name="JDOE", systems=(CENTRAL, CHILD)))
    assert (done.status, done.steps[0].code) == ("failed", "SYSTEM_NOT_APPLIED")
    assert done.steps[0].message == f"not assigned: {CHILD}; still assigned: QAS"


def test_the_central_system_is_asked_for_its_systems_now_and_then() -> None:
    asked: list[str] = []

    class Counting(ScriptedSap):
        def call(self, function: str, *given: Any, **named: Any) -> Any:
            asked.append(function)
            return super().call(function, *given, **named)

    clock, sap = MemoryClock(), Counting()
    writer = writer_on(sap, clock=clock, **CUA)
    for _ in range(3):
        writer.check(UserChange(name="JDOE", role_names=("SAP_A",)))
    assert asked == ["BAPI_HELPVALUES_GET"]
    clock.sleep(301)
    writer.check(UserChange(name="JDOE", role_names=("SAP_A",)))
    assert len(asked) == 2


def test_a_change_tells_the_systems_that_the_user_was_in() -> None:
    """CO-T51: they are asked whether he left them."""
    sap = sap_with(systems=[CENTRAL, "QAS"], roles=[at(CHILD, "SAP_A")])
    writer = writer_on(sap, **CUA)
    systems = UserChange(name="JDOE", systems=(CENTRAL, CHILD))
    before = {CENTRAL, "QAS", CHILD}
    assert writer.change(systems).was_in == before
    sap.users["JDOE"]["systems"] = [CENTRAL]
    assert writer.change(UserChange(name="JDOE", locked=False)).was_in == {CENTRAL, CHILD}
    assert writer.delete("JDOE").was_in == {CENTRAL, CHILD}
    assert writer.create(UserChange(name="NEW", fields={"ADDRESS.LASTNAME": "N"})).was_in == set()
