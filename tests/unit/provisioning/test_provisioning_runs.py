"""Runs of files: planned, held, applied, stopped, resumed, verified, told."""

import json
from datetime import timedelta
from typing import Any

import pytest

from sapmatch.model.errors import (
    InputRejected,
    LogonRefused,
    SapRejected,
    SapUnavailable,
    Throttled,
)
from sapmatch.model.uploads import Upload
from sapmatch.model.users import Changed, ChildSystem, Locks, Step
from tests.builders.memory_users import CHILD, MemoryUsers, ProvisioningHome, role, user

NAMES = "ACTIVITYGROUPS.AGR_NAME"
ROLE = "arn:aws:iam::111122223333:role/team/UserAdmins"
SESSION = "arn:aws:sts::111122223333:assumed-role/UserAdmins/somebody"
CREATE = {"USERNAME": "NEW", "ADDRESS.LASTNAME": "Neu", NAMES: ["Z_BUYER"]}
CHANGE = {"USERNAME": "A", "ADDRESS.LASTNAME": "Anders"}
LOCK = {"USERNAME": "B", "STATE": "locked"}


def home(**rules: Any) -> ProvisioningHome:
    return ProvisioningHome(MemoryUsers(user("A"), user("B"), user("C", "Z_CLERK")), **rules)


def statuses(response: dict[str, Any]) -> dict[str, str]:
    return {each["user"]: each["status"] for each in response["rows"]}


def test_a_file_creates_changes_and_locks_and_a_second_one_changes_nothing() -> None:
    here = home()
    response = here.carry(here.drop(CREATE, CHANGE, LOCK))
    assert response["status"] == "done"
    assert statuses(response) == {"NEW": "done", "A": "done", "B": "done"}
    assert here.sap.effects == [("create", "NEW"), ("change", "A"), ("change", "B")]
    again = here.carry(here.drop(CREATE, CHANGE, LOCK))
    assert set(statuses(again).values()) == {"unchanged"}
    assert len(here.sap.effects) == 3


def test_the_same_version_of_a_file_is_one_run_however_often_it_is_told_of() -> None:
    here = home()
    run = here.drop(CHANGE)
    assert here.runs().received(here.dropped).run_id == run
    here.carry(run)
    here.carry(run)
    assert here.sap.effects == [("change", "A")]
    assert len(here.mailer.sent) == 1


@pytest.mark.parametrize(
    "key",
    [
        "provisioning/s4/users.xml",
        "provisioning/users.json",
        "provisioning/s4/deep/users.json",
        "provisioning//users.json",
        "provisioning/../users.json",
        "updates/s4/users.json",
        "provisioning/other/users.json",
    ],
)
def test_an_upload_in_a_wrong_place_begins_nothing_and_people_are_told(key: str) -> None:
    here = home()
    upload = Upload(bucket="b", key=key)
    with pytest.raises(InputRejected):
        here.runs().received(upload)
    here.runs().refuse_upload(upload, "it is in the wrong place")
    assert key in here.mailer.sent[0][1]


def test_a_bad_file_is_refused_by_row_and_nothing_is_applied() -> None:
    here = home()
    run = here.drop(CHANGE, {"USERNAME": "B", "ADDRESS.SHOE": "44", "PASSWORD": "Geheim1!"})
    assert here.plan(run).outcome == "refused"
    response = here.report(run)
    assert response["status"] == "refused"
    assert [each["field"] for each in response["rows"][0]["problems"]] == [
        "row 2: PASSWORD",
        "row 2: ADDRESS.SHOE",
    ]
    assert response["rows"][0]["user"] == "B"
    assert here.sap.effects == []
    mail = here.mailer.sent[0][1]
    assert "row 2: ADDRESS.SHOE: is no field of a user (B)" in mail
    assert "Geheim1!" not in mail + json.dumps(response)
    assert here.runs().apply(run, "s4", owner="x").left == 0
    assert here.sap.effects == []


def test_an_unreadable_file_is_refused_as_a_whole() -> None:
    here = home()
    run = here.drop(data=b"[{")
    assert here.plan(run).outcome == "refused"
    response = here.report(run)
    assert response["rows"][0]["row"] is None
    assert response["summary"]["rows"] == 0


