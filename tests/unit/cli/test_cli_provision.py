import json
import shlex
from collections.abc import Mapping
from pathlib import Path
from types import SimpleNamespace
from typing import Any
from unittest.mock import MagicMock

import pytest

from sapmatch.bootstrap.approving import Wish
from sapmatch.cli import _parsed, main
from sapmatch.model.errors import InputRejected, Problem
from sapmatch.model.provisioning import (
    Counts,
    Difference,
    Plan,
    PlannedUser,
    ProvisioningRun,
    RunView,
)
from sapmatch.model.users import UserChange
from sapmatch.provisioning.mail import asking_mail, ended_mail
from tests.builders.memory import START

RUN = "3b0c44298fc1"
WORDS = (RUN, "--connection", "s4", "--stage", "test")
PLAN = Plan(
    run_id=RUN,
    connection="s4",
    source="provisioning/s4/leavers.json",
    made_at=START,
    users=(
        PlannedUser(
            row=1,
            user="PWOLF",
            action="change",
            change=UserChange(name="PWOLF"),
            differences=(Difference(what="role Z_FI_AP", before="assigned"),),
            roles_removed=25,
        ),
        PlannedUser(row=2, user="TBRANDT", action="none", change=UserChange(name="TBRANDT")),
    ),
    refused=(Problem(code="UNKNOWN", message="row 3: there is no such role", field="Z_NONE"),),
    counts=Counts(change=1, none=1, roles_removed=25),
    waits_for=("removes 25 roles of 1 user; at most 20 go without a person",),
    digest="9f86d081884c7d65",
)
WAITING = ProvisioningRun(
    run_id=RUN,
    connection="s4",
    source=PLAN.source,
    status="waiting",
    started_at=START,
    digest=PLAN.digest,
    counts=PLAN.counts,
    token="token-of-the-workflow",
    execution="arn:execution",
)
ROWS = [
    {"row": 1, "user": "PWOLF", "action": "change", "status": "done", "steps": [], "children": []},
    {
        "row": 2,
        "user": "MHUBER",
        "action": "change",
        "status": "accepted_by_central",
        "steps": [{"name": "roles", "status": "accepted_by_central", "code": "", "message": ""}],
        "children": [
            {"system": "S4HCLNT300", "status": "differs", "differs": ["no user"], "message": ""}
        ],
    },
    {
        "row": 3,
        "user": None,
        "status": "refused",
        "problems": [{"field": "ADDRESS.NOSE", "message": "no user has such a field"}],
    },
]


