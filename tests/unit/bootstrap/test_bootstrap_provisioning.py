"""What functions do about runs of desired users, over the room itself and a stage in memory."""

from datetime import timedelta
from types import SimpleNamespace
from typing import Any, cast
from unittest.mock import MagicMock

import pytest
from msgspec.structs import replace

from sapmatch.bootstrap.approving import Wish, approve
from sapmatch.bootstrap.parts import Services
from sapmatch.bootstrap.provisioning import hold, on_hold, receive, report, sap_turn
from sapmatch.bootstrap.stage import written_connections
from sapmatch.bootstrap.writing import gate
from sapmatch.model.connection import Limits
from sapmatch.model.errors import InputRejected, LogonRefused, SapThrottled
from sapmatch.model.provisioning import Answered, ProvisioningRun, Received
from sapmatch.model.uploads import Upload
from sapmatch.provisioning.reasons import EXPIRED
from sapmatch.settings import Environment
from tests.builders.control import MemoryControl
from tests.builders.memory import START, MemoryClock

RUN = "3b0c44298fc1"
ANNA = "arn:aws:iam::123456789012:user/anna"
KEY = "provisioning/s4/joiners.json"
RECEIVED = Received(run_id=RUN, connection="s4", key=KEY, version_id="v1")
ENDED = ProvisioningRun(
    run_id=RUN, connection="s4", source=KEY, version_id="v1", status="failed", started_at=START
)


@pytest.fixture
def runs(monkeypatch: pytest.MonkeyPatch) -> MagicMock:
    """Stands for the room."""
    found = MagicMock(name="provisioner")
    found.received.return_value = RECEIVED
    for room in ("provisioning", "approving"):
        monkeypatch.setattr(f"sapmatch.bootstrap.{room}.provisioner", lambda _: found)
    return found


@pytest.fixture
def parts() -> Any:
    """Stands for the services of a stage."""
    clock, control = MemoryClock(), MemoryControl()
    return SimpleNamespace(
        clock=clock,
        control=control,
        stage="test",
        objects=MagicMock(),
        workflows=MagicMock(),
        environment={Environment.PROVISIONING_ARN: "arn:machine"},
        settings=SimpleNamespace(connections={"s4": SimpleNamespace(limits=Limits(parallel=2))}),
    )


def test_a_dropped_file_starts_one_execution_for_each_version(parts: Any, runs: MagicMock) -> None:
    receive(parts, Upload(bucket="b", key=KEY, version_id="v1"))
    job = {"run_id": RUN, "connection": "s4", "key": KEY, "version_id": "v1"}
    assert parts.workflows.start.call_args.args == ("arn:machine", RUN, job)


def test_an_upload_that_names_no_version_is_the_newest_one(parts: Any, runs: MagicMock) -> None:
    """Else a second file of that name would be taken for the first."""
    parts.objects.version.return_value = "v2"
    receive(parts, Upload(bucket="b", key=KEY))
    assert runs.received.call_args.args[0].version_id == "v2"


def test_people_are_told_of_a_file_that_no_run_begins_with(parts: Any, runs: MagicMock) -> None:
    """It is no failure: the queue would bring it again and again."""
    runs.received.side_effect = InputRejected("a file of desired users ends in .json or .csv")
    upload = Upload(bucket="b", key="provisioning/s4/joiners.docx", version_id="v1")
    receive(parts, upload)
    assert runs.refuse_upload.call_args.args == (
        upload,
        "a file of desired users ends in .json or .csv",
    )
    assert not parts.workflows.start.called


def test_a_folder_that_the_console_makes_is_no_file(parts: Any, runs: MagicMock) -> None:
    receive(parts, Upload(bucket="b", key="provisioning/s4/", version_id="v1"))
    assert not runs.received.called
    assert not runs.refuse_upload.called


@pytest.mark.parametrize("action", ["approved", "rejected", None])
def test_who_answered_before_anybody_waited_lets_the_run_go_on_at_once(
    parts: Any, runs: MagicMock, action: str | None
) -> None:
    runs.hold.return_value = action
    assert hold(parts, RUN, "s4", "token", "arn:execution") == action
    resumed = [call.args for call in parts.workflows.resume.call_args_list]
    assert resumed == ([("token", {"action": action})] if action else [])


@pytest.mark.parametrize(
    ("error", "action", "reason"),
    [
        (None, None, None),
        ("SapUnavailable", None, "SapUnavailable"),
        (None, "expired", EXPIRED),
        (None, "rejected", None),
    ],
)
def test_an_end_says_why(
    parts: Any, runs: MagicMock, error: str | None, action: str | None, reason: str | None
) -> None:
    runs.report.return_value = "provisioned/s4/3b0c44298fc1/response.json"
    runs.find.return_value = ENDED
    assert report(parts, RUN, "s4", error, action) == ("failed", runs.report.return_value)
    assert runs.report.call_args.args == (RUN, "s4", reason)


