import json
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from msgspec import to_builtins
from msgspec.json import encode
from msgspec.structs import replace

from sapmatch.cli import main
from sapmatch.model.intent import Intent, IntentState
from sapmatch.writing.update_file import UpdateFile, UpdateRecord, update_key
from tests.builders.memory import START
from tests.builders.written_stage import WrittenStage, stand_up


@pytest.fixture
def stage(monkeypatch: pytest.MonkeyPatch) -> WrittenStage:
    return stand_up(monkeypatch)


def replayed(capsys: pytest.CaptureFixture[str], *command: str) -> list[dict[str, Any]]:
    assert main(["replay", *command, "--json"]) == 0
    return [json.loads(line) for line in capsys.readouterr().out.splitlines()]


def test_a_refused_write_is_planned_once_more_and_sent_before_bulk(
    stage: WrittenStage, capsys: pytest.CaptureFixture[str]
) -> None:
    refused = stage.put(1, "REJECTED", ended_at=START)
    (line,) = replayed(capsys, refused.id)
    again = stage.intents.get(line["intent"])
    assert (again.state, again.corrects, again.urgent) == ("PLANNED", refused.id, True)
    assert again.payload_sha256 == refused.payload_sha256
    assert len(stage.workflows.started) == 1


@pytest.mark.parametrize(
    ("state", "sentence"),
    [
        ("REJECTED", "which is REJECTED: replay that one"),
        ("CONFIRMED", "nothing is left to do"),
        ("PLANNED", "tells how it stands"),
    ],
)
@pytest.mark.parametrize("corrected", [False, True])
def test_a_second_replay_is_refused_and_names_the_first(
    stage: WrittenStage,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    state: str,
    sentence: str,
    corrected: bool,
) -> None:
    """A correction that is never sent must not be taken with a word of success."""
    refused = stage.put(1, "REJECTED", ended_at=START)
    (line,) = replayed(capsys, refused.id)
    again = stage.intents.get(line["intent"])
    ended = None if state == "PLANNED" else START
    stage.intents.stored[again.id] = replace(again, state=IntentState(state), ended_at=ended)
    payload = tmp_path / "corrected.json"
    payload.write_text('{"AssignmentReference": "RE-2026-18"}')
    more = ["--payload", str(payload)] if corrected else []
    assert main(["replay", refused.id, *more]) == 2
    said = capsys.readouterr().err
    assert f"was replayed already as {again.id[:12]}" in said
    assert sentence in said
    assert len(stage.workflows.started) == 1


def test_of_two_replays_at_once_one_is_refused(
    stage: WrittenStage, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """RE-22: the other one planned it after this one had looked."""
    refused = stage.put(1, "REJECTED", ended_at=START)
    replayed(capsys, refused.id)
    stage.clock.time += timedelta(seconds=1)
    monkeypatch.setattr("sapmatch.cli.replay_intents.replay_of", lambda *_: None)
    assert main(["replay", refused.id]) == 2
    assert "was replayed already as" in capsys.readouterr().err
    assert len(stage.workflows.started) == 1


def test_a_chain_of_replays_names_its_end(
    stage: WrittenStage, capsys: pytest.CaptureFixture[str]
) -> None:
    refused = stage.put(1, "REJECTED", ended_at=START)
    last = refused
    for _ in range(2):
        (line,) = replayed(capsys, last.id)
        last = replace(stage.intents.get(line["intent"]), state=IntentState.VOID, ended_at=START)
        stage.intents.stored[last.id] = last
    assert main(["replay", refused.id]) == 2
    assert f"as {last.id[:12]}, which is VOID: replay that one" in capsys.readouterr().err


def test_it_is_corrected_by_a_file(
    stage: WrittenStage, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    refused = stage.put(1, "REJECTED", ended_at=START)
    payload = tmp_path / "corrected.json"
    payload.write_text('{"AssignmentReference": "RE-2026-18"}')
    (line,) = replayed(capsys, refused.id, "--payload", str(payload))
    stored = stage.objects.read(stage.intents.get(line["intent"]).payload_key)
    assert json.loads(stored) == {"AssignmentReference": "RE-2026-18"}


def test_all_refused_writes_of_a_run_are_planned_once_more(
    stage: WrittenStage, capsys: pytest.CaptureFixture[str]
) -> None:
    states = {1: "REJECTED", 2: "CONFIRMED", 3: "VOID", 4: "UNKNOWN"}
    intents = [stage.put(number, state) for number, state in states.items()]
    file = UpdateFile(flow="orders", run_id="r1", records=tuple(map(_record, intents)))
    stage.objects.write(update_key("orders", "r1"), encode(to_builtins(file)))
    lines = replayed(capsys, "--flow", "orders", "--run", "r1")
    assert [line["corrects"] for line in lines] == [intents[0].id, intents[2].id]
    assert len(stage.workflows.started) == 1


def test_of_a_run_those_that_were_replayed_already_are_named_and_left(
    stage: WrittenStage, capsys: pytest.CaptureFixture[str]
) -> None:
    intents = [stage.put(number, "REJECTED", ended_at=START) for number in (1, 2)]
    file = UpdateFile(flow="orders", run_id="r1", records=tuple(map(_record, intents)))
    stage.objects.write(update_key("orders", "r1"), encode(to_builtins(file)))
    replayed(capsys, intents[0].id)
    skipped, planned = replayed(capsys, "--flow", "orders", "--run", "r1")
    assert (skipped["outcome"], skipped["intent"]) == ("skipped", intents[0].id)
    assert (planned["outcome"], planned["corrects"]) == ("planned", intents[1].id)
    started = len(stage.workflows.started)
    assert main(["replay", "--flow", "orders", "--run", "r1"]) == 3
    assert capsys.readouterr().err.count("was replayed already as") == 2
    assert len(stage.workflows.started) == started


def _record(intent: Intent) -> UpdateRecord:
    return UpdateRecord(
        record=intent.record,
        intent=intent.id,
        operation=intent.operation,
        service=intent.service,
        entity_set=intent.entity_set,
        key=intent.key,
        reference=intent.reference,
        payload={},
    )


@pytest.mark.parametrize(
    ("command", "sentence"),
    [
        ([], "name an ID"),
        (["1" * 64, "--run", "r1", "--flow", "orders"], "name an ID"),
        (["--run", "r1"], "belong together"),
        (["1" * 64], "is SENT"),
        (["9" * 64], "is not known"),
        (["2" * 64, "--payload", "no.json"], "cannot be read"),
        (["--run", "r9", "--flow", "orders"], "update.json"),
    ],
)
def test_wrong_input_is_one_sentence(
    stage: WrittenStage, command: list[str], sentence: str, capsys: pytest.CaptureFixture[str]
) -> None:
    stage.put(1, "SENT")
    stage.put(2, "REJECTED", ended_at=START)
    assert main(["replay", *command]) == 2
    assert sentence in capsys.readouterr().err
    assert not stage.workflows.started
