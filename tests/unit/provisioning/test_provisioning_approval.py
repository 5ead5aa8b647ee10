"""Runs that wait for a person: who may decide, on what, and how often."""

from typing import Any

import pytest

from sapmatch.model.errors import InputRejected
from tests.builders.memory_users import MemoryUsers, ProvisioningHome, user

ROLE = "arn:aws:iam::111122223333:role/team/UserAdmins"
SESSION = "arn:aws:sts::111122223333:assumed-role/UserAdmins/somebody"
LOCK = {"USERNAME": "B", "STATE": "locked"}


def waiting(**rules: Any) -> tuple[ProvisioningHome, str, str]:
    here = ProvisioningHome(MemoryUsers(user("B")), **{"users_locked_at_most": 0} | rules)
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


def test_the_same_answer_again_needs_the_same_plan() -> None:
    here, run, digest = waiting()
    here.runs().hold(run, "s4", "token", "execution")
    here.runs().approve(run, "s4", digest, SESSION, "ok")
    with pytest.raises(InputRejected, match="another digest"):
        here.runs().approve(run, "s4", "0" * 12, SESSION, "ok")


def test_nobody_agrees_to_a_run_that_is_being_stopped() -> None:
    """It would be told that the run goes on, and it does not."""
    here, run, digest = waiting()
    here.runs().hold(run, "s4", "token", "execution")
    here.runs().stop(run, "s4")
    with pytest.raises(InputRejected, match="was asked to stop; resume it"):
        here.runs().approve(run, "s4", digest, SESSION, "ok")
