"""Refused writes once more: corrected, or as they were once something was mended in SAP."""

import argparse
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import msgspec

from sapmatch.cli import output
from sapmatch.cli.intent_store import SHORT
from sapmatch.model.errors import InputRejected
from sapmatch.model.intent import Intent, IntentState, Record
from sapmatch.writing.files.rows import read_rows
from sapmatch.writing.plan import replay_of, replayed
from sapmatch.writing.update_file import load

if TYPE_CHECKING:
    from sapmatch.bootstrap import Services

_NOTHING_DONE = (IntentState.REJECTED, IntentState.VOID)
_REFUSED = 3


def replay_one(arguments: argparse.Namespace, parts: "Services", intent: Intent) -> int:
    """Plan the write once more, with the payload of the call where there is one.

    Raises InputRejected where it was replayed already: each write is replayed once.
    """
    payload = _payload(arguments.payload) if arguments.payload else None
    if intent.state in _NOTHING_DONE and (there := replay_of(intent, parts.intents)):
        raise InputRejected(f"intent {intent.id[:SHORT]}: {_already(there)}")
    return _replayed(arguments, parts, [intent], payload)


def replay_run(arguments: argparse.Namespace, parts: "Services") -> int:
    """Plan all refused writes of a run once more but those that were; 3 where none is left."""
    file = load(arguments.flow, arguments.run_id, parts.objects)
    intents = [parts.intents.get(record.intent) for record in file.records]
    refused = [intent for intent in intents if intent.state in _NOTHING_DONE]
    if not refused:
        output.complain(f"flow {arguments.flow}, run {arguments.run_id}: no write was refused")
        return _REFUSED
    left = []
    for intent in refused:
        there = replay_of(intent, parts.intents)
        if there:
            _skip(arguments, intent, there)
        else:
            left.append(intent)
    return _replayed(arguments, parts, left, None) if left else _REFUSED


def _already(there: Intent) -> str:
    """What became of a write that was replayed before, and what to do."""
    if there.state in _NOTHING_DONE:
        todo = "replay that one"
    elif there.ended_at:
        todo = "it is done, and nothing is left to do"
    else:
        todo = f"sapmatch intents show {there.id[:SHORT]} tells how it stands"
    return f"was replayed already as {there.id[:SHORT]}, which is {there.state}: {todo}"


def _skip(arguments: argparse.Namespace, intent: Intent, there: Intent) -> None:
    if arguments.json:
        answer = {"intent": intent.id, "replayed_as": there.id, "state": there.state}
        output.json_line({**answer, "outcome": "skipped", "message": _already(there)})
    else:
        output.complain(f"intent {intent.id[:SHORT]}: {_already(there)}")


def _payload(path: Path) -> Record:
    """The one record of a file."""
    try:
        rows = read_rows(path.read_bytes(), 1).rows
    except OSError as exc:
        raise InputRejected(f"{path}: cannot be read ({exc.strerror})") from exc
    if rows[0].problems or not isinstance(rows[0].record, dict):
        said = "; ".join(f"{p.field}: {p.message}" for p in rows[0].problems) or "must be an object"
        raise InputRejected(f"{path}: {said}")
    return rows[0].record


def _replayed(
    arguments: argparse.Namespace,
    parts: "Services",
    intents: Sequence[Intent],
    payload: Record | None,
) -> int:
    planned = []
    for intent in intents:
        again, data = replayed(intent, parts.objects.read(intent.payload_key), payload)
        parts.objects.write_once(again.payload_key, data)
        planned.append(msgspec.structs.replace(again, created_at=parts.clock.now()))
    stored = parts.intents.plan(planned)
    for mine, there in zip(planned, stored, strict=True):
        if mine.created_at != there.created_at or mine.payload_sha256 != there.payload_sha256:
            raise InputRejected(f"intent {mine.corrects}: {_already(there)}")  # another was faster
    execution = f"replay-{stored[0].id[:SHORT]}-{parts.clock.now():%Y%m%dT%H%M%S}"
    due = {"flow": stored[0].flow, "run_id": execution}
    parts.workflows.start(parts.write_back, execution, due)
    for intent in stored:
        _tell(arguments, intent, execution)
    return 0


def _tell(arguments: argparse.Namespace, intent: Intent, execution: str) -> None:
    answer: dict[str, Any] = {
        "intent": intent.id,
        "corrects": intent.corrects,
        "state": intent.state,
        "outcome": "planned",
        "execution": execution,
    }
    if arguments.json:
        output.json_line(answer)
    else:
        replaced = f" in the place of {intent.corrects[:SHORT]}" if intent.corrects else ""
        output.line(f"intent {intent.id[:SHORT]}: planned{replaced}, started {execution}")
