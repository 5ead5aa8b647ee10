"""Files of desired users on the local stage: S3 -> plan -> a person -> SAP -> children -> mail."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import boto3
import pytest

from local.jobs import Jobs
from local.mailbox import Letter, Mailbox
from local.provisioning import CONNECTION, FAILING, WANTED, begin, changes, finish, response
from local.stage import Stage
from sapmatch.bootstrap.provisioning import provisioner
from sapmatch.cli import main
from tests.conftest import ROOT

AT = ("--connection", CONNECTION, "--stage", "local")
DONE = "SUCCEEDED"


def said(capsys: pytest.CaptureFixture[str], *words: str) -> tuple[int, list[dict[str, Any]]]:
    """Exit code and lines of a command about runs."""
    capsys.readouterr()
    code = main(["provision", *words, *AT, "--json"])
    return code, [json.loads(line) for line in capsys.readouterr().out.splitlines()]


def user(jobs: Jobs, name: str, system: str = "S4HCLNT100") -> dict[str, Any]:
    """A user as SAP holds it now; empty where there is none."""
    found: dict[str, dict[str, Any]] = jobs.sap("abap")["systems"][system]["users"]
    return found.get(name, {})


def roles(jobs: Jobs, name: str) -> list[str]:
    """Direct roles in the central system."""
    return sorted(role for role, _, _ in user(jobs, name)["roles"])


def drop(jobs: Jobs, name: str, rows: Any) -> str:
    return begin(jobs, Path(name), json.dumps(rows).encode())


def statuses(jobs: Jobs, run_id: str) -> dict[str | None, str]:
    return {row["user"]: row["status"] for row in response(jobs, run_id)["rows"]}


def waits(jobs: Jobs, run_id: str) -> None:
    """Until the workflow of the run waits for a person."""
    runs = provisioner(jobs.parts)

    def asked() -> bool:
        if run_id not in runs.runs(CONNECTION):
            return False  # its planning has not begun
        return runs.status(run_id, CONNECTION).run.token is not None

    jobs.wait(asked)


@pytest.fixture
def mails(running: Stage) -> Iterator[Mailbox]:
    """The mails of one test; none is left to the next one."""
    mailbox = Mailbox(boto3.client("sqs"), running.mailbox)
    mailbox.collect(0)
    yield mailbox
    mailbox.collect(0)


def only(mailbox: Mailbox, run_id: str) -> Letter:
    """The one mail about the run."""
    (letter,) = [letter for letter in mailbox.collect(1) if run_id in letter.subject]
    return letter


def test_a_dropped_file_creates_changes_and_locks_users_and_a_child_that_refuses_is_named(
    jobs: Jobs, demo: str
) -> None:
    """CO-T51"""
    lines = (ROOT / "build" / "demo-users.jsonl").read_text().splitlines()
    rows = [json.loads(line) for line in lines]
    first, again = rows[: len(WANTED)], rows[len(WANTED) :]
    assert {r["user"]: (r["action"], r["status"], r["distribution_failed"]) for r in first} == (
        WANTED
    )
    assert {row["status"] for row in again} == {"unchanged"}
    assert FAILING in demo
    created = user(jobs, "NKELLER")
    assert created["values"]["ADDRESS"]["E_MAIL"] == "nora.keller@example.com"
    assert created["initial_password"]
    assert user(jobs, "NKELLER", "S4HCLNT200")["roles"][0][0] == "Z_FI_AP"
    assert user(jobs, "MHUBER")["values"]["ADDRESS"]["DEPARTMENT"] == "Purchasing"
    assert user(jobs, "LVOGEL")["locks"] != user(jobs, "TBRANDT")["locks"]


LESS = [{"USERNAME": "PWOLF", "ACTIVITYGROUPS.AGR_NAME": ["SAP_ASR_EMPLOYEE"]}]


def test_a_file_beyond_the_limits_waits_until_a_person_approves_its_plan(
    jobs: Jobs, mails: Mailbox, capsys: pytest.CaptureFixture[str]
) -> None:
    before, called = roles(jobs, "PWOLF"), changes(jobs)
    run_id = drop(jobs, "less.json", LESS)
    waits(jobs, run_id)
    letter = only(mails, run_id)
    assert "waits for approval" in letter.subject
    code, (run, *_, total) = said(capsys, "status", run_id)
    assert (code, run["status"], total["plan"]["counts"]["roles_removed"]) == (0, "waiting", 3)
    digest = run["digest"][:12]
    assert f"--digest {digest}" in letter.body
    assert (roles(jobs, "PWOLF"), changes(jobs)) == (before, called)

    word = ("--reason", "moved to another plant")
    code, (answer,) = said(capsys, "approve", run_id, "--digest", "0" * 12, *word)
    assert (code, answer["outcome"]) == (3, "refused")
    code, (answer,) = said(capsys, "approve", run_id, "--digest", digest, *word)
    assert (code, answer["outcome"], answer["goes_on"]) == (0, "approved", True)
    assert finish(jobs, run_id) == DONE
    assert roles(jobs, "PWOLF") == ["SAP_ASR_EMPLOYEE"]
    told = response(jobs, run_id)
    assert (told["status"], told["decision"]["reason"]) == ("done", "moved to another plant")
    code, (answer,) = said(capsys, "reject", run_id, *word)
    assert (code, answer["outcome"]) == (3, "refused")
    assert "moved to another plant" in only(mails, run_id).body


def test_a_rejected_plan_changes_nothing(
    jobs: Jobs, mails: Mailbox, capsys: pytest.CaptureFixture[str]
) -> None:
    called = changes(jobs)
    leavers = [{"USERNAME": n, "STATE": "locked"} for n in ("RSOMMER", "MHUBER")]
    run_id = drop(jobs, "leavers.json", leavers)
    waits(jobs, run_id)
    code, (answer,) = said(capsys, "reject", run_id, "--reason", "both are still here")
    assert (code, answer["outcome"]) == (0, "rejected")
    assert finish(jobs, run_id) == DONE
    assert response(jobs, run_id)["status"] == "rejected"
    assert changes(jobs) == called


def test_a_run_is_stopped_and_goes_on_where_it_was(
    jobs: Jobs, mails: Mailbox, capsys: pytest.CaptureFixture[str]
) -> None:
    """Nobody is at SAP while it is held, so there is time to stop."""
    called = changes(jobs)
    hold = ["hold", CONNECTION, "--for", "10s", "--reason", "a test", "--stage", "local"]
    assert main(hold) == 0
    run_id = drop(jobs, "moves.json", [{"USERNAME": "RSOMMER", "ADDRESS.DEPARTMENT": "Moved"}])
    jobs.wait(lambda: said(capsys, "status", run_id)[0] == 0)
    code, (answer,) = said(capsys, "stop", run_id)
    assert (code, answer["outcome"]) == (0, "stopped")
    assert finish(jobs, run_id) == DONE
    assert response(jobs, run_id)["status"] == "stopped"
    assert changes(jobs) == called
    assert f"sapmatch provision resume {run_id}" in only(mails, run_id).body

    assert main(["hold", CONNECTION, "--release", "--stage", "local"]) == 0
    code, (answer,) = said(capsys, "resume", run_id)
    assert (code, answer["outcome"]) == (0, "resumed")
    assert finish(jobs, run_id, f"{run_id}-1") == DONE
    assert response(jobs, run_id)["status"] == "done"
    assert user(jobs, "RSOMMER")["values"]["ADDRESS"]["DEPARTMENT"] == "Moved"
    code, (answer,) = said(capsys, "resume", run_id)
    assert (code, answer["outcome"]) == (3, "refused")


def test_a_file_with_mistakes_is_named_by_row_and_nothing_is_applied(
    jobs: Jobs, mails: Mailbox
) -> None:
    called = changes(jobs)
    rows = [
        {"USERNAME": "TBRANDT", "STATE": "locked"},
        {"USERNAME": "MHUBER", "ADDRESS.NOSE": "long"},
        {"USERNAME": "RSOMMER", "ACTIVITYGROUPS.AGR_NAME": ["Z_NO_SUCH_ROLE", "ABCCLNT999:X"]},
        {"USERNAME": "NOBODY", "STATE": "locked"},
    ]
    run_id = drop(jobs, "mistakes.json", rows)
    assert finish(jobs, run_id) == DONE
    refused = [row for row in response(jobs, run_id)["rows"] if row["status"] == "refused"]
    assert [(row["row"], row["user"]) for row in refused] == [
        (2, "MHUBER"),
        (3, "RSOMMER"),
        (4, "NOBODY"),
    ]
    letter = only(mails, run_id)
    assert "refused" in letter.subject
    assert "ADDRESS.NOSE" in letter.body
    assert changes(jobs) == called


@pytest.mark.parametrize("key", ["nobody/users.json", f"{CONNECTION}/users.docx", "users.json"])
def test_a_file_in_the_wrong_place_is_told_and_starts_nothing(
    jobs: Jobs, mails: Mailbox, key: str
) -> None:
    jobs.put(f"provisioning/{key}", b"[]")
    told = [letter for letter in mails.collect(1) if "in the wrong place" in letter.subject]
    assert len(told) == 1
    assert f"provisioning/{key}" in told[0].body.replace("[.]", ".")


def test_the_history_of_executions_names_nobody(jobs: Jobs) -> None:
    """Names of users stay in the bucket: states are given names of runs and counts."""
    texts = " ".join(jobs.payloads("ProvisioningArn"))
    assert CONNECTION in texts
    for name in ("NKELLER", "MHUBER", "PWOLF", "nora.keller", "Z_FI_AP"):
        assert name not in texts
