"""`sapmatch intents restore`: what the table lost comes back from the history (RE-33)."""

import base64
import json
import zlib
from datetime import timedelta
from typing import Any

import pytest
from msgspec.structs import replace

from sapmatch.aws.history import IntentHistory
from sapmatch.aws.table import body
from sapmatch.bootstrap.writing import gate
from sapmatch.cli import main
from sapmatch.model.intent import Intent, IntentState
from tests.builders.memory import START
from tests.builders.written_stage import WrittenStage, stand_up

RESTORE = ["intents", "restore", "--since", f"{START:%Y-%m-%d}", "--stage", "prod", "--json"]


@pytest.fixture
def stage(monkeypatch: pytest.MonkeyPatch) -> WrittenStage:
    return stand_up(monkeypatch)


def hold(stage: WrittenStage) -> None:
    until = stage.clock.now() + timedelta(hours=4)
    gate(stage, "s4").hold(until, "restore")  # type: ignore[arg-type]


def kept(stage: WrittenStage, *versions: Intent) -> None:
    """The versions in the history, as the stream of the table told of them."""
    IntentHistory(stage.objects).keep({"dynamodb": {"NewImage": _image(v)}} for v in versions)


def _image(intent: Intent) -> dict[str, Any]:
    content = base64.b64encode(zlib.compress(body(intent))).decode()
    return {
        "pk": {"S": intent.id},
        "sk": {"S": "intent"},
        "version": {"N": str(intent.version)},
        "body": {"B": content},
    }


def ended(intent: Intent, version: int) -> Intent:
    return replace(intent, state=IntentState.CONFIRMED, version=version, ended_at=START)


def test_what_is_missing_or_older_gets_its_last_version_and_nothing_else_changes(
    stage: WrittenStage, capsys: pytest.CaptureFixture[str]
) -> None:
    """A document that was reversed since would be entered again from its older state."""
    hold(stage)
    lost, older, newer = stage.put(1, "PLANNED"), stage.put(2, "PLANNED"), stage.put(3, "PLANNED")
    kept(stage, lost, ended(lost, 4), older, ended(older, 12), newer)
    del stage.intents.stored[lost.id]
    stage.intents.stored[newer.id] = later = ended(newer, 4)
    assert main(RESTORE) == 0
    lines = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert [(line["intent"], line["state"]) for line in lines] == [
        (lost.id, "CONFIRMED"),
        (older.id, "CONFIRMED"),
    ]
    assert stage.intents.get(lost.id) == ended(lost, 4)
    assert stage.intents.get(older.id) == ended(older, 12)
    assert stage.intents.get(newer.id) == later
    assert main(RESTORE) == 0
    assert capsys.readouterr().out == ""


def test_of_two_that_are_the_same_version_the_one_counts_of_which_more_happened(
    stage: WrittenStage, capsys: pytest.CaptureFixture[str]
) -> None:
    """A table that was restored counted a number twice."""
    hold(stage)
    intent = stage.put(1, "PLANNED")
    sent = replace(intent, state=IntentState.SENT, version=3, sent_at=START)
    held = replace(intent, state=IntentState.HELD, version=3)
    kept(stage, sent, held)
    del stage.intents.stored[intent.id]
    assert main(RESTORE) == 0
    assert stage.intents.get(intent.id) == sent


@pytest.mark.parametrize(
    ("more", "said"),
    [([], "sapmatch hold s4"), (["--since", "20.11.2026"], "must be a day")],
)
def test_nothing_is_put_back_while_somebody_may_send_or_for_no_day(
    stage: WrittenStage, capsys: pytest.CaptureFixture[str], more: list[str], said: str
) -> None:
    intent = stage.put(1, "PLANNED")
    kept(stage, ended(intent, 4))
    assert main([*RESTORE, *more]) == 2
    assert said in capsys.readouterr().err
    assert stage.intents.get(intent.id) == intent