def test_good_rows_go_on_and_bad_ones_stand_in_the_response() -> None:
    here = home(on_error="continue")
    response = here.carry(here.drop({"USERNAME": "NOBODY", "STATE": "locked"}, CHANGE))
    assert response["status"] == "failed"
    assert [(each["row"], each["status"]) for each in response["rows"]] == [
        (1, "refused"),
        (2, "done"),
    ]
    assert here.sap.effects == [("change", "A")]


def test_the_first_failure_ends_the_run_and_the_rest_is_not_executed() -> None:
    here = home()
    here.sap.faults["A"] = [SapRejected("01/190", "no")]
    run = here.drop(CREATE, CHANGE, LOCK)
    response = here.carry(run)
    assert statuses(response) == {"NEW": "done", "A": "failed", "B": "not_executed"}
    assert response["rows"][1]["steps"][0]["code"] == "01/190"
    mail = here.mailer.sent[-1]
    assert "row 2: A: failed: change: 01/190" in mail[1]
    assert f"sapmatch provision resume {run} --connection s4 --stage test" in mail[1]


def test_a_run_that_failed_goes_on_and_tries_the_failed_one_again() -> None:
    here = home()
    here.sap.faults["A"] = [SapRejected("01/190", "no")]
    run = here.drop(CREATE, CHANGE, LOCK)
    here.carry(run)
    resumed, start = here.runs().resume(run, "s4")
    assert resumed.execution_name == f"{run}-1"
    assert (start.run_id, start.key) == (run, "provisioning/s4/users.json")
    response = here.carry(run)
    assert response["status"] == "done"
    assert here.sap.effects == [("create", "NEW"), ("change", "A"), ("change", "B")]
    assert len(here.mailer.sent) == 2


def test_a_failure_lets_the_others_go_on_where_the_settings_say_so() -> None:
    here = home(on_error="continue")
    here.sap.faults["NEW"] = [SapRejected("01/190", "no")]
    response = here.carry(here.drop(CREATE, CHANGE))
    assert statuses(response) == {"NEW": "failed", "A": "done"}


def test_a_change_that_was_done_in_part_is_a_failure_with_its_steps() -> None:
    here = home()
    steps = (Step(name="create", status="done"), Step(name="roles", status="failed", code="X"))
    here.sap.faults["NEW"] = [Changed(user="NEW", status="partial", steps=steps)]
    response = here.carry(here.drop(CREATE))
    assert response["status"] == "failed"
    assert [each["status"] for each in response["rows"][0]["steps"]] == ["done", "failed"]


@pytest.mark.parametrize("fault", ["lost", "unknown"])
def test_a_lost_answer_is_read_back_and_not_sent_again(fault: str) -> None:
    """CO-T36"""
    here = home()
    here.sap.faults["NEW"] = [fault]
    run = here.drop(CREATE, LOCK)
    here.plan(run)
    first = here.runs().apply(run, "s4", owner="x")
    assert (first.unknown, first.left) == (1, 2)
    assert here.sap.effects == [("create", "NEW")]
    response = here.carry(run)
    assert statuses(response) == {"NEW": "done", "B": "done"}
    assert here.sap.effects == [("create", "NEW"), ("change", "B")]


def test_a_change_that_never_arrived_is_sent_again_only_when_it_no_longer_can() -> None:
    here = home()
    here.sap.faults["NEW"] = ["never arrived"]
    run = here.drop(CREATE)
    here.plan(run)
    assert here.runs().apply(run, "s4", owner="x").wait_seconds == 60
    here.clock.sleep(59)
    assert here.runs().apply(run, "s4", owner="x").unknown == 1
    assert here.sap.effects == []
    here.clock.sleep(1)
    assert here.runs().apply(run, "s4", owner="x").done == 1
    assert here.sap.effects == [("create", "NEW")]


def test_a_change_that_never_arrives_is_given_up() -> None:
    here = home()
    here.sap.faults["NEW"] = ["never arrived"] * 3
    response = here.carry(here.drop(CREATE))
    assert response["rows"][0]["steps"][0]["code"] == "NOT_ARRIVED"
    assert here.sap.faults["NEW"] == []