class Stage:
    """A deployed stage: what it was asked, and the run it knows."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.wishes: list[tuple[str | None, Wish]] = []
        self.answer: Mapping[str, Any] = {"outcome": "approved", "message": "approved: it goes on"}
        self.view = RunView(run=WAITING, users={"not_executed": 2})
        self.runs = MagicMock()
        self.runs.status.side_effect = lambda *_: self.view
        self.runs.find.side_effect = lambda *_: self.view.run
        self.runs.plan_of.return_value = PLAN
        self.runs.runs.return_value = (RUN,)
        self.parts = SimpleNamespace(
            objects=SimpleNamespace(read=lambda _: json.dumps({"rows": ROWS}).encode())
        )
        room = "sapmatch.cli.provision_run"
        monkeypatch.setattr(f"{room}.ask", self._ask)
        monkeypatch.setattr(f"{room}.deployment", lambda _: self.parts)
        monkeypatch.setattr(f"{room}.provisioner", lambda _: self.runs)

    def _ask(self, stage: str | None, wish: Wish) -> Mapping[str, Any]:
        self.wishes.append((stage, wish))
        return self.answer


@pytest.fixture
def stage(monkeypatch: pytest.MonkeyPatch) -> Stage:
    return Stage(monkeypatch)


@pytest.mark.parametrize(
    ("action", "more"),
    [
        ("approve", {"plan": "9f86d081884c", "reason": "the shop was closed"}),
        ("reject", {"reason": "the shop was closed"}),
        ("stop", {}),
        ("resume", {}),
    ],
)
def test_the_word_of_a_person_goes_to_the_stage(
    stage: Stage, action: Any, more: dict[str, str], capsys: pytest.CaptureFixture[str]
) -> None:
    words = ["--digest", "9f86d081884c"] if "plan" in more else []
    words += ["--reason", "the shop was closed"] if "reason" in more else []
    assert main(["provision", action, *WORDS, *words]) == 0
    wish = Wish(connection="s4", run_id=RUN, action=action, **more)
    assert stage.wishes == [("test", wish)]
    assert capsys.readouterr().out == "approved: it goes on\n"


@pytest.mark.parametrize(
    "words", [["approve"], ["approve", "--digest", "9f86d081884c"], ["reject"]]
)
def test_no_plan_is_approved_unseen_and_nothing_decided_without_a_reason(
    stage: Stage, words: list[str]
) -> None:
    assert main(["provision", words[0], *WORDS, *words[1:]]) == 2
    assert not stage.wishes


def test_a_refusal_ends_with_three(stage: Stage, capsys: pytest.CaptureFixture[str]) -> None:
    stage.answer = {"outcome": "refused", "message": "run 3b0c: waits for nobody"}
    assert main(["provision", "stop", *WORDS]) == 3
    assert "waits for nobody" in capsys.readouterr().err
    assert main(["provision", "stop", *WORDS, "--json"]) == 3
    assert json.loads(capsys.readouterr().out)["outcome"] == "refused"


def test_who_is_to_approve_sees_the_plan_its_digest_and_why_it_waits(
    stage: Stage, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["provision", "status", *WORDS]) == 0
    shown = capsys.readouterr().out
    for text in ("9f86d081884c", "PWOLF", "role Z_FI_AP", "waits for a person", "Z_NONE"):
        assert text in shown
    assert "TBRANDT" not in shown  # nothing will change


def test_what_lets_the_workflow_go_on_is_shown_to_nobody(
    stage: Stage, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["provision", "status", *WORDS, "--json"]) == 0
    out = capsys.readouterr().out
    assert "token-of-the-workflow" not in out
    first, *rows = map(json.loads, out.splitlines())
    assert (first["run_id"], first["status"], first["digest"]) == (RUN, "waiting", PLAN.digest)
    assert rows[0]["differences"][0]["what"] == "role Z_FI_AP"
    assert rows[-1]["plan"]["waits_for"] == list(PLAN.waits_for)


def test_the_rows_of_a_run_that_ended_begin_with_those_to_look_at(
    stage: Stage, capsys: pytest.CaptureFixture[str]
) -> None:
    """CO-T51: the child system that does not agree is named."""
    ended = ProvisioningRun(
        run_id=RUN, connection="s4", source=PLAN.source, status="failed", started_at=START
    )
    stage.view = RunView(run=ended, response="provisioned/s4/3b0c/response.json")
    assert main(["provision", "status", *WORDS]) == 0
    shown = capsys.readouterr().out
    assert "S4HCLNT300: differs no user" in shown
    assert "ADDRESS.NOSE: no user has such a field" in shown
    assert shown.index("MHUBER") < shown.index("PWOLF")


def test_without_a_run_all_that_are_kept_are_listed(
    stage: Stage, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["provision", "status", "--connection", "s4", "--stage", "test"]) == 0
    assert "1 to change, 1 as they should be, 25 roles removed" in capsys.readouterr().out
    assert not stage.runs.status.called  # it reads what is kept of every user
    assert main(["provision", "status", "--connection", "s4", "--stage", "test", "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["run_id"] == RUN


def test_a_run_that_nobody_knows_is_wrong_usage(
    stage: Stage, capsys: pytest.CaptureFixture[str]
) -> None:
    stage.runs.status.side_effect = InputRejected("run 3b0c: is not known")
    assert main(["provision", "status", *WORDS]) == 2
    assert "is not known" in capsys.readouterr().err


def test_every_command_of_a_mail_about_users_is_understood() -> None:
    ended = ended_mail(WAITING, PLAN, (), (), "provisioned/s4/response.json", "test")
    bodies = asking_mail(WAITING, PLAN, "test", 3).body + ended.body
    printed = [line.strip() for line in bodies.splitlines() if line.strip().startswith("sapmatch ")]
    assert len(printed) >= 4
    for line in printed:
        assert _parsed(shlex.split(line)[1:]).stage == "test", line


def test_a_connection_that_the_settings_do_not_name_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("sapmatch.toml").write_text("")
    Path("users.json").write_text("[]")
    assert main(["provision", "plan", "s4", "users.json"]) == 2
    assert "connections.s4: is not there" in capsys.readouterr().err
