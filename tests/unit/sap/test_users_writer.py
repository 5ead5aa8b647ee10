"""A user is created and changed step by step, and every step is read back."""

from typing import Any

import pytest

from sapmatch.model.errors import InputRejected, OutcomeUnknown, SapRejected, SapUnavailable
from sapmatch.model.rfc import AbapException
from sapmatch.model.users import Changed, UserChange
from tests.builders.scripted_users import NoLocks, ScriptedSap, error, role, writer_on

MILLER = UserChange(name="JDOE", fields={"ADDRESS.LASTNAME": "Miller"})


def lose() -> None:
    raise OutcomeUnknown("the answer was lost")


def refuse() -> None:
    raise SapUnavailable("SAP was not reached")


def steps(changed: Changed) -> dict[str, str]:
    return {step.name: step.status for step in changed.steps}


def test_a_user_is_created_with_all_that_is_wanted_of_him() -> None:
    sap, locks = ScriptedSap(), NoLocks()
    change = UserChange(
        name="jdoe",
        fields={"ADDRESS.LASTNAME": "Miller", "logondata.gltgb": "2026-12-31"},
        role_names=("SAP_A",),
        profiles=(),
        groups=("super",),
        parameters={"WRK": "1000"},
        locked=True,
    )
    done = writer_on(sap, locks).create(change)
    assert (done.user, done.status) == ("JDOE", "done")
    assert steps(done) == {"create": "done", "roles": "done", "lock": "done"}
    assert sap.users["JDOE"]["groups"] == ["SUPER"]
    assert sap.users["JDOE"]["parameters"] == {"WRK": "1000"}
    assert sap.users["JDOE"]["locks"] == {"LOCAL_LOCK"}
    assert locks.held_for == [("s4", "JDOE")]


def test_a_created_user_gets_a_password_that_nobody_knows() -> None:
    sap = ScriptedSap()
    for name in ("A", "B"):
        writer_on(sap).create(UserChange(name=name, fields=MILLER.fields))
    first, second = (call.imports["PASSWORD"]["BAPIPWD"] for call in sap.sent)
    assert first != second
    assert len(first) == 20
    assert sap.writes == ["BAPI_USER_CREATE1"] * 2


def test_a_password_that_was_given_becomes_the_lasting_one_in_a_step_of_its_own() -> None:
    sap = ScriptedSap()
    change = UserChange(name="JDOE", fields=MILLER.fields, password="Given-4711")
    done = writer_on(sap).create(change)
    assert steps(done) == {"create": "done", "password": "done"}
    assert sap.sent[0].imports["PASSWORD"] != {"BAPIPWD": "Given-4711"}
    assert sap.sent[1].imports["PASSWORD"] == {"BAPIPWD": "Given-4711"}
    assert sap.sent[1].imports["PRODUCTIVE_PWD"] == "X"


def test_a_password_that_is_to_be_changed_at_once_is_the_first_one() -> None:
    sap = ScriptedSap()
    change = UserChange(name="JDOE", fields=MILLER.fields, password="Given-4711")
    writer_on(sap, change_password_at_next_logon=True).create(change)
    assert sap.sent[0].imports["PASSWORD"] == {"BAPIPWD": "Given-4711"}
    assert sap.writes == ["BAPI_USER_CREATE1"]


def test_a_user_who_is_there_is_not_created_again() -> None:
    sap = ScriptedSap()
    sap.add("JDOE")
    with pytest.raises(SapRejected, match="01/224"):
        writer_on(sap).create(MILLER)
    assert sap.writes == []


def test_somebody_who_creates_him_at_the_same_moment_is_told_of() -> None:
    sap = ScriptedSap()

    def other() -> None:
        sap.add("JDOE")

    sap.before["BAPI_USER_CREATE1"] = other
    with pytest.raises(SapRejected, match="01/224") as refused:
        writer_on(sap).create(MILLER)
    assert refused.value.text == "SAP's words"


def test_a_create_whose_answer_was_lost_is_read_back_and_goes_on() -> None:
    """CO-T36: one request, then reading decides."""
    sap = ScriptedSap()
    sap.after["BAPI_USER_CREATE1"] = lose
    change = UserChange(name="JDOE", fields=MILLER.fields, role_names=("SAP_A",))
    done = writer_on(sap).create(change)
    assert done.status == "done"
    assert sap.writes == ["BAPI_USER_CREATE1", "BAPI_USER_ACTGROUPS_ASSIGN"]
    assert "answer was lost" in done.steps[0].message


