"""Update files: the writes of one run as one JSON object, readable before and after it.

`updates/<flow>/runs/<run>/update.json`, schema 1:

    {"schema": 1, "flow": NAME, "run_id": ID,
     "source": null | {"key": INBOX FILE, "version_id": ID or null, "sha256": HEX},
     "records": [{"record": NAME, "intent": ID, "operation", "service", "entity_set",
                  "key": {FIELD: VALUE}, "reference": {FIELD: VALUE},
                  "payload": {...}}],        a record as SAP takes it, nested for a deep create
     "mistakes": 0}                          of a dropped file that was refused as a whole

The order of the records is the order of the writes. A file is written once and never changed.
"""

import hashlib
from collections.abc import Iterable, Sequence
from datetime import datetime
from itertools import islice

import msgspec
from msgspec import Struct

from sapmatch.model.errors import InputRejected, Problem
from sapmatch.model.flow import WriteBack
from sapmatch.model.intent import Intent, IntentState, Operation, Record
from sapmatch.model.ports import Intents, Objects
from sapmatch.writing.inbox import parse_inbox
from sapmatch.writing.plan import placed, stored
from sapmatch.writing.response_file import store_mistakes

MOST_RECORDS = 500  # per run; what is left over is the next run's
MOST_DROPPED = 5_000  # records of a dropped file, which is one run
# Planned, and whatever an earlier run left open: those are read back, not sent.
_OPEN = (
    IntentState.PLANNED,
    IntentState.CLAIMED,
    IntentState.SENT,
    IntentState.UNKNOWN,
    IntentState.RECONCILING,
    IntentState.ABSENT,
)


class Source(Struct, frozen=True, kw_only=True):
    """The dropped file that a run came from; it stays as it is."""

    key: str
    version_id: str | None
    sha256: str


class UpdateRecord(Struct, frozen=True, kw_only=True):
    """One write."""

    record: str
    intent: str
    operation: Operation
    service: str
    entity_set: str
    key: dict[str, str]
    reference: dict[str, str]
    payload: Record


class UpdateFile(Struct, frozen=True, kw_only=True):
    """All writes of one run; `mistakes` of a dropped file that was refused as a whole."""

    flow: str
    run_id: str
    records: tuple[UpdateRecord, ...] = ()
    source: Source | None = None
    mistakes: int = 0
    schema: int = 1


def update_key(flow_name: str, run_id: str) -> str:
    """Where the update file of a run lies."""
    return f"updates/{flow_name}/runs/{run_id}/update.json"


def collect(flow_name: str, intents: Intents, objects: Objects, run_id: str) -> UpdateFile:
    """Write the update file of a run from the flow's open intents, oldest first.

    The same run again finds its file. Without open intents the file is empty.
    """
    if objects.exists(update_key(flow_name, run_id)):
        return load(flow_name, run_id, objects)
    due = islice(intents.due(flow_name, _OPEN), MOST_RECORDS)
    planned = [(intent, objects.read(intent.payload_key)) for intent in due]
    return _store(UpdateFile(flow=flow_name, run_id=run_id, records=_records(planned)), objects)


def collect_inbox(
    flow_name: str,
    flow: WriteBack,
    client: str,
    *,
    inbox_key: str,
    version_id: str | None,
    intents: Intents,
    objects: Objects,
    run_id: str,
    now: datetime,
) -> UpdateFile:
    """Write the update file of a run from a dropped file; plans its intents first.

    A file with a mistake is refused as a whole: nothing of it is planned, and the response file of
    the run names every mistake.
    """
    if objects.exists(update_key(flow_name, run_id)):
        return load(flow_name, run_id, objects)
    data = objects.read(inbox_key, version_id)
    source = Source(key=inbox_key, version_id=version_id, sha256=hashlib.sha256(data).hexdigest())
    file = UpdateFile(flow=flow_name, run_id=run_id, source=source)
    try:
        _require_inbox(flow_name, flow)
        planned = parse_inbox(
            data, flow_name, flow, flow.connection, client, source=run_id, now=now
        )
        _require_few(planned)
        planned = placed(planned, intents)
    except InputRejected as refused:
        store_mistakes(flow_name, run_id, refused.problems, objects)
        return _store(msgspec.structs.replace(file, mistakes=len(refused.problems)), objects)
    for intent, payload in planned:
        objects.write_once(intent.payload_key, payload)
    stored(planned, intents)
    return _store(msgspec.structs.replace(file, records=_records(planned)), objects)


def refuse_inbox(flow_name: str, run_id: str, known: Iterable[str], objects: Objects) -> UpdateFile:
    """The update file of a run from a file that was dropped for a flow that nobody knows."""
    remedy = f"drop the file into the inbox of a known flow: {', '.join(sorted(known)) or 'none'}"
    mistake = _mistake("flow", f"{flow_name} is not in the settings; {remedy}")
    store_mistakes(flow_name, run_id, mistake.problems, objects)
    return _store(UpdateFile(flow=flow_name, run_id=run_id, mistakes=1), objects)


def load(flow_name: str, run_id: str, objects: Objects) -> UpdateFile:
    """The update file of a run; raises InputRejected where there is none or it is unreadable."""
    key = update_key(flow_name, run_id)
    try:
        return msgspec.json.decode(objects.read(key), type=UpdateFile)
    except msgspec.DecodeError as exc:
        raise InputRejected(f"{key}: is no update file; collect the run again") from exc


def _require_inbox(flow_name: str, flow: WriteBack) -> None:
    if flow.source != "inbox":
        raise _mistake(
            "flow", f'{flow_name} takes no files: its source is "{flow.source}"; use another inbox'
        )


def _require_few(planned: Sequence[tuple[Intent, bytes]]) -> None:
    if len(planned) > MOST_DROPPED:
        raise _mistake(
            "file", f"holds {len(planned)} records, and one run takes {MOST_DROPPED}; split it"
        )


def _mistake(field: str, message: str) -> InputRejected:
    problem = Problem(code="FILE", message=message, field=field)
    return InputRejected(f"{field}: {message}", [problem])


def _store(file: UpdateFile, objects: Objects) -> UpdateFile:
    if objects.write_once(update_key(file.flow, file.run_id), msgspec.json.encode(file)):
        return file
    return load(file.flow, file.run_id, objects)


def _records(planned: Iterable[tuple[Intent, bytes]]) -> tuple[UpdateRecord, ...]:
    return tuple(
        UpdateRecord(
            record=intent.record,
            intent=intent.id,
            operation=intent.operation,
            service=intent.service,
            entity_set=intent.entity_set,
            key=intent.key,
            reference=intent.reference,
            payload=_payload(intent, payload),
        )
        for intent, payload in planned
    )


def _payload(intent: Intent, data: bytes) -> Record:
    if hashlib.sha256(data).hexdigest() != intent.payload_sha256:
        raise InputRejected(f"{intent.payload_key}: is not what was planned; restore the object")
    return msgspec.json.decode(data, type=Record)
