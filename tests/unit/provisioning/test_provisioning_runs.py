"""Runs of files: planned, held, applied, stopped, resumed, verified, told."""

import json
from typing import Any

import pytest

from sapmatch.model.errors import (
    InputRejected,
    SapRejected,
    Throttled,
)
from sapmatch.model.uploads import Upload
from sapmatch.model.users import Changed, Step
from tests.builders.memory_users import MemoryUsers, ProvisioningHome, user

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


def test_a_step_that_comes_late_opens_no_run_again() -> None:
    here = home()
    run = here.drop(CHANGE)
    here.carry(run)
    assert here.runs().apply(run, "s4", owner="late").left == 0
    assert here.runs().status(run, "s4").run.status == "done"
    assert here.sap.effects == [("change", "A")]


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
    resumed = here.runs().resume(run, "s4")
    start = resumed.start
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