def test_a_create_that_never_arrived_is_unknown_and_not_sent_again() -> None:
    """CO-T36: SAP may still be at it, so nothing is sent a second time."""
    sap = ScriptedSap()
    sap.before["BAPI_USER_CREATE1"] = lose
    change = UserChange(name="JDOE", fields=MILLER.fields, role_names=("SAP_A",), locked=True)
    done = writer_on(sap).create(change)
    assert done.status == "unknown"
    assert steps(done) == {"create": "unknown", "roles": "not_executed", "lock": "not_executed"}
    assert sap.writes == ["BAPI_USER_CREATE1"]


def test_another_user_of_that_name_is_no_success_of_a_lost_create() -> None:
    """CO-T36: who is there now has to be as he was asked for."""
    sap = ScriptedSap()

    def other() -> None:
        sap.add("JDOE", structures={"ADDRESS": {"LASTNAME": "Somebody"}})
        lose()

    sap.before["BAPI_USER_CREATE1"] = other
    assert writer_on(sap).create(MILLER).status == "unknown"


def test_a_message_that_is_not_fatal_is_a_warning_and_the_rest_is_named() -> None:
    """CO-T39: the user is there, and what SAP did not store is said."""
    sap = ScriptedSap()
    sap.returns["BAPI_USER_CREATE1"] = []
    sap.lost = {"COMPANY.COMPANY"}
    sap.returns["BAPI_USER_CREATE1"] = [error("025", "W")]
    fields = {**MILLER.fields, "COMPANY.COMPANY": "NOWHERE"}
    done = writer_on(sap, non_fatal_error_codes=("025",)).create(
        UserChange(name="JDOE", fields=fields)
    )
    assert done.status == "partial"
    assert [each.number for each in done.warnings] == ["025"]
    assert steps(done) == {"create": "done", "read back": "failed"}
    assert done.steps[-1].message == "not saved: COMPANY.COMPANY"


def test_an_error_that_is_not_fatal_and_took_nothing_is_no_success() -> None:
    """CO-T39: reading decides, not the setting."""
    sap = ScriptedSap()
    sap.returns["BAPI_USER_CREATE1"] = [error("025")]
    done = writer_on(sap, non_fatal_error_codes=("01:025",)).create(MILLER)
    assert (done.status, done.steps[0].code) == ("failed", "NOT_AS_ASKED")


def test_a_failure_after_the_creation_says_what_was_done() -> None:
    sap = ScriptedSap()
    sap.returns["BAPI_USER_ACTGROUPS_ASSIGN"] = [error("174")]
    change = UserChange(
        name="JDOE", fields=MILLER.fields, role_names=("SAP_A",), systems=None, locked=True
    )
    done = writer_on(sap).create(change)
    assert done.status == "partial"
    assert steps(done) == {"create": "done", "roles": "failed", "lock": "done"}
    assert done.steps[1].code == "01/174"


def test_sap_that_is_away_before_the_first_step_is_no_outcome() -> None:
    sap = ScriptedSap()
    sap.before["BAPI_USER_CREATE1"] = refuse
    with pytest.raises(SapUnavailable):
        writer_on(sap).create(MILLER)


def test_sap_that_goes_away_between_two_steps_is_one() -> None:
    sap = ScriptedSap()
    sap.before["BAPI_USER_ACTGROUPS_ASSIGN"] = refuse
    done = writer_on(sap).create(
        UserChange(name="JDOE", fields=MILLER.fields, role_names=("SAP_A",))
    )
    assert done.status == "partial"
    assert done.steps[1].code == "SapUnavailable"


def test_a_change_without_difference_writes_nothing() -> None:
    """CO-T41."""
    sap = ScriptedSap()
    sap.add("JDOE", roles=[role("SAP_A")], groups=["SUPER"], parameters={"WRK": "1"})
    change = UserChange(
        name="JDOE",
        fields={"ADDRESS.LASTNAME": "Miller", "ADDRESS.CITY": ""},
        role_names=("sap_a",),
        profiles=(),
        groups=("SUPER",),
        parameters={"WRK": "1"},
        locked=False,
        clear_lockout=True,
    )
    assert writer_on(sap).change(change).status == "unchanged"
    assert sap.writes == []


