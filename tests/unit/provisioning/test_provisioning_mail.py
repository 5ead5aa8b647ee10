"""Mails about runs: short, harmless, and with what a person has to do."""

from datetime import UTC, datetime
from typing import Any

import pytest

from sapmatch.model.errors import Problem
from sapmatch.model.provisioning import (
    Counts,
    Difference,
    Plan,
    PlannedUser,
    ProvisioningRun,
    UserOutcome,
)
from sapmatch.model.uploads import Upload
from sapmatch.model.users import Step, UserChange
from sapmatch.provisioning.mail import asking_mail, ended_mail, unread_mail
from sapmatch.provisioning.reasons import EXPIRED

AT = datetime(2026, 11, 2, 8, 0, tzinfo=UTC)
HOSTILE = "click https://evil.example/\x1b[31m\u202e www.evil.example mailto:a@evil.example\nBcc: x"


def run(**given: Any) -> ProvisioningRun:
    common = {"run_id": "0123456789ab", "connection": "s4_central", "source": "provisioning/x.json"}
    return ProvisioningRun(**{**common, "started_at": AT, **given})


def planned(row: int, **given: Any) -> PlannedUser:
    change = UserChange(name=f"U{row}", fields={"ADDRESS.LASTNAME": "Vertraulich"})
    shown = Difference(what="ADDRESS.LASTNAME", before="Alt", after="Vertraulich")
    return PlannedUser(
        row=row, user=change.name, action="change", change=change, differences=(shown,), **given
    )


def plan(*users: PlannedUser, **given: Any) -> Plan:
    return Plan(
        run_id="0123456789ab",
        connection="s4_central",
        source="provisioning/x.json",
        made_at=AT,
        users=users,
        **given,
    )


def test_who_is_asked_sees_why_how_much_whom_and_how_to_answer() -> None:
    made = plan(
        planned(1, roles_removed=3),
        planned(2, locks=True),
        counts=Counts(change=2, roles_removed=3),
        waits_for=("removes 3 roles of 1 users; at most 0 go without a person",),
        digest="f" * 32,
    )
    mail = asking_mail(run(), made, "prod", 3)
    assert mail.subject == (
        "[sapmatch] Change of SAP users waits for approval (s4_central 0123456789ab)"
    )
    assert "removes 3 roles of 1 users" in mail.body
    assert mail.body.index("row 2: U2") < mail.body.index("row 1: U1: change, 3 roles removed")
    assert "provision approve 0123456789ab --connection s4_central --stage prod --digest" in (
        mail.body
    )
    assert "within 3 days" in mail.body
    assert "Vertraulich" not in mail.body


def ended(status: Any, *outcomes: UserOutcome, **given: Any) -> str:
    pairs = [(planned(outcome.row), outcome) for outcome in outcomes]
    made = plan(*(user for user, _ in pairs))
    mail = ended_mail(
        run(status=status), made, pairs, given.pop("refused", ()), "r.json", "prod", **given
    )
    assert len(mail.subject) < 100
    assert mail.subject.isascii()
    return mail.body


def outcome(row: int, status: Any, **step: Any) -> UserOutcome:
    steps = (Step(name="change", status="failed", **step),) if step else ()
    return UserOutcome(row=row, user=f"U{row}", action="change", status=status, steps=steps)


def test_a_good_end_asks_for_nothing() -> None:
    body = ended("done", outcome(1, "done"), outcome(2, "unchanged"))
    assert "2 rows, 1 unchanged, 1 done" in body
    assert "What to do" not in body
    assert "resume" not in body


def test_a_bad_end_names_the_rows_and_the_command_that_goes_on() -> None:
    body = ended("failed", outcome(1, "failed", code="01/190", message="no"), outcome(2, "done"))
    assert "row 1: U1: failed: change: 01/190 no" in body
    assert "row 2" not in body
    assert "sapmatch provision resume 0123456789ab --connection s4_central --stage prod" in body


def test_rows_that_no_going_on_makes_better_ask_for_another_file() -> None:
    """A resumed run keeps its plan."""
    wrong = Problem(code="FIELD", message="is too long", field="rows[3].ADDRESS.LASTNAME")
    outdated = outcome(1, "failed", code="PLAN_OUTDATED", message="drop the file again")
    for body in (
        ended("failed", outcome(2, "done"), refused=(wrong,)),
        ended("failed", outdated, outcome(2, "done")),
        ended("failed", outdated, refused=(wrong,)),
    ):
        assert "drop the file again: this run keeps its plan" in body
        assert "provision resume" not in body
    mixed = ended("failed", outcome(1, "failed", code="01/190"), refused=(wrong,))
    assert "provision resume" in mixed


def test_a_run_that_nobody_approved_asks_again_when_it_goes_on() -> None:
    mail = ended_mail(run(status="failed"), plan(planned(1)), (), (), "r.json", "prod", EXPIRED)
    assert "was not approved in time" in mail.subject
    assert "it asks again" in mail.body
    assert "Mend" not in mail.body


def test_a_long_list_ends_with_how_many_more_there_are() -> None:
    failed = [outcome(row, "failed", code="01/190", message="x" * 500) for row in range(1, 300)]
    body = ended("failed", *failed)
    assert "and 279 more" in body
    assert len(body.encode()) <= 20_000
    assert "Where" in body


@pytest.mark.parametrize("place", ["message", "error", "problem", "key"])
def test_text_of_others_does_no_harm_in_a_mail(place: str) -> None:
    if place == "message":
        body = ended("failed", outcome(1, "failed", code="X", message=HOSTILE))
    elif place == "error":
        body = ended("failed", error=HOSTILE)
    elif place == "problem":
        wrong = Problem(code="R", message=HOSTILE, field="row 1", values={"user": HOSTILE})
        body = ended("refused", refused=[wrong])
    else:
        body = unread_mail(Upload(bucket="b", key=HOSTILE), HOSTILE).body
    assert "\x1b" not in body
    assert "\u202e" not in body
    assert "\nBcc" not in body
    assert "https://" not in body
    assert "www.evil" not in body