def test_one_permit_of_a_system_stays_free_for_what_somebody_waits_for(parts: Any) -> None:
    until = START + timedelta(minutes=5)
    with (
        sap_turn(parts, "s4", "one", until),
        pytest.raises(SapThrottled),
        sap_turn(parts, "s4", "two", until),
    ):
        pass
    with sap_turn(parts, "s4", "two", until):  # it was given back
        pass


def test_a_connection_that_is_gone_from_the_settings_needs_no_permit(parts: Any) -> None:
    with sap_turn(parts, "gone", "one", START):
        assert parts.control.read("sap/gone/permits") is None


def test_a_system_that_a_person_holds_is_held_for_so_many_seconds(parts: Any) -> None:
    services = cast(Services, parts)
    assert on_hold(services, "s4") == 0
    gate(services, "s4").hold(START + timedelta(seconds=90), "maintenance")
    assert on_hold(services, "s4") == 90
    gate(services, "s4").release()
    assert on_hold(services, "s4") == 0


@pytest.fixture
def caller(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Who is proved to call; what was proved is noted."""
    proved: list[str] = []

    def prove(_parts: Any, digest: str, *_: Any) -> str:
        proved.append(digest)
        return ANNA

    monkeypatch.setattr("sapmatch.bootstrap.approving.proved", prove)
    return proved


def wish(action: Any, **more: str) -> tuple[Wish, dict[str, Any]]:
    asked = Wish(connection="s4", run_id=RUN, action=action, **more)
    event = {"connection": "s4", "run_id": RUN, "action": action, **more}
    return asked, {"wish": event}


def test_a_plan_is_approved_as_who_is_proved(
    parts: Any, runs: MagicMock, caller: list[str]
) -> None:
    runs.approve.return_value = Answered(
        run_id=RUN, decision="approved", message="approved: the run goes on", goes_on=True
    )
    asked, event = wish("approve", plan="9f86d081884c", reason="agreed")
    assert approve(parts, event, "123456789012") == {
        "outcome": "approved",
        "message": "approved: the run goes on",
        "goes_on": True,
    }
    who = "arn:aws:iam::123456789012:user/anna"
    assert runs.approve.call_args.args == (RUN, "s4", "9f86d081884c", who, "agreed")
    assert caller == [asked.digest("test")]


def test_a_plan_is_rejected_as_who_is_proved(
    parts: Any, runs: MagicMock, caller: list[str]
) -> None:
    runs.reject.return_value = Answered(run_id=RUN, decision="rejected", message="rejected")
    assert approve(parts, wish("reject", reason="no")[1], "1")["outcome"] == "rejected"
    assert runs.reject.call_args.args == (RUN, "s4", "arn:aws:iam::123456789012:user/anna", "no")


def test_a_run_is_stopped_behind_the_user_that_it_is_at(
    parts: Any, runs: MagicMock, caller: list[str]
) -> None:
    assert approve(parts, wish("stop")[1], "1")["outcome"] == "stopped"
    assert runs.stop.call_args.args == (RUN, "s4", ANNA)


@pytest.mark.parametrize("started", [True, False])
def test_a_run_that_is_resumed_is_one_execution(
    parts: Any, runs: MagicMock, caller: list[str], started: bool
) -> None:
    runs.find.return_value = replace(ENDED, resumed=1)
    runs.resume.return_value = replace(ENDED, status="planned", resumed=2)
    parts.workflows.start.return_value = started
    answer = approve(parts, wish("resume")[1], "1")
    assert answer == {"outcome": "resumed", "message": f"run {RUN}: goes on"}
    machine, name, job = parts.workflows.start.call_args.args
    assert (machine, name, job["key"]) == ("arn:machine", f"{RUN}-2", KEY)
    assert runs.resume.call_args.args == (RUN, "s4", ANNA, None)


def test_nobody_who_is_not_proved_says_anything(parts: Any, runs: MagicMock) -> None:
    with pytest.raises(LogonRefused, match="is not signed"):
        approve(parts, wish("stop")[1], "123456789012")
    assert not runs.stop.called


@pytest.mark.parametrize("event", [{}, {"wish": {"action": "delete"}}, {"wish": None}])
def test_what_cannot_be_read_is_refused(parts: Any, runs: MagicMock, event: Any) -> None:
    with pytest.raises(InputRejected, match="cannot be read"):
        approve(parts, event, "123456789012")


def test_a_signature_holds_for_one_wish_on_one_stage_only() -> None:
    asked, _ = wish("approve", plan="9f86d081884c", reason="agreed")
    other, _ = wish("approve", plan="9f86d081884d", reason="agreed")
    digests = {asked.digest("test"), asked.digest("prod"), other.digest("test")}
    assert len(digests) == 3


def test_who_holds_a_system_finds_those_too_whose_users_are_changed(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    found = {"WriteBacks": "supplier_invoice=s4 orders=s4", "Provisionings": "s4_users s4"}
    monkeypatch.setattr("sapmatch.aws.deployment.outputs", lambda *_: found)
    monkeypatch.setattr("sapmatch.aws.clients.client", lambda *_: None)
    assert written_connections("test") == ["s4", "s4_users"]