def test_a_change_of_nobody_is_refused() -> None:
    with pytest.raises(SapRejected, match="01/124"):
        writer_on(ScriptedSap()).change(MILLER)


def test_a_change_of_which_nothing_is_stored_has_failed() -> None:
    sap = ScriptedSap()
    sap.add("JDOE")
    sap.ignores = {"BAPI_USER_CHANGE"}
    done = writer_on(sap).change(UserChange(name="JDOE", fields={"ADDRESS.CITY": "Bonn"}))
    assert done.status == "failed"
    assert done.steps[0].message == "not saved: ADDRESS.CITY"


def test_a_lost_answer_of_a_change_is_read_back() -> None:
    sap = ScriptedSap()
    sap.add("JDOE")
    sap.after["BAPI_USER_CHANGE"] = lose
    done = writer_on(sap).change(UserChange(name="JDOE", fields={"ADDRESS.CITY": "Bonn"}))
    assert done.status == "done"
    assert sap.writes == ["BAPI_USER_CHANGE"]


def test_a_lost_answer_about_a_password_stays_unknown() -> None:
    sap = ScriptedSap()
    sap.add("JDOE")
    sap.after["BAPI_USER_CHANGE"] = lose
    assert writer_on(sap).change(UserChange(name="JDOE", password="Geheim-1")).status == "unknown"


def test_a_password_that_breaks_the_rules_changes_nothing() -> None:
    sap = ScriptedSap()
    sap.add("JDOE")
    sap.returns["PASSWORD_FORMAL_CHECK"] = [error("187")]
    with pytest.raises(SapRejected, match="01/187") as refused:
        writer_on(sap).change(UserChange(name="JDOE", password="short-pw"))
    assert sap.writes == []
    assert "short-pw" not in str(refused.value)


def test_a_system_without_the_check_of_passwords_decides_itself() -> None:
    sap = ScriptedSap()
    sap.add("JDOE")

    def missing() -> None:
        raise AbapException("FUNCTION_NOT_EXIST")

    sap.before["PASSWORD_FORMAL_CHECK"] = missing
    assert writer_on(sap).change(UserChange(name="JDOE", password="Geheim-1")).status == "done"


def test_a_release_without_productive_passwords_gets_one_that_is_changed_at_once() -> None:
    sap = ScriptedSap()
    sap.add("JDOE")
    refusals = iter([True, False])

    def unknown_parameter() -> None:
        if next(refusals):
            raise AbapException("PARAMETER_UNKNOWN")

    sap.before["BAPI_USER_CHANGE"] = unknown_parameter
    assert writer_on(sap).change(UserChange(name="JDOE", password="Geheim-1")).status == "done"
    assert sap.writes[-1] == "SUSR_USER_CHANGE_PASSWORD_RFC"
    own = sap.sent[-1].imports
    assert own["NEW_PASSWORD"] == "Geheim-1"
    assert own["PASSWORD"] == sap.sent[-2].imports["PASSWORD"]["BAPIPWD"]


def test_a_user_is_deleted_and_gone() -> None:
    sap = ScriptedSap()
    sap.add("JDOE")
    assert writer_on(sap).delete("jdoe").status == "done"
    assert sap.users == {}


def test_a_user_who_is_not_there_cannot_be_deleted() -> None:
    with pytest.raises(SapRejected, match="01/124"):
        writer_on(ScriptedSap()).delete("JDOE")


def test_a_deletion_whose_answer_was_lost_is_read_back() -> None:
    sap = ScriptedSap()
    sap.add("JDOE")
    sap.after["BAPI_USER_DELETE"] = lose
    assert writer_on(sap).delete("JDOE").status == "done"


def test_a_user_who_stays_is_not_deleted() -> None:
    sap = ScriptedSap()
    sap.add("JDOE")
    sap.ignores = {"BAPI_USER_DELETE"}
    done = writer_on(sap).delete("JDOE")
    assert (done.status, done.steps[0].code) == ("failed", "NOT_DELETED")


@pytest.mark.parametrize("name", ["", "  ", "ABCDEFGHIJKLM"])
def test_a_name_that_no_user_can_have_is_refused(name: str) -> None:
    """CO-T40."""
    sap = ScriptedSap()
    with pytest.raises(InputRejected):
        writer_on(sap).create(UserChange(name=name, fields=MILLER.fields))
    with pytest.raises(InputRejected):
        writer_on(sap).delete(name)
    assert sap.writes == []