@pytest.mark.parametrize("error", [SapUnavailable("SAP is away"), LogonRefused("locked")])
def test_what_holds_for_the_whole_system_ends_the_turn_and_the_next_goes_on(
    error: Exception,
) -> None:
    here = home()
    here.sap.faults["A"] = [error]
    run = here.drop(CREATE, CHANGE)
    here.plan(run)
    with pytest.raises(type(error)):
        here.runs().apply(run, "s4", owner="x")
    assert here.runs().apply(run, "s4", owner="y").done == 2  # without any waiting
    assert here.sap.effects == [("create", "NEW"), ("change", "A")]


def test_only_one_execution_applies_a_run_at_a_time() -> None:
    here = home()
    run = here.drop(CREATE, CHANGE)
    here.plan(run)
    tried: list[str] = []

    def meddle() -> None:
        if not tried:
            tried.append("other")
            with pytest.raises(Throttled, match="another worker"):
                here.runs().apply(run, "s4", owner="other")

    here.sap.before = meddle
    assert here.runs().apply(run, "s4", owner="first").done == 2
    assert tried
    assert here.sap.effects == [("create", "NEW"), ("change", "A")]


def test_a_lease_of_a_dead_execution_ends() -> None:
    here = home()
    run = here.drop(CREATE)
    here.plan(run)

    def die() -> None:
        raise KeyboardInterrupt

    here.sap.before = die
    lease_lost = here.control.write

    def no_release(key: str, value: bytes, *, expected: int) -> int:
        if key.endswith(".lease") and expected:
            raise KeyboardInterrupt
        return lease_lost(key, value, expected=expected)

    here.control.write = no_release  # type: ignore[method-assign]
    until = here.clock.now() + timedelta(seconds=300)
    with pytest.raises(KeyboardInterrupt):
        here.runs().apply(run, "s4", until, owner="first")
    here.control.write = lease_lost  # type: ignore[method-assign]
    here.sap.before = lambda: None
    with pytest.raises(Throttled):
        here.runs().apply(run, "s4", owner="second")
    here.clock.sleep(361)
    assert here.runs().apply(run, "s4", owner="second").done == 1


def test_nothing_is_begun_when_the_time_is_over() -> None:
    here = home()
    run = here.drop(CREATE, CHANGE)
    here.plan(run)
    applied = here.runs().apply(run, "s4", here.clock.now(), owner="x")
    assert (applied.left, applied.done) == (2, 0)
    assert here.sap.effects == []


def test_a_run_that_is_stopped_ends_behind_a_user_and_can_go_on() -> None:
    here = home()
    run = here.drop(CREATE, CHANGE, LOCK)
    here.plan(run)
    here.sap.after = lambda: here.runs().stop(run, "s4")
    applied = here.runs().apply(run, "s4", owner="x")
    assert (applied.stopped, applied.left, applied.done) == (True, 0, 1)
    assert here.report(run)["status"] == "stopped"
    here.sap.after = lambda: None
    here.runs().resume(run, "s4")
    assert here.carry(run)["status"] == "done"
    assert here.sap.effects == [("create", "NEW"), ("change", "A"), ("change", "B")]
    with pytest.raises(InputRejected, match="has ended already"):
        here.runs().stop(run, "s4")
    with pytest.raises(InputRejected, match="cannot go on"):
        here.runs().resume(run, "s4")


def test_a_user_that_lost_more_since_the_plan_is_not_touched() -> None:
    """What a person agreed to is all that is taken away."""
    here = home()
    run = here.drop({"USERNAME": "C", NAMES: ["Z_BUYER"]})
    here.plan(run)
    here.sap.held["C"] = user("C", "Z_CLERK", "Z_AUDIT")
    response = here.carry(run)
    assert response["rows"][0]["steps"][0]["code"] == "PLAN_OUTDATED"
    assert here.sap.effects == []


def test_a_user_that_changed_elsewhere_is_changed_all_the_same() -> None:
    here = home()
    run = here.drop({"USERNAME": "C", NAMES: ["Z_BUYER"]})
    here.plan(run)
    here.sap.held["C"] = user("C", fields={"ADDRESS.LASTNAME": "Geheiratet"})
    assert statuses(here.carry(run)) == {"C": "done"}


@pytest.mark.parametrize("row", [CHANGE, {"USERNAME": "A", "STATE": "locked"}])
def test_a_user_that_is_gone_since_the_plan_is_not_made_anew(row: dict[str, str]) -> None:
    here = home()
    run = here.drop(row)
    here.plan(run)
    del here.sap.held["A"]
    assert here.carry(run)["rows"][0]["steps"][0]["code"] == "PLAN_OUTDATED"
    assert here.sap.effects == []


