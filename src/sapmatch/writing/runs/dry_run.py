"""What writing a file would do to SAP: the plan with old and new values. Sends nothing."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any, Literal

from msgspec import Struct, json

from sapmatch.model.errors import SapmatchError
from sapmatch.model.intent import Entity, Intent, Look, Operation, Record
from sapmatch.model.ports import SapWriter
from sapmatch.writing import readback
from sapmatch.writing.desk import Work
from sapmatch.writing.protocol import messages as say
from sapmatch.writing.response_file import refusal, response, summary
from sapmatch.writing.runs.write_file import Source, in_order, read

SLICE = 50  # records that SAP is asked for at once
_ACTIONS: dict[Operation, Literal["create", "update", "delete", "call"]] = {
    "insert": "create",
    "update": "update",
    "upsert": "update",
    "delete": "delete",
    "call": "call",
}


class Step(Struct, frozen=True, kw_only=True):
    """What would be done for one record.

    `changes` are fields with their value in SAP (`old`, left out where SAP was not asked) and the
    one they would get (`new`).
    """

    action: Literal["create", "update", "delete", "call", "nothing", "refuse"]
    changes: dict[str, dict[str, Any]] = {}
    message: str | None = None


def dry_run(source: Source, sap: SapWriter | None, now: datetime) -> Iterator[dict[str, Any]]:
    """One line for each record, then the summary; without `sap` as the file alone has it.

    A line is a response with the `action` and `changes` of its step. Raises what `read` and SAP
    raise.
    """
    found = read(source, now, sap.check if sap else None)
    work = [(intent, json.decode(payload, type=Record)) for intent, payload in found.planned]
    steps = _rehearsed(work, sap) if sap else _supposed(work)
    lines = (_line(intent, step) for (intent, _), step in zip(work, steps, strict=True))
    wrong = (refusal(record) | {"action": "refuse", "changes": {}} for record in found.refused)
    statuses: list[str] = []
    for line in in_order(lines, wrong):
        statuses.append(line["status"])
        yield line
    yield summary(statuses)


def _line(intent: Intent, step: Step) -> dict[str, Any]:
    line = response(intent.record, intent)
    return {**line, "sap_message": step.message, "action": step.action, "changes": step.changes}


def _rehearsed(work: Sequence[Work], sap: SapWriter) -> Iterator[Step]:
    """The step of every record, in order."""
    for start in range(0, len(work), SLICE):
        part = work[start : start + SLICE]
        looks = [readback.look(intent) for intent, _ in part]
        answers = iter(sap.look([look for look in looks if look]))
        for (intent, payload), look in zip(part, looks, strict=True):
            yield _step(intent, payload, _found(look, answers))


def _supposed(work: Sequence[Work]) -> Iterator[Step]:
    for intent, payload in work:
        new = intent.effect if intent.operation == "call" else payload
        changes = {name: {"new": value} for name, value in new.items()}
        yield Step(action=_ACTIONS[intent.operation], changes=changes)


def _found(look: Look | None, answers: Iterator[list[Entity] | SapmatchError]) -> Sequence[Entity]:
    answer = next(answers) if look else []
    if isinstance(answer, SapmatchError):
        raise answer
    return answer


def _step(intent: Intent, payload: Record, found: Sequence[Entity]) -> Step:
    if intent.operation == "insert":
        return _insert(intent, payload, found)
    if len(found) > 1:
        hits = readback.hits(intent, payload, found)
        return Step(action="refuse", message=say.not_the_same(intent, hits))
    entity = found[0] if found else None
    if readback.happened(intent, payload, entity):
        return Step(action="nothing")
    if entity is None and intent.operation == "upsert":
        return Step(action="create", changes=_changes({**intent.key, **payload}, {}))
    if entity is None:
        return Step(action="refuse", message=say.missing(intent))
    return Step(
        action=_ACTIONS[intent.operation],
        changes=_changes(_wanted(intent, payload, entity.row), entity.row),
    )


def _insert(intent: Intent, payload: Record, found: Sequence[Entity]) -> Step:
    live = [hit for hit in readback.hits(intent, payload, found) if not hit.reversed]
    if not live:
        return Step(action="create", changes=_changes(payload, {}))
    if len(live) == 1 and not live[0].differing:
        return Step(action="nothing")
    return Step(action="refuse", message=say.not_the_same(intent, live))


def _wanted(intent: Intent, payload: Record, row: Record) -> Mapping[str, Any]:
    if intent.operation == "call":
        return intent.effect
    return {name: payload[name] for name in readback.differences(payload, row)}


def _changes(wanted: Mapping[str, Any], row: Record) -> dict[str, dict[str, Any]]:
    return {name: {"old": row.get(name), "new": value} for name, value in wanted.items()}