def test_lockout_is_cleared_and_a_disabled_user_stays_disabled() -> None:
    """CO-T52."""
    sap = ScriptedSap()
    sap.add("JDOE", locks={"WRNG_LOGON", "LOCAL_LOCK"})
    done = writer_on(sap).change(UserChange(name="JDOE", clear_lockout=True))
    assert steps(done) == {"unlock": "done", "lock": "done"}
    assert sap.users["JDOE"]["locks"] == {"LOCAL_LOCK"}


def test_a_disabled_user_is_disabled_again_though_the_answer_before_was_lost() -> None:
    """CO-T52: whatever became of the unlocking, the lock is set once more."""
    sap = ScriptedSap()
    sap.add("JDOE", locks={"WRNG_LOGON", "LOCAL_LOCK"})
    sap.returns["BAPI_USER_UNLOCK"] = [error("410")]
    done = writer_on(sap).change(UserChange(name="JDOE", clear_lockout=True))
    assert sap.writes == ["BAPI_USER_UNLOCK", "BAPI_USER_LOCK"]
    assert done.status == "partial"


def test_lockout_alone_needs_no_lock() -> None:
    """CO-T52."""
    sap = ScriptedSap()
    sap.add("JDOE", locks={"WRNG_LOGON"})
    writer_on(sap).change(UserChange(name="JDOE", clear_lockout=True))
    assert sap.writes == ["BAPI_USER_UNLOCK"]


def test_a_user_who_leaves_is_locked_though_his_roles_stay() -> None:
    sap = ScriptedSap()
    sap.add("JDOE", roles=[role("SAP_A")])
    sap.returns["BAPI_USER_ACTGROUPS_ASSIGN"] = [error("410")]
    done = writer_on(sap).change(UserChange(name="JDOE", role_names=(), locked=True))
    assert steps(done) == {"roles": "failed", "lock": "done"}
    assert sap.users["JDOE"]["locks"] == {"LOCAL_LOCK"}


def test_a_global_lock_counts_where_it_is_to() -> None:
    """Row B18."""
    sap = ScriptedSap()
    sap.add("JDOE", locks={"GLOB_LOCK"})
    change = UserChange(name="JDOE", locked=False)
    assert writer_on(sap).change(change).status == "unchanged"
    done = writer_on(sap, consider_global_lock=True).change(change)
    assert done.status == "failed"
    assert done.steps[0].message == "still locked by the central system"


def test_a_unit_of_work_is_committed_at_its_end() -> None:
    sap = ScriptedSap(stateful=True)
    writer_on(sap).create(UserChange(name="JDOE", fields=MILLER.fields, role_names=("SAP_A",)))
    assert sap.writes == [
        "BAPI_USER_CREATE1",
        "BAPI_USER_ACTGROUPS_ASSIGN",
        "BAPI_TRANSACTION_COMMIT",
    ]
    assert sap.sent[-1].imports == {"WAIT": "X"}


def test_a_unit_of_work_is_taken_back_after_an_error() -> None:
    sap = ScriptedSap(stateful=True)
    sap.returns["BAPI_USER_ACTGROUPS_ASSIGN"] = [error("174")]
    sap.before["BAPI_TRANSACTION_ROLLBACK"] = sap.users.clear
    done = writer_on(sap).create(
        UserChange(name="JDOE", fields=MILLER.fields, role_names=("SAP_A",))
    )
    assert done.status == "failed"
    assert steps(done) == {"create": "not_executed", "roles": "failed"}
    assert "BAPI_TRANSACTION_COMMIT" not in sap.writes


def test_a_commit_that_fails_leaves_a_password_unknown() -> None:
    sap = ScriptedSap(stateful=True)
    sap.add("JDOE")
    sap.before["BAPI_TRANSACTION_COMMIT"] = lose
    assert writer_on(sap).change(UserChange(name="JDOE", password="Geheim-1")).status == "unknown"


def test_no_step_shows_a_value_or_a_password() -> None:
    sap = ScriptedSap()
    sap.lost = {"ADDRESS.CITY"}
    change: Any = UserChange(
        name="JDOE",
        fields={**MILLER.fields, "ADDRESS.CITY": "Secretville"},
        password="Geheim-1",
    )
    done = writer_on(sap).create(change)
    assert "Secretville" not in repr(done)
    assert "Geheim" not in repr(done) + repr(change)