def test_what_somebody_else_did_meanwhile_is_not_done_again() -> None:
    here = home()
    run = here.drop(LOCK, {"USERNAME": "A", "STATE": "absent"})
    here.plan(run)
    here.sap.held["B"] = user("B", locks=Locks(local=True))
    del here.sap.held["A"]
    assert set(statuses(here.carry(run)).values()) == {"unchanged"}
    assert here.sap.effects == []


def waiting(**rules: Any) -> tuple[ProvisioningHome, str, str]:
    here = home(**{"users_locked_at_most": 0} | rules)
    run = here.drop(LOCK)
    planned = here.plan(run)
    assert planned.outcome == "waits"
    return here, run, planned.digest


def test_a_run_beyond_the_limits_waits_for_a_person_who_is_asked_once() -> None:
    here, run, digest = waiting()
    assert here.runs().hold(run, "s4", "token", "execution") is None
    assert here.runs().hold(run, "s4", "token", "execution") is None
    assert len(here.mailer.sent) == 1
    subject, body, _ = here.mailer.sent[0]
    assert len(subject) < 100
    assert "keeps 1 users from logging on" in body
    assert f"sapmatch provision approve {run} --connection s4 --stage test" in body
    assert digest[:12] in body


def test_nothing_is_applied_before_a_person_agreed() -> None:
    here, run, _ = waiting()
    with pytest.raises(InputRejected, match="waits for the approval"):
        here.runs().apply(run, "s4", owner="x")
    assert here.sap.effects == []


def test_who_agrees_lets_the_run_go_on_and_stands_in_the_response() -> None:
    here, run, digest = waiting()
    here.runs().hold(run, "s4", "token", "execution")
    answer = here.runs().approve(run, "s4", digest, SESSION, "they left")
    assert answer.goes_on
    assert here.waits.told == [("token", {"action": "approved"})]
    assert here.runs().hold(run, "s4", "token", "execution") == "approved"
    assert here.apply(run).done == 1
    response = here.report(run)
    assert response["decision"]["by"] == SESSION
    assert response["decision"]["reason"] == "they left"


def test_an_answer_that_did_not_reach_the_workflow_may_be_given_again_by_the_same_person() -> None:
    here, run, digest = waiting()
    here.runs().hold(run, "s4", "token", "execution")
    here.waits.gone = True
    assert not here.runs().approve(run, "s4", digest, SESSION, "ok").goes_on
    here.waits.gone = False
    assert here.runs().approve(run, "s4", digest, SESSION, "ok").goes_on


def test_only_one_decision_counts() -> None:
    here, run, digest = waiting()
    here.runs().hold(run, "s4", "token", "execution")
    here.runs().reject(run, "s4", SESSION, "no")
    with pytest.raises(InputRejected, match="decided on it already: rejected"):
        here.runs().approve(run, "s4", digest, ROLE, "yes")
    with pytest.raises(InputRejected, match="decided on it already"):
        here.runs().reject(run, "s4", "arn:other", "no")
    with pytest.raises(InputRejected, match="waits for the approval"):
        here.runs().apply(run, "s4", owner="x")
    assert here.report(run)["status"] == "rejected"


@pytest.mark.parametrize(("who", "may"), [(SESSION, True), (ROLE, False), ("arn:other", False)])
def test_only_approvers_of_the_settings_may_decide(who: str, may: bool) -> None:
    here, run, digest = waiting(approvers=(ROLE,))
    here.runs().hold(run, "s4", "token", "execution")
    if may:
        assert here.runs().approve(run, "s4", digest, who, "ok").decision == "approved"
        return
    with pytest.raises(InputRejected, match="may not decide"):
        here.runs().approve(run, "s4", digest, who, "ok")


@pytest.mark.parametrize("digest", ["", "0" * 32, "abc"])
def test_a_decision_on_another_plan_is_refused(digest: str) -> None:
    here, run, right = waiting()
    here.runs().hold(run, "s4", "token", "execution")
    for wrong in (digest, right[:11], right + "0"):
        with pytest.raises(InputRejected, match="another digest"):
            here.runs().approve(run, "s4", wrong, SESSION, "ok")


