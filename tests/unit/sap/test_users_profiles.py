"""Profiles of a user: those assigned by hand are replaced, those made of roles stay."""

from sapmatch.model.users import ProfileAssignment, UserChange
from tests.builders.scripted_users import ScriptedSap, writer_on


def test_profiles_that_sap_made_of_roles_stay_and_are_no_difference() -> None:
    """Row B34, CO-T41."""
    sap = ScriptedSap()
    sap.add("JDOE", profiles=["T-4711", "SAP_ALL"])
    change = UserChange(name="JDOE", profiles=(ProfileAssignment(name="SAP_NEW"),))
    assert writer_on(sap).change(change).status == "done"
    assert sap.users["JDOE"]["profiles"] == ["T-4711", "SAP_NEW"]
    assert writer_on(sap).change(change).status == "unchanged"
    assert writer_on(sap).change(UserChange(name="JDOE", profiles=())).status == "done"


def test_a_profile_that_was_to_go_and_stays_is_no_success() -> None:
    sap = ScriptedSap()
    sap.add("JDOE", profiles=["SAP_ALL"])
    sap.ignores = {"BAPI_USER_PROFILES_ASSIGN"}
    done = writer_on(sap).change(UserChange(name="JDOE", profiles=()))
    assert (done.status, done.steps[0].code) == ("failed", "PROFILE_NOT_APPLIED")
    assert done.steps[0].message == "still assigned: SAP_ALL"