def test_a_decision_needs_a_reason_and_a_run_that_waits() -> None:
    here, run, digest = waiting()
    with pytest.raises(InputRejected, match="waits for nobody"):
        here.runs().approve(run, "s4", digest, SESSION, "ok")
    here.runs().hold(run, "s4", "token", "execution")
    with pytest.raises(InputRejected, match="reason"):
        here.runs().approve(run, "s4", digest, SESSION, " ")


def test_a_plan_that_somebody_changed_in_the_store_is_not_applied() -> None:
    here, run, digest = waiting()
    here.runs().hold(run, "s4", "token", "execution")
    here.runs().approve(run, "s4", digest, SESSION, "ok")
    key = f"provisioned/s4/{run}/plan.json"
    here.objects.write(key, here.objects.read(key).replace(b'"locked":true', b'"locked":false'))
    with pytest.raises(InputRejected, match="was changed after it was made"):
        here.runs().apply(run, "s4", owner="x")


def test_a_run_that_nobody_answered_ends_and_can_be_asked_about_again() -> None:
    here, run, digest = waiting()
    here.runs().hold(run, "s4", "token", "execution")
    response = here.report(run, "nobody approved it in time")
    assert (response["status"], response["error"]) == ("failed", "nobody approved it in time")
    with pytest.raises(InputRejected, match="waits for nobody"):
        here.runs().approve(run, "s4", digest, SESSION, "too late")
    here.runs().resume(run, "s4")
    assert here.plan(run).outcome == "waits"
    here.runs().hold(run, "s4", "token2", "execution")
    assert here.runs().approve(run, "s4", digest, SESSION, "ok").goes_on
    assert here.waits.told[-1][0] == "token2"


def test_a_run_that_is_stopped_while_it_waits_ends_and_may_be_asked_about_again() -> None:
    here, run, digest = waiting()
    here.runs().hold(run, "s4", "token", "execution")
    here.runs().stop(run, "s4")
    assert here.waits.told == [("token", {"action": "stopped"})]
    assert here.report(run)["status"] == "stopped"
    with pytest.raises(InputRejected, match="waits for nobody"):
        here.runs().approve(run, "s4", digest, SESSION, "ok")


def test_a_run_that_is_stopped_before_it_waits_asks_nobody() -> None:
    here, run, _ = waiting()
    here.runs().stop(run, "s4")
    assert here.runs().hold(run, "s4", "token", "execution") == "stopped"
    assert here.mailer.sent == []
    assert here.report(run)["status"] == "stopped"


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


def test_the_status_of_a_run_counts_its_users() -> None:
    here = home()
    run = here.drop(CREATE, CHANGE)
    with pytest.raises(InputRejected, match="there is no run"):
        here.runs().status("0" * 12, "s4")
    here.plan(run)
    assert here.runs().status(run, "s4").users["not_executed"] == 2
    here.carry(run)
    view = here.runs().status(run, "s4")
    assert (view.run.status, view.users["done"]) == ("done", 2)
    assert view.response == f"provisioned/s4/{run}/response.json"
    assert here.runs().runs("s4") == (run,)


@pytest.mark.parametrize("run", ["../../etc", "", "ABCDEFABCDEF", "0" * 13])
def test_what_is_no_id_of_a_run_reads_no_object(run: str) -> None:
    with pytest.raises(InputRejected):
        home().runs().status(run, "s4")


def test_a_mail_that_cannot_be_sent_is_sent_by_the_next_report() -> None:
    here = home()
    run = here.drop(CHANGE)
    here.mailer.broken = True
    with pytest.raises(Throttled):
        here.carry(run)
    here.mailer.broken = False
    here.report(run)
    here.report(run)
    assert len(here.mailer.sent) == 1


def test_nothing_personal_stands_in_what_the_state_machine_sees() -> None:
    here = home()
    run = here.drop({"USERNAME": "GEHEIM", "ADDRESS.LASTNAME": "Vertraulich"})
    planned, applied = here.plan(run), here.apply(run)
    told = repr(planned) + repr(applied) + repr(here.upload)
    record = here.control.values[f"provisioning/s4/{run}"].value.decode()
    for text in (told, record):
        assert "GEHEIM" not in text
        assert "Vertraulich" not in text
